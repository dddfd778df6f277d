//! A small measurement, for its figures that do not depend on the machine.

use atg_bench::{Plan, measure};

#[tokio::test]
async fn a_small_tenant_is_scanned_whole_and_every_edge_is_right() {
    let directory = tempfile::tempdir().expect("a temporary directory can be made");
    let plan = Plan {
        rows: 1500,
        seed: 5,
        directory: directory.path().to_owned(),
    };
    let report = measure(&plan).await.expect("the measurement ends");
    assert_eq!(report.unchanged_touched, 0);
    assert!(report.changed_expected > 0);
    assert_eq!(report.changed, report.changed_expected);
    assert!(report.accuracy.expected > 3 * 1500, "{:?}", report.accuracy);
    assert_eq!(
        (report.accuracy.recall(), report.accuracy.precision()),
        (1.0, 1.0),
        "{:?}",
        report.accuracy
    );
}
