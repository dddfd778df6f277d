//! `generate-iac`: reads a tenant out of the graph, plans, writes.
//!
//! All that decides what comes out is in the crate `atg-iac`, which knows neither graph nor files. Here it is fed from any
//! store's export, so that every store gives the same bytes, and its files become artifacts.

mod files;
mod read;

use std::io::Read as _;

use atg_iac::{
    arm, bicep,
    ledger::Ledger,
    planner::{self, Options, OtherTenant, Planned, Rules, Subset},
    report::Report,
    terraform,
    writer::{self, Files as _, Written},
};
use atg_sdk::{
    Completeness, Counters, Error, ErrorKind, Output, Result,
    azure::TenantId,
    model::{
        InputDigest,
        operations::generate_iac::{
            self as model, Explanation, Format, Layout, Missing, Parameters, Referred, Removed, Skipped,
        },
    },
};

use self::files::Artifacts;
use crate::context::{Context, Ended};

/// How many missing resources the output itself names; the report names all.
const SHOWN: usize = 100;

/// No rules and no ledger are larger: a hundred thousand names are some ten mebibytes.
const SMALL: u64 = 16 << 20;

/// The subset is read before the job is accepted.
pub(crate) fn validate(parameters: &Parameters) -> Result<()> {
    if parameters.layout != Layout::Single && parameters.format != Format::Terraform {
        let message = "cut the files: only Terraform is cut in several ways; Bicep has a module for each resource group";
        return Err(Error::invalid(message).with_field("/layout", "is of Terraform alone"));
    }
    subset(parameters).map(|_| ())
}

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    let rules = match text(parameters.rules.as_ref(), "/rules", context).await? {
        Some(text) => Rules::parse(&text).map_err(|error| error.with_field("/rules", "is no rules file"))?,
        None => Rules::default(),
    };
    let options = Options {
        subset: subset(&parameters)?,
        rules,
        target: target(&parameters, context).await?,
        explain: parameters.explain.clone(),
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

/// The other tenant that the files are for.
async fn target(parameters: &Parameters, context: &Context) -> Result<Option<OtherTenant>> {
    let ledger = text(parameters.ledger.as_ref(), "/ledger", context)
        .await?
        .map(|text| Ledger::parse(&text))
        .transpose()
        .map_err(|error| error.with_field("/ledger", "is no ledger"))?;
    let said = ledger.as_ref().map(|ledger| ledger.target_tenant_id);
    let Some(tenant) = parameters.target_tenant_id.or(said) else {
        return Ok(None);
    };
    // A ledger may name one that the parameters do not.
    context.tenants(Some(tenant))?;
    Ok(Some(OtherTenant { tenant, ledger }))
}

/// A small input as a text.
async fn text(digest: Option<&InputDigest>, field: &str, context: &Context) -> Result<Option<String>> {
    let Some(digest) = digest else {
        return Ok(None);
    };
    let input = context.input(digest).await?;
    let read = tokio::task::spawn_blocking(move || {
        let mut text = Vec::new();
        let mut reader = input.open()?;
        // One byte more than fits, so that what is cut is known.
        std::io::Read::take(&mut reader, SMALL + 1)
            .read_to_end(&mut text)
            .map_err(|error| Error::new(ErrorKind::Unavailable, format!("read the input: {error}")))?;
        Ok::<_, Error>(text)
    });
    let bytes = read
        .await
        .map_err(|error| Error::internal("reading the input ended early").with_source(error))??;
    if bytes.len() as u64 > SMALL {
        return Err(
            Error::new(ErrorKind::TooLarge, "read the input: it has more than 16 MiB")
                .with_field(field, "is too large"),
        );
    }
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| Error::invalid("read the input: it is no UTF-8 text").with_field(field, "is no text"))
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
    if let (Some(target), true) = (&options.target, written.is_some()) {
        let ledger = Ledger::of(&planned.plan, target.tenant, target.ledger.as_ref());
        artifacts.file("ledger.json", ledger.to_json())?;
    }
    for note in &planned.survey.notes {
        context.warn(note.clone());
    }
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
        Format::Bicep => bicep::write(&planned.plan, files),
        Format::Arm => arm::write(&planned.plan, files),
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
