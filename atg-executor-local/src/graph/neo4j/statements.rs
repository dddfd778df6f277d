//! The queries that write, and their rows.
//!
//! Nodes are found by the numbers that the server gave them, which costs a tenth of a look into an index. Names from data
//! (labels, relationship types, properties) are parameters and never part of a text.

use atg_bolt::{Answer, Packer, Value};
use atg_sdk::{Result, azure::TenantId};
use rusqlite::Connection;

use super::{
    load::Numbers,
    server::Statement,
    stored::{Spare, edge_note, pack_edge, pack_node, write_hash, write_spare},
};
use crate::graph::embedded::mirror::{self, Carried, Checkpoint, Ending, KnownEdge, NodeNow};

/// A query in two wordings: the quick one, and the one that does no harm when it is carried out twice.
struct Wording {
    quick: &'static str,
    careful: &'static str,
    /// Whether fewer rows carried out than sent mean that something is wrong.
    counted: bool,
}

/// Begins each query: what follows happens only as long as the tenant is ours.
macro_rules! fenced {
    ($text:literal) => {
        concat!(
            "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence}) UNWIND $rows AS row ",
            $text
        )
    };
}

const CREATE_NODES: Wording = Wording {
    quick: fenced!("CREATE (n:$(row[1])) SET n = row[2] RETURN row[0], id(n)"),
    careful: fenced!("MERGE (n:_Node {key: row[2].key}) SET n:$(row[1]), n += row[2] RETURN row[0], id(n)"),
    counted: true,
};

const CHANGE_NODES: Wording = same(
    fenced!(
        "MATCH (n) WHERE id(n) = row[0]
         WITH n, row, n.first_seen_at AS first, n._atg_edges AS stated, n._atg_spares AS spares,
              [label IN labels(n) WHERE NOT label IN row[1]] AS old
         SET n = row[2]
         SET n.first_seen_at = coalesce(row[2].first_seen_at, first), n._atg_edges = stated, n._atg_spares = spares
         REMOVE n:$(old) SET n:$(row[1]) RETURN count(*)"
    ),
    true,
);

const DROP_EDGES: Wording = same(
    fenced!(
        "MATCH (a) WHERE id(a) = row[0] MATCH (b) WHERE id(b) = row[1]
         MATCH (a)-[r]->(b) WHERE type(r) = row[2] AND r.path = row[3] AND coalesce(r._atg, '') = row[4]
         DELETE r RETURN count(*)"
    ),
    false,
);

const ADD_EDGES: Wording = Wording {
    quick: fenced!(
        "MATCH (a) WHERE id(a) = row[0] MATCH (b) WHERE id(b) = row[1]
         CREATE (a)-[:$(row[2]) {path: row[3], scan_id: row[4], _atg: row[5]}]->(b) RETURN count(*)"
    ),
    careful: fenced!(
        "MATCH (a) WHERE id(a) = row[0] MATCH (b) WHERE id(b) = row[1]
         FOREACH (_ IN CASE WHEN EXISTS { MATCH (a)-[x]->(b) WHERE type(x) = row[2] AND x.path = row[3]
                                                AND coalesce(x._atg, '') = coalesce(row[5], '') } THEN [] ELSE [1] END |
             CREATE (a)-[:$(row[2]) {path: row[3], scan_id: row[4], _atg: row[5]}]->(b))
         RETURN count(*)"
    ),
    counted: true,
};

/// Edges with properties of their own.
const ADD_RICH_EDGES: Wording = Wording {
    quick: fenced!(
        "MATCH (a) WHERE id(a) = row[0] MATCH (b) WHERE id(b) = row[1]
         CREATE (a)-[r:$(row[2])]->(b) SET r = row[3] RETURN count(*)"
    ),
    careful: fenced!(
        "MATCH (a) WHERE id(a) = row[0] MATCH (b) WHERE id(b) = row[1]
         FOREACH (_ IN CASE WHEN EXISTS { MATCH (a)-[x]->(b) WHERE type(x) = row[2] AND x.path = row[3].path
                                                AND coalesce(x._atg, '') = coalesce(row[3]._atg, '') }
                       THEN [] ELSE [1] END |
             CREATE (a)-[r:$(row[2])]->(b) SET r = row[3])
         RETURN count(*)"
    ),
    counted: true,
};

const SET_SPARES: Wording = same(
    fenced!("MATCH (n) WHERE id(n) = row[0] SET n._atg_spares = row[1] RETURN count(*)"),
    true,
);

const SET_STATED: Wording = same(
    fenced!("MATCH (n) WHERE id(n) = row[0] SET n._atg_edges = row[1] RETURN count(*)"),
    true,
);

/// The number may be another node's by now, the key may not.
const DELETE_NODES: Wording = same(
    fenced!("MATCH (n) WHERE id(n) = row[0] AND n.key = row[1] DETACH DELETE n RETURN count(*)"),
    false,
);

const KEEP: Wording = same(
    fenced!(
        "MERGE (c:_Checkpoint {tenant_id: $tenant, sequence: row[0]}) SET c.name = row[1], c.content = row[2]
         RETURN count(*)"
    ),
    true,
);

const DROP_KEPT: Wording = same(
    fenced!("MATCH (c:_Checkpoint {tenant_id: $tenant}) WHERE c.sequence <= row DELETE c RETURN count(*)"),
    false,
);

const COUNT_EDGES: Wording = same(fenced!("SET t.edges = row RETURN count(*)"), true);

const fn same(text: &'static str, counted: bool) -> Wording {
    Wording {
        quick: text,
        careful: text,
        counted,
    }
}

/// The queries of one transaction.
pub(super) struct Batch {
    tenant: TenantId,
    fence: i64,
    statements: Vec<Statement>,
    careful: Vec<&'static str>,
    /// How many rows each has to carry out; `None` where it does not matter.
    expected: Vec<Option<i64>>,
}

impl Batch {
    pub(super) fn new(tenant: TenantId, fence: i64) -> Self {
        Self {
            tenant,
            fence,
            statements: Vec::new(),
            careful: Vec::new(),
            expected: Vec::new(),
        }
    }

    pub(super) fn statements(&self) -> &[Statement] {
        &self.statements
    }

    /// From now on in words that do no harm twice.
    pub(super) fn be_careful(&mut self) {
        for (statement, text) in self.statements.iter_mut().zip(&self.careful) {
            statement.text = text;
        }
    }

    /// Whether the answers say that every row was carried out.
    pub(super) fn is_carried_out(&self, answers: &[Answer]) -> bool {
        answers.len() == self.expected.len()
            && self.expected.iter().zip(answers).all(|(expected, answer)| {
                let Some(expected) = expected else { return true };
                let done = match answer.rows.as_slice() {
                    [row] if row.len() == 1 => row.first().and_then(Value::as_int),
                    rows => i64::try_from(rows.len()).ok(),
                };
                done == Some(*expected)
            })
    }

    fn add(
        &mut self,
        wording: &Wording,
        count: usize,
        pack: impl FnOnce(&mut Packer) -> Result<()>,
    ) -> Result<()> {
        if count == 0 {
            return Ok(());
        }
        let mut parameters = Packer::new();
        parameters.map(3).text("tenant").text(&self.tenant.to_string());
        parameters.text("fence").int(self.fence).text("rows").list(count);
        pack(&mut parameters)?;
        self.statements.push(Statement::new(wording.quick, parameters));
        self.careful.push(wording.careful);
        self.expected
            .push(wording.counted.then(|| i64::try_from(count).unwrap_or(i64::MAX)));
        Ok(())
    }

    pub(super) fn create_nodes(&mut self, nodes: &[NodeNow]) -> Result<()> {
        let tenant = self.tenant;
        self.add(&CREATE_NODES, nodes.len(), |out| {
            for now in nodes {
                out.list(3).int(now.node);
                pack_node(out, tenant, now)?;
            }
            Ok(())
        })
    }

    pub(super) fn change_nodes(&mut self, nodes: &[NodeNow], numbers: &Numbers) -> Result<()> {
        let tenant = self.tenant;
        self.add(&CHANGE_NODES, nodes.len(), |out| {
            for now in nodes {
                out.list(3).int(numbers.get(now.node)?);
                pack_node(out, tenant, now)?;
            }
            Ok(())
        })
    }

    pub(super) fn drop_edges(
        &mut self,
        db: &Connection,
        edges: &[KnownEdge],
        numbers: &Numbers,
    ) -> Result<()> {
        self.add(&DROP_EDGES, edges.len(), |out| {
            for edge in edges {
                let note = edge_note(edge, || mirror::key_of(db, edge.owner))?;
                out.list(5)
                    .int(numbers.get(edge.src)?)
                    .int(numbers.get(edge.dst)?);
                out.text(&edge.relationship).text(&edge.path);
                out.text(note.as_deref().unwrap_or_default());
            }
            Ok(())
        })
    }

    /// In the order of their ends, so that several writers, should there ever be some, meet in the same order.
    pub(super) fn add_edges(
        &mut self,
        db: &Connection,
        edges: &[KnownEdge],
        numbers: &Numbers,
    ) -> Result<()> {
        let (plain, rich): (Vec<&KnownEdge>, Vec<&KnownEdge>) =
            edges.iter().partition(|edge| edge.properties.is_none());
        self.add(&ADD_EDGES, plain.len(), |out| {
            for edge in &plain {
                let note = edge_note(edge, || mirror::key_of(db, edge.owner))?;
                out.list(6)
                    .int(numbers.get(edge.src)?)
                    .int(numbers.get(edge.dst)?);
                out.text(&edge.relationship).text(&edge.path).text(&edge.scan_id);
                out.optional(note.as_deref());
            }
            Ok(())
        })?;
        self.add(&ADD_RICH_EDGES, rich.len(), |out| {
            for edge in &rich {
                let note = edge_note(edge, || mirror::key_of(db, edge.owner))?;
                out.list(4)
                    .int(numbers.get(edge.src)?)
                    .int(numbers.get(edge.dst)?);
                out.text(&edge.relationship);
                pack_edge(out, edge, note.as_deref())?;
            }
            Ok(())
        })
    }

    pub(super) fn set_spares(
        &mut self,
        db: &Connection,
        ends: &[(i64, Vec<KnownEdge>)],
        numbers: &Numbers,
    ) -> Result<()> {
        self.add(&SET_SPARES, ends.len(), |out| {
            for (end, spares) in ends {
                out.list(2).int(numbers.get(*end)?);
                if spares.is_empty() {
                    out.null();
                    continue;
                }
                out.list(spares.len());
                for edge in spares {
                    let spare: Spare = (
                        edge.relationship.clone(),
                        mirror::key_of(db, edge.src)?,
                        mirror::key_of(db, edge.owner)?,
                        edge.said.number(),
                        edge.path.clone(),
                        edge.properties.clone(),
                        edge.scan_id.clone(),
                    );
                    out.text(&write_spare(&spare)?);
                }
            }
            Ok(())
        })
    }

    pub(super) fn set_stated(&mut self, nodes: &[(i64, Option<Vec<u8>>)], numbers: &Numbers) -> Result<()> {
        self.add(&SET_STATED, nodes.len(), |out| {
            for (node, hash) in nodes {
                out.list(2).int(numbers.get(*node)?);
                out.optional(hash.as_deref().map(write_hash).as_deref());
            }
            Ok(())
        })
    }

    pub(super) fn delete_nodes(&mut self, nodes: &[(i64, String)], numbers: &Numbers) -> Result<()> {
        self.add(&DELETE_NODES, nodes.len(), |out| {
            for (node, key) in nodes {
                out.list(2).int(numbers.get(*node)?).text(key);
            }
            Ok(())
        })
    }

    /// Checkpoints. What goes was there before what comes.
    pub(super) fn keep(&mut self, kept: &[Checkpoint], dropped: Option<i64>) -> Result<()> {
        if let Some(last) = dropped {
            self.add(&DROP_KEPT, 1, |out| {
                out.int(last);
                Ok(())
            })?;
        }
        self.add(&KEEP, kept.len(), |out| {
            for checkpoint in kept {
                out.list(3).int(checkpoint.sequence).text(&checkpoint.name);
                out.byte_string(&checkpoint.content);
            }
            Ok(())
        })
    }

    /// How many edges the tenant now has. Last of all: it waits for the heartbeat, and the heartbeat for it.
    pub(super) fn count_edges(&mut self, edges: i64) {
        let packed = self.add(&COUNT_EDGES, 1, |out| {
            out.int(edges);
            Ok(())
        });
        debug_assert!(packed.is_ok(), "a number can be packed");
    }
}

impl Carried {
    /// Whether nothing in it refers to a node by the server's number.
    pub(super) fn only_creates(&self) -> bool {
        self.changed.is_empty()
            && self.deleted.is_empty()
            && self.edges_gone.is_empty()
            && self.edges_new.is_empty()
            && self.spares.is_empty()
            && self.stated.is_empty()
    }
}

/// The end of a scan: how it ended, and the tenant back.
pub(super) fn end(tenant: TenantId, fence: i64, ending: &Ending) -> (&'static str, Packer) {
    let mut parameters = Packer::new();
    parameters.map(7).text("tenant").text(&tenant.to_string());
    parameters.text("fence").int(fence);
    parameters.text("partial").int(ending.partial);
    parameters.text("edges").int(ending.edges);
    parameters.text("id").optional(ending.last_scan_id.as_deref());
    parameters.text("at").optional(ending.last_scan_at.as_deref());
    parameters
        .text("remembered")
        .optional(ending.remembered.as_deref());
    let text = "MATCH (t:_Tenant {tenant_id: $tenant, fence: $fence})
                SET t.partial = $partial, t.edges = $edges, t.last_scan_id = $id, t.last_scan_at = $at,
                    t.remembered = $remembered, t.holder = null, t.heartbeat_at = null
                RETURN count(*)";
    (text, parameters)
}
