//! Where the Redis is, as `REDIS_URL` says it.

use std::fmt;

use atg_sdk::{Error, Result};
use redis::{ConnectionInfo, IntoConnectionInfo as _};

/// Where Sentinels listen unless it is said otherwise.
const SENTINEL_PORT: u16 = 26379;

/// Where the Redis of a queue is, and what the queue is called in it.
///
/// `Debug` shows neither user nor password.
#[derive(Clone)]
pub struct RedisOptions {
    /// The server, or with Sentinels the settings for whichever server they name.
    pub(super) server: ConnectionInfo,
    pub(super) sentinels: Option<Sentinels>,
    pub(super) prefix: String,
    pub(super) replicas: Option<u32>,
}

/// Whom to ask where the master is.
#[derive(Clone)]
pub(super) struct Sentinels {
    pub(super) master: String,
    pub(super) places: Vec<ConnectionInfo>,
}

impl RedisOptions {
    /// Reads an address:
    ///
    /// - `redis://[user:password@]host[:6379][/database]`, one server or any node of a cluster; `rediss://` with TLS
    /// - `redis+sentinel://[user:password@]host[:26379],host…/master[/database]`; `rediss+sentinel://` with TLS
    /// - `redis+unix:///path/to/socket`
    ///
    /// A password may also follow in the query of a socket's address (`?pass=…`).
    ///
    /// # Errors
    /// `InvalidArgument`, without repeating the address: it may hold a password.
    pub fn parse(url: &str) -> Result<Self> {
        let url = url.trim();
        for (scheme, plain) in [("redis+sentinel://", "redis"), ("rediss+sentinel://", "rediss")] {
            if let Some(rest) = url.strip_prefix(scheme) {
                return Self::with_sentinels(plain, rest);
            }
        }
        let server = url.into_connection_info().map_err(|_| {
            wrong("it is like redis://user:password@host:6379/0, rediss://… with TLS, or redis+sentinel://host,host/master")
        })?;
        Ok(Self {
            server,
            sentinels: None,
            prefix: "{atg}".to_owned(),
            replicas: None,
        })
    }

    fn with_sentinels(scheme: &str, rest: &str) -> Result<Self> {
        let (login, rest) = match rest.rsplit_once('@') {
            Some((login, rest)) => (format!("{login}@"), rest),
            None => (String::new(), rest),
        };
        let mut parts = rest.split('/');
        let hosts = parts.next().unwrap_or_default();
        let Some(master) = parts.next().filter(|name| !name.is_empty()) else {
            return Err(wrong(
                "the master's name is missing: redis+sentinel://host,host/master",
            ));
        };
        let database = parts.next().unwrap_or("0");
        let info = |url: String| {
            url.into_connection_info()
                .map_err(|_| wrong("it is like redis+sentinel://user:password@host:26379,host/master/0"))
        };
        let places = hosts
            .split(',')
            .filter(|host| !host.is_empty())
            .map(|host| {
                let has_port = host
                    .rsplit_once(':')
                    .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
                let place = if has_port {
                    host.to_owned()
                } else {
                    format!("{host}:{SENTINEL_PORT}")
                };
                info(format!("{scheme}://{place}"))
            })
            .collect::<Result<Vec<_>>>()?;
        if places.is_empty() {
            return Err(wrong("no Sentinel is named: redis+sentinel://host,host/master"));
        }
        Ok(Self {
            // Its address is replaced by what the Sentinels say.
            server: info(format!("{scheme}://{login}127.0.0.1/{database}"))?,
            sentinels: Some(Sentinels {
                master: master.to_owned(),
                places,
            }),
            prefix: "{atg}".to_owned(),
            replicas: None,
        })
    }

    /// With another name for the queue: several may use one Redis.
    ///
    /// # Errors
    /// `InvalidArgument` for a name of other characters than letters, digits, `-` and `_`.
    pub fn with_name(mut self, name: &str) -> Result<Self> {
        let simple = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || !name.chars().all(simple) {
            return Err(Error::invalid(
                "name the queue: letters, digits, `-` and `_` make a name",
            ));
        }
        // The braces: on a cluster everything of one queue lies in the slot of what is between them.
        self.prefix = format!("{{{name}}}");
        Ok(self)
    }

    /// With a number of replicas that have to hold what is accepted or claimed before anybody is told. Left out: one with
    /// Sentinels, otherwise one where the server has any.
    #[must_use]
    pub fn with_replicas(mut self, replicas: u32) -> Self {
        self.replicas = Some(replicas);
        self
    }
}

fn wrong(how: &str) -> Error {
    Error::invalid(format!("read the address of Redis: {how}"))
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("server", &self.place())
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl RedisOptions {
    /// The place in words, without a password.
    pub(super) fn place(&self) -> String {
        match &self.sentinels {
            None => self.server.addr().to_string(),
            Some(sentinels) => {
                let places: Vec<_> = sentinels
                    .places
                    .iter()
                    .map(|info| info.addr().to_string())
                    .collect();
                format!("{} by Sentinel at {}", sentinels.master, places.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_passwords_are_not_shown() {
        for (url, place) in [
            ("redis://user:geheim@localhost", "localhost:6379"),
            ("rediss://user:geheim@cache.example:6380/2", "cache.example:6380"),
            (
                "redis+sentinel://user:geheim@one,two:26380/mymaster/3",
                "mymaster by Sentinel at one:26379, two:26380",
            ),
        ] {
            let options = RedisOptions::parse(url).unwrap();
            assert_eq!(options.place(), place);
            assert!(!format!("{options:?}").contains("geheim"));
            assert_eq!(options.server.redis_settings().password(), Some("geheim"));
        }
        let options = RedisOptions::parse("redis+sentinel://u:p@one/m/3").unwrap();
        assert_eq!(options.server.redis_settings().db(), 3);
    }

    #[test]
    fn what_is_no_address_is_refused_without_repeating_it() {
        for url in [
            "geheim",
            "http://geheim",
            "redis+sentinel://geheim",
            "redis+sentinel:///geheim",
        ] {
            let error = RedisOptions::parse(url).unwrap_err();
            assert_eq!(error.kind().exit_code(), 2);
            assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
        }
    }
}
