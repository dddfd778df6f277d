//! What a tenant was in the beginning: loaded or generated, never changed.

use std::{collections::BTreeMap, fmt, ops::Bound, sync::Arc};

use super::row::{Class, Object, Row};

/// Which rows a listing is about. The narrower it is, the less a generated tenant has to make.
#[derive(Debug, Clone, Default)]
pub(crate) struct Want {
    /// Types, lower-cased; empty for all.
    pub(crate) types: Vec<String>,
    /// Classes; empty for all.
    pub(crate) classes: Vec<Class>,
}

impl Want {
    /// Rows of these types.
    pub(crate) fn types(types: &[&str]) -> Self {
        Self {
            types: types.iter().map(|name| name.to_lowercase()).collect(),
            classes: Vec::new(),
        }
    }

    /// Rows of these classes.
    pub(crate) fn classes(classes: &[Class]) -> Self {
        Self {
            types: Vec::new(),
            classes: classes.to_vec(),
        }
    }

    /// Whether the row is one of them.
    pub(crate) fn admits(&self, row: &Row) -> bool {
        (self.classes.is_empty() || self.classes.contains(&row.class))
            && (self.types.is_empty() || self.types.iter().any(|kind| row.kind.eq_ignore_ascii_case(kind)))
    }

    /// Whether no row inside a resource group can be one of them.
    pub(crate) fn is_above_groups(&self) -> bool {
        !self.classes.is_empty()
            && self
                .classes
                .iter()
                .all(|class| matches!(class, Class::ManagementGroup | Class::Subscription))
    }
}

/// Rows in the order of their keys.
pub(crate) type Rows<'a> = Box<dyn Iterator<Item = Arc<Row>> + Send + 'a>;
/// Objects in an order that stays the same.
pub(crate) type Objects<'a> = Box<dyn Iterator<Item = Arc<Object>> + Send + 'a>;

/// Where rows and objects come from.
pub(crate) trait Base: fmt::Debug + Send + Sync {
    /// The row of that key.
    fn row(&self, key: &str) -> Option<Arc<Row>>;

    /// The rows at and below that key (`""` for all) behind another, in order.
    fn rows<'a>(&'a self, within: &str, after: Option<&str>, want: &Want) -> Rows<'a>;

    /// The object of that id.
    fn object(&self, id: &str) -> Option<Arc<Object>>;

    /// The objects of a kind (`""` for all) behind another. An `after` that is unknown begins at the end.
    fn objects<'a>(&'a self, kind: &str, after: Option<&str>) -> Objects<'a>;

    /// The objects that have the other in their list of that name.
    fn holders(&self, list: &str, id: &str) -> Vec<Arc<Object>>;
}

/// Whether a key is that scope or lies below it.
pub(crate) fn is_within(key: &str, scope: &str) -> bool {
    key.strip_prefix(scope)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The part of an ordered map at and below a key, behind another. `/` sorts behind `-` and `.`, so the row itself does
/// not stand beside those below it.
pub(crate) fn range<'a, T: Clone + Send + Sync>(
    map: &'a BTreeMap<String, T>,
    within: &str,
    after: Option<&str>,
) -> impl Iterator<Item = (&'a str, T)> + Send + use<'a, T> {
    let below = format!("{within}/");
    // `0` is the character behind `/`.
    let end = format!("{within}0");
    let own = map
        .get_key_value(within)
        .filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
    let start = match after {
        Some(after) if after >= below.as_str() => Bound::Excluded(after.to_owned()),
        _ => Bound::Included(below),
    };
    let empty = matches!(&start, Bound::Excluded(start) if *start >= end);
    let rest = (!empty).then(|| map.range((start, Bound::Excluded(end))));
    own.into_iter()
        .chain(rest.into_iter().flatten())
        .map(|(key, value)| (key.as_str(), value.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(within: &str, after: Option<&str>) -> Vec<String> {
        let map: BTreeMap<String, u8> = ["/a", "/a-b", "/a-b/c", "/a.b", "/a/b", "/a/c", "/ab", "/b"]
            .iter()
            .map(|key| ((*key).to_owned(), 0))
            .collect();
        range(&map, within, after)
            .map(|(key, _)| key.to_owned())
            .collect()
    }

    #[test]
    fn neighbours_with_longer_names_lie_outside() {
        assert_eq!(keys("/a", None), ["/a", "/a/b", "/a/c"]);
        assert_eq!(keys("/a", Some("/a")), ["/a/b", "/a/c"]);
        assert_eq!(keys("/a", Some("/a/b")), ["/a/c"]);
        assert!(keys("/a", Some("/a/c")).is_empty());
        assert!(keys("/a", Some("/b")).is_empty());
        assert_eq!(keys("", None).len(), 8);
    }
}
