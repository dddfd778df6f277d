//! Where a server is, as people write it.

use std::fmt;

/// The port that Neo4j listens on unless told otherwise.
const DEFAULT_PORT: u16 = 7687;

/// Whether and how the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encryption {
    /// `bolt://`, `neo4j://`
    None,
    /// `+s`: a certificate that a known authority has signed for that host.
    Verified,
    /// `+ssc`: any certificate, for servers that signed their own.
    Unverified,
}

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether and how the connection is encrypted.
    pub encryption: Encryption,
    /// `neo4j…://`: the server is asked which member of its cluster writes.
    pub routed: bool,
    /// The database, where the address names one.
    pub database: Option<String>,
}

impl Address {
    /// Reads `bolt[+s|+ssc]://HOST[:PORT][/DATABASE]`, or the same with `neo4j`.
    ///
    /// # Errors
    /// What is wrong with it, in words that repeat nothing of it: it may hold a password.
    pub fn parse(uri: &str) -> Result<Self, &'static str> {
        const FORM: &str =
            "it is written bolt://HOST:PORT, neo4j://HOST:PORT or, encrypted, neo4j+s://HOST:PORT";
        let (scheme, rest) = uri.split_once("://").ok_or(FORM)?;
        let (routed, encryption) = match scheme {
            "bolt" => (false, Encryption::None),
            "bolt+s" => (false, Encryption::Verified),
            "bolt+ssc" => (false, Encryption::Unverified),
            "neo4j" => (true, Encryption::None),
            "neo4j+s" => (true, Encryption::Verified),
            "neo4j+ssc" => (true, Encryption::Unverified),
            _ => return Err(FORM),
        };
        if rest.contains('@') {
            return Err("user and password do not belong into it: set NEO4J_USER and NEO4J_PASSWORD");
        }
        if rest.contains(['?', '#']) {
            return Err("it takes no parameters after the host, the port and the database");
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let database = match path.trim_end_matches('/') {
            "" => None,
            name if name.contains('/') => {
                return Err("behind the host stands one name at most, the database's");
            }
            name => Some(name.to_owned()),
        };
        let (host, port) = split(authority)?;
        Ok(Self {
            host,
            port,
            encryption,
            routed,
            database,
        })
    }

    /// The same kind of connection to another member of the cluster, which a server names as `host:port`.
    pub(crate) fn member(&self, authority: &str) -> Result<Self, &'static str> {
        let (host, port) = split(authority)?;
        Ok(Self {
            host,
            port,
            routed: false,
            ..self.clone()
        })
    }

    /// `host:port`, as it is written.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn split(authority: &str) -> Result<(String, u16), &'static str> {
    const PORT: &str = "its port is not a number from 1 to 65535";
    let (host, port) = if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest
            .split_once(']')
            .ok_or("a bracket of its host is not closed")?;
        (
            host,
            port.strip_prefix(':')
                .or((port.is_empty()).then_some(""))
                .ok_or(PORT)?,
        )
    } else {
        match authority.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Err("an IPv6 address stands in brackets, as in bolt://[::1]:7687");
            }
            Some((host, port)) => (host, port),
            None => (authority, ""),
        }
    };
    if host.is_empty() {
        return Err("it names no host");
    }
    let port = match port {
        "" => DEFAULT_PORT,
        port => port.parse().ok().filter(|port| *port != 0).ok_or(PORT)?,
    };
    Ok((host.to_owned(), port))
}

/// As it was written, spelled out.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.routed { "neo4j" } else { "bolt" };
        let encryption = match self.encryption {
            Encryption::None => "",
            Encryption::Verified => "+s",
            Encryption::Unverified => "+ssc",
        };
        write!(f, "{scheme}{encryption}://{}", self.authority())?;
        match &self.database {
            Some(database) => write!(f, "/{database}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("bolt://localhost", "bolt://localhost:7687")]
    #[case("neo4j://db.example:17687/", "neo4j://db.example:17687")]
    #[case("neo4j+s://h/azure", "neo4j+s://h:7687/azure")]
    #[case("bolt+ssc://[::1]:1", "bolt+ssc://[::1]:1")]
    #[case("bolt+s://[fe80::1]", "bolt+s://[fe80::1]:7687")]
    fn an_address_is_read_and_written_out(#[case] uri: &str, #[case] written: &str) {
        assert_eq!(Address::parse(uri).unwrap().to_string(), written);
    }

    #[rstest]
    #[case("localhost:7687")]
    #[case("http://h")]
    #[case("bolt://")]
    #[case("bolt://:7687")]
    #[case("bolt://h:0")]
    #[case("bolt://h:70000")]
    #[case("bolt://h:canary")]
    #[case("bolt://user:canary@h")]
    #[case("bolt://h/a/canary")]
    #[case("bolt://h?canary=1")]
    #[case("bolt://::1:7687")]
    #[case("bolt://[::1")]
    #[case("bolt://[::1]x")]
    fn what_is_no_address_is_refused_without_repeating_it(#[case] uri: &str) {
        assert!(!Address::parse(uri).unwrap_err().contains("canary"));
    }
}
