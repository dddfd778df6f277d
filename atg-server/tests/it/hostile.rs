//! A key of tenant A, a graph that holds A and B, and everything that one might try.

use atg_server::http::{Limits, Rate};
use http::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::{Answer, Key, Setup, Site, TENANT_A, TENANT_B, id_of, key};

const SUBSCRIPTION_B: &str = "b0b0b0b0-0000-4000-8000-00000000000b";

/// What only tenant B has. None of it may reach the key of A.
const OF_B: [&str; 5] = [
    TENANT_B,
    SUBSCRIPTION_B,
    "crown-jewels",
    "vault-of-b",
    "10.66.6.0",
];

fn rows_of(tenant: &str) -> String {
    let (subscription, group, network, prefix) = if tenant == TENANT_B {
        (SUBSCRIPTION_B, "crown-jewels", "vault-of-b", "10.66.6.0/24")
    } else {
        (
            "a0a0a0a0-0000-4000-8000-00000000000a",
            "plain",
            "hall-of-a",
            "10.1.0.0/24",
        )
    };
    let scope = format!("/subscriptions/{subscription}");
    let id = format!("{scope}/resourceGroups/{group}/providers/Microsoft.Network/virtualNetworks/{network}");
    let rows = [
        json!({ "id": scope, "name": subscription, "type": "Microsoft.Resources/subscriptions",
                "subscriptionId": subscription, "displayName": group, "tenantId": tenant }),
        json!({ "id": id, "name": network, "type": "Microsoft.Network/virtualNetworks", "location": "westeurope",
                "tenantId": tenant, "tags": { "shared": "tag" },
                "properties": { "addressSpace": { "addressPrefixes": [prefix] } } }),
    ];
    rows.map(|row| format!("{row}\n")).concat()
}

struct Scene {
    site: Site,
    /// May do everything everywhere.
    operator: Key,
    /// May do everything in A.
    attacker: Key,
    /// The operator's jobs about B: a scan and an export.
    foreign: Vec<String>,
    /// What the export of B holds.
    export: Vec<u8>,
}

async fn scene() -> Scene {
    let (operator, attacker) = (key("operator"), key("attacker").tenants(&[TENANT_A]));
    let mut setup = Setup::new(&[&operator, &attacker]);
    let plenty = Rate::per_minute(100_000);
    setup.limits = Limits {
        long: plenty,
        short: plenty,
        other: plenty,
        ..Limits::default()
    };
    let site = setup.start().await;
    let mut foreign = Vec::new();
    for tenant in [TENANT_A, TENANT_B] {
        let digest = put(&site, &operator, rows_of(tenant).into_bytes()).await;
        let body = json!({ "tenant_id": tenant, "input": digest, "keep_export": true });
        let scanned = site.post("/api/v1/scan", &operator, &body).send().await.json();
        let scanned = site.ended(&operator, id_of(&scanned)).await;
        assert_eq!(scanned["status"], "completed", "{scanned}");
        if tenant == TENANT_B {
            foreign.push(id_of(&scanned).to_owned());
        }
    }
    let exported = site
        .post("/api/v1/export", &operator, &json!({ "tenant_id": TENANT_B }))
        .send()
        .await
        .json();
    let exported = site.ended(&operator, id_of(&exported)).await;
    let path = format!("/api/v1/jobs/{}/artifacts/graph.jsonl.zst", id_of(&exported));
    let export = site.get(&path, &operator).send().await.body.to_vec();
    let text = String::from_utf8(zstd::decode_all(export.as_slice()).unwrap()).unwrap();
    assert!(text.contains("vault-of-b"), "the prize is there: {text}");
    foreign.push(id_of(&exported).to_owned());
    Scene {
        site,
        operator,
        attacker,
        foreign,
        export,
    }
}

async fn put(site: &Site, key: &Key, content: Vec<u8>) -> String {
    let digest: String = Sha256::digest(&content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let path = format!("/api/v1/inputs/{digest}");
    let answer = site.call(Method::PUT, &path).key(key).body(content).send().await;
    assert!(answer.status.is_success(), "{answer:?}");
    digest
}

fn assert_clean(what: &str, text: &str) {
    for marker in OF_B {
        assert!(!text.contains(marker), "{what} shows {marker}: {text}");
    }
}

/// Queries of which every row would be a row about B.
const AIMED: &[&str] = &[
    "MATCH (n {name: 'vault-of-b'}) RETURN n.id",
    "MATCH (n) WHERE n.name = 'vault-of-b' RETURN n",
    "MATCH (n) WHERE n.name STARTS WITH 'vault' RETURN n.name",
    "MATCH (n) WHERE n.name CONTAINS 'of-b' RETURN n.name",
    "MATCH (n) WHERE n.name ENDS WITH '-of-b' RETURN n.name",
    "MATCH (n) WHERE n.tenant_id = 'bbbbbbbb-0000-4000-8000-00000000000b' RETURN n.id",
    "MATCH (n) WHERE n.tenant_id <> 'aaaaaaaa-0000-4000-8000-00000000000a' RETURN n.id",
    "MATCH (n) WHERE NOT n.tenant_id = 'aaaaaaaa-0000-4000-8000-00000000000a' RETURN n.id",
    "MATCH (n) WHERE n.tenant_id IN ['bbbbbbbb-0000-4000-8000-00000000000b'] RETURN n.id",
    "MATCH (t:Tenant {id: '/tenants/bbbbbbbb-0000-4000-8000-00000000000b'}) RETURN t",
    "MATCH (t:Tenant) WHERE t.id <> '/tenants/aaaaaaaa-0000-4000-8000-00000000000a' RETURN t.id",
    "MATCH (s:Subscription) WHERE s.name <> 'plain' AND s.id CONTAINS 'b0b0' RETURN s.id",
    "MATCH (g:ResourceGroup {name: 'crown-jewels'}) RETURN g",
    "MATCH (a {name: 'hall-of-a'})--(x)--(b {name: 'vault-of-b'}) RETURN x, b",
    "MATCH (a {name: 'hall-of-a'})-[*1..4]-(b {name: 'vault-of-b'}) RETURN b",
    "MATCH (a {name: 'hall-of-a'}), (b {name: 'vault-of-b'}) RETURN a, b",
    "MATCH (a {name: 'hall-of-a'})-[]-(r)-[]-(b) WHERE b.id CONTAINS 'b0b0' RETURN b.id",
    "MATCH (n)-[e]->(m) WHERE m.name = 'vault-of-b' RETURN type(e)",
    "MATCH (n)-[e]->(m) WHERE n.name = 'crown-jewels' RETURN type(e), m",
    "MATCH (n) WHERE n.name = $name RETURN n",
    "MATCH (n) WHERE n.name = 'x' OR n.name = 'vault-of-b' RETURN n.id",
    "MATCH (n) WITH n WHERE n.name = 'vault-of-b' RETURN n.id",
    "MATCH (n) WHERE n.name =~ 'vault-.*' RETURN n.id",
    "MATCH (n:VirtualNetwork) WHERE n.name <> 'hall-of-a' RETURN n.id",
    "MATCH (n) WHERE n.id CONTAINS 'b0b0b0b0' RETURN n.id",
    "MATCH (n) WHERE toLower(n.name) = 'vault-of-b' RETURN n.id",
    "MATCH (n) WHERE EXISTS { MATCH (n)--(m {name: 'vault-of-b'}) } RETURN n.id",
    "UNWIND ['vault-of-b'] AS name MATCH (n {name: name}) RETURN n.id",
    "OPTIONAL MATCH (n {name: 'vault-of-b'}) WITH n WHERE n IS NOT NULL RETURN n.id",
    "MATCH (n {name: 'hall-of-a'}) RETURN n.id UNION MATCH (n {name: 'vault-of-b'}) RETURN n.id",
];

/// Queries that have an answer, which must be of A alone.
const BROAD: &[&str] = &[
    "MATCH (n) RETURN n",
    "MATCH (n) RETURN n.id, n.name, n.tenant_id",
    "MATCH (t:Tenant) RETURN t.id",
    "MATCH (s:Subscription) RETURN s",
    "MATCH (n)-[e]->(m) RETURN n, e, m",
    "MATCH (r:Region)--(n) RETURN r, n.name",
    "MATCH (t:Tag)--(n) RETURN t, n.name",
    "MATCH p = (n)-[*1..3]-(m) RETURN p",
    "MATCH (n) RETURN collect(n.name)",
    "MATCH (n) RETURN DISTINCT n.tenant_id",
    "MATCH (n) RETURN labels(n), n.properties",
    "MATCH (n:Scan) RETURN n",
];

#[tokio::test]
async fn no_query_of_a_sees_anything_of_b() {
    let Scene { site, attacker, .. } = scene().await;
    let mut answered = 0;
    for (query, aimed) in AIMED
        .iter()
        .map(|q| (q, true))
        .chain(BROAD.iter().map(|q| (q, false)))
    {
        let body = json!({ "query": query, "parameters": { "name": "vault-of-b" } });
        let answer = site
            .post("/api/v1/query", &attacker, &body)
            .header("prefer", "wait=60")
            .send()
            .await;
        if answer.status == 422 {
            // Not a query that this version knows: nothing was run.
            continue;
        }
        assert_eq!(answer.status, 200, "{query}: {answer:?}");
        let job = answer.json();
        assert_eq!(job["status"], "completed", "{query}: {job}");
        answered += 1;
        let path = format!("/api/v1/jobs/{}/artifacts/rows.jsonl", id_of(&job));
        let rows = site.get(&path, &attacker).send().await;
        assert_clean(query, rows.text());
        assert_clean(query, &job["output"]["rows"].to_string());
        if aimed && !query.contains("UNION") {
            assert_eq!(job["output"]["row_count"], 0, "{query}: {}", rows.text());
        }
    }
    assert!(answered >= 35, "only {answered} of the queries were carried out");
    let counted = site
        .post(
            "/api/v1/query",
            &attacker,
            &json!({ "query": "MATCH (n {name: 'vault-of-b'}) RETURN count(n) AS n" }),
        )
        .header("prefer", "wait=60")
        .send()
        .await
        .json();
    assert_eq!(counted["output"]["rows"][0]["n"], 0, "{counted}");
}

#[tokio::test]
async fn a_query_of_the_operator_sees_both() {
    let Scene { site, operator, .. } = scene().await;
    let body = json!({ "query": "MATCH (n:VirtualNetwork) RETURN n.name AS name" });
    let job = site
        .post("/api/v1/query", &operator, &body)
        .header("prefer", "wait=60")
        .send()
        .await
        .json();
    assert_eq!(job["output"]["row_count"], 2, "{job}");
}

fn refused(what: &str, answer: &Answer) {
    assert!(matches!(answer.status.as_u16(), 403 | 404), "{what}: {answer:?}");
}

#[tokio::test]
async fn nothing_but_403_and_404_for_what_is_named_of_b() {
    let Scene {
        site,
        attacker,
        foreign,
        operator,
        ..
    } = scene().await;
    for operation in ["scan", "query", "export", "import", "self-test", "rehearsal"] {
        for query in ["", "?validate_only=true"] {
            let path = format!("/api/v1/{operation}{query}");
            let mut body = json!({ "tenant_id": TENANT_B });
            if operation == "query" {
                body["query"] = json!("MATCH (n) RETURN n");
            }
            refused(&path, &site.post(&path, &attacker, &body).send().await);
        }
    }
    for id in &foreign {
        for tail in [
            "",
            "?wait=1",
            "/result",
            "/events",
            "/artifacts",
            "/artifacts?list",
            "/artifacts/manifest.json",
        ] {
            let path = format!("/api/v1/jobs/{id}{tail}");
            refused(&path, &site.get(&path, &attacker).send().await);
        }
        let cancel = format!("/api/v1/jobs/{id}/cancel");
        refused(
            &cancel,
            &site.call(Method::POST, &cancel).key(&attacker).send().await,
        );
        for purge in ["", "?purge=true"] {
            let path = format!("/api/v1/jobs/{id}{purge}");
            let deleted = site.call(Method::DELETE, &path).key(&attacker).send().await;
            assert_eq!(deleted.status, 204, "as for a job that is not there");
        }
        let path = format!("/api/v1/jobs/{id}");
        assert_eq!(
            site.get(&path, &operator).send().await.status,
            200,
            "and it is still there"
        );
        // The id of somebody's job as an idempotency key tells nothing about that job.
        let twin = site
            .post("/api/v1/rehearsal", &attacker, &json!({}))
            .header("idempotency-key", id)
            .send()
            .await;
        assert_clean(
            "an idempotency key",
            &twin.problem(422, "IdempotencyKeyReused").to_string(),
        );
    }
    let path = format!("/api/v1/jobs?tenant_id={TENANT_B}");
    refused(&path, &site.get(&path, &attacker).send().await);
    let listed = site.get("/api/v1/jobs", &attacker).send().await;
    assert_clean("the list of jobs", listed.text());
    let status = site.get("/api/v1/status", &attacker).send().await;
    assert_clean("the status", status.text());
    let tested = site
        .post("/api/v1/self-test", &attacker, &json!({}))
        .header("prefer", "wait=60")
        .send()
        .await;
    assert_eq!(tested.status, 200, "{tested:?}");
    assert_clean("the self-test", tested.text());
}

#[tokio::test]
async fn an_export_of_everything_is_one_of_a() {
    let Scene { site, attacker, .. } = scene().await;
    for body in [
        json!({}),
        json!({ "with_history": true }),
        json!({ "tenant_id": TENANT_A }),
    ] {
        let job = site.post("/api/v1/export", &attacker, &body).send().await.json();
        let job = site.ended(&attacker, id_of(&job)).await;
        assert_eq!(job["status"], "completed", "{job}");
        let path = format!("/api/v1/jobs/{}/artifacts/graph.jsonl.zst", id_of(&job));
        let file = site.get(&path, &attacker).send().await.body;
        let text = String::from_utf8(zstd::decode_all(file.as_ref()).unwrap()).unwrap();
        assert!(text.contains("hall-of-a"), "{text}");
        assert_clean("an export", &text);
    }
}

#[tokio::test]
async fn an_import_of_foreign_rows_writes_none_of_them() {
    let Scene {
        site,
        attacker,
        operator,
        export,
        ..
    } = scene().await;
    let count = async || -> Value {
        let body = json!({ "query": "MATCH (n) RETURN count(n) AS n" });
        let query = site
            .post("/api/v1/query", &operator, &body)
            .header("prefer", "wait=60");
        query.send().await.json()["output"]["rows"][0]["n"].clone()
    };
    let before = count().await;
    // Somebody else's input is as good as none.
    let theirs: String = Sha256::digest(rows_of(TENANT_B))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let head = format!("/api/v1/inputs/{theirs}");
    refused(&head, &site.call(Method::HEAD, &head).key(&attacker).send().await);
    let named = site
        .post("/api/v1/import", &attacker, &json!({ "input": theirs }))
        .send()
        .await;
    named.problem(422, "UnknownInput");
    // An export of B that leaked comes in as the attacker's own input.
    let digest = put(&site, &attacker, export).await;
    for body in [
        json!({ "input": digest }),
        json!({ "input": digest, "replace": true }),
        json!({ "input": digest, "tenant_id": TENANT_A, "replace": true }),
    ] {
        let job = site.post("/api/v1/import", &attacker, &body).send().await.json();
        let job = site.ended(&attacker, id_of(&job)).await;
        assert_eq!(job["status"], "failed", "{job}");
    }
    assert_eq!(count().await, before);
}

#[tokio::test]
async fn nothing_of_b_is_compared_with_anything() {
    let Scene {
        site,
        attacker,
        operator,
        export,
        foreign,
    } = scene().await;
    let digest = put(&site, &attacker, export).await;
    let own = json!({ "tenant_id": TENANT_A });
    let (tenant, scan) = (json!({ "tenant_id": TENANT_B }), json!({ "scan_id": foreign[0] }));
    for (one, other) in [(&own, &tenant), (&tenant, &own), (&tenant, &tenant)] {
        for query in ["", "?validate_only=true"] {
            let path = format!("/api/v1/diff{query}");
            let body = json!({ "left": one, "right": other });
            refused(&path, &site.post(&path, &attacker, &body).send().await);
        }
    }
    for (side, pointer) in [("left", "/left/scan_id"), ("right", "/right/scan_id")] {
        let mut body = json!({ "left": own, "right": own });
        body[side] = scan.clone();
        for path in ["/api/v1/diff", "/api/v1/diff?validate_only=true"] {
            let answer = site.post(path, &attacker, &body).send().await;
            let problem = answer.problem(422, "UnknownScan");
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
            assert_clean("an unknown scan", &problem.to_string());
        }
    }
    // An export of B that leaked comes in as the attacker's own input.
    let body = json!({ "left": own, "right": { "input": digest } });
    let job = site.post("/api/v1/diff", &attacker, &body).send().await.json();
    let job = site.ended(&attacker, id_of(&job)).await;
    assert_eq!(job["status"], "failed", "{job}");
    assert_eq!(job["error"]["kind"], "PermissionDenied", "{job}");

    // Whoever may do it may.
    let body = json!({ "left": scan, "right": tenant });
    let job = site.post("/api/v1/diff", &operator, &body).send().await.json();
    let job = site.ended(&operator, id_of(&job)).await;
    assert_eq!(job["status"], "completed", "{job}");
    assert_eq!(job["output"]["identical"], true, "{job}");
}

#[tokio::test]
async fn a_comparison_without_sides_is_told_what_is_missing() {
    let Scene { site, attacker, .. } = scene().await;
    let answer = site.post("/api/v1/diff", &attacker, &json!({})).send().await;
    let problem = answer.problem(422, "InvalidArgument");
    let pointers: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/left", "/right"], "{problem}");
    for side in [
        json!({}),
        json!({ "path": "/etc/passwd" }),
        json!({ "tenant_id": TENANT_A, "scan_id": TENANT_A }),
        json!({ "scan_id": "../../x" }),
        json!("tenant"),
    ] {
        let body = json!({ "left": side, "right": { "tenant_id": TENANT_A } });
        let answer = site.post("/api/v1/diff", &attacker, &body).send().await;
        assert_eq!(answer.status, 422, "{side}: {answer:?}");
        let pointer = answer.json()["errors"][0]["pointer"].as_str().unwrap().to_owned();
        assert!(pointer.starts_with("/left"), "{side}: {pointer}");
    }
}
