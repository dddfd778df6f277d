//! Which certificate authorities are trusted: the system's, and those that somebody names beside them.

use atg_sdk::{Error, Result};
use reqwest::Certificate;

/// Those that a PEM file names.
pub(crate) fn named(pem: &[u8]) -> Result<Vec<Certificate>> {
    let certificates = Certificate::from_pem_bundle(pem).map_err(|error| {
        Error::invalid("read the extra certificate authority: it is not PEM of certificates")
            .with_source(error)
    })?;
    if certificates.is_empty() {
        return Err(Error::invalid(
            "read the extra certificate authority: the file holds no certificate",
        ));
    }
    Ok(certificates)
}

/// The system's own, which must be asked for where authorities are named in `SSL_CERT_FILE`: the client's library takes
/// that variable for the place of all of them, and would trust no other any more.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
pub(crate) fn of_the_system() -> Vec<Certificate> {
    in_directories(openssl_probe::candidate_cert_dirs())
}

/// Here the system is asked, whatever the variable says.
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
pub(crate) fn of_the_system() -> Vec<Certificate> {
    Vec::new()
}

#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn in_directories<'d>(directories: impl Iterator<Item = &'d std::path::Path>) -> Vec<Certificate> {
    let mut found = Vec::new();
    for directory in directories {
        let loaded = rustls_native_certs::load_certs_from_paths(None, Some(directory));
        for error in loaded.errors {
            // One file that is none must not cost the others.
            tracing::debug!(%error, "a certificate authority of the system cannot be read");
        }
        let read = loaded.certs.iter().map(|der| Certificate::from_der(der));
        found.extend(read.filter_map(reqwest::Result::ok));
    }
    found
}

#[cfg(all(test, unix, not(target_vendor = "apple"), not(target_os = "android")))]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    fn authority() -> String {
        rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .unwrap()
            .cert
            .pem()
    }

    #[test]
    fn all_of_a_directory_are_found_and_what_is_none_is_left_out() {
        let place = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
        write("bundle.crt", &format!("{}{}", authority(), authority()));
        write("one.pem", &authority());
        write("readme", "none");
        let directories = [Path::new("/nowhere"), place.path()];
        assert_eq!(in_directories(directories.into_iter()).len(), 3);
    }

    /// Where the system has any, they are found whatever the environment says.
    #[test]
    fn the_systems_own_are_found_without_its_variables() {
        let installed = Path::new("/etc/ssl/certs/ca-certificates.crt").exists();
        assert!(
            !installed || of_the_system().len() > 50,
            "{}",
            of_the_system().len()
        );
    }

    #[test]
    fn a_file_without_any_is_refused() {
        assert_eq!(named(authority().as_bytes()).unwrap().len(), 1);
        for nonsense in ["", "no certificate"] {
            named(nonsense.as_bytes()).unwrap_err();
        }
    }
}
