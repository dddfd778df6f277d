//! `generate-iac`: reads a tenant out of the graph, plans, writes.
//!
//! All that decides what comes out is in the crate `atg-iac`, which knows neither graph nor files. Here it is fed from any
//! store's export, so that every store gives the same bytes, and its files become artifacts.

mod files;
mod read;

use atg_iac::{
    planner::{self, Options, Planned, Subset},
    report::Report,
    terraform, writer,
    writer::Written,
};
use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    azure::TenantId,
    model::operations::generate_iac::{
        self as model, Explanation, Format, Layout, Missing, Parameters, Referred, Removed, Skipped,
    },
};

use self::files::Artifacts;
use crate::context::{Context, Ended};

/// How many missing resources the output itself names; the report names all.
const SHOWN: usize = 100;

/// The subset is read before the job is accepted.
pub(crate) fn validate(parameters: &Parameters) -> Result<()> {
    subset(parameters).map(|_| ())
}

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    let options = Options {
        subset: subset(&parameters)?,
        explain: parameters.explain.clone(),
        ..Options::default()
    };
    let tenant = tenant(&parameters, context).await?;
    context.progress(0.05, "reading the graph", Counters::default());
    let source = read::source(tenant, context).await?;
    let context = context.clone();
    tokio::task::spawn_blocking(move || work(&parameters, source, &options, &context))
        .await
        .map_err(|error| Error::internal("the work on the files ended early").with_source(error))?
}

fn subset(parameters: &Parameters) -> Result<Subset> {
    let subscriptions: Vec<String> = parameters
        .subscription_ids
        .iter()
        .map(ToString::to_string)
        .collect();
    Subset::parse(&parameters.subset)
        .and_then(|subset| {
            subset.with(
                &parameters.resource_types,
                &parameters.resource_groups,
                &subscriptions,
            )
        })
        .map_err(|error| error.with_field("/subset", "is no subset"))
}

/// The tenant that is meant: the only one there is, where none is named.
async fn tenant(parameters: &Parameters, context: &Context) -> Result<TenantId> {
    let allowed = context.tenants(parameters.tenant_id)?;
    let info = context.graph().info().await?;
    let mut known = info.tenants.iter().filter(|tenant| {
        allowed
            .as_ref()
            .is_none_or(|allowed| allowed.contains(&tenant.tenant_id))
    });
    let found = match (known.next(), known.next()) {
        (Some(only), None) => only,
        (None, _) => {
            let message = match parameters.tenant_id {
                Some(id) => format!("find tenant {id} in the graph: scan it first"),
                None => "find a tenant in the graph: scan one first".to_owned(),
            };
            return Err(Error::not_found(message));
        }
        (Some(_), Some(_)) => {
            let message = "choose a tenant: the graph holds several; pass --tenant-id";
            return Err(Error::invalid(message).with_field("/tenant_id", "must be given"));
        }
    };
    if found.partial {
        context.warn("the graph is being scanned, or a scan did not end: the files may mix two states; generate them again later");
    }
    Ok(found.tenant_id)
}

/// Everything that waits for nothing.
fn work(
    parameters: &Parameters,
    source: atg_iac::source::Source,
    options: &Options,
    context: &Context,
) -> Result<Ended> {
    context.progress(0.3, "planning", Counters::default());
    let planned = planner::plan(source, options)?;
    context.check_cancelled()?;
    let mut artifacts = Artifacts::new(context);
    let written = if parameters.dry_run {
        None
    } else {
        let step = format!("writing {} resources", planned.plan.resources.len());
        context.progress(0.5, &step, Counters::default());
        Some(write(parameters, &planned, &mut artifacts)?)
    };
    let report = Report {
        format: parameters.format.name(),
        planned: &planned,
        written: written.as_ref(),
        files: artifacts.paths(),
    };
    artifacts.report(&report.to_json())?;
    let output = output(&report);
    let completeness = if output.success {
        Completeness::Complete
    } else {
        Completeness::Partial
    };
    Ok(Ended {
        output: Output::GenerateIac(output),
        completeness,
    })
}

fn write(parameters: &Parameters, planned: &Planned, files: &mut Artifacts<'_>) -> Result<Written> {
    let layout = match parameters.layout {
        Layout::Single => writer::Layout::Single,
        Layout::PerResourceGroup => writer::Layout::PerResourceGroup,
        Layout::Modules => writer::Layout::Modules,
    };
    match parameters.format {
        Format::Terraform => terraform::write(&planned.plan, layout, files),
        Format::Bicep | Format::Arm => {
            let _ = layout;
            Err(Error::new(
                ErrorKind::Unsupported,
                "this version writes Terraform alone: pass --format terraform",
            ))
        }
    }
}

fn output(report: &Report<'_>) -> model::Output {
    let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
    let Planned {
        plan,
        survey,
        explanations,
    } = report.planned;
    let missing = report.missing();
    model::Output {
        success: missing.is_empty(),
        objects: survey.objects,
        resources: count(report.resources()),
        skipped: report
            .skipped()
            .into_iter()
            .map(|(reason, objects)| Skipped {
                reason: reason.to_owned(),
                objects,
            })
            .collect(),
        missing_total: count(missing.len()),
        missing: missing
            .into_iter()
            .take(SHOWN)
            .map(|missing| Missing {
                id: missing.id.to_owned(),
                reason: missing.reason,
            })
            .collect(),
        references: survey.references_inside,
        outside: count(plan.externals.len()),
        secrets: count(
            plan.parameters
                .iter()
                .filter(|parameter| parameter.is_secret())
                .count(),
        ),
        unknown_types: survey.unknown_types.iter().take(SHOWN).cloned().collect(),
        files: count(report.files.len()),
        explanations: explanations
            .iter()
            .map(|explanation| explained(explanation, report))
            .collect(),
    }
}

fn explained(explanation: &planner::Explanation, report: &Report<'_>) -> Explanation {
    let block = explanation
        .place
        .and_then(|key| report.written?.blocks.get(key.index()).copied())
        .filter(|block| !block.is_empty());
    Explanation {
        id: explanation.id.clone(),
        name: explanation.symbol.clone(),
        block: block.map(str::to_owned),
        skipped: explanation.skipped.as_ref().map(|(reason, detail)| match detail {
            Some(detail) => format!("{reason}: {detail}"),
            None => reason.clone(),
        }),
        removed: explanation
            .removed
            .iter()
            .map(|removal| Removed {
                path: removal.path.clone(),
                reason: removal.why.name().to_owned(),
            })
            .collect(),
        references: explanation
            .references
            .iter()
            .map(|(what, name)| Referred {
                what: what.clone(),
                name: name.clone(),
            })
            .collect(),
    }
}
