//! A scan that ends anywhere, and the next one.

use atg_sdk::ErrorKind;

use super::{chain, every_row, make, make_with};
use crate::graph::{
    GraphStore, ScanEnd,
    embedded::{EmbeddedStore, Options, file},
    suite::fixture::{Build as _, Changes, Graph, removal, thing},
};

/// Lets every write to the tables of the graph fail after that many.
fn fail_after(store: &EmbeddedStore, writes: u64) {
    let db = file::writer(store.path()).unwrap();
    let mut sql = format!("CREATE TABLE countdown (n INTEGER); INSERT INTO countdown VALUES ({writes});");
    for table in [
        "node",
        "node_label",
        "node_alias",
        "unsettled_alias",
        "edge",
        "spare_edge",
        "edge_set",
    ] {
        for (number, event) in ["INSERT", "UPDATE", "DELETE"].iter().enumerate() {
            sql.push_str(&format!(
                "CREATE TRIGGER stop_{table}_{number} BEFORE {event} ON {table} BEGIN
                     UPDATE countdown SET n = n - 1;
                     SELECT RAISE(ABORT, 'the machine stops') WHERE (SELECT n FROM countdown) < 0;
                 END;"
            ));
        }
    }
    db.execute_batch(&sql).unwrap();
}

fn fail_no_more(store: &EmbeddedStore) {
    let db = file::writer(store.path()).unwrap();
    let names: Vec<String> = db
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'stop%'")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for name in names {
        db.execute_batch(&format!("DROP TRIGGER {name}")).unwrap();
    }
    db.execute_batch("DROP TABLE countdown").unwrap();
}

async fn scan(graph: &Graph<'_>, version: usize) -> atg_sdk::Result<()> {
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    let mut writer = graph.store.begin_scan(start).await?;
    // The second scan does not see the last of the things of the first.
    let mut nodes = chain(graph, 8, version);
    nodes.truncate(16 - 2 * (version - 1));
    // What uses an alias stays as it is; who has it changes, and one alias is nobody's and then two nodes'.
    for number in 0..3 {
        let (user, holder) = (format!("user{number}"), format!("holder{number}"));
        let alias = |number: usize| format!("host{number}.example");
        nodes.push(
            graph
                .resource(&thing(&user))
                .to_alias("REFERENCES", &alias(number), "properties.url"),
        );
        let held = alias(if version == 1 { number + 1 } else { number / 2 });
        nodes.push(graph.resource(&thing(&holder)).known_as(&[&held]));
    }
    for batch in nodes.chunks(5) {
        writer.write(batch.to_vec()).await?;
    }
    let end = ScanEnd {
        removals: vec![removal("/")],
        ..Graph::complete()
    };
    writer.finish(end).await.map(drop)
}

/// Every third write of a first scan and of one that changes, adds and removes fails once, in its own transaction. Whatever was
/// committed before, the scan after it gives the graph of scans that nothing disturbed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_failed_anywhere_is_made_good_by_the_next() {
    let undisturbed = make().await;
    let graph = Graph::new(undisturbed.store());
    let mut expected = Vec::new();
    for version in [1, 2] {
        scan(&graph, version).await.unwrap();
        expected.push(graph.export(false).await);
    }
    let own = graph.tenant.to_string();
    let made = make_with(every_row());
    let mut failures = 0;
    for version in [1, 2] {
        for writes in (0..).step_by(3) {
            let graph = Graph::new(made.store());
            if version == 2 {
                scan(&graph, 1).await.unwrap();
            }
            fail_after(&made.store, writes);
            let result = scan(&graph, version).await;
            fail_no_more(&made.store);
            let Err(error) = result else { break };
            assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
            failures += 1;
            scan(&graph, version).await.unwrap();
            let tenant = graph.tenant.to_string();
            let lines: Vec<_> = graph
                .export(false)
                .await
                .iter()
                .map(|line| line.replace(&tenant, &own))
                .collect();
            let differs = lines
                .iter()
                .zip(&expected[version - 1])
                .find(|(line, other)| line != other);
            assert_eq!(differs, None, "scan {version} failed after {writes} writes");
            assert_eq!(lines.len(), expected[version - 1].len());
            made.store.forget(graph.tenant).await.unwrap();
        }
    }
    assert!(failures > 40, "{failures}");
}

/// The count of a tenant's edges is kept beside them: it has to stay right whatever happens.
#[tokio::test]
async fn the_counted_edges_are_those_that_are_there() {
    let made = make_with(every_row());
    let graph = Graph::new(made.store());
    for version in [1, 2, 1] {
        scan(&graph, version).await.unwrap();
        let db = made.store.reader().unwrap();
        let (counted, there): (i64, i64) = db
            .query_row(
                "SELECT (SELECT edges FROM tenant), (SELECT count(*) FROM edge)",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .unwrap();
        assert_eq!(counted, there);
        assert!(there > 20);
    }
}

#[tokio::test]
async fn who_was_silent_too_long_writes_no_more() {
    let asleep = Options {
        heartbeat: std::time::Duration::from_secs(3_600),
        stale_after: std::time::Duration::ZERO,
        ..Options::default()
    };
    let made = make_with(asleep);
    let graph = Graph::new(made.store());
    let mut first = graph.begin().await;
    first.write(chain(&graph, 2, 1)).await.unwrap();
    let mut start = graph.start(&Changes::default());
    start.no_wait = false;
    let second = made.store.begin_scan(start).await.unwrap();
    let before = graph.export(false).await;
    let written = match first.write(chain(&graph, 4, 1)).await {
        Ok(()) => first.finish(Graph::complete()).await.map(drop),
        Err(error) => Err(error),
    };
    let error = written.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("taken the tenant over"), "{error}");
    assert_eq!(graph.export(false).await, before, "nothing was changed");
    second.finish(Graph::complete()).await.unwrap();
    let info = made.store.info().await.unwrap();
    assert_eq!(
        info.tenants[0].holder, None,
        "the first did not take the lock of the second with it"
    );
}
