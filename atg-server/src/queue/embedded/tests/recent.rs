//! What is kept in memory is never older than what another process was told.

use std::{
    env,
    io::{BufRead as _, BufReader, Write as _},
    process::{Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use atg_sdk::{Counters, EventKind, Job, JobRequest, Operation, model::operations::scan};
use tokio::runtime::Runtime;

use super::{
    super::super::{JobQueue as _, JobStore as _, Lane, Policy, SystemClock, WorkerId},
    EmbeddedQueue, File, open,
};

const FILE: &str = "ATG_TEST_QUEUE_FILE";
const MARK: &str = "appended: ";
/// How many events the other process appends; each is looked for.
const STEPS: u32 = 2_000;

fn scan() -> JobRequest {
    JobRequest::new(Operation::Scan(scan::Parameters {
        tenant_id: Some("11111111-1111-4111-8111-111111111111".parse().unwrap()),
        ..scan::Parameters::default()
    }))
}

fn step(job: &Job) -> u64 {
    job.counters.resources
}

#[tokio::test]
async fn what_nobody_changed_is_answered_from_memory() {
    let file = File::new();
    let queue = open(&file).unwrap();
    let job = queue.submit(scan(), 0).await.unwrap();
    assert_eq!(queue.shared.recent(job.id), None, "nobody has asked yet");
    assert_eq!(queue.get(job.id).await.unwrap(), job);
    assert_eq!(queue.shared.recent(job.id), Some(job.clone()));
    // Of another job: the state of the file is another one, the job is not.
    queue.submit(scan(), 0).await.unwrap();
    assert_eq!(queue.shared.recent(job.id), Some(job.clone()));
    let cancelled = queue.cancel(job.id).await.unwrap();
    assert_eq!(queue.shared.recent(job.id), None, "it has changed");
    assert_eq!(queue.get(job.id).await.unwrap(), cancelled);
}

#[tokio::test]
async fn a_row_number_that_is_used_again_is_another_job() {
    let file = File::new();
    let queue = open(&file).unwrap();
    let first = queue.submit(scan(), 0).await.unwrap().id;
    queue.cancel(first).await.unwrap();
    queue.get(first).await.unwrap();
    // SQLite gives the highest number out again.
    assert!(queue.delete(first).await.unwrap());
    let second = queue.submit(scan(), 0).await.unwrap();
    assert_eq!(queue.shared.recent(first), None);
    assert_eq!(queue.get(second.id).await.unwrap(), second);
}

#[tokio::test]
async fn there_is_room_for_so_many() {
    let file = File::new();
    let queue = open(&file).unwrap();
    queue.shared.recent.lock().unwrap().half = 10;
    let asked = queue.submit(scan(), 0).await.unwrap();
    for _ in 0..100 {
        let job = queue.submit(scan(), 0).await.unwrap();
        queue.get(job.id).await.unwrap();
        queue.get(asked.id).await.unwrap();
    }
    let recent = queue.shared.recent.lock().unwrap();
    assert!((10..=20).contains(&recent.len()), "{} are kept", recent.len());
    drop(recent);
    assert_eq!(
        queue.shared.recent(asked.id),
        Some(asked),
        "it was asked for all the time"
    );
}

/// Another process appends and says so; whoever hears of it must find it, and meanwhile others ask without a pause.
#[test]
fn what_another_process_says_it_wrote_is_there() {
    let file = File::new();
    let queue = open(&file).unwrap();
    let runtime = Runtime::new().unwrap();
    let id = runtime.block_on(queue.submit(scan(), 0)).unwrap().id;
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "queue::embedded::tests::recent::another_process",
            "--ignored",
            "--nocapture",
        ])
        .env(FILE, file.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let done = AtomicBool::new(false);
    let from_memory = thread::scope(|scope| {
        let asking = scope.spawn(|| {
            let (mut last, mut from_memory) = (0, 0_u64);
            while !done.load(Ordering::Relaxed) {
                let job = match queue.shared.recent(id) {
                    Some(job) => {
                        from_memory += 1;
                        job
                    }
                    None => runtime.block_on(queue.get(id)).unwrap(),
                };
                assert!(step(&job) >= last, "{} came after {last}", step(&job));
                last = step(&job);
            }
            from_memory
        });
        let mut heard = 0;
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            let Some((_, number)) = line.split_once(MARK) else {
                continue;
            };
            heard = number.parse().unwrap();
            let job = runtime.block_on(queue.get(id)).unwrap();
            assert!(step(&job) >= heard, "{} although {heard} was said", step(&job));
        }
        done.store(true, Ordering::Relaxed);
        assert_eq!(heard, u64::from(STEPS), "the other process ended early");
        asking.join().unwrap()
    });
    assert!(child.wait().unwrap().success());
    assert!(
        from_memory > 0,
        "nothing was answered from memory, so nothing was tried"
    );
}

#[test]
#[ignore = "is a process that another test starts"]
fn another_process() {
    let file = env::var_os(FILE).expect("only another test starts this");
    let queue =
        EmbeddedQueue::open(file.as_ref(), Policy::default(), std::sync::Arc::new(SystemClock)).unwrap();
    Runtime::new().unwrap().block_on(async {
        let claim = queue.claim(WorkerId::new(), Lane::Long, Operation::NAMES).await;
        let lease = claim.unwrap().unwrap().lease;
        for number in 1..=STEPS {
            let progress = EventKind::Progress {
                progress: f64::from(number) / f64::from(STEPS),
                step: None,
                counters: Counters {
                    resources: number.into(),
                    ..Counters::default()
                },
            };
            queue.append(lease, vec![progress]).await.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "{MARK}{number}").unwrap();
            out.flush().unwrap();
        }
    });
}
