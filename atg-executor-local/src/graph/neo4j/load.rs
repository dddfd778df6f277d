//! What is known of a tenant, brought into the private file in which a scan works.

use std::{collections::HashMap, path::Path};

use atg_bolt::{Lease, Mode, Packer, Transaction, Value};
use atg_sdk::{Error, Result, azure::TenantId};
use rusqlite::Connection;
use tokio::runtime::Handle;

use super::{
    failure::Neo4j,
    lock::Lock,
    server::Server,
    stored::{Noted, StoredNode, read_bytes, read_edge, read_node, read_note, read_spare},
};
use crate::graph::{
    Said,
    content::Content,
    embedded::mirror::{self, Checkpoint, IN_THE_MIDDLE, KnownEdge, KnownNode, Mirror},
};

/// How many rows are on their way at a time.
const FETCH: u32 = 2_000;

/// The server's number of each node, by its row number in the private file.
#[derive(Debug, Default)]
pub(super) struct Numbers(Vec<i64>);

impl Numbers {
    /// The server's number of a row.
    pub(super) fn get(&self, row: i64) -> Result<i64> {
        usize::try_from(row)
            .ok()
            .and_then(|at| self.0.get(at).copied())
            .filter(|number| *number >= 0)
            .ok_or_else(|| Error::internal("a node that the server has never been told of is asked for"))
    }

    pub(super) fn set(&mut self, row: i64, number: i64) {
        let at = usize::try_from(row).unwrap_or_default();
        if self.0.len() <= at {
            self.0.resize(at + 1, -1);
        }
        self.0[at] = number;
    }

    /// Whether the server knows none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn by_number(&self) -> HashMap<i64, i64> {
        (0..)
            .zip(&self.0)
            .filter(|(_, number)| **number >= 0)
            .map(|(row, number)| (*number, row))
            .collect()
    }
}

/// Keys begin with the tenant and a `|`.
pub(super) fn prefix(tenant: TenantId) -> Packer {
    let mut parameters = Packer::new();
    parameters.map(1).text("prefix").text(&format!("{tenant}|"));
    parameters
}

/// A read that may take as long as it takes: the connection tells whether the server still works on it.
pub(super) const LONG_READ: Transaction<'static> = Transaction {
    mode: Mode::Read,
    timeout: None,
    metadata: &[],
};

/// Makes the private file with what every scan looks at. Blocks.
pub(super) fn known(
    runtime: &Handle,
    server: &Server,
    lock: &Lock,
    scan_id: &str,
    scratch: &Path,
) -> Result<(Mirror, Numbers)> {
    let doing = "read what the graph holds of the tenant";
    let mirror = Mirror::create(scratch)?;
    let mut filler = mirror.filler()?;
    let tenant = filler.tenant(
        lock.tenant,
        lock.was_partial,
        lock.edges,
        lock.remembered.as_deref(),
    )?;
    let mut numbers = Numbers::default();
    let mut parameters = Packer::new();
    parameters
        .map(2)
        .text("prefix")
        .text(&format!("{}|", lock.tenant));
    parameters.text("scan").text(scan_id);
    let mut rows = Rows::begin(
        runtime,
        server,
        // Small nodes come whole, and so do those of which spellings are compared (their standing is the ninth character)
        // and those that an earlier run of this scan wrote.
        "MATCH (n:_Node) WHERE n.key STARTS WITH $prefix
         RETURN id(n), n.key, n._atg, n._atg_edges, n.type, n.aliases,
                CASE WHEN n.properties IS NULL OR substring(n._atg, 8, 1) = '0' OR n.scan_id = $scan
                     THEN properties(n) END",
        &parameters,
        doing,
    )?;
    while let Some(row) = rows.next(doing)? {
        let (number, node) = known_node(row, scan_id)?;
        let row = filler.node(tenant, &node)?;
        numbers.set(row, number);
    }
    for checkpoint in checkpoints(runtime, server, lock)? {
        filler.checkpoint(tenant, &checkpoint)?;
    }
    filler.commit(lock.was_partial != IN_THE_MIDDLE)?;
    Ok((mirror, numbers))
}

fn known_node(row: Vec<Value>, scan_id: &str) -> Result<(i64, KnownNode)> {
    let mut row = row.into_iter();
    let mut next = || row.next().unwrap_or(Value::Null);
    let (number, key, note, stated, kind) = (next(), next(), next(), next(), next());
    let (aliases, whole) = (next(), next());
    let (Some(number), Some(key), Some(note)) = (number.as_int(), key.into_string(), note.into_string())
    else {
        return Err(Error::internal(
            "a node of the graph was changed by something else than ATG: forget the tenant and scan it again",
        ));
    };
    let Noted {
        class,
        standing,
        hash,
        labels,
    } = read_note(&note)?;
    let (content, history) = match whole {
        Value::Null => (
            Content {
                id: String::new(),
                name: String::new(),
                class,
                standing,
                labels,
                resource_type: kind.into_string(),
                members: "{}".to_owned(),
                scalars: None,
                properties: None,
                source: String::new(),
            },
            None,
        ),
        properties => {
            let node = read_node(properties)?;
            (node.content, Some(node.history))
        }
    };
    let aliases = aliases.as_list().unwrap_or_default();
    Ok((
        number,
        KnownNode {
            key,
            content,
            hash,
            stated: stated.as_str().and_then(read_bytes),
            aliases: aliases
                .iter()
                .filter_map(|alias| alias.as_str().map(str::to_owned))
                .collect(),
            history: history.filter(|history| history.scan_id == scan_id),
        },
    ))
}

fn checkpoints(runtime: &Handle, server: &Server, lock: &Lock) -> Result<Vec<Checkpoint>> {
    let mut parameters = Packer::new();
    parameters.map(1).text("tenant").text(&lock.tenant.to_string());
    let answer = runtime.block_on(server.read(
        "MATCH (c:_Checkpoint {tenant_id: $tenant}) RETURN c.sequence, c.name, c.content ORDER BY c.sequence",
        &parameters,
        "read the checkpoints of a scan",
    ))?;
    Ok(answer
        .rows
        .into_iter()
        .filter_map(|row| match <[Value; 3]>::try_from(row) {
            Ok([Value::Int(sequence), Value::String(name), Value::Bytes(content)]) => Some(Checkpoint {
                sequence,
                name,
                content,
            }),
            _ => None,
        })
        .collect())
}

/// Fetches the whole content of nodes of which only the beginning is here.
pub(super) fn contents(
    runtime: &Handle,
    server: &Server,
    numbers: &Numbers,
    db: &Connection,
    nodes: &[i64],
) -> Result<()> {
    let doing = "read nodes of the graph";
    let nodes = mirror::without_content(db, nodes)?;
    if nodes.is_empty() {
        return Ok(());
    }
    let mut parameters = Packer::new();
    parameters.map(1).text("rows").list(nodes.len());
    for node in &nodes {
        parameters.list(2).int(*node).int(numbers.get(*node)?);
    }
    let answer = runtime.block_on(server.read(
        "UNWIND $rows AS row MATCH (n) WHERE id(n) = row[1] RETURN row[0], properties(n)",
        &parameters,
        doing,
    ))?;
    for row in answer.rows {
        if let [Value::Int(node), properties] =
            <[Value; 2]>::try_from(row).unwrap_or([Value::Null, Value::Null])
        {
            let StoredNode { content, .. } = read_node(properties)?;
            mirror::put_content(db, node, &content)?;
        }
    }
    Ok(())
}

/// Fetches all edges of the tenant, spare ones too.
pub(super) fn edges(
    runtime: &Handle,
    server: &Server,
    tenant: TenantId,
    numbers: &Numbers,
    db: &Connection,
) -> Result<()> {
    let doing = "read the edges of the graph";
    let by_number = numbers.by_number();
    let mut rows = Rows::begin(
        runtime,
        server,
        "MATCH (n:_Node) WHERE n.key STARTS WITH $prefix MATCH (n)-[r]->(m:_Node)
         RETURN id(n), id(m), type(r), n.key, m.key, properties(r)",
        &prefix(tenant),
        doing,
    )?;
    let edges = std::iter::from_fn(|| {
        loop {
            match rows.next(doing) {
                Err(error) => return Some(Err(error)),
                Ok(None) => return None,
                Ok(Some(row)) => match known_edge(db, &by_number, row) {
                    Ok(None) => {}
                    Ok(Some(edge)) => return Some(Ok(edge)),
                    Err(error) => return Some(Err(error)),
                },
            }
        }
    });
    mirror::put_edges(db, edges)?;
    let mut rows = Rows::begin(
        runtime,
        server,
        "MATCH (n:_Node) WHERE n.key STARTS WITH $prefix AND n._atg_spares IS NOT NULL RETURN id(n), n._atg_spares",
        &prefix(tenant),
        doing,
    )?;
    let mut spares = Vec::new();
    while let Some(row) = rows.next(doing)? {
        let [Value::Int(end), Value::List(texts)] = row.as_slice() else {
            continue;
        };
        let Some(end) = by_number.get(end) else { continue };
        for text in texts.iter().filter_map(Value::as_str) {
            spares.extend(spare_edge(db, *end, text)?.map(Ok));
        }
    }
    mirror::put_edges(db, spares.into_iter())
}

/// Nothing for what somebody else has drawn between our nodes.
fn known_edge(db: &Connection, by_number: &HashMap<i64, i64>, row: Vec<Value>) -> Result<Option<KnownEdge>> {
    let Ok([from, to, kind, from_key, to_key, properties]) = <[Value; 6]>::try_from(row) else {
        return Ok(None);
    };
    let end = |number: &Value| number.as_int().and_then(|number| by_number.get(&number).copied());
    let (Some(src), Some(dst), Some(relationship)) = (end(&from), end(&to), kind.into_string()) else {
        return Ok(None);
    };
    if properties.get("path").is_none() {
        return Ok(None);
    }
    let (from_key, to_key) = (
        from_key.as_str().unwrap_or_default(),
        to_key.as_str().unwrap_or_default(),
    );
    let edge = read_edge(from_key, to_key, properties)?;
    let owner = if edge.owner == from_key {
        Some(src)
    } else if edge.owner == to_key {
        Some(dst)
    } else {
        mirror::node_of(db, &edge.owner)?
    };
    Ok(owner.map(|owner| KnownEdge {
        src,
        dst,
        owner,
        relationship,
        said: edge.said,
        path: edge.path,
        properties: edge.properties,
        scan_id: edge.scan_id,
        spare: false,
    }))
}

fn spare_edge(db: &Connection, dst: i64, text: &str) -> Result<Option<KnownEdge>> {
    let (relationship, from, owner, said, path, properties, scan_id) = read_spare(text)?;
    let (src, owner) = (mirror::node_of(db, &from)?, mirror::node_of(db, &owner)?);
    Ok(match (src, owner) {
        (Some(src), Some(owner)) => Some(KnownEdge {
            src,
            dst,
            owner,
            relationship,
            said: Said::from_number(said).unwrap_or(Said::Assumed),
            path,
            properties,
            scan_id,
            spare: true,
        }),
        _ => None,
    })
}

/// Rows that are taken one by one from code that blocks.
pub(super) struct Rows<'a> {
    runtime: &'a Handle,
    lease: Lease,
}

impl<'a> Rows<'a> {
    pub(super) fn begin(
        runtime: &'a Handle,
        server: &Server,
        text: &str,
        parameters: &Packer,
        doing: &str,
    ) -> Result<Self> {
        let lease = runtime.block_on(async {
            let mut lease = server.lease().await?;
            lease.stream(text, parameters.bytes(), LONG_READ, FETCH).await?;
            Ok(lease)
        });
        Ok(Self {
            runtime,
            lease: lease.during(doing)?,
        })
    }

    pub(super) fn next(&mut self, doing: &str) -> Result<Option<Vec<Value>>> {
        self.runtime.block_on(self.lease.next()).during(doing)
    }
}
