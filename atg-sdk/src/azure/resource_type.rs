//! Resource types such as `Microsoft.Compute/virtualMachines/extensions`.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A resource provider namespace and one or more type segments, all ASCII as Azure's are.
///
/// Prints as written; equality, hashing and order disregard case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceType(String);

impl ResourceType {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower-cased: equal types have equal keys.
    #[must_use]
    pub fn to_key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// The namespace, for example `Microsoft.Compute`.
    #[must_use]
    pub fn provider(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// The type segments after the namespace.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(1)
    }

    /// The type of the parent: `Microsoft.Sql/servers` for `Microsoft.Sql/servers/databases`.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        let (head, _) = self.0.rsplit_once('/')?;
        head.contains('/').then(|| Self(head.to_owned()))
    }
}

impl FromStr for ResourceType {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut segments = text.split('/');
        let namespace = segments.next().unwrap_or_default();
        let rest: Vec<_> = segments.collect();
        let fine = |segment: &&str| !segment.is_empty() && segment.chars().all(|c| c.is_ascii_graphic());
        if !fine(&namespace) || rest.is_empty() || !rest.iter().all(fine) {
            return Err(Error::invalid(format!(
                "read `{}` as a resource type: give one such as Microsoft.Compute/virtualMachines",
                text.chars().take(120).collect::<String>().escape_debug()
            )));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for ResourceType {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<ResourceType> for String {
    fn from(value: ResourceType) -> Self {
        value.0
    }
}

impl fmt::Display for ResourceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq for ResourceType {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ResourceType {}

impl Ord for ResourceType {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_key().cmp(&other.to_key())
    }
}

impl PartialOrd for ResourceType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for ResourceType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
        // So that two types in a row are not one longer one.
        state.write_u8(0xff);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Microsoft.Compute/virtualMachines", "Microsoft.Compute", &["virtualMachines"], None)]
    #[case(
        "Microsoft.Network/virtualNetworks/subnets",
        "Microsoft.Network",
        &["virtualNetworks", "subnets"],
        Some("Microsoft.Network/virtualNetworks")
    )]
    fn a_type_has_a_provider_segments_and_perhaps_a_parent(
        #[case] text: &str,
        #[case] provider: &str,
        #[case] segments: &[&str],
        #[case] parent: Option<&str>,
    ) {
        let read: ResourceType = text.parse().unwrap();
        assert_eq!(read.to_string(), text);
        assert_eq!(read.provider(), provider);
        assert_eq!(read.segments().collect::<Vec<_>>(), segments);
        assert_eq!(read.parent().as_ref().map(ResourceType::as_str), parent);
    }

    #[test]
    fn case_makes_no_difference() {
        let spellings = [
            "Microsoft.Web/sites",
            "microsoft.web/SITES",
            "MICROSOFT.WEB/sites",
        ];
        let types = spellings.map(|text| text.parse::<ResourceType>().unwrap());
        assert!(
            types
                .iter()
                .all(|one| *one == types[0] && one.cmp(&types[0]) == Ordering::Equal)
        );
        assert_eq!(types.into_iter().collect::<HashSet<_>>().len(), 1);
    }

    #[rstest]
    fn what_is_not_a_type_is_refused(
        #[values(
            "",
            "Microsoft.Web",
            "/",
            "Microsoft.Web/",
            "/sites",
            "Microsoft.Web//sites",
            "Microsoft Web/sites"
        )]
        text: &str,
    ) {
        let error = text.parse::<ResourceType>().unwrap_err();
        assert!(error.message().contains("give one such as"), "{error}");
    }
}
