//! What a scan knows while it reads.

use std::collections::{BTreeMap, HashSet};

use atg_sdk::{Counters, Error, Result};
use serde::Serialize;

use super::named::Named;
use super::role_names::RoleNames;
use super::witnesses::Witnesses;
use crate::{
    context::Context,
    discovery::{
        Place, Position, Problem,
        filter::{Filters, Kind, LeftOut},
        portion::{Portion, Row},
        report::Report,
        unit::Units,
    },
    graph::Described,
};

/// So many problems are shown while the scan runs; the report has them all.
const SHOWN: u64 = 10;

/// Everything that was read so far, but the objects themselves.
#[derive(Debug)]
pub(super) struct Gathered {
    pub(super) units: Units,
    pub(super) report: Report,
    /// Resources that were taken, each once.
    pub(super) resources: u64,
    /// Microsoft Entra objects that were taken, each once.
    pub(super) entra: u64,
    pub(super) left_out: BTreeMap<LeftOut, u64>,
    pub(super) named: Named,
    /// Of what Azure listed.
    pub(super) witnesses: Witnesses,
    references: u64,
    /// JSON texts that were read.
    parsed: u64,
    foreign: u64,
    limit: Option<u64>,
    of_file: bool,
    first_problem: Option<String>,
    /// Names of roles, and who waits for one.
    pub(super) roles: RoleNames,
    /// Hashes of the objects that were taken. Eight bytes an object, which is what it costs to say which came twice.
    seen: HashSet<u64>,
}

/// An object that came more than once, as the report shows it.
#[derive(Serialize)]
struct Duplicate<'a> {
    #[serde(flatten)]
    place: Place,
    id: &'a str,
}

#[derive(Serialize)]
struct Redacted<'a> {
    id: &'a str,
    path: &'a str,
}

impl Gathered {
    /// `of_file`: whether an object that comes twice is worth a word. Azure tells of many in several lists.
    pub(super) fn new(limit: Option<u64>, of_file: bool) -> Self {
        Self {
            of_file,
            units: Units::default(),
            report: Report::default(),
            resources: 0,
            entra: 0,
            left_out: BTreeMap::new(),
            named: Named::default(),
            witnesses: Witnesses::default(),
            references: 0,
            parsed: 0,
            foreign: 0,
            limit,
            first_problem: None,
            roles: RoleNames::default(),
            seen: HashSet::new(),
        }
    }

    /// Takes note of a portion, and gives what of it goes into the graph.
    pub(super) fn absorb(&mut self, portion: Portion, context: &Context) -> Result<Vec<Described>> {
        self.parsed += portion.parsed;
        self.foreign += portion.foreign;
        for (key, tally) in portion.tallies {
            self.units.add(key, &tally);
        }
        for (why, count) in portion.left_out {
            *self.left_out.entry(why).or_default() += count;
        }
        for problem in &portion.unassigned {
            self.units.miss(problem);
        }
        // Both kinds in the order of their places, as a person reads the file.
        let mut problems: Vec<Problem> = portion.problems.into_iter().chain(portion.unassigned).collect();
        problems.sort_by_key(|problem| problem.place.map_or(u64::MAX, |place| place.line));
        for problem in &problems {
            self.note_problem(problem, context)?;
        }
        for remark in &portion.remarks {
            self.report.remarks.push(remark)?;
        }
        let mut described = Vec::with_capacity(portion.rows.len() * 2);
        for row in portion.rows {
            if self.is_full() {
                *self.left_out.entry(LeftOut::ResourceLimit).or_default() += 1;
            } else {
                self.take(row, &mut described)?;
            }
        }
        Ok(self.roles.pass(described))
    }

    fn take(&mut self, row: Row, described: &mut Vec<Described>) -> Result<()> {
        let node = &row.description.described.node;
        if let (false, Kind::Resource, Some(resource_type)) = (self.of_file, row.kind, &node.resource_type) {
            self.witnesses.note(&node.id, resource_type);
        }
        for redaction in &row.description.redacted {
            self.report.redactions.push(&Redacted {
                id: &node.id,
                path: &redaction.path,
            })?;
        }
        for described in &row.description.implied {
            self.named.note(&described.references);
        }
        self.named.note(&row.description.described.references);
        // What it implies may be mentioned nowhere else.
        described.extend(row.description.implied);
        if !self.seen.insert(row.hash) {
            if let (true, Some(place)) = (self.of_file, row.place) {
                let id = &node.id;
                self.report.duplicates.push(&Duplicate { place, id })?;
            }
        } else if row.kind == Kind::Entra {
            self.entra += 1;
        } else {
            self.resources += 1;
            self.count_type(node);
        }
        // Also of those that come again: which one counts is for the graph to say, by what they say and not by their order.
        self.references += row.description.described.references.len() as u64;
        described.push(row.description.described);
        Ok(())
    }

    /// Types that this version has no label for are counted again on their own: they may be misspelled.
    fn count_type(&mut self, node: &crate::graph::Node) {
        let Some(name) = &node.resource_type else { return };
        let is_known = crate::describe::is_known_type(name);
        for (types, counts) in [
            (&mut self.report.types, true),
            (&mut self.report.unknown_types, !is_known),
        ] {
            // A damaged file could have as many types as lines.
            if counts && (types.len() < 10_000 || types.contains_key(name)) {
                *types.entry(name.clone()).or_default() += 1;
            }
        }
    }

    fn note_problem(&mut self, problem: &Problem, context: &Context) -> Result<()> {
        self.report.problems.push(problem)?;
        self.first_problem.get_or_insert_with(|| problem.to_string());
        match self.report.problems.total() {
            ..=SHOWN => context.warn(problem.to_string()),
            n if n == SHOWN + 1 => context.warn("further problems are listed in report.json alone"),
            _ => {}
        }
        Ok(())
    }

    /// Whether the limit on resources is reached.
    pub(super) fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| self.resources >= limit)
    }

    /// A file of which nothing at all is JSON is not a source with problems: it is the wrong file.
    pub(super) fn refuse_if_nothing_was_read(&self) -> Result<()> {
        match &self.first_problem {
            Some(problem) if self.parsed == 0 => Err(Error::invalid(format!(
                "read the input: nothing in it could be read; the first problem: {problem}"
            ))),
            _ => Ok(()),
        }
    }

    /// Says what a person probably did not mean.
    pub(super) fn warn_of_filters(&mut self, filters: &Filters, context: &Context) {
        // A scan that stopped early did not see what the other values would match.
        if !self.is_full() {
            for (pointer, text) in filters.unmatched() {
                self.report.warn(
                    context,
                    format!("nothing in the source matches `{text}` ({pointer}): check its spelling"),
                );
            }
        }
        if self.foreign > 0 {
            let rows = self.foreign;
            self.report.warn(
                context,
                format!("{rows} rows say that they are of another tenant: check --tenant-id"),
            );
        }
        let duplicates = self.report.duplicates.total();
        if duplicates > 0 {
            self.report.warn(
                context,
                format!(
                    "{duplicates} objects came more than once: the fullest of each counts (see report.json)"
                ),
            );
        }
    }

    pub(super) fn counters(&self) -> Counters {
        Counters {
            resources: self.resources,
            relationships: self.references,
            ..Counters::default()
        }
    }
}

impl Report {
    pub(super) fn warn(&mut self, context: &Context, warning: String) {
        context.warn(warning.clone());
        self.warnings.push(warning);
    }
}

/// Reports where a scan stands. Rates are the reader's business: every event has its time and its counters.
#[expect(clippy::cast_precision_loss, reason = "megabytes for people")]
pub(super) fn report_position(context: &Context, gathered: &Gathered, position: Position) {
    let step = format!(
        "reading: {:.1} of {:.1} MB",
        position.bytes_read as f64 / 1e6,
        position.bytes_total as f64 / 1e6,
    );
    context.progress(position.fraction() * 0.85, &step, gathered.counters());
}
