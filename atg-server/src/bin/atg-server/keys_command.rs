//! `atg-server keys …`

use std::{
    fs::File,
    io::Read as _,
    path::{Path, PathBuf},
};

use atg_sdk::{Error, ErrorKind, Owner, Result, env};
use atg_server::keys::{
    ApiKey, Environment, KeyId, KeyRecord, KeyState, TenantAccess, read_file, write_file,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    arguments::{Hashing, KeysCommand, KeysPlace, NewKey},
    config::Secrets,
    pepper, say, values,
};

pub(crate) fn run(command: KeysCommand, secrets: &Secrets) -> Result<()> {
    match command {
        KeysCommand::New(new) => make(&new, secrets),
        KeysCommand::Hash(hashing) => hash(&hashing, secrets),
        KeysCommand::List(place) => list(&file(&place)?),
        KeysCommand::Revoke { id, place } => revoke(&id, &file(&place)?),
    }
}

fn file(place: &KeysPlace) -> Result<PathBuf> {
    values::path(place.file.as_ref()).ok_or_else(|| {
        Error::invalid(format!(
            "find the key file: pass --file or set {}",
            env::ATG_API_KEYS_FILE
        ))
    })
}

impl Hashing {
    fn environment(&self) -> Result<Environment> {
        match self.environment.as_deref().filter(|text| !text.is_empty()) {
            None => Ok(Environment::Dev),
            Some(text) => text
                .parse()
                .map_err(|error| Error::invalid(format!("read {}: {error}", env::ATG_ENVIRONMENT))),
        }
    }

    fn pepper(&self, secrets: &Secrets) -> Result<atg_server::keys::Pepper> {
        let data_dir = values::data_dir(self.data_dir.as_ref())?;
        pepper::find(secrets.pepper.as_ref(), self.environment()?, &data_dir)
    }
}

fn make(new: &NewKey, secrets: &Secrets) -> Result<()> {
    let path = file(&new.place)?;
    let time = |text: &Option<String>, flag: &str| {
        text.as_deref()
            .map(|text| {
                text.parse().map_err(|error| {
                    Error::invalid(format!("read {flag}: {error}: write 2026-01-31T00:00:00Z"))
                })
            })
            .transpose()
    };
    if new.owner.trim().is_empty() {
        return Err(Error::invalid(
            "read --owner: it is empty: name who will hold the key",
        ));
    }
    let key = ApiKey::generate(new.hashing.environment()?)?;
    let record = KeyRecord {
        id: key.id().clone(),
        hash: key.hash_hex(&new.hashing.pepper(secrets)?),
        owner: Owner::new(new.owner.trim()),
        environment: key.environment(),
        scopes: new
            .scopes
            .iter()
            .map(|scope| scope.parse())
            .collect::<Result<_>>()?,
        tenants: tenants(&new.tenants)?,
        not_before: time(&new.not_before, "--not-before")?,
        expires_at: time(&new.expires_at, "--expires-at")?,
        state: KeyState::Active,
    };
    change(&path, true, |records| {
        records.push(record);
        Ok(())
    })?;
    // Only now: a key that is in no file would be a riddle.
    say(key.reveal().expose_secret())
}

fn tenants(named: &[String]) -> Result<TenantAccess> {
    if named.iter().any(|name| name == "*") {
        return Ok(TenantAccess::Every);
    }
    let tenants = named
        .iter()
        .map(|name| name.trim().parse())
        .collect::<Result<_>>()?;
    Ok(TenantAccess::Only(tenants))
}

fn hash(hashing: &Hashing, secrets: &Secrets) -> Result<()> {
    let mut text = String::new();
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|error| Error::invalid(format!("read the key from stdin: {error}")))?;
    let text = SecretString::from(text);
    let key: ApiKey = text
        .expose_secret()
        .trim()
        .parse()
        .map_err(|error| Error::invalid(format!("read the key from stdin: {error}")))?;
    if key.environment() != hashing.environment()? {
        return Err(Error::invalid(format!(
            "hash the key: it is one of {}: pass --environment {0}",
            key.environment()
        )));
    }
    let shown = serde_json::json!({
        "id": key.id(), "hash": key.hash_hex(&hashing.pepper(secrets)?), "environment": key.environment()
    });
    say(&shown.to_string())
}

fn list(path: &Path) -> Result<()> {
    for record in read_file(path)? {
        let line = serde_json::json!({
            "id": record.id, "owner": record.owner, "environment": record.environment, "scopes": record.scopes,
            "tenants": record.tenants, "not_before": record.not_before, "expires_at": record.expires_at,
            "state": record.state
        });
        say(&line.to_string())?;
    }
    Ok(())
}

fn revoke(id: &str, path: &Path) -> Result<()> {
    let id: KeyId = id.parse()?;
    change(path, false, |records| {
        let record = records.iter_mut().find(|record| record.id == id).ok_or_else(|| {
            Error::not_found(format!("revoke the key {id}: {} has no such key", path.display()))
        })?;
        record.state = KeyState::Revoked;
        Ok(())
    })
}

/// Reads the file, changes it and puts it back in one step, under a lock against another `atg-server keys`.
fn change(path: &Path, make: bool, edit: impl FnOnce(&mut Vec<KeyRecord>) -> Result<()>) -> Result<()> {
    let lock_path = path.with_extension("lock");
    let refuse = |error: std::io::Error| {
        Error::new(
            ErrorKind::Unavailable,
            format!("lock the key file by {}: {error}", lock_path.display()),
        )
    };
    // The lock has a file of its own, since the key file is replaced. It goes with the process.
    let lock = File::create(&lock_path).map_err(refuse)?;
    lock.lock().map_err(refuse)?;
    let mut records = match read_file(path) {
        Ok(records) => records,
        Err(error) if make && error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    edit(&mut records)?;
    write_file(path, records)
}

#[cfg(test)]
mod tests {
    use atg_server::keys::Scope;
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_help_names_every_scope() {
        let help = crate::arguments::Cli::command()
            .find_subcommand("keys")
            .and_then(|keys| keys.find_subcommand("new"))
            .unwrap()
            .clone()
            .render_long_help()
            .to_string();
        for scope in Scope::ALL {
            assert!(help.contains(scope.name()), "{scope} in {help}");
        }
    }

    #[test]
    fn a_star_is_every_tenant_and_nothing_is_none() {
        assert_eq!(tenants(&["*".to_owned()]).unwrap(), TenantAccess::Every);
        assert_eq!(tenants(&[]).unwrap(), TenantAccess::Only(Vec::new()));
        assert!(tenants(&["contoso".to_owned()]).is_err());
    }
}
