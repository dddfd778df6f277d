//! One process of the service: this test binary, started once more. It speaks in lines, and ends when its input does.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Arc,
};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor as _, JobId, JobRequest, Operation};
use atg_server::{
    QueueExecutor, QueueOptions,
    queue::{PerLane, Policy},
    worker::{Worker, WorkerOptions},
};
use tokio_util::sync::CancellationToken;

const DIRECTORY: &str = "ATG_TEST_CHAOS_DIRECTORY";
const ROLE: &str = "ATG_TEST_CHAOS_ROLE";
/// Libtest writes on the same stream; ours are known by their beginning.
const MARK: &str = "chaos: ";

pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    /// Under which a worker holds leases.
    pub(super) name: String,
}

impl Process {
    pub(super) fn api(data_dir: &Path) -> Self {
        Self::start(data_dir, "api")
    }

    pub(super) fn worker(data_dir: &Path) -> Self {
        Self::start(data_dir, "worker")
    }

    fn start(data_dir: &Path, role: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "chaos::process::another_process",
                "--ignored",
                "--nocapture",
            ])
            .env(DIRECTORY, data_dir)
            .env(ROLE, role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut process = Self {
            stdin: child.stdin.take(),
            stdout: BufReader::new(child.stdout.take().unwrap()),
            child,
            name: String::new(),
        };
        process.name = process.answer().expect("the process came up");
        process
    }

    /// Says something; a process that is dead does not hear it.
    pub(super) fn say(&mut self, line: &str) {
        if let Some(stdin) = &mut self.stdin {
            let _ = writeln!(stdin, "{line}").and_then(|()| stdin.flush());
        }
    }

    /// What it says next; `None` from a dead one.
    pub(super) fn answer(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.stdout.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            if let Some((_, said)) = line.trim_end().split_once(MARK) {
                return Some(said.to_owned());
            }
        }
    }

    /// Kills it without a warning, and returns what it had said by then.
    pub(super) fn kill(&mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.last_words()
    }

    /// Lets it stop by itself.
    pub(super) fn stop(&mut self) -> Vec<String> {
        drop(self.stdin.take());
        self.last_words()
    }

    fn last_words(&mut self) -> Vec<String> {
        let said = std::iter::from_fn(|| self.answer()).collect();
        self.child.wait().unwrap();
        said
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn tell(text: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{MARK}{text}").unwrap();
    out.flush().unwrap();
}

#[test]
#[ignore = "is a process that another test starts"]
fn another_process() {
    let data_dir = env::var_os(DIRECTORY).expect("only another test starts this");
    let data_dir = Path::new(&data_dir);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let many = PerLane {
            long: 100,
            short: 100,
        };
        let policy = Policy {
            running_per_owner: many,
            running_per_tenant: many,
            ..Policy::default()
        };
        let queue = QueueExecutor::open(QueueOptions::new(data_dir).with_policy(policy))
            .await
            .unwrap();
        if env::var(ROLE).unwrap() == "worker" {
            work(data_dir, &queue).await;
        } else {
            serve(&queue).await;
        }
    });
}

async fn work(data_dir: &Path, queue: &QueueExecutor) {
    let local = LocalOptions::new(data_dir).with_max_concurrent_jobs(100);
    let local = Arc::new(LocalExecutor::open(local).unwrap());
    let options = WorkerOptions::default()
        .with_slots(PerLane { long: 6, short: 6 })
        .with_ended(Arc::new(|job| tell(&format!("ended {}", job.id))));
    let worker = Worker::new(queue, local, options);
    tell(&worker.id().to_string());
    let drain = CancellationToken::new();
    let stop = drain.clone();
    tokio::task::spawn_blocking(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        stop.cancel();
    });
    worker.run(drain).await.unwrap();
}

async fn serve(queue: &QueueExecutor) {
    tell("api");
    let (sender, mut lines) = tokio::sync::mpsc::unbounded_channel();
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    while let Some(line) = lines.recv().await {
        let (verb, rest) = line.split_once(' ').unwrap();
        if verb == "cancel" {
            let job = queue.cancel_job(rest.parse().unwrap()).await.unwrap();
            tell(&format!("cancelled {}", job.id));
        } else {
            let (id, parameters): (JobId, serde_json::Value) = serde_json::from_str(rest).unwrap();
            let operation = Operation::from_parts("rehearsal", parameters).unwrap();
            let job = queue
                .submit_job(JobRequest::new(operation).with_id(id))
                .await
                .unwrap();
            tell(&format!("accepted {}", job.id));
        }
    }
}
