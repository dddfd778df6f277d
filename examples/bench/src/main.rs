//! Runs each size in a process of its own, so that its memory is its own, and prints a table.

use std::{
    env,
    error::Error,
    process::{Command, ExitCode, Stdio},
};

use atg_bench::{Plan, Report, measure, print};

const USAGE: &str = "usage: atg-bench [--rows N[,N…]] [--million] [--seed N] [--json]";

struct Arguments {
    rows: Vec<u64>,
    seed: u64,
    json: bool,
    /// Set for the process that measures one size.
    child: bool,
}

#[expect(clippy::print_stderr, reason = "a binary's words for people")]
fn main() -> ExitCode {
    let arguments = match parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = if arguments.child {
        child(&arguments)
    } else {
        parent(&arguments)
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to measure: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        rows: vec![10_000, 100_000],
        seed: 1,
        json: false,
        child: false,
    };
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{flag} needs a value"));
        let number = |text: &str| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match flag.as_str() {
            "--rows" => arguments.rows = value()?.split(',').map(number).collect::<Result<_, _>>()?,
            "--million" => arguments.rows.push(1_000_000),
            "--seed" => arguments.seed = number(&value()?)?,
            "--json" => arguments.json = true,
            "--child" => arguments.child = true,
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(arguments)
}

#[expect(
    clippy::print_stdout,
    reason = "with --json the figures go to standard output as they are"
)]
fn parent(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let mut reports = Vec::new();
    for rows in &arguments.rows {
        let output = Command::new(env::current_exe()?)
            .args([
                "--child",
                "--rows",
                &rows.to_string(),
                "--seed",
                &arguments.seed.to_string(),
            ])
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err(format!("the run with {rows} rows ended with {}", output.status).into());
        }
        reports.push(serde_json::from_slice::<Report>(&output.stdout)?);
    }
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&reports)?);
    } else {
        print(&reports);
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the report goes to the parent")]
fn child(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let directory = tempfile::tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let plan = Plan {
        rows: arguments.rows.first().copied().unwrap_or_default(),
        seed: arguments.seed,
        directory: directory.path().to_owned(),
    };
    let report = runtime.block_on(measure(&plan))?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}
