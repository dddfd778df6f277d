//! Prints how near the budget comes to what Azure allows. Run with
//! `cargo run --example quota -p atg-azure`; it takes seconds, since time is virtual. With `--by-bucket` each bucket has a line.

mod simulation;

use std::io::{self, Write as _};

use simulation::{Outcome, run, scenarios};

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "30 subscriptions through one process: 1,000 reads each, of resource graph 10 queries each. Virtual time.\n\n\
         | Case | Took | Floor | Used | Least | Calls | Refused | Refused | Busiest bucket | First and last done |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|---|---|"
    )?;
    for scenario in scenarios() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()?;
        let outcome = runtime.block_on(run(&scenario, 1));
        writeln!(out, "{}", row(scenario.name, &outcome))?;
        if std::env::args().any(|argument| argument == "--by-bucket") {
            by_bucket(&mut out, &outcome)?;
        }
    }
    Ok(())
}

fn by_bucket(out: &mut impl io::Write, outcome: &Outcome) -> io::Result<()> {
    for bucket in &outcome.buckets {
        writeln!(
            out,
            "| · {} | {:.1} s | {:.1} s | | | {} | {} | | waited {:.0} s in all | |",
            bucket.bucket,
            bucket.took.as_secs_f64(),
            bucket.floor.as_secs_f64(),
            bucket.calls,
            bucket.refused,
            bucket.waited.as_secs_f64()
        )?;
    }
    Ok(())
}

fn row(name: &str, outcome: &Outcome) -> String {
    let worst = outcome.buckets.iter().max_by_key(|bucket| bucket.took);
    let worst = worst.map_or_else(String::new, |bucket| {
        format!(
            "{}: {} calls, {} refused, {:.1} s",
            bucket.bucket,
            bucket.calls,
            bucket.refused,
            bucket.took.as_secs_f64()
        )
    });
    let done = |pick: fn(&[std::time::Duration]) -> Option<&std::time::Duration>| {
        pick(&outcome.done).map_or(0.0, std::time::Duration::as_secs_f64)
    };
    format!(
        "| {name} | {:.1} s | {:.1} s | {:.1} % | {:.1} % | {} | {} | {:.2} % | {worst} | {:.1} s, {:.1} s |",
        outcome.took.as_secs_f64(),
        outcome.floor.as_secs_f64(),
        outcome.used_percent().0,
        outcome.used_percent().1,
        outcome.tally.total(),
        outcome.tally.refused(),
        outcome.refused_percent(),
        done(|done| done.iter().min()),
        done(|done| done.iter().max()),
    )
}
