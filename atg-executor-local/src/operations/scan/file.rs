//! A file as the source.

use std::{collections::VecDeque, sync::Arc};

use atg_sdk::{Error, Result, azure::TenantId, model::InputDigest, model::operations::scan::Parameters};
use tokio::task::{self, JoinHandle};

use super::{Origin, Removals, Scan, gather::report_position, removal};
use crate::{
    context::{Context, Ended},
    describe::Describer,
    discovery::{
        ResourceSource as _,
        portion::{Portion, work_through},
        recorded::{Limits, RecordedSource},
        report::InputFacts,
    },
    graph::Source,
};

/// Batches that are being described while another one is being written. Two cores have no use for more.
const AHEAD: usize = 2;

pub(super) async fn run(
    parameters: Parameters,
    tenant: TenantId,
    input: &InputDigest,
    context: &Context,
) -> Result<Ended> {
    let file = context.input(input).await?;
    let size_bytes = file.size_bytes;
    let mut source = RecordedSource::open(file, Limits::default()).await?;
    let facts = InputFacts {
        sha256: input.as_str().to_owned(),
        size_bytes,
        packing: source.packing().name(),
        layout: source.layout().name(),
    };
    let mut scan = Scan::begin(parameters, tenant, Origin::File(facts), context).await?;
    read(&mut scan, &mut source).await?;
    scan.gathered.refuse_if_nothing_was_read()?;
    scan.gathered.warn_of_filters(&scan.filters, context);
    let units = scan.gathered.units.end(input.as_str());
    let gathered = &mut scan.gathered;
    let licences = removal::licences(&scan.parameters, &scan.filters, &gathered.units, |warning| {
        gathered.report.warn(context, warning);
    })?;
    let removals = Removals {
        licences,
        gone: Vec::new(),
    };
    scan.end(units, removals).await
}

/// Reads, describes and writes everything.
async fn read(scan: &mut Scan<'_>, source: &mut RecordedSource) -> Result<()> {
    let mut ahead: VecDeque<JoinHandle<Portion>> = VecDeque::with_capacity(AHEAD);
    let mut ended = false;
    loop {
        while !ended && ahead.len() < AHEAD {
            let batch = tokio::select! {
                biased;
                () = scan.context.cancel().cancelled() => return Err(Error::cancelled()),
                batch = source.next() => batch?,
            };
            let Some(batch) = batch else {
                ended = true;
                break;
            };
            let (filters, tenant) = (Arc::clone(&scan.filters), scan.tenant);
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
            Error::internal("describe a batch of objects: its thread stopped unexpectedly").with_source(error)
        })?;
        let described = scan.gathered.absorb(portion, scan.context)?;
        if !described.is_empty() {
            scan.context.check_cancelled()?;
            scan.writer().await?.write(described).await?;
        }
        if scan.gathered.is_full() {
            return Ok(());
        }
        report_position(scan.context, &scan.gathered, source.position());
    }
}
