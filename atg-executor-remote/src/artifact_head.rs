//! What the head of a download says of the artifact.

use std::ops::Range;

use atg_sdk::InputDigest;
use reqwest::{
    Response, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderMap},
};

/// The part of an artifact that an answer carries. What a proxy took away is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// Of the whole artifact.
    pub(crate) size_bytes: Option<u64>,
    /// The positions that follow; `None` for all of it.
    pub(crate) part: Option<Range<u64>>,
    pub(crate) tag: Option<String>,
    pub(crate) sha256: Option<String>,
    pub(crate) content_type: String,
}

impl Head {
    /// `None` where an answer calls itself a part and does not say which.
    pub(crate) fn of(response: &Response) -> Option<Self> {
        Self::read(response.status(), response.headers())
    }

    fn read(status: StatusCode, headers: &HeaderMap) -> Option<Self> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let (part, size_bytes) = if status == StatusCode::PARTIAL_CONTENT {
            let (part, size) = content_range(text(CONTENT_RANGE.as_str())?)?;
            (Some(part), Some(size))
        } else {
            let length = text(CONTENT_LENGTH.as_str()).and_then(|length| length.parse().ok());
            (None, length)
        };
        Some(Self {
            size_bytes,
            part,
            tag: text(ETAG.as_str())
                .filter(|tag| tag.starts_with('"'))
                .map(str::to_owned),
            sha256: text(atg_sdk::rest::headers::REPR_DIGEST).and_then(sha256),
            content_type: text(CONTENT_TYPE.as_str())
                .unwrap_or("application/octet-stream")
                .to_owned(),
        })
    }
}

/// `bytes 5-9/10`
fn content_range(text: &str) -> Option<(Range<u64>, u64)> {
    let (range, size) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last, size): (u64, u64, u64) = (first.parse().ok()?, last.parse().ok()?, size.parse().ok()?);
    (first <= last && last < size).then(|| (first..last + 1, size))
}

/// `sha-256=:<base64>:` among others, in lower-case hexadecimal.
fn sha256(text: &str) -> Option<String> {
    let digests = text.split(',').map(str::trim);
    let base64 = digests
        .filter_map(|digest| digest.strip_prefix("sha-256=:"))
        .find_map(|rest| rest.strip_suffix(':'))?;
    let bytes: [u8; 32] = from_base64(base64)?.try_into().ok()?;
    Some(InputDigest::from_bytes(bytes).to_string())
}

fn from_base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes().map(|byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    });
    let digits: Vec<u8> = digits.collect::<Option<_>>()?;
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let word = group.iter().enumerate().fold(0_u32, |word, (at, digit)| {
            word | u32::from(*digit) << (18 - 6 * at)
        });
        bytes.extend_from_slice(&word.to_be_bytes()[1..group.len()]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn ranges_are_read_strictly() {
        assert_eq!(content_range("bytes 5-9/10"), Some((5..10, 10)));
        for wrong in [
            "bytes */10",
            "bytes 5-10/10",
            "bytes 6-5/10",
            "pages 1-2/3",
            "",
            "bytes 1-2/*",
        ] {
            assert_eq!(content_range(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn digests_are_read_among_others() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let base64 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        assert_eq!(
            sha256(&format!("md5=:AA==:, sha-256=:{base64}:")).as_deref(),
            Some(empty)
        );
        assert_eq!(sha256("sha-256=:AAAA:"), None);
        assert_eq!(sha256(&format!("sha-512=:{base64}:")), None);
    }

    #[test]
    fn a_part_that_does_not_say_which_is_no_answer() {
        let mut headers = HeaderMap::new();
        assert_eq!(Head::read(StatusCode::PARTIAL_CONTENT, &headers), None);
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("12"));
        headers.insert(ETAG, HeaderValue::from_static("W/\"weak\""));
        let head = Head::read(StatusCode::OK, &headers).unwrap();
        assert_eq!((head.size_bytes, head.part, head.tag), (Some(12), None, None));
    }
}
