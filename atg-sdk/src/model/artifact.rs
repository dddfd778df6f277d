//! Files that go into a job and files that come out of it.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Error;

/// A named file that a job left. It becomes visible only with the event that ends the job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Artifact {
    /// A relative path with `/`: never `..`, a leading `/` or control characters.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its length in bytes.
    pub size_bytes: u64,
    /// SHA-256 of its bytes, in lower-case hexadecimal.
    pub sha256: String,
}

impl Artifact {
    /// Whether an artifact may have that name: at most 1,024 bytes, parts joined by `/`, none of them empty, `.` or
    /// `..`, and neither control characters nor backslashes, which some systems read as `/`.
    ///
    /// # Errors
    /// `InvalidArgument`, saying what is wrong.
    pub fn check_name(name: &str) -> Result<(), Error> {
        let wrong = if name.is_empty() {
            "it is empty"
        } else if name.len() > 1_024 {
            "it is longer than 1,024 bytes"
        } else if name.contains(|c: char| c.is_control() || c == '\\') {
            "it holds a control character or a backslash"
        } else if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
            "a part of it is empty, `.` or `..`"
        } else {
            return Ok(());
        };
        let shown: String = name.chars().take(120).collect();
        Err(Error::invalid(format!(
            "use `{}` as the name of an artifact: {wrong}",
            shown.escape_debug()
        )))
    }
}

/// The SHA-256 of an input, in lower-case hexadecimal: how parameters name a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InputDigest(String);

impl InputDigest {
    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// From the 32 bytes of a digest.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut text = String::with_capacity(64);
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or_default());
            }
        }
        Self(text)
    }
}

impl FromStr for InputDigest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        if text.len() == 64
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::invalid(
                "an input is named by the 64 lower-case hexadecimal digits of its SHA-256",
            ))
        }
    }
}

impl TryFrom<String> for InputDigest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<InputDigest> for String {
    fn from(digest: InputDigest) -> Self {
        digest.0
    }
}

impl fmt::Display for InputDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An input that an executor holds or knows where to find.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Input {
    /// How parameters name it.
    pub sha256: InputDigest,
    /// Its length in bytes.
    pub size_bytes: u64,
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn a_path_inside_is_a_name(
        #[values("a", "a.b", "modules/net/main.tf", "...", ".hidden", "a b (1) \u{1f642}", "C:x", &"n".repeat(1_024))]
        name: &str,
    ) {
        Artifact::check_name(name).unwrap();
    }

    #[rstest]
    #[case("", "empty")]
    #[case("/", "empty")]
    #[case("/a", "empty")]
    #[case("a/", "empty")]
    #[case("a//b", "empty")]
    #[case(".", "`..`")]
    #[case("a/../b", "`..`")]
    #[case("a/./b", "`..`")]
    #[case("a\\..\\b", "backslash")]
    #[case("a\u{0}", "control")]
    #[case("a\u{85}b", "control")]
    #[case(&"n".repeat(1_025), "1,024")]
    fn everything_else_is_refused_in_words(#[case] name: &str, #[case] why: &str) {
        let error = Artifact::check_name(name).unwrap_err();
        assert!(
            error.message().contains(why) && error.message().len() < 400,
            "{error}"
        );
    }

    #[test]
    fn a_digest_is_sixty_four_small_hexadecimal_digits() {
        let digest = InputDigest::from_bytes(std::array::from_fn(|n| n as u8 * 8));
        assert!(digest.as_str().starts_with("00081018") && digest.as_str().ends_with("f0f8"));
        assert_eq!(digest.as_str().parse::<InputDigest>().unwrap(), digest);
        let json = serde_json::to_string(&digest).unwrap();
        assert_eq!(serde_json::from_str::<InputDigest>(&json).unwrap(), digest);
        for wrong in [
            "",
            "00",
            &digest.as_str().to_uppercase(),
            &"g".repeat(64),
            &"0".repeat(65),
        ] {
            assert!(wrong.parse::<InputDigest>().is_err(), "{wrong}");
            assert!(
                serde_json::from_value::<InputDigest>(wrong.into()).is_err(),
                "{wrong}"
            );
        }
    }
}
