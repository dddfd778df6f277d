//! How many jobs a second go through the queue in Redis, with everything that the contract asks for switched on.
//!
//! ```sh
//! atg-queue --redis redis://127.0.0.1:6379 --jobs 100000
//! ```
//!
//! Submissions first, then a worker of this process over an executor that does nothing. `examples/bench/queues/run` does the
//! same with BullMQ and asynq on the same server.

#[path = "../../../../atg-server/tests/it/chaos/memory.rs"]
mod memory;

use std::{
    env,
    error::Error,
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use atg_sdk::{Executor as _, JobRequest, Operation, Owner, model::operations::rehearsal::Parameters};
use atg_server::{
    QueueExecutor, QueueOptions,
    queue::{JobQueue as _, PerLane, Policy, RedisOptions, RedisQueue},
    worker::{Worker, WorkerOptions},
};
use futures::{StreamExt as _, stream};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

struct Settings {
    redis: String,
    jobs: usize,
    at_once: usize,
    slots: usize,
    owners: usize,
    rounds: usize,
}

impl Settings {
    fn read() -> Result<Self, Box<dyn Error>> {
        let mut settings = Self {
            redis: "redis://127.0.0.1:6379".to_owned(),
            jobs: 50_000,
            at_once: 500,
            slots: 200,
            owners: 10,
            rounds: 3,
        };
        let mut arguments = env::args().skip(1);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or("each option has a value")?;
            match name.as_str() {
                "--redis" => settings.redis = value,
                "--jobs" => settings.jobs = value.parse()?,
                "--at-once" => settings.at_once = value.parse()?,
                "--slots" => settings.slots = value.parse()?,
                "--owners" => settings.owners = value.parse()?,
                "--rounds" => settings.rounds = value.parse()?,
                _ => return Err(format!("there is no option {name}").into()),
            }
        }
        Ok(settings)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let settings = Settings::read()?;
    for round in 1..=settings.rounds {
        let (submitted, processed) = measure(&settings, round).await?;
        let rate = |time: Duration| settings.jobs as f64 / time.as_secs_f64();
        writeln!(
            std::io::stdout(),
            "atg\t{:.0}\tsubmissions/s\t{:.0}\tprocessed/s",
            rate(submitted),
            rate(processed)
        )?;
    }
    Ok(())
}

/// How long it took to submit all jobs, and to carry them out.
async fn measure(settings: &Settings, round: usize) -> Result<(Duration, Duration), Box<dyn Error>> {
    let many = PerLane {
        long: 1_000,
        short: 1_000,
    };
    let policy = Policy {
        max_depth: 10_000_000,
        max_open_per_owner: 10_000_000,
        running_per_owner: many,
        running_per_tenant: many,
        ..Policy::default()
    };
    let name = format!("bench-{}-{round}", std::process::id());
    let redis = RedisOptions::parse(&settings.redis)?.with_name(&name)?;
    let backend = RedisQueue::open(redis, policy.clone()).await?;
    let place = tempfile::tempdir()?;
    let options = QueueOptions::new(place.path()).with_policy(policy);
    let queue = QueueExecutor::with_backend(Arc::new(backend.clone()), options).await?;
    let owners: Vec<_> = (0..settings.owners)
        .map(|owner| Owner::new(format!("owner-{owner}")))
        .collect();
    let request = |number: usize| {
        let nothing = Operation::Rehearsal(Parameters::default());
        JobRequest::new(nothing).with_owner(owners[number % owners.len()].clone())
    };
    let begun = Instant::now();
    let mut submissions = stream::iter(0..settings.jobs)
        .map(|number| queue.submit_job(request(number)))
        .buffer_unordered(settings.at_once);
    while let Some(submitted) = submissions.next().await {
        submitted?;
    }
    let submitted = begun.elapsed();
    let (ended, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
    let told = {
        let (ended, done, jobs) = (Arc::clone(&ended), Arc::clone(&done), settings.jobs);
        Arc::new(move |_: &atg_sdk::Job| {
            if ended.fetch_add(1, Ordering::Relaxed) + 1 == jobs {
                done.notify_one();
            }
        })
    };
    let slots = PerLane {
        long: settings.slots,
        short: 1,
    };
    let options = WorkerOptions::default().with_slots(slots).with_ended(told);
    let worker = Worker::new(&queue, Arc::new(memory::InMemory::default()), options);
    let stop = CancellationToken::new();
    let begun = Instant::now();
    let working = tokio::spawn(worker.run(stop.clone()));
    done.notified().await;
    let processed = begun.elapsed();
    stop.cancel();
    working.await??;
    let depth = backend.depth().await?;
    if depth.pending + depth.running > 0 {
        return Err(format!("jobs are left: {depth:?}").into());
    }
    Ok((submitted, processed))
}
