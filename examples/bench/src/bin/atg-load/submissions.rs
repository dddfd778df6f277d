//! Jobs accepted a second. Each is on the disk before its answer.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{Result, arguments::Arguments, connection::Connection, server::Service};

pub(crate) struct Submissions {
    pub(crate) per_second: f64,
    /// Sorted.
    pub(crate) times: Vec<Duration>,
}

pub(crate) async fn measure(
    arguments: &Arguments,
    service: &Service,
    connections: usize,
) -> Result<Submissions> {
    let mut all = JoinSet::new();
    let started = Instant::now();
    let until = started + arguments.time / 2;
    for number in 0..connections {
        let mut connection = Connection::open(service.address(), number).await?;
        let request = service.submission(number);
        all.spawn(async move {
            let mut times = Vec::new();
            while Instant::now() < until {
                let sent = Instant::now();
                let answer = connection.call(&request).await;
                let status = answer.map_err(|error| error.to_string())?.status;
                if status != 202 {
                    return Err(format!("a submission was answered with {status}"));
                }
                times.push(sent.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::new();
    while let Some(ended) = all.join_next().await {
        times.append(&mut ended??);
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let per_second = times.len() as f64 / seconds;
    Ok(Submissions { per_second, times })
}
