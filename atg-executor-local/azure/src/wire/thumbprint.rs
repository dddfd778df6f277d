//! Trust in one certificate by its thumbprint: Service Fabric tells it through the environment, and no authority signs it.

use std::sync::Arc;

use atg_sdk::{Error, Result};
use ring::digest;
use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// TLS that trusts exactly the certificate with that SHA-1 thumbprint, whatever its name and dates.
pub(super) fn only(thumbprint: &str) -> Result<ClientConfig> {
    let expected = read(thumbprint)
        .ok_or_else(|| Error::invalid("read IDENTITY_SERVER_THUMBPRINT: it is not 40 hexadecimal digits"))?;
    let provider = CryptoProvider::get_default()
        .map_or_else(|| Arc::new(rustls::crypto::ring::default_provider()), Arc::clone);
    let verifier = Arc::new(ByThumbprint {
        expected,
        provider: Arc::clone(&provider),
    });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("set up TLS").with_source(error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(config)
}

fn read(text: &str) -> Option<[u8; 20]> {
    let digits: Vec<u8> = text
        .trim()
        .bytes()
        .filter(|byte| *byte != b':')
        .map(|byte| {
            char::from(byte)
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    (digits.len() == 40).then(|| bytes.try_into().ok()).flatten()
}

#[derive(Debug)]
struct ByThumbprint {
    expected: [u8; 20],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByThumbprint {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let found = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, end_entity);
        if found.as_ref() == self.expected {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(rustls::Error::InvalidCertificate(
                rustls::CertificateError::ApplicationVerificationFailure,
            ))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thumbprint_is_forty_digits_with_or_without_colons() {
        let plain = "00112233445566778899AABBCCDDEEFF00112233";
        let colons = "00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff:00:11:22:33";
        assert_eq!(read(plain), read(colons));
        assert_eq!(read(plain).unwrap()[10], 0xaa);
        for bad in ["", "0011", "zz112233445566778899AABBCCDDEEFF00112233"] {
            assert_eq!(read(bad), None);
        }
    }
}
