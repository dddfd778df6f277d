//! Limits, confinement, explanation and plain SQL.

use std::time::{Duration, Instant};

use atg_executor_local::graph::{GraphStore as _, SqlQuery};
use atg_sdk::{ErrorKind, azure::TenantId};
use rstest::rstest;
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

use super::{
    fixture::{self, Rows, ask},
    sample,
};

fn no_parameters() -> Map<String, Json> {
    Map::new()
}

#[tokio::test]
async fn an_answer_is_cut_at_its_rows_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut query = fixture::query("UNWIND range(1, 10) AS x RETURN x", &no_parameters());
    query.row_limit = 10;
    let (answer, summary) = ask(&store, query.clone()).await.unwrap();
    assert_eq!(
        (answer.rows.len(), summary.rows, summary.truncated),
        (10, 10, false)
    );
    query.row_limit = 9;
    let (answer, summary) = ask(&store, query).await.unwrap();
    assert_eq!((answer.rows.len(), summary.rows, summary.truncated), (9, 9, true));
}

#[tokio::test]
async fn an_answer_is_cut_at_its_bytes_and_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut query = fixture::query("UNWIND range(1, 10) AS x RETURN 'xxxxxxxx'", &no_parameters());
    // A row is ["xxxxxxxx"]: twelve bytes.
    query.byte_limit = 36;
    let (answer, summary) = ask(&store, query).await.unwrap();
    assert_eq!((answer.rows.len(), summary.truncated), (3, true));
}

#[rstest]
#[case::in_sql("MATCH (a), (b), (c), (d), (e), (f), (g), (h) WHERE a.name = 'none' + h.name RETURN count(*)")]
#[case::in_a_chain("MATCH (a)-[*]-(b)-[*]-(c) RETURN count(*)")]
#[case::in_a_list(
    "RETURN reduce(n = 0, x IN range(1, 3000000) | n + size([y IN range(1, 1000) WHERE y > x]))"
)]
#[case::in_rows("UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN count(*)")]
#[tokio::test]
async fn a_long_query_stops_at_its_time_limit(#[case] text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut query = fixture::query(text, &no_parameters());
    query.timeout = Duration::from_millis(200);
    let began = Instant::now();
    let error = ask(&store, query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn a_query_stops_when_somebody_asks() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let query = fixture::query(
        "UNWIND range(1, 1000000) AS a UNWIND range(1, 1000000) AS b RETURN count(*)",
        &no_parameters(),
    );
    let cancel = query.cancel.clone();
    let answer = tokio::spawn(async move { ask(&store, query).await });
    cancel.cancel();
    assert_eq!(answer.await.unwrap().unwrap_err().kind(), ErrorKind::Cancelled);
}

#[rstest]
#[case::a_list("RETURN range(1, 1000000000)")]
#[case::rows("WITH $long AS t UNWIND range(1, 100000) AS a WITH a, t + toString(a) AS s ORDER BY s RETURN a")]
#[case::groups("WITH $long AS t UNWIND range(1, 100000) AS a RETURN t + toString(a) AS s, count(*)")]
#[case::collected("WITH $long AS t UNWIND range(1, 100000) AS a RETURN collect(t + toString(a))")]
#[case::distinct("WITH $long AS t UNWIND range(1, 100000) AS a RETURN count(DISTINCT t + toString(a))")]
#[case::a_union(
    "WITH $long AS t UNWIND range(1, 50000) AS a RETURN t + toString(a) AS s UNION RETURN 1 AS s"
)]
#[case::text("RETURN reduce(s = 'x', i IN range(1, 60) | s + s)")]
#[case::lists_of_lists("RETURN size(reduce(l = [1], i IN range(1, 60) | [l, l])) AS n")]
#[case::maps_of_maps("WITH reduce(m = {}, i IN range(1, 60) | {a: m, b: m}) AS m RETURN m = m AS same")]
#[case::one_text_many_times("WITH reduce(l = [$long], i IN range(1, 20) | l + l) AS l RETURN DISTINCT l")]
#[case::whole_nodes("UNWIND range(1, 30000) AS i MATCH (n) WITH collect(n) AS all RETURN all")]
#[case::percentile("UNWIND range(1, 100000000) AS a RETURN percentileCont(a, 0.5)")]
#[case::comprehension("RETURN [a IN range(1, 5000000) | [a, a]]")]
#[case::replaced("RETURN replace(replace(replace('aaaaaaaaaa', 'a', $long), 'b', $long), 'b', $long)")]
#[tokio::test]
async fn a_query_cannot_fill_the_memory(#[case] text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let parameters = json!({ "long": "b".repeat(100_000) });
    let mut query = fixture::query(text, parameters.as_object().unwrap());
    query.byte_limit = u64::MAX;
    let error = ask(&store, query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
}

#[rstest]
#[case::parentheses("RETURN ", "(", "1", ")")]
#[case::lists("RETURN ", "[", "1", "]")]
#[case::maps("RETURN ", "{a: ", "1", "}")]
#[case::signs("RETURN ", "- ", "1", "")]
#[case::negations("RETURN ", "NOT ", "true", "")]
#[case::cases("RETURN ", "CASE WHEN true THEN ", "1", " END")]
#[case::calls("RETURN ", "abs(", "1", ")")]
#[case::comprehensions("RETURN ", "[x IN [1] | ", "1", "]")]
#[case::subqueries("RETURN ", "COUNT { RETURN ", "1", " AS x }")]
#[case::patterns("MATCH (a) WHERE ", "EXISTS { (a)--(b) WHERE ", "true", " } RETURN a")]
#[case::labels("MATCH (a:", "!", "A", ") RETURN a")]
#[tokio::test]
async fn whatever_nests_deeply_is_answered_or_refused(
    #[case] start: &str,
    #[case] open: &str,
    #[case] inner: &str,
    #[case] close: &str,
) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    for depth in [20, 120, 1_000, 100_000] {
        let text = [start, &open.repeat(depth), inner, &close.repeat(depth)].concat();
        if let Err(error) = ask(&store, fixture::query(&text, &no_parameters())).await {
            assert_ne!(error.kind(), ErrorKind::Internal, "{error}");
        }
    }
}

#[tokio::test]
async fn a_value_cannot_nest_deeper_than_the_stack() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let text = "WITH reduce(l = [], x IN range(1, 100000) | [l]) AS l RETURN DISTINCT l";
    let error = ask(&store, fixture::query(text, &no_parameters()))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

/// Queries that would show the other tenant if any part of them looked past its bounds.
#[rstest]
#[case("MATCH (n) RETURN count(*)", 22)]
#[case("MATCH (n:Subscription) RETURN count(*)", 2)]
#[case("MATCH (n {name: 'z'}) RETURN count(*)", 0)]
#[case("MATCH ()-[r]->() RETURN count(*)", 32)]
#[case("MATCH ()-[r]-() RETURN count(*)", 63)]
#[case("MATCH (a:Tenant)-[*]->(b) RETURN count(*)", 49)]
#[case("MATCH (a:Tenant), (b:Tenant) RETURN count(*)", 1)]
#[case("RETURN COUNT { MATCH (n:Tenant) }", 1)]
#[case("RETURN size([(a:Tenant)-->(b) | b])", 2)]
#[case("MATCH (a:Tenant) RETURN size([p = (a)-[*2]->() | nodes(p)])", 3)]
#[tokio::test]
async fn a_confined_query_sees_its_tenants_only(#[case] text: &str, #[case] expected: i64) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut query = fixture::query(text, &no_parameters());
    query.tenants = Some(vec![sample::TENANT.parse::<TenantId>().unwrap()]);
    let (answer, _) = ask(&store, query.clone()).await.unwrap();
    assert_eq!(answer.rows, [[json!(expected)]]);
    query.tenants = Some(Vec::new());
    let (answer, _) = ask(&store, query).await.unwrap();
    assert!(
        answer.rows.iter().all(|row| row[0] == json!(0)),
        "{:?}",
        answer.rows
    );
}

#[tokio::test]
async fn an_explanation_shows_the_sql_and_the_index() {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let text = "EXPLAIN MATCH (v:VirtualMachine {name: 'web1'})-[:USES_SUBNET]->(s) RETURN s.name";
    let (answer, _) = ask(&store, fixture::query(text, &no_parameters())).await.unwrap();
    assert_eq!(answer.columns, ["step", "detail"]);
    let text: Vec<String> = answer
        .rows
        .iter()
        .map(|row| row[1].as_str().unwrap().to_owned())
        .collect();
    let text = text.join("\n");
    assert!(text.contains("SELECT"), "{text}");
    assert!(text.contains("edge_src"), "{text}");
}

#[rstest]
#[case::counted("MATCH (a)-[:MEMBER_OF]->(b) RETURN count(b)", "SELECT count(*)")]
#[case::by_key("MATCH (n {key: 'x'}) RETURN n", "node_key")]
#[case::by_id("MATCH (n) WHERE n.id = $x RETURN n", "node_azure_id")]
#[case::by_name("MATCH (n) WHERE 'x' = n.name RETURN n", "node_name")]
#[case::by_names("MATCH (n) WHERE n.name IN ['x', 'y'] RETURN n", "node_name")]
#[case::by_prefix("MATCH (n) WHERE n.name STARTS WITH 'x' RETURN n", "node_name")]
#[case::by_type("MATCH (n {type: 'x'}) RETURN n", "node_type")]
#[case::by_label("MATCH (n:Group) RETURN n.name", "PRIMARY KEY (label=?)")]
#[case::by_either_label(
    "MATCH (n) WHERE n:User AND n.age > 3 OR n:Group RETURN n.name",
    "PRIMARY KEY (label=?)"
)]
#[case::by_type_of("MATCH (a)-[r]->(b) WHERE type(r) = 'MEMBER_OF' RETURN a.name", "e0.type = ")]
#[case::by_types_of(
    "MATCH (a:User)-[r]->(b) WHERE type(r) IN ['MEMBER_OF', $x] RETURN b.name",
    "(src=? AND type=?)"
)]
#[case::by_type_label(
    "MATCH (a)-[r]->(b) WHERE r:MEMBER_OF AND b.name <> a.name RETURN a.name",
    "e0.type = "
)]
#[case::by_another_node("MATCH (a:Group) MATCH (b {name: a.name}) RETURN b", "node_name")]
#[tokio::test]
async fn indexes_serve_the_patterns(#[case] text: &str, #[case] index: &str) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let parameters = json!({ "x": "x" });
    let query = fixture::query(&format!("EXPLAIN {text}"), parameters.as_object().unwrap());
    let (answer, _) = ask(&store, query).await.unwrap();
    assert!(
        answer
            .rows
            .iter()
            .any(|row| row[1].as_str().unwrap().contains(index)),
        "{:?}",
        answer.rows
    );
}

fn sql(text: &str) -> SqlQuery {
    SqlQuery {
        text: text.to_owned(),
        row_limit: 1000,
        byte_limit: 1 << 20,
        timeout: Duration::from_secs(10),
        cancel: CancellationToken::new(),
    }
}

#[rstest]
#[case("SELECT count(*) AS n FROM nodes", 25)]
#[case(
    "SELECT count(*) FROM edges e JOIN nodes n ON n.key = e.source_key WHERE e.type = 'MEMBER_OF'",
    5
)]
#[case(
    "WITH x AS (SELECT label FROM node_labels) SELECT count(DISTINCT label) FROM x",
    11
)]
#[case("SELECT json_extract(members, '$.cores') FROM nodes WHERE name = 'web1'", 4)]
#[tokio::test]
async fn plain_sql_reads_the_documented_tables(#[case] text: &str, #[case] expected: i64) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let rows = Rows::default();
    store.sql(sql(text), Box::new(rows.clone())).await.unwrap();
    assert_eq!(rows.0.lock().unwrap().rows, [[json!(expected)]]);
}

#[rstest]
#[case("SELECT * FROM node")]
#[case("SELECT * FROM meta")]
#[case("SELECT holder FROM tenant")]
#[case("SELECT sql FROM sqlite_master")]
#[case("SELECT * FROM pragma_table_info('node')")]
#[case("PRAGMA table_info(node)")]
#[case("ATTACH DATABASE '/tmp/x.db' AS x")]
#[case("DELETE FROM nodes")]
#[case("UPDATE node SET name = 'x'")]
#[case("CREATE TABLE x (y)")]
#[case("CREATE TEMP TABLE x (y)")]
#[case("DROP TABLE node")]
#[case("VACUUM INTO '/tmp/x.db'")]
#[case("BEGIN")]
#[case("SELECT load_extension('x')")]
#[case("SELECT key FROM nodes; SELECT 1")]
#[case("SELECT * FROM nodes WHERE name = ?1")]
#[case("SELECT 1 AS x, 2 AS x")]
#[case("")]
#[tokio::test]
async fn plain_sql_does_nothing_else(#[case] text: &str) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let error = store.sql(sql(text), Box::new(Rows::default())).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
}

#[rstest]
#[case::forever(
    "WITH RECURSIVE x (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM x) SELECT max(i) FROM x",
    ErrorKind::Timeout
)]
#[case::too_large(
    "SELECT group_concat(name, printf('%.*c', 10000000, 'x')) AS x FROM nodes",
    ErrorKind::TooLarge
)]
#[tokio::test]
async fn plain_sql_has_limits_too(#[case] text: &str, #[case] kind: ErrorKind) {
    let directory = tempfile::tempdir().unwrap();
    let store = fixture::store(directory.path()).await;
    let mut query = sql(text);
    query.timeout = Duration::from_millis(500);
    let error = store.sql(query, Box::new(Rows::default())).await.unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
}
