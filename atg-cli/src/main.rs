#![doc = include_str!("../README.md")]

mod args;
mod artifacts;
mod commands;
mod executor;
mod exit;
mod interrupt;
mod printer;
mod progress;
mod run;
mod session;
mod settings;
mod stderr;
mod style;
mod words;

use std::process::ExitCode;

use atg_sdk::{Error, ErrorKind};
use clap::{CommandFactory as _, Parser as _};

use crate::{
    args::{Cli, Command},
    exit::{CommandResult, End, conclude},
    printer::Printer,
    session::Session,
};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let Some(command) = &cli.command else {
        let help = Cli::command().render_help().to_string();
        let printer = Printer::new(None, args::ColorWhen::Never);
        return conclude("print the help", printer.text(&help).map(|()| End::Done));
    };
    conclude(command.doing(), carry_out(&cli, command))
}

fn carry_out(cli: &Cli, command: &Command) -> CommandResult {
    // Needs no settings, and must work where they are wrong: shells run it at every start.
    if let Command::Completions(args) = command {
        return commands::completions::run(args, Printer::new(None, args::ColorWhen::Never));
    }
    let session = Session::new(&cli.global)?;
    if let Command::Config(args) = command {
        return commands::config::run(args, &session);
    }
    log_to_stderr(&session);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Unavailable, "start the runtime").with_source(error))?;
    let result = runtime.block_on(commands::run(command, &session));
    // A thread that still waits for standard input must not keep the process alive.
    runtime.shutdown_background();
    result
}

fn log_to_stderr(session: &Session) {
    let log_level = &session.settings.log_level;
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(&log_level.value))
        .with_writer(std::io::stderr)
        .with_ansi(session.reporter.style() == style::Style::new(true))
        .init();
}
