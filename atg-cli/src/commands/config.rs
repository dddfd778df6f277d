//! `atg config`

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
    let rows: [(&str, Option<String>, Origin); 6] = [
        (
            "config",
            settings
                .config
                .value
                .as_ref()
                .map(|path| path.display().to_string()),
            settings.config.origin.clone(),
        ),
        (
            "data_dir",
            Some(settings.data_dir.value.display().to_string()),
            settings.data_dir.origin.clone(),
        ),
        (
            "graph",
            Some(settings.graph.value.to_string()),
            settings.graph.origin.clone(),
        ),
        (
            "tenant_id",
            settings
                .tenant_id
                .as_ref()
                .map(|setting| setting.value.to_string()),
            settings
                .tenant_id
                .as_ref()
                .map_or(Origin::Default, |setting| setting.origin.clone()),
        ),
        (
            "log_level",
            Some(settings.log_level.value.clone()),
            settings.log_level.origin.clone(),
        ),
        (
            "color",
            Some(settings.color.value.name().to_owned()),
            settings.color.origin.clone(),
        ),
    ];
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
