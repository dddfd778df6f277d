//! `WWW-Authenticate`: why a token was refused, and what a new one must be asked for.

use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE};
use http::{HeaderMap, header::WWW_AUTHENTICATE};

/// The claims that a refusal demands, as JSON: continuous access evaluation asks for a token that is newer than some event.
pub(crate) fn claims(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .find_map(|challenge| {
            let claims = parameter(challenge, "claims")?;
            let padded = format!("{claims}{}", "=".repeat((4 - claims.len() % 4) % 4));
            let bytes = BASE64_STANDARD
                .decode(&padded)
                .or_else(|_| BASE64_URL_SAFE.decode(&padded))
                .ok()?;
            let text = String::from_utf8(bytes).ok()?;
            serde_json::from_str::<serde_json::Value>(&text).ok()?;
            Some(text)
        })
}

/// A parameter of a challenge, quoted or not.
pub(crate) fn parameter<'a>(challenge: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = challenge;
    loop {
        let (before, after) = rest.split_once('=')?;
        let key = before.rsplit([' ', ',', '\t']).next().unwrap_or_default();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => {
                let end = after.find([',', ' ']).unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if key.eq_ignore_ascii_case(name) {
            return Some(value.trim_end_matches('='));
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(challenge: &str) -> Option<String> {
        claims(&HeaderMap::from_iter([(
            WWW_AUTHENTICATE,
            HeaderValue::from_str(challenge).unwrap(),
        )]))
    }

    #[test]
    fn claims_are_found_with_and_without_padding() {
        let json = r#"{"access_token":{"nbf":{"essential":true,"value":"1726077595"}}}"#;
        for text in [
            BASE64_STANDARD.encode(json),
            BASE64_STANDARD.encode(json).trim_end_matches('=').to_owned(),
            BASE64_URL_SAFE.encode(json),
        ] {
            let challenge = format!(
                r#"Bearer realm="", authorization_uri="https://login.example/common?a=b", error="insufficient_claims", claims="{text}""#
            );
            assert_eq!(read(&challenge).as_deref(), Some(json), "{challenge}");
        }
    }

    #[test]
    fn a_refusal_without_claims_or_with_nonsense_demands_none() {
        assert_eq!(
            read(r#"Bearer error="invalid_token", error_description="claims=none""#),
            None
        );
        assert_eq!(read(r#"Bearer claims="bm8ganNvbg==""#), None);
        assert_eq!(read(r#"Bearer claims="%%%""#), None);
    }
}
