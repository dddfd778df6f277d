//! Listing jobs, newest first, a page at a time.

use std::{collections::VecDeque, sync::Arc};

use atg_sdk::{Job, JobFilter, Result};
use futures::stream::{self, BoxStream, StreamExt as _};

use crate::queue::Backend;

/// Jobs read at a time.
const PAGE: usize = 50;

/// The jobs that the filter admits. Jobs submitted while the stream is read are not in it.
pub(super) fn list(backend: Arc<dyn Backend>, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
    let state = Listing {
        backend,
        filter,
        page: VecDeque::new(),
        done: false,
    };
    stream::unfold(state, Listing::next).boxed()
}

struct Listing {
    backend: Arc<dyn Backend>,
    filter: JobFilter,
    page: VecDeque<Job>,
    done: bool,
}

impl Listing {
    async fn next(mut self) -> Option<(Result<Job>, Self)> {
        if self.page.is_empty() && !self.done {
            match self.backend.list(self.filter.clone(), PAGE).await {
                Ok(page) => {
                    self.done = page.len() < PAGE;
                    self.filter.before = page.last().map(|job| (job.created_at, job.id));
                    self.page = page.into();
                }
                Err(error) => {
                    self.done = true;
                    return Some((Err(error), self));
                }
            }
        }
        let job = self.page.pop_front()?;
        Some((Ok(job), self))
    }
}
