//! Following one job's log: replay, then news, then the end.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use atg_sdk::{JobEvent, JobId, Result};
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::time::timeout;

use crate::queue::{Backend, News, Topic};

/// How often to look without having been told: news may be lost with a connection.
const LOOK: Duration = Duration::from_secs(15);

/// The events after `after`; ends after the job's last.
pub(super) fn watch(
    backend: Arc<dyn Backend>,
    id: JobId,
    after: Option<u64>,
) -> BoxStream<'static, Result<JobEvent>> {
    let state = Watch {
        backend,
        id,
        after: after.unwrap_or_default(),
        page: VecDeque::new(),
        news: None,
        done: false,
    };
    stream::unfold(state, Watch::next).boxed()
}

struct Watch {
    backend: Arc<dyn Backend>,
    id: JobId,
    after: u64,
    page: VecDeque<JobEvent>,
    /// Only who has to wait follows: most watches are of jobs that have ended.
    news: Option<News>,
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
            if let Some(news) = &mut self.news {
                // What is announced from here on leads to another look.
                news.mark_seen();
            }
            match self.backend.events(self.id, self.after).await {
                Ok(page) => {
                    self.done = page.last;
                    self.page = page.events.into();
                }
                Err(error) => {
                    self.done = true;
                    return Some((Err(error), self));
                }
            }
            if self.page.is_empty() && !self.done {
                match &mut self.news {
                    // Nothing was heard of what happened before; so look once more.
                    None => self.news = Some(self.backend.news(Topic::Job(self.id))),
                    Some(news) => drop(timeout(LOOK, news.changed()).await),
                }
            }
        }
    }
}
