//! The clouds: which hosts sign in, manage, know the directory and keep secrets.

mod endpoints;

use std::{fmt, str::FromStr};

use atg_sdk::{Error, ErrorKind};
use url::Url;

pub use self::endpoints::discover;

/// Which cloud is meant, before its hosts are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CloudName {
    /// Azure.
    #[default]
    Public,
    /// Azure Government of the United States.
    UsGov,
    /// Azure operated by 21Vianet in China.
    China,
    /// The address of a Resource Manager, whose other hosts are read from it: a sovereign cloud, Azure Stack, a simulator.
    Endpoint(Url),
}

impl FromStr for CloudName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        // The names that az and other tools use are understood too.
        match text.trim().to_ascii_lowercase().as_str() {
            "public" | "azurecloud" | "azurepubliccloud" => Ok(Self::Public),
            "usgov" | "azureusgovernment" | "azureusgovernmentcloud" => Ok(Self::UsGov),
            "china" | "azurechinacloud" => Ok(Self::China),
            _ => read_origin(text.trim()).map(Self::Endpoint).ok_or_else(|| {
                Error::invalid(format!(
                    "`{}` is no cloud: public, usgov, china, or the https address of a Resource Manager is",
                    crate::error::tame(text)
                ))
            }),
        }
    }
}

impl fmt::Display for CloudName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Public => f.write_str("public"),
            Self::UsGov => f.write_str("usgov"),
            Self::China => f.write_str("china"),
            Self::Endpoint(address) => f.write_str(address.as_str().trim_end_matches('/')),
        }
    }
}

/// An https address without anything that could be a secret or another's path.
pub(crate) fn read_origin(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    (url.scheme() == "https" && url.has_host() && plain && url.fragment().is_none()).then_some(url)
}

/// What a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Audience {
    /// Azure Resource Manager and Resource Graph.
    ResourceManager,
    /// Microsoft Graph.
    MicrosoftGraph,
    /// Key Vault.
    KeyVault,
}

impl Audience {
    /// As figures are labelled.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ResourceManager => "arm",
            Self::MicrosoftGraph => "microsoft_graph",
            Self::KeyVault => "key_vault",
        }
    }
}

/// The hosts of a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// As it is called, for people.
    pub name: String,
    /// Microsoft Entra ID, where tokens come from.
    pub authority: Url,
    /// Azure Resource Manager.
    pub resource_manager: Url,
    /// Whom tokens for it are for.
    pub resource_manager_audience: String,
    /// Microsoft Graph.
    pub microsoft_graph: Url,
    /// What a vault's name is followed by: `vault.azure.net`.
    pub key_vault_suffix: String,
}

impl Cloud {
    /// The cloud of that name; `None` for one whose hosts have to be read from its endpoint first, see [`discover`].
    #[must_use]
    pub fn known(name: &CloudName) -> Option<Self> {
        let [authority, resource_manager, graph, vault] = match name {
            CloudName::Public => [
                "https://login.microsoftonline.com",
                "https://management.azure.com",
                "https://graph.microsoft.com",
                "vault.azure.net",
            ],
            CloudName::UsGov => [
                "https://login.microsoftonline.us",
                "https://management.usgovcloudapi.net",
                "https://graph.microsoft.us",
                "vault.usgovcloudapi.net",
            ],
            CloudName::China => [
                "https://login.chinacloudapi.cn",
                "https://management.chinacloudapi.cn",
                "https://microsoftgraph.chinacloudapi.cn",
                "vault.azure.cn",
            ],
            CloudName::Endpoint(_) => return None,
        };
        Some(Self {
            name: name.to_string(),
            authority: read_origin(authority)?,
            resource_manager: read_origin(resource_manager)?,
            resource_manager_audience: resource_manager.to_owned(),
            microsoft_graph: read_origin(graph)?,
            key_vault_suffix: vault.to_owned(),
        })
    }

    /// With another authority, as `AZURE_AUTHORITY_HOST` names it: an address, or a host alone.
    ///
    /// # Errors
    /// `InvalidArgument` for what is neither.
    pub fn with_authority(mut self, host: &str) -> Result<Self, Error> {
        let host = host.trim();
        let address = if host.contains("://") {
            host.to_owned()
        } else {
            format!("https://{host}")
        };
        self.authority = read_origin(&address).ok_or_else(|| {
            Error::new(
                ErrorKind::InvalidArgument,
                "use AZURE_AUTHORITY_HOST: it is no https address of a host",
            )
        })?;
        Ok(self)
    }

    /// The scope that a token for that audience is asked with.
    #[must_use]
    pub fn scope(&self, audience: &Audience) -> String {
        let resource = match audience {
            Audience::ResourceManager => self.resource_manager_audience.clone(),
            Audience::MicrosoftGraph => origin(&self.microsoft_graph),
            Audience::KeyVault => format!("https://{}", self.key_vault_suffix),
        };
        format!("{resource}/.default")
    }

    /// The address of a vault: by its name in this cloud, or as it stands where it is an address already.
    ///
    /// # Errors
    /// `InvalidArgument` for what can be neither.
    pub fn vault(&self, name: &str) -> Result<Url, Error> {
        let name = name.trim();
        let refuse = || {
            Error::invalid(format!(
                "`{}` is no key vault: give its name, 3 to 24 letters, digits and dashes, or its https address",
                crate::error::tame(name)
            ))
        };
        if name.contains("://") {
            return read_origin(name).ok_or_else(refuse);
        }
        let good = (3..=24).contains(&name.len())
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        good.then(|| read_origin(&format!("https://{name}.{}", self.key_vault_suffix)))
            .flatten()
            .ok_or_else(refuse)
    }
}

/// Scheme, host and port, without a slash behind.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clouds_are_known_by_the_names_that_people_use() {
        for (text, name) in [
            ("public", CloudName::Public),
            ("AzureCloud", CloudName::Public),
            (" usgov ", CloudName::UsGov),
            ("AzureUSGovernment", CloudName::UsGov),
            ("AzureChinaCloud", CloudName::China),
        ] {
            assert_eq!(text.parse::<CloudName>().unwrap(), name);
            let cloud = Cloud::known(&name).unwrap();
            assert!(cloud.scope(&Audience::ResourceManager).ends_with("/.default"));
        }
        let stack = "https://management.local.azurestack.external/".parse::<CloudName>();
        assert_eq!(
            stack.unwrap().to_string(),
            "https://management.local.azurestack.external"
        );
    }

    #[test]
    fn what_is_no_cloud_is_refused_by_name() {
        for text in [
            "azure",
            "",
            "http://management.azure.com",
            "https://user:canary@host",
            "https://host?x=1",
        ] {
            let error = text.parse::<CloudName>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        }
    }

    #[test]
    fn an_authority_is_a_host_or_an_address() {
        let public = Cloud::known(&CloudName::Public).unwrap();
        for text in ["login.microsoftonline.us", "https://login.microsoftonline.us/"] {
            let cloud = public.clone().with_authority(text).unwrap();
            assert_eq!(origin(&cloud.authority), "https://login.microsoftonline.us");
        }
        assert!(public.with_authority("http://evil.example").is_err());
    }

    #[test]
    fn a_vault_is_a_name_or_an_address_and_never_another_host_by_a_trick() {
        let public = Cloud::known(&CloudName::Public).unwrap();
        assert_eq!(
            public.vault("my-keys").unwrap().as_str(),
            "https://my-keys.vault.azure.net/"
        );
        assert_eq!(
            public.vault("https://127.0.0.1:8443").unwrap().as_str(),
            "https://127.0.0.1:8443/"
        );
        for bad in ["evil.example/", "a", "evil@host", "http://x"] {
            assert!(public.vault(bad).is_err(), "{bad}");
        }
    }
}
