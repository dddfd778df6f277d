//! What is known of every ARM type: the api-version to use, what of its body can be written, where it may stand.
//!
//! The table is data in the repository (`facts/table.txt.gz`), written by `facts/generate.py` from Azure's own management
//! packages, and unpacked at the first question: a program that never asks pays nothing. A type that it does not know is
//! no error anywhere; it is handled with care and listed.

mod shape;
mod table;

use std::{fmt, sync::LazyLock};

pub use shape::{Access, Kind, Member, Shape, Type, Values};
use table::Table;

static TABLE: LazyLock<Table> = LazyLock::new(Table::load);

/// What is known of a type, or `None` where nothing is. Case does not matter.
#[must_use]
pub fn of(resource_type: &str) -> Option<Facts> {
    TABLE.line(resource_type).map(Facts::parse)
}

/// Every type that is known, in Azure's spelling, ordered without regard to case.
pub fn types() -> impl Iterator<Item = &'static str> {
    TABLE.lines().map(table::first_word)
}

/// The packages that the table was made from, as `name==version`.
pub fn sources() -> impl Iterator<Item = &'static str> {
    TABLE.sources()
}

/// What is known of one type.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The type as Azure spells it.
    pub resource_type: &'static str,
    /// The newest stable api-version that the body's shape is known of; a preview where there is no stable one.
    pub api_version: &'static str,
    /// Where a resource of the type may be created. Empty for one that cannot be.
    pub scopes: Scopes,
    /// What its name may be.
    pub name: NameRule,
    other_versions: &'static str,
    body: Option<Shape>,
}

impl Facts {
    fn parse(line: &'static str) -> Self {
        let mut facts = Self {
            resource_type: table::first_word(line),
            api_version: "",
            scopes: Scopes(""),
            name: NameRule::default(),
            other_versions: "",
            body: None,
        };
        for (key, value) in line.split(' ').skip(1).filter_map(|word| word.split_once('=')) {
            match key {
                "v" => facts.api_version = value,
                "o" => facts.other_versions = value,
                "s" => facts.scopes = Scopes(value),
                "b" => facts.body = Shape::of_number(value),
                "f" => {
                    facts.name.one_of = value
                        .split('|')
                        .map(|name| table::unescape(name).into_owned())
                        .collect();
                }
                "l" => {
                    let (least, most) = value.split_once("..").unwrap_or_default();
                    facts.name.min_length = least.parse().ok();
                    facts.name.max_length = most.parse().ok();
                }
                "p" => facts.name.pattern = Some(table::unescape(value).into_owned()),
                _ => {}
            }
        }
        facts
    }

    /// The type that it is a child of: `Microsoft.Sql/servers` for `Microsoft.Sql/servers/databases`.
    #[must_use]
    pub fn parent(&self) -> Option<&'static str> {
        let (head, _) = self.resource_type.rsplit_once('/')?;
        head.contains('/').then_some(head)
    }

    /// Whether one can be created at all. What cannot is a report, a catalogue or made by the service.
    #[must_use]
    pub const fn is_writable(&self) -> bool {
        self.body.is_some()
    }

    /// What may be sent to create one; `None` where nothing may.
    #[must_use]
    pub const fn body(&self) -> Option<Shape> {
        self.body
    }

    /// Other api-versions that are known to exist, newest first.
    pub fn other_versions(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.other_versions
            .split(',')
            .filter(|version| !version.is_empty())
    }

    /// Whether it has a location.
    #[must_use]
    pub fn location(&self) -> Location {
        match self.body.and_then(|body| body.member("location")) {
            Some(member) if member.access != Access::ReadOnly => {
                if member.required {
                    Location::Required
                } else {
                    Location::Optional
                }
            }
            _ => Location::None,
        }
    }

    /// Whether it takes tags.
    #[must_use]
    pub fn takes_tags(&self) -> bool {
        self.takes("tags")
    }

    /// Whether its body may have that top-level member.
    #[must_use]
    pub fn takes(&self, member: &str) -> bool {
        self.body
            .and_then(|body| body.member(member))
            .is_some_and(|member| member.access != Access::ReadOnly)
    }

    /// The paths of what Azure makes and nobody can set, `.` between members, `[]` for any element and `{}` for any entry.
    /// Variants of an object are taken together.
    #[must_use]
    pub fn read_only(&self) -> Vec<String> {
        self.paths(Access::ReadOnly)
    }

    /// The paths of what can be set and is never answered: passwords and keys, mostly.
    #[must_use]
    pub fn write_only(&self) -> Vec<String> {
        self.paths(Access::WriteOnly)
    }

    fn paths(&self, access: Access) -> Vec<String> {
        let mut paths = Vec::new();
        if let Some(body) = self.body {
            body.paths(access, &mut String::new(), &mut paths);
        }
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// Where resources of a type may be created.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Scopes(&'static str);

impl Scopes {
    /// In the tenant itself.
    #[must_use]
    pub fn tenant(self) -> bool {
        self.0.contains('t')
    }

    /// In a management group.
    #[must_use]
    pub fn management_group(self) -> bool {
        self.0.contains('m')
    }

    /// In a subscription.
    #[must_use]
    pub fn subscription(self) -> bool {
        self.0.contains('s')
    }

    /// In a resource group.
    #[must_use]
    pub fn resource_group(self) -> bool {
        self.0.contains('g')
    }

    /// On any other resource, as locks and role assignments are. Such types may stand at the other scopes too.
    #[must_use]
    pub fn extension(self) -> bool {
        self.0.contains('x')
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scopes({})", self.0)
    }
}

/// Whether resources of a type have a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Location {
    /// They must.
    Required,
    /// They may.
    Optional,
    /// They have none.
    None,
}

/// What names of a type may look like. Azure checks more than this; nothing here refuses a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameRule {
    /// The only names there are, `default` most often; empty where names are free.
    pub one_of: Vec<String>,
    /// The least number of characters.
    pub min_length: Option<u32>,
    /// The greatest number of characters.
    pub max_length: Option<u32>,
    /// A regular expression, in the dialect of ECMAScript.
    pub pattern: Option<String>,
}

#[cfg(test)]
mod tests;
