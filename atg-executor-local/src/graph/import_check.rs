//! Reads an export to its end before anything of it is written.

use std::collections::BTreeSet;

use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};

use super::{
    Counts, ImportRequest, RecordSource,
    content::Hash,
    record::{EdgeRecord, NodeRecord, Record, TenantRecord},
    statement::key_hash,
};

/// How many bad lines are named.
const NAMED: usize = 20;

/// What an export holds that was found to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Checked {
    pub(crate) tenants: Vec<TenantId>,
    pub(crate) counts: Counts,
}

/// Checks every line: that it can be read, that nodes and edges are in order and so not there twice, that tenants are those
/// that were asked for, and that every edge joins nodes of one tenant that are in the export.
///
/// # Errors
/// `InvalidArgument` with the numbers of bad lines, `PermissionDenied` for a tenant that may not occur, `Unsupported` for
/// a newer format.
pub(crate) fn check(request: &ImportRequest, records: &mut dyn RecordSource) -> Result<Checked> {
    let mut check = Check::new(request);
    let mut bad: Vec<(u64, String)> = Vec::new();
    let mut bad_total = 0_u64;
    let mut number = 0;
    while let Some(line) = records.next()? {
        number += 1;
        let result = Record::parse(&line).and_then(|record| check.take(number, record));
        match result {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::InvalidArgument && number > 1 => {
                bad_total += 1;
                if bad.len() < NAMED {
                    bad.push((number, error.message().to_owned()));
                }
            }
            // A header or a tenant that is refused tells enough.
            Err(error) => {
                return Err(Error::new(
                    error.kind(),
                    format!("read the export: line {number}: {}", error.message()),
                ));
            }
        }
    }
    if !bad.is_empty() {
        let message =
            format!("read the export: {bad_total} of its lines cannot be used, nothing was changed");
        return Err(bad
            .into_iter()
            .fold(Error::invalid(message), |error, (line, detail)| {
                error.with_field(format!("/{line}"), detail)
            }));
    }
    check.end()
}

struct Check<'a> {
    allowed: Option<&'a [TenantId]>,
    tenants: BTreeSet<TenantId>,
    /// Of all keys so far; sorted when the first edge comes.
    keys: Vec<Hash>,
    last_key: String,
    last_edge: Option<EdgeRecord>,
    counts: Counts,
    ended: bool,
}

impl<'a> Check<'a> {
    fn new(request: &'a ImportRequest) -> Self {
        Self {
            allowed: request.tenants.as_deref(),
            tenants: BTreeSet::new(),
            keys: Vec::new(),
            last_key: String::new(),
            last_edge: None,
            counts: Counts::default(),
            ended: false,
        }
    }

    fn take(&mut self, number: u64, record: Record) -> Result<()> {
        if self.ended {
            return Err(Error::invalid("it comes after the end of the export"));
        }
        match record {
            Record::Header { .. } if number == 1 => Ok(()),
            Record::Header { .. } => Err(Error::invalid("it is a second header")),
            _ if number == 1 => Err(Error::invalid("it is not the header of an export of ATG")),
            Record::Tenant(tenant) => self.tenant(&tenant),
            Record::Node(node) => self.node(*node),
            Record::Edge(edge) => self.edge(*edge),
            Record::End(counts) => self.last(counts),
        }
    }

    fn tenant(&mut self, tenant: &TenantRecord) -> Result<()> {
        let id: TenantId = tenant.id.parse()?;
        if self.allowed.is_some_and(|allowed| !allowed.contains(&id)) {
            return Err(Error::new(
                ErrorKind::PermissionDenied,
                format!("the tenant {id} is not the one that was asked for, nothing was changed"),
            ));
        }
        if !self.keys.is_empty() || self.counts.edges > 0 {
            return Err(Error::invalid("a tenant comes after the first node"));
        }
        if self.tenants.insert(id) {
            Ok(())
        } else {
            Err(Error::invalid("the tenant is there twice"))
        }
    }

    fn node(&mut self, node: NodeRecord) -> Result<()> {
        if self.last_edge.is_some() {
            return Err(Error::invalid("a node comes after the first edge"));
        }
        if node.key <= self.last_key {
            return Err(Error::invalid(
                "the node is there twice or not in the order of keys",
            ));
        }
        let tenant = tenant_of(&node.key)?;
        if !self.tenants.contains(&tenant) {
            return Err(Error::invalid(format!(
                "the export does not name the tenant {tenant}"
            )));
        }
        self.keys.push(key_hash(&node.key));
        self.last_key = node.key;
        self.counts.nodes += 1;
        Ok(())
    }

    fn edge(&mut self, edge: EdgeRecord) -> Result<()> {
        if self.last_edge.is_none() {
            self.keys.sort_unstable();
        }
        let tenant = tenant_of(&edge.from)?;
        for (end, key) in [
            ("beginning", &edge.from),
            ("end", &edge.to),
            ("owner", &edge.owner),
        ] {
            if self.keys.binary_search(&key_hash(key)).is_err() {
                return Err(Error::invalid(format!(
                    "the {end} of the edge is not a node of the export"
                )));
            }
            if tenant_of(key)? != tenant {
                return Err(Error::invalid("the edge joins two tenants"));
            }
        }
        if self.last_edge.as_ref().is_some_and(|last| *last >= edge) {
            return Err(Error::invalid("the edge is there twice or not in order"));
        }
        if !edge.spare {
            self.counts.edges += 1;
        }
        self.last_edge = Some(edge);
        Ok(())
    }

    fn last(&mut self, counts: Counts) -> Result<()> {
        self.ended = true;
        if counts == self.counts {
            return Ok(());
        }
        Err(Error::invalid(format!(
            "it promises {} nodes and {} edges, {} and {} were there",
            counts.nodes, counts.edges, self.counts.nodes, self.counts.edges
        )))
    }

    fn end(self) -> Result<Checked> {
        if !self.ended {
            return Err(Error::invalid(
                "read the export: it ends too early, nothing was changed; copy or export it again",
            ));
        }
        Ok(Checked {
            tenants: self.tenants.into_iter().collect(),
            counts: self.counts,
        })
    }
}

/// The tenant in a key.
fn tenant_of(key: &str) -> Result<TenantId> {
    let tenant = key.split_once('|').and_then(|(tenant, _)| tenant.parse().ok());
    tenant.ok_or_else(|| Error::invalid(format!("`{}` is not the key of a node", key.escape_debug())))
}
