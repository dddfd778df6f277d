//! What `--remote` costs: the same scan here and by a service, and large files through it. Prints one table each.

mod large;
mod overhead;
mod programs;
mod proxy;
mod upload;

use std::{
    error::Error,
    path::{Path, PathBuf},
    process::ExitCode,
};

use programs::Programs;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

const USAGE: &str = "usage: atg-remote [--programs DIRECTORY] [--demo FILE] [--rows N] [--pairs N] [--demo-pairs N] \
     [--megabytes N] [--only demo|overhead|large[,…]]";

struct Arguments {
    programs: PathBuf,
    demo: PathBuf,
    rows: u64,
    pairs: usize,
    demo_pairs: usize,
    megabytes: u64,
    stages: Vec<String>,
}

#[expect(clippy::print_stderr, reason = "a binary's words for people")]
fn main() -> ExitCode {
    let arguments = match parse(std::env::args().skip(1)) {
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

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let here = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut arguments = Arguments {
        programs: here.parent().unwrap_or(Path::new(".")).to_owned(),
        demo: Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo-tenant/demo.jsonl"),
        rows: 900_000,
        pairs: 3,
        demo_pairs: 15,
        megabytes: 2_600,
        stages: ["demo", "overhead", "large"].map(str::to_owned).to_vec(),
    };
    while let Some(flag) = given.next() {
        let value = given.next().ok_or_else(|| format!("{flag} needs a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is no number"));
        let count = || {
            value
                .parse::<usize>()
                .map_err(|_| format!("{value} is no number"))
        };
        match flag.as_str() {
            "--programs" => arguments.programs = value.into(),
            "--demo" => arguments.demo = value.into(),
            "--rows" => arguments.rows = number()?,
            "--pairs" => arguments.pairs = count()?,
            "--demo-pairs" => arguments.demo_pairs = count()?,
            "--megabytes" => arguments.megabytes = number()?,
            "--only" => arguments.stages = value.split(',').map(str::to_owned).collect(),
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(arguments)
}

#[expect(clippy::print_stdout, reason = "the tables are what the bench is for")]
fn run(arguments: &Arguments) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let programs = Programs::new(&arguments.programs, directory.path());
    for stage in &arguments.stages {
        match stage.as_str() {
            "demo" => {
                println!("The demo tenant, {} pairs", arguments.demo_pairs);
                // The id that the demo tenant has.
                let tenant = "4baabe85-98a8-43fe-89fe-574c55f50b56";
                overhead::measure(&programs, &arguments.demo, tenant, arguments.demo_pairs)?;
            }
            "overhead" => {
                let file = directory.path().join("tenant.jsonl");
                let options = atg_synthetic::Options {
                    rows: arguments.rows,
                    ..atg_synthetic::Options::default()
                };
                let mut out = std::io::BufWriter::with_capacity(1 << 20, std::fs::File::create(&file)?);
                atg_synthetic::generate(&options, &mut out, None)?;
                std::io::Write::flush(&mut out)?;
                println!(
                    "A synthetic tenant of {} rows, {} pairs",
                    arguments.rows, arguments.pairs
                );
                overhead::measure(
                    &programs,
                    &file,
                    &atg_synthetic::tenant_id(options.seed),
                    arguments.pairs,
                )?;
                std::fs::remove_file(&file)?;
            }
            "large" => large::measure(&programs, arguments.megabytes)?,
            other => return Err(format!("{other} is no stage").into()),
        }
    }
    Ok(())
}
