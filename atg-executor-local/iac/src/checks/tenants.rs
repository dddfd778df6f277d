//! The writers on whole tenants.

use std::{collections::BTreeMap, path::PathBuf};

use super::{arm, bicep, expected, rules};
use crate::{
    plan::{Plan, example},
    planner::{self, Options},
    source::Source,
    terraform::tests::Memory,
    writer::Written,
};

/// Where the files are that are not part of the repository; fails in CI where they are not.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ATG_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = root.join("data").join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is not there",
        file.display()
    );
    None
}

/// The recorded tenant.
pub(super) fn recorded() -> Option<Plan> {
    let text = std::fs::read_to_string(shared("tenants/recorded.jsonl")?).unwrap();
    let source = Source::from_rows(example::TENANT.parse().unwrap(), &text).unwrap();
    Some(planner::plan(source, &Options::default()).unwrap().plan)
}

pub(super) fn written_as_arm(plan: &Plan) -> (BTreeMap<String, String>, Written) {
    let mut files = Memory::default();
    let written = crate::arm::write(plan, &mut files).unwrap();
    (files.0, written)
}

pub(super) fn written_as_bicep(plan: &Plan) -> (BTreeMap<String, String>, Written) {
    let mut files = Memory::default();
    let written = crate::bicep::write(plan, &mut files).unwrap();
    (files.0, written)
}

/// All checks that need no list of types.
pub(super) fn check(plan: &Plan) {
    let (files, written) = written_as_arm(plan);
    rules::check(&files["azuredeploy.json"], &files["azuredeploy.parameters.json"]);
    let made = arm::evaluate(
        plan,
        &files["azuredeploy.json"],
        &files["azuredeploy.parameters.json"],
    );
    expected::agree(plan, &written, &made);
    let (files, written) = written_as_bicep(plan);
    let made = bicep::evaluate(plan, &files);
    expected::agree(plan, &written, &made);
}

#[test]
fn arm_and_bicep_make_what_the_example_holds() {
    check(&example::plan());
}

#[test]
fn arm_and_bicep_make_what_the_recorded_tenant_holds() {
    let Some(plan) = recorded() else { return };
    check(&plan);
}

#[test]
fn arm_and_bicep_make_what_the_demo_tenant_holds() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let source = Source::from_rows(example::TENANT.parse().unwrap(), &text).unwrap();
    check(&planner::plan(source, &Options::default()).unwrap().plan);
}
