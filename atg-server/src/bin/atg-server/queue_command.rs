//! `atg-server queue …`: what an operator does about jobs that failed for good.

use std::{path::PathBuf, sync::Arc};

use atg_sdk::{Error, JobId, Result};
use atg_server::queue::{Backend, DeadLetter, EmbeddedQueue, Policy, RedisQueue, SystemClock};
use serde_json::json;

use crate::{
    arguments::{QueueCommand, QueuePlace},
    config::{self, Secrets},
    say,
    values::{self, Reading},
};

/// More than any queue has.
const ALL: usize = 1_000_000;

pub(crate) fn run(command: QueueCommand, secrets: &Secrets) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::internal("start the runtime").with_source(error))?;
    runtime.block_on(async {
        match command {
            QueueCommand::DeadLetters { limit, place } => {
                for letter in open(&place, secrets).await?.dead_letters(limit).await? {
                    show(&letter)?;
                }
                Ok(())
            }
            QueueCommand::Requeue { ids, all, place } => {
                requeue(&ids, all, &*open(&place, secrets).await?).await
            }
        }
    })
}

/// The queue of a server that may be running meanwhile.
async fn open(place: &QueuePlace, secrets: &Secrets) -> Result<Arc<dyn Backend>> {
    let mut reading = Reading::default();
    let redis = config::redis(&mut reading, secrets.redis.as_ref(), place.redis_queue.as_deref());
    reading.finish()?;
    if let Some(redis) = redis {
        return Ok(Arc::new(RedisQueue::open(redis, Policy::default()).await?));
    }
    let path: PathBuf = values::data_dir(place.data_dir.as_ref())?.join("queue.db");
    if !path.is_file() {
        return Err(Error::not_found(format!(
            "find the queue {}: there is none: name the server's directory with --data-dir or ATG_DATA_DIR",
            path.display()
        )));
    }
    let queue = EmbeddedQueue::open(&path, Policy::default(), Arc::new(SystemClock))?;
    Ok(Arc::new(queue))
}

fn show(letter: &DeadLetter) -> Result<()> {
    let job = &letter.job;
    let line = json!({
        "job_id": job.id, "owner": job.owner, "operation": job.operation, "tenant_id": job.tenant_id,
        "attempts": job.attempt, "completed_at": job.completed_at, "expires_at": job.expires_at, "error": job.error,
        "requeued_as": letter.requeued_as,
    });
    say(&line.to_string())
}

async fn requeue(ids: &[String], all: bool, queue: &dyn Backend) -> Result<()> {
    let ids: Vec<JobId> = if all {
        let letters = queue.dead_letters(ALL).await?;
        let left = letters.into_iter().filter(|letter| letter.requeued_as.is_none());
        left.map(|letter| letter.job.id).collect()
    } else {
        ids.iter().map(|id| id.parse()).collect::<Result<_>>()?
    };
    // The others go their way also where one cannot.
    let mut first = Ok(());
    for id in ids {
        match queue.requeue(id).await {
            Ok(job) => say(&json!({ "job_id": id, "requeued_as": job.id }).to_string())?,
            Err(error) => {
                say(&json!({ "job_id": id, "error": error }).to_string())?;
                first = first.and(Err(error));
            }
        }
    }
    first
}
