//! What came of every job, read back and held against what was asked for.

use std::{
    collections::{BTreeMap, HashSet},
    time::{Duration, Instant},
};

use atg_sdk::{
    Executor as _, InputDigest, Job, JobEvent, JobId, JobLog, JobStatus, Operation,
    model::operations::rehearsal::Step,
};
use atg_server::QueueExecutor;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::{
    Run,
    invent::{Kind, invent},
    place::Redis,
    report::Report,
};

/// How long to wait, after the last kill, for the next job to end.
const SETTLE: Duration = Duration::from_secs(90);

impl Run {
    /// Waits for every end and looks at everything.
    pub(super) async fn check(mut self) -> Report {
        let queue = self.place.queue().await;
        settled(&queue).await;
        let took = self.begun.elapsed();
        for mut worker in std::mem::take(&mut self.workers) {
            let said = worker.stop();
            self.note_ends(&said);
        }
        let told: HashSet<_> = self.ended.iter().collect();
        let mut report = Report {
            submitted: self.submitted.len(),
            resent: self.resent,
            api_kills: self.api_kills,
            worker_kills: self.worker_kills,
            ended_twice: self.ended.len() - told.len(),
            faults: self.faults.clone(),
            took,
            redis_bytes: self.place.redis.as_ref().and_then(Redis::memory),
            ..Report::default()
        };
        let run = &self;
        let checked = stream::iter(&self.submitted)
            .map(|(id, number)| run.check_job(&queue, *id, *number))
            // Files are read whole.
            .buffer_unordered(if run.in_memory { 64 } else { 8 });
        let mut checked = std::pin::pin!(checked);
        while let Some((job, log, struck)) = checked.next().await {
            report.add(&job, &log, struck, &self.away);
        }
        report
    }

    async fn check_job(
        &self,
        queue: &QueueExecutor,
        id: JobId,
        number: u64,
    ) -> (Job, Vec<JobEvent>, &[Timestamp]) {
        let (kind, operation) = invent(number, self.in_memory);
        let log: Vec<_> = queue.watch_job(id, None).try_collect().await.unwrap();
        let made = JobLog::replay(id, &log).unwrap().into_job();
        let job = queue.get_job(id).await.unwrap();
        assert_eq!((made.status, made.attempt), (job.status, job.attempt));
        assert_eq!(job.parameters, operation.parameters());
        let ends = log.iter().filter(|event| event.kind.ends_job()).count();
        assert_eq!(ends, 1, "{log:?}");
        let struck = self.struck.get(&id).map_or(&[][..], Vec::as_slice);
        match job.status {
            JobStatus::Completed => {
                assert!(kind != Kind::Hangs, "{log:?}");
                if !self.in_memory {
                    check_files(queue, &job, &operation).await;
                }
            }
            JobStatus::Cancelled => assert!(kind == Kind::Hangs, "{log:?}"),
            // Only a job whose workers were killed again and again, or lost their leases.
            JobStatus::Failed => {
                let faults = self.faults.values().sum::<usize>();
                assert!(
                    struck.len() + faults + usize::from(kind == Kind::Stumbles) >= 3,
                    "{log:?}"
                );
            }
            JobStatus::Pending | JobStatus::Running => panic!("{log:?}"),
        }
        (job, log, struck)
    }
}

/// Waits for the end of every job, as long as some end.
async fn settled(queue: &QueueExecutor) {
    let (mut open, mut since) = (u64::MAX, Instant::now());
    loop {
        let depth = match queue.backend().depth().await {
            Ok(depth) => depth,
            Err(error) => panic!("{error}"),
        };
        let left = depth.pending + depth.running;
        if left == 0 {
            return;
        }
        if left < open {
            (open, since) = (left, Instant::now());
        }
        assert!(
            since.elapsed() < SETTLE,
            "not every job comes to an end: {depth:?}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What a completed job left is whole, and of one attempt.
async fn check_files(queue: &QueueExecutor, job: &Job, operation: &Operation) {
    let Operation::Rehearsal(script) = operation else {
        panic!()
    };
    let mut expected = BTreeMap::new();
    for step in &script.steps {
        if let Step::Artifact { name, text, repeat } = step {
            expected.insert(name.as_str(), text.repeat(*repeat as usize));
        }
    }
    assert_eq!(job.artifacts.len(), expected.len());
    for artifact in &job.artifacts {
        let opened = queue.read_artifact(job.id, &artifact.name, None).await.unwrap();
        let bytes = opened.bytes.try_collect::<Vec<_>>().await.unwrap().concat();
        assert!(
            bytes == expected[artifact.name.as_str()].as_bytes(),
            "{}",
            artifact.name
        );
        let digest = InputDigest::from_bytes(Sha256::digest(&bytes).into());
        assert_eq!(digest.as_str(), artifact.sha256);
    }
}
