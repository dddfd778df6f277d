//! The first line of a recording: whose it is, and how it was asked for.

use atg_azure::{
    cloud::Cloud,
    credential::{AuthMethod, Identity},
    transport::Transport,
};
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// What the first line calls itself.
pub const FORMAT: &str = "atg-recording";
/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`]
    pub format: String,
    /// [`VERSION`]
    pub version: u32,
    /// Which ATG wrote it.
    pub written_by: String,
    /// The tenant.
    pub tenant_id: TenantId,
    /// Where its hosts are: every address in the recording is one of theirs.
    pub cloud: RecordedCloud,
    /// Who asked.
    pub identity: RecordedIdentity,
    /// When it began: what a replay takes for the time.
    pub clock: Timestamp,
    /// The scan's parameters.
    pub parameters: Value,
}

/// The hosts of a cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedCloud {
    name: String,
    authority: Url,
    resource_manager: Url,
    resource_manager_audience: String,
    microsoft_graph: Url,
    key_vault_suffix: String,
}

/// Who asked: nothing that proves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordedIdentity {
    /// The way to sign in.
    pub method: Option<String>,
    /// The tenant that issued the token.
    pub tenant_id: Option<String>,
    /// The user, service principal or managed identity.
    pub object_id: Option<String>,
    /// The application.
    pub client_id: Option<String>,
}

impl Header {
    /// For a scan of that tenant over that transport.
    #[must_use]
    pub fn new(tenant_id: TenantId, transport: &Transport, identity: &Identity, parameters: Value) -> Self {
        let method = transport.tokens().method();
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            written_by: concat!("atg ", env!("CARGO_PKG_VERSION")).to_owned(),
            tenant_id,
            cloud: RecordedCloud::from(transport.cloud()),
            identity: RecordedIdentity {
                method: method.map(|method| method.name().to_owned()),
                tenant_id: identity.tenant_id.clone(),
                object_id: identity.object_id.clone(),
                client_id: identity.client_id.clone(),
            },
            clock: transport.clock().now(),
            parameters,
        }
    }

    /// Reads a first line.
    ///
    /// # Errors
    /// `InvalidArgument` for what is none, `Unsupported` for one that a later version wrote.
    pub(crate) fn read(line: &[u8]) -> Result<Self> {
        #[derive(Deserialize)]
        struct Version {
            version: u32,
        }
        let damaged = |error| {
            Error::invalid("read the recording: its first line is damaged; record the scan again")
                .with_source(error)
        };
        let Version { version } = serde_json::from_slice(line).map_err(damaged)?;
        if version > VERSION {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "read the recording: it has version {version} and this ATG reads up to {VERSION}: use a newer one"
                ),
            ));
        }
        serde_json::from_slice(line).map_err(damaged)
    }
}

/// Whether a text that begins so is a recording.
#[must_use]
pub fn is_recording(first_line: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Named {
        format: String,
    }
    serde_json::from_slice::<Named>(first_line).is_ok_and(|named| named.format == FORMAT)
}

impl From<&Cloud> for RecordedCloud {
    fn from(cloud: &Cloud) -> Self {
        Self {
            name: cloud.name.clone(),
            authority: cloud.authority.clone(),
            resource_manager: cloud.resource_manager.clone(),
            resource_manager_audience: cloud.resource_manager_audience.clone(),
            microsoft_graph: cloud.microsoft_graph.clone(),
            key_vault_suffix: cloud.key_vault_suffix.clone(),
        }
    }
}

impl From<RecordedCloud> for Cloud {
    fn from(cloud: RecordedCloud) -> Self {
        Self {
            name: cloud.name,
            authority: cloud.authority,
            resource_manager: cloud.resource_manager,
            resource_manager_audience: cloud.resource_manager_audience,
            microsoft_graph: cloud.microsoft_graph,
            key_vault_suffix: cloud.key_vault_suffix,
        }
    }
}

impl RecordedIdentity {
    /// The way to sign in, as far as this version knows it.
    pub(crate) fn auth_method(&self) -> AuthMethod {
        let known = self.method.as_deref().and_then(|name| name.parse().ok());
        known.unwrap_or(AuthMethod::Secret)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_recording_is_one() {
        assert!(is_recording(br#"{"format":"atg-recording","version":7}"#));
        assert!(!is_recording(br#"{"format":"atg-export","version":1}"#));
        assert!(!is_recording(br#"{"id":"/subscriptions/x","type":"a/b"}"#));
        assert!(!is_recording(b"{"));
    }

    #[test]
    fn a_later_version_is_refused_before_its_other_members_are_looked_at() {
        let error = Header::read(br#"{"format":"atg-recording","version":9,"new":1}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        let error = Header::read(br#"{"format":"atg-recording","version":1}"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
