//! The graph that the battery asks: small, and with one of everything that answers can differ by.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use atg_executor_local::graph::{
    ExportRequest, GraphStore as _, ImportRequest, Query, QuerySummary, RecordSink, RecordSource, RowSink,
    embedded::{EmbeddedStore, Options},
};
use atg_sdk::Result;
use serde_json::{Map, Value as Json, json};
use tokio_util::sync::CancellationToken;

/// The tenant of most nodes.
pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
/// A tenant of a few.
pub(crate) const OTHER: &str = "22222222-2222-4222-8222-222222222222";

const STAMP: &str = "2026-01-02T03:04:05Z";

/// `(id, labels, type, members, scalars)`; a tenant's nodes.
type Row = (
    &'static str,
    &'static [&'static str],
    Option<&'static str>,
    Json,
    Json,
);

fn nodes() -> Vec<Row> {
    let vm = Some("Microsoft.Compute/virtualMachines");
    let net = Some("Microsoft.Network/virtualNetworks");
    let subnet = Some("Microsoft.Network/virtualNetworks/subnets");
    let vms: &[&str] = &["Resource", "VirtualMachine"];
    vec![
        (
            "/tenant",
            &["Tenant"],
            None,
            json!({ "displayName": "Contoso" }),
            json!({}),
        ),
        (
            "/sub/a",
            &["Subscription"],
            None,
            json!({ "state": "Enabled" }),
            json!({}),
        ),
        (
            "/sub/b",
            &["Subscription"],
            None,
            json!({ "state": "Disabled" }),
            json!({}),
        ),
        (
            "/sub/a/rg/one",
            &["ResourceGroup"],
            None,
            json!({ "location": "westeurope", "tags": "{\"env\":\"prod\"}" }),
            json!({}),
        ),
        (
            "/sub/a/rg/two",
            &["ResourceGroup"],
            None,
            json!({ "location": "northeurope" }),
            json!({}),
        ),
        (
            "/sub/b/rg/one",
            &["ResourceGroup"],
            None,
            json!({ "location": "westeurope" }),
            json!({}),
        ),
        (
            "/sub/a/rg/one/vm/web1",
            vms,
            vm,
            json!({ "location": "westeurope", "zones": ["1", "2"], "cores": 4, "price": 1.5, "spot": true }),
            json!({ "hardwareProfile.vmSize": "Standard_D4s", "storageProfile.osDisk.diskSizeGB": 128, "cores": 99, "ratio": 1.0 }),
        ),
        (
            "/sub/a/rg/one/vm/web2",
            vms,
            vm,
            json!({ "location": "westeurope", "zones": ["3"], "cores": 2, "price": 0.25, "spot": false }),
            json!({ "hardwareProfile.vmSize": "Standard_B2s", "storageProfile.osDisk.diskSizeGB": 64 }),
        ),
        (
            "/sub/a/rg/two/vm/Web3",
            vms,
            vm,
            json!({ "location": "northeurope", "zones": [], "cores": 8, "price": 10_000_000.0 }),
            json!({ "hardwareProfile.vmSize": "Standard_D4s", "ratio": -0.5 }),
        ),
        (
            "/sub/b/rg/one/vm/batch",
            &["Resource", "VirtualMachine", "Spot"],
            vm,
            json!({ "location": "westeurope", "cores": 4, "big": 9_007_199_254_740_993_i64 }),
            json!({ "hardwareProfile.vmSize": "Standard_B2s" }),
        ),
        (
            "/sub/a/rg/one/net/hub",
            &["Resource", "VirtualNetwork"],
            net,
            json!({ "location": "westeurope" }),
            json!({ "enableDdosProtection": false }),
        ),
        (
            "/sub/a/rg/two/net/spoke",
            &["Resource", "VirtualNetwork"],
            net,
            json!({ "location": "northeurope" }),
            json!({ "enableDdosProtection": true }),
        ),
        (
            "/sub/a/rg/one/net/hub/subnet/front",
            &["Resource", "Subnet"],
            subnet,
            json!({}),
            json!({ "addressPrefix": "10.0.0.0/24", "size": 254 }),
        ),
        (
            "/sub/a/rg/one/net/hub/subnet/back",
            &["Resource", "Subnet"],
            subnet,
            json!({}),
            json!({ "addressPrefix": "10.0.1.0/24", "size": 254 }),
        ),
        (
            "/sub/a/rg/two/net/spoke/subnet/front",
            &["Resource", "Subnet"],
            subnet,
            json!({}),
            json!({ "addressPrefix": "10.1.0.0/16", "size": 65534 }),
        ),
        (
            "/user/anna",
            &["User"],
            None,
            json!({ "upn": "anna@contoso.com", "enabled": true, "age": 41 }),
            json!({}),
        ),
        (
            "/user/Zoë 😀",
            &["User"],
            None,
            json!({ "upn": "zoe@contoso.com", "enabled": false, "age": 29 }),
            json!({}),
        ),
        (
            "/user/o'hara \"q\" `b`",
            &["User"],
            None,
            json!({ "upn": "ohara@contoso.com" }),
            json!({}),
        ),
        (
            "/group/admins",
            &["Group"],
            None,
            json!({ "enabled": true }),
            json!({}),
        ),
        ("/group/ops", &["Group"], None, json!({}), json!({})),
        ("/group/nobody", &["Group"], None, json!({}), json!({})),
        ("/external/x", &["External"], None, json!({}), json!({})),
    ]
}

fn other_nodes() -> Vec<Row> {
    vec![
        (
            "/tenant",
            &["Tenant"],
            None,
            json!({ "displayName": "Fabrikam" }),
            json!({}),
        ),
        (
            "/sub/z",
            &["Subscription"],
            None,
            json!({ "state": "Enabled" }),
            json!({}),
        ),
        (
            "/sub/z/rg/one",
            &["ResourceGroup"],
            None,
            json!({ "location": "westeurope" }),
            json!({}),
        ),
    ]
}

/// `(from, type, to, path, properties)`
fn edges() -> Vec<(&'static str, &'static str, &'static str, &'static str, Json)> {
    let none = || json!({});
    vec![
        ("/tenant", "CONTAINS", "/sub/a", "id", none()),
        ("/tenant", "CONTAINS", "/sub/b", "id", none()),
        ("/sub/a", "CONTAINS", "/sub/a/rg/one", "id", none()),
        ("/sub/a", "CONTAINS", "/sub/a/rg/two", "id", none()),
        ("/sub/b", "CONTAINS", "/sub/b/rg/one", "id", none()),
        ("/sub/a/rg/one", "CONTAINS", "/sub/a/rg/one/vm/web1", "id", none()),
        ("/sub/a/rg/one", "CONTAINS", "/sub/a/rg/one/vm/web2", "id", none()),
        ("/sub/a/rg/two", "CONTAINS", "/sub/a/rg/two/vm/Web3", "id", none()),
        (
            "/sub/b/rg/one",
            "CONTAINS",
            "/sub/b/rg/one/vm/batch",
            "id",
            none(),
        ),
        ("/sub/a/rg/one", "CONTAINS", "/sub/a/rg/one/net/hub", "id", none()),
        (
            "/sub/a/rg/two",
            "CONTAINS",
            "/sub/a/rg/two/net/spoke",
            "id",
            none(),
        ),
        (
            "/sub/a/rg/one/net/hub",
            "CONTAINS",
            "/sub/a/rg/one/net/hub/subnet/front",
            "id",
            none(),
        ),
        (
            "/sub/a/rg/one/net/hub",
            "CONTAINS",
            "/sub/a/rg/one/net/hub/subnet/back",
            "id",
            none(),
        ),
        (
            "/sub/a/rg/two/net/spoke",
            "CONTAINS",
            "/sub/a/rg/two/net/spoke/subnet/front",
            "id",
            none(),
        ),
        (
            "/sub/a/rg/one/vm/web1",
            "USES_SUBNET",
            "/sub/a/rg/one/net/hub/subnet/front",
            "properties.nic[0]",
            json!({ "primary": true, "order": 1 }),
        ),
        (
            "/sub/a/rg/one/vm/web1",
            "USES_SUBNET",
            "/sub/a/rg/one/net/hub/subnet/front",
            "properties.nic[1]",
            json!({ "primary": false, "order": 2 }),
        ),
        (
            "/sub/a/rg/one/vm/web1",
            "USES_SUBNET",
            "/sub/a/rg/one/net/hub/subnet/back",
            "properties.nic[2]",
            json!({ "order": 3 }),
        ),
        (
            "/sub/a/rg/one/vm/web2",
            "USES_SUBNET",
            "/sub/a/rg/one/net/hub/subnet/back",
            "properties.nic[0]",
            json!({ "primary": true, "weight": 0.5 }),
        ),
        (
            "/sub/a/rg/two/vm/Web3",
            "USES_SUBNET",
            "/sub/a/rg/two/net/spoke/subnet/front",
            "properties.nic[0]",
            json!({ "primary": true }),
        ),
        (
            "/sub/a/rg/one/net/hub",
            "CONNECTED_TO",
            "/sub/a/rg/two/net/spoke",
            "properties.peerings[0]",
            none(),
        ),
        (
            "/sub/a/rg/two/net/spoke",
            "CONNECTED_TO",
            "/sub/a/rg/one/net/hub",
            "properties.peerings[0]",
            none(),
        ),
        (
            "/sub/a/rg/two/net/spoke",
            "CONNECTED_TO",
            "/sub/a/rg/two/net/spoke",
            "properties.peerings[1]",
            none(),
        ),
        ("/user/anna", "MEMBER_OF", "/group/admins", "members[0]", none()),
        ("/user/Zoë 😀", "MEMBER_OF", "/group/ops", "members[0]", none()),
        ("/user/anna", "MEMBER_OF", "/group/ops", "members[1]", none()),
        ("/group/ops", "MEMBER_OF", "/group/admins", "members[1]", none()),
        ("/group/admins", "MEMBER_OF", "/group/ops", "members[2]", none()),
        (
            "/group/admins",
            "HAS_ROLE",
            "/sub/a",
            "id",
            json!({ "role": "Owner" }),
        ),
        (
            "/group/ops",
            "HAS_ROLE",
            "/sub/a/rg/two",
            "id",
            json!({ "role": "Reader" }),
        ),
        (
            "/user/o'hara \"q\" `b`",
            "HAS_ROLE",
            "/sub/b",
            "id",
            json!({ "role": "Reader", "condition": "x = 'y'" }),
        ),
        (
            "/sub/a/rg/one/vm/web1",
            "REFERENCES",
            "/external/x",
            "properties.other",
            none(),
        ),
        (
            "/sub/a/rg/two/vm/Web3",
            "REFERENCES",
            "/sub/a/rg/one/vm/web1",
            "properties.source",
            none(),
        ),
    ]
}

fn other_edges() -> Vec<(&'static str, &'static str, &'static str, &'static str, Json)> {
    vec![
        ("/tenant", "CONTAINS", "/sub/z", "id", json!({})),
        ("/sub/z", "CONTAINS", "/sub/z/rg/one", "id", json!({})),
    ]
}

fn class(labels: &[&str]) -> &'static str {
    match labels[0] {
        "Resource" => "resource",
        "User" | "Group" => "entra",
        "External" => "external",
        _ => "hierarchy",
    }
}

fn key(tenant: &str, id: &str) -> String {
    format!("{tenant}|{}", id.to_lowercase())
}

/// The graph as the lines of an export.
pub(crate) fn lines() -> Vec<String> {
    let mut lines = vec![json!({ "format": "atg-graph", "version": 1, "history": true }).to_string()];
    let (mut node_count, mut edge_count) = (0, 0);
    let tenants = [(TENANT, nodes(), edges()), (OTHER, other_nodes(), other_edges())];
    for (tenant, ..) in &tenants {
        lines.push(json!({ "tenant": { "id": tenant, "partial": false } }).to_string());
    }
    let mut node_lines = Vec::new();
    let mut edge_lines = Vec::new();
    for (tenant, nodes, edges) in tenants {
        for (id, labels, kind, members, scalars) in nodes {
            let name = id.rsplit('/').next().unwrap();
            let mut node = json!({
                "key": key(tenant, id), "id": id, "name": name, "class": class(labels), "standing": "own",
                "labels": labels, "members": members, "source": "recorded",
                "first_seen_at": STAMP, "changed_at": STAMP, "scan_id": "scan-1",
            });
            if let Some(kind) = kind {
                node["type"] = json!(kind);
                node["scalars"] = scalars;
                node["properties"] = json!({ "of": name });
            }
            node_lines.push((key(tenant, id), json!({ "node": node }).to_string()));
            node_count += 1;
        }
        for (from, kind, to, path, properties) in edges {
            let mut edge = json!({ "from": key(tenant, from), "type": kind, "to": key(tenant, to), "path": path, "scan_id": "scan-1" });
            if properties
                .as_object()
                .is_some_and(|properties| !properties.is_empty())
            {
                edge["properties"] = properties;
            }
            let order = (key(tenant, from), kind, key(tenant, to), path);
            edge_lines.push((order, json!({ "edge": edge }).to_string()));
            edge_count += 1;
        }
    }
    node_lines.sort();
    lines.extend(node_lines.into_iter().map(|(_, line)| line));
    edge_lines.sort();
    lines.extend(edge_lines.into_iter().map(|(_, line)| line));
    lines.push(json!({ "end": { "nodes": node_count, "edges": edge_count } }).to_string());
    lines
}

struct Lines(Vec<String>, usize);

impl RecordSource for Lines {
    fn next(&mut self) -> Result<Option<String>> {
        self.1 += 1;
        Ok(self.0.get(self.1 - 1).cloned())
    }

    fn rewind(&mut self) -> Result<()> {
        self.1 = 0;
        Ok(())
    }
}

/// The graph in an embedded store below that directory.
pub(crate) async fn store(directory: &Path) -> EmbeddedStore {
    let store = EmbeddedStore::open(directory.join("graph.db"), Options::default()).unwrap();
    store
        .import(ImportRequest::default(), Box::new(Lines(lines(), 0)))
        .await
        .unwrap();
    store
}

/// What a store exports, history included.
pub(crate) async fn export(store: &EmbeddedStore) -> Vec<Json> {
    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<Json>>>);
    impl RecordSink for Sink {
        fn record(&mut self, line: &str) -> Result<()> {
            self.0.lock().unwrap().push(serde_json::from_str(line).unwrap());
            Ok(())
        }
    }
    let sink = Sink::default();
    store
        .export(
            ExportRequest {
                with_history: true,
                ..Default::default()
            },
            Box::new(sink.clone()),
        )
        .await
        .unwrap();
    std::mem::take(&mut *sink.0.lock().unwrap())
}

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Vec<Json>>,
}

#[derive(Clone, Default)]
pub(crate) struct Rows(pub(crate) Arc<Mutex<Answer>>);

impl RowSink for Rows {
    fn columns(&mut self, columns: &[String]) -> Result<()> {
        self.0.lock().unwrap().columns = columns.to_vec();
        Ok(())
    }

    fn row(&mut self, row: Vec<Json>) -> Result<()> {
        self.0.lock().unwrap().rows.push(row);
        Ok(())
    }
}

/// A query without limits that matter here.
pub(crate) fn query(text: &str, parameters: &Map<String, Json>) -> Query {
    Query {
        text: text.to_owned(),
        parameters: parameters.clone(),
        tenants: None,
        row_limit: 100_000,
        byte_limit: 1 << 30,
        timeout: Duration::from_secs(60),
        cancel: CancellationToken::new(),
    }
}

/// Asks the store.
pub(crate) async fn ask(store: &EmbeddedStore, query: Query) -> Result<(Answer, QuerySummary)> {
    let rows = Rows::default();
    let summary = store.query(query, Box::new(rows.clone())).await?;
    let answer = rows.0.lock().unwrap().clone();
    Ok((answer, summary))
}
