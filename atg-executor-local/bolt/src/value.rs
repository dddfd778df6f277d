//! Values as they come from the server.

/// A value of PackStream (<https://neo4j.com/docs/bolt/current/packstream/>).
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// Text.
    String(String),
    /// A list.
    List(Vec<Self>),
    /// A map, in the order in which it came.
    Map(Vec<(String, Self)>),
    /// A node, a relationship, a path, a time, a point.
    Structure(Structure),
}

/// A structure: what its fields mean depends on the tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Structure {
    /// What it is.
    pub tag: u8,
    /// Its parts.
    pub fields: Vec<Value>,
}

impl Value {
    /// The member of that name, for a map that has it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(members) => members
                .iter()
                .find_map(|(key, value)| (key == name).then_some(value)),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string.
    #[must_use]
    pub fn into_string(self) -> Option<String> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// An integer.
    #[must_use]
    pub const fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// A boolean.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements of a list.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members of a map.
    #[must_use]
    pub fn into_map(self) -> Option<Vec<(String, Self)>> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }
}
