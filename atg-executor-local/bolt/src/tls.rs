//! Which certificates a server may show.

use std::sync::Arc;

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};

use crate::Encryption;

/// Says whether that PEM holds certificates of authorities.
///
/// # Errors
/// What is wrong with it.
pub fn check_authorities(pem: &[u8]) -> Result<(), &'static str> {
    named(pem).map(drop)
}

/// Trusts what the system trusts and, besides, what `pem` holds.
pub(crate) fn config(
    encryption: Encryption,
    pem: Option<&[u8]>,
) -> Result<Option<Arc<ClientConfig>>, &'static str> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|_| "no version of TLS is there to speak")?;
    let config = match encryption {
        Encryption::None => return Ok(None),
        Encryption::Unverified => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
            .with_no_client_auth(),
        Encryption::Verified => {
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(of_the_system());
            if let Some(pem) = pem {
                let (added, _) = roots.add_parsable_certificates(named(pem)?);
                if added == 0 {
                    return Err("none of the certificates in the file of authorities can be used");
                }
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
    };
    Ok(Some(Arc::new(config)))
}

fn named(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, &'static str> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|_| "the file of authorities is not PEM of certificates")?;
    if certificates.is_empty() {
        return Err("the file of authorities holds no certificate");
    }
    Ok(certificates)
}

/// The system's, whatever `SSL_CERT_FILE` says: that file is read by whoever reads the environment, and adds to them.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn of_the_system() -> Vec<CertificateDer<'static>> {
    openssl_probe::candidate_cert_dirs()
        .flat_map(|directory| rustls_native_certs::load_certs_from_paths(None, Some(directory)).certs)
        .collect()
}

/// The system's.
#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
fn of_the_system() -> Vec<CertificateDer<'static>> {
    #[cfg(not(target_os = "android"))]
    return rustls_native_certs::load_native_certs().certs;
    #[cfg(target_os = "android")]
    return Vec::new();
}

/// Takes any certificate, as `+ssc` says: the connection is private, but with whom is anybody's guess.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
