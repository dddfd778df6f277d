//! One process of the service: this test binary, started once more. It speaks in lines, and ends when its input does.

use std::{
    env,
    fs::{self, File},
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
    thread,
};

use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{Executor, JobId, JobRequest, Operation};
use atg_server::{
    QueueExecutor,
    queue::PerLane,
    worker::{Worker, WorkerOptions},
};
use futures::future;
use tokio_util::sync::CancellationToken;

use super::{memory::InMemory, place::open};

const DIRECTORY: &str = "ATG_TEST_CHAOS_DIRECTORY";
const ROLE: &str = "ATG_TEST_CHAOS_ROLE";
const REDIS: &str = "ATG_TEST_CHAOS_REDIS";
const IN_MEMORY: &str = "ATG_TEST_CHAOS_IN_MEMORY";
/// Lets a process believe in another time; part of the package `faketime`.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";
/// Libtest writes on the same stream; ours are known by their beginning.
const MARK: &str = "chaos: ";

/// What a process is told.
pub(super) struct Setup {
    pub(super) data_dir: PathBuf,
    pub(super) redis: Option<String>,
    pub(super) role: &'static str,
    pub(super) in_memory: bool,
    pub(super) number: usize,
    /// The network that it is alone in.
    pub(super) network: Option<PathBuf>,
}

/// Whether processes can be made to believe in a wrong time here.
pub(super) fn clocks_can_be_wrong() -> bool {
    Path::new(FAKETIME).exists()
}

pub(super) struct Process {
    child: Child,
    stdin: Option<ChildStdin>,
    /// Read by a thread all the time: who is not listened to stands still as soon as the pipe is full.
    said: Receiver<String>,
    /// Under which a worker holds leases.
    pub(super) name: String,
    /// What it says to people.
    log: PathBuf,
}

impl Process {
    pub(super) fn start(setup: &Setup) -> Self {
        let own = env::current_exe().unwrap();
        let other = env::var_os("ATG_CHAOS_OTHER").map(PathBuf::from);
        let program = other.filter(|_| setup.number.is_multiple_of(2)).unwrap_or(own);
        let mut command = match &setup.network {
            None => Command::new(program),
            Some(network) => {
                let mut command = Command::new("nsenter");
                command.arg(format!("--net={}", network.display())).arg(program);
                command
            }
        };
        let log = setup
            .data_dir
            .join(format!("{}-{}.log", setup.role, setup.number));
        command
            .args([
                "--exact",
                "chaos::process::another_process",
                "--ignored",
                "--nocapture",
            ])
            .env(DIRECTORY, &setup.data_dir)
            .env(ROLE, setup.role)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap());
        if let Some(url) = &setup.redis {
            command.env(REDIS, url);
            if Path::new(FAKETIME).exists() {
                let skew = ["+30s", "-30s", "+0s"][setup.number % 3];
                command
                    .env("LD_PRELOAD", FAKETIME)
                    .env("FAKETIME", skew)
                    .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
            }
        }
        if setup.in_memory {
            command.env(IN_MEMORY, "1");
        }
        let mut child = command.spawn().unwrap();
        let mut process = Self {
            stdin: child.stdin.take(),
            said: listen(child.stdout.take().unwrap()),
            child,
            name: String::new(),
            log,
        };
        process.name = process.answer_alive();
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
        self.said.recv().ok()
    }

    /// What it says next, of one that nobody has killed.
    pub(super) fn answer_alive(&mut self) -> String {
        self.answer().unwrap_or_else(|| {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            panic!("a process ended by itself: {log}")
        })
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

/// What a process says of itself, line by line until its end.
fn listen(stdout: ChildStdout) -> Receiver<String> {
    let (sender, said) = channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some((_, said)) = line.split_once(MARK)
                && sender.send(said.to_owned()).is_err()
            {
                return;
            }
        }
    });
    said
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
        let queue = open(data_dir, env::var(REDIS).ok().as_deref()).await;
        if env::var(ROLE).unwrap() == "worker" {
            work(data_dir, &queue).await;
        } else {
            serve(&queue).await;
        }
    });
}

async fn work(data_dir: &Path, queue: &QueueExecutor) {
    let in_memory = env::var_os(IN_MEMORY).is_some();
    let executor: Arc<dyn Executor> = if in_memory {
        Arc::new(InMemory::default())
    } else {
        let local = LocalOptions::new(data_dir).with_max_concurrent_jobs(100);
        Arc::new(LocalExecutor::open(local).unwrap())
    };
    let slots = if in_memory { 100 } else { 6 };
    let options = WorkerOptions::default()
        .with_slots(PerLane {
            long: slots,
            short: slots,
        })
        .with_ended(Arc::new(|job| tell(&format!("ended {}", job.id))));
    let worker = Worker::new(queue, executor, options);
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
            match queue.cancel_job(rest.parse().unwrap()).await {
                Ok(job) => tell(&format!("cancelled {}", job.id)),
                Err(error) => again(&error),
            }
        } else {
            let requests: Vec<(JobId, serde_json::Value)> = serde_json::from_str(rest).unwrap();
            let submitted = requests.into_iter().map(|(id, parameters)| {
                let operation = Operation::from_parts("rehearsal", parameters).unwrap();
                queue.submit_job(JobRequest::new(operation).with_id(id))
            });
            match future::try_join_all(submitted).await {
                Ok(jobs) => tell(&format!("accepted {}", jobs.len())),
                Err(error) => again(&error),
            }
        }
    }
}

/// What cannot be done now is asked for again, as a client would; anything else is a defect.
fn again(error: &atg_sdk::Error) {
    assert!(error.is_retryable(), "{error}");
    tell("again");
}
