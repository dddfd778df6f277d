//! Plans of whole tenants.

mod changes;
mod demo;
mod random;
mod small;

use super::*;
use crate::plan::{Plan, Resource, Target};

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const SUB: &str = "/subscriptions/22222222-2222-4222-8222-222222222222";

/// A plan of rows, one JSON object each.
fn planned(rows: &[String], options: &Options) -> Planned {
    let source = Source::from_rows(TENANT.parse().unwrap(), &rows.join("\n")).unwrap();
    plan(source, options).unwrap()
}

fn find<'a>(plan: &'a Plan, name: &str) -> &'a Resource {
    plan.resources
        .iter()
        .find(|resource| resource.id.ends_with(&format!("/{name}")))
        .unwrap_or_else(|| panic!("{name} is not in the plan"))
}

/// A row in the group `rg`, whose type the path says, with members beside `id` and `type`.
fn row(path: &str, members: &str) -> String {
    // An extension's type is what follows the last provider.
    let mut segments = path.rsplit("/providers/").next().unwrap().split('/');
    let mut types = vec![segments.next().unwrap()];
    types.extend(segments.step_by(2));
    format!(
        r#"{{"id":"{SUB}/resourceGroups/rg/providers/{path}","type":"{}",{members}}}"#,
        types.join("/")
    )
}

fn group() -> String {
    format!(
        r#"{{"id":"{SUB}/resourceGroups/rg","type":"Microsoft.Resources/resourceGroups","location":"westeurope","properties":{{}}}}"#
    )
}

/// What must hold of any plan.
fn check(plan: &Plan) {
    let mut names: Vec<&str> = Vec::new();
    for (key, resource) in plan.keyed() {
        names.push(resource.symbol.as_str());
        let comes_before = |target: Target| match target {
            Target::Resource(other) => {
                assert!(other < key, "{} refers to what comes later", resource.id);
            }
            Target::External(other) => assert!(other.index() < plan.externals.len()),
        };
        comes_before(resource.parent);
        resource
            .depends_on
            .iter()
            .for_each(|other| comes_before(Target::Resource(*other)));
        resource.for_each_text(&mut |text| {
            text.references()
                .for_each(|reference| comes_before(reference.target));
        });
    }
    for association in &plan.associations {
        names.push(association.symbol.as_str());
        association.unordered.for_each_text(&mut |text| {
            for reference in text.references() {
                assert!(
                    !matches!(reference.target, Target::Resource(other) if other > association.owner),
                    "{} does not do without what comes later",
                    association.symbol
                );
            }
        });
    }
    for (at, external) in plan.externals.iter().enumerate() {
        names.push(external.symbol.as_str());
        if let Some(Target::External(parent)) = external.parent {
            assert!(
                parent.index() < at,
                "{} comes before what it lies in",
                external.id
            );
        }
    }
    names.extend(plan.parameters.iter().map(|parameter| parameter.symbol.as_str()));
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count, "two things have one name");
}
