//! What a body may hold, member by member.

use std::{borrow::Cow, fmt};

use super::{TABLE, table::unescape};

/// The members of an object that can be sent to Azure, or that Azure answers.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape(u32);

/// One member of an object.
#[derive(Debug, Clone)]
pub struct Member {
    /// Its name, in Azure's spelling.
    pub name: Cow<'static, str>,
    /// Who may see and set it.
    pub access: Access,
    /// Whether it must be sent.
    pub required: bool,
    /// Whether it is known to hold a secret.
    pub secret: bool,
    /// What it holds. [`Kind::Any`] where it is read-only.
    pub value: Type,
}

/// Who may see and set a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Can be set, and is answered.
    ReadWrite,
    /// Made by Azure. A resource cannot be created with it.
    ReadOnly,
    /// Can be set, and is never answered.
    WriteOnly,
}

/// What a member holds, to be asked by [`kind`](Self::kind).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Type(&'static str);

/// What a member holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is known of it.
    Any,
    /// A text.
    Text,
    /// A text, of which these are known.
    OneOf(Values),
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of such.
    List(Type),
    /// Names of any kind, with such values.
    Map(Type),
    /// An object.
    Object(Shape),
}

/// Known values of a text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Values {
    list: &'static str,
    complete: bool,
}

/// A line of shapes, taken apart.
#[derive(Debug)]
pub(super) struct Parsed {
    open: bool,
    discriminator: Option<Discriminator>,
    /// Ordered by name.
    members: Vec<Member>,
}

/// The member that tells variants apart, and each variant by its value.
#[derive(Debug)]
struct Discriminator {
    member: Cow<'static, str>,
    variants: Vec<(Cow<'static, str>, Shape)>,
}

impl Shape {
    pub(super) fn of_number(text: &str) -> Option<Self> {
        let number: u32 = text.parse().ok()?;
        ((number as usize) < TABLE.shape_count()).then_some(Self(number))
    }

    fn parsed(self) -> &'static Parsed {
        TABLE.shape(self.0)
    }

    /// The members, ordered by name.
    #[must_use]
    pub fn members(self) -> &'static [Member] {
        &self.parsed().members
    }

    /// The member of exactly that name.
    #[must_use]
    pub fn member(self, name: &str) -> Option<&'static Member> {
        let members = self.members();
        let found = members.binary_search_by(|member| member.name.as_ref().cmp(name));
        Some(&members[found.ok()?])
    }

    /// The member of that name without regard to case, for bodies that came from a service that spells it otherwise.
    #[must_use]
    pub fn member_spelled_anyhow(self, name: &str) -> Option<&'static Member> {
        self.member(name).or_else(|| {
            self.members()
                .iter()
                .find(|member| member.name.eq_ignore_ascii_case(name))
        })
    }

    /// Whether it takes members that are not among [`members`](Self::members).
    #[must_use]
    pub fn is_open(self) -> bool {
        self.parsed().open
    }

    /// The member whose value tells what the object is, where there is one.
    #[must_use]
    pub fn discriminator(self) -> Option<&'static str> {
        Some(self.parsed().discriminator.as_ref()?.member.as_ref())
    }

    /// The shape for an object whose discriminator has that value, with all members of this one. Without regard to case, as
    /// Azure reads it. `None` for a value that is not known.
    #[must_use]
    pub fn variant(self, value: &str) -> Option<Self> {
        let discriminator = self.parsed().discriminator.as_ref()?;
        discriminator
            .variants
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value))
            .map(|(_, shape)| *shape)
    }

    /// The discriminator's values, each with its shape.
    pub fn variants(self) -> impl Iterator<Item = (&'static str, Self)> {
        let variants = self
            .parsed()
            .discriminator
            .as_ref()
            .map_or(&[][..], |found| &found.variants);
        variants.iter().map(|(value, shape)| (value.as_ref(), *shape))
    }

    pub(super) fn paths(self, access: Access, at: &mut String, out: &mut Vec<String>) {
        for member in self.members() {
            let before = at.len();
            if !at.is_empty() {
                at.push('.');
            }
            at.push_str(&member.name);
            if member.access == access {
                out.push(at.clone());
            } else if member.access == Access::ReadWrite {
                member.value.paths(access, at, out);
            }
            at.truncate(before);
        }
        for (_, variant) in self.variants() {
            variant.paths(access, at, out);
        }
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Shape({})", self.0)
    }
}

impl Type {
    /// Something of which nothing is known.
    pub const ANY: Self = Self("a");

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        let rest = || &self.0[1..];
        match self.0.as_bytes().first() {
            Some(b's') => Kind::Text,
            Some(b'i') => Kind::Integer,
            Some(b'n') => Kind::Number,
            Some(b'b') => Kind::Boolean,
            Some(b'[') => Kind::List(Self(rest())),
            Some(b'{') => Kind::Map(Self(rest())),
            Some(first @ (b'e' | b'E')) => match rest().parse() {
                Ok(number) => Kind::OneOf(Values {
                    list: TABLE.values(number),
                    complete: *first == b'E',
                }),
                Err(_) => Kind::Text,
            },
            Some(b'#') => Shape::of_number(rest()).map_or(Kind::Any, Kind::Object),
            _ => Kind::Any,
        }
    }

    fn paths(self, access: Access, at: &mut String, out: &mut Vec<String>) {
        let before = at.len();
        match self.kind() {
            Kind::Object(shape) => shape.paths(access, at, out),
            Kind::List(inner) => {
                at.push_str("[]");
                inner.paths(access, at, out);
            }
            Kind::Map(inner) => {
                at.push_str("{}");
                inner.paths(access, at, out);
            }
            _ => {}
        }
        at.truncate(before);
    }
}

impl Values {
    /// Each of them.
    pub fn iter(self) -> impl Iterator<Item = Cow<'static, str>> {
        self.list.split('|').map(unescape)
    }

    /// Whether Azure takes no others. Where it does not say so, it may know more than are known here.
    #[must_use]
    pub const fn are_all(self) -> bool {
        self.complete
    }

    /// The known spelling of a value, whatever its case.
    #[must_use]
    pub fn spelled(self, value: &str) -> Option<Cow<'static, str>> {
        self.iter().find(|known| known.eq_ignore_ascii_case(value))
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Parsed {
    pub(super) fn parse(line: &'static str) -> Self {
        let mut parsed = Self {
            open: false,
            discriminator: None,
            members: Vec::new(),
        };
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            if word == "*" {
                parsed.open = true;
            } else if let Some(rest) = word.strip_prefix('?') {
                let (name, variants) = rest.split_once(':').unwrap_or_default();
                let variants = variants
                    .split('|')
                    .filter_map(|pair| pair.split_once('='))
                    .filter_map(|(value, shape)| Some((unescape(value), Shape(shape.parse().ok()?))))
                    .collect();
                parsed.discriminator = Some(Discriminator {
                    member: unescape(name),
                    variants,
                });
            } else {
                parsed.members.push(Member::parse(word));
            }
        }
        parsed.members.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        parsed
    }
}

impl Member {
    fn parse(word: &'static str) -> Self {
        let name_at = word
            .find(|c| !matches!(c, '!' | '-' | '+' | '$'))
            .unwrap_or(word.len());
        let (flags, rest) = word.split_at(name_at);
        let (name, value) = rest.split_once(':').unwrap_or((rest, "s"));
        let read_only = flags.contains('-');
        Self {
            name: unescape(name),
            access: if read_only {
                Access::ReadOnly
            } else if flags.contains('+') {
                Access::WriteOnly
            } else {
                Access::ReadWrite
            },
            required: flags.contains('!'),
            secret: flags.contains('$'),
            value: if read_only { Type::ANY } else { Type(value) },
        }
    }
}
