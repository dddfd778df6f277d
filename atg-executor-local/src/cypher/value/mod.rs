//! Values, as expressions compute them.

mod compare;
mod display;
mod key;

use std::sync::Arc;

use jiff::civil::Date;

use super::temporal::{DateTime, Duration};

pub(crate) use compare::{Comparable, compare, equal, order};
pub(crate) use display::{Uncertain, float_text, to_text};
pub(crate) use key::group_key;

/// Any value. Cheap to clone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Arc<str>),
    List(Arc<Vec<Value>>),
    Map(Arc<Map>),
    Node(Node),
    Relationship(Relationship),
    Path(Arc<Path>),
    Date(Date),
    DateTime(DateTime),
    Duration(Arc<Duration>),
}

/// Members in the order in which they were written; no name twice.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Map(Vec<(Arc<str>, Value)>);

/// A node by its row, with the properties that were read together with it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) id: i64,
    /// Values of the named properties, absent ones as null. Whatever is not here is read from the graph when asked for.
    pub(crate) known: Option<Arc<Known>>,
}

/// Properties by name.
pub(crate) type Known = Vec<(Arc<str>, Value)>;

/// A relationship by its row.
#[derive(Debug, Clone)]
pub(crate) struct Relationship {
    pub(crate) id: i64,
    pub(crate) kind: i64,
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// Alternating nodes and relationships; one node more than relationships.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) nodes: Vec<Node>,
    pub(crate) relationships: Vec<Relationship>,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl PartialEq for Relationship {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Map {
    /// Sets a member; the last value of a name wins and keeps the first one's place.
    pub(crate) fn set(&mut self, name: Arc<str>, value: Value) {
        match self.0.iter_mut().find(|(other, _)| *other == name) {
            Some(member) => member.1 = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds a member whose name is known to be new.
    pub(crate) fn push(&mut self, name: Arc<str>, value: Value) {
        self.0.push((name, value));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0
            .iter()
            .find_map(|(other, value)| (&**other == name).then_some(value))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The members ordered by name.
    fn sorted(&self) -> Vec<(&str, &Value)> {
        let mut members: Vec<_> = self.0.iter().map(|(name, value)| (&**name, value)).collect();
        members.sort_unstable_by_key(|(name, _)| *name);
        members
    }
}

impl Value {
    pub(crate) fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub(crate) fn list(items: Vec<Self>) -> Self {
        Self::List(Arc::new(items))
    }

    pub(crate) fn map(map: Map) -> Self {
        Self::Map(Arc::new(map))
    }

    pub(crate) fn duration(duration: Duration) -> Self {
        Self::Duration(Arc::new(duration))
    }

    pub(crate) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether lists and maps nest less than that deeply in it.
    pub(crate) fn is_flatter_than(&self, levels: usize) -> bool {
        match self {
            Self::List(items) => levels > 0 && items.iter().all(|item| item.is_flatter_than(levels - 1)),
            Self::Map(map) => levels > 0 && map.0.iter().all(|(_, item)| item.is_flatter_than(levels - 1)),
            _ => true,
        }
    }

    /// Null for an unknown truth.
    pub(crate) fn truth(truth: Option<bool>) -> Self {
        truth.map_or(Self::Null, Self::Bool)
    }

    /// What messages call a value of this kind.
    pub(crate) const fn kind_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a float",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Node(_) => "a node",
            Self::Relationship(_) => "a relationship",
            Self::Path(_) => "a path",
            Self::Date(_) => "a date",
            Self::DateTime(_) => "a time",
            Self::Duration(_) => "a duration",
        }
    }

    /// Roughly how many bytes it keeps alive, for the limit on memory.
    pub(crate) fn weight(&self) -> usize {
        let own = size_of::<Self>();
        own + match self {
            Self::Text(text) => text.len() + 16,
            Self::List(items) => items.iter().map(Self::weight).sum::<usize>() + 40,
            Self::Map(map) => {
                map.0
                    .iter()
                    .map(|(name, value)| name.len() + 16 + value.weight())
                    .sum::<usize>()
                    + 40
            }
            Self::Node(Node {
                known: Some(known), ..
            }) => known.iter().map(|(_, value)| 16 + value.weight()).sum::<usize>() + 40,
            Self::Path(path) => {
                path.nodes.len() * size_of::<Node>()
                    + path.relationships.len() * size_of::<Relationship>()
                    + 64
            }
            Self::Duration(_) => size_of::<Duration>() + 16,
            Self::Null
            | Self::Date(_)
            | Self::DateTime(_)
            | Self::Bool(_)
            | Self::Int(_)
            | Self::Float(_)
            | Self::Node(_)
            | Self::Relationship(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests;
