//! How long queries take on a large graph, here and on Neo4j. Prints a table and asserts that both answer alike.
//!
//! `ATG_CYPHER_GRAPH` names a graph file, for example one scanned from `atg-synthetic --rows 100000`; times mean something
//! in a release build only:
//!
//! ```sh
//! cargo test --release -p atg-executor-local --test it latencies -- --ignored --nocapture
//! ```

use std::time::{Duration, Instant};

use atg_executor_local::graph::embedded::{EmbeddedStore, Options};
use serde_json::{Map, json};

use super::{battery::normal, fixture, server};

const QUERIES: &[(&str, &str)] = &[
    ("count nodes", "MATCH (n) RETURN count(*) AS n"),
    (
        "types",
        "MATCH (n:Resource) RETURN n.type AS type, count(*) AS n ORDER BY n DESC, type LIMIT 10",
    ),
    (
        "relationship types",
        "MATCH ()-[r]->() RETURN type(r) AS type, count(*) AS n",
    ),
    (
        "by name",
        "MATCH (n:VirtualMachine {name: 'vm-3'}) RETURN n.id AS id",
    ),
    (
        "by prefix",
        "MATCH (n:Resource) WHERE n.name STARTS WITH 'vm-1' RETURN count(*) AS n",
    ),
    (
        "by part of a name",
        "MATCH (n:Resource) WHERE n.name CONTAINS '77' RETURN count(*) AS n",
    ),
    (
        "by a scalar",
        "MATCH (n:VirtualMachine) WHERE n.`hardwareProfile.vmSize` = 'Standard_B2ms' RETURN count(*) AS n",
    ),
    (
        "by pattern",
        "MATCH (n:Resource) WHERE n.name =~ '(?i)VM-\\\\d1' RETURN count(*) AS n",
    ),
    (
        "one step",
        "MATCH (v:VirtualMachine)-[:CONNECTED_TO]->(i) RETURN count(*) AS n",
    ),
    (
        "three steps",
        "MATCH (v:VirtualMachine)-[:CONNECTED_TO]->(i)-[:USES_SUBNET]->(s)-[:SECURED_BY]->(g) RETURN count(*) AS n",
    ),
    (
        "without a step",
        "MATCH (n:Resource) WHERE NOT (n)-[:TAGGED_WITH]->() RETURN count(*) AS n",
    ),
    (
        "hierarchy",
        "MATCH (t:Tenant)-[:CONTAINS*]->(x) RETURN count(*) AS n",
    ),
    (
        "group by end",
        "MATCH (n)-[:TAGGED_WITH]->(t:Tag) RETURN t.name AS tag, count(*) AS n ORDER BY n DESC, tag LIMIT 10",
    ),
    (
        "labels of ends",
        "MATCH (a)-[r]->(b) RETURN labels(a)[-1] AS a, type(r) AS r, labels(b)[-1] AS b, count(*) AS n ORDER BY n DESC, a, r, b LIMIT 20",
    ),
    (
        "first by name",
        "MATCH (n:Resource) RETURN n.name AS name, n.id AS id ORDER BY name, id LIMIT 10",
    ),
    (
        "distinct",
        "MATCH (n:Resource) RETURN count(DISTINCT n.resource_group) AS n",
    ),
    (
        "optional",
        "MATCH (g:ResourceGroup) OPTIONAL MATCH (g)-[:CONTAINS]->(v:VirtualMachine) WITH g, count(v) AS n RETURN n, count(*) AS groups ORDER BY n",
    ),
    (
        "shortest path",
        "MATCH (a:VirtualMachine {name: 'vm-3'}) WITH a ORDER BY a.id LIMIT 1 MATCH (b:Tenant) MATCH p = shortestPath((a)<-[:CONTAINS*]-(b)) RETURN length(p) AS n",
    ),
];

/// The middle of three.
fn median(mut run: impl FnMut() -> Duration) -> Duration {
    let mut times = [run(), run(), run()];
    times.sort_unstable();
    times[1]
}

#[tokio::test]
#[ignore = "needs Neo4j and a large graph"]
async fn latencies_on_a_large_graph() {
    let path = std::env::var("ATG_CYPHER_GRAPH").expect("ATG_CYPHER_GRAPH names no graph file");
    let store = EmbeddedStore::open(
        path,
        Options {
            create: false,
            ..Options::default()
        },
    )
    .unwrap();
    let loaded = server::Loaded::new(&fixture::export(&store).await);
    let mut bolt = loaded.connect();
    for property in ["key", "id", "name", "type"] {
        let index = format!("CREATE INDEX IF NOT EXISTS FOR (n:Resource) ON (n.{property})");
        bolt.run(&index, &json!({})).map_err(|refused| refused.0).unwrap();
    }
    bolt.run("CALL db.awaitIndexes(300)", &json!({}))
        .map_err(|refused| refused.0)
        .unwrap();

    let mut table = format!(
        "{:<22} {:>12} {:>12} {:>8}\n",
        "query", "embedded ms", "Neo4j ms", "rows"
    );
    for (name, text) in QUERIES {
        let (ours, _) = fixture::ask(&store, fixture::query(text, &Map::new()))
            .await
            .unwrap();
        let theirs = bolt.run(text, &json!({})).map_err(|refused| refused.0).unwrap();
        let ordered = text.contains("ORDER BY");
        assert_eq!(normal(&ours.rows, ordered), normal(&theirs, ordered), "{text}");
        let mut here = Vec::new();
        for _ in 0..3 {
            let began = Instant::now();
            fixture::ask(&store, fixture::query(text, &Map::new()))
                .await
                .unwrap();
            here.push(began.elapsed());
        }
        here.sort_unstable();
        let there = median(|| {
            let began = Instant::now();
            assert!(bolt.run(text, &json!({})).is_ok());
            began.elapsed()
        });
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        table.push_str(&format!(
            "{name:<22} {:>12.1} {:>12.1} {:>8}\n",
            ms(here[1]),
            ms(there),
            theirs.len()
        ));
    }
    #[expect(clippy::print_stdout, reason = "the table is what it is for")]
    {
        println!("{table}");
    }
}
