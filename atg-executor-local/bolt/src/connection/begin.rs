//! From an address to a connection that the server has let in.

use std::{collections::VecDeque, io, time::Duration};

use rustls::pki_types::ServerName;
use secrecy::ExposeSecret as _;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::{
    Connection, Limits,
    wire::{Message, Stream, Wire},
};
use crate::{Address, Failure, Options, Packer, Value, pool::Tls};

const HELLO: u8 = 0x01;
const LOGON: u8 = 0x6a;
const ROUTE: u8 = 0x66;

/// How we name ourselves.
const AGENT: &str = concat!("atg/", env!("CARGO_PKG_VERSION"));

/// The magic number, then the versions that we speak: 5.8 down to 5.1.
const GREETING: [u8; 20] = [
    0x60, 0x60, 0xb0, 0x17, 0, 7, 8, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
];

impl Connection {
    /// Connects and logs on. A routed address leads to the member of the cluster that writes.
    pub(crate) async fn open(options: &Options, tls: &Tls) -> Result<Self, Failure> {
        let limit = options.limits.connect;
        let work = async {
            let address = &options.address;
            let mut first = Self::open_at(address, options, tls).await?;
            if !address.routed {
                return Ok(first);
            }
            let writer = first.writer(address).await?;
            let member = address
                .member(&writer)
                .map_err(|what| Failure::Protocol(format!("the address of a member: {what}")))?;
            if member.authority() == address.authority() {
                Ok(first)
            } else {
                Self::open_at(&member, options, tls).await
            }
        };
        tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
            Err(Failure::Unreachable {
                authority: options.address.authority(),
                source: io::ErrorKind::TimedOut.into(),
            })
        })
    }

    async fn open_at(address: &Address, options: &Options, tls: &Tls) -> Result<Self, Failure> {
        let stream = connect(address, tls).await?;
        let mut wire = Wire::new(stream, options.limits.connect);
        match wire.greet(&GREETING).await? {
            [0, 0, 1..=8, 5] => {}
            [0, 0, 0, 0] => {
                return Err(Failure::NotBolt(
                    "the server speaks none of the versions 5.1 to 5.8 of Bolt: Neo4j 5.26 and later 5.x do",
                ));
            }
            [b'H', b'T', b'T', b'P'] => {
                return Err(Failure::NotBolt(
                    "that port speaks HTTP: give the port for Bolt, which is 7687 unless the server says otherwise",
                ));
            }
            _ => return Err(Failure::NotBolt("what answers at that port is no Neo4j")),
        }
        let mut connection = Self {
            wire,
            database: options.database.clone(),
            server: String::new(),
            asked: VecDeque::new(),
            fetch: 1,
            usable: false,
        };
        connection.log_on(address, options).await?;
        connection.usable = true;
        Ok(connection)
    }

    async fn log_on(&mut self, address: &Address, options: &Options) -> Result<(), Failure> {
        let mut hello = Packer::new();
        hello.structure(HELLO, 1).map(if address.routed { 4 } else { 3 });
        hello.text("user_agent").text(AGENT);
        hello.text("bolt_agent").map(1).text("product").text(AGENT);
        // Advice for people who write queries, with every answer: nobody here would read it.
        hello.text("notifications_minimum_severity").text("OFF");
        if address.routed {
            hello.text("routing");
            routing(&mut hello, address);
        }
        self.wire.queue(hello.bytes());
        let mut logon = Packer::new();
        logon.structure(LOGON, 1);
        match &options.login {
            None => logon.map(1).text("scheme").text("none"),
            Some((user, password)) => logon
                .map(3)
                .text("scheme")
                .text("basic")
                .text("principal")
                .text(user)
                .text("credentials")
                .text(password.expose_secret()),
        };
        self.wire.queue(logon.bytes());
        self.wire.send().await?;
        let hello = self.success().await?;
        self.success().await?;
        self.server = hello
            .get("server")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let hint = hello
            .get("hints")
            .and_then(|hints| hints.get("connection.recv_timeout_seconds"))
            .and_then(Value::as_int)
            .and_then(|seconds| u64::try_from(seconds).ok());
        let Limits { silence, .. } = options.limits;
        // The server says how often it gives a sign of life; less patience would cut off what is only slow.
        self.wire
            .silence(hint.map_or(silence, |seconds| silence.max(Duration::from_secs(seconds))));
        Ok(())
    }

    /// Asks which member writes. A server that stands alone answers with the address that we know it by.
    async fn writer(&mut self, address: &Address) -> Result<String, Failure> {
        let mut route = Packer::new();
        route.structure(ROUTE, 3);
        routing(&mut route, address);
        route.list(0);
        match &self.database {
            Some(database) => route.map(1).text("db").text(database),
            None => route.map(0),
        };
        self.wire.queue(route.bytes());
        self.wire.send().await?;
        let answer = self.success().await?;
        let servers = answer
            .get("rt")
            .and_then(|table| table.get("servers"))
            .and_then(Value::as_list)
            .unwrap_or_default();
        let writes = |server: &&Value| server.get("role").and_then(Value::as_str) == Some("WRITE");
        let address = servers
            .iter()
            .find(writes)
            .and_then(|server| server.get("addresses")?.as_list()?.first()?.as_str());
        match address {
            Some(address) => Ok(address.to_owned()),
            // While a cluster elects its leader there is none.
            None => Err(crate::ServerFailure {
                code: "Neo.TransientError.General.NoWriter".to_owned(),
                message: "no member of the cluster accepts writes at the moment".to_owned(),
            }
            .into()),
        }
    }

    async fn success(&mut self) -> Result<Value, Failure> {
        match self.wire.receive().await? {
            Message::Success(metadata) => Ok(metadata),
            Message::Failure(failure) => Err(failure.into()),
            Message::Record(_) | Message::Ignored => Err(Failure::Protocol(
                "an answer that is none to the greeting".to_owned(),
            )),
        }
    }
}

fn routing(hello: &mut Packer, address: &Address) {
    hello.map(1).text("address").text(&address.authority());
}

async fn connect(address: &Address, tls: &Tls) -> Result<Box<dyn Stream>, Failure> {
    let unreachable = |source| Failure::Unreachable {
        authority: address.authority(),
        source,
    };
    let stream = TcpStream::connect((address.host.as_str(), address.port))
        .await
        .map_err(unreachable)?;
    // Small messages wait for nothing.
    stream.set_nodelay(true).map_err(unreachable)?;
    let Some(config) = tls else {
        return Ok(Box::new(stream));
    };
    let untrusted = |source| Failure::Tls {
        authority: address.authority(),
        source,
    };
    let name = ServerName::try_from(address.host.clone())
        .map_err(|error| untrusted(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let stream = TlsConnector::from(config.clone())
        .connect(name, stream)
        .await
        .map_err(untrusted)?;
    Ok(Box::new(stream))
}
