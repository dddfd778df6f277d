//! The text of a key: `atg_<env>_<id>_<secret><checksum>`.

use std::{fmt, str::FromStr};

use atg_sdk::Error;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox, SecretString};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_CHARS: usize = 8;
/// 32 base62 digits hold 190 bits.
const SECRET_CHARS: usize = 32;
/// 27 base62 digits are the fewest that hold 160 bits.
const MIN_SECRET_CHARS: usize = 27;
const MAX_SECRET_CHARS: usize = 128;
/// 62⁶ is the first power of 62 past 2³².
const CHECKSUM_CHARS: usize = 6;

/// Which installation a key is for. A key of another one is refused without a lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Environment {
    /// Development: keys may come in plain from the environment.
    Dev,
    /// Integration.
    Int,
    /// Production.
    Prod,
}

impl Environment {
    /// As it stands in keys and in `ATG_ENVIRONMENT`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Int => "int",
            Self::Prod => "prod",
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Environment {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        [Self::Dev, Self::Int, Self::Prod]
            .into_iter()
            .find(|known| known.name() == text)
            .ok_or_else(|| {
                Error::invalid(format!(
                    "`{}` is not an environment: dev, int and prod are",
                    text.escape_debug()
                ))
            })
    }
}

/// The public part of a key, by which records are found and which logs may show: eight base62 digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyId(String);

impl KeyId {
    /// The eight digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for KeyId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() == ID_CHARS && is_base62(text) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid("a key id has eight letters and digits"))
        }
    }
}

impl TryFrom<String> for KeyId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<KeyId> for String {
    fn from(id: KeyId) -> Self {
        id.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A key as its bearer sends it. `Debug` shows the id and nothing of the secret.
pub struct ApiKey {
    environment: Environment,
    id: KeyId,
    secret: SecretString,
}

impl ApiKey {
    /// A fresh key from the operating system's random numbers.
    ///
    /// # Errors
    /// `Internal` when the operating system has none to give.
    pub fn generate(environment: Environment) -> Result<Self, Error> {
        Ok(Self {
            environment,
            id: KeyId(random_base62(ID_CHARS)?),
            secret: SecretString::from(random_base62(SECRET_CHARS)?),
        })
    }

    /// Which installation it is for.
    #[must_use]
    pub const fn environment(&self) -> Environment {
        self.environment
    }

    /// Its public part.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    /// The text that its bearer sends: show it once, keep it nowhere.
    #[must_use]
    pub fn reveal(&self) -> SecretString {
        let body = format!(
            "atg_{}_{}_{}",
            self.environment,
            self.id,
            self.secret.expose_secret()
        );
        let sum = checksum(&body);
        SecretString::from(body + &sum)
    }

    /// What a record keeps of the secret.
    #[must_use]
    pub fn hash(&self, pepper: &Pepper) -> [u8; 32] {
        pepper.hash(&self.id, self.secret.expose_secret())
    }

    /// The same in hexadecimal, as it stands in records.
    #[must_use]
    pub fn hash_hex(&self, pepper: &Pepper) -> String {
        super::hex(&self.hash(pepper))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("environment", &self.environment)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl FromStr for ApiKey {
    type Err = Error;

    /// Reads a key and verifies its checksum. The error never repeats any of the text.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || {
            Error::new(
                atg_sdk::ErrorKind::Unauthenticated,
                "the text is not an API key of ATG",
            )
        };
        let mut parts = text.splitn(4, '_');
        let (Some("atg"), Some(environment), Some(id), Some(tail)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed());
        };
        let environment = environment.parse().map_err(|_| malformed())?;
        let id: KeyId = id.parse().map_err(|_| malformed())?;
        let lengths = MIN_SECRET_CHARS + CHECKSUM_CHARS..=MAX_SECRET_CHARS + CHECKSUM_CHARS;
        if !lengths.contains(&tail.len()) || !is_base62(tail) {
            return Err(malformed());
        }
        let (body, sum) = text.split_at(text.len() - CHECKSUM_CHARS);
        if checksum(body) != sum {
            return Err(Error::new(
                atg_sdk::ErrorKind::Unauthenticated,
                "the API key is mistyped: its last six characters do not match the rest",
            ));
        }
        let secret = SecretString::from(&tail[..tail.len() - CHECKSUM_CHARS]);
        Ok(Self {
            environment,
            id,
            secret,
        })
    }
}

/// The secret that hashes are made under, kept apart from the records.
pub struct Pepper(SecretBox<[u8]>);

impl Pepper {
    /// Wraps the pepper's bytes.
    ///
    /// # Errors
    /// `InvalidArgument` for fewer than 16 bytes.
    pub fn new(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() < 16 {
            return Err(Error::invalid(
                "the key pepper is too short: set ATG_KEY_PEPPER to at least 16 bytes",
            ));
        }
        Ok(Self(SecretBox::from(bytes.to_vec().into_boxed_slice())))
    }

    /// A fresh one, as text for a file.
    ///
    /// # Errors
    /// `Internal` when the operating system has no random numbers to give.
    pub fn generate() -> Result<SecretString, Error> {
        Ok(SecretString::from(random_base62(43)?))
    }

    fn hash(&self, id: &KeyId, secret: &str) -> [u8; 32] {
        // HMAC takes keys of any length; the branch for a refused one does not exist for SHA-256.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.expose_secret()) else {
            return [0; 32];
        };
        mac.update(id.as_str().as_bytes());
        mac.update(b"_");
        mac.update(secret.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper")
    }
}

fn is_base62(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}

fn random_base62(chars: usize) -> Result<String, Error> {
    let mut text = String::with_capacity(chars);
    let mut bytes = [0_u8; 64];
    while text.len() < chars {
        getrandom::fill(&mut bytes).map_err(|error| {
            Error::internal(format!("draw random numbers from the operating system: {error}"))
        })?;
        // 248 is the largest multiple of 62 that a byte can hold: taking the rest would favour the first digits.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        text.extend(
            fair.take(chars - text.len())
                .map(|byte| char::from(BASE62[usize::from(byte % 62)])),
        );
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pepper() -> Pepper {
        Pepper::new(b"sixteen bytes or more").unwrap()
    }

    #[test]
    fn a_fresh_key_reads_back_and_hashes_alike() {
        let key = ApiKey::generate(Environment::Int).unwrap();
        let text = key.reveal();
        let read: ApiKey = text.expose_secret().parse().unwrap();
        assert_eq!(read.id(), key.id());
        assert_eq!(read.environment(), Environment::Int);
        assert_eq!(read.hash(&pepper()), key.hash(&pepper()));
        assert_ne!(
            read.hash(&Pepper::new(b"another pepper of length").unwrap()),
            key.hash(&pepper())
        );
    }

    #[test]
    fn every_single_typo_is_noticed_without_a_lookup() {
        let text = ApiKey::generate(Environment::Dev).unwrap().reveal();
        let text = text.expose_secret();
        for at in 0..text.len() {
            for other in ["0", "z", "_", "é", " "] {
                let typo = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(typo == text || typo.parse::<ApiKey>().is_err(), "position {at}");
            }
        }
        assert!(text[..text.len() - 1].parse::<ApiKey>().is_err());
        assert!("".parse::<ApiKey>().is_err());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_key_or_refused_without_being_repeated(text in "atg_(dev|int|prod)_[0-9A-Za-z]{8}_[0-9A-Za-z]{30,60}|.{0,80}") {
            if let Err(error) = text.parse::<ApiKey>() {
                let shown = format!("{error} {error:?}");
                proptest::prop_assert!(text.len() < 12 || !shown.contains(&text), "{}", shown);
            }
        }
    }

    #[test]
    fn neither_debug_nor_errors_show_the_secret() {
        let key = ApiKey::generate(Environment::Prod).unwrap();
        let secret = key.secret.expose_secret().to_owned();
        assert!(!format!("{key:?}").contains(&secret));
        let error = format!("atg_prod_{}_{secret}000000", key.id())
            .parse::<ApiKey>()
            .unwrap_err();
        assert!(!format!("{error} {error:?}").contains(&secret));
        assert_eq!(format!("{:?}", pepper()), "Pepper");
    }

    #[test]
    fn digits_are_drawn_evenly() {
        let text = random_base62(62 * 400).unwrap();
        for digit in BASE62 {
            let seen = text.bytes().filter(|byte| byte == digit).count();
            assert!(
                (250..550).contains(&seen),
                "{} came {seen} times",
                char::from(*digit)
            );
        }
    }
}
