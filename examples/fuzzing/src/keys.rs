//! Keys: whatever stands in an `Authorization` header, in `ATG_API_KEYS` and in a file of records.

use std::io::Write as _;

use atg_server::keys::{ApiKey, Environment, Pepper, PlainKeys, read_file};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use crate::site;

pub(crate) const WORDS: &[&str] = &[
    "atg_",
    "dev_",
    "int_",
    "prod_",
    "Bearer ",
    "bearer ",
    "Basic ",
    ":graph:read",
    ":scan:run,graph:read",
    ":*",
    ":11111111-1111-4111-8111-111111111111",
    ";",
    "KEY",
];

/// Feeds everything that reads keys.
///
/// # Panics
/// When one gets in that is none, or is shown.
pub fn run(input: &[u8]) {
    site::with(|site| {
        let key = site.key.expose_secret();
        let Ok(text) = std::str::from_utf8(input) else {
            assert!(
                site.keys
                    .authenticate(Some(input), Timestamp::UNIX_EPOCH)
                    .is_err()
            );
            return;
        };
        let header = text.replace("KEY", key);
        if site
            .keys
            .authenticate(Some(header.as_bytes()), Timestamp::UNIX_EPOCH)
            .is_ok()
        {
            let token = header.split_once(' ').map(|(_, token)| token.trim());
            assert_eq!(token, Some(key), "somebody else was let in");
        }
        one(&header);
        one(header.trim_start_matches("Bearer "));
        plain(&header);
        if text.starts_with('{') {
            file(input);
        }
    });
}

/// A text that is a key is written as it was read, shows nothing of itself, and is none with one character changed.
fn one(text: &str) {
    let key: ApiKey = match text.parse() {
        Ok(key) => key,
        Err(error) => {
            // A text of that length may be a key with a typing mistake: not for logs either.
            if text.len() >= 20 {
                assert!(
                    !error.to_string().contains(text),
                    "the error repeats what was sent"
                );
            }
            return;
        }
    };
    assert_eq!(key.reveal().expose_secret(), text);
    let secret = &text[text.len() - 20..];
    assert!(!format!("{key:?}").contains(secret));
    for at in 0..text.len() {
        let mut other = text.as_bytes().to_vec();
        other[at] = if other[at] == b'x' { b'y' } else { b'x' };
        let other = String::from_utf8_lossy(&other);
        assert!(other.parse::<ApiKey>().is_err(), "character {at} does not count");
    }
}

/// Whatever a file holds is read or refused.
fn file(content: &[u8]) {
    let Ok(mut file) = tempfile::NamedTempFile::new() else {
        panic!("no temporary file");
    };
    assert!(file.write_all(content).is_ok(), "no room for a temporary file");
    if let Ok(records) = read_file(file.path()) {
        assert!(records.iter().all(|record| record.id.as_str().len() == 8));
    }
}

fn plain(text: &str) {
    let Ok(pepper) = Pepper::new(&[1; 16]) else { return };
    let outcome = PlainKeys::parse(&SecretString::from(text), Environment::Dev, &pepper);
    let said = match outcome {
        Ok(keys) => format!("{keys:?}"),
        Err(error) => error.to_string(),
    };
    for entry in text.split(';') {
        let word = entry.split(':').next().unwrap_or_default().trim();
        assert!(word.len() < 20 || !said.contains(word), "a key was repeated");
    }
}
