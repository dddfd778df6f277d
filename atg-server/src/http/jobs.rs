//! Calls on jobs: read, list, wait, cancel, delete.

use std::time::Duration;

use atg_sdk::{Error, ErrorKind, Job, JobFilter, JobId, JobStatus, azure::TenantId, rest};
use futures::StreamExt as _;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::json;

use super::{
    Seen, Service,
    body::{Body, bare, json as json_body},
    failure::{Failure, no_result},
    ranges::matches_etag,
    request::{Incoming, RequestId},
    routes,
    submit::{MAX_WAIT, RETRY_AFTER, accepts_json, flag},
};
use crate::keys::{Caller, Scope};

/// How many jobs a page holds at the most, and where the caller does not say.
const PAGE: (usize, usize) = (1_000, 100);

impl Service {
    pub(super) async fn get_job(
        &self,
        id: &str,
        request: &Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&["wait"])?;
        accepts_json(&request.parts.headers)?;
        let limit = wait(request)?;
        let mut job = self.job_for(id, caller, seen).await?;
        if let (Some(limit), false) = (limit, job.status.has_ended()) {
            job = Box::pin(self.wait_for_change(&job, limit)).await?;
        }
        self.job_answer(job, request)
    }

    /// A job as an answer, with the tag by which it is recognised.
    fn job_answer(&self, job: Job, request: &Incoming) -> Result<Response<Body>, Failure> {
        let has_ended = job.status.has_ended();
        let answer = self.answers.of(job)?;
        let seen_before = request.header(header::IF_NONE_MATCH).is_some_and(|sent| {
            let tag = answer.tag.to_str();
            tag.is_ok_and(|tag| matches_etag(sent, tag))
        });
        let mut response = if seen_before {
            bare(StatusCode::NOT_MODIFIED)
        } else {
            super::body::typed(StatusCode::OK, "application/json", answer.text.clone())
        };
        let headers = response.headers_mut();
        headers.insert(header::ETAG, answer.tag.clone());
        if !has_ended {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        Ok(response)
    }

    /// Holds until the job's state is another one.
    async fn wait_for_change(&self, job: &Job, limit: Duration) -> Result<Job, Failure> {
        let deadline = tokio::time::Instant::now() + limit;
        let mut events = self.executor.watch_job(job.id, None);
        loop {
            let next = tokio::select! {
                next = events.next() => next,
                () = tokio::time::sleep_until(deadline) => None,
                () = self.draining.cancelled() => None,
            };
            let now = match next {
                // Most events do not change the state: only those that may are worth a look.
                Some(Ok(event)) if !changes_state(&event.kind) => continue,
                _ => self.executor.get_job(job.id).await?,
            };
            if now.status != job.status || !matches!(next, Some(Ok(_))) {
                return Ok(now);
            }
        }
    }

    pub(super) async fn job_result(
        &self,
        id: &str,
        request: &Incoming,
        caller: &Caller,
        request_id: &RequestId,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&[])?;
        accepts_json(&request.parts.headers)?;
        let job = self.job_for(id, caller, seen).await?;
        let instance = request.parts.uri.path();
        let no_result = |code| Ok(no_result(&own_error(&job), code, instance, request_id.as_str()));
        match job.status {
            JobStatus::Pending | JobStatus::Running => {
                let error = Error::new(
                    ErrorKind::Conflict,
                    format!("the job is {}: it has no result yet", job.status),
                );
                Err(Failure::from(error.with_code("JobNotEnded"))
                    .header(header::RETRY_AFTER, RETRY_AFTER.to_string()))
            }
            JobStatus::Failed => no_result("JobFailed"),
            JobStatus::Cancelled => no_result("JobCancelled"),
            JobStatus::Completed => {
                let output = job.output.as_ref().map(atg_sdk::Output::to_value);
                Ok(json_body(
                    StatusCode::OK,
                    &json!({
                        "job_id": job.id, "operation": job.operation, "completeness": job.completeness, "output": output
                    }),
                )?)
            }
        }
    }

    pub(super) async fn list_jobs(
        &self,
        request: &Incoming,
        caller: &Caller,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&["status", "operation", "tenant_id", "limit", "cursor"])?;
        accepts_json(&request.parts.headers)?;
        let page = Page::of(request)?;
        if let Some(tenant) = page.tenant {
            self.require_tenant(caller, tenant)?;
        }
        let all = caller.may(Scope::JobsAll);
        let filter = JobFilter {
            owner: (!all).then(|| caller.owner.clone()),
            tenants: page.tenant.map(|tenant| vec![tenant]),
            status: page.status,
            operations: page.operations,
            before: page.before,
        };
        let mut jobs = self.executor.list_jobs(filter);
        let mut found: Vec<Job> = Vec::new();
        let mut more = false;
        while let Some(job) = jobs.next().await {
            let job = job?;
            if !caller.sees(&job.owner, job.tenant_id) {
                continue;
            }
            if found.len() == page.limit {
                more = true;
                break;
            }
            found.push(job);
        }
        let cursor = found
            .last()
            .filter(|_| more)
            .map(|last| rest::cursor(last.created_at, last.id));
        Ok(json_body(
            StatusCode::OK,
            &json!({ "jobs": found, "next_cursor": cursor }),
        )?)
    }

    pub(super) async fn cancel_job(
        &self,
        id: &str,
        request: &Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&[])?;
        accepts_json(&request.parts.headers)?;
        let job = self.job_for(id, caller, seen).await?;
        let job = self.executor.cancel_job(job.id).await?;
        Ok(json_body(StatusCode::OK, &job)?)
    }

    pub(super) async fn delete_job(
        &self,
        id: &str,
        request: &Incoming,
        caller: &Caller,
        seen: &mut Seen,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&["purge"])?;
        let purge = flag(request, "purge")?;
        let job = match self.job_for(id, caller, seen).await {
            Ok(job) => job,
            // What is no id was never a job's: whoever sent it means something else.
            Err(failure) if routes::job_id(id).is_none() => return Err(failure),
            Err(failure) if matches!(failure.error().kind(), ErrorKind::NotFound | ErrorKind::Gone) => {
                return Ok(bare(StatusCode::NO_CONTENT));
            }
            Err(failure) => return Err(failure),
        };
        if !job.status.has_ended() && !purge {
            let job = self.executor.cancel_job(job.id).await?;
            return Ok(json_body(StatusCode::ACCEPTED, &job)?);
        }
        self.executor.delete_job(job.id).await?;
        Ok(bare(StatusCode::NO_CONTENT))
    }
}

fn own_error(job: &Job) -> Error {
    job.error.clone().unwrap_or_else(|| match job.status {
        JobStatus::Cancelled => Error::cancelled(),
        _ => Error::internal("the job ended without saying why"),
    })
}

fn changes_state(kind: &atg_sdk::EventKind) -> bool {
    use atg_sdk::EventKind as Kind;
    match kind {
        Kind::Progress { .. } | Kind::Warning { .. } | Kind::CancelRequested | Kind::Submitted { .. } => {
            false
        }
        Kind::Started { .. }
        | Kind::AttemptFailed { .. }
        | Kind::Completed { .. }
        | Kind::Failed { .. }
        | Kind::Cancelled
        | Kind::Unknown { .. } => true,
    }
}

/// `?wait=N`
fn wait(request: &Incoming) -> Result<Option<Duration>, Failure> {
    let Some(text) = request.query("wait") else {
        return Ok(None);
    };
    match text.parse::<u64>() {
        Ok(seconds) if seconds <= MAX_WAIT => Ok(Some(Duration::from_secs(seconds))),
        _ => {
            let error = Error::invalid("the query string is not valid");
            Err(error
                .with_field(
                    "?wait",
                    format!("must be a whole number of seconds from 0 to {MAX_WAIT}"),
                )
                .into())
        }
    }
}

/// Which page of a listing is wanted.
#[derive(Debug)]
struct Page {
    status: Vec<JobStatus>,
    operations: Vec<String>,
    tenant: Option<TenantId>,
    limit: usize,
    before: Option<(Timestamp, JobId)>,
}

impl Page {
    fn of(request: &Incoming) -> Result<Self, Failure> {
        let mut page = Self {
            status: Vec::new(),
            operations: Vec::new(),
            tenant: None,
            limit: PAGE.1,
            before: None,
        };
        let mut error = Error::invalid("the query string is not valid");
        for (name, value) in request.queries() {
            let problem = match name.as_str() {
                "status" => parse_all(&value, |word| {
                    JobStatus::ALL.into_iter().find(|status| status.name() == word)
                })
                .map(|status| page.status = status)
                .ok_or("must be of pending, running, completed, failed, cancelled"),
                "operation" => {
                    page.operations = value.split(',').map(str::to_owned).collect();
                    Ok(())
                }
                "tenant_id" => value
                    .parse()
                    .map(|tenant| page.tenant = Some(tenant))
                    .map_err(|_| "must be a GUID"),
                "limit" => match value.parse() {
                    Ok(limit) if (1..=PAGE.0).contains(&limit) => {
                        page.limit = limit;
                        Ok(())
                    }
                    _ => Err("must be a whole number from 1 to 1000"),
                },
                _ => rest::read_cursor(&value)
                    .map(|before| page.before = Some(before))
                    .ok_or("is not a cursor of this service: take `next_cursor` as it was sent"),
            };
            if let Err(detail) = problem {
                error = error.with_field(format!("?{name}"), detail);
            }
        }
        if error.fields().is_empty() {
            Ok(page)
        } else {
            Err(error.into())
        }
    }
}

fn parse_all<T>(list: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    list.split(',').map(|word| parse(word.trim())).collect()
}
