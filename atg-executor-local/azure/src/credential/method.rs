//! The ways to sign in, by name.

use std::{fmt, str::FromStr};

use atg_sdk::Error;

/// A way to get tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthMethod {
    /// An application's secret, from the environment.
    Secret,
    /// An application's certificate, from the environment.
    Certificate,
    /// A token of another issuer that the application trusts, from a file: workload identity.
    Federated,
    /// The identity of the machine, app or cluster that this runs on.
    ManagedIdentity,
    /// Whoever is signed in to the Azure CLI.
    Az,
    /// Whoever is signed in to the Azure Developer CLI.
    Azd,
}

impl AuthMethod {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 6] = [
        Self::Secret,
        Self::Certificate,
        Self::Federated,
        Self::ManagedIdentity,
        Self::Az,
        Self::Azd,
    ];

    /// The name that `--auth` takes.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Certificate => "certificate",
            Self::Federated => "federated",
            Self::ManagedIdentity => "managed-identity",
            Self::Az => "az",
            Self::Azd => "azd",
        }
    }

    /// Whether somebody set it up on purpose for this process. One that was and fails ends the search: going on would sign in
    /// as somebody else.
    pub(crate) const fn is_deliberate(self) -> bool {
        matches!(self, Self::Secret | Self::Certificate | Self::Federated)
    }
}

impl fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for AuthMethod {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|method| method.name().eq_ignore_ascii_case(text.trim()))
            .ok_or_else(|| {
                let names: Vec<_> = Self::ALL.iter().map(|method| method.name()).collect();
                Error::invalid(format!(
                    "`{}` is no way to sign in: {} are",
                    crate::error::tame(text),
                    names.join(", ")
                ))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for method in AuthMethod::ALL {
            assert_eq!(method.name().parse::<AuthMethod>().unwrap(), method);
        }
        let words = "browser".parse::<AuthMethod>().unwrap_err().to_string();
        assert!(words.contains("managed-identity"), "{words}");
    }
}
