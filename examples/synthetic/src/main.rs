//! Writes a synthetic tenant to a file or to standard output.

use std::{
    env,
    fs::File,
    io::{self, BufWriter, Write},
    process::ExitCode,
};

use atg_synthetic::{Options, Summary, generate, tenant_id};

const USAGE: &str = "usage: atg-synthetic [--rows N] [--seed N] [--changed PER_MILLE] [--groups PER_SUBSCRIPTION] [--out FILE] [--truth FILE] [--tenant-id]";

struct Arguments {
    options: Options,
    out: Option<String>,
    truth: Option<String>,
    only_tenant_id: bool,
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
    match run(&arguments) {
        Ok(Some(done)) => {
            eprintln!(
                "{} rows, {} changed, {} edges, {} bytes",
                done.rows, done.changed, done.edges, done.bytes
            );
            ExitCode::SUCCESS
        }
        Ok(None) => ExitCode::SUCCESS,
        // Whoever reads has enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to write: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        options: Options::default(),
        out: None,
        truth: None,
        only_tenant_id: false,
    };
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{flag} needs a value"));
        let number = |text: String| text.parse::<u64>().map_err(|_| format!("{text} is no number"));
        match flag.as_str() {
            "--rows" => arguments.options.rows = number(value()?)?,
            "--seed" => arguments.options.seed = number(value()?)?,
            "--changed" => arguments.options.changed_per_mille = number(value()?)?,
            "--groups" => arguments.options.groups_per_subscription = number(value()?)?,
            "--out" => arguments.out = Some(value()?),
            "--truth" => arguments.truth = Some(value()?),
            "--tenant-id" => arguments.only_tenant_id = true,
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(arguments)
}

fn run(arguments: &Arguments) -> io::Result<Option<Summary>> {
    let mut out: Box<dyn Write> = match &arguments.out {
        Some(path) => Box::new(BufWriter::new(File::create(path)?)),
        None => Box::new(io::stdout().lock()),
    };
    if arguments.only_tenant_id {
        writeln!(out, "{}", tenant_id(arguments.options.seed))?;
        return Ok(None);
    }
    let summary = match &arguments.truth {
        None => generate(&arguments.options, &mut out, None)?,
        Some(path) => {
            let mut truth = BufWriter::new(File::create(path)?);
            let summary = generate(
                &arguments.options,
                &mut out,
                Some(&mut |from, relationship, to| writeln!(truth, "{from}\t{relationship}\t{to}")),
            )?;
            truth.flush()?;
            summary
        }
    };
    out.flush()?;
    Ok(Some(summary))
}
