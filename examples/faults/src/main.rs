//! Runs any number of cases, on several threads, and prints what came of them.

use std::{
    env,
    fmt::Debug,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use atg_faults::{
    check::Violation,
    run::{TOGETHER, Tally, run},
    stage::Stage,
};

const USAGE: &str = "usage: atg-faults [--cases N] [--first N] [--threads N] [--careless] [--verbose]";

#[derive(Debug, Clone)]
struct Arguments {
    cases: u64,
    first: u64,
    threads: u64,
    careless: bool,
    verbose: bool,
}

#[expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a binary's words for people"
)]
fn main() -> ExitCode {
    let arguments = match parse(env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    // The first case of the next tenant.
    let next = Arc::new(AtomicU64::new(arguments.first));
    let threads: Vec<_> = (0..arguments.threads)
        .map(|_| {
            let (arguments, next) = (arguments.clone(), Arc::clone(&next));
            thread::spawn(move || work(&arguments, &next).map_err(|error| error.to_string()))
        })
        .collect();
    let mut tally = Tally::default();
    for thread in threads {
        match thread.join() {
            Ok(Ok(own)) => tally.add(own),
            Ok(Err(error)) => {
                eprintln!("failed to {error}");
                return ExitCode::FAILURE;
            }
            Err(_) => return ExitCode::FAILURE,
        }
    }
    println!("cases               {:>10}", tally.cases);
    println!("  read everything   {:>10}", tally.complete);
    println!(
        "  said what misses  {:>10}   ({} units)",
        tally.partial, tally.short_units
    );
    println!("  could not begin   {:>10}", tally.failed);
    println!(
        "  killed, resumed   {:>10}   ({} behind what they had read)",
        tally.killed, tally.went_on
    );
    println!("exchanges           {:>10}", tally.exchanges);
    println!(
        "longest scan        {:>10.0} s of the tenant's time",
        tally.longest
    );
    println!("missing, and said   {:>10}", tally.missing);
    let count = |is: fn(&Violation) -> bool| tally.violations().filter(|own| is(own)).count();
    println!(
        "false deletions     {:>10}",
        count(|own| matches!(own, Violation::FalseDeletion(_)))
    );
    println!(
        "lost, not said      {:>10}",
        count(|own| matches!(own, Violation::Lost(_)))
    );
    println!(
        "shortfalls unsaid   {:>10}",
        count(|own| matches!(own, Violation::Unsaid(_)))
    );
    println!(
        "throttled, gave up  {:>10}",
        count(|own| matches!(own, Violation::GaveUp(_)))
    );
    println!(
        "endless             {:>10}",
        count(|own| matches!(own, Violation::Endless))
    );
    println!("{:.1} s", began.elapsed().as_secs_f64());
    for (seed, violations) in &tally.violations {
        for violation in violations {
            println!("case {seed}: {violation}");
        }
    }
    if tally.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn parse(mut given: impl Iterator<Item = String>) -> Result<Arguments, String> {
    let mut arguments = Arguments {
        cases: 1_000,
        first: 0,
        threads: thread::available_parallelism().map_or(1, |count| count.get() as u64),
        careless: false,
        verbose: false,
    };
    while let Some(flag) = given.next() {
        let mut number = || {
            let value = given.next().ok_or_else(|| format!("{flag} needs a value"))?;
            value.parse::<u64>().map_err(|_| format!("{value} is no number"))
        };
        match flag.as_str() {
            "--cases" => arguments.cases = number()?,
            "--first" => arguments.first = number()?,
            "--threads" => arguments.threads = number()?.max(1),
            "--careless" => arguments.careless = true,
            "--verbose" => arguments.verbose = true,
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(arguments)
}

/// Takes one tenant's cases after another, until none is left.
fn work(arguments: &Arguments, next: &AtomicU64) -> Result<Tally, Box<dyn std::error::Error>> {
    let end = arguments.first.saturating_add(arguments.cases);
    let mut tally = Tally::default();
    loop {
        let after = |first: u64| (first < end).then(|| (first / TOGETHER + 1) * TOGETHER);
        let Ok(first) = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, after) else {
            return Ok(tally);
        };
        let directory = tempfile::tempdir()?;
        let stage = if arguments.careless {
            Stage::careless()?
        } else {
            Stage::new()?
        };
        tally.add(run(first..end, directory.path(), stage, |words| {
            tell(arguments, words);
        })?);
    }
}

#[expect(clippy::print_stdout, reason = "with --verbose it says what happens")]
fn tell(arguments: &Arguments, words: &dyn Debug) {
    if arguments.verbose {
        println!("{words:?}");
    }
}
