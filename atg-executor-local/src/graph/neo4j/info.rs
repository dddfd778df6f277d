//! What the graph holds.

use atg_bolt::{Packer, Value};
use atg_sdk::Result;

use super::{
    Neo4jStore,
    schema::{VERSION, none},
    server::Server,
    stored::NODE_LABEL,
};
use crate::graph::{Counts, GraphInfo, TenantInfo};

const DOING: &str = "read what the graph holds";

/// Counted by the server's own statistics where it has any.
pub(super) async fn read(store: &Neo4jStore) -> Result<GraphInfo> {
    let server = store.server().await?;
    let tenants = tenants(store, server).await?;
    let counts = tenants.iter().fold(Counts::default(), |sum, tenant| Counts {
        nodes: sum.nodes + tenant.counts.nodes,
        edges: sum.edges + tenant.counts.edges,
    });
    Ok(GraphInfo {
        graph_id: store.prepared().await?.clone(),
        location: store.0.address.to_string(),
        schema_version: u32::try_from(VERSION).unwrap_or_default(),
        size_bytes: None,
        labels: named(server, "CALL db.labels() YIELD label RETURN label", |name| {
            format!("MATCH (n:{name}) RETURN count(n)")
        })
        .await?,
        relationship_types: named(
            server,
            "CALL db.relationshipTypes() YIELD relationshipType RETURN relationshipType",
            |name| format!("MATCH ()-[r:{name}]->() RETURN count(r)"),
        )
        .await?,
        tenants,
        counts,
    })
}

/// Largest first, then by name. Each count is one look into the statistics.
async fn named(server: &Server, names: &str, count: impl Fn(&str) -> String) -> Result<Vec<(String, u64)>> {
    let names = server.read(names, &none(), DOING).await?;
    let mut out = Vec::new();
    for name in names.rows.iter().filter_map(|row| row.first()?.as_str()) {
        // The store's own: `_Node`, `_Tenant`, `_Graph`.
        if name.starts_with('_') {
            continue;
        }
        let quoted = format!("`{}`", name.replace('`', "``"));
        let answer = server.read(&count(&quoted), &none(), DOING).await?;
        let number = answer.single().and_then(Value::as_int).unwrap_or_default();
        // A name stays known after the last that had it is gone.
        if number > 0 {
            out.push((name.to_owned(), u64::try_from(number).unwrap_or_default()));
        }
    }
    out.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    Ok(out)
}

async fn tenants(store: &Neo4jStore, server: &Server) -> Result<Vec<TenantInfo>> {
    let mut parameters = Packer::new();
    let stale = i64::try_from(store.0.rhythm.stale_after.as_millis()).unwrap_or(i64::MAX);
    parameters.map(1).text("stale").int(stale);
    debug_assert_eq!(NODE_LABEL, "_Node");
    let answer = server
        .read(
            "MATCH (t:_Tenant)
             CALL (t) { MATCH (n:_Node) WHERE n.key STARTS WITH t.tenant_id + '|' RETURN count(n) AS nodes }
             RETURN t.tenant_id, nodes, t.edges, t.partial, t.last_scan_id, t.last_scan_at,
                    CASE WHEN timestamp() - t.heartbeat_at <= $stale THEN t.holder END
             ORDER BY t.tenant_id",
            &parameters,
            DOING,
        )
        .await?;
    let count = |value: &Value| {
        value
            .as_int()
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or_default()
    };
    let mut out = Vec::new();
    for row in &answer.rows {
        let [Value::String(id), nodes, edges, partial, scan, at, holder] = row.as_slice() else {
            continue;
        };
        out.push(TenantInfo {
            tenant_id: id.parse()?,
            counts: Counts {
                nodes: count(nodes),
                edges: count(edges),
            },
            last_scan: match (scan.as_str(), at.as_str()) {
                (Some(scan), Some(at)) => at.parse().ok().map(|at| (scan.to_owned(), at)),
                _ => None,
            },
            partial: partial.as_int() != Some(0),
            holder: holder.as_str().map(str::to_owned),
        });
    }
    Ok(out)
}
