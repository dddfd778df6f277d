//! `atg-server`: the job service as a process. The only place that names the local executor.

mod arguments;
mod config;
mod container;
mod json_lines;
mod keys_command;
mod logging;
mod own_key;
mod pepper;
mod queue_command;
mod serve;
mod values;
mod vault;

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use atg_sdk::{Error, ErrorKind, Result};
use clap::Parser as _;

use crate::{
    arguments::{Cli, Command},
    config::{Config, Secrets},
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let secrets = Secrets::from_environment();
    let outcome = match cli.command {
        Some(Command::Keys(command)) => keys_command::run(command, &secrets),
        Some(Command::Queue(command)) => queue_command::run(command, &secrets),
        None => Config::read(&cli.settings, secrets).and_then(run),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

fn run(config: Config) -> Result<()> {
    let logging = logging::init(&config.log_level, config.traces)?;
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = config.threads {
        builder.worker_threads(threads);
    }
    let runtime = builder
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Unavailable, format!("start the runtime: {error}")))?;
    let outcome = runtime.block_on(serve::run(config));
    // What did not end within the grace is not waited for.
    runtime.shutdown_background();
    logging.end();
    outcome
}

/// One line for the error, one for each of its parts. A reader that is gone has no use for either.
fn tell(error: &Error) {
    let mut text = format!("error: failed to {}\n", error.message());
    for field in error.fields() {
        text.push_str(&format!("  {}: {}\n", field.pointer, field.detail));
    }
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Puts a line on stdout.
fn say(line: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            ErrorKind::Unavailable,
            format!("write to stdout: {error}"),
        )),
        _ => Ok(()),
    }
}
