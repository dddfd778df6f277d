//! `self-test`: whether everything that the operations need works, and what to do where it does not.
//!
//! Only what this build uses is checked: there is no check of a part that it does not have. Azure is called only where its
//! check is asked for by name or somebody set up how to sign in: everything else works without a network.

mod azure;

use std::io::Write as _;

use atg_sdk::{
    Completeness, Counters, Error, HealthState, Output, Result,
    azure::TenantId,
    model::operations::self_test::{self, Check, Parameters},
};

use crate::{
    context::{Context, Ended},
    fault::io_error,
    health::{self, Look},
};

/// The one check that is not of a part.
const VERSION: &str = "version";

pub(crate) async fn run(parameters: Parameters, context: &Context) -> Result<Ended> {
    let names: Vec<&str> = health::PARTS
        .into_iter()
        .chain(azure::CHECKS)
        .chain([VERSION])
        .collect();
    if let Some(unknown) = parameters
        .checks
        .iter()
        .find(|name| !names.contains(&name.as_str()))
    {
        return Err(Error::invalid(format!(
            "run the check `{}`: this version has {}",
            unknown.escape_debug(),
            names.join(", ")
        )));
    }
    let wanted: Vec<&str> = names
        .into_iter()
        .filter(|name| {
            if parameters.checks.is_empty() {
                !azure::CHECKS.contains(name) || azure::is_set_up(context)
            } else {
                parameters.checks.iter().any(|check| check == name)
            }
        })
        .collect();
    let mut checks = Vec::with_capacity(wanted.len());
    for (index, name) in wanted.iter().enumerate() {
        context.check_cancelled()?;
        context.progress(index as f64 / wanted.len() as f64, name, Counters::default());
        checks.push(check(name, parameters.tenant_id, context).await);
    }
    let output = self_test::Output { checks };
    write_report(&output, context).await?;
    Ok(Ended {
        output: Output::SelfTest(output),
        completeness: Completeness::Complete,
    })
}

async fn check(name: &str, tenant: Option<TenantId>, context: &Context) -> Check {
    let found = if name == VERSION {
        Ok(format!(
            "atg {} on {} {}",
            env!("CARGO_PKG_VERSION"),
            std::env::consts::OS,
            std::env::consts::ARCH
        ))
    } else if azure::CHECKS.contains(&name) {
        return azure::check(name, tenant, context).await;
    } else {
        health::check(context.state(), name, Look::Close).await
    };
    match found {
        Ok(detail) => Check {
            name: name.to_owned(),
            state: HealthState::Healthy,
            detail,
            advice: None,
            error_kind: None,
        },
        Err(error) => failed(name, &error),
    }
}

/// Messages of errors end with what to do, after their last colon.
fn failed(name: &str, error: &Error) -> Check {
    let (detail, advice) = match error.message().rsplit_once(": ") {
        Some((detail, advice)) => (detail.to_owned(), advice.to_owned()),
        None => (
            error.message().to_owned(),
            "run it again with LOG_LEVEL=debug and report what stderr says".to_owned(),
        ),
    };
    Check {
        name: name.to_owned(),
        state: HealthState::Unhealthy,
        detail: format!("failed to {detail}"),
        advice: Some(advice),
        error_kind: Some(error.kind_name().to_owned()),
    }
}

async fn write_report(output: &self_test::Output, context: &Context) -> Result<()> {
    let text = serde_json::to_vec_pretty(output)
        .map_err(|error| Error::internal("write the report").with_source(error))?;
    let mut report = context.artifact("report.json", "application/json").await?;
    report
        .write_all(&text)
        .and_then(|()| report.write_all(b"\n"))
        .map_err(|error| io_error("write the report", context.state().dir.root(), error))?;
    report.finish().await
}
