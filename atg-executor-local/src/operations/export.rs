//! `export`: the graph as one file.

use std::{
    io::Write,
    sync::{Arc, Mutex, PoisonError},
};

use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    azure::TenantId,
    model::operations::export::{Format, Output as Exported, Parameters},
};
use zstd::Encoder;

use crate::{
    artifacts::ArtifactWriter,
    context::{Context, Ended},
    graph::{ExportRequest, RecordSink, TenantInfo},
};

/// How often progress is told, in lines.
const TELL: u64 = 10_000;

/// zstd's own default: twice as fast as one step more, for a few per cent.
const LEVEL: i32 = 3;

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    match parameters.format {
        Format::Jsonl => {}
    }
    let artifact = context.artifact("graph.jsonl.zst", "application/zstd").await?;
    let file = Arc::new(Mutex::new(Some(compressed(artifact)?)));
    let known = context.graph().info().await?.tenants;
    let mut tenants = context.tenants(parameters.tenant_id)?;
    if let (Some(tenants), None) = (&mut tenants, parameters.tenant_id) {
        // The requester may see these; that does not mean that each was ever scanned.
        tenants.retain(|tenant| known.iter().any(|known| known.tenant_id == *tenant));
    }
    let request = ExportRequest {
        tenants,
        with_history: parameters.with_history,
    };
    let lines = Lines {
        file: Arc::clone(&file),
        context: context.clone(),
        expected: expected(&known, &request),
        written: 0,
    };
    let counts = context.graph().export(request, Box::new(lines)).await?;
    let encoder = file.lock().unwrap_or_else(PoisonError::into_inner).take();
    let encoder = encoder.ok_or_else(|| Error::internal("the export's file was closed too early"))?;
    tokio::task::spawn_blocking(move || {
        encoder
            .finish()
            .map_err(|error| unwritten(&error))?
            .finish_blocking()
    })
    .await
    .map_err(|error| Error::internal("the work on the export ended early").with_source(error))??;
    Ok(Ended {
        output: Output::Export(Exported {
            nodes: counts.nodes,
            edges: counts.edges,
        }),
        completeness: Completeness::Complete,
    })
}

/// About how many lines there will be: writers may go on until the export begins.
fn expected(known: &[TenantInfo], request: &ExportRequest) -> u64 {
    let wanted = |tenant: &TenantId| {
        request
            .tenants
            .as_ref()
            .is_none_or(|wanted| wanted.contains(tenant))
    };
    known
        .iter()
        .filter(|tenant| wanted(&tenant.tenant_id))
        .map(|tenant| tenant.counts.nodes + tenant.counts.edges)
        .sum()
}

/// With a checksum, so that damage is known when it is read back.
fn compressed(artifact: ArtifactWriter) -> Result<Encoder<'static, ArtifactWriter>> {
    let mut encoder = Encoder::new(artifact, LEVEL).map_err(|error| unwritten(&error))?;
    encoder
        .include_checksum(true)
        .map_err(|error| unwritten(&error))?;
    Ok(encoder)
}

fn unwritten(error: &std::io::Error) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("write the export: {error}; see whether the disk is full, then export again"),
    )
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a bar on a screen needs no more than a few digits"
)]
fn fraction(part: u64, whole: u64) -> f64 {
    (part as f64 / whole.max(1) as f64).min(0.99)
}

/// Puts the store's lines into the file.
struct Lines {
    file: Arc<Mutex<Option<Encoder<'static, ArtifactWriter>>>>,
    context: Context,
    expected: u64,
    written: u64,
}

impl RecordSink for Lines {
    fn record(&mut self, line: &str) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else {
            return Err(Error::internal("the export's file was closed too early"));
        };
        file.write_all(line.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| unwritten(&error))?;
        self.written += 1;
        if self.written.is_multiple_of(TELL) {
            self.context.check_cancelled()?;
            let step = format!("writing {} nodes and relationships", self.expected);
            self.context
                .progress(fraction(self.written, self.expected), &step, Counters::default());
        }
        Ok(())
    }
}
