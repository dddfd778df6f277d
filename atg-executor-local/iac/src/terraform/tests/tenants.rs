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
