//! The key that a server makes for its own run, where nobody gave it any.

use std::{
    io::IsTerminal as _,
    path::{Path, PathBuf},
};

use atg_sdk::{Error, ErrorKind, Owner, Result};
use atg_server::keys::{ApiKey, Environment, KeyRecord, KeyState, Pepper, Scope, TenantAccess};
use secrecy::ExposeSecret as _;

use crate::{pepper::write_private, say, values::make_private_directory};

/// A key, and the file that holds it where it was not shown.
#[derive(Debug)]
pub(crate) struct OwnKey {
    key: ApiKey,
    pub(crate) record: KeyRecord,
}

impl OwnKey {
    /// A fresh one that may do everything.
    pub(crate) fn make(environment: Environment, pepper: &Pepper) -> Result<Self> {
        let key = ApiKey::generate(environment)?;
        let record = KeyRecord {
            id: key.id().clone(),
            hash: key.hash_hex(pepper),
            // The same in every run, so that a restart does not hide the jobs of the last one.
            owner: Owner::new("this-machine"),
            environment,
            scopes: vec![Scope::Admin],
            tenants: TenantAccess::Every,
            not_before: None,
            expires_at: None,
            state: KeyState::Active,
        };
        Ok(Self { key, record })
    }

    /// Shows the key on a terminal; otherwise puts it into a file and shows the path. What stdout goes to may be kept.
    pub(crate) fn hand_out(&self, data_dir: &Path, port: u16) -> Result<KeyFile> {
        let text = self.key.reveal();
        if std::io::stdout().is_terminal() {
            say(&format!("API key for this run: {}", text.expose_secret()))?;
            return Ok(KeyFile(None));
        }
        make_private_directory(data_dir)?;
        let path = data_dir.join(format!("server-{port}.key"));
        write_private(&path, &format!("{}\n", text.expose_secret())).map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("write the key of this run to {}: {error}", path.display()),
            )
        })?;
        let file = KeyFile(Some(path.clone()));
        say(&format!("API key for this run is in {}", path.display()))?;
        Ok(file)
    }
}

/// The file goes with the run.
#[derive(Debug)]
pub(crate) struct KeyFile(Option<PathBuf>);

impl Drop for KeyFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // The key in it is worth nothing from now on.
            let _ = std::fs::remove_file(path);
        }
    }
}
