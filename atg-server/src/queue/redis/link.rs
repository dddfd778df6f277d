//! The connection to Redis: made anew whenever it is lost, and looked at before it is used.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, Instant},
};

use atg_sdk::{Error, ErrorKind, Result};
use redis::{
    AsyncConnectionConfig, Client, Cmd, Pipeline, RedisError, Script, ServerErrorKind, Value,
    aio::MultiplexedConnection,
};
use tokio::{runtime::Handle, sync::Mutex, time::sleep};

use super::{
    greeting::{self, Greeting},
    options::RedisOptions,
    place,
    time::Time,
};

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// How long to wait for an answer: longer than a save of a large database keeps a server.
const ANSWER: Duration = Duration::from_secs(5);
/// How long what may be asked again is asked again.
pub(super) const PATIENCE: Duration = Duration::from_secs(6);
/// How long replicas may take to have what the master has, in milliseconds.
const REPLICATE: u32 = 1_000;

/// What a call may fail with.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// No answer: what was asked may have been done or not.
    Unknown(RedisError),
    /// It was not done: there is no connection, or the server said that it cannot now.
    NotNow(Error),
    /// It was done here, and no replica has it yet.
    NotReplicated,
    /// The server answered what it should not.
    Refused(Error),
}

impl Fault {
    pub(super) fn into_error(self, doing: &str) -> Error {
        match self {
            Self::Unknown(error) => unavailable(doing, "Redis does not answer").with_source(error),
            Self::NotNow(error) => unavailable(doing, error.message()),
            Self::NotReplicated => unavailable(doing, "no replica of Redis confirms it"),
            Self::Refused(error) => Error::internal(format!("{doing}: {}", error.message())),
        }
    }

    /// Whether the same may go well a moment later.
    pub(super) fn may_pass(&self) -> bool {
        matches!(self, Self::Unknown(_) | Self::NotNow(_))
    }
}

fn unavailable(doing: &str, why: &str) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("{doing}: {why}: see that it runs and can be reached, and try again"),
    )
    .with_code("RedisUnavailable")
}

/// One connection, shared by all calls: each waits for its own answer, and none for another's turn.
pub(super) struct Link {
    options: RedisOptions,
    /// The runtime that reads and writes: a caller's may be one that stands still between two calls.
    runtime: Handle,
    time: Arc<Time>,
    live: RwLock<Option<Live>>,
    connecting: Mutex<()>,
}

#[derive(Clone)]
struct Live {
    connection: MultiplexedConnection,
    /// Which of the connections it is.
    number: u64,
    /// Replicas that have to confirm.
    replicas: u32,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(options: RedisOptions, runtime: Handle, time: Arc<Time>) -> Self {
        Self {
            options,
            runtime,
            time,
            live: RwLock::default(),
            connecting: Mutex::default(),
        }
    }

    /// The runtime that serves the connection.
    pub(super) fn runtime(&self) -> &Handle {
        &self.runtime
    }

    pub(super) fn options(&self) -> &RedisOptions {
        &self.options
    }

    /// Connects, and says what is wrong where something is.
    pub(super) async fn open(&self) -> Result<()> {
        self.connect(None).await.map(drop)
    }

    /// The call of a script.
    pub(super) fn command(&self, script: &Script) -> Cmd {
        let mut command = redis::cmd("EVALSHA");
        command
            .arg(script.get_hash())
            .arg(1)
            .arg(&self.options.prefix)
            .arg(self.time.argument());
        command
    }

    /// Calls a script that may be called twice, for as long as that may help.
    pub(super) async fn ask(&self, doing: &str, command: &Cmd) -> Result<Value> {
        self.patiently(doing, || self.call(command)).await
    }

    /// Does what may be done twice, for as long as that may help.
    pub(super) async fn patiently<F: Future<Output = Result<Value, Fault>>>(
        &self,
        doing: &str,
        call: impl Fn() -> F,
    ) -> Result<Value> {
        let mut pause = Pause::default();
        loop {
            match call().await {
                Ok(value) => return Ok(value),
                Err(fault) if fault.may_pass() && pause.again().await => {
                    tracing::debug!(?fault, doing, "asks Redis again");
                }
                Err(fault) => return Err(fault.into_error(doing)),
            }
        }
    }

    /// Calls a script once.
    pub(super) async fn call(&self, command: &Cmd) -> Result<Value, Fault> {
        let mut live = self.live().await?;
        let answer = live
            .connection
            .send_packed_command(command)
            .await
            .and_then(Value::extract_error);
        answer.map_err(|error| self.fault(&live, error))
    }

    /// Calls a script once, and waits for replicas where there are some.
    pub(super) async fn call_safely(&self, command: &Cmd) -> Result<Value, Fault> {
        let mut live = self.live().await?;
        if live.replicas == 0 {
            let answer = live
                .connection
                .send_packed_command(command)
                .await
                .and_then(Value::extract_error);
            return answer.map_err(|error| self.fault(&live, error));
        }
        let mut both = Pipeline::with_capacity(2);
        both.add_command(command.clone());
        both.cmd("WAIT").arg(live.replicas).arg(REPLICATE);
        let answers: redis::RedisResult<(Value, u32)> = both.query_async(&mut live.connection).await;
        match answers {
            Ok((answer, confirmed)) if confirmed >= live.replicas => Ok(answer),
            Ok(_) => Err(Fault::NotReplicated),
            Err(error) => Err(self.fault(&live, error)),
        }
    }

    async fn live(&self) -> Result<Live, Fault> {
        if let Some(live) = self.current() {
            return Ok(live);
        }
        self.connect(None).await.map_err(Fault::NotNow)
    }

    fn current(&self) -> Option<Live> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes in an error; the connection is given up unless it is good for other calls.
    fn fault(&self, live: &Live, error: RedisError) -> Fault {
        use ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, Moved, NoScript, ReadOnly, TryAgain};

        let given_up = match error.kind() {
            redis::ErrorKind::Server(
                NoScript | BusyLoading | ReadOnly | Moved | ClusterDown | MasterDown | TryAgain,
            ) => true,
            redis::ErrorKind::Server(_) => false,
            _ => true,
        };
        if given_up {
            let mut current = self.live.write().unwrap_or_else(PoisonError::into_inner);
            if current
                .as_ref()
                .is_some_and(|current| current.number == live.number)
            {
                *current = None;
            }
        }
        match error.kind() {
            redis::ErrorKind::Server(kind) => {
                let detail = error.detail().unwrap_or_default();
                let said = Error::new(
                    ErrorKind::Unavailable,
                    format!("Redis says: {} {detail}", error.code().unwrap_or_default()),
                );
                match kind {
                    _ if given_up => Fault::NotNow(said),
                    // A full disk or memory: `MISCONF`, `OOM`, or the script that met it.
                    _ if is_for_now(&error) => Fault::NotNow(said),
                    _ => Fault::Refused(said),
                }
            }
            _ => match error.code() {
                Some("MISCONF" | "OOM" | "NOREPLICAS" | "BUSY") => {
                    Fault::NotNow(Error::new(ErrorKind::Unavailable, format!("Redis says: {error}")))
                }
                _ => Fault::Unknown(error),
            },
        }
    }

    async fn connect(&self, tried: Option<u64>) -> Result<Live> {
        let _alone = self.connecting.lock().await;
        // Somebody else may have been faster.
        if let Some(live) = self.current().filter(|live| Some(live.number) != tried) {
            return Ok(live);
        }
        let (options, time) = (self.options.clone(), Arc::clone(&self.time));
        // The connection lives where it is made.
        let connected = self.runtime.spawn(async move {
            let mut connection = connect(&place::find(&options).await?).await?;
            let greeting = greeting::greet(&mut connection, &options, &time).await?;
            Ok::<_, Error>((connection, greeting))
        });
        let connected = connected
            .await
            .map_err(|error| Error::internal("connect to Redis").with_source(error))?;
        let (connection, Greeting { replicas, epoch }) = connected?;
        let live = Live {
            connection,
            number: fastrand::u64(..),
            replicas,
        };
        tracing::debug!(epoch, replicas, "connected to Redis");
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = Some(live.clone());
        Ok(live)
    }
}

/// Whether the server says that it cannot do it now, for a reason that somebody may mend.
fn is_for_now(error: &RedisError) -> bool {
    let text = error.to_string();
    ["MISCONF", "OOM ", "NOREPLICAS", "BUSY "]
        .iter()
        .any(|word| text.contains(word))
}

/// Connects to one server.
pub(super) async fn connect(client: &Client) -> Result<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
        .map_err(|error| failed(client, error))
}

/// The error of a connection that cannot be made.
pub(super) fn failed(client: &Client, error: RedisError) -> Error {
    let place = client.get_connection_info().addr();
    let (kind, why) = match error.kind() {
        redis::ErrorKind::AuthenticationFailed | redis::ErrorKind::Server(ServerErrorKind::NoPerm) => (
            ErrorKind::Unauthenticated,
            "it does not accept the user and password of REDIS_URL".to_owned(),
        ),
        redis::ErrorKind::Server(_) | redis::ErrorKind::Extension => {
            (ErrorKind::Unavailable, format!("it says: {error}"))
        }
        _ => (ErrorKind::Unavailable, "it cannot be reached".to_owned()),
    };
    Error::new(
        kind,
        format!("use the Redis at {place}: {why}: see REDIS_URL and that it runs"),
    )
    .with_source(error)
}

/// Waits between two tries, longer each time, with some chance so that processes do not come back together.
#[derive(Debug)]
pub(super) struct Pause {
    begun: Instant,
    next: Duration,
}

impl Default for Pause {
    fn default() -> Self {
        Self {
            begun: Instant::now(),
            next: Duration::from_millis(20),
        }
    }
}

impl Pause {
    /// Waits; false when there has been enough of that.
    pub(super) async fn again(&mut self) -> bool {
        if self.begun.elapsed() > PATIENCE {
            return false;
        }
        sleep(self.next.mul_f64(0.5 + fastrand::f64())).await;
        self.next = (self.next * 2).min(Duration::from_millis(500));
        true
    }
}
