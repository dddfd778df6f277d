//! Listing jobs, newest first, a page at a time.

use std::{collections::VecDeque, sync::Arc};

use atg_sdk::{Job, JobFilter, Owner, Result};
use futures::stream::{self, BoxStream, StreamExt as _};
use jiff::Timestamp;
use rusqlite::params;

use super::{
    JobStore,
    database::blocking,
    row::{add_request, nanoseconds, read_job, to_json},
};

/// Jobs read in one transaction.
const PAGE: usize = 50;

/// The jobs that the filter admits. Jobs submitted while the stream is read are not in it.
pub(crate) fn list(store: Arc<JobStore>, filter: JobFilter) -> BoxStream<'static, Result<Job>> {
    let state = Listing {
        store,
        page: VecDeque::new(),
        below: filter
            .before
            .map(|(time, id)| (nanoseconds(time), id.to_string())),
        filter: Arc::new(filter),
        first: true,
        done: false,
    };
    stream::unfold(state, Listing::next).boxed()
}

struct Listing {
    store: Arc<JobStore>,
    filter: Arc<JobFilter>,
    page: VecDeque<Job>,
    /// The place of the last job that was read.
    below: Option<Place>,
    first: bool,
    done: bool,
}

/// When a job was created, and its id: what listings are ordered by.
type Place = (i64, String);

impl Listing {
    async fn next(mut self) -> Option<(Result<Job>, Self)> {
        if self.page.is_empty() && !self.done {
            let (filter, below) = (Arc::clone(&self.filter), self.below.take());
            let first = std::mem::take(&mut self.first);
            let read = blocking(&self.store, move |store| {
                if first {
                    store.settle_all()?;
                }
                store.page(&filter, below)
            });
            match read.await {
                Ok(page) => {
                    self.done = page.len() < PAGE;
                    self.below = page
                        .last()
                        .map(|job| (nanoseconds(job.created_at), job.id.to_string()));
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

impl JobStore {
    fn page(&self, filter: &JobFilter, below: Option<Place>) -> Result<Vec<Job>> {
        let (time, id) = below.unwrap_or((i64::MAX, String::new()));
        let owner = filter.owner.as_ref().map(Owner::as_str);
        let tenants = filter
            .tenants
            .as_ref()
            .map(|ids| ids.iter().map(ToString::to_string).collect::<Vec<_>>());
        let tenants = tenants.as_ref().map(to_json).transpose()?;
        let status = names(filter.status.iter().map(|status| status.name()))?;
        let operations = names(filter.operations.iter().map(String::as_str))?;
        self.database.read("list the jobs", |transaction| {
            let mut select = transaction.prepare_cached(
                "SELECT job.owner, job.snapshot, job.expires_at, event.body
                 FROM job JOIN event ON event.job = job.number AND event.sequence = 1
                 WHERE (job.created_at, job.id) < (?1, ?2)
                   AND (job.expires_at IS NULL OR job.expires_at > ?3)
                   AND (?4 IS NULL OR job.owner = ?4)
                   AND (?5 IS NULL OR job.tenant_id IN (SELECT value FROM json_each(?5)))
                   AND (?6 IS NULL OR job.status IN (SELECT value FROM json_each(?6)))
                   AND (?7 IS NULL OR job.operation IN (SELECT value FROM json_each(?7)))
                 ORDER BY job.created_at DESC, job.id DESC LIMIT ?8",
            )?;
            let mut rows = select.query(params![
                time,
                id,
                Timestamp::now().as_millisecond(),
                owner,
                tenants,
                status,
                operations,
                PAGE as i64
            ])?;
            let mut page = Vec::with_capacity(PAGE);
            while let Some(row) = rows.next()? {
                let mut job = read_job(&row.get::<_, String>(1)?, row.get(0)?, row.get(2)?)?;
                add_request(&mut job, &row.get::<_, String>(3)?)?;
                page.push(job);
            }
            Ok(page)
        })
    }
}

/// A JSON array for SQL; nothing where everything is admitted.
fn names<'n>(names: impl Iterator<Item = &'n str>) -> Result<Option<String>> {
    let names: Vec<_> = names.collect();
    if names.is_empty() {
        Ok(None)
    } else {
        to_json(&names).map(Some)
    }
}
