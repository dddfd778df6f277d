//! Which server to connect to: the one that is named, the master that Sentinels name, or the node of a cluster that keeps
//! the queue's slot.

use atg_sdk::{Error, ErrorKind, Result};
use redis::{Client, ConnectionAddr, ConnectionInfo, InfoDict, RedisError, Value};

use super::{
    link::{connect, failed},
    options::{RedisOptions, Sentinels},
};

/// The server that keeps the queue now.
pub(super) async fn find(options: &RedisOptions) -> Result<Client> {
    if let Some(sentinels) = &options.sentinels {
        return client(master(sentinels, &options.server).await?);
    }
    let first = client(options.server.clone())?;
    let mut connection = connect(&first).await?;
    let info: String = redis::cmd("INFO")
        .arg("cluster")
        .query_async(&mut connection)
        .await
        .map_err(|error| failed(&first, error))?;
    if InfoDict::new(&info).get::<u8>("cluster_enabled") != Some(1) {
        return Ok(first);
    }
    let lost = |error: RedisError| failed(&first, error);
    let slot: u64 = redis::cmd("CLUSTER")
        .arg("KEYSLOT")
        .arg(&options.prefix)
        .query_async(&mut connection)
        .await
        .map_err(lost)?;
    let slots: Vec<Vec<Value>> = redis::cmd("CLUSTER")
        .arg("SLOTS")
        .query_async(&mut connection)
        .await
        .map_err(lost)?;
    let keeper = slots.iter().find_map(|range| {
        let [Value::Int(from), Value::Int(to), Value::Array(node), ..] = range.as_slice() else {
            return None;
        };
        let [host, Value::Int(port), ..] = node.as_slice() else {
            return None;
        };
        let host = match host {
            Value::BulkString(host) => String::from_utf8_lossy(host).into_owned(),
            _ => String::new(),
        };
        let here = (u64::try_from(*from).ok()?..=u64::try_from(*to).ok()?).contains(&slot);
        let port = u16::try_from(*port).ok()?;
        here.then_some((host, port))
    });
    match keeper {
        // A node that was not told its own address leaves it out: it is the one that was asked.
        Some((host, port)) if host.is_empty() || host == "?" => {
            client(at(&options.server, &asked(&options.server), port))
        }
        Some((host, port)) => client(at(&options.server, &host, port)),
        None => Err(Error::new(
            ErrorKind::Unavailable,
            format!(
                "use the Redis cluster at {}: no node keeps slot {slot}: see CLUSTER INFO",
                options.place()
            ),
        )),
    }
}

/// The host of an address.
fn asked(info: &ConnectionInfo) -> String {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host.clone(),
        _ => "127.0.0.1".to_owned(),
    }
}

/// Asks one Sentinel after the other.
async fn master(sentinels: &Sentinels, like: &ConnectionInfo) -> Result<ConnectionInfo> {
    let mut last = None;
    for place in &sentinels.places {
        let sentinel = client(place.clone())?;
        let asked = async {
            let mut connection = connect(&sentinel).await?;
            let found: Option<(String, u16)> = redis::cmd("SENTINEL")
                .arg("get-master-addr-by-name")
                .arg(&sentinels.master)
                .query_async(&mut connection)
                .await
                .map_err(|error| failed(&sentinel, error))?;
            found.ok_or_else(|| {
                Error::invalid(format!(
                    "use the Redis {}: the Sentinel at {} knows no master of that name: see REDIS_URL",
                    sentinels.master,
                    place.addr()
                ))
            })
        };
        match asked.await {
            Ok((host, port)) => return Ok(at(like, &host, port)),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| Error::invalid("use Redis: no Sentinel is named: see REDIS_URL")))
}

/// The same settings for another place.
fn at(like: &ConnectionInfo, host: &str, port: u16) -> ConnectionInfo {
    let host = host.to_owned();
    let addr = match like.addr() {
        ConnectionAddr::TcpTls {
            insecure, tls_params, ..
        } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    like.clone().set_addr(addr)
}

fn client(info: ConnectionInfo) -> Result<Client> {
    Client::open(info).map_err(|error| {
        Error::invalid("use Redis: its address cannot be used: see REDIS_URL").with_source(error)
    })
}
