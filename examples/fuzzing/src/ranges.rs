//! Ranges: any `Range` header on artifacts of several lengths, against a second reading of RFC 9110.

use crate::{
    requests::Answer,
    site,
    stub::{JOB, LENGTHS, content},
};

pub(crate) const WORDS: &[&str] = &[
    "bytes=",
    "BYTES=",
    "-",
    "0-",
    "-0",
    "-1",
    "999",
    "1000",
    "1001",
    ",",
    " ",
    "items=0-1",
];

/// Feeds the service with a `Range`: the first byte chooses the artifact, the rest is the header's value.
///
/// # Panics
/// When the answer is not that range.
pub fn run(input: &[u8]) {
    let Some((choice, value)) = input.split_first() else {
        return;
    };
    let length = LENGTHS[usize::from(*choice) % LENGTHS.len()];
    // Past these it would be another header, or none.
    let is_text = |byte: &u8| (b' '..=b'~').contains(byte) || *byte >= 0x80;
    let value: Vec<u8> = value.iter().copied().filter(is_text).collect();
    let mut request = format!(
        "GET /api/v1/jobs/{JOB}/artifacts/{length}.txt HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer KEY\r\nRange: "
    )
    .into_bytes();
    request.extend_from_slice(&value);
    request.extend_from_slice(b"\r\n\r\n");
    let answers = site::with(|site| site.answers(&request));
    let Some(answer) = Answer::read(&answers) else {
        panic!("no answer to the range {:?}", String::from_utf8_lossy(&value));
    };
    let all = content(length);
    let range = answer.header("content-range");
    let expected = std::str::from_utf8(&value)
        .ok()
        .and_then(|text| expected(text, length));
    match answer.status {
        200 => {
            assert_eq!(answer.body(), Some(all.as_slice()));
            assert_eq!(range, None);
        }
        206 => {
            let (first, last) = read(range, length);
            assert!(first <= last && last < length, "{range:?} of {length}");
            assert_eq!(answer.body(), Some(&all[first..=last]));
            if let Some(Expected::Part(part)) = &expected {
                assert_eq!(*part, (first, last));
            }
        }
        416 => assert_eq!(range, Some(format!("bytes */{length}").as_str())),
        // A value that is no text is refused before anybody reads it as a range.
        400 if std::str::from_utf8(&value).is_err() => {}
        other => panic!("a range was answered with {other}"),
    }
    match expected {
        Some(Expected::Part(_)) => assert_eq!(answer.status, 206),
        Some(Expected::Unsatisfiable) => assert_eq!(answer.status, 416),
        None => {}
    }
}

enum Expected {
    Part((usize, usize)),
    Unsatisfiable,
}

/// What a range of the plainest form means; `None` for all that a server may read as it likes.
fn expected(value: &str, length: usize) -> Option<Expected> {
    let number = |text: &str| -> Option<Option<usize>> {
        if text.is_empty() {
            return Some(None);
        }
        let digits = text.len() <= 9 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok())
    };
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    match (number(first)?, number(last)?) {
        (Some(first), Some(last)) if last < first => None,
        (Some(first), last) if first < length => {
            let last = last.unwrap_or(length - 1).min(length - 1);
            Some(Expected::Part((first, last)))
        }
        (None, Some(count)) if count > 0 && length > 0 => {
            Some(Expected::Part((length - count.min(length), length - 1)))
        }
        (None, None) => None,
        _ => Some(Expected::Unsatisfiable),
    }
}

/// `bytes 0-9/1000`
fn read(range: Option<&str>, length: usize) -> (usize, usize) {
    let read = || {
        let (part, of) = range?.strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = part.split_once('-')?;
        (of.parse() == Ok(length)).then_some((first.parse().ok()?, last.parse().ok()?))
    };
    let Some(part) = read() else {
        panic!("{range:?} of {length} bytes");
    };
    part
}
