//! What is known of an expression's value before it is computed.

/// A set of kinds of values. Null is in every set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Type(u16);

impl Type {
    pub(crate) const BOOL: Self = Self(1);
    pub(crate) const INT: Self = Self(2);
    pub(crate) const FLOAT: Self = Self(4);
    pub(crate) const NUMBER: Self = Self(2 | 4);
    pub(crate) const TEXT: Self = Self(8);
    pub(crate) const LIST: Self = Self(16);
    pub(crate) const MAP: Self = Self(32);
    pub(crate) const NODE: Self = Self(64);
    pub(crate) const RELATIONSHIP: Self = Self(128);
    pub(crate) const PATH: Self = Self(256);
    pub(crate) const DATE: Self = Self(512);
    pub(crate) const DATE_TIME: Self = Self(1024);
    pub(crate) const DURATION: Self = Self(2048);
    /// What has fields such as `.year`.
    pub(crate) const TEMPORAL: Self = Self(512 | 1024 | 2048);
    pub(crate) const ANY: Self = Self(4095);

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a value of this type may be of the other one.
    pub(crate) const fn may_be(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether every value of this type is of the other one.
    pub(crate) const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The kinds' names, for messages.
    pub(crate) fn describe(self) -> String {
        const NAMES: [&str; 12] = [
            "Boolean",
            "Integer",
            "Float",
            "String",
            "List",
            "Map",
            "Node",
            "Relationship",
            "Path",
            "Date",
            "DateTime",
            "Duration",
        ];
        if self == Self::ANY {
            return "Any".to_owned();
        }
        let names: Vec<&str> = NAMES
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, name)| *name)
            .collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
            None => "nothing".to_owned(),
        }
    }
}
