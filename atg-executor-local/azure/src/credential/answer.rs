//! The token in an answer: the endpoints agree on its name, and not on how they tell its end.

use std::time::Duration;

use atg_sdk::ErrorKind;
use jiff::{SignedDuration, Timestamp, Zoned};
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;

use super::{AccessToken, Identity};
use crate::error::AzureError;

/// A token that does not tell its end is kept that long.
const UNKNOWN: SignedDuration = SignedDuration::from_mins(5);

#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "accessToken", alias = "token")]
    access_token: Option<String>,
    expires_in: Option<Value>,
    expires_on: Option<Value>,
    refresh_in: Option<Value>,
    refresh_on: Option<Value>,
    /// `azd` tells a time in RFC 3339. `az` a local one, which nobody can read without its time zone.
    #[serde(rename = "expiresOn")]
    expires_on_text: Option<String>,
}

/// Reads the token out of a body. An error never repeats any of it.
pub(super) fn read(body: &[u8], now: Timestamp) -> Result<AccessToken, AzureError> {
    let unreadable = || {
        AzureError::new(
            ErrorKind::Unavailable,
            "find a token in the answer: it is not what a token endpoint answers",
        )
    };
    let answer: Answer = serde_json::from_slice(body).map_err(|_| unreadable())?;
    let token = answer
        .access_token
        .filter(|token| !token.is_empty())
        .ok_or_else(unreadable)?;
    let after = |value: &Option<Value>| {
        let time = Duration::try_from_secs_f64(number(value.as_ref()?)?).ok()?;
        now.checked_add(time).ok()
    };
    let expires_on = after(&answer.expires_in)
        .or_else(|| instant(answer.expires_on.as_ref()?))
        .or_else(|| Identity::read(&token)?.expires_on)
        .or_else(|| answer.expires_on_text?.parse().ok())
        .unwrap_or_else(|| now.checked_add(UNKNOWN).unwrap_or(now));
    let refresh_on = after(&answer.refresh_in).or_else(|| instant(answer.refresh_on.as_ref()?));
    Ok(AccessToken {
        secret: SecretString::from(token),
        expires_on,
        refresh_on,
    })
}

/// Some endpoints write numbers as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
    .filter(|seconds| *seconds >= 0.0)
}

/// Seconds since 1970, or the American date of older endpoints.
fn instant(value: &Value) -> Option<Timestamp> {
    if let Some(seconds) = number(value) {
        return Timestamp::from_millisecond((seconds * 1e3) as i64).ok();
    }
    let text = value.as_str()?.trim();
    ["%m/%d/%Y %H:%M:%S %:z", "%m/%d/%Y %I:%M:%S %p %:z"]
        .into_iter()
        .find_map(|format| Some(Zoned::strptime(format, text).ok()?.timestamp()))
        .or_else(|| text.parse().ok())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use rstest::rstest;
    use secrecy::ExposeSecret as _;

    use super::*;

    const NOW: i64 = 1_700_000_000;

    #[rstest]
    #[case::login(r#"{"access_token":"t","expires_in":3599,"refresh_in":1800}"#, NOW + 3_599)]
    #[case::text(r#"{"access_token":"t","expires_in":"3599"}"#, NOW + 3_599)]
    #[case::metadata_service(r#"{"access_token":"t","expires_on":"1700003600"}"#, NOW + 3_600)]
    #[case::american(r#"{"access_token":"t","expires_on":"11/14/2023 22:15:00 +00:00"}"#, NOW + 100)]
    #[case::half_day(r#"{"access_token":"t","expires_on":"11/14/2023 10:15:00 PM +00:00"}"#, NOW + 100)]
    #[case::az(r#"{"accessToken":"t","expiresOn":"2023-11-14 23:13:20.000000","expires_on":1700003600}"#, NOW + 3_600)]
    #[case::azd(r#"{"token":"t","expiresOn":"2023-11-14T23:13:20Z"}"#, NOW + 3_600)]
    #[case::silent(r#"{"access_token":"t"}"#, NOW + 300)]
    fn the_end_is_found_in_every_spelling(#[case] body: &str, #[case] end: i64) {
        let token = read(body.as_bytes(), Timestamp::from_second(NOW).unwrap()).unwrap();
        assert_eq!(
            (token.secret.expose_secret(), token.expires_on.as_second()),
            ("t", end)
        );
    }

    #[test]
    fn a_token_that_tells_its_own_end_is_believed_before_a_local_time() {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(r#"{"exp":1700000042}"#);
        let body = format!(r#"{{"accessToken":"e30.{payload}.","expiresOn":"2023-11-14 23:13:20.000000"}}"#);
        let token = read(body.as_bytes(), Timestamp::from_second(NOW).unwrap()).unwrap();
        assert_eq!(token.expires_on.as_second(), NOW + 42);
    }

    #[test]
    fn an_answer_without_a_token_is_an_error_that_repeats_nothing() {
        for body in [
            "",
            "canary",
            r#"{"access_token":""}"#,
            r#"{"refresh_token":"canary"}"#,
        ] {
            let error = read(body.as_bytes(), Timestamp::UNIX_EPOCH).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"));
        }
    }
}
