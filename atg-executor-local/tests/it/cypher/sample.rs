//! A small graph with one of everything that answers can differ by, as the lines of an export.

use serde_json::{Value as Json, json};

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
