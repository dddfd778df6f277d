//! GUIDs within texts: what tells one tenant from its copy.

use std::collections::{HashMap, HashSet};

/// A GUID as a number.
pub(super) type Guid = u128;

/// How many characters it has.
pub(super) const LENGTH: usize = 36;

/// Pairs of GUIDs that stand for the same thing in two tenants. Each is exchanged for the other, so that what refers from
/// one tenant to the other is turned around too, and doing it twice does nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct Exchange {
    pairs: HashMap<Guid, Guid>,
}

impl Exchange {
    /// Takes up a pair. False where one of the two has another partner already.
    pub(super) fn add(&mut self, one: Guid, other: Guid) -> bool {
        let free = |guid: &Guid| !self.pairs.contains_key(guid);
        if one == other || !free(&one) || !free(&other) {
            return false;
        }
        self.pairs.insert(one, other);
        self.pairs.insert(other, one);
        true
    }

    pub(super) fn knows(&self, guid: Guid) -> bool {
        self.pairs.contains_key(&guid)
    }

    /// The same, with `#` in the place of every GUID that has no partner and is not one of `shared`.
    pub(super) fn apply_or_hide(&self, text: &str, shared: &HashSet<Guid>) -> String {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (at, guid) in find(text) {
            out.push_str(&text[copied..at]);
            copied = at + LENGTH;
            match self.pairs.get(&guid) {
                Some(other) => out.push_str(&write(*other, false)),
                None if shared.contains(&guid) => out.push_str(&write(guid, false)),
                None => out.push('#'),
            }
        }
        out.push_str(&text[copied..]);
        out
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.pairs.len() / 2
    }

    /// The text with each GUID of a pair exchanged, in the case in which it stood there.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for (at, guid) in find(text) {
            let Some(other) = self.pairs.get(&guid) else {
                continue;
            };
            out.push_str(&text[copied..at]);
            copied = at + LENGTH;
            let is_upper = text[at..copied].bytes().any(|byte| byte.is_ascii_uppercase());
            out.push_str(&write(*other, is_upper));
        }
        out.push_str(&text[copied..]);
        out
    }
}

/// The GUIDs of a text with their places. Part of a longer word is none.
pub(super) fn find(text: &str) -> impl Iterator<Item = (usize, Guid)> {
    let bytes = text.as_bytes();
    // The first hyphen of a GUID is its ninth character: few places have one there.
    let mut hyphens = memchr::memchr_iter(b'-', bytes);
    let mut end = 0;
    std::iter::from_fn(move || {
        loop {
            let at = hyphens.next()?.checked_sub(8);
            if let Some(at) = at.filter(|at| *at >= end)
                && let Some(guid) = read_at(bytes, at)
            {
                end = at + LENGTH;
                return Some((at, guid));
            }
        }
    })
}

/// The GUID that is the whole text.
pub(super) fn parse(text: &str) -> Option<Guid> {
    (text.len() == LENGTH)
        .then(|| read_at(text.as_bytes(), 0))
        .flatten()
}

fn read_at(bytes: &[u8], at: usize) -> Option<Guid> {
    let word = bytes.get(at..at + LENGTH)?;
    let in_word = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    // The end of an escape in a URL (`%2F`) belongs to no word.
    let is_escaped = at.checked_sub(3).and_then(|before| bytes.get(before)) == Some(&b'%');
    let begins_within = in_word(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_escaped;
    if begins_within || in_word(bytes.get(at + LENGTH)) {
        return None;
    }
    let mut guid: Guid = 0;
    for (index, byte) in word.iter().enumerate() {
        if matches!(index, 8 | 13 | 18 | 23) {
            if *byte != b'-' {
                return None;
            }
        } else {
            guid = guid << 4 | Guid::from(char::from(*byte).to_digit(16)?);
        }
    }
    Some(guid)
}

/// The usual spelling.
pub(super) fn write(guid: Guid, upper: bool) -> String {
    let text = uuid::Uuid::from_u128(guid).to_string();
    if upper { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "11111111-aaaa-4aaa-8aaa-111111111111";
    const TWO: &str = "22222222-bbbb-4bbb-8bbb-222222222222";

    #[test]
    fn whole_words_are_found_and_nothing_else() {
        let text = format!(
            "{ONE}|/subscriptions/{TWO}/x-{ONE}-y x{ONE} {ONE}0 {} %2F{TWO}",
            &ONE[..35]
        );
        let found: Vec<_> = find(&text).map(|(at, guid)| (at, write(guid, false))).collect();
        let at = |nth: usize, what: &str| text.match_indices(what).nth(nth).unwrap().0;
        assert_eq!(
            found,
            [
                (at(0, ONE), ONE.to_owned()),
                (at(0, TWO), TWO.to_owned()),
                (at(1, ONE), ONE.to_owned()),
                (at(1, TWO), TWO.to_owned())
            ]
        );
        assert_eq!(parse(ONE).map(|guid| write(guid, false)).as_deref(), Some(ONE));
        assert_eq!(parse("é-é"), None);
    }

    #[test]
    fn an_exchange_done_twice_does_nothing() {
        let mut exchange = Exchange::default();
        assert!(exchange.add(parse(ONE).unwrap(), parse(TWO).unwrap()));
        assert!(!exchange.add(parse(ONE).unwrap(), 7), "it has a partner");
        let text = format!("a {ONE} b {} c é", TWO.to_uppercase());
        let turned = exchange.apply(&text);
        assert_eq!(turned, format!("a {TWO} b {} c é", ONE.to_uppercase()));
        assert_eq!(exchange.apply(&turned), text);
    }
}
