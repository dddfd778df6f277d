//! Patterns in which `*` is any text.

/// A pattern, compared without regard to case. `*` matches any text, slashes too, and there is no other special letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Glob {
    /// What stands between the stars, in small letters.
    parts: Vec<String>,
}

impl Glob {
    pub(crate) fn new(pattern: &str) -> Self {
        Self {
            parts: pattern.to_lowercase().split('*').map(str::to_owned).collect(),
        }
    }

    /// Whether a text in small letters matches.
    pub(crate) fn matches(&self, lower: &str) -> bool {
        match &self.parts[..] {
            [] => lower.is_empty(),
            [only] => lower == only,
            [first, middle @ .., last] => {
                let Some(rest) = lower.strip_prefix(first.as_str()) else {
                    return false;
                };
                let Some(mut rest) = rest.strip_suffix(last.as_str()) else {
                    return false;
                };
                // The leftmost place of each part leaves the most for those that follow.
                for part in middle {
                    match rest.find(part.as_str()) {
                        Some(at) => rest = &rest[at + part.len()..],
                        None => return false,
                    }
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Microsoft.Storage/*", "microsoft.storage/storageaccounts/blobservices", true)]
    #[case("Microsoft.Storage/*", "microsoft.storage", false)]
    #[case("*", "", true)]
    #[case("", "", true)]
    #[case("", "a", false)]
    #[case("a*a", "a", false)]
    #[case("a*b*c", "axxbyyc", true)]
    #[case("a*b*c", "acb", false)]
    #[case("*b*b*", "ab", false)]
    #[case("**x", "x", true)]
    #[case("RG-?", "rg-a", false)]
    fn a_star_is_any_text(#[case] pattern: &str, #[case] text: &str, #[case] matches: bool) {
        assert_eq!(Glob::new(pattern).matches(text), matches);
    }
}
