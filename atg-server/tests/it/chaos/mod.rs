//! Processes that share a data directory and are killed at random: nothing is lost, nothing happens twice, everything ends.
//!
//! Seeded. `ATG_CHAOS_SEED`, `ATG_CHAOS_SECONDS` (how long processes are killed) and `ATG_CHAOS_WORKERS` make other and
//! bigger runs of it; with `--nocapture` it prints its table.

mod process;
mod report;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use atg_sdk::{
    Executor as _, ExecutorExt as _, InputDigest, JobId, JobLog, JobRequest, JobStatus, Operation,
    model::operations::rehearsal::{Parameters, Step},
};
use atg_server::{QueueExecutor, QueueOptions};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use sha2::{Digest as _, Sha256};

use process::Process;
use report::Report;

/// How long everything may take to come to its end after the last kill.
const SETTLE: Duration = Duration::from_secs(90);
const API_PROCESSES: usize = 2;

#[test]
fn nothing_is_lost_and_nothing_happens_twice_when_processes_are_killed() {
    let setting =
        |name: &str, default: u64| env::var(name).map_or(default, |value| value.parse().expect("a number"));
    let seed = setting("ATG_CHAOS_SEED", 2026);
    let chaos = Duration::from_secs(setting("ATG_CHAOS_SECONDS", 20));
    let workers = setting("ATG_CHAOS_WORKERS", 3) as usize;
    let place = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut run = Run::new(place.path(), seed, workers);
    run.kill_at_random(chaos);
    run.stop_what_hangs();
    let report = runtime.block_on(run.check());
    report.print(seed, chaos);
    assert_eq!((report.lost(), report.ended_twice), (0, 0));
    assert!(report.submitted > 20, "too little happened to prove anything");
    assert!(report.worker_kills > 2 && report.api_kills > 1);
}

/// Small and good enough: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

/// What a job is expected to come to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Writes files and completes.
    Works,
    /// Fails once and then completes.
    Stumbles,
    /// Hangs until somebody stops it.
    Hangs,
}

struct Run {
    data_dir: PathBuf,
    dice: Dice,
    apis: Vec<Process>,
    workers: Vec<Process>,
    submitted: BTreeMap<JobId, (Kind, JobRequest)>,
    /// Hanging jobs that nobody has stopped yet.
    hanging: Vec<JobId>,
    /// For each job, when a worker that held it was killed.
    struck: HashMap<JobId, Vec<Timestamp>>,
    /// What workers said that they brought to its end.
    ended: Vec<JobId>,
    api_kills: usize,
    worker_kills: usize,
    resent: usize,
}

impl Run {
    fn new(data_dir: &Path, seed: u64, workers: usize) -> Self {
        Self {
            data_dir: data_dir.to_owned(),
            dice: Dice(seed),
            apis: (0..API_PROCESSES).map(|_| Process::api(data_dir)).collect(),
            workers: (0..workers).map(|_| Process::worker(data_dir)).collect(),
            submitted: BTreeMap::new(),
            hanging: Vec::new(),
            struck: HashMap::new(),
            ended: Vec::new(),
            api_kills: 0,
            worker_kills: 0,
            resent: 0,
        }
    }

    fn kill_at_random(&mut self, chaos: Duration) {
        let begun = Instant::now();
        let mut next_kill = begun + Duration::from_millis(1_500);
        while begun.elapsed() < chaos {
            match self.dice.below(10) {
                0..7 => self.submit(),
                7 if !self.hanging.is_empty() => self.stop_one(),
                _ => std::thread::sleep(Duration::from_millis(self.dice.below(100))),
            }
            if Instant::now() >= next_kill {
                if self.dice.below(3) == 0 {
                    self.kill_api();
                } else {
                    self.kill_worker();
                }
                next_kill = Instant::now() + Duration::from_millis(500 + self.dice.below(1_500));
            }
        }
    }

    /// Submits to an API process, which may die meanwhile: then again to another, as a client would.
    fn submit(&mut self) {
        let (kind, request) = self.invent();
        let mut line = serde_json::to_string(&(request.id, &request.operation.parameters())).unwrap();
        line.insert_str(0, "submit ");
        loop {
            let chosen = self.dice.below(API_PROCESSES as u64) as usize;
            // Some are killed while they accept: whatever they have answered by then counts.
            let strike = self.dice.below(12) == 0;
            self.apis[chosen].say(&line);
            if strike {
                self.kill_api_number(chosen);
                self.resent += 1;
                continue;
            }
            match self.apis[chosen].answer() {
                Some(answer) => {
                    assert_eq!(answer, format!("accepted {}", request.id));
                    break;
                }
                None => self.resent += 1,
            }
        }
        if kind == Kind::Hangs {
            self.hanging.push(request.id);
        }
        self.submitted.insert(request.id, (kind, request));
    }

    fn invent(&mut self) -> (Kind, JobRequest) {
        let text = format!("{:016x}\n", self.dice.below(u64::MAX));
        let repeat = if self.dice.below(4) == 0 { 400_000 } else { 1_000 };
        let file = |name: &str, repeat| Step::Artifact {
            name: name.to_owned(),
            text: text.clone(),
            repeat,
        };
        let (kind, middle) = match self.dice.below(10) {
            0..2 => (Kind::Hangs, Step::Hang),
            2..4 => {
                let fail = Step::FailUntil {
                    attempt: 2,
                    kind: "Unavailable".to_owned(),
                };
                (Kind::Stumbles, fail)
            }
            _ => (
                Kind::Works,
                Step::Warn {
                    message: "half".to_owned(),
                },
            ),
        };
        let steps = vec![file("first", repeat), middle, file("a/second", repeat)];
        let script = Parameters {
            steps,
            ..Parameters::default()
        };
        (kind, JobRequest::new(Operation::Rehearsal(script)))
    }

    fn stop_one(&mut self) {
        let chosen = self.dice.below(self.hanging.len() as u64) as usize;
        let job = self.hanging.swap_remove(chosen);
        self.stop(job);
    }

    fn stop_what_hangs(&mut self) {
        for job in std::mem::take(&mut self.hanging) {
            self.stop(job);
        }
    }

    fn stop(&mut self, job: JobId) {
        loop {
            let chosen = self.dice.below(API_PROCESSES as u64) as usize;
            self.apis[chosen].say(&format!("cancel {job}"));
            if let Some(answer) = self.apis[chosen].answer() {
                assert_eq!(answer, format!("cancelled {job}"));
                return;
            }
        }
    }

    fn kill_api(&mut self) {
        let chosen = self.dice.below(API_PROCESSES as u64) as usize;
        self.kill_api_number(chosen);
    }

    fn kill_api_number(&mut self, chosen: usize) {
        self.apis[chosen].kill();
        self.apis[chosen] = Process::api(&self.data_dir);
        self.api_kills += 1;
    }

    fn kill_worker(&mut self) {
        let chosen = self.dice.below(self.workers.len() as u64) as usize;
        let held = self.held_by(&self.workers[chosen].name);
        let struck_at = Timestamp::now();
        let said = self.workers[chosen].kill();
        for job in held {
            self.struck.entry(job).or_default().push(struck_at);
        }
        self.note_ends(&said);
        self.workers[chosen] = Process::worker(&self.data_dir);
        self.worker_kills += 1;
    }

    fn note_ends(&mut self, said: &[String]) {
        let ends = said.iter().filter_map(|line| line.strip_prefix("ended "));
        self.ended.extend(ends.map(|id| id.parse::<JobId>().unwrap()));
    }

    /// The jobs that a worker holds now, read past everybody.
    fn held_by(&self, worker: &str) -> Vec<JobId> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = Connection::open_with_flags(self.data_dir.join("queue.db"), flags).unwrap();
        connection.busy_timeout(Duration::from_secs(30)).unwrap();
        let sql = "SELECT job.id FROM lease JOIN job ON job.number = lease.job WHERE worker = ?";
        let mut select = connection.prepare(sql).unwrap();
        let jobs = select.query_map([worker], |row| row.get::<_, String>(0)).unwrap();
        jobs.map(|id| id.unwrap().parse().unwrap()).collect()
    }

    /// Waits for every end and looks at everything.
    async fn check(mut self) -> Report {
        let queue = QueueExecutor::open(QueueOptions::new(&self.data_dir))
            .await
            .unwrap();
        let settled = async {
            for id in self.submitted.keys() {
                queue.wait(*id).await.expect("an accepted job is there");
            }
        };
        let in_time = tokio::time::timeout(SETTLE, settled).await.is_ok();
        assert!(
            in_time,
            "not every job came to an end: {:?}",
            queue.backend().depth().await
        );
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
            ..Report::default()
        };
        for (id, (kind, request)) in &self.submitted {
            self.check_job(&queue, *id, *kind, request, &mut report).await;
        }
        report
    }

    async fn check_job(
        &self,
        queue: &QueueExecutor,
        id: JobId,
        kind: Kind,
        request: &JobRequest,
        report: &mut Report,
    ) {
        let log: Vec<_> = queue.watch_job(id, None).try_collect().await.unwrap();
        let made = JobLog::replay(id, &log).unwrap().into_job();
        let job = queue.get_job(id).await.unwrap();
        assert_eq!((made.status, made.attempt), (job.status, job.attempt));
        assert_eq!(job.parameters, request.operation.parameters());
        let ends = log.iter().filter(|event| event.kind.ends_job()).count();
        assert_eq!(ends, 1, "{log:?}");
        let struck = self.struck.get(&id).map_or(&[][..], Vec::as_slice);
        match job.status {
            JobStatus::Completed => {
                assert!(kind != Kind::Hangs, "{log:?}");
                check_files(queue, &job, request).await;
            }
            JobStatus::Cancelled => assert!(kind == Kind::Hangs, "{log:?}"),
            // Only a job whose workers were killed again and again.
            JobStatus::Failed => assert!(struck.len() + usize::from(kind == Kind::Stumbles) >= 3, "{log:?}"),
            JobStatus::Pending | JobStatus::Running => panic!("{log:?}"),
        }
        report.add(&job, &log, struck);
    }
}

/// What a completed job left is whole, and of one attempt.
async fn check_files(queue: &QueueExecutor, job: &atg_sdk::Job, request: &JobRequest) {
    let Operation::Rehearsal(script) = &request.operation else {
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
