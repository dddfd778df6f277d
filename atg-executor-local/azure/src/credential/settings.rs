//! What credentials are made of: the variables that every Azure SDK knows, under the names that `atg_sdk::env` documents.

use std::{ffi::OsString, fmt, path::PathBuf};

use atg_sdk::env;
use secrecy::SecretString;

use super::AuthMethod;

/// Everything that credentials are made of. Whoever makes it has read the environment.
#[derive(Clone)]
#[non_exhaustive]
pub struct CredentialSettings {
    /// The only way to try; `None` tries them in order.
    pub only: Option<AuthMethod>,
    /// The tenant to sign in to.
    pub tenant_id: Option<String>,
    /// The application, or the managed identity where there are several.
    pub client_id: Option<String>,
    /// The application's secret.
    pub client_secret: Option<SecretString>,
    /// The application's certificate and key: PEM or PFX.
    pub certificate_path: Option<PathBuf>,
    /// What the PFX file is locked with.
    pub certificate_password: Option<SecretString>,
    /// Whether the whole chain is sent along: for applications that trust a name and an authority instead of a certificate.
    pub send_certificate_chain: bool,
    /// The file of another issuer's token.
    pub federated_token_file: Option<PathBuf>,
    /// Whether managed identity is among the ways.
    pub use_managed_identity: bool,
    /// What the place where this runs says of its identity.
    pub managed: ManagedIdentitySettings,
    /// Where `az` and `azd` are looked for.
    pub path: Option<OsString>,
}

/// What hosts of managed identities tell through the environment.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct ManagedIdentitySettings {
    /// App Service, Container Apps, Service Fabric, Azure Arc: where tokens are asked for.
    pub identity_endpoint: Option<String>,
    /// What proves that we run there.
    pub identity_header: Option<SecretString>,
    /// The thumbprint of Service Fabric's certificate.
    pub identity_server_thumbprint: Option<String>,
    /// Azure Arc sets it; its presence tells Arc from the others.
    pub imds_endpoint: Option<String>,
    /// Cloud Shell and Azure Machine Learning.
    pub msi_endpoint: Option<String>,
    /// Azure Machine Learning's secret.
    pub msi_secret: Option<SecretString>,
    /// The identity that Azure Machine Learning takes where none is named.
    pub default_client_id: Option<String>,
    /// Another address of the machine's metadata service.
    pub metadata_host: Option<String>,
    /// Where Azure Arc's agent leaves the files that prove that we may read them. `None`: where it always does.
    pub arc_key_directory: Option<PathBuf>,
    /// Programs whose presence says that Azure Arc's agent is installed. `None`: where they always are.
    pub arc_agent: Option<PathBuf>,
}

impl Default for CredentialSettings {
    fn default() -> Self {
        Self::from_variables(|_| None)
    }
}

impl CredentialSettings {
    /// Asks `read` for every variable by its name. An empty one counts as not set.
    pub fn from_variables(mut read: impl FnMut(&'static str) -> Option<OsString>) -> Self {
        let mut raw = |name: &'static str| read(name).filter(|value| !value.is_empty());
        let path = raw("PATH");
        let certificate_path = raw(env::AZURE_CLIENT_CERTIFICATE_PATH).map(PathBuf::from);
        let federated_token_file = raw(env::AZURE_FEDERATED_TOKEN_FILE).map(PathBuf::from);
        let mut text = |name: &'static str| raw(name).and_then(|value| value.into_string().ok());
        let truth = |text: Option<String>| {
            text.map(|text| matches!(text.to_ascii_lowercase().as_str(), "true" | "1"))
        };
        Self {
            only: None,
            tenant_id: text(env::AZURE_TENANT_ID),
            client_id: text(env::AZURE_CLIENT_ID),
            client_secret: text(env::AZURE_CLIENT_SECRET).map(SecretString::from),
            certificate_path,
            certificate_password: text(env::AZURE_CLIENT_CERTIFICATE_PASSWORD).map(SecretString::from),
            send_certificate_chain: truth(text(env::AZURE_CLIENT_SEND_CERTIFICATE_CHAIN)).unwrap_or_default(),
            federated_token_file,
            use_managed_identity: truth(text(env::ATG_USE_MANAGED_IDENTITY)).unwrap_or(true),
            managed: ManagedIdentitySettings {
                identity_endpoint: text(env::IDENTITY_ENDPOINT),
                identity_header: text(env::IDENTITY_HEADER).map(SecretString::from),
                identity_server_thumbprint: text(env::IDENTITY_SERVER_THUMBPRINT),
                imds_endpoint: text(env::IMDS_ENDPOINT),
                msi_endpoint: text(env::MSI_ENDPOINT),
                msi_secret: text(env::MSI_SECRET).map(SecretString::from),
                default_client_id: text(env::DEFAULT_IDENTITY_CLIENT_ID),
                metadata_host: text(env::AZURE_POD_IDENTITY_AUTHORITY_HOST),
                arc_key_directory: None,
                arc_agent: None,
            },
            path,
        }
    }

    /// With that way alone.
    #[must_use]
    pub fn with_only(mut self, only: Option<AuthMethod>) -> Self {
        self.only = only;
        self
    }

    /// With that tenant, where one is named.
    #[must_use]
    pub fn with_tenant(mut self, tenant: Option<String>) -> Self {
        self.tenant_id = tenant.or(self.tenant_id);
        self
    }

    /// Whether somebody set a way up for this process, so that using it is what they expect.
    #[must_use]
    pub fn is_configured(&self) -> bool {
        self.only.is_some()
            || self.client_secret.is_some()
            || self.certificate_path.is_some()
            || self.federated_token_file.is_some()
    }
}

/// That something is there, and no more.
fn there<T>(value: Option<&T>) -> &'static str {
    if value.is_some() { "set" } else { "not set" }
}

impl fmt::Debug for CredentialSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialSettings")
            .field("only", &self.only)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("client_secret", &there(self.client_secret.as_ref()))
            .field("certificate_path", &self.certificate_path)
            .field("certificate_password", &there(self.certificate_password.as_ref()))
            .field("federated_token_file", &self.federated_token_file)
            .field("use_managed_identity", &self.use_managed_identity)
            .field("managed", &self.managed)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for ManagedIdentitySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ManagedIdentitySettings")
            .field("identity_endpoint", &there(self.identity_endpoint.as_ref()))
            .field("identity_header", &there(self.identity_header.as_ref()))
            .field("imds_endpoint", &there(self.imds_endpoint.as_ref()))
            .field("msi_endpoint", &there(self.msi_endpoint.as_ref()))
            .field("msi_secret", &there(self.msi_secret.as_ref()))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_read_by_name_and_empty_ones_are_none() {
        let settings = CredentialSettings::from_variables(|name| match name {
            "AZURE_TENANT_ID" => Some("t".into()),
            "AZURE_CLIENT_SECRET" => Some("canary".into()),
            "AZURE_CLIENT_ID" => Some("".into()),
            "IDENTITY_HEADER" => Some("canary".into()),
            "ATG_USE_MANAGED_IDENTITY" => Some("False".into()),
            _ => None,
        });
        assert_eq!(settings.tenant_id.as_deref(), Some("t"));
        assert_eq!(settings.client_id, None);
        assert!(settings.is_configured() && !settings.use_managed_identity);
        assert!(!format!("{settings:?}").contains("canary"));
    }

    #[test]
    fn nothing_is_configured_where_only_a_tenant_is_named() {
        let settings =
            CredentialSettings::from_variables(|name| (name == "AZURE_TENANT_ID").then(|| "t".into()));
        assert!(!settings.is_configured() && settings.use_managed_identity);
        assert!(settings.with_only(Some(AuthMethod::Az)).is_configured());
    }
}
