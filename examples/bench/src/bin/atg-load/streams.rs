//! Event streams that stay open.

use std::{
    fs,
    time::{Duration, Instant},
};

use atg_bench::Process;

use crate::{Result, arguments::Arguments, connection::Connection, server::Service};

/// File descriptors that this process needs besides.
const OTHERS: usize = 200;

pub(crate) struct Streams {
    pub(crate) wanted: usize,
    pub(crate) open: usize,
    pub(crate) opening: Duration,
    /// Of the server, without and with them.
    pub(crate) before: Option<u64>,
    pub(crate) after: Option<u64>,
    /// What they cost while nothing happens, of one core.
    pub(crate) idle_load: Option<f64>,
}

pub(crate) async fn measure(arguments: &Arguments, service: &Service) -> Result<Streams> {
    let room = descriptors().unwrap_or(1024).saturating_sub(OTHERS);
    let open = arguments.streams.min(room);
    let process = service.process();
    let before = process.resident_bytes();
    let started = Instant::now();
    let mut streams = Vec::with_capacity(open);
    for number in 0..open {
        let job = &service.jobs[number % service.jobs.len()];
        let request = service.request("GET", &format!("/api/v1/jobs/{job}/events"), "", number);
        let mut connection = Connection::open(service.address(), number).await?;
        let head = connection.begin(&request).await?;
        if head.status != 200 {
            return Err(format!("stream {number} was answered with {}", head.status).into());
        }
        // The first event has come: the stream is at work, not only accepted.
        connection.until(b"event: submitted").await?;
        streams.push(connection);
    }
    let opening = started.elapsed();
    let idle_load = idle_load(&process, arguments.time).await;
    let after = process.resident_bytes();
    drop(streams);
    Ok(Streams {
        wanted: arguments.streams,
        open,
        opening,
        before,
        after,
        idle_load,
    })
}

async fn idle_load(process: &Process, time: Duration) -> Option<f64> {
    let before = process.cpu_time()?;
    tokio::time::sleep(time).await;
    let spent = process.cpu_time()?.checked_sub(before)?;
    Some(spent.as_secs_f64() / time.as_secs_f64())
}

/// How many files this process may have open.
fn descriptors() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}
