//! `export`: the graph as files.

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
    export_formats::{Foreign, Translation},
    graph::{ExportRequest, RecordSink, TenantInfo},
};

/// How often progress is told, in lines.
const TELL: u64 = 10_000;

/// zstd's own default: twice as fast as one step more, for a few per cent.
const LEVEL: i32 = 3;

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
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
    let to = begin(&parameters, context).await?;
    let to = Arc::new(Mutex::new(Some(to)));
    let lines = Lines {
        to: Arc::clone(&to),
        context: context.clone(),
        expected: expected(&known, &request),
        written: 0,
    };
    let counts = context.graph().export(request, Box::new(lines)).await?;
    let to = to.lock().unwrap_or_else(PoisonError::into_inner).take();
    let to = to.ok_or_else(closed)?;
    tokio::task::spawn_blocking(move || to.finish())
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

async fn begin(parameters: &Parameters, context: &Context) -> Result<To> {
    let format = match parameters.format {
        Format::Jsonl => {
            let artifact = context.artifact("graph.jsonl.zst", "application/zstd").await?;
            return Ok(To::Own(Box::new(compressed(artifact)?)));
        }
        Format::Graphml => Foreign::GraphMl,
        Format::Csv => Foreign::Csv,
        Format::Neo4jAdmin => Foreign::Neo4jAdmin,
    };
    let directory = context.state().dir.root().to_owned();
    Translation::begin(format, parameters.with_history, context, directory).map(To::Other)
}

/// Where the lines go.
enum To {
    Own(Box<Encoder<'static, ArtifactWriter>>),
    Other(Translation),
}

impl To {
    fn line(&mut self, line: &str) -> Result<()> {
        match self {
            Self::Own(file) => file
                .write_all(line.as_bytes())
                .and_then(|()| file.write_all(b"\n"))
                .map_err(|error| unwritten(&error)),
            Self::Other(translation) => translation.line(line),
        }
    }

    fn finish(self) -> Result<()> {
        match self {
            Self::Own(file) => file
                .finish()
                .map_err(|error| unwritten(&error))?
                .finish_blocking(),
            Self::Other(translation) => translation.finish(),
        }
    }
}

fn closed() -> Error {
    Error::internal("the export's file was closed too early")
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

/// Puts the store's lines into the files.
struct Lines {
    to: Arc<Mutex<Option<To>>>,
    context: Context,
    expected: u64,
    written: u64,
}

impl RecordSink for Lines {
    fn record(&mut self, line: &str) -> Result<()> {
        let mut to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        to.as_mut().ok_or_else(closed)?.line(line)?;
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
