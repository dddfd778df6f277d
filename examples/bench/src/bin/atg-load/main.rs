//! Load on a real server process, beside a bare hyper server that reads one row a call. Prints one table.

mod arguments;
mod bare;
mod connection;
mod polling;
mod saturation;
mod server;
mod streams;
mod submissions;
mod table;

use std::{error::Error, process::ExitCode, time::Duration};

use arguments::{Arguments, Stage, USAGE};
use server::{Bare, Service, Target};
use table::Table;

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;

/// Jobs that are asked for in turn: more than one, so that no answer is the same bytes each time.
const JOBS: usize = 1_000;

#[expect(clippy::print_stderr, reason = "a binary's words for people")]
fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let done = match &arguments.bare {
        Some(database) => bare::serve(database),
        None => measure(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to measure: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One thread makes all the load, so that it takes no more than one core from the servers.
fn measure(arguments: &Arguments) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: &Arguments) -> Result<()> {
    let directory = tempfile::tempdir()?;
    let mut table = Table::default();
    if arguments.has(Stage::Start) {
        let (start, idle) = server::start_and_idle(arguments, directory.path()).await?;
        table.start(&start, idle);
    }
    let mut service = Service::start(arguments, &directory.path().join("service"))?;
    service.submit_jobs(JOBS).await?;
    let bare = Bare::start(&directory.path().join("bare.db"), &service).await?;
    if arguments.has(Stage::Saturation) {
        // In turns, so that whatever else the machine does meets both alike.
        let mut rounds = Vec::new();
        for _ in 0..arguments.rounds {
            let beside = saturation::measure(arguments, &bare.target()).await?;
            let ours = saturation::measure(arguments, &service.target()).await?;
            rounds.push((beside, ours));
        }
        table.saturation(&rounds);
    }
    if arguments.has(Stage::Polling) {
        let beside = polling::measure(arguments, &bare.target(), None).await?;
        let ours = polling::measure(arguments, &service.target(), None).await?;
        // Somebody else changes jobs meanwhile, through another connection to the same store.
        let busy = polling::measure(arguments, &service.target(), Some(&service)).await?;
        table.polling(&beside, &ours, &busy);
    }
    drop(bare);
    if arguments.has(Stage::Submissions) {
        for connections in [1, arguments.submitters] {
            let found = submissions::measure(arguments, &service, connections).await?;
            table.submissions(connections, &found);
        }
    }
    if arguments.has(Stage::Streams) {
        let found = streams::measure(arguments, &service).await?;
        table.streams(&found);
    }
    service.stop()?;
    table.print();
    Ok(())
}

/// The value below which such a share of the sorted values lies.
fn quantile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a list that fits into memory"
    )]
    let index = (sorted.len() as f64 * share) as usize;
    sorted
        .get(index.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

impl Target {
    /// The request for the n-th job, as bytes.
    fn request(&self, number: usize) -> &[u8] {
        &self.requests[number % self.requests.len()]
    }
}
