//! A certificate with its private key, from a PEM or a PFX file.

use std::{fmt, path::Path};

use atg_sdk::{Error, ErrorKind, Result};
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use ring::{
    digest,
    rand::SystemRandom,
    signature::{RSA_PSS_SHA256, RsaKeyPair},
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use secrecy::{ExposeSecret as _, SecretString};

/// Larger files are no certificates.
const LONGEST: u64 = 1024 * 1024;

/// A certificate, those above it, and its private key.
pub struct Certificate {
    /// The own one first, DER.
    chain: Vec<Vec<u8>>,
    key: RsaKeyPair,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("chain", &self.chain.len())
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads a file.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied`, or what [`Self::parse`] answers.
    pub fn read(path: &Path, password: Option<&SecretString>) -> Result<Self> {
        let refuse = |error: &std::io::Error| {
            let kind = match error.kind() {
                std::io::ErrorKind::NotFound => ErrorKind::NotFound,
                std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
                _ => ErrorKind::Unavailable,
            };
            Error::new(
                kind,
                format!("read the certificate in {}: {error}", path.display()),
            )
        };
        let size = std::fs::metadata(path).map_err(|error| refuse(&error))?.len();
        if size > LONGEST {
            return Err(Error::invalid(format!(
                "read the certificate in {}: it is far too long for one",
                path.display()
            )));
        }
        let bytes = std::fs::read(path).map_err(|error| refuse(&error))?;
        Self::parse(&bytes, password).map_err(|error| {
            Error::new(
                error.kind(),
                format!("read the certificate in {}: {}", path.display(), error.message()),
            )
        })
    }

    /// Reads PEM (certificates and one private key, in any order) or PFX.
    ///
    /// # Errors
    /// `InvalidArgument` where either part is missing, the two do not belong together or the password is wrong;
    /// `Unsupported` for a key that is not RSA, which Microsoft Entra ID does not take.
    pub fn parse(bytes: &[u8], password: Option<&SecretString>) -> Result<Self> {
        let (chain, key) = if bytes.windows(11).any(|window| window == b"-----BEGIN ") {
            from_pem(bytes)?
        } else {
            from_pfx(bytes, password)?
        };
        let pair = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            _ => return Err(not_rsa()),
        };
        let pair = pair.map_err(|error| match error.to_string().as_str() {
            "WrongAlgorithm" => not_rsa(),
            why => Error::invalid(format!("its private key is not usable ({why})")),
        })?;
        Self::ordered(chain, pair)
    }

    /// Files hold certificates in any order; the own one is that with our public key in it.
    fn ordered(mut chain: Vec<Vec<u8>>, key: RsaKeyPair) -> Result<Self> {
        let public = key.public().as_ref();
        let own = chain
            .iter()
            .position(|der| der.windows(public.len()).any(|window| window == public))
            .ok_or_else(|| Error::invalid("it holds no certificate of its private key"))?;
        chain[..=own].rotate_right(1);
        Ok(Self { chain, key })
    }

    pub(super) fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// The SHA-256 by which Microsoft Entra ID knows it.
    pub(super) fn thumbprint(&self) -> impl AsRef<[u8]> + use<> {
        digest::digest(&digest::SHA256, self.chain.first().map_or(&[], Vec::as_slice))
    }

    /// Signs as `PS256` says.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| Error::internal("sign with the certificate's key"))?;
        Ok(signature)
    }
}

fn not_rsa() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "its private key is not RSA, which is all that Microsoft Entra ID takes: make one with an RSA key",
    )
}

type Parts = (Vec<Vec<u8>>, PrivateKeyDer<'static>);

fn from_pem(bytes: &[u8]) -> Result<Parts> {
    let locked = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";
    if bytes.windows(locked.len()).any(|window| window == locked) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "its private key is locked with a password: unlock it with `openssl pkey`, or use a PFX file",
        ));
    }
    let chain = CertificateDer::pem_slice_iter(bytes)
        .map(|der| der.map(|der| der.to_vec()))
        .collect::<std::result::Result<Vec<_>, _>>()
        .map_err(|_| Error::invalid("a certificate in it is damaged"))?;
    if chain.is_empty() {
        return Err(Error::invalid("it holds no certificate beside the private key"));
    }
    let key = PrivateKeyDer::from_pem_slice(bytes)
        .map_err(|_| Error::invalid("it holds no private key: put both into one PEM file"))?;
    Ok((chain, key))
}

fn from_pfx(bytes: &[u8], password: Option<&SecretString>) -> Result<Parts> {
    let password = password.map_or("", |password| password.expose_secret());
    // The error is not repeated: it may tell more of the file than anybody needs.
    let store = KeyStore::from_pkcs12(bytes, password, Pkcs12ImportPolicy::Relaxed).map_err(|_| {
        Error::invalid("it is neither PEM nor a PFX file that opens with AZURE_CLIENT_CERTIFICATE_PASSWORD")
    })?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| Error::invalid("it holds no private key with a certificate"))?;
    let key = PrivateKeyDer::try_from(chain.key().as_der().to_vec())
        .map_err(|_| Error::invalid("its private key is not usable"))?;
    let certificates = chain
        .certs()
        .iter()
        .map(|found| found.as_der().to_vec())
        .collect();
    Ok((certificates, key))
}
