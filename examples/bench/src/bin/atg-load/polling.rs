//! Many connections that each ask now and then.

use std::{
    rc::Rc,
    time::{Duration, Instant},
};

use tokio::{
    sync::mpsc,
    task::{JoinSet, LocalSet},
};

use crate::{
    Result,
    arguments::Arguments,
    connection::Connection,
    server::{Service, Target},
};

/// How many submissions a second there are beside the polling, when there are.
const WRITES: u32 = 20;

pub(crate) struct Polling {
    /// Sorted: from the moment at which each call was due to its answer's last byte.
    pub(crate) times: Vec<Duration>,
    pub(crate) calls_per_second: f64,
}

pub(crate) async fn measure(
    arguments: &Arguments,
    target: &Target,
    writer: Option<&Service>,
) -> Result<Polling> {
    LocalSet::new().run_until(poll(arguments, target, writer)).await
}

async fn poll(arguments: &Arguments, target: &Target, writer: Option<&Service>) -> Result<Polling> {
    let requests: Rc<Vec<Vec<u8>>> = Rc::new(target.requests.clone());
    let mut pollers = JoinSet::new();
    let mut triggers = Vec::new();
    for number in 0..arguments.pollers {
        let mut connection = Connection::open(target.address, number).await?;
        let (trigger, mut due) = mpsc::unbounded_channel::<Instant>();
        triggers.push(trigger);
        let requests = Rc::clone(&requests);
        pollers.spawn_local(async move {
            let mut times = Vec::new();
            let mut turn = number;
            // A call that is late makes the next one late as well, and both are counted from when they were due.
            while let Some(due) = due.recv().await {
                let answer = connection.call(&requests[turn % requests.len()]).await;
                let status = answer.map_err(|error| error.to_string())?.status;
                if status != 200 {
                    return Err(format!("a call was answered with {status}"));
                }
                times.push(due.elapsed());
                turn += 7;
            }
            Ok(times)
        });
    }
    let writing = async {
        match writer {
            Some(service) => write(service, arguments.time).await,
            None => Ok(()),
        }
    };
    let started = Instant::now();
    let (written, ()) = tokio::join!(writing, pace(arguments, &mut triggers));
    written?;
    triggers.clear();
    let mut times = Vec::new();
    while let Some(ended) = pollers.join_next().await {
        times.append(&mut ended??);
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let calls_per_second = times.len() as f64 / seconds;
    Ok(Polling {
        times,
        calls_per_second,
    })
}

/// Gives each poller its turn. A timer is no finer than a millisecond, so there are some at a time: they are counted from
/// the tick at which they were sent off.
async fn pace(arguments: &Arguments, triggers: &mut [mpsc::UnboundedSender<Instant>]) {
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    let started = Instant::now();
    let mut sent = 0_u64;
    let mut turns = (0..triggers.len()).cycle();
    while started.elapsed() < arguments.time {
        let tick = ticks.tick().await.into_std();
        let wanted = started.elapsed().as_secs_f64() * f64::from(arguments.rate);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "far below 2⁵³, and not negative"
        )]
        let wanted = wanted as u64;
        for turn in (&mut turns).take(usize::try_from(wanted - sent).unwrap_or_default()) {
            // A poller that ended says why when it is joined.
            let _ = triggers[turn].send(tick);
        }
        sent = wanted;
    }
}

async fn write(service: &Service, time: Duration) -> Result<()> {
    let mut connection = Connection::open(service.address(), 0).await?;
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / WRITES);
    let started = Instant::now();
    let mut number = 0;
    while started.elapsed() < time {
        ticks.tick().await;
        let answer = connection.call(&service.submission(number)).await?;
        if answer.status != 202 {
            return Err(format!("a submission was answered with {}", answer.status).into());
        }
        number += 1;
    }
    Ok(())
}
