//! Runs the simulator until it is told to end.

use std::{env, fs, path::PathBuf, process::ExitCode};

use atg_azure_sim::{Config, Limits, Principal, Quotas, Secret, Shape, Simulator, Source};

const USAGE: &str =
    "usage: azure-sim [--lines FILE | --rows N [--seed N] [--subscriptions N] [--changed PER_MILLE]]
                 [--tenant-id GUID] [--port N] [--http-port N] [--proxy-port N] [--ca-file FILE]
                 [--client-id GUID --client-secret TEXT] [--secret VAULT/NAME=VALUE]…
                 [--quotas off|faithful] [--faults FILE] [--page-size N]";

struct Arguments {
    config: Config,
    ca_file: Option<PathBuf>,
}

#[tokio::main]
#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a binary's words for people"
)]
async fn main() -> ExitCode {
    let arguments = match parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let simulator = match Simulator::start(arguments.config).await {
        Ok(simulator) => simulator,
        Err(message) => {
            eprintln!("failed to {message}");
            return ExitCode::FAILURE;
        }
    };
    if let Some(path) = arguments.ca_file
        && let Err(error) = fs::write(&path, simulator.ca_pem())
    {
        eprintln!("failed to write {}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    println!("listening on {}", simulator.origin());
    println!("http on {}", simulator.http_origin());
    println!("proxy on {}", simulator.proxy());
    println!("tenant {}", simulator.tenant_id());
    println!("made up {}", simulator.made_up().count());
    let _told_to = tokio::signal::ctrl_c().await;
    ExitCode::SUCCESS
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let (mut seed, mut rows, mut lines, mut shape) = (1, 10_000, None, Shape::default());
    let (mut client_id, mut secret) = (Principal::CLIENT_ID.to_owned(), Principal::SECRET.to_owned());
    let mut ca_file = None;
    let mut config = Config::new(Source::Lines(String::new()));
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{flag} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        let port = |text: String| text.parse::<u16>().map_err(|_| format!("{text} is no port"));
        match flag.as_str() {
            "--lines" => lines = Some(PathBuf::from(value()?)),
            "--rows" => rows = number(value()?)?,
            "--seed" => seed = number(value()?)?,
            "--subscriptions" => shape.subscriptions = Some(number(value()?)?),
            "--changed" => shape.changed_per_mille = number(value()?)?,
            "--tenant-id" => config.tenant_id = Some(value()?),
            "--port" => config.https_port = port(value()?)?,
            "--http-port" => config.http_port = port(value()?)?,
            "--proxy-port" => config.proxy_port = port(value()?)?,
            "--ca-file" => ca_file = Some(PathBuf::from(value()?)),
            "--client-id" => client_id = value()?,
            "--client-secret" => secret = value()?,
            "--secret" => config.secrets.push(in_vault(&value()?)?),
            "--quotas" => config.quotas = quotas(&value()?)?,
            "--faults" => config.faults = faults(&value()?)?,
            "--page-size" => {
                let size = usize::try_from(number(value()?)?).unwrap_or(usize::MAX).max(1);
                let pages = &mut config.pages;
                (pages.arm, pages.resource_graph, pages.graph) = (size, size.min(1000), size.min(999));
            }
            other => return Err(format!("{other} is no option")),
        }
    }
    config.source = match lines {
        Some(path) => Source::File(path),
        None => Source::Generated { seed, rows, shape },
    };
    let mut principal = Principal::reader(&client_id, &secret);
    principal.writer = true;
    config.principals = vec![principal];
    Ok(Arguments { config, ca_file })
}

/// `VAULT/NAME=VALUE`
fn in_vault(text: &str) -> Result<Secret, String> {
    let parts = text
        .split_once('=')
        .and_then(|(place, value)| Some((place.split_once('/')?, value)));
    let ((vault, name), value) = parts.ok_or("a secret is given as VAULT/NAME=VALUE")?;
    Ok(Secret {
        vault: vault.to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    })
}

fn quotas(text: &str) -> Result<Quotas, String> {
    match text {
        "off" => Ok(Quotas::Off),
        "faithful" => Ok(Quotas::Faithful(Limits::default())),
        other => Err(format!("quotas are off or faithful, not {other}")),
    }
}

fn faults(path: &str) -> Result<atg_azure_sim::Schedule, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("failed to read {path}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("failed to read {path}: {error}"))
}
