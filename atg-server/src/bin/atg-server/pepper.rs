//! The pepper that keys are hashed under.

use std::{
    fs,
    io::{self, Write as _},
    path::Path,
};

use atg_sdk::{Error, ErrorKind, Result, env};
use atg_server::keys::{Environment, Pepper};
use secrecy::{ExposeSecret as _, SecretString};

use crate::values::make_private_directory;

/// What was given, or in `dev` the one of the data directory, which the first that asks makes.
pub(crate) fn find(
    given: Option<&SecretString>,
    environment: Environment,
    data_dir: &Path,
) -> Result<Pepper> {
    if let Some(given) = given {
        return Pepper::new(given.expose_secret().as_bytes());
    }
    if environment != Environment::Dev {
        return Err(Error::invalid(format!(
            "hash keys: {} is not set, and {environment} keeps its pepper apart from its data",
            env::ATG_KEY_PEPPER
        )));
    }
    make_private_directory(data_dir)?;
    let path = data_dir.join("key-pepper");
    let text = match read(&path)? {
        Some(text) => text,
        None => make(&path)?,
    };
    Pepper::new(text.expose_secret().as_bytes())
}

fn read(path: &Path) -> Result<Option<SecretString>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(SecretString::from(text.trim()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Written aside and linked into place: of two processes that start together the second finds the first one's.
fn make(path: &Path) -> Result<SecretString> {
    let text = Pepper::generate()?;
    let aside = path.with_extension(format!("new-{}", std::process::id()));
    let written = write_private(&aside, text.expose_secret()).and_then(|()| fs::hard_link(&aside, path));
    // Nothing depends on it any more, and the next start would write over it.
    let _ = fs::remove_file(&aside);
    match written {
        Ok(()) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| unusable(path, &error))
        }
        Err(error) => Err(unusable(path, &error)),
    }
}

/// Writes a file that only this user may read, replacing what is there.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    // An old file would keep its old mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("use the key pepper in {}: {error}", path.display()),
    )
}
