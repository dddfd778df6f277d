//! Ranges and tags of RFC 9110.

use atg_sdk::ByteRange;

/// What a `Range` header asks of something of that length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it: no range, one of an unknown unit, several, or one that makes no sense.
    Whole,
    /// These bytes.
    Part { start: u64, end: u64 },
    /// Nothing of it lies in the range.
    Unsatisfiable,
}

/// Reads a `Range` header. Several ranges are answered with the whole, as the standard allows.
pub(super) fn wanted(header: Option<&str>, length: u64) -> Wanted {
    let Some(spec) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.split_once('-').filter(|_| !spec.contains(',')) else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        let text = text.trim();
        // A number that does not fit is still a number: past every end.
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first.trim(), number(last)) {
        ("", Some(0)) => Wanted::Unsatisfiable,
        ("", Some(_)) if length == 0 => Wanted::Unsatisfiable,
        ("", Some(count)) => Wanted::Part {
            start: length - count.min(length),
            end: length,
        },
        (first, last_byte) => match (number(first), last_byte, last.trim().is_empty()) {
            (Some(start), Some(stop), _) if stop < start => Wanted::Whole,
            (Some(start), ..) if start >= length => Wanted::Unsatisfiable,
            (Some(start), Some(stop), _) => Wanted::Part {
                start,
                end: stop.saturating_add(1).min(length),
            },
            (Some(start), None, true) => Wanted::Part { start, end: length },
            _ => Wanted::Whole,
        },
    }
}

impl Wanted {
    /// For an executor.
    pub(super) fn byte_range(self) -> Option<ByteRange> {
        match self {
            Self::Part { start, end } => Some(ByteRange {
                start,
                end: Some(end),
            }),
            Self::Whole | Self::Unsatisfiable => None,
        }
    }
}

/// Whether an `If-None-Match` list holds the tag. The comparison is weak, as the standard wants it here.
pub(super) fn matches_etag(list: &str, tag: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item) == tag)
}

/// Whether an `If-Range` header still stands for the thing: a strong comparison, and a date never does.
pub(super) fn range_applies(if_range: Option<&str>, tag: &str) -> bool {
    if_range.is_none_or(|sent| sent.trim() == tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        let part = |start, end| Wanted::Part { start, end };
        for (header, expected) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-", part(0, 10)),
            ("bytes=5-100", part(5, 10)),
            ("bytes=-3", part(7, 10)),
            ("bytes=-100", part(0, 10)),
            ("bytes=9-99999999999999999999999", part(9, 10)),
            ("bytes=10-", Wanted::Unsatisfiable),
            ("bytes=99999999999999999999999-", Wanted::Unsatisfiable),
            ("bytes=-0", Wanted::Unsatisfiable),
            ("bytes=3-2", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=1-x", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("pages=1-2", Wanted::Whole),
            ("", Wanted::Whole),
        ] {
            assert_eq!(wanted(Some(header), 10), expected, "{header}");
        }
        assert_eq!(wanted(None, 10), Wanted::Whole);
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Unsatisfiable);
        assert_eq!(wanted(Some("bytes=-1"), 0), Wanted::Unsatisfiable);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_asked_for_lies_within(header in "(bytes=)?[0-9,\\- a]{0,24}|.{0,40}", length in proptest::prelude::any::<u64>()) {
            if let Wanted::Part { start, end } = wanted(Some(&header), length) {
                proptest::prop_assert!(start < end && end <= length, "{} of {}: {}..{}", header, length, start, end);
            }
            matches_etag(&header, "\"b\"");
            range_applies(Some(&header), "\"b\"");
        }
    }

    #[test]
    fn tags_compare_weakly_for_caches_and_strongly_for_ranges() {
        assert!(matches_etag("\"a\", W/\"b\"", "\"b\""));
        assert!(matches_etag("*", "\"b\""));
        assert!(!matches_etag("\"a\"", "\"b\""));
        assert!(range_applies(None, "\"b\""));
        assert!(range_applies(Some("\"b\""), "\"b\""));
        assert!(!range_applies(Some("W/\"b\""), "\"b\""));
        assert!(!range_applies(Some("Wed, 21 Oct 2015 07:28:00 GMT"), "\"b\""));
    }
}
