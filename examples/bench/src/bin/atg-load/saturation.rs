//! As many calls as there can be: each connection asks again as soon as it has its answer.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::{Result, arguments::Arguments, connection::Connection, server::Target};

pub(crate) struct Saturation {
    pub(crate) calls_per_second: f64,
    /// What a call cost the server.
    pub(crate) server_time: Option<Duration>,
}

pub(crate) async fn measure(arguments: &Arguments, target: &Target) -> Result<Saturation> {
    let mut connections = Vec::new();
    for number in 0..arguments.connections {
        connections.push(Connection::open(target.address, number).await?);
    }
    // What is only done once is done before.
    run(arguments, target, &mut connections, arguments.time / 10).await?;
    let before = target.process.cpu_time();
    let started = Instant::now();
    let calls = run(arguments, target, &mut connections, arguments.time).await?;
    let seconds = started.elapsed().as_secs_f64();
    let spent = target.process.cpu_time().zip(before);
    Ok(Saturation {
        calls_per_second: f64::from(calls) / seconds,
        server_time: spent.map(|(after, before)| (after - before) / calls.max(1)),
    })
}

async fn run(
    arguments: &Arguments,
    target: &Target,
    connections: &mut Vec<Connection>,
    time: Duration,
) -> Result<u32> {
    let mut all = JoinSet::new();
    let until = Instant::now() + time;
    for (number, mut connection) in connections.drain(..).enumerate() {
        let step = arguments.connections;
        let own: Vec<_> = (number..target.requests.len())
            .step_by(step)
            .map(|at| target.request(at).to_vec())
            .collect();
        all.spawn(async move {
            let mut calls = 0_u32;
            for request in own.iter().cycle() {
                if Instant::now() >= until {
                    break;
                }
                let status = connection
                    .call(request)
                    .await
                    .map_err(|error| error.to_string())?
                    .status;
                if status != 200 {
                    return Err(format!("a call was answered with {status}"));
                }
                calls += 1;
            }
            Ok((calls, connection))
        });
    }
    let mut calls = 0;
    while let Some(ended) = all.join_next().await {
        let (some, connection) = ended??;
        calls += some;
        connections.push(connection);
    }
    Ok(calls)
}
