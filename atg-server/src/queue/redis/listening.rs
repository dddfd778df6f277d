//! Hearing what other processes do: one connection for all that anybody in this process follows.
//!
//! A job's events lie in its stream, and whoever follows reads them there. What travels here is only that there is something
//! to read: nothing is lost with a lost connection but time, because everybody looks again when there is a new one.

use std::{sync::Weak, time::Duration};

use atg_sdk::{Error, ErrorKind, JobId, Result};
use futures::StreamExt as _;
use redis::aio::PubSubSink;
use tokio::{
    sync::mpsc::UnboundedReceiver,
    time::{interval, sleep, timeout},
};

use super::{options::RedisOptions, place};
use crate::queue::{
    Topic,
    news::{Followed, Hub},
};

/// How often to see that the connection lives.
const PING: Duration = Duration::from_secs(2);
/// How long it may take to answer.
const ANSWER: Duration = Duration::from_secs(3);

/// Listens until nobody needs it.
pub(super) async fn listen(options: RedisOptions, hub: Weak<Hub>, mut followed: UnboundedReceiver<Followed>) {
    let mut pause = Duration::from_millis(50);
    while hub.strong_count() > 0 {
        let begun = tokio::time::Instant::now();
        match listen_once(&options, &hub, &mut followed).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(%error, "changes of other processes cannot be heard"),
        }
        if begun.elapsed() > Duration::from_secs(10) {
            pause = Duration::from_millis(50);
        }
        sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(1));
    }
}

async fn listen_once(
    options: &RedisOptions,
    hub: &Weak<Hub>,
    followed: &mut UnboundedReceiver<Followed>,
) -> Result<()> {
    let lost =
        |error: redis::RedisError| Error::new(ErrorKind::Unavailable, "listen to Redis").with_source(error);
    let client = place::find(options).await?;
    let connected = timeout(ANSWER, client.get_async_pubsub()).await;
    let (mut sink, mut messages) = connected
        .map_err(|_| Error::new(ErrorKind::Timeout, "listen to Redis"))?
        .map_err(lost)?
        .split();
    let news = format!("{}:news", options.prefix);
    let patient = async |sink: &mut PubSubSink, topics: Vec<String>| {
        timeout(ANSWER, sink.subscribe(topics))
            .await
            .map_err(|_| Error::new(ErrorKind::Timeout, "listen to Redis"))?
            .map_err(lost)
    };
    let Some(strong) = hub.upgrade() else {
        return Ok(());
    };
    let mut topics: Vec<_> = strong.jobs().iter().map(|job| format!("{news}:{job}")).collect();
    topics.push(news.clone());
    patient(&mut sink, topics).await?;
    // What happened before is known to nobody here.
    strong.announce_all();
    drop(strong);
    let mut pings = interval(PING);
    loop {
        tokio::select! {
            message = messages.next() => {
                let Some(message) = message else {
                    return Err(Error::new(ErrorKind::Unavailable, "listen to Redis: the connection is lost"));
                };
                let Some(hub) = hub.upgrade() else { return Ok(()) };
                hear(&hub, &news, message.get_channel_name(), message.get_payload_bytes());
            }
            change = followed.recv() => {
                // Many come together when many begin to watch.
                let Some(change) = change else { return Ok(()) };
                let mut begun = Vec::new();
                let mut next = Some(change);
                while let Some(Followed { job, begins }) = next {
                    if begins {
                        begun.push(job);
                    } else {
                        begun.retain(|other| *other != job);
                        timeout(ANSWER, sink.unsubscribe(format!("{news}:{job}")))
                            .await
                            .map_err(|_| Error::new(ErrorKind::Timeout, "listen to Redis"))?
                            .map_err(lost)?;
                    }
                    next = if begun.len() < 500 { followed.try_recv().ok() } else { None };
                }
                if begun.is_empty() {
                    continue;
                }
                patient(&mut sink, begun.iter().map(|job| format!("{news}:{job}")).collect()).await?;
                let Some(hub) = hub.upgrade() else { return Ok(()) };
                for job in begun {
                    // It may have changed while nobody listened yet.
                    hub.announce_only(Topic::Job(job));
                }
            }
            _ = pings.tick() => {
                if hub.strong_count() == 0 {
                    return Ok(());
                }
                timeout(ANSWER, sink.ping::<redis::Value>())
                    .await
                    .map_err(|_| Error::new(ErrorKind::Timeout, "listen to Redis"))?
                    .map_err(lost)?;
            }
        }
    }
}

fn hear(hub: &Hub, news: &str, channel: &str, payload: &[u8]) {
    let job = |text: &str| text.parse::<JobId>().ok();
    if channel == news {
        match payload.split_first() {
            Some((b'w', id)) => {
                let id = std::str::from_utf8(id).ok().and_then(job);
                id.into_iter().for_each(|id| hub.announce_wish(id));
            }
            _ => hub.announce_only(Topic::Queue),
        }
    } else if let Some(id) = channel
        .strip_prefix(news)
        .and_then(|rest| rest.strip_prefix(':'))
        .and_then(job)
    {
        hub.announce_only(Topic::Job(id));
    }
}
