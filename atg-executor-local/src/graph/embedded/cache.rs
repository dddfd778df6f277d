//! A bounded map that forgets what was not asked for lately.

use std::{collections::HashMap, hash::Hash, mem};

/// Two generations: what is found in the old one moves to the young one, and a full young one becomes the old one. Holds
/// `capacity` to twice as many entries, without a list to keep in order.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
    capacity: usize,
}

impl<K: Eq + Hash + Copy, V: Copy> Cache<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
            capacity,
        }
    }

    pub(super) fn get(&mut self, key: K) -> Option<V> {
        if let Some(value) = self.young.get(&key) {
            return Some(*value);
        }
        let value = self.old.remove(&key)?;
        self.insert(key, value);
        Some(value)
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.young.len() >= self.capacity && !self.young.contains_key(&key) {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_what_is_not_goes() {
        let mut cache = Cache::new(2);
        cache.insert(1, 'a');
        for key in 2..6 {
            cache.insert(key, 'x');
            assert_eq!(cache.get(1), Some('a'), "used all the time");
        }
        assert_eq!(cache.get(2), None);
    }

    #[test]
    fn the_newest_value_counts() {
        let mut cache = Cache::new(1);
        cache.insert(1, 'a');
        cache.insert(2, 'b');
        cache.insert(1, 'c');
        cache.insert(3, 'd');
        assert_eq!(cache.get(1), Some('c'));
    }
}
