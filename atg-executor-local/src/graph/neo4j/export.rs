//! Hands out every node and edge.

use std::{collections::VecDeque, iter::Peekable, vec};

use atg_bolt::Value;
use atg_sdk::{Error, Result, azure::TenantId};
use tokio::runtime::Handle;

use super::{
    Neo4jStore,
    load::{Rows, prefix},
    schema::none,
    server::Server,
    stored::{read_edge, read_node, read_spare},
};
use crate::graph::{
    Counts, ExportRequest, NodeClass, RecordSink, Said,
    record::{EdgeRecord, NodeRecord, Record, TenantHistory, TenantRecord},
};

const DOING: &str = "read the graph";

/// Reads the graph from beginning to end. A scan that writes meanwhile is seen as it goes: a server has no long memory of
/// states. The tenant's mark tells of it.
pub(super) fn run(
    store: &Neo4jStore,
    runtime: &Handle,
    request: &ExportRequest,
    records: &mut dyn RecordSink,
) -> Result<Counts> {
    let server = &store.0.server;
    let tenants = tenants(runtime, server, request)?;
    let mut out = Out {
        runtime,
        server,
        history: request.with_history,
        records,
        counts: Counts::default(),
    };
    out.record(&Record::Header {
        history: request.with_history,
    })?;
    for tenant in &tenants {
        out.record(&Record::Tenant(tenant.clone()))?;
    }
    for tenant in &tenants {
        out.nodes(tenant.id.parse()?)?;
    }
    for tenant in &tenants {
        out.edges(tenant.id.parse()?)?;
    }
    out.record(&Record::End(out.counts))?;
    Ok(out.counts)
}

fn tenants(runtime: &Handle, server: &Server, request: &ExportRequest) -> Result<Vec<TenantRecord>> {
    let answer = runtime.block_on(server.read(
        "MATCH (t:_Tenant) RETURN t.tenant_id, t.partial, t.last_scan_id, t.last_scan_at ORDER BY t.tenant_id",
        &none(),
        DOING,
    ))?;
    let mut all = Vec::new();
    for row in answer.rows {
        let Ok([id, partial, last_scan_id, last_scan_at]) = <[Value; 4]>::try_from(row) else {
            continue;
        };
        all.push(TenantRecord {
            id: id.into_string().unwrap_or_default(),
            history: request.with_history.then(|| TenantHistory {
                partial: partial.as_int() != Some(0),
                last_scan_id: last_scan_id.into_string(),
                last_scan_at: last_scan_at.into_string(),
            }),
        });
    }
    request.choose(all)
}

struct Out<'a> {
    runtime: &'a Handle,
    server: &'a Server,
    history: bool,
    records: &'a mut dyn RecordSink,
    counts: Counts,
}

impl Out<'_> {
    fn record(&mut self, record: &Record) -> Result<()> {
        self.records.record(&record.to_line())
    }

    fn nodes(&mut self, tenant: TenantId) -> Result<()> {
        let mut rows = Rows::begin(
            self.runtime,
            self.server,
            "MATCH (n:_Node) WHERE n.key STARTS WITH $prefix RETURN properties(n) ORDER BY n.key",
            &prefix(tenant),
            DOING,
        )?;
        let mut last = String::new();
        while let Some(row) = rows.next(DOING)? {
            let node = read_node(row.into_iter().next().unwrap_or(Value::Null))?;
            // Scans are history.
            if node.content.class == NodeClass::Scan && !self.history {
                continue;
            }
            in_order(&mut last, &node.key)?;
            self.counts.nodes += 1;
            self.record(&Record::Node(Box::new(NodeRecord {
                key: node.key,
                content: node.content,
                history: self.history.then_some(node.history),
            })))?;
        }
        Ok(())
    }

    /// Node by node: what has to be put in order at once is one node's edges, not all.
    fn edges(&mut self, tenant: TenantId) -> Result<()> {
        let mut spares = self.spares(tenant)?;
        let mut rows = Rows::begin(
            self.runtime,
            self.server,
            "MATCH (n:_Node) WHERE n.key STARTS WITH $prefix
             WITH n ORDER BY n.key
             MATCH (n)-[r]->(m:_Node) WHERE r.path IS NOT NULL
             RETURN n.key, type(r), m.key, properties(r)",
            &prefix(tenant),
            DOING,
        )?;
        let mut last = String::new();
        let mut group: VecDeque<EdgeRecord> = VecDeque::new();
        while let Some(row) = rows.next(DOING)? {
            let edge = self.edge(row)?;
            if group.front().is_some_and(|first| first.from != edge.from) {
                self.hand_out(&mut group, &mut spares)?;
            }
            if group.is_empty() {
                in_order(&mut last, &edge.from)?;
                self.spares_before(&edge.from, &mut spares)?;
            }
            group.push_back(edge);
        }
        self.hand_out(&mut group, &mut spares)?;
        self.rest(&mut spares)
    }

    fn edge(&self, row: Vec<Value>) -> Result<EdgeRecord> {
        let odd = || Error::internal("the server answered another number of columns than it was asked for");
        let [from, relationship, to, properties] = <[Value; 4]>::try_from(row).map_err(|_| odd())?;
        let (from, to) = (
            from.into_string().ok_or_else(odd)?,
            to.into_string().ok_or_else(odd)?,
        );
        let edge = read_edge(&from, &to, properties)?;
        Ok(EdgeRecord {
            relationship: relationship.into_string().ok_or_else(odd)?,
            path: edge.path,
            owner: edge.owner,
            spare: false,
            said: edge.said,
            properties: edge.properties,
            scan_id: self.history.then_some(edge.scan_id),
            from,
            to,
        })
    }

    /// All that wait, ordered by their beginnings. There are few: one for what both ends say.
    fn spares(&self, tenant: TenantId) -> Result<Peekable<vec::IntoIter<EdgeRecord>>> {
        let mut rows = Rows::begin(
            self.runtime,
            self.server,
            "MATCH (n:_Node) WHERE n.key STARTS WITH $prefix AND n._atg_spares IS NOT NULL
             RETURN n.key, n._atg_spares",
            &prefix(tenant),
            DOING,
        )?;
        let mut spares = Vec::new();
        while let Some(row) = rows.next(DOING)? {
            let [Value::String(to), Value::List(texts)] = row.as_slice() else {
                continue;
            };
            for text in texts.iter().filter_map(Value::as_str) {
                let (relationship, from, owner, said, path, properties, scan_id) = read_spare(text)?;
                spares.push(EdgeRecord {
                    from,
                    relationship,
                    to: to.clone(),
                    path,
                    owner,
                    spare: true,
                    said: Said::from_number(said).unwrap_or(Said::Assumed),
                    properties,
                    scan_id: self.history.then_some(scan_id),
                });
            }
        }
        spares.sort_unstable();
        Ok(spares.into_iter().peekable())
    }

    /// Those that begin at nodes before that one.
    fn spares_before(&mut self, key: &str, spares: &mut Peekable<vec::IntoIter<EdgeRecord>>) -> Result<()> {
        while let Some(spare) = spares.next_if(|spare| spare.from.as_str() < key) {
            self.record(&Record::Edge(Box::new(spare)))?;
        }
        Ok(())
    }

    fn hand_out(
        &mut self,
        group: &mut VecDeque<EdgeRecord>,
        spares: &mut Peekable<vec::IntoIter<EdgeRecord>>,
    ) -> Result<()> {
        let Some(from) = group.front().map(|edge| edge.from.clone()) else {
            return Ok(());
        };
        while let Some(spare) = spares.next_if(|spare| spare.from == from) {
            group.push_back(spare);
        }
        group.make_contiguous().sort_unstable();
        for edge in group.drain(..) {
            self.counts.edges += u64::from(!edge.spare);
            self.records.record(&Record::Edge(Box::new(edge)).to_line())?;
        }
        Ok(())
    }

    fn rest(&mut self, spares: &mut Peekable<vec::IntoIter<EdgeRecord>>) -> Result<()> {
        for spare in spares {
            self.record(&Record::Edge(Box::new(spare)))?;
        }
        Ok(())
    }
}

/// The order is the server's: an index that is ordered otherwise than we are would give other bytes.
fn in_order(last: &mut String, key: &str) -> Result<()> {
    if *key <= **last {
        return Err(Error::internal(
            "the server hands out keys in another order than theirs",
        ));
    }
    key.clone_into(last);
    Ok(())
}
