//! `scan`: reads a source and brings the graph up to date.
//!
//! The source is read on one thread, batches are parsed, filtered and described on others, and the graph is written on
//! yet another. What is between them is bounded, and batches are written in the source's order, so memory does not grow
//! with the source and two runs do the same.

mod gather;
mod leave;
mod removal;

use std::{collections::VecDeque, sync::Arc, time::Instant};

use atg_sdk::{
    Completeness, Error, ErrorKind, Output, Result,
    azure::TenantId,
    model::operations::scan::{self, Parameters},
};
use jiff::Timestamp;
use tokio::task::{self, JoinHandle};

use self::gather::{Gathered, report_position};
use crate::{
    context::{Context, Ended},
    describe::Describer,
    discovery::{
        ResourceSource,
        changes::{self, Changes},
        filter::{Filters, check},
        portion::{Portion, work_through},
        recorded::{Limits, RecordedSource},
        report::InputFacts,
    },
    graph::{ScanCounts, ScanEnd, ScanStart, ScanWriter, Source},
};

/// Batches that are being described while another one is being written. Two cores have no use for more.
const AHEAD: usize = 2;

/// Says what is wrong with the parameters before anything begins.
///
/// # Errors
/// `InvalidArgument` with every field that is wrong; `Unsupported` for what this version cannot do.
pub(crate) fn validate(parameters: &Parameters) -> Result<()> {
    check(parameters)?;
    if parameters.input.is_none() {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "scan Azure itself, which this version cannot: pass a file with --from FILE (`input`)",
        ));
    }
    tenant_of(parameters).map(drop)
}

/// A recorded source does not say whose it is.
fn tenant_of(parameters: &Parameters) -> Result<TenantId> {
    parameters.tenant_id.ok_or_else(|| {
        Error::invalid(
            "scan a file without knowing whose it is: pass --tenant-id (`tenant_id`) or set AZURE_TENANT_ID",
        )
        .with_field("/tenant_id", "is required with `input`")
    })
}

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    validate(&parameters)?;
    let tenant = tenant_of(&parameters)?;
    context.tenants(Some(tenant))?;
    let mut scan = Scan::begin(parameters, tenant, context).await?;
    scan.read().await?;
    scan.end().await
}

/// One scan, from its begin to its end.
struct Scan<'a> {
    context: &'a Context,
    parameters: Parameters,
    tenant: TenantId,
    scan_id: String,
    started_at: Timestamp,
    started: Instant,
    input: InputFacts,
    source: RecordedSource,
    filters: Arc<Filters>,
    gathered: Gathered,
    changes: Changes,
    /// Taken when the first thing is to be written, so that a file that holds nothing touches no graph.
    writer: Option<Box<dyn ScanWriter>>,
}

impl<'a> Scan<'a> {
    async fn begin(parameters: Parameters, tenant: TenantId, context: &'a Context) -> Result<Self> {
        let (started_at, started) = (Timestamp::now(), Instant::now());
        let filters = Arc::new(Filters::new(&parameters)?);
        let digest = parameters
            .input
            .clone()
            .ok_or_else(|| Error::internal("scan without an input"))?;
        let file = context.input(&digest).await?;
        let size_bytes = file.size_bytes;
        let source = RecordedSource::open(file, Limits::default()).await?;
        let input = InputFacts {
            sha256: digest.as_str().to_owned(),
            size_bytes,
            packing: source.packing().name(),
            layout: source.layout().name(),
        };
        // Each attempt of a job is a scan of its own.
        let scan_id = match context.attempt() {
            1 => context.job_id().to_string(),
            attempt => format!("{}-{attempt}", context.job_id()),
        };
        let changes = Changes::new(context.artifact(changes::NAME, "application/jsonl").await?);
        Ok(Self {
            context,
            tenant,
            scan_id,
            started_at,
            started,
            input,
            source,
            filters,
            gathered: Gathered::new(parameters.resource_limit),
            parameters,
            changes,
            writer: None,
        })
    }

    /// Reads, describes and writes everything.
    async fn read(&mut self) -> Result<()> {
        let mut ahead: VecDeque<JoinHandle<Portion>> = VecDeque::with_capacity(AHEAD);
        let mut ended = false;
        loop {
            while !ended && ahead.len() < AHEAD {
                let batch = tokio::select! {
                    biased;
                    () = self.context.cancel().cancelled() => return Err(Error::cancelled()),
                    batch = self.source.next() => batch?,
                };
                let Some(batch) = batch else {
                    ended = true;
                    break;
                };
                let (filters, tenant) = (Arc::clone(&self.filters), self.tenant);
                ahead.push_back(task::spawn_blocking(move || {
                    // One a batch: a describer hands a scope out with the first object that has it, and batches are
                    // described side by side. With one for all, the race between them would decide which object that
                    // is: the order of `changes.jsonl`, and whether an object past the limit takes the scope with it.
                    let describer = Describer::new(tenant, Source::Recorded);
                    work_through(&batch, &filters, &describer, &tenant.to_string())
                }));
            }
            let Some(next) = ahead.pop_front() else {
                return Ok(());
            };
            let portion = next.await.map_err(|error| {
                Error::internal("describe a batch of objects: its thread stopped unexpectedly")
                    .with_source(error)
            })?;
            let described = self.gathered.absorb(portion, self.context)?;
            if !described.is_empty() {
                self.context.check_cancelled()?;
                self.writer().await?.write(described).await?;
            }
            if self.gathered.is_full() {
                return Ok(());
            }
            report_position(self.context, &self.gathered, self.source.position());
        }
    }

    /// The way into the graph, which waits for its turn the first time.
    async fn writer(&mut self) -> Result<&mut Box<dyn ScanWriter>> {
        if self.writer.is_none() {
            let counters = self.gathered.counters();
            self.context
                .progress(0.0, "waiting for the turn to write to the tenant", counters);
            let start = ScanStart {
                tenant: self.tenant,
                holder: format!("job {} (process {})", self.context.job_id(), std::process::id()),
                scan_id: self.scan_id.clone(),
                no_wait: self.parameters.no_wait,
                rebuild_edges: self.parameters.rebuild_edges,
                checkpoints: None,
                cancel: self.context.cancel().clone(),
                changes: Box::new(self.changes.clone()),
            };
            self.writer = Some(self.context.graph().begin_scan(start).await?);
        }
        self.writer
            .as_mut()
            .ok_or_else(|| Error::internal("begin to write to the graph"))
    }

    async fn end(mut self) -> Result<Ended> {
        self.gathered.refuse_if_nothing_was_read()?;
        self.gathered.warn_of_filters(&self.filters, self.context);
        let units = self.gathered.units.end(&self.input.sha256);
        let removals = removal::licences(&self.parameters, &self.filters, &self.gathered.units, |warning| {
            self.gathered.report.warn(self.context, warning);
        })?;
        let is_complete = units.iter().all(leave::is_complete);
        let manifest = leave::manifest(&self, &units);
        let digest = manifest.digest();
        let node = leave::scan_node(&self, &units, &digest);
        self.context.progress(
            0.9,
            "resolving what resources say of each other",
            self.gathered.counters(),
        );
        self.writer().await?;
        let Some(writer) = self.writer.take() else {
            return Err(Error::internal("end a scan that has no way into the graph"));
        };
        let counts = writer
            .finish(ScanEnd {
                removals,
                gone: Vec::new(),
                scan: Some(node),
                complete: is_complete,
            })
            .await?;
        self.context
            .progress(0.97, "writing the report", leave::final_counters(&self, &counts));
        let output = self.output(&units, &counts, is_complete);
        leave::artifacts(self, &units, counts).await?;
        Ok(Ended {
            output: Output::Scan(output),
            completeness: if is_complete {
                Completeness::Complete
            } else {
                Completeness::Partial
            },
        })
    }

    fn output(
        &self,
        units: &[crate::discovery::unit::Unit],
        counts: &ScanCounts,
        is_complete: bool,
    ) -> scan::Output {
        let incomplete = leave::incomplete(units);
        scan::Output {
            success: is_complete,
            subscriptions: self.gathered.units.subscriptions(),
            resources: self.gathered.resources,
            relationships: counts.edges,
            added: counts.added,
            changed: counts.changed,
            removed: counts.removed,
            unchanged: counts.unchanged,
            incomplete_units_total: incomplete.len() as u64,
            incomplete_units: incomplete.into_iter().take(100).collect(),
            duration_seconds: self.started.elapsed().as_secs_f64(),
        }
    }
}
