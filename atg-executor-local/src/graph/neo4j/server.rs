//! The server: transactions that are tried again, and what bounds them.

use std::time::Duration;

use atg_bolt::{Answer, Connection, Failure, Lease, Mode, Packer, Pool, Transaction};
use atg_sdk::Result;

use super::failure::Neo4j;

/// After how long the server ends a transaction that writes: who takes a tenant over waits for no longer.
pub(super) const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// The same for our own questions that look at no more than some thousand nodes.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// How often a transaction is tried that may succeed another time.
const ATTEMPTS: u32 = 8;

/// A query and its parameters, packed.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) text: &'static str,
    pub(super) parameters: Vec<u8>,
}

impl Statement {
    pub(super) fn new(text: &'static str, parameters: Packer) -> Self {
        Self {
            text,
            parameters: parameters.into_bytes(),
        }
    }
}

/// The server.
#[derive(Debug, Clone)]
pub(super) struct Server {
    pub(super) pool: Pool,
}

impl Server {
    /// A connection. Waits for a server that is just starting.
    pub(super) async fn lease(&self) -> Result<Lease, Failure> {
        let mut attempt = 0;
        loop {
            match self.pool.lease().await {
                Err(Failure::Server(failure)) if failure.is_transient() && attempt < ATTEMPTS => {}
                other => return other,
            }
            pause(attempt).await;
            attempt += 1;
        }
    }

    /// Asks a short question.
    pub(super) async fn read(&self, text: &str, parameters: &Packer, doing: &str) -> Result<Answer> {
        let transaction = Transaction {
            mode: Mode::Read,
            timeout: Some(READ_LIMIT),
            metadata: &[],
        };
        self.single(text, parameters, transaction).await.during(doing)
    }

    /// Changes something small, in one query that may be repeated without harm.
    pub(super) async fn write(&self, text: &str, parameters: &Packer, doing: &str) -> Result<Answer> {
        let transaction = Transaction {
            mode: Mode::Write,
            timeout: Some(WRITE_LIMIT),
            metadata: &[],
        };
        self.single(text, parameters, transaction).await.during(doing)
    }

    /// One query in a transaction of its own, tried again while that may help.
    pub(super) async fn single(
        &self,
        text: &str,
        parameters: &Packer,
        transaction: Transaction<'_>,
    ) -> Result<Answer, Failure> {
        let mut attempt = 0;
        loop {
            let failure = match self.lease().await {
                Ok(mut lease) => match lease.run(text, parameters.bytes(), transaction).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                },
                Err(failure) => failure,
            };
            attempt += 1;
            if attempt >= ATTEMPTS || !may_pass(&failure) {
                return Err(failure);
            }
            tracing::debug!(%failure, attempt, "the server is asked again");
            pause(attempt).await;
        }
    }
}

/// Several queries in one transaction on one connection: all of it, or nothing.
pub(super) async fn transact(
    connection: &mut Connection,
    statements: &[Statement],
    transaction: Transaction<'_>,
) -> Result<Vec<Answer>, Failure> {
    connection.begin(transaction);
    for statement in statements {
        connection.query(statement.text, &statement.parameters);
    }
    connection.commit();
    connection.exchange().await
}

/// Whether the same once more may succeed.
pub(super) fn may_pass(failure: &Failure) -> bool {
    match failure {
        Failure::Server(failure) => failure.is_transient() || is_overtaken(&failure.code),
        Failure::Lost(_) | Failure::Silent(_) => true,
        // While it restarts, nobody listens.
        Failure::Unreachable { .. } => true,
        Failure::NotBolt(_) | Failure::Tls { .. } | Failure::Busy { .. } | Failure::Protocol(_) => false,
    }
}

/// Whether two that open an empty database at once made the same index or constraint: `IF NOT EXISTS` looks before it takes
/// the lock, so that one of them is refused. The next time it sees the other's.
fn is_overtaken(code: &str) -> bool {
    code.strip_prefix("Neo.ClientError.Schema.")
        .is_some_and(|what| what.ends_with("AlreadyExists"))
}

/// Longer each time, and never for two writers alike: 20 ms to about 2.5 s.
pub(super) async fn pause(attempt: u32) {
    let most = Duration::from_millis(20 << attempt.min(7));
    tokio::time::sleep(most.mul_f64(fastrand::f64())).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_overtaken_asks_again() {
        assert!(is_overtaken(
            "Neo.ClientError.Schema.EquivalentSchemaRuleAlreadyExists"
        ));
        assert!(!is_overtaken("Neo.ClientError.Schema.ConstraintValidationFailed"));
        assert!(!is_overtaken("Neo.ClientError.Statement.SyntaxError"));
    }
}
