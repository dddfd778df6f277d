//! Whole tenants.

use std::{fs, path::PathBuf};

use super::{check_format, check_schemas, unchanged::World, written};
use crate::{
    planner::{Options, plan},
    source::Source,
    writer::Layout,
};

pub(super) const TENANT: &str = "11111111-1111-4111-8111-111111111111";

pub(super) fn demo() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    fs::read_to_string(path).unwrap()
}

pub(super) fn recorded() -> Option<String> {
    let path = super::schema::shared()?.join("data/tenants/recorded.jsonl");
    Some(fs::read_to_string(path).unwrap())
}

#[test]
fn tenants_are_written_without_a_word_that_a_provider_would_refuse() {
    for rows in [Some(demo()), recorded()].into_iter().flatten() {
        let planned = plan(
            Source::from_rows(TENANT.parse().unwrap(), &rows).unwrap(),
            &Options::default(),
        )
        .unwrap();
        for layout in super::LAYOUTS {
            let (files, _) = written(&planned.plan, layout);
            check_schemas(&files);
            check_format(&files);
        }
    }
}

#[test]
fn what_is_imported_is_what_is_written() {
    for (name, rows) in [("demo", Some(demo())), ("recorded", recorded())] {
        let Some(rows) = rows else { continue };
        let planned = plan(
            Source::from_rows(TENANT.parse().unwrap(), &rows).unwrap(),
            &Options::default(),
        )
        .unwrap();
        let (files, _) = written(&planned.plan, Layout::Single);
        let world = World::new(&files, &rows);
        let findings = world.compare(&files.0["main.tf"].parse().unwrap());
        assert!(findings.changes.is_empty(), "{name}: {:#?}", findings.changes);
        assert!(
            findings.compared > 100 && findings.values > 1_000,
            "{name}: {findings:?}"
        );
    }
}

#[test]
fn what_is_new_is_not_imported_and_gets_its_second_ends_in_a_second_step() {
    let source = Source::from_rows(TENANT.parse().unwrap(), &demo()).unwrap();
    let mut whole = plan(source, &Options::default()).unwrap().plan;
    assert!(!whole.associations.is_empty(), "the tenant has a circle");
    for resource in &mut whole.resources {
        resource.import_id = None;
    }
    for layout in super::LAYOUTS {
        let (files, written) = written(&whole, layout);
        check_schemas(&files);
        check_format(&files);
        assert_eq!(files.0["imports.tf"], "");
        let all: String = files.0.values().map(String::as_str).collect();
        assert!(all.contains("resource \"azapi_update_resource\" "));
        assert!(
            !all.contains("replace("),
            "nothing is there whose spelling would count"
        );
        assert!(!all.contains("schema_validation_enabled]"));
        assert_eq!(written.notes.len(), 1, "{:?}", written.notes);
    }
}
