use std::{fs, path::PathBuf};

use atg_azure::credential::Certificate;
use atg_sdk::ErrorKind;
use rstest::rstest;
use secrecy::SecretString;

pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(name)
}

fn password() -> SecretString {
    SecretString::from("open-sesame")
}

#[rstest]
#[case("rsa.pem")]
#[case("shuffled.pem")]
#[case("modern.pfx")]
#[case("legacy.pfx")]
fn certificate_and_key_are_found_in_every_form(#[case] name: &str) {
    let found = Certificate::read(&data(name), Some(&password())).unwrap();
    assert!(!format!("{found:?}").contains("BEGIN"));
}

#[rstest]
#[case(
    "strangers.pem",
    ErrorKind::InvalidArgument,
    "no certificate of its private key"
)]
#[case("ec.pem", ErrorKind::Unsupported, "not RSA")]
#[case("locked.pem", ErrorKind::Unsupported, "openssl pkey")]
#[case("README.md", ErrorKind::InvalidArgument, "neither PEM nor a PFX")]
#[case("nowhere.pem", ErrorKind::NotFound, "nowhere.pem")]
fn what_cannot_be_used_says_why(#[case] name: &str, #[case] kind: ErrorKind, #[case] words: &str) {
    let error = Certificate::read(&data(name), Some(&password())).unwrap_err();
    assert_eq!(error.kind(), kind);
    assert!(error.message().contains(words), "{error}");
}

#[test]
fn a_wrong_password_is_said_without_repeating_it() {
    let wrong = SecretString::from("canary");
    let error = Certificate::read(&data("modern.pfx"), Some(&wrong)).unwrap_err();
    assert!(
        error.message().contains("AZURE_CLIENT_CERTIFICATE_PASSWORD"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("canary"));
    assert!(Certificate::read(&data("modern.pfx"), None).is_err());
}

#[test]
fn a_part_alone_is_not_enough() {
    let whole = fs::read_to_string(data("rsa.pem")).unwrap();
    let (certificate, key) = whole.split_at(whole.find("-----BEGIN PRIVATE").unwrap());
    for (part, words) in [(certificate, "no private key"), (key, "no certificate")] {
        let error = Certificate::parse(part.as_bytes(), None).unwrap_err();
        assert!(error.message().contains(words), "{error}");
    }
}
