//! Whole objects in, whole descriptions out.

mod data;
mod entra;
mod hierarchy;
mod odd;
mod resources;

use super::*;
use crate::graph::{Node, Reference, Target, Value};

const TENANT: &str = "00000000-0000-0000-0000-0000000000aa";
const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

fn describer() -> Describer {
    Describer::new(TENANT.parse().unwrap(), Source::Recorded)
}

fn describe(text: &str) -> Description {
    try_describe(text).unwrap()
}

fn try_describe(text: &str) -> Result<Description, DescribeError> {
    describer().describe(Json::parse(text.as_bytes()).unwrap())
}

/// A resource in `rg` of `SUB`, with further members.
fn resource(type_and_name: &str, resource_type: &str, more: &str) -> Description {
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(",{more}")
    };
    describe(&format!(
        r#"{{"id":"{SUB}/resourceGroups/rg/providers/{type_and_name}","type":"{resource_type}"{more}}}"#
    ))
}

fn member<'a>(node: &'a Node, name: &str) -> Option<&'a Value> {
    node.members
        .iter()
        .find_map(|(own, value)| (own == name).then_some(value))
}

fn scalar<'a>(node: &'a Node, name: &str) -> Option<&'a Value> {
    node.scalars
        .iter()
        .find_map(|(own, value)| (own == name).then_some(value))
}

/// `FROM RELATIONSHIP TO @ path`, with `.` for the node itself.
fn edges(described: &Described) -> Vec<String> {
    described.references.iter().map(edge).collect()
}

fn edge(reference: &Reference) -> String {
    let end = |target: &Target| match target {
        Target::Itself => ".".to_owned(),
        Target::Id(id) => id.replace(SUB, "SUB"),
        Target::Alias(alias) => format!("~{alias}"),
    };
    format!(
        "{} {} {} @ {}",
        end(&reference.from),
        reference.relationship,
        end(&reference.to),
        reference.path
    )
}

fn implied<'a>(description: &'a Description, id: &str) -> &'a Described {
    description
        .implied
        .iter()
        .find(|described| described.node.id == id)
        .unwrap_or_else(|| panic!("{id} is not implied"))
}
