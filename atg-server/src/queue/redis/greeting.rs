//! What every connection begins with: is this a server that can keep a queue, and is it still the one from before?

use atg_sdk::{Error, ErrorKind, Result};
use redis::{InfoDict, RedisError, aio::MultiplexedConnection};
use uuid::Uuid;

use super::{options::RedisOptions, script, time::Time};
use crate::queue::RECORD_VERSION;

/// The oldest Redis that has all that the scripts use.
const OLDEST: u32 = 7;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Greeting {
    /// Replicas that have to confirm what is accepted or claimed.
    pub(super) replicas: u32,
    pub(super) epoch: u64,
}

/// Looks at the server, teaches it the scripts, and raises the epoch if it is another one than before.
pub(super) async fn greet(
    connection: &mut MultiplexedConnection,
    options: &RedisOptions,
    time: &Time,
) -> Result<Greeting> {
    let failed = |error: RedisError| {
        Error::new(
            ErrorKind::Unavailable,
            format!("use the Redis at {}: it says: {error}", options.place()),
        )
    };
    let info: String = redis::cmd("INFO").query_async(connection).await.map_err(failed)?;
    let info = InfoDict::new(&info);
    check(&info)
        .map_err(|(kind, why)| Error::new(kind, format!("use the Redis at {}: {why}", options.place())))?;
    script::load_all().exec_async(connection).await.map_err(failed)?;
    let (version, epoch, now): (u32, u64, i64) = redis::cmd("EVALSHA")
        .arg(script::GREET.get_hash())
        .arg(1)
        .arg(&options.prefix)
        .arg(time.argument())
        .arg(Uuid::now_v7().to_string())
        .arg(RECORD_VERSION)
        .arg(info.get::<String>("run_id").unwrap_or_default())
        .query_async(connection)
        .await
        .map_err(failed)?;
    time.told(now);
    if version > RECORD_VERSION {
        tracing::info!(
            version,
            "newer processes use this queue too: what only they know is left to them"
        );
    }
    let attached = info.get::<u32>("connected_slaves").unwrap_or_default();
    let replicas = match options.replicas {
        Some(replicas) => replicas,
        None if options.sentinels.is_some() => 1,
        None => attached.min(1),
    };
    Ok(Greeting { replicas, epoch })
}

/// Whether a queue is safe there. `INFO` tells it to whoever may use the server; `CONFIG` is refused by most who host one.
fn check(info: &InfoDict) -> Result<(), (ErrorKind, String)> {
    let wrong = |why: String| Err((ErrorKind::InvalidArgument, why));
    let version = info.get::<String>("redis_version").unwrap_or_default();
    let major = version
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < OLDEST) {
        return wrong(format!(
            "its version is {version}, and a queue needs Redis {OLDEST} or newer"
        ));
    }
    if info.get::<u8>("loading") == Some(1) {
        return Err((
            ErrorKind::Unavailable,
            "it is still reading its data from the disk".to_owned(),
        ));
    }
    let role = info.get::<String>("role").unwrap_or_default();
    if role != "master" {
        return Err((
            ErrorKind::Unavailable,
            "it is a replica: name the master in REDIS_URL, or Sentinels that know it (redis+sentinel://…)"
                .to_owned(),
        ));
    }
    let policy = info.get::<String>("maxmemory_policy").unwrap_or_default();
    if policy != "noeviction" {
        return wrong(format!(
            "its maxmemory-policy is {policy}, so it may drop jobs when its memory is full: set it to noeviction"
        ));
    }
    if info.get::<u8>("aof_enabled") != Some(1) {
        return wrong(
            "it keeps no append-only file, so a restart would lose jobs: set appendonly to yes".to_owned(),
        );
    }
    if info
        .get::<String>("aof_last_write_status")
        .is_some_and(|status| status != "ok")
    {
        return Err((
            ErrorKind::Unavailable,
            "it cannot write its append-only file: see that its disk has room".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(changes: &[(&str, &str)]) -> InfoDict {
        let mut lines = vec![
            ("redis_version", "7.0.15"),
            ("loading", "0"),
            ("role", "master"),
            ("maxmemory_policy", "noeviction"),
            ("aof_enabled", "1"),
            ("aof_last_write_status", "ok"),
        ];
        for change in changes {
            lines.retain(|(name, _)| name != &change.0);
            lines.push(*change);
        }
        let text: Vec<_> = lines
            .iter()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        InfoDict::new(&text.join("\r\n"))
    }

    #[test]
    fn a_server_that_may_lose_jobs_is_refused_with_what_to_change() {
        assert!(check(&info(&[])).is_ok());
        for (name, value, kind, says) in [
            ("redis_version", "6.2.14", ErrorKind::InvalidArgument, "6.2.14"),
            (
                "maxmemory_policy",
                "allkeys-lru",
                ErrorKind::InvalidArgument,
                "noeviction",
            ),
            ("aof_enabled", "0", ErrorKind::InvalidArgument, "appendonly"),
            ("role", "slave", ErrorKind::Unavailable, "redis+sentinel"),
            ("loading", "1", ErrorKind::Unavailable, "reading its data"),
            ("aof_last_write_status", "err", ErrorKind::Unavailable, "room"),
        ] {
            let (found, why) = check(&info(&[(name, value)])).unwrap_err();
            assert_eq!(found, kind, "{name}");
            assert!(why.contains(says), "{why}");
        }
    }
}
