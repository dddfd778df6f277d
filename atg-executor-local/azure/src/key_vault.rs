//! Secrets in Azure Key Vault: which there are, all their versions, and what those hold.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, PoisonError},
};

use atg_sdk::ErrorKind;
use jiff::Timestamp;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::{
    error::{AzureError, Result},
    transport::{Page, Request, Transport},
};

const VERSION: &str = "api-version=7.4";
/// The most that a page may hold.
const PAGE: u32 = 25;

/// One version of a secret.
#[derive(Clone)]
pub struct SecretVersion {
    /// The secret's name.
    pub name: String,
    /// The version's.
    pub version: String,
    /// What it holds.
    pub value: SecretString,
    /// Not to be used before that.
    pub not_before: Option<Timestamp>,
    /// Not to be used from then on.
    pub expires_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
}

impl fmt::Debug for SecretVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretVersion")
            .field("name", &self.name)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// A vault's secrets. What a version holds never changes and is fetched once; whether it is in force is asked every time.
#[derive(Debug)]
pub struct SecretStore {
    transport: Transport,
    vault: Url,
    values: Mutex<HashMap<(String, String), SecretString>>,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
    attributes: Attributes,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Attributes {
    enabled: bool,
    nbf: Option<i64>,
    exp: Option<i64>,
    created: Option<i64>,
}

#[derive(Deserialize)]
struct Held {
    value: String,
}

impl SecretStore {
    /// The secrets of that vault.
    #[must_use]
    pub fn new(transport: Transport, vault: Url) -> Self {
        Self {
            transport,
            vault,
            values: Mutex::default(),
        }
    }

    /// The vault's address.
    #[must_use]
    pub fn vault(&self) -> &Url {
        &self.vault
    }

    /// Every version that is enabled of every secret whose name begins so, in the order of names and versions. A secret that is
    /// switched off or deleted while they are read is left out.
    ///
    /// # Errors
    /// What the vault answers. A permission that is missing is named.
    pub async fn versions(&self, prefix: &str) -> Result<Vec<SecretVersion>> {
        let mut found = Vec::new();
        let names = self.names(prefix).await?;
        for name in &names {
            let path = format!("/secrets/{name}/versions?{VERSION}&maxresults={PAGE}");
            for listed in self.list(&path, "list the versions of a secret").await? {
                let Some(version) = listed.version().filter(|_| listed.attributes.enabled) else {
                    continue;
                };
                let Some(value) = self.value(name, version).await? else {
                    continue;
                };
                let time = |seconds: Option<i64>| Timestamp::from_second(seconds?).ok();
                found.push(SecretVersion {
                    name: name.clone(),
                    version: version.to_owned(),
                    value,
                    not_before: time(listed.attributes.nbf),
                    expires_at: time(listed.attributes.exp),
                    created_at: time(listed.attributes.created),
                });
            }
        }
        found.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
        // What is no longer listed is no longer kept.
        self.kept().retain(|(name, version), _| {
            found
                .iter()
                .any(|secret| secret.name == *name && secret.version == *version)
        });
        Ok(found)
    }

    async fn names(&self, prefix: &str) -> Result<Vec<String>> {
        let path = format!("/secrets?{VERSION}&maxresults={PAGE}");
        let listed = self.list(&path, "list secrets").await?;
        Ok(listed
            .iter()
            // A secret that is switched off is off in all its versions only if each is: those tell for themselves.
            .filter_map(Listed::name)
            .filter(|name| name.starts_with(prefix))
            .map(str::to_owned)
            .collect())
    }

    async fn list(&self, path: &str, doing: &str) -> Result<Vec<Listed>> {
        let mut pages = self.transport.pages(Request::get_vault(&self.vault, path)?);
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.explain(error, doing))?;
            all.extend(read(&page)?);
        }
        Ok(all)
    }

    /// `None` for a version that is gone or off meanwhile.
    async fn value(&self, name: &str, version: &str) -> Result<Option<SecretString>> {
        let key = (name.to_owned(), version.to_owned());
        if let Some(value) = self.kept().get(&key) {
            return Ok(Some(value.clone()));
        }
        let path = format!("/secrets/{name}/{version}?{VERSION}");
        let answer = self
            .transport
            .send(&Request::get_vault(&self.vault, &path)?)
            .await;
        let value = match answer {
            Ok(answer) => SecretString::from(answer.json::<Held>()?.value),
            Err(error) if error.status() == Some(404) => return Ok(None),
            Err(error) if error.status() == Some(403) && error.message().contains("disabled") => {
                return Ok(None);
            }
            Err(error) => return Err(self.explain(error, "get a secret")),
        };
        self.kept().insert(key, value.clone());
        Ok(Some(value))
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<(String, String), SecretString>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn explain(&self, error: AzureError, doing: &str) -> AzureError {
        let vault = self.vault.host_str().unwrap_or_default();
        match error.kind() {
            ErrorKind::PermissionDenied => {
                let words = format!(
                    "{doing} of {vault}: {}: give this identity the role Key Vault Secrets User, or list and get in the \
                     vault's access policy",
                    error.message()
                );
                error.with_message(words)
            }
            _ => {
                let words = format!("{doing} of {vault}: {}", error.message());
                error.with_message(words)
            }
        }
    }
}

fn read(page: &Page) -> Result<Vec<Listed>> {
    page.items()
        .map(|item| {
            serde_json::from_str(item).map_err(|error| {
                AzureError::new(
                    ErrorKind::Unavailable,
                    format!("read the list of secrets: {error}"),
                )
            })
        })
        .collect()
}

impl Listed {
    /// `https://VAULT/secrets/NAME/VERSION`
    fn parts(&self) -> impl Iterator<Item = &str> {
        let path = self.id.split_once("/secrets/").map_or("", |(_, path)| path);
        path.split('/')
            // They become parts of an address again.
            .filter(|part| {
                !part.is_empty()
                    && part
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            })
    }

    fn name(&self) -> Option<&str> {
        self.parts().next()
    }

    fn version(&self) -> Option<&str> {
        self.parts().nth(1)
    }
}
