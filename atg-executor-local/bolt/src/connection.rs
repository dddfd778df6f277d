//! One connection: messages out, answers in.
//!
//! Messages are queued and sent together, ahead of their answers, so that a whole transaction costs one way there and back.

mod begin;
mod wire;

use std::{collections::VecDeque, time::Duration};

use self::wire::{Message, Wire};
use crate::{Failure, Packer, ServerFailure, Value};

const BEGIN: u8 = 0x11;
const COMMIT: u8 = 0x12;
const RESET: u8 = 0x0f;
const RUN: u8 = 0x10;
const PULL: u8 = 0x3f;

/// How long a server may take to stop what it does.
const STOPPING: Duration = Duration::from_secs(10);

/// How long to wait for a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the connection, TLS and the greeting together.
    pub connect: Duration,
    /// Between two signs of life while it works: a server that computes sends some.
    pub silence: Duration,
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Read. In a read transaction the server refuses to write.
    Read,
    /// Read and write.
    Write,
}

/// How the server is to run a transaction.
#[derive(Debug, Clone, Copy)]
pub struct Transaction<'a> {
    /// What it may do.
    pub mode: Mode,
    /// After how long the server ends it; never where `None`.
    pub timeout: Option<Duration>,
    /// What `SHOW TRANSACTIONS` says of it.
    pub metadata: &'a [(&'a str, &'a str)],
}

/// All that a query answered.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Answer {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

impl Answer {
    /// The first value of the first row.
    #[must_use]
    pub fn single(&self) -> Option<&Value> {
        self.rows.first()?.first()
    }
}

/// What the next answers belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    Begin,
    Run,
    Pull,
    Commit,
}

/// How many of the messages that were queued still lack their answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending(pub usize);

/// A connection to a server that knows who we are.
#[derive(Debug)]
pub struct Connection {
    wire: Wire,
    database: Option<String>,
    /// `Neo4j/5.26.12`
    server: String,
    asked: VecDeque<Asked>,
    /// Rows of the answer that is read one by one are asked for in so many at a time.
    fetch: i64,
    /// Whether it may be used again.
    usable: bool,
}

impl Connection {
    /// What the server calls itself, for example `Neo4j/5.26.12`.
    #[must_use]
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Whether another query may be sent through it.
    #[must_use]
    pub const fn is_usable(&self) -> bool {
        self.usable
    }

    /// Queues the beginning of a transaction.
    pub fn begin(&mut self, transaction: Transaction<'_>) {
        let mut message = Packer::new();
        message.structure(BEGIN, 1);
        self.extra(&mut message, Some(transaction));
        self.wire.queue(message.bytes());
        self.asked.push_back(Asked::Begin);
    }

    /// Queues a query within the transaction, and the wish for all its rows. `parameters` is a packed map.
    pub fn query(&mut self, text: &str, parameters: &[u8]) {
        self.queue_run(text, parameters, None);
        self.queue_pull(-1);
    }

    /// Queues the end of the transaction.
    pub fn commit(&mut self) {
        let mut message = Packer::new();
        message.structure(COMMIT, 0);
        self.wire.queue(message.bytes());
        self.asked.push_back(Asked::Commit);
    }

    /// Sends what is queued and waits for all answers: one a query.
    ///
    /// # Errors
    /// When anything fails nothing of the transaction is left, unless the failure [is
    /// uncertain](Failure::is_uncertain).
    pub async fn exchange(&mut self) -> Result<Vec<Answer>, Failure> {
        self.usable = false;
        self.wire.send().await?;
        let mut answers = Vec::new();
        let mut failed: Option<ServerFailure> = None;
        while let Some(asked) = self.asked.front().copied() {
            match self.wire.receive().await? {
                Message::Record(row) => {
                    if let Some(answer) = answers.last_mut() {
                        let answer: &mut Answer = answer;
                        answer.rows.push(row);
                    }
                    continue;
                }
                Message::Success(metadata) => {
                    if asked == Asked::Run {
                        answers.push(Answer {
                            columns: columns(&metadata),
                            rows: Vec::new(),
                        });
                    }
                }
                Message::Ignored => {}
                Message::Failure(failure) => {
                    failed.get_or_insert(failure);
                }
            }
            self.asked.pop_front();
        }
        match failed {
            None => {
                self.usable = true;
                Ok(answers)
            }
            Some(failure) => {
                self.reset().await?;
                Err(failure.into())
            }
        }
    }

    /// Runs one query in a transaction of its own and takes all its rows. `parameters` is a packed map.
    ///
    /// # Errors
    /// As for [`exchange`](Self::exchange).
    pub async fn run(
        &mut self,
        text: &str,
        parameters: &[u8],
        transaction: Transaction<'_>,
    ) -> Result<Answer, Failure> {
        self.queue_run(text, parameters, Some(transaction));
        self.queue_pull(-1);
        Ok(self.exchange().await?.pop().unwrap_or_default())
    }

    /// Begins a query in a transaction of its own whose rows are then taken one by one with [`next`](Self::next), and
    /// gives the columns' names. At most `fetch` rows are on their way.
    ///
    /// # Errors
    /// As for [`exchange`](Self::exchange).
    pub async fn stream(
        &mut self,
        text: &str,
        parameters: &[u8],
        transaction: Transaction<'_>,
        fetch: u32,
    ) -> Result<Vec<String>, Failure> {
        self.usable = false;
        self.fetch = fetch.max(1).into();
        self.queue_run(text, parameters, Some(transaction));
        self.queue_pull(self.fetch);
        self.wire.send().await?;
        loop {
            match self.wire.receive().await? {
                Message::Success(metadata) => {
                    self.asked.pop_front();
                    return Ok(columns(&metadata));
                }
                Message::Failure(failure) => return Err(self.fail(failure).await),
                Message::Record(_) | Message::Ignored => {}
            }
        }
    }

    /// The next row; `None` after the last one. May be dropped while it waits, and called again.
    ///
    /// # Errors
    /// As for [`exchange`](Self::exchange).
    pub async fn next(&mut self) -> Result<Option<Vec<Value>>, Failure> {
        while !self.asked.is_empty() {
            self.wire.send().await?;
            match self.wire.receive().await? {
                Message::Record(row) => return Ok(Some(row)),
                Message::Success(metadata) => {
                    self.asked.pop_front();
                    if metadata.get("has_more").and_then(Value::as_bool) == Some(true) {
                        self.queue_pull(self.fetch);
                    }
                }
                Message::Failure(failure) => return Err(self.fail(failure).await),
                Message::Ignored => {
                    self.asked.pop_front();
                }
            }
        }
        self.usable = true;
        Ok(None)
    }

    /// Stops whatever the server is doing for us; nothing of an open transaction is left. Costs one way there and back.
    ///
    /// # Errors
    /// When the server does not answer: the connection is of no use then, and closing it stops the query too.
    pub async fn reset(&mut self) -> Result<(), Failure> {
        self.usable = false;
        let mut message = Packer::new();
        message.structure(RESET, 0);
        self.wire.queue(message.bytes());
        let work = async {
            self.wire.send().await?;
            // First come the answers to what was asked before.
            let mut before = self.asked.len();
            loop {
                match self.wire.receive().await? {
                    Message::Record(_) => {}
                    Message::Success(_) | Message::Ignored | Message::Failure(_) if before > 0 => before -= 1,
                    Message::Success(_) => return Ok(()),
                    Message::Failure(failure) => return Err(failure.into()),
                    Message::Ignored => {
                        return Err(Failure::Protocol("it ignored the wish to begin anew".to_owned()));
                    }
                }
            }
        };
        tokio::time::timeout(STOPPING, work)
            .await
            .unwrap_or(Err(Failure::Silent(STOPPING)))?;
        self.asked.clear();
        self.usable = true;
        Ok(())
    }

    async fn fail(&mut self, failure: ServerFailure) -> Failure {
        self.asked.pop_front();
        match self.reset().await {
            Ok(()) => failure.into(),
            // What the server said first explains more than that it is gone now.
            Err(error) => {
                tracing::debug!(%error, "the connection is given up");
                failure.into()
            }
        }
    }

    fn queue_run(&mut self, text: &str, parameters: &[u8], transaction: Option<Transaction<'_>>) {
        let mut message = Packer::new();
        message.structure(RUN, 3).text(text).raw(parameters);
        self.extra(&mut message, transaction);
        self.wire.queue(message.bytes());
        self.asked.push_back(Asked::Run);
    }

    fn queue_pull(&mut self, rows: i64) {
        let mut message = Packer::new();
        message.structure(PULL, 1).map(1).text("n").int(rows);
        self.wire.queue(message.bytes());
        self.asked.push_back(Asked::Pull);
    }

    fn extra(&self, message: &mut Packer, transaction: Option<Transaction<'_>>) {
        let Some(transaction) = transaction else {
            message.map(0);
            return;
        };
        let read = transaction.mode == Mode::Read;
        let members = [
            read,
            self.database.is_some(),
            transaction.timeout.is_some(),
            !transaction.metadata.is_empty(),
        ];
        message.map(members.into_iter().filter(|there| *there).count());
        if read {
            message.text("mode").text("r");
        }
        if let Some(database) = &self.database {
            message.text("db").text(database);
        }
        if let Some(timeout) = transaction.timeout {
            let millis = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX).max(1);
            message.text("tx_timeout").int(millis);
        }
        if !transaction.metadata.is_empty() {
            message.text("tx_metadata").map(transaction.metadata.len());
            for (name, value) in transaction.metadata {
                message.text(name).text(value);
            }
        }
    }
}

fn columns(metadata: &Value) -> Vec<String> {
    let fields = metadata
        .get("fields")
        .and_then(Value::as_list)
        .unwrap_or_default();
    fields
        .iter()
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect()
}
