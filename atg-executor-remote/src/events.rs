//! Following a job: a stream of events that is taken up again wherever it was cut.
//!
//! Where something between here and the service holds streams back, the job itself is asked for, with calls that the
//! service holds until something changes, or every few seconds where it does not hold them. Its log has no other door
//! than the stream, so the events then follow at its end, when the stream is short and whole.

use std::{collections::VecDeque, time::Duration};

use atg_sdk::{Error, ErrorKind, Job, JobEvent, JobId, Result, rest, rest::paths};
use futures::{StreamExt as _, stream, stream::BoxStream};
use reqwest::{Method, Response, StatusCode, header::ACCEPT};
use tokio::time::{Instant, timeout, timeout_at};

use crate::{failure, patience::Refusal, sse::Parser, transport::Shared};

/// How long the service is asked to hold a call.
const HOLD: Duration = Duration::from_secs(30);
/// A held call that comes back sooner with nothing new was not held.
const NOT_HELD: Duration = Duration::from_secs(1);
/// So many streams in a row have to be silent before streams are given up.
const SILENT_STREAMS: u32 = 2;

/// A watch on one job.
pub(crate) struct Watch {
    transport: Shared,
    id: JobId,
    /// The last sequence that the caller has; 0 for none.
    last: u64,
    came: VecDeque<JobEvent>,
    state: State,
    trouble: Trouble,
    silent: u32,
    /// Whether the job has ended, as somebody else than its log said.
    has_ended: bool,
    deadline: Option<Instant>,
}

enum State {
    /// Not connected.
    Apart,
    Streaming(Response, Parser),
    /// Streams do not come through.
    Asking,
    Over,
}

/// Failures in a row.
#[derive(Default)]
struct Trouble {
    tries: u32,
    since: Option<Instant>,
    /// Whether the service was ever heard: a wrong address is told at once, a restart is waited for.
    has_heard: bool,
}

impl Watch {
    pub(crate) fn new(transport: Shared, id: JobId, after: Option<u64>) -> Self {
        Self {
            deadline: transport.options.max_wait.map(|limit| Instant::now() + limit),
            transport,
            id,
            last: after.unwrap_or(0),
            came: VecDeque::new(),
            state: State::Apart,
            trouble: Trouble::default(),
            silent: 0,
            has_ended: false,
        }
    }

    pub(crate) fn into_stream(self) -> BoxStream<'static, Result<JobEvent>> {
        stream::unfold(Some(self), |state| async {
            let mut watch = state?;
            match watch.next_in_time().await {
                Ok(Some(event)) => Some((Ok(event), Some(watch))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        })
        .boxed()
    }

    async fn next_in_time(&mut self) -> Result<Option<JobEvent>> {
        let Some(deadline) = self.deadline else {
            return self.next().await;
        };
        let id = self.id;
        timeout_at(deadline, self.next()).await.unwrap_or_else(|_| {
            Err(Error::new(
                ErrorKind::Timeout,
                format!("wait for job {id} any longer: it goes on at the service, come back to it later"),
            ))
        })
    }

    async fn next(&mut self) -> Result<Option<JobEvent>> {
        loop {
            if let Some(event) = self.came.pop_front() {
                if event.sequence <= self.last {
                    continue;
                }
                if event.sequence > self.last + 1 {
                    self.gap(event.sequence).await?;
                    continue;
                }
                self.last = event.sequence;
                self.trouble = Trouble::heard();
                if event.kind.ends_job() {
                    self.state = State::Over;
                    self.came.clear();
                }
                return Ok(Some(event));
            }
            match &mut self.state {
                State::Over => return Ok(None),
                State::Apart => self.connect().await?,
                State::Asking => self.ask().await?,
                State::Streaming(..) => self.read().await?,
            }
        }
    }

    async fn connect(&mut self) -> Result<()> {
        let mut request = self
            .transport
            .request(Method::GET, &paths::job_events(self.id))
            .header(ACCEPT, rest::EVENT_STREAM);
        if self.last > 0 {
            request = request.header(rest::headers::LAST_EVENT_ID, self.last);
        }
        let response = match self.transport.attempt(request).await {
            Ok(response) => response,
            // A proxy that does not know streams says so in one of these ways.
            Err(refusal)
                if !self.has_ended
                    && refusal.error.request_id().is_none()
                    && matches!(
                        refusal.error.kind(),
                        ErrorKind::Timeout | ErrorKind::InvalidArgument
                    )
                    && refusal.error.code() != "RedirectRefused" =>
            {
                self.state = State::Asking;
                return Ok(());
            }
            Err(refusal) => return self.failed(refusal).await,
        };
        if response.status() == StatusCode::NO_CONTENT {
            self.state = State::Over;
            return Ok(());
        }
        if failure::is_of_type(&response, rest::EVENT_STREAM) {
            self.state = State::Streaming(response, Parser::default());
            return Ok(());
        }
        if self.has_ended {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!(
                    "read the events of job {}: what stands before the service at {} does not let event streams \
                     through; `job show` has the outcome",
                    self.id, self.transport.address
                ),
            ));
        }
        self.state = State::Asking;
        Ok(())
    }

    async fn read(&mut self) -> Result<()> {
        let State::Streaming(response, parser) = &mut self.state else {
            return Ok(());
        };
        match timeout(self.transport.options.event_silence, response.chunk()).await {
            Ok(Ok(Some(bytes))) => {
                self.silent = 0;
                let came = &mut self.came;
                parser.push(&bytes, |event| came.push_back(event))
            }
            // A service that stops ends its streams; the next one goes on.
            Ok(Ok(None)) => self.failed(self.cut("ended")).await,
            Ok(Err(error)) => {
                self.failed(failure::of_connection(error, &self.transport.address))
                    .await
            }
            Err(_) => {
                self.silent += 1;
                if self.silent < SILENT_STREAMS || self.has_ended {
                    return self.failed(self.cut("fell silent")).await;
                }
                tracing::debug!(job = %self.id, "event streams are held back; asking for the job instead");
                self.state = State::Asking;
                Ok(())
            }
        }
    }

    fn cut(&self, how: &str) -> Refusal {
        Refusal::for_now(Error::new(
            ErrorKind::Unavailable,
            format!(
                "follow job {}: the events of the service at {} {how} before the job did",
                self.id, self.transport.address
            ),
        ))
    }

    /// Waits for the job's end without its events.
    async fn ask(&mut self) -> Result<()> {
        let hold = HOLD.min(self.transport.options.request_timeout / 2).as_secs();
        let path = format!("{}?wait={hold}", paths::job(self.id));
        let begun = Instant::now();
        let request = self.transport.request(Method::GET, &path);
        match self.transport.attempt_json::<Job>("a job", request).await {
            Ok(job) if job.status.has_ended() => {
                self.has_ended = true;
                self.state = State::Apart;
                self.trouble = Trouble::heard();
            }
            Ok(_) => {
                self.trouble = Trouble::heard();
                if begun.elapsed() < NOT_HELD {
                    tokio::time::sleep(self.transport.options.poll_interval).await;
                }
            }
            // Held for longer than somebody between allows: asking again is all there is to do.
            Err(refusal) if refusal.error.kind() == ErrorKind::Timeout => {
                tokio::time::sleep(self.transport.options.poll_interval).await;
            }
            Err(refusal) => {
                self.failed(refusal).await?;
                self.state = State::Asking;
            }
        }
        Ok(())
    }

    /// Events are missing in between, which no service of ours sends: asked for once more, and then told.
    async fn gap(&mut self, found: u64) -> Result<()> {
        self.came.clear();
        let error = Error::internal(format!(
            "follow job {}: the service at {} sent event {found} after event {}",
            self.id, self.transport.address, self.last
        ));
        if self.trouble.tries > 0 {
            return Err(error);
        }
        self.failed(Refusal::for_now(error)).await
    }

    /// Waits for the time of the next try, or gives up.
    async fn failed(&mut self, refusal: Refusal) -> Result<()> {
        self.state = State::Apart;
        let options = &self.transport.options;
        let since = *self.trouble.since.get_or_insert_with(Instant::now);
        let is_patient = if self.trouble.has_heard {
            since.elapsed() < options.reconnect_for
        } else {
            self.trouble.tries < options.max_retries
        };
        let Some(wait) = refusal
            .wait(self.trouble.tries, options.retry_delay)
            .filter(|_| is_patient)
        else {
            return Err(refusal.error);
        };
        self.trouble.tries += 1;
        tracing::debug!(job = %self.id, error = %refusal.error, ?wait, "coming back to a job's events");
        tokio::time::sleep(wait).await;
        Ok(())
    }
}

impl Trouble {
    const fn heard() -> Self {
        Self {
            tries: 0,
            since: None,
            has_heard: true,
        }
    }
}
