//! Names of things within the written files.

use std::fmt;

/// A name that is an identifier in every language: small ASCII letters, digits and `_`, beginning with a letter, at most
/// [`MAX`](Self::MAX) characters, no word that a language keeps for itself.
///
/// Unique in a plan among resources, associations, externals and parameters together: Bicep has one namespace for all of
/// them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(Box<str>);

impl Symbol {
    /// How long a symbol is at most. Bicep allows 255 characters; ARM deployments, named after modules, 64.
    pub const MAX: usize = 60;

    /// Takes a text that is known to keep the rules.
    pub(crate) fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        debug_assert!(Self::is_valid(&text), "{text:?} is no symbol");
        Self(text)
    }

    /// Of what has not got its name yet.
    pub(crate) fn placeholder() -> Self {
        Self::new("unnamed")
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_valid(text: &str) -> bool {
        text.len() <= Self::MAX
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
