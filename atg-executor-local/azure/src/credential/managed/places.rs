//! Which place this is, and how its endpoint is asked.

use std::{fmt, path::PathBuf};

use atg_sdk::ErrorKind;
use http::Method;
use secrecy::SecretString;
use url::Url;

use super::{AssignedIdentity, CredentialError};
use crate::credential::ManagedIdentitySettings;

/// The metadata service of a virtual machine, a scale set, a container instance: the same address everywhere.
const METADATA_HOST: &str = "http://169.254.169.254";
/// The agent of Azure Arc on the machine itself.
const ARC_ENDPOINT: &str = "http://localhost:40342/metadata/identity/oauth2/token";

/// A place with a managed identity.
pub(super) enum Place {
    /// App Service, Functions, Container Apps.
    AppService { endpoint: Url, header: SecretString },
    /// Service Fabric.
    ServiceFabric {
        endpoint: Url,
        header: SecretString,
        thumbprint: String,
    },
    /// A machine outside of Azure that Azure Arc looks after.
    Arc { endpoint: Url, keys: PathBuf },
    /// Azure Machine Learning.
    MachineLearning {
        endpoint: Url,
        secret: SecretString,
        default_client: Option<String>,
    },
    /// Cloud Shell.
    CloudShell { endpoint: Url },
    /// Anything with a metadata service.
    Machine { endpoint: Url },
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Place {
    /// The variables tell. The order is that of Microsoft's own libraries: several places set some of the same variables.
    pub(super) fn of(settings: &ManagedIdentitySettings) -> Result<Self, String> {
        let identity = settings.identity_endpoint.as_deref();
        let header = settings.identity_header.clone();
        if let (Some(endpoint), Some(header)) = (identity, header) {
            let endpoint = read("IDENTITY_ENDPOINT", endpoint)?;
            return Ok(match &settings.identity_server_thumbprint {
                Some(thumbprint) => Self::ServiceFabric {
                    endpoint,
                    header,
                    thumbprint: thumbprint.clone(),
                },
                None => Self::AppService { endpoint, header },
            });
        }
        let keys = || settings.arc_key_directory.clone().unwrap_or_else(arc_keys);
        if let (Some(endpoint), Some(_)) = (identity, &settings.imds_endpoint) {
            return Ok(Self::Arc {
                endpoint: read("IDENTITY_ENDPOINT", endpoint)?,
                keys: keys(),
            });
        }
        if let Some(endpoint) = &settings.msi_endpoint {
            let endpoint = read("MSI_ENDPOINT", endpoint)?;
            return Ok(match &settings.msi_secret {
                Some(secret) => Self::MachineLearning {
                    endpoint,
                    secret: secret.clone(),
                    default_client: settings.default_client_id.clone(),
                },
                None => Self::CloudShell { endpoint },
            });
        }
        let agent = settings.arc_agent.clone().unwrap_or_else(arc_agent);
        if settings.metadata_host.is_none() && agent.exists() {
            return Ok(Self::Arc {
                endpoint: read("the address of Azure Arc's agent", ARC_ENDPOINT)?,
                keys: keys(),
            });
        }
        let host = settings.metadata_host.as_deref().unwrap_or(METADATA_HOST);
        let endpoint = format!("{}/metadata/identity/oauth2/token", host.trim_end_matches('/'));
        Ok(Self::Machine {
            endpoint: read("AZURE_POD_IDENTITY_AUTHORITY_HOST", &endpoint)?,
        })
    }

    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::AppService { .. } => "App Service",
            Self::ServiceFabric { .. } => "Service Fabric",
            Self::Arc { .. } => "Azure Arc",
            Self::MachineLearning { .. } => "Azure Machine Learning",
            Self::CloudShell { .. } => "Cloud Shell",
            Self::Machine { .. } => "the machine's metadata service",
        }
    }

    pub(super) const fn method(&self) -> Method {
        match self {
            Self::CloudShell { .. } => Method::POST,
            _ => Method::GET,
        }
    }

    /// Whether it lets one choose among several identities. One that does not would silently give another's token.
    pub(super) const fn takes_identities(&self) -> bool {
        match self {
            Self::AppService { .. } | Self::MachineLearning { .. } | Self::Machine { .. } => true,
            Self::ServiceFabric { .. } | Self::Arc { .. } | Self::CloudShell { .. } => false,
        }
    }

    /// The address with its question.
    pub(super) fn url(&self, identity: &AssignedIdentity, resource: &str) -> Result<Url, CredentialError> {
        let (endpoint, version, names) = match self {
            Self::AppService { endpoint, .. } => {
                (endpoint, "2019-08-01", ["client_id", "principal_id", "mi_res_id"])
            }
            Self::ServiceFabric { endpoint, .. } => (endpoint, "2019-07-01-preview", [""; 3]),
            Self::Arc { endpoint, .. } => (endpoint, "2019-11-01", [""; 3]),
            Self::MachineLearning { endpoint, .. } => {
                (endpoint, "2017-09-01", ["clientid", "object_id", "mi_res_id"])
            }
            Self::Machine { endpoint } => (endpoint, "2018-02-01", ["client_id", "object_id", "msi_res_id"]),
            Self::CloudShell { endpoint } => return Ok(endpoint.clone()),
        };
        let resource_id_unknown = matches!(
            (self, identity),
            (
                Self::MachineLearning { .. },
                AssignedIdentity::Resource(_) | AssignedIdentity::Object(_)
            )
        );
        if resource_id_unknown {
            return Err(CredentialError::failed(
                ErrorKind::Unsupported,
                "use that managed identity: Azure Machine Learning knows identities by client id only",
            ));
        }
        let mut url = endpoint.clone();
        url.query_pairs_mut()
            .append_pair("api-version", version)
            .append_pair("resource", resource)
            .extend_pairs(identity.query(names));
        Ok(url)
    }
}

fn read(name: &str, text: &str) -> Result<Url, String> {
    Url::parse(text)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| format!("ask for a token of the managed identity: {name} is no address"))
}

fn arc_keys() -> PathBuf {
    if cfg!(windows) {
        PathBuf::from(r"C:\ProgramData\AzureConnectedMachineAgent\Tokens")
    } else {
        PathBuf::from("/var/opt/azcmagent/tokens")
    }
}

fn arc_agent() -> PathBuf {
    if cfg!(windows) {
        PathBuf::from(r"C:\Program Files\AzureConnectedMachineAgent\himds.exe")
    } else {
        PathBuf::from("/opt/azcmagent/bin/himds")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[&str]) -> ManagedIdentitySettings {
        let has = |name: &str| pairs.contains(&name).then(|| "http://127.0.0.1:1/x".to_owned());
        ManagedIdentitySettings {
            identity_endpoint: has("IDENTITY_ENDPOINT"),
            identity_header: has("IDENTITY_HEADER").map(SecretString::from),
            identity_server_thumbprint: has("THUMBPRINT"),
            imds_endpoint: has("IMDS_ENDPOINT"),
            msi_endpoint: has("MSI_ENDPOINT"),
            msi_secret: has("MSI_SECRET").map(SecretString::from),
            arc_agent: Some("/nowhere".into()),
            ..ManagedIdentitySettings::default()
        }
    }

    #[test]
    fn the_variables_tell_the_place() {
        for (set, place) in [
            (&[][..], "the machine's metadata service"),
            (&["IDENTITY_ENDPOINT", "IDENTITY_HEADER"], "App Service"),
            (
                &["IDENTITY_ENDPOINT", "IDENTITY_HEADER", "THUMBPRINT"],
                "Service Fabric",
            ),
            (&["IDENTITY_ENDPOINT", "IMDS_ENDPOINT"], "Azure Arc"),
            (&["MSI_ENDPOINT"], "Cloud Shell"),
            (&["MSI_ENDPOINT", "MSI_SECRET"], "Azure Machine Learning"),
            (
                &[
                    "IDENTITY_ENDPOINT",
                    "IDENTITY_HEADER",
                    "MSI_ENDPOINT",
                    "MSI_SECRET",
                ],
                "App Service",
            ),
        ] {
            assert_eq!(Place::of(&settings(set)).unwrap().name(), place, "{set:?}");
        }
    }

    #[test]
    fn an_installed_agent_is_azure_arc_without_any_variable() {
        let mut given = settings(&[]);
        given.arc_agent = Some("/".into());
        assert_eq!(Place::of(&given).unwrap().name(), "Azure Arc");
    }

    #[test]
    fn identities_are_named_as_each_place_names_them() {
        let place = Place::of(&settings(&["IDENTITY_ENDPOINT", "IDENTITY_HEADER"])).unwrap();
        let url = place
            .url(
                &AssignedIdentity::Resource("/subscriptions/s".into()),
                "https://r",
            )
            .unwrap();
        assert_eq!(
            url.query(),
            Some("api-version=2019-08-01&resource=https%3A%2F%2Fr&mi_res_id=%2Fsubscriptions%2Fs")
        );
        let place = Place::of(&settings(&[])).unwrap();
        let url = place
            .url(&AssignedIdentity::Object("o".into()), "https://r")
            .unwrap();
        assert!(url.query().unwrap().ends_with("&object_id=o"));
    }
}
