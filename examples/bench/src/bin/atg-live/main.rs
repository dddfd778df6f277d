//! Scans of a simulated Azure: against its quotas, without them, and beside what people use now.

mod again;
mod atg;
mod azure;
mod clients;
mod stages;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "usage: atg-live [--programs DIRECTORY] [--rows N] [--subscriptions N] [--cache DIRECTORY] \
     [--only faithful|free|million|clients|again[,…]]";

struct Arguments {
    programs: PathBuf,
    rows: u64,
    subscriptions: u64,
    /// Where `.ci/azure-clients.sh` keeps what it installs.
    cache: PathBuf,
    /// Where everything is written.
    place: PathBuf,
    stages: Vec<String>,
}

#[expect(clippy::print_stderr, reason = "a binary's words for people")]
fn main() -> ExitCode {
    let place = match tempfile::tempdir() {
        Ok(place) => place,
        Err(error) => {
            eprintln!("failed to make a directory: {error}");
            return ExitCode::FAILURE;
        }
    };
    let arguments = match parse(std::env::args().skip(1), place.path()) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to measure: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>, place: &Path) -> Result<Arguments, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let home = std::env::var_os("HOME").unwrap_or_default();
    let cache = std::env::var_os("ATG_CACHE");
    let mut arguments = Arguments {
        programs: here.parent().unwrap_or(Path::new(".")).to_owned(),
        rows: 100_000,
        subscriptions: 30,
        cache: cache.map_or_else(|| Path::new(&home).join(".cache/atg"), PathBuf::from),
        place: place.to_owned(),
        stages: ["faithful", "free", "clients"].map(str::to_owned).to_vec(),
    };
    while let Some(flag) = given.next() {
        let value = given.next().ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is no number"));
        match flag.as_str() {
            "--programs" => arguments.programs = value.into(),
            "--rows" => arguments.rows = number()?,
            "--subscriptions" => arguments.subscriptions = number()?,
            "--cache" => arguments.cache = value.into(),
            "--only" => arguments.stages = value.split(',').map(str::to_owned).collect(),
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> Result<()> {
    for stage in &arguments.stages {
        match stage.as_str() {
            "faithful" => stages::faithful(arguments)?,
            "free" => stages::free(arguments, arguments.rows)?,
            "million" => stages::free(arguments, 1_000_000)?,
            "clients" => stages::clients(arguments)?,
            "again" => again::again(arguments)?,
            other => return Err(format!("{other} is no stage").into()),
        }
    }
    Ok(())
}
