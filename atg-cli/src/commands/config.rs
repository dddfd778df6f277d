//! `atg config`

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::{
    exit::{CommandResult, End},
    printer::{Cell, Table},
    session::Session,
    settings::Origin,
};

const EXAMPLES: &str = "\
Values come from flags, then environment variables, then ./.env, then the configuration file, then defaults.
The configuration file is TOML, by default atg/config.toml in your configuration directory:
  data_dir  = \"/var/lib/atg\"
  graph     = \"sqlite:/var/lib/atg/graph.db\"
  tenant_id = \"00000000-0000-0000-0000-000000000001\"
  log_level = \"info\"
  color     = \"never\"
And for --remote:
  remote       = true
  service_url  = \"https://atg.example.com\"
  api_key_file = \"/home/me/.atg-key\"
For Azure: cloud, auth, client_id, authority_host.
Also job_max_wait, job_poll_interval, request_timeout (seconds), max_retries, fallback_to_local, ssl_cert_file.

Examples:
  atg config show
  atg config show --output json
  ATG_CONFIG=./atg.toml atg config show";

/// Show how atg is set up
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Show every setting, its value, and where the value came from
    #[command(after_help = EXAMPLES)]
    Show,
}

pub(crate) fn run(args: &ConfigArgs, session: &Session) -> CommandResult {
    match args.command {
        ConfigCommand::Show => show(session),
    }
}

fn show(session: &Session) -> CommandResult {
    let settings = &session.settings;
    let mut rows: Vec<(&str, Option<String>, Origin)> = Vec::new();
    let mut add = |name, value: Option<String>, origin: Option<&Origin>| {
        rows.push((name, value, origin.cloned().unwrap_or(Origin::Default)));
    };
    let path = |path: &PathBuf| path.display().to_string();
    let config = &settings.config;
    add("config", config.value.as_ref().map(path), Some(&config.origin));
    add(
        "data_dir",
        Some(path(&settings.data_dir.value)),
        Some(&settings.data_dir.origin),
    );
    add(
        "graph",
        Some(settings.graph.value.to_string()),
        Some(&settings.graph.origin),
    );
    let tenant = settings.tenant_id.as_ref();
    add(
        "tenant_id",
        tenant.map(|id| id.value.to_string()),
        tenant.map(|id| &id.origin),
    );
    add(
        "log_level",
        Some(settings.log_level.value.clone()),
        Some(&settings.log_level.origin),
    );
    add(
        "color",
        Some(settings.color.value.name().to_owned()),
        Some(&settings.color.origin),
    );
    let azure = &settings.azure;
    add(
        "cloud",
        Some(azure.cloud.value.to_string()),
        Some(&azure.cloud.origin),
    );
    let auth = azure.auth.as_ref();
    add(
        "auth",
        auth.map(|auth| auth.value.to_string()),
        auth.map(|auth| &auth.origin),
    );
    let client = azure.client_id.as_ref();
    add(
        "client_id",
        client.map(|id| id.value.clone()),
        client.map(|id| &id.origin),
    );
    let secret = azure.client_secret.as_ref();
    add("client_secret", secret.map(|_| "********".to_owned()), secret);
    let service = &settings.service;
    let seconds = |time: Duration| time.as_secs_f64().to_string();
    add(
        "remote",
        Some(service.remote.value.to_string()),
        Some(&service.remote.origin),
    );
    add(
        "service_url",
        Some(service.shown_url()),
        Some(&service.url.origin),
    );
    // That there is one is all that anybody needs to see.
    let key = service.api_key.as_ref();
    add(
        "api_key",
        key.map(|_| "********".to_owned()),
        key.map(|key| &key.origin),
    );
    let file = service.api_key_file.as_ref();
    add(
        "api_key_file",
        file.map(|file| path(&file.value)),
        file.map(|file| &file.origin),
    );
    let timeout = &service.request_timeout;
    add(
        "request_timeout",
        Some(seconds(timeout.value)),
        Some(&timeout.origin),
    );
    let interval = &service.poll_interval;
    add(
        "job_poll_interval",
        Some(seconds(interval.value)),
        Some(&interval.origin),
    );
    let wait = service.max_wait.as_ref();
    add(
        "job_max_wait",
        wait.map(|wait| seconds(wait.value)),
        wait.map(|wait| &wait.origin),
    );
    add(
        "max_retries",
        Some(service.max_retries.value.to_string()),
        Some(&service.max_retries.origin),
    );
    let fallback = &service.fallback_to_local;
    add(
        "fallback_to_local",
        Some(fallback.value.to_string()),
        Some(&fallback.origin),
    );
    let file = service.certificates.as_ref();
    add(
        "ssl_cert_file",
        file.map(|file| path(&file.value)),
        file.map(|file| &file.origin),
    );
    if session.printer.wants_json()? {
        let all: Map<String, Value> = rows
            .into_iter()
            .map(|(name, value, origin)| {
                (
                    name.to_owned(),
                    json!({"value": value, "origin": origin.to_string()}),
                )
            })
            .collect();
        session.printer.json(&all)?;
    } else {
        let mut table = Table::new(["setting", "value", "from"]);
        for (name, value, origin) in rows {
            let value = value.map_or_else(|| Cell::faint("not set"), Cell::new);
            table.push([name.into(), value, origin.to_string().into()]);
        }
        session.printer.table(&table)?;
    }
    Ok(End::Done)
}
