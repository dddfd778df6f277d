//! The demo tenant, whose truth is known.

use std::path::PathBuf;

use super::*;

fn demo() -> Source {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    Source::from_rows("4baabe85-98a8-43fe-89fe-574c55f50b56".parse().unwrap(), &text).unwrap()
}

#[test]
fn every_row_is_written_or_listed() {
    let planned = plan(demo(), &Options::default()).unwrap();
    check(&planned.plan);
    assert_eq!(planned.survey.objects, 332);
    assert_eq!(planned.plan.resources.len() + planned.plan.skipped.len(), 332);
    assert!(
        planned
            .plan
            .skipped
            .iter()
            .all(|skipped| !skipped.reason.is_loss()),
        "{:?}",
        planned.plan.skipped
    );
    assert_eq!(planned.survey.unresolved, []);
    assert_eq!(planned.survey.unknown_types, ["Microsoft.Web/connections"]);
}

#[test]
fn the_order_of_the_rows_is_no_matter() {
    let one = plan(demo(), &Options::default()).unwrap();
    let mut source = demo();
    source.objects.reverse();
    source.links.reverse();
    assert_eq!(plan(source, &Options::default()).unwrap(), one);
}
