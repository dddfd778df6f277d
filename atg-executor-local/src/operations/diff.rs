//! `diff`: what differs between two states of tenants.

use std::{
    fs::File,
    io::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    azure::TenantId,
    model::operations::diff::{Parameters, ScanId, Side},
};
use jiff::Timestamp;
use serde_json::json;
use zstd::Encoder;

use crate::{
    comparison::{Comparison, Export},
    context::{Context, Ended},
    fault::io_error,
    graph::{ExportRequest, RecordSink},
    jobs::blocking,
};

/// Both sides are needed, and each has to be one.
pub(crate) fn validate(parameters: &Parameters) -> Result<()> {
    let missing = [("/left", &parameters.left), ("/right", &parameters.right)];
    let missing: Vec<_> = missing.iter().filter(|(_, side)| side.is_none()).collect();
    if !missing.is_empty() {
        let error = Error::invalid("compare with nothing: name both sides");
        return Err(missing.into_iter().fold(error, |error, (field, _)| {
            error.with_field(*field, "is missing: a `tenant_id`, a `scan_id` or an `input`")
        }));
    }
    for (name, side) in parameters.sides() {
        if let (Some(tenant), Side::TenantId(named)) = (parameters.tenant_id, side)
            && tenant != *named
        {
            let message = "compare one tenant alone: a side names another one";
            return Err(Error::invalid(message).with_field(
                format!("/{name}/tenant_id"),
                format!("is not {tenant}, which `tenant_id` names"),
            ));
        }
    }
    Ok(())
}

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    validate(&parameters)?;
    let (started_at, started) = (Timestamp::now(), Instant::now());
    let (Some(left), Some(right)) = (&parameters.left, &parameters.right) else {
        return Err(Error::internal("compare: a side is missing"));
    };
    let (left_export, left_mixed) = side("left", left, context).await?;
    let (right_export, right_mixed) = side("right", right, context).await?;
    let run = json!({
        "job_id": context.outer_job().to_string(),
        "started_at": started_at.to_string(),
        "left": left,
        "right": right,
    });
    let (tenant, work) = (parameters.tenant_id, context.clone());
    let ended = tokio::task::spawn_blocking(move || {
        compare(&[left_export, right_export], tenant, run, started, &work)
    });
    let output = ended
        .await
        .map_err(|error| Error::internal("compare: its thread stopped unexpectedly").with_source(error))??;
    Ok(Ended {
        output: Output::Diff(output),
        completeness: if left_mixed || right_mixed {
            Completeness::Partial
        } else {
            Completeness::Complete
        },
    })
}

/// Finds one side, and says whether it may mix two states.
async fn side(name: &str, side: &Side, context: &Context) -> Result<(Export, bool)> {
    match side {
        Side::Input(digest) => Ok((Export::Input(context.input(digest).await?), false)),
        Side::ScanId(scan) => Ok((kept(*scan, context).await?, false)),
        Side::TenantId(tenant) => {
            context.progress(0.0, &format!("reading the {name} side"), Counters::default());
            spooled(*tenant, context).await
        }
    }
}

/// The export that a scan of the same requester kept.
async fn kept(scan: ScanId, context: &Context) -> Result<Export> {
    let state = context.state();
    let found = blocking(&state.jobs, move |jobs| jobs.get(scan.job())).await;
    let job = match found {
        Ok(job) if job.owner == *context.owner() => job,
        // Somebody else's is as good as none.
        Ok(_) => return Err(scan.unknown()),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
            return Err(scan.unknown());
        }
        Err(error) => return Err(error),
    };
    let artifact = scan.kept_export(&job)?;
    context.tenants(job.tenant_id)?;
    let path = state.artifacts.path_of(job.id, job.attempt, &artifact.name)?;
    Ok(Export::Kept(path))
}

/// The tenant as it is in the graph now, in a file without a name, so that a writer never waits for a comparison.
async fn spooled(tenant: TenantId, context: &Context) -> Result<(Export, bool)> {
    let tenants = context.tenants(Some(tenant))?;
    let info = context.graph().info().await?;
    let known = info.tenants.iter().find(|known| known.tenant_id == tenant);
    let Some(known) = known else {
        return Err(Error::not_found(format!(
            "find tenant {tenant} in the graph: scan it first, or see `atg graph tenants`"
        )));
    };
    if known.partial {
        context.warn(format!(
            "tenant {tenant} is being scanned, or a scan of it did not end: the answer may mix two states; compare again later"
        ));
    }
    let root = context.state().dir.root().to_owned();
    let file = tempfile::tempfile_in(&root).map_err(|error| io_error(SPOOL, &root, error))?;
    // Level 1: it is read once or twice, and then it is gone.
    let encoder = Encoder::new(file, 1).map_err(|error| io_error(SPOOL, &root, error))?;
    let file = Arc::new(Mutex::new(Some(encoder)));
    let lines = Lines {
        file: Arc::clone(&file),
        context: context.clone(),
        written: 0,
    };
    let request = ExportRequest {
        tenants,
        with_history: false,
    };
    context.graph().export(request, Box::new(lines)).await?;
    let encoder = file.lock().unwrap_or_else(PoisonError::into_inner).take();
    let encoder = encoder.ok_or_else(|| Error::internal("the spooled rows were closed too early"))?;
    let file = encoder.finish().map_err(|error| io_error(SPOOL, &root, error))?;
    Ok((Export::Spooled(file), known.partial))
}

const SPOOL: &str = "put the rows of a tenant aside";

/// Puts the store's lines aside.
struct Lines {
    file: Arc<Mutex<Option<Encoder<'static, File>>>>,
    context: Context,
    written: u64,
}

impl RecordSink for Lines {
    fn record(&mut self, line: &str) -> Result<()> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(file) = file.as_mut() else {
            return Err(Error::internal("the spooled rows were closed too early"));
        };
        self.written += 1;
        if self.written.is_multiple_of(4_096) {
            self.context.check_cancelled()?;
        }
        file.write_all(line.as_bytes())
            .and_then(|()| file.write_all(b"\n"))
            .map_err(|error| io_error(SPOOL, self.context.state().dir.root(), error))
    }
}

/// Everything that waits for nothing.
fn compare(
    sides: &[Export; 2],
    tenant: Option<TenantId>,
    mut run: serde_json::Value,
    started: Instant,
    context: &Context,
) -> Result<atg_sdk::model::operations::diff::Output> {
    let allowed = context.tenants(None)?;
    let comparison = Comparison {
        sides: [&sides[0], &sides[1]],
        tenant,
        allowed: allowed.as_deref(),
        directory: context.state().dir.root().to_owned(),
        tick: &|step, lines| {
            context.check_cancelled()?;
            context.progress(0.5, &format!("{step}: {lines} rows"), Counters::default());
            Ok(())
        },
    };
    let compared = comparison.run()?;
    context.progress(0.95, "writing the differences", Counters::default());
    let mut file = context.artifact_blocking("diff.md", "text/markdown")?;
    file.write_all(compared.markdown().as_bytes())
        .map_err(|error| io_error("write the differences", std::path::Path::new("diff.md"), error))?;
    file.finish_blocking()?;
    let output = compared.output.clone();
    let mut file = context.artifact_blocking("diff.json", "application/json")?;
    run["duration_seconds"] = json!(started.elapsed().as_secs_f64());
    compared.write_json(&run, &mut file)?;
    file.finish_blocking()?;
    Ok(output)
}
