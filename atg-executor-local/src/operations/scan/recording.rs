//! Scans that are recorded, and recordings that are scanned.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    sync::Arc,
};

use atg_recording::{Header, NAME, Recorder, Recording, is_recording};
use atg_sdk::{
    Error, ErrorKind, Result,
    azure::TenantId,
    model::{InputDigest, operations::scan::Parameters},
};
use serde_json::json;
use tokio::task;

use super::live::{self, Way};
use crate::{
    ArtifactWriter, InputFile,
    azure::{credential::Identity, transport::Transport},
    context::{Context, Ended},
    describe::redact,
    discovery::{recorded::unpacked, report::InputFacts},
};

/// A first line is a few hundred bytes long.
const LONGEST_HEADER: u64 = 256 * 1024;

/// Begins a recording, and gives what has to be called for it.
pub(super) async fn record(
    parameters: &Parameters,
    tenant: TenantId,
    transport: &Transport,
    identity: &Identity,
    context: &Context,
) -> Result<(Recorder<ArtifactWriter>, Transport)> {
    let header = Header::new(tenant, transport, identity, json!(parameters));
    let file = context.artifact(NAME, "application/zstd").await?;
    let redact = Arc::new(|object: &mut crate::json::Json| drop(redact::apply(object)));
    Recorder::start(transport, &header, file, redact)
}

/// Opens a file if it is a recording.
pub(super) async fn open(file: &InputFile, context: &Context) -> Result<Option<Recording>> {
    let file = file.clone();
    let folder = std::env::temp_dir();
    let opened = task::spawn_blocking(move || {
        let mut first = Vec::new();
        let mut begin = BufReader::new(unpacked(&file)?.take(LONGEST_HEADER));
        // What cannot be read is no recording; whoever reads it as something else says what is wrong with it.
        let is_one = begin.read_until(b'\n', &mut first).is_ok() && is_recording(&first);
        is_one
            .then(|| Recording::open(unpacked(&file)?, &folder))
            .transpose()
    });
    context.progress(0.0, "looking at the input", Default::default());
    opened.await.map_err(|error| {
        Error::internal("read the input: its reader stopped unexpectedly").with_source(error)
    })?
}

/// Scans a recording as what it is of was scanned.
pub(super) async fn replay(
    parameters: Parameters,
    tenant: TenantId,
    input: &InputDigest,
    recording: &Recording,
    context: &Context,
) -> Result<Ended> {
    let header = recording.header();
    if header.tenant_id != tenant {
        return Err(Error::invalid(format!(
            "replay the recording: it is of tenant {}, not of {tenant}",
            header.tenant_id
        ))
        .with_field("/tenant_id", "is another tenant than the recording's"));
    }
    let recorded: Parameters = serde_json::from_value(header.parameters.clone()).map_err(|error| {
        let message = "replay the recording: it was made with parameters that this version does not know: use a newer one";
        Error::new(ErrorKind::Unsupported, message).with_source(error)
    })?;
    let file = context.input(input).await?;
    let way = Way {
        recording: Some(InputFacts {
            sha256: input.as_str().to_owned(),
            size_bytes: file.size_bytes,
            packing: "zstd",
            layout: "recording",
        }),
        damage: recording.damage().map(str::to_owned),
        ..Way::default()
    };
    let parameters = effective(parameters, recorded)?;
    live::over(parameters, tenant, &recording.transport(), way, context).await
}

/// A recording holds what its own parameters asked for: they decide what is read and taken.
fn effective(given: Parameters, recorded: Parameters) -> Result<Parameters> {
    let unfiltered = Parameters {
        tenant_id: given.tenant_id,
        input: given.input.clone(),
        rebuild_edges: given.rebuild_edges,
        no_wait: given.no_wait,
        keep_export: given.keep_export,
        ..Parameters::default()
    };
    if given != unfiltered {
        return Err(Error::invalid(
            "replay the recording: it is scanned as it was recorded, with the filters of that scan: leave others out",
        ));
    }
    Ok(Parameters {
        tenant_id: given.tenant_id,
        input: given.input,
        rebuild_edges: given.rebuild_edges,
        no_wait: given.no_wait,
        keep_export: given.keep_export,
        record: false,
        ..recorded
    })
}
