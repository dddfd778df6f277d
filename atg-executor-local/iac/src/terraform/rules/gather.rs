//! The engine: rules and members, and out come attributes and blocks, or why not.

use super::{
    Refusal, Rule,
    convert::{convert, is_one_of, says_nothing},
};
use crate::{
    plan::{Member, Value},
    terraform::{
        hcl::{Body, Expression, Reference, Step},
        reference::Here,
    },
};

/// Attributes and blocks while they are gathered: attributes come first in a block.
#[derive(Debug, Default)]
pub(in crate::terraform) struct Gathered {
    pub(in crate::terraform) attributes: Vec<(String, Expression)>,
    pub(in crate::terraform) blocks: Vec<(&'static str, Body)>,
    /// What the source does not say and the provider would set: paths to attributes.
    pub(in crate::terraform) unsaid: Vec<Vec<Step>>,
}

impl Gathered {
    /// The content of a block: attributes, then blocks, then what is to stay as it is.
    pub(in crate::terraform) fn lifecycle(&self) -> Option<Body> {
        let unsaid: Vec<Expression> = self
            .unsaid
            .iter()
            .filter_map(|path| match path.split_first() {
                Some((Step::Name(root), steps)) => Some(Expression::Reference(Reference {
                    root: root.clone(),
                    steps: steps.to_vec(),
                })),
                _ => None,
            })
            .collect();
        if unsaid.is_empty() {
            return None;
        }
        let mut lifecycle = Body::new();
        lifecycle.attribute("ignore_changes", Expression::List(unsaid));
        Some(lifecycle)
    }

    /// A block in this one, and what is unsaid in it.
    fn push(&mut self, kind: &'static str, inner: Self) {
        let index = self.blocks.iter().filter(|(known, _)| *known == kind).count();
        for path in inner.unsaid {
            let mut whole = vec![Step::Name(kind.to_owned()), Step::Index(index)];
            whole.extend(path);
            self.unsaid.push(whole);
        }
        let mut body = Body::new();
        for (name, value) in inner.attributes {
            body.attribute(name, value);
        }
        for (kind, block) in inner.blocks {
            body.block(kind, [], block);
        }
        self.blocks.push((kind, body));
    }
}

pub(in crate::terraform) fn refuse<T>(path: &str, why: &'static str) -> Result<T, Refusal> {
    Err(Refusal {
        path: path.to_owned(),
        why,
    })
}

pub(in crate::terraform) fn at<'v>(body: &'v [Member], path: &[&str]) -> Option<&'v Value> {
    let (first, rest) = path.split_first()?;
    body.iter()
        .find(|member| member.name.as_literal() == Some(first))
        .and_then(|member| member.value.at(rest))
}

pub(in crate::terraform) fn gather(
    here: &mut Here<'_, '_>,
    rules: &[(&str, Rule)],
    members: &[Member],
    path: &str,
    out: &mut Gathered,
) -> Result<(), Refusal> {
    // In the order of the rules, so that one thing looks like the next whatever the order in the source.
    for (name, rule) in rules {
        let member = members
            .iter()
            .find(|member| member.name.as_literal() == Some(name));
        let inner = if path.is_empty() {
            (*name).to_owned()
        } else {
            format!("{path}.{name}")
        };
        match member {
            Some(member) => {
                if let Rule::ToIf(beside, word, ..) = rule
                    && at(members, &[beside]).and_then(Value::as_literal) != Some(*word)
                {
                    continue;
                }
                apply(here, rule, &member.value, &inner, out)?;
            }
            None => absent(here, rule, &inner, out)?,
        }
    }
    for member in members {
        let known = member
            .name
            .as_literal()
            .is_some_and(|name| rules.iter().any(|(known, _)| *known == name));
        if !known && !says_nothing(&member.value) {
            let name = member.name.as_literal().unwrap_or("(a computed name)");
            let inner = if path.is_empty() {
                name.to_owned()
            } else {
                format!("{path}.{name}")
            };
            return refuse(&inner, "has no place");
        }
    }
    Ok(())
}

/// What the absence of a member means.
fn absent(here: &mut Here<'_, '_>, rule: &Rule, path: &str, out: &mut Gathered) -> Result<(), Refusal> {
    match rule {
        Rule::Needed(..) => refuse(path, "is missing, and the provider takes that for a change"),
        Rule::Known(attribute, _) => {
            out.unsaid.push(vec![Step::Name((*attribute).to_owned())]);
            Ok(())
        }
        Rule::Always(rules) => gather(here, rules, &[], path, out),
        _ => Ok(()),
    }
}

pub(in crate::terraform) fn apply(
    here: &mut Here<'_, '_>,
    rule: &Rule,
    value: &Value,
    path: &str,
    out: &mut Gathered,
) -> Result<(), Refusal> {
    match rule {
        Rule::Skip | Rule::Link => Ok(()),
        Rule::Only(constants) if says_nothing(value) || is_one_of(value, constants) => Ok(()),
        Rule::Only(_) => refuse(path, "has a value that the provider cannot say"),
        Rule::Needed(..) | Rule::Known(..) | Rule::Always(_) if says_nothing(value) => {
            absent(here, rule, path, out)
        }
        Rule::To(attribute, how)
        | Rule::Needed(attribute, how)
        | Rule::Known(attribute, how)
        | Rule::ToIf(_, _, attribute, how) => {
            if let Some(converted) = convert(here, value, *how, path)? {
                // Where two members say the same thing, the later rule has the last word.
                out.attributes.retain(|(name, _)| name != attribute);
                out.attributes.push(((*attribute).to_owned(), converted));
            }
            Ok(())
        }
        _ if says_nothing(value) => Ok(()),
        Rule::In(rules) | Rule::Always(rules) => gather(here, rules, object(value, path)?, path, out),
        Rule::Block(kind, rules) => {
            let block = block(here, rules, object(value, path)?, path)?;
            out.push(kind, block);
            Ok(())
        }
        Rule::BlockIf(member, constant, kind, rules) => {
            if value
                .get(member)
                .is_some_and(|value| is_one_of(value, &[constant]))
            {
                let block = block(here, rules, object(value, path)?, path)?;
                out.push(kind, block);
            }
            Ok(())
        }
        Rule::Blocks(kind, rules) => {
            for item in array(value, path)? {
                let block = block(here, rules, object(item, path)?, path)?;
                out.push(kind, block);
            }
            Ok(())
        }
        Rule::Rows(attribute, rules, all) => {
            let mut rows = Vec::new();
            for item in array(value, path)? {
                let mut row = Gathered::default();
                gather(here, rules, object(item, path)?, path, &mut row)?;
                rows.push(Expression::object(all.iter().map(|name| {
                    let at = row.attributes.iter().position(|(own, _)| own == name);
                    (
                        *name,
                        at.map_or(Expression::Null, |at| row.attributes.swap_remove(at).1),
                    )
                })));
            }
            out.attributes
                .push(((*attribute).to_owned(), Expression::List(rows)));
            Ok(())
        }
    }
}

fn block(
    here: &mut Here<'_, '_>,
    rules: &[(&str, Rule)],
    members: &[Member],
    path: &str,
) -> Result<Gathered, Refusal> {
    let mut inner = Gathered::default();
    gather(here, rules, members, path, &mut inner)?;
    Ok(inner)
}

pub(in crate::terraform) fn object<'v>(value: &'v Value, path: &str) -> Result<&'v [Member], Refusal> {
    match value {
        Value::Object(members) => Ok(members),
        _ => refuse(path, "is not an object"),
    }
}

fn array<'v>(value: &'v Value, path: &str) -> Result<&'v [Value], Refusal> {
    match value {
        Value::Array(items) => Ok(items),
        _ => refuse(path, "is not an array"),
    }
}
