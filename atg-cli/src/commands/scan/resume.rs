//! `atg scan --resume`: a scan that died goes on where it was stopped.

use std::sync::Arc;

use atg_sdk::{Error, ErrorKind, Executor, JobId, JobRequest, JobStatus, Operation, Result, WorkContext};

use crate::run::Place;

/// A request for what is left of that job. What it kept lies under its id, so the new job works on its behalf, as a worker's
/// does.
pub(super) async fn request(executor: &Arc<dyn Executor>, place: &Place, id: JobId) -> Result<JobRequest> {
    if let Place::Service(url) = place {
        return Err(Error::new(
            ErrorKind::Unsupported,
            format!(
                "resume job {id} at {url}: a service begins jobs again by itself; --resume is for those of this machine"
            ),
        ));
    }
    let job = executor.get_job(id).await?;
    if job.operation != "scan" {
        return Err(Error::invalid(format!(
            "resume job {id}: it is no scan but `{}`",
            job.operation
        )));
    }
    match job.status {
        JobStatus::Failed | JobStatus::Cancelled => {}
        JobStatus::Completed => {
            return Err(Error::conflict(format!(
                "resume job {id}: it has come to its end, there is nothing left of it: run `atg scan`"
            )));
        }
        JobStatus::Pending | JobStatus::Running => {
            return Err(Error::conflict(format!(
                "resume job {id}: it is {}: `atg job watch {id}` follows it",
                job.status
            )));
        }
    }
    let operation = Operation::from_parts(&job.operation, job.parameters)?;
    let mut request = JobRequest::new(operation);
    request.context = Some(WorkContext {
        job_id: id,
        attempt: job.attempt + 1,
        fence: (0, 0),
    });
    Ok(request)
}
