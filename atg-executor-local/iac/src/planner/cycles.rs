//! Takes values out of bodies that cannot be set when the resource is made, because they refer to what comes later.

use super::{draft::Draft, externals::Externals, index::Index, resolve::reference_to_id};
use crate::plan::{
    Association, Attribute, Member, Piece, Reference, Resource, ResourceKey, Symbol, Target, Text, Value,
};

/// Cuts these dependencies (who, on whom): each value that makes one becomes an association of its owner.
///
/// A reference that is not in the body (a tag, an identity) is written out instead: there is nothing to set later.
pub(crate) fn cut(
    broken: &[(u32, u32)],
    resources: &mut [Option<Resource>],
    (drafts, index): (&[Draft], &Index),
    externals: &mut Externals,
    associations: &mut Vec<Association>,
) {
    for same_owner in broken.chunk_by(|a, b| a.0 == b.0) {
        let owner = same_owner[0].0;
        let Some(resource) = &mut resources[owner as usize] else {
            continue;
        };
        let mut scissors = Scissors {
            owner,
            later: same_owner.iter().map(|(_, whom)| ResourceKey(*whom)).collect(),
            drafts,
            index,
            externals,
            out: Vec::new(),
        };
        let mut body = std::mem::take(&mut resource.body);
        scissors.members(&mut body, &mut Vec::new());
        resource.body = body;
        resource.for_each_text_mut(&mut |text| scissors.unordered(text));
        associations.append(&mut scissors.out);
    }
}

struct Scissors<'a> {
    owner: u32,
    /// What the owner must not wait for.
    later: Vec<ResourceKey>,
    drafts: &'a [Draft],
    index: &'a Index,
    externals: &'a mut Externals,
    out: Vec<Association>,
}

impl Scissors<'_> {
    /// Takes out the members that refer to what comes later: as little as can stand alone, which is a member whose value is
    /// the reference (or the object that holds nothing else), and a list as a whole.
    fn members(&mut self, members: &mut Vec<Member>, path: &mut Vec<String>) {
        let mut kept = Vec::with_capacity(members.len());
        for mut member in std::mem::take(members) {
            let Some(name) = member.name.as_literal() else {
                kept.push(member);
                continue;
            };
            path.push(name.to_owned());
            let is_whole = match &member.value {
                Value::Object(inner) => inner.len() == 1 && self.is_later(&member.value),
                Value::Text(_) | Value::Array(_) => self.is_later(&member.value),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::Parameter(_) => false,
            };
            // A member of the body itself (`managedBy`) and `properties` are too much to stand alone, unless they are texts.
            let is_whole = is_whole && (path.len() > 1 || matches!(member.value, Value::Text(_)));
            if is_whole {
                let mut unordered = member.value.clone();
                unordered.for_each_text_mut(&mut |text| self.unordered(text));
                self.out.push(Association {
                    symbol: Symbol::placeholder(),
                    owner: ResourceKey(self.owner),
                    path: path.clone(),
                    value: member.value,
                    unordered,
                });
            } else {
                if let Value::Object(inner) = &mut member.value {
                    self.members(inner, path);
                }
                kept.push(member);
            }
            path.pop();
        }
        *members = kept;
    }

    fn is_later(&self, value: &Value) -> bool {
        let mut found = false;
        value.for_each_text(&mut |text| {
            found |= text.references().any(|reference| self.names_later(reference));
        });
        found
    }

    fn names_later(&self, reference: &Reference) -> bool {
        matches!(reference.target, Target::Resource(key) if self.later.contains(&key))
    }

    /// Writes references to what comes later without naming it: IDs as the subscription's with the rest behind it.
    fn unordered(&mut self, text: &mut Text) {
        if !text.references().any(|reference| self.names_later(reference)) {
            return;
        }
        let Text::Pieces(pieces) = std::mem::replace(text, Text::Literal(String::new())) else {
            return;
        };
        let mut out = Vec::with_capacity(pieces.len() + 1);
        for piece in pieces {
            match piece {
                Piece::Reference(reference) if self.names_later(&reference) => {
                    self.write_out(&reference, &mut out);
                }
                other => out.push(other),
            }
        }
        *text = Text::join(out);
    }

    fn write_out(&mut self, reference: &Reference, out: &mut Vec<Piece>) {
        let Target::Resource(key) = reference.target else {
            return;
        };
        // As it was spelled, where that is another spelling only: what is compared with it is.
        let own = self.drafts[key.index()].new_id(self.drafts, self.index);
        let id = if reference.spelled.eq_ignore_ascii_case(&own) {
            &*reference.spelled
        } else {
            own.as_str()
        };
        let scope = id.match_indices('/').nth(2).map_or(id, |(at, _)| &id[..at]);
        let subscription = (reference.attribute == Attribute::Id)
            .then(|| self.externals.resource(scope))
            .flatten();
        match subscription {
            Some(key) => {
                out.push(reference_to_id(Target::External(key), scope));
                out.push(Piece::Literal(id[scope.len()..].to_owned()));
            }
            None => out.push(Piece::Literal(reference.spelled.to_string())),
        }
    }
}
