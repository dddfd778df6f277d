//! Azure as the source.

use std::{collections::VecDeque, future::Future, sync::Arc, time::Duration};

use atg_live::{
    collectors::{self, Hierarchy},
    estimate::Estimate,
    ground::{Ground, Wanted},
    page::Page,
    run::{Event, Plan, Run},
    unit::{UnitEnd, UnitState as Read},
};
use atg_recording::Recorder;
use atg_sdk::{
    Error, Result,
    azure::{SubscriptionId, TenantId},
    model::operations::scan::Parameters,
};
use serde_json::{Value as JsonValue, json};
use tokio::task::{self, JoinHandle};

use super::{
    Origin, Removals, Scan,
    absence::{self, Absent},
    basis,
    leave::AzureFacts,
    recording,
};
use crate::{
    ArtifactWriter,
    azure::{budget::BucketReport, transport::Transport},
    context::{Context, Ended},
    discovery::{
        filter::{Filters, check},
        live::{Worked, read_basis, read_checkpoint, work_through},
        report::InputFacts,
        unit::{Collector, Tally, Unit, UnitKey, UnitState},
    },
    local_state::LocalState,
};

/// Batches that are being described while another one is being written.
const AHEAD: usize = 2;
/// A batch ends with the page that reaches this.
const OBJECTS: usize = 1_000;
/// And with so many pages: lists of children are short.
const PAGES: usize = 256;

/// What went on when the limit on resources was reached.
const LIMITED: &str = "`resource_limit` was reached before it was read to its end";

pub(super) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    let transport = transport(&parameters, context.state()).await?.counted_apart();
    context.progress(0.0, "signing in", Default::default());
    let tenant = match parameters.tenant_id {
        Some(tenant) => tenant,
        None => unless_cancelled(context, Ground::tenant_of(&transport)).await?,
    };
    context.tenants(Some(tenant))?;
    if !parameters.record {
        return over(parameters, tenant, &transport, Way::default(), context).await;
    }
    let identity = unless_cancelled(context, transport.identity()).await?;
    let (recorder, transport) =
        recording::record(&parameters, tenant, &transport, &identity, context).await?;
    let way = Way {
        recorder: Some(recorder),
        ..Way::default()
    };
    over(parameters, tenant, &transport, way, context).await
}

/// What calls Azure, signed in to the tenant that is asked for.
///
/// # Errors
/// A setting that cannot be used, or a cloud that does not answer.
pub(crate) async fn transport(parameters: &Parameters, state: &LocalState) -> Result<Transport> {
    match parameters.tenant_id {
        Some(tenant) => state.azure.transport_to(&tenant.to_string()).await,
        None => state.azure.transport().await.cloned(),
    }
}

/// What is between a scan and Azure.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// It is recorded.
    pub(super) recorder: Option<Recorder<ArtifactWriter>>,
    /// A recording stands in Azure's place.
    pub(super) recording: Option<InputFacts>,
    /// What is wrong with that.
    pub(super) damage: Option<String>,
}

/// Scans whatever that transport calls.
pub(super) async fn over(
    parameters: Parameters,
    tenant: TenantId,
    transport: &Transport,
    way: Way,
    context: &Context,
) -> Result<Ended> {
    context.progress(
        0.0,
        &format!("listing the subscriptions of tenant {tenant}"),
        Default::default(),
    );
    let used_before = transport.budget().report();
    let wanted = wanted(&parameters);
    let ground = unless_cancelled(context, Ground::read(transport, tenant, wanted)).await?;
    refuse_if_none_is_listed(&ground)?;
    // Of a recording each part has to be asked for, and into one each part has to come: neither goes on in the middle.
    let from_the_beginning = way.recorder.is_some() || way.recording.is_some();
    let origin = Origin::Azure(AzureFacts {
        endpoint: transport.cloud().resource_manager.to_string(),
        recording: way.recording,
        ..AzureFacts::default()
    });
    let mut scan = Scan::begin(parameters, tenant, origin, context).await?;
    if from_the_beginning {
        scan.checkpoints = None;
    }
    if let Some(damage) = way.damage {
        let warning = format!("the recording is damaged: {damage}; what is missing makes units incomplete");
        scan.gathered.report.warn(context, warning);
    }
    warn_of_ground(&mut scan, &ground);
    let absent_subscriptions = ground.absent.clone();
    let basis = basis::settle(&mut scan, &ground, transport, from_the_beginning).await?;
    let mut plan = if scan.filters.narrows() {
        Plan::new(
            collectors::that_read(|read| scan.filters.may_take_type(read)),
            ground,
        )
    } else {
        Plan::by(&basis, ground)
    };
    basis::know(&mut scan, &mut plan, &basis).await?;
    let rows = basis::rows(plan.ground());
    let expected = rows.values().sum();
    go_on(&mut scan, &mut plan, transport).await?;
    let run = plan.start(transport);
    let ends = read(&mut scan, run, expected, transport).await?;
    scan.gathered.warn_of_filters(&scan.filters, context);
    let mut units = settle(&mut scan, &ends, transport);
    units.extend(absent_subscriptions.into_iter().map(unlisted));
    let absent = if ends.is_some() {
        let confirmed = absence::confirmed(&mut scan, &units, &basis, transport);
        unless_cancelled(context, confirmed).await?
    } else {
        Absent::default()
    };
    basis::carry_over(&mut scan, &mut units, &basis);
    basis::leave(&mut scan, &basis, &rows, &units, absent.doubtful);
    count_requests(&mut scan, transport, &used_before);
    let removals = Removals {
        licences: Vec::new(),
        gone: absent.gone,
    };
    if let Some(recorder) = way.recorder {
        recorder.finish().await?.finish().await?;
    }
    scan.end(units, removals).await
}

/// Waits for something of Azure, as long as nobody wants the scan to stop.
pub(super) async fn unless_cancelled<T>(
    context: &Context,
    work: impl Future<Output = Result<T>>,
) -> Result<T> {
    tokio::select! {
        biased;
        () = context.cancel().cancelled() => Err(Error::cancelled()),
        done = work => done,
    }
}

pub(super) fn wanted(parameters: &Parameters) -> Wanted {
    Wanted {
        subscriptions: parameters.subscription_ids.clone(),
        without_directory: !parameters.include_entra,
        without_authorization: !parameters.include_rbac,
    }
}

/// A scan of subscriptions of which none can be read has nothing to say.
fn refuse_if_none_is_listed(ground: &Ground) -> Result<()> {
    if !ground.subscriptions.is_empty() || ground.absent.is_empty() {
        return Ok(());
    }
    let ids: Vec<String> = ground.absent.iter().map(ToString::to_string).collect();
    Err(Error::not_found(format!(
        "scan tenant {}: of the subscriptions that were asked for none is listed ({}): check their ids, and that the credential \
         has the role Reader on them",
        ground.tenant,
        ids.join(", ")
    )))
}

/// What was asked for by name and cannot be read is missing.
fn unlisted(id: SubscriptionId) -> Unit {
    Unit {
        scope: format!("/subscriptions/{id}").to_lowercase(),
        collector: Hierarchy::NAME.to_owned(),
        state: UnitState::Failed,
        reason: Some(
            "the subscription is not listed: it is gone, or the credential may not see it".to_owned(),
        ),
        tally: Tally::default(),
        pages: Some(0),
        input: None,
    }
}

fn warn_of_ground(scan: &mut Scan<'_>, ground: &Ground) {
    let report = &mut scan.gathered.report;
    for id in &ground.absent {
        report.warn(
            scan.context,
            format!("subscription {id} is not listed: it is gone, or the credential may not see it; nothing of it was removed"),
        );
    }
    if ground.subscriptions.is_empty() {
        report.warn(
            scan.context,
            "no subscription is listed: give the credential the role Reader on them, or on the root management group"
                .to_owned(),
        );
    }
}

/// Takes up what an earlier run of this scan kept: it is written again, which costs no call.
async fn go_on(scan: &mut Scan<'_>, plan: &mut Plan, transport: &Transport) -> Result<()> {
    let mut after = 0;
    let mut taken = 0;
    while let Some((number, content)) = scan.writer().await?.kept(after).await? {
        scan.context.check_cancelled()?;
        // What the scan goes by was kept before any page.
        let is_first = after == 0;
        after = number;
        if is_first && read_basis(&content)?.is_some() {
            continue;
        }
        let pages = read_checkpoint(&content)?;
        taken += pages.len();
        for page in &pages {
            plan.resume(page);
        }
        let worked = describe(scan, pages).await.map_err(stopped)??;
        let described = scan.gathered.absorb(worked.portion, scan.context)?;
        scan.writer().await?.write(described).await?;
        let counters = counters(scan, transport);
        scan.context
            .progress(0.0, "going on where the scan was stopped", counters);
    }
    if scan.context.attempt() > 1 {
        let told = match taken {
            0 => "nothing was kept of what the scan had read: it begins again".to_owned(),
            pages => format!("the scan goes on behind the {pages} pages that it had read"),
        };
        scan.gathered.report.warn(scan.context, told);
    }
    Ok(())
}

fn describe(scan: &Scan<'_>, pages: Vec<Page>) -> JoinHandle<Result<Worked>> {
    let (filters, tenant) = (Arc::clone(&scan.filters), scan.tenant);
    task::spawn_blocking(move || work_through(&pages, &filters, tenant))
}

fn stopped(error: task::JoinError) -> Error {
    Error::internal("describe a batch of objects: its thread stopped unexpectedly").with_source(error)
}

/// Reads, describes and writes everything. Gives what became of the units; `None` where the limit ended it before.
async fn read(
    scan: &mut Scan<'_>,
    mut run: Run,
    expected: u64,
    transport: &Transport,
) -> Result<Option<Vec<UnitEnd>>> {
    let mut ahead: VecDeque<JoinHandle<Result<Worked>>> = VecDeque::with_capacity(AHEAD);
    let mut ends = Vec::new();
    let mut ended = false;
    if scan.gathered.is_full() {
        return Ok(None);
    }
    loop {
        while !ended && ahead.len() < AHEAD {
            let event = if ahead.is_empty() {
                let next = async { Ok(run.next().await) };
                let next = unless_cancelled(scan.context, next).await?;
                ended = next.is_none();
                next
            } else {
                run.try_next()
            };
            let Some(event) = event else { break };
            let pages = batch(event, &mut run, &mut ends);
            if !pages.is_empty() {
                ahead.push_back(describe(scan, pages));
            }
        }
        let Some(next) = ahead.pop_front() else {
            if ended {
                break;
            }
            continue;
        };
        let worked = next.await.map_err(stopped)??;
        let described = scan.gathered.absorb(worked.portion, scan.context)?;
        scan.context.check_cancelled()?;
        let writer = scan.writer().await?;
        writer.write_with_checkpoint(described, worked.checkpoint).await?;
        if scan.gathered.is_full() {
            return Ok(None);
        }
        report_progress(scan, &run, expected, transport);
    }
    if ends.is_empty() {
        return Err(Error::internal(
            "read from Azure: the reader stopped unexpectedly",
        ));
    }
    Ok(Some(ends))
}

/// The page that came, and those that are there already.
fn batch(first: Event, run: &mut Run, ends: &mut Vec<UnitEnd>) -> Vec<Page> {
    let (mut pages, mut objects) = (Vec::new(), 0);
    let mut next = Some(first);
    while let Some(event) = next {
        match event {
            Event::Unit(end) => ends.push(end),
            Event::Page(page) => {
                objects += page.items.len();
                pages.push(page);
            }
        }
        let full = objects >= OBJECTS || pages.len() >= PAGES;
        next = if full { None } else { run.try_next() };
    }
    pages
}

pub(super) fn counters(scan: &Scan<'_>, transport: &Transport) -> atg_sdk::Counters {
    let tally = transport.tally();
    atg_sdk::Counters {
        requests: tally.total(),
        throttled: tally.refused(),
        ..scan.gathered.counters()
    }
}

/// Resources are known by number from the beginning, further lists only as they are found.
#[expect(clippy::cast_precision_loss, reason = "a fraction for a progress bar")]
fn report_progress(scan: &Scan<'_>, run: &Run, expected: u64, transport: &Transport) {
    let (read, known) = run.lists();
    let resources = scan.gathered.resources;
    let of = |part: u64, whole: u64| (part as f64 / whole.max(1) as f64).min(1.0);
    let fraction = 0.4 * of(resources, expected) + 0.45 * of(read, known);
    let step = format!("reading: {resources} resources, {read} of {known} lists");
    scan.context.progress(fraction, &step, counters(scan, transport));
}

/// The units as the manifest shows them.
fn settle(scan: &mut Scan<'_>, ends: &Option<Vec<UnitEnd>>, transport: &Transport) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut calls = Vec::new();
    let mut skipped = Vec::new();
    for end in ends.iter().flatten() {
        let key = UnitKey {
            scope: end.key.scope.clone(),
            collector: Collector::Live(end.key.collector.as_str().into()),
        };
        let tally = scan.gathered.units.tally(&key);
        let (state, reason) = match end.state {
            Read::Complete if tally.bad > 0 => (
                UnitState::Partial,
                Some(format!(
                    "{} of its objects could not be described: see the problems in the report",
                    tally.bad
                )),
            ),
            Read::Complete => (UnitState::Complete, None),
            Read::Skipped => (UnitState::Skipped, end.reason.clone()),
            Read::Partial => (UnitState::Partial, end.reason.clone()),
            Read::Failed => (UnitState::Failed, end.reason.clone()),
        };
        if state == UnitState::Skipped {
            skipped.push(json!({ "scope": end.key.scope, "collector": end.key.collector, "reason": reason }));
        }
        calls.push(json!({
            "scope": end.key.scope, "collector": end.key.collector, "request_ids": end.request_ids,
        }));
        units.push(Unit {
            scope: end.key.scope.clone(),
            collector: end.key.collector.clone(),
            state,
            reason,
            tally,
            pages: Some(end.pages),
            input: None,
        });
    }
    if ends.is_none() {
        units = scan.gathered.units.limited(LIMITED);
    }
    units.sort_by(|a, b| (&a.scope, &a.collector).cmp(&(&b.scope, &b.collector)));
    warn_of_skipped(scan, &units);
    if let Origin::Azure(facts) = &mut scan.origin {
        facts.calls = calls;
        facts.skipped = skipped;
    }
    scan.context
        .progress(0.86, "asking what is gone", counters(scan, transport));
    units
}

/// One line a collector, however many scopes it has.
fn warn_of_skipped(scan: &mut Scan<'_>, units: &[Unit]) {
    let mut told = std::collections::BTreeSet::new();
    for unit in units.iter().filter(|unit| unit.state == UnitState::Skipped) {
        let reason = unit.reason.clone().unwrap_or_default();
        if reason != LIMITED && told.insert(&unit.collector) {
            let warning = format!("{} was left out: {reason}", unit.collector);
            scan.gathered.report.warn(scan.context, warning);
        }
    }
}

/// What a scan will cost, without reading anything of it.
///
/// # Errors
/// As a scan, before its first page.
pub(crate) async fn estimate(parameters: &Parameters, transport: &Transport) -> Result<Estimate> {
    check(parameters)?;
    let tenant = match parameters.tenant_id {
        Some(tenant) => tenant,
        None => Ground::tenant_of(transport).await?,
    };
    let ground = Ground::read(transport, tenant, wanted(parameters)).await?;
    refuse_if_none_is_listed(&ground)?;
    let filters = Filters::new(parameters)?;
    let needed = collectors::that_read(|read| filters.may_take_type(read));
    Plan::new(needed, ground).estimate(transport).await
}

/// How near the scan came to what the quotas allow. Other jobs of the process that use the same quota are in these figures
/// too: it is one.
fn efficiency(before: &[BucketReport], transport: &Transport, took: Duration) -> JsonValue {
    let mut buckets = Vec::new();
    let mut floor = Duration::ZERO;
    for own in transport.budget().report() {
        let earlier = before.iter().find(|earlier| earlier.bucket == own.bucket);
        let since = |now: u64, then: fn(&BucketReport) -> u64| now - earlier.map_or(0, then).min(now);
        let calls = since(own.calls, |earlier| earlier.calls);
        if calls == 0 {
            continue;
        }
        let (cost, refused) = (
            since(own.cost, |earlier| earlier.cost),
            since(own.refused, |earlier| earlier.refused),
        );
        let least = own.limit.floor(cost - cost * refused / calls);
        floor = floor.max(least);
        buckets.push(json!({
            "kind": own.bucket.kind, "within": own.bucket.within, "calls": calls, "cost": cost, "refused": refused,
            "floor_seconds": least.as_secs_f64(),
        }));
    }
    let ratio = (floor > Duration::ZERO).then(|| took.as_secs_f64() / floor.as_secs_f64());
    json!({
        "floor_seconds": floor.as_secs_f64(), "took_seconds": took.as_secs_f64(), "over_floor": ratio,
        "buckets": buckets,
    })
}

fn count_requests(scan: &mut Scan<'_>, transport: &Transport, before: &[BucketReport]) {
    let quota = efficiency(before, transport, scan.started.elapsed());
    let tally = transport.tally();
    let by_status: Vec<_> = tally
        .requests
        .iter()
        .map(
            |((audience, status), count)| json!({ "api": audience.name(), "status": status, "count": count }),
        )
        .collect();
    if let Origin::Azure(facts) = &mut scan.origin {
        facts.requests = json!({
            "total": tally.total(), "refused": tally.refused(), "repeated": tally.repeated,
            "bytes": tally.bytes, "by_status": by_status, "quota": quota,
        });
    }
}
