//! `scan`: reads a source and brings the graph up to date.
//!
//! The source, a file or Azure, is read on one thread or by many calls, batches are parsed, filtered and described on
//! other threads, and the graph is written on yet another. What is between them is bounded, so memory does not grow with the
//! source. Batches of a file are written in its order, so that two runs do the same.

mod absence;
mod basis;
mod file;
mod gather;
mod leave;
pub(crate) mod live;
mod named;
mod recording;
mod removal;
mod role_names;
mod witnesses;

use std::{sync::Arc, time::Instant};

use atg_sdk::{
    Completeness, Error, Output, Result,
    azure::TenantId,
    model::operations::{
        diff::ScanId,
        scan::{self, Parameters},
    },
};
use jiff::Timestamp;

use self::{gather::Gathered, leave::AzureFacts};
use crate::{
    context::{Context, Ended},
    discovery::{
        changes::{self, Changes},
        filter::{Filters, check},
        report::InputFacts,
        unit::Unit,
    },
    graph::{Remember, Removal, ScanCounts, ScanEnd, ScanStart, ScanWriter},
};

/// Says what is wrong with the parameters before anything begins.
///
/// # Errors
/// `InvalidArgument` with every field that is wrong; `Unsupported` for what this version cannot do.
pub(crate) fn validate(parameters: &Parameters) -> Result<()> {
    check(parameters)?;
    if parameters.input.is_some() {
        tenant_of(parameters)?;
    }
    if parameters.incremental
        && (parameters.input.is_some() || parameters.record || parameters.resource_limit.is_some())
    {
        return Err(Error::invalid(
            "scan what changed: only Azure tells that, and only of all there is: leave `input`, `record` and `resource_limit` out",
        )
        .with_field("/incremental", "excludes `input`, `record` and `resource_limit`"));
    }
    if parameters.fast && !parameters.incremental {
        return Err(
            Error::invalid("carry over what has no change feed: `fast` goes with `incremental`")
                .with_field("/fast", "needs `incremental`"),
        );
    }
    if parameters.record && (parameters.input.is_some() || parameters.resource_limit.is_some()) {
        return Err(Error::invalid(
            "record a scan: only one of Azure is recorded, and all of it: leave `input` and `resource_limit` out",
        )
        .with_field("/record", "excludes `input` and `resource_limit`"));
    }
    Ok(())
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
    match parameters.input.clone() {
        Some(input) => {
            let tenant = tenant_of(&parameters)?;
            context.tenants(Some(tenant))?;
            match recording::open(&context.input(&input).await?, context).await? {
                Some(recording) => recording::replay(parameters, tenant, &input, &recording, context).await,
                None => file::run(parameters, tenant, &input, context).await,
            }
        }
        None => live::run(parameters, context).await,
    }
}

/// One scan, from its begin to its end.
struct Scan<'a> {
    context: &'a Context,
    parameters: Parameters,
    tenant: TenantId,
    scan_id: String,
    /// Under which name it keeps checkpoints, if it does.
    checkpoints: Option<String>,
    started_at: Timestamp,
    started: Instant,
    origin: Origin,
    filters: Arc<Filters>,
    gathered: Gathered,
    changes: Changes,
    /// What the next scan finds, if this one misses nothing.
    remember: Remember,
    /// Taken when the first thing is to be written, so that a file that holds nothing touches no graph.
    writer: Option<Box<dyn ScanWriter>>,
}

/// What a scan reads.
#[derive(Debug)]
enum Origin {
    File(InputFacts),
    Azure(AzureFacts),
}

/// What a scan may remove.
#[derive(Debug, Default)]
struct Removals {
    /// Because the source is all there is.
    licences: Vec<Removal>,
    /// Single nodes of which a second source says so.
    gone: Vec<String>,
}

impl<'a> Scan<'a> {
    async fn begin(
        parameters: Parameters,
        tenant: TenantId,
        origin: Origin,
        context: &'a Context,
    ) -> Result<Self> {
        let (started_at, started) = (Timestamp::now(), Instant::now());
        let filters = Arc::new(Filters::new(&parameters)?);
        let (scan_id, checkpoints) = match &origin {
            // Each attempt of a job is a scan of its own.
            Origin::File(_) => {
                let scan = ScanId::of(context.outer_job(), context.attempt());
                (scan.to_string(), None)
            }
            // All attempts are one scan, which goes on where it was stopped.
            Origin::Azure(_) => {
                let job = context.outer_job().to_string();
                (job.clone(), Some(job))
            }
        };
        let changes = Changes::new(context.artifact(changes::NAME, "application/jsonl").await?);
        let of_file = matches!(origin, Origin::File(_));
        Ok(Self {
            context,
            tenant,
            scan_id,
            checkpoints,
            started_at,
            started,
            origin,
            filters,
            gathered: Gathered::new(parameters.resource_limit, of_file),
            parameters,
            changes,
            remember: Remember::Nothing,
            writer: None,
        })
    }

    /// The way into the graph, which waits for its turn the first time.
    async fn writer(&mut self) -> Result<&mut Box<dyn ScanWriter>> {
        if self.writer.is_none() {
            let counters = self.gathered.counters();
            self.context
                .progress(0.0, "waiting for the turn to write to the tenant", counters);
            let start = ScanStart {
                tenant: self.tenant,
                holder: format!(
                    "job {} (process {})",
                    self.context.outer_job(),
                    std::process::id()
                ),
                scan_id: self.scan_id.clone(),
                no_wait: self.parameters.no_wait,
                rebuild_edges: self.parameters.rebuild_edges,
                checkpoints: self.checkpoints.clone(),
                cancel: self.context.cancel().clone(),
                changes: Box::new(self.changes.clone()),
            };
            self.writer = Some(self.context.graph().begin_scan(start).await?);
        }
        self.writer
            .as_mut()
            .ok_or_else(|| Error::internal("begin to write to the graph"))
    }

    /// Writes what is left: edges, removals, the scan's own node, the files.
    async fn end(mut self, units: Vec<Unit>, removals: Removals) -> Result<Ended> {
        let is_complete = units.iter().all(leave::is_complete);
        let manifest = leave::manifest(&self, &units);
        let digest = manifest.digest();
        let node = leave::scan_node(&self, &units, &digest);
        self.context.progress(
            0.9,
            "resolving what resources say of each other",
            self.gathered.counters(),
        );
        let held_back = self.gathered.roles.release();
        let writer = self.writer().await?;
        if !held_back.is_empty() {
            writer.write(held_back).await?;
        }
        let Some(writer) = self.writer.take() else {
            return Err(Error::internal("end a scan that has no way into the graph"));
        };
        let remember = match std::mem::take(&mut self.remember) {
            Remember::This(_) if !is_complete => Remember::AsBefore,
            other => other,
        };
        let counts = writer
            .finish(ScanEnd {
                removals: removals.licences,
                gone: removals.gone,
                scan: Some(node),
                complete: is_complete,
                remember,
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

    fn output(&self, units: &[Unit], counts: &ScanCounts, is_complete: bool) -> scan::Output {
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
