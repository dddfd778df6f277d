//! Azure regions.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An Azure location in the short form that ARM uses: lower case, no spaces (`westeurope`).
///
/// Azure answers `West Europe` in some places and `westeurope` in others; both are this one location.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Location(String);

impl Location {
    /// The short form.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Location {
    fn from(text: &str) -> Self {
        Self(
            text.chars()
                .filter(|c| !c.is_whitespace())
                .flat_map(char::to_lowercase)
                .collect(),
        )
    }
}

impl From<String> for Location {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<Location> for String {
    fn from(location: Location) -> Self {
        location.0
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("West Europe", "westeurope")]
    #[case("westeurope", "westeurope")]
    #[case(" EAST US 2 ", "eastus2")]
    #[case("(US) East US 2", "(us)eastus2")]
    #[case("global", "global")]
    #[case("", "")]
    fn both_spellings_are_one_location(#[case] text: &str, #[case] short: &str) {
        let location = Location::from(text);
        assert_eq!(location.as_str(), short);
        assert_eq!(Location::from(short), location);
        let json = serde_json::to_string(&location).unwrap();
        assert_eq!(serde_json::from_str::<Location>(&json).unwrap(), location);
    }
}
