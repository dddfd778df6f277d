//! Resource types such as `Microsoft.Compute/virtualMachines/extensions`.

use std::{
    fmt,
    hash::{Hash, Hasher},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A resource provider namespace and one or more type segments. Prints as written, compares without case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceType(String);

impl ResourceType {
    /// As written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
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
        let fine = |segment: &&str| {
            !segment.is_empty() && !segment.chars().any(|c| c.is_control() || c.is_whitespace())
        };
        if !fine(&namespace) || rest.is_empty() || !rest.iter().all(fine) {
            return Err(Error::invalid(format!(
                "`{}` is not a resource type: one such as Microsoft.Compute/virtualMachines is",
                text.escape_debug()
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

impl Hash for ResourceType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in self.0.bytes() {
            state.write_u8(byte.to_ascii_lowercase());
        }
    }
}
