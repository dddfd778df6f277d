//! Which implied nodes were handed out lately.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

/// A cache of fixed size. A million resources share a few hundred scopes and regions, and each mention of one costs an
/// allocation and a look-up in the store; remembering all of them would let memory grow with the number of tags.
#[derive(Debug)]
pub(super) struct Recent {
    /// Without a seed: which key gives way to which must be the same in every run.
    hasher: BuildHasherDefault<DefaultHasher>,
    slots: Vec<String>,
}

const SLOTS: usize = 4_096;

impl Default for Recent {
    fn default() -> Self {
        Self {
            hasher: BuildHasherDefault::default(),
            slots: vec![String::new(); SLOTS],
        }
    }
}

impl Recent {
    /// Remembers the key, in place of another one; `false` if it was there already.
    pub(super) fn insert(&mut self, key: &str) -> bool {
        let hash = self.hasher.hash_one(key);
        // The remainder is below the number of slots.
        let slot = &mut self.slots[(hash % SLOTS as u64) as usize];
        if slot == key {
            return false;
        }
        slot.clear();
        slot.push_str(key);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_news_once_and_memory_is_bounded() {
        let mut recent = Recent::default();
        assert!(recent.insert("a"));
        assert!(!recent.insert("a"));
        for n in 0..20_000 {
            recent.insert(&n.to_string());
        }
        assert_eq!(recent.slots.len(), SLOTS);
    }
}
