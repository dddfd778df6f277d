//! The parameter that every request has.

use crate::{
    error,
    web::{Call, Reply},
};

/// Refuses a request without one, and one that is no version; any version that looks like one is good.
pub(crate) fn check(call: &Call) -> Result<(), Reply> {
    let Some(version) = call.parameter("api-version").filter(|text| !text.is_empty()) else {
        return Err(error::arm(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        ));
    };
    if is_version(version) {
        return Ok(());
    }
    Err(error::arm(
        400,
        "InvalidApiVersionParameter",
        format!("The api-version '{version}' is invalid. The supported versions are '{SUPPORTED}'."),
    ))
}

/// What the message says is supported: some of what Azure supports for itself.
const SUPPORTED: &str = "2024-11-01,2024-07-01,2023-07-01,2022-12-01,2022-09-01,2021-04-01,2021-01-01,2020-10-01,2020-06-01,2019-10-01,2018-05-01,2016-06-01";

/// `2021-04-01`, `2021-04-01-preview`, `2015-05-01-alpha`
fn is_version(text: &str) -> bool {
    let digits = |range: std::ops::Range<usize>| {
        text.get(range)
            .is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let rest = text.get(10..).unwrap_or("?");
    digits(0..4)
        && text.get(4..5) == Some("-")
        && digits(5..7)
        && text.get(7..8) == Some("-")
        && digits(8..10)
        && (rest.is_empty()
            || rest.strip_prefix('-').is_some_and(|rest| {
                rest.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.')
            }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_with_and_without_a_suffix_are_versions() {
        assert!(is_version("2021-04-01"));
        assert!(is_version("2021-04-01-preview"));
        assert!(!is_version("2021-4-1"));
        assert!(!is_version("latest"));
        assert!(!is_version("2021-04-01x"));
    }
}
