//! What the store makes at its first connection, and its version.
//!
//! Names that begin with `_` are the store's own: a label that every node carries, so that one constraint can see to it that
//! keys are unique, and nodes that hold the state of tenants and of the graph. Answers do not show them.

use atg_bolt::{Packer, Value};
use atg_sdk::{Error, ErrorKind, Result};
use uuid::Uuid;

use super::server::Server;

/// The version of all this. A published version is never changed: the next one migrates it.
pub(super) const VERSION: i64 = 1;

/// The oldest server that has what we send.
const OLDEST: (u32, u32) = (5, 26);

/// Each can be sent again without harm. Constraints bring their indexes.
const SCHEMA: [&str; 7] = [
    "CREATE CONSTRAINT atg_node_key IF NOT EXISTS FOR (n:_Node) REQUIRE n.key IS UNIQUE",
    "CREATE CONSTRAINT atg_tenant_id IF NOT EXISTS FOR (t:_Tenant) REQUIRE t.tenant_id IS UNIQUE",
    "CREATE CONSTRAINT atg_graph_name IF NOT EXISTS FOR (g:_Graph) REQUIRE g.name IS UNIQUE",
    "CREATE INDEX atg_node_id IF NOT EXISTS FOR (n:_Node) ON (n.id)",
    "CREATE INDEX atg_node_name IF NOT EXISTS FOR (n:_Node) ON (n.name)",
    "CREATE INDEX atg_checkpoint_tenant IF NOT EXISTS FOR (c:_Checkpoint) ON (c.tenant_id)",
    "CREATE INDEX atg_node_type IF NOT EXISTS FOR (n:_Node) ON (n.type)",
];

/// Makes what is missing, and gives the graph's id.
pub(super) async fn prepare(server: &Server) -> Result<String> {
    let doing = "open the graph";
    check_server(server).await?;
    // Most of the time everything is there: then nothing is written and no right to write is needed.
    let found = server
        .read(
            "MATCH (g:_Graph {name: 'graph'}) RETURN g.version, g.graph_id",
            &none(),
            doing,
        )
        .await?;
    if let Some([Value::Int(version), Value::String(id)]) = found.rows.first().map(Vec::as_slice) {
        check_version(*version)?;
        return Ok(id.clone());
    }
    for text in SCHEMA {
        server.write(text, &none(), doing).await?;
    }
    // Labels are handed out in the order in which the server first heard of them: the most general one first.
    server
        .write("CALL db.createLabel('Resource')", &none(), doing)
        .await?;
    // Longer than a write may take.
    server.read("CALL db.awaitIndexes(55)", &none(), doing).await?;
    let mut parameters = Packer::new();
    parameters.map(2).text("id").text(&Uuid::now_v7().to_string());
    parameters.text("version").int(VERSION);
    // Who comes second finds the first one's.
    let made = server
        .write(
            "MERGE (g:_Graph {name: 'graph'}) ON CREATE SET g.graph_id = $id, g.version = $version
             RETURN g.version, g.graph_id",
            &parameters,
            doing,
        )
        .await?;
    match made.rows.into_iter().next().as_deref() {
        Some([Value::Int(version), Value::String(id)]) => {
            check_version(*version)?;
            Ok(id.clone())
        }
        _ => Err(Error::internal("the graph's own node is not what it should be")),
    }
}

fn check_version(version: i64) -> Result<()> {
    if version == VERSION {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "open the graph: it was made by a newer ATG (schema {version}, this one knows {VERSION}): use that version"
        ),
    ))
}

async fn check_server(server: &Server) -> Result<()> {
    let lease = server.lease().await.map_err(|failure| {
        super::failure::explain(failure, &format!("open the graph at {}", server.pool.address()))
    })?;
    let name = lease.server().to_owned();
    if version_of(&name).is_some_and(|version| version >= OLDEST) {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "open the graph: the server is `{}`, and what ATG sends needs Neo4j {}.{} or later",
            name.escape_debug(),
            OLDEST.0,
            OLDEST.1
        ),
    ))
}

/// Of `Neo4j/5.26.12`.
fn version_of(server: &str) -> Option<(u32, u32)> {
    let mut parts = server.strip_prefix("Neo4j/")?.split(['.', '-']);
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// No parameters.
pub(super) fn none() -> Packer {
    let mut parameters = Packer::new();
    parameters.map(0);
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_version_is_read_from_its_name() {
        assert_eq!(version_of("Neo4j/5.26.12"), Some((5, 26)));
        assert_eq!(version_of("Neo4j/2025.06.0"), Some((2025, 6)));
        assert_eq!(version_of("Neo4j/5.27-aura"), Some((5, 27)));
        for odd in ["", "Memgraph/1.0", "Neo4j/", "Neo4j/x.y"] {
            assert_eq!(version_of(odd), None, "{odd}");
        }
    }
}
