//! Removes all that a tenant has.

use atg_bolt::{Packer, Value};
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};

use super::{
    carry::taken_over,
    lock::{self, Rhythm},
    server::Server,
};
use crate::graph::Counts;

/// How many nodes are handled in one transaction. A server keeps in memory what a transaction deletes.
const PAGE: i64 = 1_000;

/// Removes a tenant.
pub(super) async fn run(server: &Server, tenant: TenantId, rhythm: Rhythm) -> Result<Counts> {
    let mut parameters = Packer::new();
    parameters.map(1).text("tenant").text(&tenant.to_string());
    let known = server
        .read(
            "MATCH (t:_Tenant {tenant_id: $tenant}) RETURN 1",
            &parameters,
            "look the tenant up",
        )
        .await?;
    if known.rows.is_empty() {
        return Err(Error::not_found(format!(
            "forget: the graph knows no tenant {tenant}, see `atg graph tenants`"
        )));
    }
    let mut lock = lock::take(
        server,
        tenant,
        "atg graph forget",
        true,
        &Default::default(),
        rhythm,
    )
    .await
    .map_err(|error| match error.kind() {
        ErrorKind::Conflict => Error::new(
            ErrorKind::Conflict,
            format!("forget: somebody is writing to the tenant; wait for it to end or cancel it ({error})"),
        ),
        _ => error,
    })?;
    lock.touch();
    let counts = clear(server, tenant, lock.fence).await?;
    let mut parameters = Packer::new();
    parameters.map(2).text("tenant").text(&tenant.to_string());
    parameters.text("fence").int(lock.fence);
    server
        .write(
            "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence})
             OPTIONAL MATCH (c:_Checkpoint {tenant_id: $tenant}) DELETE c, t",
            &parameters,
            "forget the tenant",
        )
        .await?;
    lock.is_given_back();
    Ok(counts)
}

/// Removes all nodes and edges of a tenant that was taken.
pub(super) async fn clear(server: &Server, tenant: TenantId, fence: i64) -> Result<Counts> {
    let doing = "forget the tenant";
    let mut counts = Counts::default();
    // Edges first, page by page: a region's hundred thousand must not go in one transaction.
    let mut after = format!("{tenant}|");
    loop {
        let answer = server
            .write(
                "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence})
                 MATCH (n:_Node) WHERE n.key >= $after AND n.key < $last
                 WITH n ORDER BY n.key LIMIT $page
                 OPTIONAL MATCH (n)-[r]->(:_Node)
                 WITH n, collect(r) AS edges
                 WITH n, edges, size([r IN edges WHERE r.path IS NOT NULL]) AS counted
                 FOREACH (r IN edges | DELETE r)
                 RETURN max(n.key), count(n), sum(counted)",
                &page(tenant, fence, &after),
                doing,
            )
            .await?;
        let [Value::String(last), Value::Int(nodes), Value::Int(edges)] =
            answer.rows.first().map(Vec::as_slice).unwrap_or_default()
        else {
            break;
        };
        counts.edges += u64::try_from(*edges).unwrap_or_default();
        // The next page begins behind this one's last key.
        after = format!("{last}\0");
        if *nodes < PAGE {
            break;
        }
    }
    let from = format!("{tenant}|");
    loop {
        let answer = server
            .write(
                "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence})
                 MATCH (n:_Node) WHERE n.key >= $after AND n.key < $last
                 WITH n LIMIT $page DETACH DELETE n RETURN count(*)",
                &page(tenant, fence, &from),
                doing,
            )
            .await?;
        let gone = answer.single().and_then(Value::as_int).unwrap_or_default();
        counts.nodes += u64::try_from(gone).unwrap_or_default();
        if gone == 0 {
            break;
        }
    }
    let own = server
        .write(
            "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence}) SET t.edges = 0 RETURN 1",
            &page(tenant, fence, &from),
            doing,
        )
        .await?;
    if own.rows.is_empty() {
        return Err(taken_over());
    }
    Ok(counts)
}

fn page(tenant: TenantId, fence: i64, after: &str) -> Packer {
    let mut parameters = Packer::new();
    parameters.map(5).text("tenant").text(&tenant.to_string());
    parameters.text("fence").int(fence).text("page").int(PAGE);
    // Keys begin with the tenant and a `|`, which `}` follows.
    parameters
        .text("after")
        .text(after)
        .text("last")
        .text(&format!("{tenant}}}"));
    parameters
}
