//! A batch, parsed, filtered and described. Pure and on any thread.

use std::{
    collections::{BTreeMap, hash_map::DefaultHasher},
    hash::{Hash as _, Hasher as _},
};

use super::{
    Batch, Place, Problem,
    filter::{Filters, Kind, LeftOut},
    unit::{Tally, UnitKey},
};
use crate::{
    describe::{self, Describer, Description},
    json::Json,
};

/// What became of a batch.
#[derive(Debug, Default)]
pub(crate) struct Portion {
    /// What was taken, in the source's order.
    pub rows: Vec<Row>,
    /// What was not, and why.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// How much belongs to which unit.
    pub tallies: BTreeMap<UnitKey, Tally>,
    /// What went wrong within a unit that is known.
    pub problems: Vec<Problem>,
    /// What is odd about objects that were taken nevertheless.
    pub remarks: Vec<Problem>,
    /// What went wrong where nobody knows in which unit.
    pub unassigned: Vec<Problem>,
    /// Rows that say that they are of another tenant.
    pub foreign: u64,
    /// How many JSON texts were read, whatever they say.
    pub parsed: u64,
}

/// One object that was taken.
#[derive(Debug)]
pub(crate) struct Row {
    /// In a file.
    pub place: Option<Place>,
    pub kind: Kind,
    /// Of its key: equal for the same object, however its ID is spelled.
    pub hash: u64,
    pub description: Description,
}

/// Works through a batch.
pub(crate) fn work_through(batch: &Batch, filters: &Filters, describer: &Describer, tenant: &str) -> Portion {
    let mut portion = Portion {
        unassigned: batch.problems.clone(),
        ..Portion::default()
    };
    for element in &batch.elements {
        match Json::parse(batch.text_of(element)) {
            Ok(object) => {
                portion.parsed += 1;
                let of = Of {
                    place: Some(element.place),
                    bytes: element.range.len() as u64,
                    unit: None,
                };
                portion.take(object, &of, (filters, describer, tenant));
            }
            Err(error) => portion
                .unassigned
                .push(Problem::at(element.place, error.to_string())),
        }
    }
    portion
}

/// Where an object comes from.
#[derive(Debug)]
pub(super) struct Of {
    /// In a file.
    pub(super) place: Option<Place>,
    /// How long its text is.
    pub(super) bytes: u64,
    /// Of Azure: which unit it was read for.
    pub(super) unit: Option<UnitKey>,
}

impl Of {
    fn problem(&self, detail: String) -> Problem {
        Problem {
            place: self.place,
            id: None,
            detail,
        }
    }
}

impl Portion {
    /// Takes an object in, as far as filters let it.
    pub(super) fn take(
        &mut self,
        object: Json,
        of: &Of,
        (filters, describer, tenant): (&Filters, &Describer, &str),
    ) {
        let facts = match describe::facts(&object) {
            Ok(facts) => facts,
            Err(error) => return self.refuse(&object, of, error.to_string()),
        };
        let kind = Kind::of(&facts);
        let key = of.unit.clone().unwrap_or_else(|| UnitKey::of(kind, &facts));
        let tally = self.tallies.entry(key).or_default();
        tally.rows += 1;
        tally.bytes += of.bytes;
        if let Err(why) = filters.admit(kind, &facts) {
            tally.left_out += 1;
            *self.left_out.entry(why).or_default() += 1;
            return;
        }
        let hash = hash_of(facts.id);
        let id = facts.id.to_owned();
        let foreign = object
            .get("tenantId")
            .and_then(Json::as_str)
            .is_some_and(|own| kind != Kind::AboveSubscriptions && !own.eq_ignore_ascii_case(tenant));
        match describer.describe(object) {
            Ok(description) => {
                self.foreign += u64::from(foreign);
                self.remarks
                    .extend(description.problems.iter().map(|detail| Problem {
                        id: Some(id.clone()),
                        ..of.problem(detail.clone())
                    }));
                self.rows.push(Row {
                    place: of.place,
                    kind,
                    hash,
                    description,
                });
            }
            Err(error) => {
                tally.bad += 1;
                self.problems.push(Problem {
                    id: Some(id),
                    ..of.problem(error.to_string())
                });
            }
        }
    }

    /// An object of a known unit that is no JSON.
    pub(super) fn unread(&mut self, of: &Of, error: &str) {
        self.refuse(&Json::Null, of, error.to_owned());
    }

    /// An object that is no resource. Where its ID tells at least the subscription, only that unit misses something.
    fn refuse(&mut self, object: &Json, of: &Of, detail: String) {
        let id = object.get("id").and_then(Json::as_str);
        let problem = Problem {
            id: id.map(|id| id.chars().take(200).collect()),
            ..of.problem(detail)
        };
        match of.unit.clone().or_else(|| id.and_then(UnitKey::of_id)) {
            Some(key) => {
                let tally = self.tallies.entry(key).or_default();
                tally.rows += 1;
                tally.bad += 1;
                tally.bytes += of.bytes;
                self.problems.push(problem);
            }
            None => self.unassigned.push(problem),
        }
    }
}

/// The same in every run and on every machine of a kind; never stored.
fn hash_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.trim_end_matches('/').to_lowercase().hash(&mut hasher);
    hasher.finish()
}
