//! Where key records come from.

use std::{
    fmt, fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use atg_sdk::{Error, ErrorKind, Owner, Result};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{ApiKey, Environment, KeyRecord, KeyState, Pepper, Scope, TenantAccess};

/// Somewhere key records are kept. Asked again at least once a minute, so that no change needs a restart.
#[async_trait]
pub trait KeySource: fmt::Debug + Send + Sync {
    /// All records, as they are now.
    ///
    /// # Errors
    /// When they cannot be read; the ring then goes on with those it knows and says so.
    async fn records(&self) -> Result<Vec<KeyRecord>>;

    /// The source's name, for people.
    fn describe(&self) -> String;
}

/// Records in a JSON file: `{"version": 1, "keys": [ … ]}`.
#[derive(Debug)]
pub struct FileKeys {
    path: PathBuf,
}

impl FileKeys {
    /// The file at that path.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }
}

#[async_trait]
impl KeySource for FileKeys {
    async fn records(&self) -> Result<Vec<KeyRecord>> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || read_file(&path))
            .await
            .map_err(|error| Error::internal("read the key file").with_source(error))?
    }

    fn describe(&self) -> String {
        format!("the key file {}", self.path.display())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    version: u32,
    keys: Vec<KeyRecord>,
}

const FILE_VERSION: u32 = 1;

/// Reads a key file.
///
/// # Errors
/// `NotFound`, `InvalidArgument` with line and column, `Unsupported` for a newer version.
pub fn read_file(path: &Path) -> Result<Vec<KeyRecord>> {
    let text = fs::read_to_string(path).map_err(|error| {
        let kind = if error.kind() == io::ErrorKind::NotFound {
            ErrorKind::NotFound
        } else {
            ErrorKind::Unavailable
        };
        Error::new(kind, format!("read the key file {}: {error}", path.display()))
    })?;
    let file: KeyFile = serde_json::from_str(&text)
        .map_err(|error| Error::invalid(format!("read the key file {}: {error}", path.display())))?;
    if file.version != FILE_VERSION {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "read the key file {}: it is of version {}, this is 1",
                path.display(),
                file.version
            ),
        ));
    }
    Ok(file.keys)
}

/// Replaces a key file in one step, readable by its owner alone.
///
/// # Errors
/// `Unavailable` when the folder cannot be written.
pub fn write_file(path: &Path, keys: Vec<KeyRecord>) -> Result<()> {
    let fail = |error: io::Error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("write the key file {}: {error}", path.display()),
        )
    };
    let mut text = serde_json::to_string_pretty(&KeyFile {
        version: FILE_VERSION,
        keys,
    })
    .map_err(|error| Error::internal("write the key file").with_source(error))?;
    text.push('\n');
    let aside = path.with_extension(format!("new-{}", std::process::id()));
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&aside).map_err(fail)?;
    file.write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(fail)?;
    fs::rename(&aside, path).map_err(fail)
}

/// Records that do not change: the key of this run, tests.
#[derive(Debug)]
pub struct StaticKeys(pub Vec<KeyRecord>);

#[async_trait]
impl KeySource for StaticKeys {
    async fn records(&self) -> Result<Vec<KeyRecord>> {
        Ok(self.0.clone())
    }

    fn describe(&self) -> String {
        "the keys of this run".to_owned()
    }
}

/// `ATG_API_KEYS`: keys in plain, `key:scopes:tenants` separated by `;`, scopes and tenants by `,` or spaces. Only for
/// development.
pub struct PlainKeys {
    records: Vec<KeyRecord>,
}

impl PlainKeys {
    /// Reads the variable's value. Errors name the entry by number and never repeat any of a key.
    ///
    /// # Errors
    /// `InvalidArgument` for an entry that cannot be read, and outside of `dev`.
    pub fn parse(text: &SecretString, environment: Environment, pepper: &Pepper) -> Result<Self> {
        if environment != Environment::Dev {
            return Err(Error::invalid(format!(
                "ATG_API_KEYS holds keys in plain and is for dev only, and this is {environment}: \
                 use ATG_API_KEYS_FILE"
            )));
        }
        let entries = text
            .expose_secret()
            .split(';')
            .map(str::trim)
            .filter(|entry| !entry.is_empty());
        let records = entries
            .enumerate()
            .map(|(index, entry)| {
                plain_record(entry, environment, pepper).map_err(|error| {
                    Error::invalid(format!("read entry {} of ATG_API_KEYS: {error}", index + 1))
                })
            })
            .collect::<Result<_>>()?;
        Ok(Self { records })
    }
}

fn plain_record(entry: &str, environment: Environment, pepper: &Pepper) -> Result<KeyRecord> {
    let mut parts = entry.splitn(3, ':');
    let key: ApiKey = parts.next().unwrap_or_default().trim().parse()?;
    let rest = parts.next().zip(entry.split_once(':').map(|(_, rest)| rest));
    // Scopes hold a colon themselves (`graph:read`), so the tenants are what follows the last one that is none's.
    let (_, rest) = rest.ok_or_else(|| Error::invalid("it has no scopes: write key:scopes:tenants"))?;
    let (scopes, tenants) = split_scopes(rest)?;
    if key.environment() != environment {
        return Err(Error::invalid(format!(
            "the key is one of {}, and this is {environment}",
            key.environment()
        )));
    }
    Ok(KeyRecord {
        id: key.id().clone(),
        hash: hex(&key.hash(pepper)),
        owner: Owner::new(format!("key-{}", key.id())),
        environment,
        scopes,
        tenants,
        not_before: None,
        expires_at: None,
        state: KeyState::Active,
    })
}

fn split_scopes(text: &str) -> Result<(Vec<Scope>, TenantAccess)> {
    let (scopes, tenants) = text
        .rsplit_once(':')
        .filter(|(_, tail)| {
            words(tail).all(|word| word == "*" || word.parse::<atg_sdk::azure::TenantId>().is_ok())
        })
        .ok_or_else(|| Error::invalid("it names no tenants: end it with `:*` or with tenant ids"))?;
    // Where a separator is forgotten, a key stands among the scopes, and an error must not show it.
    let scopes = words(scopes)
        .map(str::parse)
        .collect::<Result<_>>()
        .map_err(|_| {
            let known = Scope::ALL.map(Scope::name).join(", ");
            Error::invalid(format!(
                "one of its scopes is none: write key:scopes:tenants, with {known}"
            ))
        })?;
    let tenants = if words(tenants).any(|word| word == "*") {
        TenantAccess::Every
    } else {
        TenantAccess::Only(words(tenants).map(str::parse).collect::<Result<_>>()?)
    };
    Ok((scopes, tenants))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).filter(|word| !word.is_empty())
}

impl fmt::Debug for PlainKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainKeys")
            .field("count", &self.records.len())
            .finish()
    }
}

#[async_trait]
impl KeySource for PlainKeys {
    async fn records(&self) -> Result<Vec<KeyRecord>> {
        Ok(self.records.clone())
    }

    fn describe(&self) -> String {
        "ATG_API_KEYS".to_owned()
    }
}

/// A source with one more record in it: the key that a server makes for its own run.
#[derive(Debug)]
pub struct WithKey {
    /// Where the others come from.
    pub inner: Arc<dyn KeySource>,
    /// The one more.
    pub record: KeyRecord,
}

#[async_trait]
impl KeySource for WithKey {
    async fn records(&self) -> Result<Vec<KeyRecord>> {
        let mut records = self.inner.records().await?;
        records.push(self.record.clone());
        Ok(records)
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.extend(char::from_digit(u32::from(digit), 16));
            }
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: String) -> Result<PlainKeys> {
        let pepper = Pepper::new(&[1; 16]).unwrap();
        PlainKeys::parse(&SecretString::from(text), Environment::Dev, &pepper)
    }

    #[tokio::test]
    async fn keys_in_plain_are_read_and_no_message_repeats_one() {
        let key = ApiKey::generate(Environment::Dev).unwrap().reveal();
        let key = key.expose_secret();
        let keys = parse(format!("{key}:scan:run,graph:read:*; ")).unwrap();
        let records = keys.records().await.unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].scopes, [Scope::ScanRun, Scope::GraphRead]);
        // A comma where a semicolon belongs makes the second key a scope of the first.
        for mistyped in [
            format!("{key}:scan:run:*,{key}:scan:run:*"),
            format!("{key}:scan:run,{key}:scan:run:*"),
            format!("{key}:{key}"),
            format!("{key}{key}:scan:run:*"),
        ] {
            let error = parse(mistyped).unwrap_err();
            assert!(error.to_string().contains("entry 1"), "{error}");
            assert!(!error.to_string().contains(key), "the key is in the message");
        }
    }
}
