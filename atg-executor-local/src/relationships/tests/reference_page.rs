//! `GRAPH.md`: labels, properties and relationships as the tables have them. `ATG_BLESS=1` writes it anew.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

use super::super::{
    aliases,
    rules::{Way, rows},
};
use crate::describe::labels_by_type;

const HEAD: &str = "# The graph: labels, properties, relationships

Made from the tables by `ATG_BLESS=1 cargo test -p atg-executor-local reference_page`.

Every node has `key` (`<tenant id>|<lower-cased id>`, unique), `id` as Azure spells it, `tenant_id`, `name`, `source`, `first_seen_at`,
`changed_at` and `scan_id`. A resource has `type`, `kind`, `location`, `sku`, `tags`, `identity` and every other member of its
top level, `resource_group` and `subscription_id`, `properties` whole as JSON text, and each scalar of it down to depth 3 under
its dotted path. `aliases` lists what others may call it beside its ID. Roles and denials have `actions`, `not_actions`,
`data_actions` and `not_data_actions`, denials `principals` and `excluded_principals`, rules of security groups `ports` and
`sources`.

An edge has `path`, where in its source it was said, and `scan_id`; one that names its end by an address has that as `alias`.
`HAS_ROLE` has `role`, `role_definition_id`, `assignment_id`, `condition`, and `eligible` where the role has yet to be activated.

Beside what the tables below say, `CONTAINS` leads from the tenant down to every resource and its children, `LOCATED_IN` to the
region, `TAGGED_WITH` to tags, `MEMBER_OF` and `OWNS` from people and groups, `HAS_ROLE` from a principal to a scope, and
`REFERENCES` to whatever else a body names.
";

fn page() -> String {
    let mut out = HEAD.to_owned();
    out.push_str("\n## Relationships\n");
    let mut by_name: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    for row in rows() {
        for name in &row.relationships {
            by_name.entry(name).or_default().push(row);
        }
    }
    for (name, rows) in by_name {
        let _ = write!(out, "\n### {name}\n\n| From | To | Said by |\n|---|---|---|\n");
        for row in rows {
            let own = if row.path.starts_with('^') {
                format!("what `{}` lies in", row.types)
            } else {
                format!("`{}`", row.types)
            };
            let other = format!("`{}`", row.other);
            let (from, to) = match row.way {
                Way::To | Way::ToAlso => (own, other),
                Way::From | Way::FromAlso => (other, own),
            };
            let _ = writeln!(out, "| {from} | {to} | `{}` `{}` |", row.types, row.path);
        }
    }
    out.push_str("\n## Labels of resources, beside `Resource`\n\nA type that is not listed is called by provider and type in one word.\n\n| Type | Label |\n|---|---|\n");
    for (resource_type, label) in labels_by_type() {
        let _ = writeln!(out, "| `{resource_type}` | `{label}` |");
    }
    out.push_str("\n## Aliases\n\n| Type | What others may call it |\n|---|---|\n");
    for words in aliases::rows() {
        let _ = writeln!(out, "| `{}` | `{}` |", words[0], words[1]);
    }
    out
}

#[test]
fn reference_page_is_what_the_tables_say() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("GRAPH.md");
    if std::env::var_os("ATG_BLESS").is_some() {
        std::fs::write(&file, page()).unwrap();
    }
    let shipped = std::fs::read_to_string(&file).unwrap();
    assert!(
        shipped == page(),
        "the tables changed: ATG_BLESS=1 cargo test -p atg-executor-local reference_page"
    );
}
