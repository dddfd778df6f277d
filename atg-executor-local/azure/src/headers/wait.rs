//! `Retry-After`, in all its spellings.

use std::time::Duration;

use http::HeaderMap;
use jiff::{Timestamp, fmt::rfc2822};

/// Beyond that a number is nonsense, and adding it to a time would overflow.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How long the answer asks to wait: milliseconds where it tells them, seconds, or until a date.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
    };
    let milliseconds = ["retry-after-ms", "x-ms-retry-after-ms"]
        .into_iter()
        .filter_map(text)
        .find_map(|value| positive(value, 1e-3));
    milliseconds.or_else(|| {
        let value = text("retry-after")?;
        positive(value, 1.0).or_else(|| until(value, text("date")))
    })
}

fn positive(text: &str, unit: f64) -> Option<Duration> {
    let number: f64 = text.parse().ok()?;
    (number.is_finite() && number >= 0.0).then(|| {
        Duration::try_from_secs_f64(number * unit)
            .unwrap_or(LONGEST)
            .min(LONGEST)
    })
}

/// Counted by the sender's own clock where it tells it: ours may be wrong. A date that is past asks for nothing.
fn until(text: &str, sent: Option<&str>) -> Option<Duration> {
    let date = |text: &str| Some(rfc2822::parse(text).ok()?.timestamp());
    let then = date(text)?;
    let now = sent.and_then(date).unwrap_or_else(Timestamp::now);
    Some(
        Duration::try_from(then.duration_since(now))
            .unwrap_or_default()
            .min(LONGEST),
    )
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&[("retry-after", "7")], Some(7_000))]
    #[case(&[("retry-after", " 0 ")], Some(0))]
    #[case(&[("retry-after", "0.25")], Some(250))]
    #[case(&[("x-ms-retry-after-ms", "1500"), ("retry-after", "2")], Some(1_500))]
    #[case(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:07 GMT")], Some(30_000))]
    #[case(&[("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT")], Some(0))]
    #[case(&[("retry-after", "-3")], None)]
    #[case(&[("retry-after", "soon")], None)]
    #[case(&[("retry-after", "NaN")], None)]
    #[case(&[], None)]
    fn every_spelling_is_read(#[case] given: &[(&str, &str)], #[case] expected: Option<u64>) {
        let headers = given
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::try_from(*name).unwrap(),
                    HeaderValue::from_str(value).unwrap(),
                )
            })
            .collect();
        assert_eq!(retry_after(&headers), expected.map(Duration::from_millis));
    }

    #[test]
    fn nonsense_does_not_overflow() {
        let headers = HeaderMap::from_iter([(http::header::RETRY_AFTER, HeaderValue::from_static("1e300"))]);
        assert_eq!(retry_after(&headers), Some(LONGEST));
    }
}
