//! `atg doctor`

use atg_sdk::{
    Error, ErrorKind, HealthState, Operation, Output, PartHealth,
    azure::TenantId,
    model::operations::self_test::{self, Check, Parameters},
};
use clap::Args;

use crate::{
    exit::{CommandResult, End},
    session::Session,
    settings::ServiceSettings,
    style::Style,
};

const EXAMPLES: &str = "\
Examples:
  atg doctor
  atg doctor --check graph --output json
  atg doctor --check azure,entra
  atg doctor --auth az
  atg doctor --remote

Azure is called only where its checks are named, --auth is given, or the environment has an application's credentials.

Exit codes: 0 when nothing is broken, otherwise that of the first broken check's kind.";

/// Check that everything atg needs works, and say what to do where it does not
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Only the check of this name; may be repeated
    #[arg(long = "check", value_name = "NAME", value_delimiter = ',')]
    checks: Vec<String>,
    /// The tenant to check for [env: AZURE_TENANT_ID]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
}

pub(crate) async fn run(args: &DoctorArgs, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let mut checks = Vec::new();
    if let Some(service) = service_check(session).await {
        checks.extend(service);
    }
    // A service that does not answer would only refuse the rest once more.
    if checks.iter().all(|check| check.state != HealthState::Unhealthy) {
        let executor = session.executor_of_known_jobs()?;
        let operation = Operation::SelfTest(Parameters {
            tenant_id: session.tenant(args.tenant_id),
            checks: args.checks.clone(),
        });
        let finished = session.run(&executor, operation).await?;
        let Some(Output::SelfTest(output)) = finished.job.output else {
            return Err(Error::internal("read the checks: the job left none").into());
        };
        checks.extend(output.checks);
    }
    let output = self_test::Output { checks };
    if wants_json {
        session.printer.json(&output)?;
    } else {
        session
            .printer
            .text(&render(&output.checks, session.printer.style()))?;
    }
    Ok(end(&output.checks))
}

/// Whether the service can be reached and takes the key; `None` without `--remote`.
async fn service_check(session: &Session) -> Option<Vec<Check>> {
    let service = &session.settings.service;
    if !service.remote.value {
        return None;
    }
    let asked = match session.executor_of_known_jobs() {
        Ok(executor) => executor.health().await,
        Err(error) => Err(error),
    };
    let found = |name: &str, part: PartHealth| Check {
        name: name.to_owned(),
        state: part.state,
        detail: part.detail,
        advice: (part.state == HealthState::Unhealthy).then(|| "look at the log of the service".to_owned()),
        error_kind: (part.state == HealthState::Unhealthy).then(|| ErrorKind::Unavailable.name().to_owned()),
    };
    Some(match asked {
        Ok(mut health) => ["service", "key"]
            .into_iter()
            .filter_map(|name| Some(found(name, health.parts.remove(name)?)))
            .collect(),
        Err(error) => vec![Check {
            name: "service".to_owned(),
            state: HealthState::Unhealthy,
            detail: error.to_string(),
            advice: Some(advice(error.kind(), service).to_owned()),
            error_kind: Some(error.kind_name().to_owned()),
        }],
    })
}

fn advice(kind: ErrorKind, service: &ServiceSettings) -> &'static str {
    match kind {
        ErrorKind::Unauthenticated if service.api_key_file.is_some() => {
            "look whether the key file holds a key of this service that is in force"
        }
        ErrorKind::Unauthenticated => "set ATG_API_KEY to a key of this service that is in force",
        ErrorKind::Unavailable | ErrorKind::Timeout => {
            "start the service (`atg-server`), or set ATG_SERVICE_URL to where it is"
        }
        _ => "look at `atg config show` for where each setting came from",
    }
}

fn render(checks: &[Check], style: Style) -> String {
    let wide = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let state = match check.state {
            HealthState::Healthy => style.green("ok    "),
            HealthState::Degraded => style.yellow("meagre"),
            HealthState::Unhealthy => style.red("broken"),
        };
        text.push_str(&format!("{state}  {:<wide$}  {}\n", check.name, check.detail));
        if let Some(advice) = &check.advice {
            text.push_str(&format!("        {:<wide$}  → {advice}\n", ""));
        }
    }
    text
}

/// Exit by the kind of the first check that is broken.
fn end(checks: &[Check]) -> End {
    match checks.iter().find(|check| check.state == HealthState::Unhealthy) {
        None => End::Done,
        Some(check) => End::Unwell(
            check
                .error_kind
                .as_deref()
                .and_then(ErrorKind::from_name)
                .unwrap_or(ErrorKind::Unavailable),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, state: HealthState, kind: Option<&str>) -> Check {
        Check {
            name: name.to_owned(),
            state,
            detail: "it is so".to_owned(),
            advice: (state != HealthState::Healthy).then(|| "do that".to_owned()),
            error_kind: kind.map(str::to_owned),
        }
    }

    #[test]
    fn the_first_broken_check_decides_and_a_meagre_one_does_not() {
        let checks = [
            check("a", HealthState::Healthy, None),
            check("b", HealthState::Degraded, Some("NotFound")),
            check("c", HealthState::Unhealthy, Some("PermissionDenied")),
            check("d", HealthState::Unhealthy, Some("Timeout")),
        ];
        assert_eq!(end(&checks), End::Unwell(ErrorKind::PermissionDenied));
        assert_eq!(end(&checks[..2]), End::Done);
        assert_eq!(
            end(&[check("x", HealthState::Unhealthy, None)]),
            End::Unwell(ErrorKind::Unavailable)
        );
    }

    #[test]
    fn each_failure_is_followed_by_what_to_do() {
        let text = render(&[check("graph", HealthState::Unhealthy, None)], Style::new(false));
        assert_eq!(text, "broken  graph  it is so\n               → do that\n");
    }
}
