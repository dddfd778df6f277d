//! Resources and what they lie in.

use std::collections::BTreeSet;

use atg_live::unit::UnitState;

use crate::support::{demo, ground, plan, run, transport};

#[tokio::test]
async fn every_resource_and_group_is_read_once_and_all_units_are_complete() {
    let simulator = demo(|_| {}).await;
    let transport = transport(&simulator).await;
    let ground = ground(&simulator, &transport).await;
    assert!(ground.subscriptions.iter().all(|own| own.rows.is_some()));
    let gathered = run(plan(ground), &transport, usize::MAX).await;
    assert!(
        gathered
            .units
            .iter()
            .all(|unit| unit.state == UnitState::Complete),
        "{:?}",
        gathered.units
    );
    let truth: BTreeSet<String> = simulator
        .resource_ids()
        .iter()
        .map(|id| id.to_lowercase())
        .collect();
    let found = gathered.ids("resources");
    assert!(found.len() > 50 && found.is_subset(&truth), "{found:?}");
    let groups = gathered.ids("hierarchy");
    assert!(
        groups.iter().any(|id| id.contains("/resourcegroups/"))
            && groups.iter().any(|id| id.starts_with("/tenants/"))
    );
}
