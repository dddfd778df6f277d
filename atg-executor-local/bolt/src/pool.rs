//! Connections that are used again.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustls::ClientConfig;
use secrecy::SecretString;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Address, Connection, Failure, Limits, tls};

pub(crate) type Tls = Option<Arc<ClientConfig>>;

/// How connections are made.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the server is.
    pub address: Address,
    /// User and password; `None` for a server that asks for none.
    pub login: Option<(String, SecretString)>,
    /// The database; the user's own where `None`.
    pub database: Option<String>,
    /// Authorities to trust beside the system's, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// How long to wait for the server.
    pub limits: Limits,
    /// At most that many connections.
    pub connections: usize,
    /// How long to wait for one of them.
    pub wait: Duration,
}

/// A pool of connections to one server. Cloning it gives another handle to the same.
#[derive(Clone)]
pub struct Pool(Arc<Shared>);

struct Shared {
    options: Options,
    tls: Tls,
    permits: Arc<Semaphore>,
    idle: Mutex<Vec<Connection>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("address", &self.0.options.address)
            .finish_non_exhaustive()
    }
}

impl Pool {
    /// A pool without any connection yet.
    ///
    /// # Errors
    /// What is wrong with the authorities.
    pub fn new(options: Options) -> Result<Self, &'static str> {
        let tls = tls::config(options.address.encryption, options.authorities.as_deref())?;
        Ok(Self(Arc::new(Shared {
            permits: Arc::new(Semaphore::new(options.connections.max(1))),
            idle: Mutex::new(Vec::new()),
            options,
            tls,
        })))
    }

    /// Where the server is.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.0.options.address
    }

    /// A connection that works, as long as the lease lives.
    ///
    /// # Errors
    /// [`Failure::Busy`] when none becomes free in time, and whatever keeps us from the server.
    pub async fn lease(&self) -> Result<Lease, Failure> {
        let Options {
            wait, connections, ..
        } = self.0.options;
        let permit = tokio::time::timeout(wait, Arc::clone(&self.0.permits).acquire_owned())
            .await
            .ok()
            .and_then(Result::ok)
            .ok_or(Failure::Busy {
                connections,
                waited: wait,
            })?;
        while let Some(mut connection) = self.take_idle() {
            // The server may have gone and come back since.
            if connection.reset().await.is_ok() {
                return Ok(self.lend(connection, permit));
            }
        }
        let connection = Connection::open(&self.0.options, &self.0.tls).await?;
        Ok(self.lend(connection, permit))
    }

    fn lend(&self, connection: Connection, permit: OwnedSemaphorePermit) -> Lease {
        Lease {
            pool: self.clone(),
            connection: Some(connection),
            _permit: permit,
        }
    }

    fn take_idle(&self) -> Option<Connection> {
        self.idle().pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection for as long as it lives. What is dropped in the middle of a query is closed, which stops the query on the
/// server.
#[derive(Debug)]
pub struct Lease {
    pool: Pool,
    connection: Option<Connection>,
    _permit: OwnedSemaphorePermit,
}

#[expect(clippy::expect_used, reason = "the connection is only taken by the drop")]
impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        self.connection.as_ref().expect("it is there until the drop")
    }
}

#[expect(clippy::expect_used, reason = "the connection is only taken by the drop")]
impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("it is there until the drop")
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take().filter(Connection::is_usable) {
            self.pool.idle().push(connection);
        }
    }
}
