//! The way from asynchronous code to the one thread that writes a scan.

use std::{
    fmt,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

use async_trait::async_trait;
use atg_sdk::{Error, ErrorKind, Result, azure::TenantId};
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::{
    EmbeddedStore,
    follow::Follower,
    lock::{self, Lock},
    scan::Scan,
    session::Session,
};
use crate::graph::{Described, Held, Removal, ScanCounts, ScanEnd, ScanStart, ScanWriter, Unseen};

/// How often a waiting scan looks whether its turn has come.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// The way of an answer.
type Answer<T> = oneshot::Sender<Result<T>>;

/// What the thread is asked for, each with the way its answer takes.
enum Request {
    Write(Vec<Described>, Option<Vec<u8>>, Answer<()>),
    Kept(u64, Answer<Option<(u64, Vec<u8>)>>),
    Remembered(Answer<Option<String>>),
    Held(Vec<String>, String, u64, Answer<Vec<Held>>),
    Holds(Vec<String>, Answer<Vec<bool>>),
    Unseen(Vec<Removal>, Answer<Vec<Unseen>>),
    Finish(Box<ScanEnd>, Answer<ScanCounts>),
}

/// Takes the lock and starts the thread.
pub(super) async fn begin(
    store: &EmbeddedStore,
    start: ScanStart,
    follower: Option<Box<dyn Follower>>,
) -> Result<Box<dyn ScanWriter>> {
    let ScanStart {
        tenant,
        holder,
        scan_id,
        no_wait,
        rebuild_edges,
        checkpoints,
        cancel,
        changes,
    } = start;
    let lock = take_lock(store, tenant, &holder, no_wait, &cancel).await?;
    let (requests, inbox) = channel();
    let (ready, started) = oneshot::channel();
    let store = store.clone();
    let work = move || {
        let scan = Session::new(&store, lock, tenant, scan_id, cancel, changes, follower)
            .and_then(|session| Scan::new(session, rebuild_edges, checkpoints));
        match scan {
            Ok(scan) => {
                // Nobody listens any more when the caller was dropped meanwhile: the inbox then ends at once.
                let _ = ready.send(Ok(()));
                serve(scan, &inbox);
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        }
    };
    thread::Builder::new()
        .name("atg-graph-writer".to_owned())
        .spawn(work)
        .map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                "start the thread that writes to the graph",
            )
            .with_source(error)
        })?;
    started.await.map_err(|_| gone())??;
    Ok(Box::new(Writer {
        requests,
        written: None,
    }))
}

/// Waits for its turn.
pub(super) async fn take_lock(
    store: &EmbeddedStore,
    tenant: TenantId,
    holder: &str,
    no_wait: bool,
    cancel: &CancellationToken,
) -> Result<Lock> {
    loop {
        if cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let holder = holder.to_owned();
        let taken = store
            .blocking(move |store| lock::try_take(store, tenant, &holder))
            .await?;
        match taken {
            Ok(lock) => return Ok(lock),
            Err(other) if no_wait => {
                return Err(Error::new(
                    ErrorKind::Conflict,
                    format!(
                        "begin: {other} is writing to the tenant; wait for it to end, or leave out --no-wait"
                    ),
                ));
            }
            Err(_) => {}
        }
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(ASK_AGAIN) => {}
        }
    }
}

/// Works until the scan ends, fails, or its writer is dropped.
fn serve(mut scan: Scan, inbox: &Receiver<Request>) {
    loop {
        match inbox.recv() {
            Ok(Request::Kept(after, answer)) => {
                let _ = answer.send(scan.kept(after));
            }
            Ok(Request::Remembered(answer)) => {
                let _ = answer.send(scan.remembered());
            }
            Ok(Request::Held(types, after, limit, answer)) => {
                let _ = answer.send(scan.held(&types, &after, limit));
            }
            Ok(Request::Holds(ids, answer)) => {
                let _ = answer.send(scan.holds(&ids));
            }
            Ok(Request::Unseen(removals, answer)) => {
                let _ = answer.send(scan.unseen(&removals));
            }
            Ok(Request::Write(batch, checkpoint, answer)) => {
                let result = scan.write(batch, checkpoint.as_deref());
                let failed = result.is_err();
                if failed {
                    scan.abandon();
                }
                // The answer is looked at with the next request; a dropped writer is noticed by the closed inbox.
                let _ = answer.send(result);
                if failed {
                    return;
                }
            }
            Ok(Request::Finish(end, answer)) => {
                let result = scan.finish(*end);
                if result.is_err() {
                    scan.abandon();
                }
                // The lock's file is gone before the answer is there: who begins next finds everything done.
                drop(scan);
                let _ = answer.send(result);
                return;
            }
            Err(_) => {
                scan.abandon();
                return;
            }
        }
    }
}

/// Hands batches to the thread, one ahead: while one is written, the caller makes the next.
struct Writer {
    requests: Sender<Request>,
    written: Option<oneshot::Receiver<Result<()>>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}

impl Writer {
    async fn send(&mut self, batch: Vec<Described>, checkpoint: Option<Vec<u8>>) -> Result<()> {
        self.wait().await?;
        let (answer, written) = oneshot::channel();
        self.requests
            .send(Request::Write(batch, checkpoint, answer))
            .map_err(|_| gone())?;
        self.written = Some(written);
        Ok(())
    }

    /// Asks behind everything that was written, and waits for the answer.
    async fn ask<T>(&mut self, request: impl FnOnce(Answer<T>) -> Request) -> Result<T> {
        self.wait().await?;
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    async fn wait(&mut self) -> Result<()> {
        match &mut self.written {
            None => Ok(()),
            Some(answer) => {
                let result = answer.await.unwrap_or_else(|_| Err(gone()));
                self.written = None;
                result
            }
        }
    }
}

#[async_trait]
impl ScanWriter for Writer {
    async fn write(&mut self, batch: Vec<Described>) -> Result<()> {
        self.send(batch, None).await
    }

    async fn write_with_checkpoint(&mut self, batch: Vec<Described>, checkpoint: Vec<u8>) -> Result<()> {
        self.send(batch, Some(checkpoint)).await
    }

    async fn kept(&mut self, after: u64) -> Result<Option<(u64, Vec<u8>)>> {
        self.ask(|answer| Request::Kept(after, answer)).await
    }

    async fn remembered(&mut self) -> Result<Option<String>> {
        self.ask(Request::Remembered).await
    }

    async fn held(&mut self, types: &[String], after: &str, limit: u64) -> Result<Vec<Held>> {
        self.ask(|answer| Request::Held(types.to_vec(), after.to_owned(), limit, answer))
            .await
    }

    async fn holds(&mut self, ids: &[String]) -> Result<Vec<bool>> {
        self.ask(|answer| Request::Holds(ids.to_vec(), answer)).await
    }

    async fn unseen(&mut self, removals: &[Removal]) -> Result<Vec<Unseen>> {
        self.ask(|answer| Request::Unseen(removals.to_vec(), answer))
            .await
    }

    async fn finish(mut self: Box<Self>, end: ScanEnd) -> Result<ScanCounts> {
        self.ask(|answer| Request::Finish(Box::new(end), answer)).await
    }
}

fn gone() -> Error {
    Error::internal("the scan's writer has ended, after an error that was reported before")
}
