//! Pages: how many items, where the next one begins, and a token that says so and fits only the listing it came from.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// The last item of the page before.
    #[serde(rename = "k")]
    pub(crate) after: String,
    /// How many items came before.
    #[serde(rename = "n")]
    pub(crate) seen: u64,
    /// Which listing it belongs to.
    #[serde(rename = "h")]
    listing: String,
}

impl Token {
    /// A token of a listing that these words identify.
    pub(crate) fn new(after: impl Into<String>, seen: u64, listing: &[&str]) -> Self {
        Self {
            after: after.into(),
            seen,
            listing: fingerprint(listing),
        }
    }

    /// As it stands in a link: opaque, fit for a query.
    pub(crate) fn encode(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Reads one; `None` for a token that is damaged or of another listing.
    pub(crate) fn decode(text: &str, listing: &[&str]) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let token: Self = serde_json::from_slice(&bytes).ok()?;
        (token.listing == fingerprint(listing)).then_some(token)
    }
}

fn fingerprint(listing: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in listing {
        hash.update(part.to_lowercase().as_bytes());
        hash.update([0]);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..6])
}

/// Some items of a listing, and whether more follow.
#[derive(Debug)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    pub(crate) more: bool,
}

impl<T> Page<T> {
    /// Takes so many items; looks one further, so that a last page that is full has no link to an empty one.
    pub(crate) fn take(mut from: impl Iterator<Item = T>, size: usize) -> Self {
        let items: Vec<T> = from.by_ref().take(size).collect();
        let more = items.len() == size && from.next().is_some();
        Self { items, more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_fits_its_listing_only_in_any_casing() {
        let text = Token::new("/subscriptions/a", 7, &["GET", "/Subscriptions/x"]).encode();
        let token = Token::decode(&text, &["get", "/subscriptions/X"]).unwrap();
        assert_eq!((&*token.after, token.seen), ("/subscriptions/a", 7));
        assert_eq!(Token::decode(&text, &["GET", "/subscriptions/y"]), None);
        assert_eq!(Token::decode("junk", &[]), None);
    }

    #[test]
    fn a_full_last_page_has_no_successor() {
        assert!(!Page::take(0..4, 4).more);
        assert!(Page::take(0..5, 4).more);
        assert_eq!(Page::take(0..3, 4).items, [0, 1, 2]);
    }
}
