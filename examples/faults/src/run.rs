//! Cases one after the other in one tenant and one graph: each finds what the one before has left. After some of them the
//! next begin with another tenant, so that every case can be run again by its number alone, whoever ran which beside it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use atg_azure_sim::{Lag, Schedule};
use atg_executor_local::LocalExecutor;
use atg_live::{collector::Collector, collectors::Resources};
use atg_sdk::{Error, ErrorKind, JobId, JobRequest, Operation, Result, WorkContext, model::operations::scan};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{
    check::{Facts, Owner, Unit, Violation, check},
    schedule::Case,
    stage::{Scanned, Stage, ids, scan},
};

/// So many cases share a tenant.
pub const TOGETHER: u64 = 10;
/// A scan that takes longer than this, by the clock on the wall, does not end: time passes by itself here.
const ENDLESS: Duration = Duration::from_secs(60);

const NO_END: &str = "come to an end";

/// How the cases went.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Cases that ran.
    pub cases: u64,
    /// Scans that were killed and begun again.
    pub killed: u64,
    /// Of these, those that went on behind what they had read before.
    pub went_on: u64,
    /// Scans that read everything.
    pub complete: u64,
    /// Scans that said that something is missing.
    pub partial: u64,
    /// Scans that said that they could do nothing at all.
    pub failed: u64,
    /// Units that said that something is missing.
    pub short_units: u64,
    /// Exchanges with Azure.
    pub exchanges: u64,
    /// The longest scan, in seconds of the tenant's own time.
    pub longest: f64,
    /// What was in Azure and not in the graph, with a unit that says so.
    pub missing: u64,
    /// What is wrong, by the seed of its case.
    pub violations: BTreeMap<u64, BTreeSet<Violation>>,
}

impl Tally {
    /// Both together.
    pub fn add(&mut self, other: Self) {
        self.cases += other.cases;
        self.killed += other.killed;
        self.went_on += other.went_on;
        self.complete += other.complete;
        self.partial += other.partial;
        self.failed += other.failed;
        self.short_units += other.short_units;
        self.exchanges += other.exchanges;
        self.missing += other.missing;
        self.longest = self.longest.max(other.longest);
        self.violations.extend(other.violations);
    }

    /// What is wrong, all cases together.
    pub fn violations(&self) -> impl Iterator<Item = &Violation> {
        self.violations.values().flatten()
    }
}

/// Runs those of the cases that share the tenant of the first, in a graph below that directory, and ends with an undisturbed
/// scan. Those before the first are run too, since it begins with what they leave, and not counted.
///
/// # Errors
/// When the harness itself fails.
pub fn run(
    cases: Range<u64>,
    directory: &Path,
    stage: Stage,
    mut tell: impl FnMut(&dyn fmt::Debug),
) -> Result<Tally> {
    let mut runner = Runner::new(stage, directory)?;
    let begin = cases.start / TOGETHER * TOGETHER;
    let end = cases.end.min(begin + TOGETHER);
    let mut tally = Tally::default();
    for seed in begin..end {
        let case = Case::of(seed);
        let own = runner.run(&case)?;
        if seed >= cases.start {
            tell(&case);
            tell(&own);
            tally.add(own);
        }
    }
    tally.add(runner.settle(end - 1)?);
    Ok(tally)
}

/// A tenant with its graph. Its runtime is its own, so that a scan can be killed: the runtime is dropped with everything in
/// it, as a process is.
#[derive(Debug)]
pub struct Runner {
    stage: Stage,
    directory: PathBuf,
    /// `None` only while a killed scan is begun again.
    place: Option<Place>,
    /// What no collector reads, as an undisturbed scan shows: types that it finds nothing of.
    unread: BTreeSet<String>,
    owners: BTreeMap<String, Vec<Owner>>,
    /// When each thing appeared that lists may not show yet.
    born: BTreeMap<String, Timestamp>,
    /// What the graph holds.
    held: BTreeSet<String>,
}

#[derive(Debug)]
struct Place {
    runtime: Runtime,
    executor: Arc<LocalExecutor>,
}

impl Place {
    fn open(stage: &Stage, directory: &Path) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Error::internal("start a runtime").with_source(error))?;
        let executor = Arc::new(runtime.block_on(stage.executor(directory))?);
        Ok(Self { runtime, executor })
    }
}

impl Runner {
    /// Scans the tenant once undisturbed, which shows what can be read at all.
    ///
    /// # Errors
    /// When that scan fails or is incomplete.
    pub fn new(stage: Stage, directory: &Path) -> Result<Self> {
        let mut runner = Self {
            place: Some(Place::open(&stage, directory)?),
            stage,
            directory: directory.to_owned(),
            unread: BTreeSet::new(),
            owners: owners(),
            born: BTreeMap::new(),
            held: BTreeSet::new(),
        };
        let first = runner.undisturbed()?;
        if !first.output.success {
            let units = first.output.incomplete_units;
            return Err(Error::internal(format!("scan undisturbed: {units:?}")));
        }
        runner.held = runner.ids()?;
        for (id, kind) in runner.truth()? {
            if !runner.held.contains(&id) {
                runner.unread.insert(kind);
            }
        }
        Ok(runner)
    }

    /// Types that are in the tenant and that no collector reads.
    #[must_use]
    pub fn unread(&self) -> &BTreeSet<String> {
        &self.unread
    }

    fn place(&self) -> Result<&Place> {
        self.place
            .as_ref()
            .ok_or_else(|| Error::internal("find the executor"))
    }

    fn undisturbed(&self) -> Result<Scanned> {
        let place = self.place()?;
        place
            .runtime
            .block_on(scan(&place.executor, JobRequest::new(operation())))
    }

    fn ids(&self) -> Result<BTreeSet<String>> {
        let place = self.place()?;
        place.runtime.block_on(ids(&place.executor))
    }

    fn rows(&self) -> Result<Vec<Value>> {
        Ok(self.place()?.runtime.block_on(self.stage.rows()))
    }

    fn truth(&self) -> Result<BTreeSet<(String, String)>> {
        let lower = |row: &Value, name: &str| row[name].as_str().map(str::to_lowercase);
        let rows = self.rows()?;
        let rows = rows.iter().filter_map(|row| {
            let kind = lower(row, "type").or_else(|| lower(row, "@odata.type"))?;
            let id = lower(row, "id")?;
            (!self.unread.contains(&kind)).then_some((id, kind))
        });
        Ok(rows.collect())
    }

    /// Runs one case.
    ///
    /// # Errors
    /// When the harness itself fails: never because of what went wrong on purpose.
    pub fn run(&mut self, case: &Case) -> Result<Tally> {
        let mut tally = Tally {
            cases: 1,
            ..Tally::default()
        };
        self.change(case)?;
        self.stage.simulator.set_lag(case.lag);
        self.stage.simulator.set_faults(case.faults.clone());
        let (exchanges, began) = (self.stage.wire.exchanges(), self.stage.clock.time());
        let scanned = self.disturbed(case, &mut tally)?;
        tally.exchanges = self.stage.wire.exchanges() - exchanges;
        tally.longest = self.stage.clock.time().duration_since(began).as_secs_f64();
        self.stage.simulator.set_faults(Schedule::default());
        self.stage.simulator.set_lag(Lag::default());
        let after = self.ids()?;
        let before = std::mem::replace(&mut self.held, after);
        let lag = SignedDuration::from_secs(case.lag.resource_graph.max(case.lag.lists).cast_signed());
        let is_new = |since: Timestamp| began.duration_since(since) < lag;
        let too_new = self.born.iter().filter(|(_, since)| is_new(**since));
        let mut facts = Facts {
            before,
            after: self.held.clone(),
            truth: self.truth()?,
            too_new: too_new.map(|(id, _)| id.clone()).collect(),
            denied: self.stage.wire.denied(),
            must_succeed: case.only_throttled,
            ..Facts::default()
        };
        let missing = facts.truth.iter().filter(|(id, _)| !facts.after.contains(id));
        tally.missing = missing.count() as u64;
        let violations = match scanned {
            Ok(scanned) => {
                facts.units = scanned.units;
                facts.success = scanned.output.success;
                check(&facts, |kind| self.owners_of(kind))
            }
            // A scan that could not even begin says so; what it must not do is to remove.
            Err(error) => {
                tally.failed = 1;
                let mut found = deleted(&facts);
                if error.message() == NO_END {
                    found.insert(Violation::Endless);
                }
                if case.only_throttled {
                    found.insert(Violation::GaveUp(error.to_string()));
                }
                found
            }
        };
        if tally.failed == 0 {
            *(if facts.success {
                &mut tally.complete
            } else {
                &mut tally.partial
            }) = 1;
        }
        let is_short = |unit: &&Unit| !matches!(unit.state.as_str(), "complete" | "skipped");
        tally.short_units = facts.units.iter().filter(is_short).count() as u64;
        if !violations.is_empty() {
            tally.violations.insert(case.seed, violations);
        }
        Ok(tally)
    }

    fn change(&mut self, case: &Case) -> Result<()> {
        let before = self.truth()?;
        let changes = case.changes(&self.rows()?);
        self.stage.simulator.change(&changes).map_err(Error::internal)?;
        let now = self.stage.clock.time();
        for (id, _) in self.truth()?.difference(&before) {
            self.born.insert(id.clone(), now);
        }
        // Changes lie at least a moment back.
        self.stage.clock.advance(Duration::from_secs(1));
        Ok(())
    }

    /// The scan of a case, which may be killed and begun again. The inner error is the scan's.
    fn disturbed(&mut self, case: &Case, tally: &mut Tally) -> Result<Result<Scanned>> {
        let request = attempt(JobId::new(), 1);
        let outer = request.context.as_ref().map(|context| context.job_id);
        let Some(exchanges) = case.killed_after else {
            return self.attempt(request);
        };
        self.stage.wire.fall_silent_after(exchanges);
        let wire = Arc::clone(&self.stage.wire);
        let place = self.place()?;
        let ended = place.runtime.block_on(async {
            tokio::select! {
                scanned = scan(&place.executor, request.clone()) => Some(scanned),
                () = wire.silence() => None,
            }
        });
        self.stage.wire.speak();
        if let Some(scanned) = ended {
            return Ok(scanned);
        }
        tally.killed = 1;
        self.kill()?;
        // A worker takes the job up again, by a new inner one; so does `atg scan --resume`.
        let again = self.attempt(attempt(outer.unwrap_or_default(), 2))?;
        tally.went_on = u64::from(again.as_ref().is_ok_and(|scanned| scanned.went_on));
        Ok(again)
    }

    /// A scan that has to end some time.
    fn attempt(&mut self, request: JobRequest) -> Result<Result<Scanned>> {
        let place = self.place()?;
        let ended = place
            .runtime
            .block_on(async { tokio::time::timeout(ENDLESS, scan(&place.executor, request)).await });
        match ended {
            Ok(scanned) => Ok(scanned),
            Err(_) => {
                self.kill()?;
                Ok(Err(Error::new(ErrorKind::Timeout, NO_END)))
            }
        }
    }

    /// Ends the process, as `kill -9` does: nothing of it goes on. And begins another.
    fn kill(&mut self) -> Result<()> {
        if let Some(Place { runtime, executor }) = self.place.take() {
            runtime.shutdown_background();
            drop(executor);
        }
        self.place = Some(Place::open(&self.stage, &self.directory)?);
        Ok(())
    }

    /// Nobody lists all subscriptions and management groups, which are never removed: they are the hierarchy's.
    fn owners_of(&self, kind: &str) -> Vec<Owner> {
        match kind {
            "microsoft.resources/subscriptions" | "microsoft.management/managementgroups" => {
                vec![Owner {
                    collector: "hierarchy".to_owned(),
                    through: Vec::new(),
                }]
            }
            kind => {
                let own = self.owners.get(kind).or_else(|| self.owners.get("*"));
                own.cloned().unwrap_or_default()
            }
        }
    }

    /// Scans undisturbed once more and compares everything: whatever went wrong up to that case must have left nothing behind.
    ///
    /// # Errors
    /// When the scan fails.
    pub fn settle(&mut self, last: u64) -> Result<Tally> {
        let scanned = self.undisturbed()?;
        self.held = self.ids()?;
        let truth: BTreeSet<String> = self.truth()?.into_iter().map(|(id, _)| id).collect();
        let mut violations: BTreeSet<Violation> = truth
            .difference(&self.held)
            .cloned()
            .map(Violation::Lost)
            .collect();
        if !scanned.output.success {
            violations.insert(Violation::GaveUp(format!(
                "{:?}",
                scanned.output.incomplete_units
            )));
        }
        let mut tally = Tally::default();
        if !violations.is_empty() {
            tally.violations.insert(last, violations);
        }
        Ok(tally)
    }
}

/// As a worker hands it on.
fn attempt(job_id: JobId, attempt: u32) -> JobRequest {
    let mut request = JobRequest::new(operation());
    request.context = Some(WorkContext {
        job_id,
        attempt,
        fence: (1, u64::from(attempt)),
    });
    request
}

fn operation() -> Operation {
    Operation::Scan(scan::Parameters::default())
}

fn deleted(facts: &Facts) -> BTreeSet<Violation> {
    let gone = facts
        .truth
        .iter()
        .filter(|(id, _)| facts.before.contains(id) && !facts.after.contains(id));
    gone.map(|(id, _)| Violation::FalseDeletion(id.clone())).collect()
}

/// Who reads which types, as the collectors declare it; under `*` who reads whatever nobody else does.
fn owners() -> BTreeMap<String, Vec<Owner>> {
    let mut owners: BTreeMap<String, Vec<Owner>> = BTreeMap::new();
    let all = atg_live::collectors::all();
    for collector in &all {
        let declaration = collector.declaration();
        let finds = |other: &&Arc<dyn Collector>| {
            let other = other.declaration();
            let follows = &declaration.follows;
            !follows.is_empty()
                && (other.name == Resources::NAME || other.reads.iter().any(|read| follows.contains(read)))
        };
        let owner = Owner {
            collector: declaration.name.to_string(),
            through: all
                .iter()
                .filter(finds)
                .map(|other| other.declaration().name.to_string())
                .collect(),
        };
        for kind in &declaration.lists_all {
            let kind = match &**kind {
                "microsoft.resources/resourcegroups" => "microsoft.resources/subscriptions/resourcegroups",
                kind => kind,
            };
            owners.entry(kind.to_owned()).or_default().push(owner.clone());
        }
    }
    owners
}
