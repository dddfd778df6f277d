//! A blob container as the store of inputs and artifacts.

use std::sync::Arc;

use async_trait::async_trait;
use atg_azure::{Azure, AzureOptions, credential::TokenRequest};
use atg_sdk::{Error, Result, env};
use atg_server::objects::Objects;
use object_store::{
    CredentialProvider, RetryConfig,
    azure::{AzureCredential, MicrosoftAzureBuilder},
    prefix::PrefixStore,
};
use secrecy::{ExposeSecret as _, SecretString};

/// What tokens for any storage account are asked for.
const SCOPE: &str = "https://storage.azure.com/.default";

/// Where a container is. `Debug` shows no signature.
#[derive(Clone)]
pub(crate) struct Container {
    /// Up to the account: what the container's name is appended to.
    endpoint: String,
    account: String,
    name: String,
    /// Below which everything lies, where that is not the whole container.
    prefix: String,
    signature: Option<SecretString>,
}

impl std::fmt::Debug for Container {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Container")
            .field("endpoint", &self.endpoint)
            .field("name", &self.name)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Container {
    /// Reads `https://account.blob.core.windows.net/container[/prefix][?signature]`, or, for what stands in for Azure and
    /// has no names of its own, `http://host:port/account/container[/prefix]`. What is wrong is told without repeating
    /// it: it may hold a signature.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or("must be a directory or the address of a container")?;
        let (rest, signature) = match rest.split_once('?') {
            Some((rest, query)) => (rest, Some(query).filter(|query| !query.is_empty())),
            None => (rest, None),
        };
        let mut parts = rest.split('/');
        let host = parts.next().unwrap_or_default();
        let of_azure = host
            .split_once(".blob.")
            .filter(|(account, rest)| !account.is_empty() && !rest.is_empty());
        let (endpoint, account) = match (scheme, of_azure) {
            ("https", Some((account, _))) => (format!("https://{host}"), account.to_owned()),
            ("http", Some(_)) => {
                return Err("must begin with https: what it is asked with would travel in plain");
            }
            ("http" | "https", None) => {
                let account = parts.next().unwrap_or_default().to_owned();
                (format!("{scheme}://{host}/{account}"), account)
            }
            _ => {
                return Err(
                    "must be a directory, or a container like https://account.blob.core.windows.net/container",
                );
            }
        };
        let name = parts.next().unwrap_or_default();
        if host.is_empty() || account.is_empty() || name.is_empty() {
            return Err("names no container: it is like https://account.blob.core.windows.net/container");
        }
        let prefix: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
        Ok(Self {
            endpoint,
            account,
            name: name.to_owned(),
            prefix: prefix.join("/"),
            signature: signature.map(SecretString::from),
        })
    }

    /// The store in it. Signed for by the address, by the account's key, or as whoever this process signs in as.
    pub(crate) fn open(&self, key: Option<&SecretString>, azure: &AzureOptions) -> Result<Objects> {
        // Its client takes the process's own; one that is installed already is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = MicrosoftAzureBuilder::new()
            .with_endpoint(self.endpoint.clone())
            .with_account(&self.account)
            .with_container_name(&self.name)
            .with_allow_http(self.endpoint.starts_with("http://"))
            .with_retry(RetryConfig {
                max_retries: 5,
                retry_timeout: std::time::Duration::from_secs(30),
                ..RetryConfig::default()
            });
        builder = match (&self.signature, key) {
            (Some(signature), _) => builder.with_sas_authorization(pairs(signature.expose_secret())),
            (None, Some(key)) => builder.with_access_key(key.expose_secret()),
            (None, None) => builder.with_credentials(Arc::new(SignedIn {
                azure: Azure::new(azure.clone()),
            })),
        };
        let store = builder.build().map_err(|_| {
            // The cause may repeat what it was given.
            Error::invalid(format!(
                "use the container {} of {}: its address or key cannot be used: see {} and {}",
                self.name,
                self.account,
                env::ATG_ARTIFACT_STORE,
                env::AZURE_STORAGE_KEY,
            ))
        })?;
        if self.prefix.is_empty() {
            return Ok(Objects::new(Arc::new(store)));
        }
        Ok(Objects::new(Arc::new(PrefixStore::new(
            store,
            self.prefix.as_str(),
        ))))
    }
}

/// The parts of a signature, as they were before they were written into an address.
fn pairs(query: &str) -> Vec<(String, String)> {
    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text)
            .decode_utf8_lossy()
            .into_owned()
    };
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (plain(name), plain(value)))
        .collect()
}

/// Signs in to the store as to the rest of Azure.
#[derive(Debug)]
struct SignedIn {
    azure: Azure,
}

#[async_trait]
impl CredentialProvider for SignedIn {
    type Credential = AzureCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AzureCredential>> {
        let token = async {
            let transport = self.azure.transport().await?;
            transport.tokens().token(&TokenRequest::new(SCOPE)).await
        };
        match token.await {
            Ok(token) => Ok(Arc::new(AzureCredential::BearerToken(
                token.secret.expose_secret().to_owned(),
            ))),
            Err(error) => Err(object_store::Error::Generic {
                store: "MicrosoftAzure",
                source: Box::new(error),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_is_read_off_its_address() {
        for (text, endpoint, account, name, prefix) in [
            (
                "https://store.blob.core.windows.net/c",
                "https://store.blob.core.windows.net",
                "store",
                "c",
                "",
            ),
            (
                "https://store.blob.core.usgovcloudapi.net/c/a/b/?sv=1&sig=canary%3D",
                "https://store.blob.core.usgovcloudapi.net",
                "store",
                "c",
                "a/b",
            ),
            (
                "http://127.0.0.1:10000/devstoreaccount1/c",
                "http://127.0.0.1:10000/devstoreaccount1",
                "devstoreaccount1",
                "c",
                "",
            ),
        ] {
            let container = Container::parse(text).unwrap();
            assert_eq!(
                (container.endpoint.as_str(), container.account.as_str()),
                (endpoint, account)
            );
            assert_eq!(
                (container.name.as_str(), container.prefix.as_str()),
                (name, prefix)
            );
            assert!(!format!("{container:?}").contains("canary"));
        }
        assert_eq!(
            pairs("sv=1&sig=a%2Bb%3D")[1],
            ("sig".to_owned(), "a+b=".to_owned())
        );
    }

    #[test]
    fn what_is_no_container_is_refused() {
        for text in [
            "ftp://store.blob.core.windows.net/c",
            "http://store.blob.core.windows.net/c",
            "https://store.blob.core.windows.net/",
            "http://127.0.0.1:10000/devstoreaccount1",
            "https://",
        ] {
            assert!(Container::parse(text).is_err(), "{text}");
        }
    }
}
