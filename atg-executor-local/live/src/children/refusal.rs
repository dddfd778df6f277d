//! Refusals that say that a parent has no children of a kind, rather than that they could not be read.

/// Whether a refusal of a list of children means that there are none: the parent is of a tier, kind or state that cannot
/// have them. Every other refusal is a shortfall.
#[must_use]
pub fn says_there_are_none(status: u16, code: &str) -> bool {
    ABSENT
        .iter()
        .any(|(own, known)| *own == status && code.eq_ignore_ascii_case(known))
}

/// Status and code, each seen in reports about the parents that are named here.
const ABSENT: &[(u16, &str)] = &[
    // Storage accounts for blobs alone, with premium disks or with a hierarchy have no files, queues or tables.
    (400, "FeatureNotSupportedForAccount"),
    (409, "FeatureNotSupportedForAccount"),
    // Data warehouses, free databases and the system's own have fewer settings than others.
    (400, "LongTermRetentionPolicyNotSupported"),
    (400, "FeatureDisabledOnSelectedEdition"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_refusals_mean_nothing_is_there() {
        assert!(says_there_are_none(400, "featureNotSupportedForAccount"));
        for (status, code) in [
            (403, "AuthorizationFailed"),
            (404, "ResourceNotFound"),
            (400, "NoRegisteredProviderFound"),
            (409, "Conflict"),
            (400, ""),
        ] {
            assert!(!says_there_are_none(status, code), "{status} {code}");
        }
    }
}
