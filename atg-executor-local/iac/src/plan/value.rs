//! Trees whose leaves may be more than literals.

use super::{ExternalKey, ParameterKey, ResourceKey};

/// One value of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// The number's own text, as in [`Json::Number`](atg_json::Json::Number): it may be too large or too exact for any
    /// machine type, and `1.0` is not `1`.
    Number(Box<str>),
    /// A text, literal or not.
    Text(Text),
    /// A parameter's value, whatever its type. Where a text is expected it is a [`Value::Text`] with one piece instead.
    Parameter(ParameterKey),
    /// An array.
    Array(Vec<Value>),
    /// An object's members, in the order of the source.
    Object(Vec<Member>),
}

/// One member of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name: nearly always a literal. The members of `userAssignedIdentities` and the like are resource IDs, and so
    /// references.
    pub name: Text,
    /// Its value.
    pub value: Value,
}

/// A text, in which references and parameters may stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    /// As it is, to be escaped.
    Literal(String),
    /// Joined without anything in between. Never empty, never a lone literal, no literal is empty, and no two of them
    /// stand side by side.
    Pieces(Vec<Piece>),
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Piece {
    /// As it is, to be escaped.
    Literal(String),
    /// What is known of something else.
    Reference(Reference),
    /// A parameter, of type text.
    Parameter(ParameterKey),
}

/// Something that is known of another thing. Makes the one that holds it wait for the other.
///
/// A resource never refers to itself, which no language allows: its own ID, as application gateways hold it, is written
/// as its parent's with the rest as a literal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Reference {
    /// Of what.
    pub target: Target,
    /// What.
    pub attribute: Attribute,
    /// As the source spelled it, which for IDs may differ in case from what the target's own ID is.
    pub spelled: Box<str>,
}

/// What a reference points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A resource of the plan.
    Resource(ResourceKey),
    /// Something that stays outside.
    External(ExternalKey),
}

/// What may be asked of a target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attribute {
    /// Its resource ID, without a slash at the end. Of a subscription `/subscriptions/GUID`.
    Id,
    /// The last segment of its ID. Of a subscription or a tenant the GUID.
    Name,
    /// The object ID of its managed identity: `identity.principalId` where the identity is its own, `properties.principalId`
    /// of a user-assigned identity.
    PrincipalId,
    /// The client (application) ID of a user-assigned identity, `properties.clientId`.
    ClientId,
    /// The object ID of a Microsoft Entra object.
    ObjectId,
    /// The application (client) ID of an application or a service principal.
    AppId,
    /// What Azure answers at that path of its body, for example `["properties", "vaultUri"]`.
    Output(Vec<String>),
}

impl Text {
    /// The text, where it is a literal.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Pieces(_) => None,
        }
    }

    /// Joins pieces: drops empty literals and merges neighbours.
    #[must_use]
    pub fn join(pieces: impl IntoIterator<Item = Piece>) -> Self {
        let mut out: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (out.last_mut(), piece) {
                (_, Piece::Literal(text)) if text.is_empty() => {}
                (Some(Piece::Literal(last)), Piece::Literal(text)) => last.push_str(&text),
                (_, piece) => out.push(piece),
            }
        }
        if out.is_empty() {
            return Self::Literal(String::new());
        }
        match &mut out[..] {
            [Piece::Literal(text)] => Self::Literal(std::mem::take(text)),
            _ => Self::Pieces(out),
        }
    }

    /// The references in it.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        let pieces = match self {
            Self::Literal(_) => &[][..],
            Self::Pieces(pieces) => pieces,
        };
        pieces.iter().filter_map(|piece| match piece {
            Piece::Reference(reference) => Some(reference),
            Piece::Literal(_) | Piece::Parameter(_) => None,
        })
    }
}

impl Value {
    /// A literal text.
    #[must_use]
    pub fn literal(text: impl Into<String>) -> Self {
        Self::Text(Text::Literal(text.into()))
    }

    /// The value of the member with that literal name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else {
            return None;
        };
        members
            .iter()
            .find(|member| member.name.as_literal() == Some(name))
            .map(|member| &member.value)
    }

    /// The value at a chain of member names.
    #[must_use]
    pub fn at(&self, names: &[&str]) -> Option<&Self> {
        names.iter().try_fold(self, |value, name| value.get(name))
    }

    /// The text, where it is a literal one.
    #[must_use]
    pub fn as_literal(&self) -> Option<&str> {
        match self {
            Self::Text(text) => text.as_literal(),
            _ => None,
        }
    }

    /// Calls `visit` with each text in it, names of members included.
    pub fn for_each_text<'a>(&'a self, visit: &mut impl FnMut(&'a Text)) {
        match self {
            Self::Text(text) => visit(text),
            Self::Array(items) => items.iter().for_each(|item| item.for_each_text(visit)),
            Self::Object(members) => {
                for member in members {
                    visit(&member.name);
                    member.value.for_each_text(visit);
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Parameter(_) => {}
        }
    }
}

impl Value {
    /// [`for_each_text`](Self::for_each_text), to change them.
    pub(crate) fn for_each_text_mut(&mut self, change: &mut impl FnMut(&mut Text)) {
        match self {
            Self::Text(text) => change(text),
            Self::Array(items) => items.iter_mut().for_each(|item| item.for_each_text_mut(change)),
            Self::Object(members) => {
                for member in members {
                    change(&mut member.name);
                    member.value.for_each_text_mut(change);
                }
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Parameter(_) => {}
        }
    }
}

impl Member {
    /// A member with a literal name.
    #[must_use]
    pub fn new(name: impl Into<String>, value: Value) -> Self {
        Self {
            name: Text::Literal(name.into()),
            value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_pieces_are_as_few_as_can_be() {
        let literal = |text: &str| Piece::Literal(text.to_owned());
        let parameter = Piece::Parameter(ParameterKey(0));
        assert_eq!(Text::join([]), Text::Literal(String::new()));
        assert_eq!(
            Text::join([literal(""), literal("a"), literal("b")]),
            Text::Literal("ab".to_owned())
        );
        assert_eq!(
            Text::join([
                literal("a"),
                literal(""),
                parameter.clone(),
                literal("b"),
                literal("c")
            ]),
            Text::Pieces(vec![literal("a"), parameter, literal("bc")])
        );
    }
}
