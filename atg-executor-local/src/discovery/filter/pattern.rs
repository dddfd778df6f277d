//! Texts with `*`.

/// A text in which `*` stands for any characters, none included. Compares without case unless made otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    /// What lies between the stars: one part where there is none.
    parts: Vec<String>,
    folded: bool,
}

impl Pattern {
    /// A pattern that disregards case, as Azure does in names and types.
    pub(super) fn folded(text: &str) -> Self {
        Self {
            parts: text.to_lowercase().split('*').map(str::to_owned).collect(),
            folded: true,
        }
    }

    /// A pattern that regards case, as Azure does in the values of tags.
    pub(super) fn exact(text: &str) -> Self {
        Self {
            parts: text.split('*').map(str::to_owned).collect(),
            folded: false,
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        if self.folded {
            self.matches_as_is(&text.to_lowercase())
        } else {
            self.matches_as_is(text)
        }
    }

    fn matches_as_is(&self, text: &str) -> bool {
        let [first, middle @ .., last] = self.parts.as_slice() else {
            return self.parts.first().is_some_and(|only| only == text);
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        // The earliest place for each part leaves the most for those behind it.
        for part in middle {
            match rest.find(part.as_str()) {
                Some(at) => rest = &rest[at + part.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "Microsoft.Compute/virtualMachines",
        "microsoft.compute/VIRTUALMACHINES",
        true
    )]
    #[case(
        "Microsoft.Compute/virtualMachines",
        "Microsoft.Compute/virtualMachines/extensions",
        false
    )]
    #[case("Microsoft.Compute/*", "microsoft.compute/disks", true)]
    #[case("Microsoft.Compute/*", "microsoft.computes/disks", false)]
    #[case("*/subnets", "Microsoft.Network/virtualNetworks/subnets", true)]
    #[case("*a*a*", "banana", true)]
    #[case("*ab*bc*", "abc", false)]
    #[case("a*a", "a", false)]
    #[case("*", "", true)]
    #[case("", "", true)]
    #[case("ÄRGER*", "ärgernis", true)]
    fn stars_stand_for_anything(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        assert_eq!(Pattern::folded(pattern).matches(text), matches);
    }

    #[test]
    fn an_exact_pattern_regards_case() {
        assert!(Pattern::exact("Prod*").matches("Production"));
        assert!(!Pattern::exact("Prod*").matches("production"));
    }
}
