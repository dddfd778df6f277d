//! What is left of a quota, as answers tell it.

use std::time::Duration;

use atg_sdk::quota::{CallKind, QuotaLimit};
use http::HeaderMap;

/// How much is left for calls of that kind; `None` where the answer does not say.
///
/// Resource Manager counts calls, Resource Graph queries, and Microsoft Graph tells how much of the whole is used, once
/// that is above four fifths.
pub(crate) fn remaining(headers: &HeaderMap, kind: CallKind, limit: &QuotaLimit) -> Option<f64> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<f64>().ok();
    let least = |names: &[&str]| names.iter().filter_map(|name| number(name)).reduce(f64::min);
    let found = match kind {
        CallKind::SubscriptionRead => least(&[
            "x-ms-ratelimit-remaining-subscription-reads",
            "x-ms-ratelimit-remaining-subscription-global-reads",
        ]),
        CallKind::SubscriptionWrite => least(&[
            "x-ms-ratelimit-remaining-subscription-writes",
            "x-ms-ratelimit-remaining-subscription-global-writes",
        ]),
        CallKind::SubscriptionDelete => least(&[
            "x-ms-ratelimit-remaining-subscription-deletes",
            "x-ms-ratelimit-remaining-subscription-global-deletes",
        ]),
        CallKind::TenantRead => least(&[
            "x-ms-ratelimit-remaining-tenant-reads",
            "x-ms-ratelimit-remaining-tenant-global-reads",
        ]),
        CallKind::ResourceGraphQuery | CallKind::ResourceGraphList => number("x-ms-user-quota-remaining"),
        CallKind::MicrosoftGraph => number("x-ms-throttle-limit-percentage")
            .map(|used| ((1.0 - used) * f64::from(limit.burst)).max(0.0)),
        CallKind::KeyVault => None,
    };
    found.filter(|left| left.is_finite() && *left >= 0.0)
}

/// `x-ms-user-quota-resets-after`, `hh:mm:ss`.
pub(crate) fn resets_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("x-ms-user-quota-resets-after")?.to_str().ok()?;
    let mut seconds = 0.0;
    for part in text.trim().split(':') {
        let number: f64 = part.parse().ok().filter(|number| *number >= 0.0)?;
        seconds = seconds * 60.0 + number;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// The provider that counts by itself and says so: `x-ms-ratelimit-remaining-resource: Microsoft.Compute/LowCostGet;12`.
/// With what is left of the scarcest of its quotas.
pub(crate) fn provider_of(headers: &HeaderMap) -> Option<(String, f64)> {
    let text = headers.get("x-ms-ratelimit-remaining-resource")?.to_str().ok()?;
    text.split(',')
        .filter_map(|part| {
            let (name, left) = part.split_once(';')?;
            let provider = name.split('/').next()?.trim();
            (!provider.is_empty())
                .then_some((provider.to_ascii_lowercase(), left.trim().parse::<f64>().ok()?))
        })
        .min_by(|a, b| a.1.total_cmp(&b.1))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(given: &[(&'static str, &'static str)]) -> HeaderMap {
        given
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect()
    }

    fn left(kind: CallKind, given: &[(&'static str, &'static str)]) -> Option<f64> {
        remaining(&headers(given), kind, &kind.documented())
    }

    #[test]
    fn each_kind_reads_its_own_header_and_the_scarcer_of_two() {
        let both = [
            ("x-ms-ratelimit-remaining-subscription-reads", "249"),
            ("x-ms-ratelimit-remaining-subscription-global-reads", "17"),
        ];
        assert_eq!(left(CallKind::SubscriptionRead, &both), Some(17.0));
        assert_eq!(left(CallKind::SubscriptionWrite, &both), None);
        assert_eq!(
            left(
                CallKind::ResourceGraphQuery,
                &[("x-ms-user-quota-remaining", "14")]
            ),
            Some(14.0)
        );
        let graph = left(
            CallKind::MicrosoftGraph,
            &[("x-ms-throttle-limit-percentage", "0.9")],
        );
        assert!((graph.unwrap() - 500.0).abs() < 1e-6);
        assert_eq!(
            left(
                CallKind::MicrosoftGraph,
                &[("x-ms-throttle-limit-percentage", "1.4")]
            ),
            Some(0.0)
        );
    }

    #[test]
    fn the_time_to_the_reset_is_hours_minutes_and_seconds() {
        let read = |text| resets_after(&headers(&[("x-ms-user-quota-resets-after", text)]));
        assert_eq!(read("00:00:05"), Some(Duration::from_secs(5)));
        assert_eq!(read("01:00:02.5"), Some(Duration::from_millis(3_602_500)));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1:00:00"), None);
    }

    #[test]
    fn the_provider_is_that_of_the_scarcest_quota() {
        let given = headers(&[(
            "x-ms-ratelimit-remaining-resource",
            "Microsoft.Compute/HighCostGet3Min;133,Microsoft.Compute/HighCostGet30Min;7",
        )]);
        assert_eq!(provider_of(&given), Some(("microsoft.compute".to_owned(), 7.0)));
        assert_eq!(provider_of(&HeaderMap::new()), None);
    }
}
