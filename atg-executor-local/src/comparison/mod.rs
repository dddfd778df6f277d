//! What differs between two exports.
//!
//! Exports are ordered by key, so two of the same tenant are compared as they are read, side by side: memory does not
//! grow with them. A tenant is compared with another one as if it had the other's GUIDs; its lines are then put in their
//! new order on the disk first.

mod align;
mod findings;
mod guid;
mod merge;
mod report;
mod rows;
pub(crate) mod sort;

use std::{
    collections::BTreeSet,
    fs::File,
    io::{Seek as _, Write},
    path::PathBuf,
};

use atg_sdk::{
    Error, Result,
    azure::TenantId,
    model::operations::diff::{MatchedBy, Output, SideCounts, TypeDifferences},
};
use serde_json::Value as JsonValue;

use self::{
    align::Names,
    findings::Findings,
    rows::{Rows, Stream, Turned},
};
use crate::{fault::io_error, graph::lines::LineReader, inputs::InputFile};

/// Of lists in the output, so many.
const SHOWN: usize = 100;

/// How often it is asked whether to go on, in lines.
const ASK: u64 = 4_096;

/// An export, to be read more than once.
#[derive(Debug)]
pub(crate) enum Export {
    /// A file that somebody gave us.
    Input(InputFile),
    /// A file of our own.
    Kept(PathBuf),
    /// A file without a name, read by one at a time.
    Spooled(File),
}

impl Export {
    fn open(&self) -> Result<LineReader> {
        match self {
            Self::Input(input) => LineReader::new(input.open()?),
            Self::Kept(path) => LineReader::new(
                File::open(path).map_err(|error| io_error("read the kept export", path, error))?,
            ),
            Self::Spooled(file) => {
                let reopened = file.try_clone().and_then(|mut file| file.rewind().map(|()| file));
                LineReader::new(reopened.map_err(|error| {
                    io_error(
                        "read the tenant's rows again",
                        std::path::Path::new("temporary file"),
                        error,
                    )
                })?)
            }
        }
    }
}

/// What to compare, and how.
pub(crate) struct Comparison<'a> {
    /// The state before, the state after.
    pub(crate) sides: [&'a Export; 2],
    /// Only this tenant.
    pub(crate) tenant: Option<TenantId>,
    /// The only tenants that may occur; all where `None`.
    pub(crate) allowed: Option<&'a [TenantId]>,
    /// For files without names.
    pub(crate) directory: PathBuf,
    /// Is told what is being done and how many lines were read, and may end it.
    pub(crate) tick: &'a (dyn Fn(&str, u64) -> Result<()> + 'a),
}

/// What was found, to be written.
pub(crate) struct Compared {
    /// In numbers.
    pub(crate) output: Output,
    findings: Findings,
}

impl Compared {
    /// `diff.md`
    pub(crate) fn markdown(&self) -> String {
        report::markdown(&self.output, &self.findings)
    }

    /// `diff.json`. `run` is what differs between two runs.
    pub(crate) fn write_json(self, run: &JsonValue, out: &mut impl Write) -> Result<()> {
        report::json(run, &self.output, self.findings, out)
    }
}

const NAMES: [&str; 2] = ["left", "right"];

impl Comparison<'_> {
    /// Compares.
    ///
    /// # Errors
    /// `InvalidArgument` for what is no whole export, and where it is not clear which tenants to compare;
    /// `PermissionDenied` for a tenant that may not occur.
    pub(crate) fn run(&self) -> Result<Compared> {
        let tenants = [self.tenants(0)?, self.tenants(1)?];
        let mut findings = Findings::new(&self.directory)?;
        let other_tenant = match (&tenants[0][..], &tenants[1][..]) {
            ([left], [right]) if left != right => Some((*left, *right)),
            _ => None,
        };
        match other_tenant {
            None => self.by_key(&tenants, &mut findings)?,
            Some(pair) => self.by_path(pair, &mut findings)?,
        }
        let matched_by = match other_tenant {
            None => MatchedBy::Key,
            Some(_) => MatchedBy::Path,
        };
        Ok(Compared {
            output: output(&tenants, matched_by, &findings),
            findings,
        })
    }

    fn stream(&self, side: usize) -> Result<Stream> {
        let mut stream = Stream::open(NAMES[side], self.sides[side].open()?)?;
        if let Some(tenant) = self.tenant {
            stream.keep_only(tenant);
        }
        Ok(stream)
    }

    /// The tenants of a side that are compared.
    fn tenants(&self, side: usize) -> Result<Vec<TenantId>> {
        let all = self.stream(side)?.tenants()?;
        if let Some(foreign) = self
            .allowed
            .and_then(|allowed| all.iter().find(|tenant| !allowed.contains(tenant)))
        {
            return Err(Error::new(
                atg_sdk::ErrorKind::PermissionDenied,
                format!(
                    "compare tenant {foreign}, which the {} side holds: the request may not use it",
                    NAMES[side]
                ),
            ));
        }
        match self.tenant {
            None => Ok(all),
            Some(tenant) if all.contains(&tenant) => Ok(vec![tenant]),
            Some(tenant) => Err(Error::not_found(format!(
                "compare tenant {tenant}: the {} side does not hold it",
                NAMES[side]
            ))),
        }
    }

    fn by_key(&self, tenants: &[Vec<TenantId>; 2], findings: &mut Findings) -> Result<()> {
        let [left, right] = tenants.each_ref().map(|ids| ids.iter().collect::<BTreeSet<_>>());
        if left.is_disjoint(&right) && !(left.is_empty() && right.is_empty()) {
            return Err(Error::invalid(format!(
                "compare {} tenants with {} others: one tenant is compared with one other; export each into a file of its \
                 own (`atg export --tenant-id`)",
                left.len(),
                right.len()
            )));
        }
        let (mut left, mut right) = (self.stream(0)?, self.stream(1)?);
        let mut ticks = Ticks::new(self.tick, "comparing");
        merge::merge(&mut left, &mut right, None, findings, || ticks.next())
    }

    fn by_path(&self, (left, right): (TenantId, TenantId), findings: &mut Findings) -> Result<()> {
        let mut names = Vec::with_capacity(2);
        for side in 0..2 {
            let mut ticks = Ticks::new(self.tick, "reading names");
            names.push(Names::read(&mut self.stream(side)?, || ticks.next())?);
        }
        let boxed = |side| -> Result<Box<dyn Rows>> { Ok(Box::new(self.stream(side)?)) };
        let mut ticks = Ticks::new(self.tick, "matching the tenants");
        let exchange = align::pairs(
            (left, &names[0]),
            (right, &names[1]),
            || boxed(0),
            || boxed(1),
            || ticks.next(),
        )?;
        let mut ticks = Ticks::new(self.tick, "sorting the left side");
        let mut turned = Turned::new(&mut self.stream(0)?, &exchange, &self.directory, |_| ticks.next())?;
        let mut right = self.stream(1)?;
        let mut ticks = Ticks::new(self.tick, "comparing");
        merge::merge(&mut turned, &mut right, Some(&exchange), findings, || {
            ticks.next()
        })
    }
}

/// Asks now and then whether to go on.
struct Ticks<'a> {
    tick: &'a dyn Fn(&str, u64) -> Result<()>,
    step: &'static str,
    count: u64,
}

impl<'a> Ticks<'a> {
    fn new(tick: &'a dyn Fn(&str, u64) -> Result<()>, step: &'static str) -> Self {
        Self { tick, step, count: 0 }
    }

    fn next(&mut self) -> Result<()> {
        self.count += 1;
        if self.count.is_multiple_of(ASK) {
            (self.tick)(self.step, self.count)?;
        }
        Ok(())
    }
}

fn output(tenants: &[Vec<TenantId>; 2], matched_by: MatchedBy, findings: &Findings) -> Output {
    let [left, right] = tenants
        .each_ref()
        .map(|ids| ids.iter().take(SHOWN).copied().collect());
    let (nodes, edges) = (findings.nodes, findings.edges);
    let differing = findings.kinds.values().filter(|kind| kind.differs());
    let all = nodes.added + nodes.removed + nodes.changed + nodes.unchanged;
    Output {
        identical: nodes.is_nothing() && edges.is_nothing(),
        matched_by,
        left: SideCounts {
            tenant_ids: left,
            nodes: nodes.removed + nodes.changed + nodes.unchanged,
            edges: edges.removed + edges.changed + edges.unchanged,
        },
        right: SideCounts {
            tenant_ids: right,
            nodes: nodes.added + nodes.changed + nodes.unchanged,
            edges: edges.added + edges.changed + edges.unchanged,
        },
        nodes,
        edges,
        score: score(nodes.unchanged, all),
        types_total: differing.clone().count() as u64,
        types: differing.take(SHOWN).cloned().collect::<Vec<TypeDifferences>>(),
    }
}

/// To four digits, so that it is printed alike everywhere. Nothing compared with nothing is the same.
#[expect(clippy::cast_precision_loss, reason = "four digits are shown")]
fn score(same: u64, all: u64) -> f64 {
    match all {
        0 => 1.0,
        all => (same as f64 / all as f64 * 10_000.0).floor() / 10_000.0,
    }
}

#[cfg(test)]
mod tests;
