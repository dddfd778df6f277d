//! What every backend says when it refuses something, so that nobody can tell them apart.

use atg_sdk::{Error, ErrorKind, FormerJob, InputDigest, JobId, JobStatus, Result};

use super::Identity;

/// There is no such job.
pub(super) fn missing(id: JobId) -> Error {
    Error::not_found(format!(
        "find job {id}: there is none here: list the jobs to see those that there are"
    ))
}

/// The job was here, and whose it was where that is known.
pub(super) fn gone(id: JobId, former: Option<FormerJob>) -> Error {
    let error = Error::new(
        ErrorKind::Gone,
        format!("find job {id}: it was here and is deleted: run the operation again under a new id"),
    );
    match former {
        Some(former) => error.with_source(former),
        None => error,
    }
}

pub(super) fn queue_full(pending: u64) -> Error {
    Error::new(
        ErrorKind::Unavailable,
        format!("accept the job: {pending} jobs wait already, which is all that may: try again later"),
    )
    .with_code("QueueFull")
}

pub(super) fn too_many_open(open: u64) -> Error {
    Error::new(
        ErrorKind::Throttled,
        format!("accept the job: {open} of your jobs have not ended, which is all that may: wait for one"),
    )
    .with_code("TooManyOpenJobs")
}

pub(super) fn not_ended(id: JobId, status: JobStatus) -> Error {
    Error::conflict(format!(
        "delete job {id}: it is {status}: cancel it and wait for its end first"
    ))
}

pub(super) fn no_dead_letter(id: JobId) -> Error {
    Error::not_found(format!(
        "submit job {id} again: it is not a dead letter: list them to see those that there are"
    ))
}

/// A digest that stands for nothing, or for somebody else's input: nobody may tell which.
pub(super) fn no_input(digest: &InputDigest) -> Error {
    Error::not_found(format!(
        "find the input {digest}: there is none here: send the file again"
    ))
}

pub(super) fn input_quota(size: u64, used: u64, quota: u64) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!(
            "keep an input of {size} bytes: your inputs have {used} bytes and may have {quota}: they are kept for a day \
             after their last use"
        ),
    )
    .with_code("InputQuota")
}

/// What is known together with what is brought.
///
/// # Errors
/// `InvalidArgument` naming both, where they differ.
pub(super) fn joined(known: &Identity, brought: Identity) -> Result<Identity> {
    Ok(Identity {
        queue_id: known.queue_id.clone(),
        graph_id: join("graph", &known.graph_id, brought.graph_id)?,
        artifact_store_id: join(
            "artifact store",
            &known.artifact_store_id,
            brought.artifact_store_id,
        )?,
    })
}

fn join(what: &str, known: &Option<String>, brought: Option<String>) -> Result<Option<String>> {
    match (known, brought) {
        (Some(known), Some(brought)) if *known != brought => Err(Error::invalid(format!(
            "join this queue: it works with the {what} {known}, and this process brings {brought}: give all processes of \
             a service the same one"
        ))
        .with_code("OtherIdentity")),
        (Some(known), _) => Ok(Some(known.clone())),
        (None, brought) => Ok(brought),
    }
}
