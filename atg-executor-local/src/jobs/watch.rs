//! Following one job's log: replay, then news, then the end.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use atg_sdk::{JobEvent, JobId, Result};
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::{sync::watch::Receiver, time::timeout};

use super::{Following, JobStore, database::blocking, row};

/// Events read in one transaction.
const PAGE: u32 = 500;
/// How often the process that runs the job is looked after, when nothing else happens.
const LOOK_AFTER: Duration = Duration::from_secs(1);

/// The events after `after`; ends after the job's last.
pub(crate) fn watch(
    store: Arc<JobStore>,
    id: JobId,
    after: Option<u64>,
) -> BoxStream<'static, Result<JobEvent>> {
    let state = Watch {
        news: store.changes().subscribe(),
        store,
        id,
        after: after.unwrap_or_default(),
        page: VecDeque::new(),
        following: None,
        done: false,
    };
    stream::unfold(state, Watch::next).boxed()
}

struct Watch {
    store: Arc<JobStore>,
    id: JobId,
    after: u64,
    page: VecDeque<JobEvent>,
    news: Receiver<()>,
    /// Only who has to wait looks at other processes.
    following: Option<Following>,
    done: bool,
}

impl Watch {
    async fn next(mut self) -> Option<(Result<JobEvent>, Self)> {
        loop {
            if let Some(event) = self.page.pop_front() {
                self.after = event.sequence;
                return Some((Ok(event), self));
            }
            if self.done {
                return None;
            }
            // What is announced from here on leads to another look.
            self.news.mark_unchanged();
            let (id, after) = (self.id, self.after);
            match blocking(&self.store, move |store| store.events(id, after)).await {
                Ok((events, ended)) => {
                    // A full page may not be the last.
                    self.done = ended && events.len() < PAGE as usize;
                    self.page = events.into();
                }
                Err(error) => {
                    self.done = true;
                    return Some((Err(error), self));
                }
            }
            if self.page.is_empty() && !self.done {
                self.wait().await;
            }
        }
    }

    async fn wait(&mut self) {
        if self.following.is_none() {
            self.following = Some(Following::begin(&self.store));
        }
        if timeout(LOOK_AFTER, self.news.changed()).await.is_err() {
            let id = self.id;
            // What went wrong shows at the next look at the events.
            let _ = blocking(&self.store, move |store| store.settle(id)).await;
        }
    }
}

impl JobStore {
    /// Events after that sequence, and whether the job has ended.
    fn events(&self, id: JobId, after: u64) -> Result<(Vec<JobEvent>, bool)> {
        if after == 0 {
            self.settle(id)?;
        }
        let (events, ended) = self.database.read("read the log of a job", |transaction| {
            let row = self.find(transaction, id)?;
            let events = row::events(transaction, row.number, after, PAGE)?;
            Ok((events, row.log.job().status.has_ended()))
        })?;
        if events.is_empty() && !ended {
            self.check_not_lost(id)?;
        }
        Ok((events, ended))
    }
}
