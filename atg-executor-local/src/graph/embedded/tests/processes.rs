//! Several processes on one file, and those that die.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use atg_sdk::{ErrorKind, azure::TenantId};
use tokio_util::sync::CancellationToken;

use super::{chain, every_row, make};
use crate::graph::{
    GraphStore, ScanStart,
    embedded::EmbeddedStore,
    suite::fixture::{Changes, Graph},
};

/// What the child process reads: the graph's file, the tenant, and what to do.
const FILE: &str = "ATG_TEST_GRAPH";
const TENANT: &str = "ATG_TEST_TENANT";
const LENGTH: usize = 60;

/// Not a test of its own: the other process of the tests below. Says a line for every batch.
#[test]
#[ignore = "is started by the tests of several processes"]
fn other_process() {
    let file = env::var_os(FILE).unwrap();
    let tenant: TenantId = env::var(TENANT).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = EmbeddedStore::open(file, every_row()).unwrap();
        let graph = Graph {
            store: &store,
            tenant,
        };
        let start = ScanStart {
            holder: "the other process".to_owned(),
            cancel: CancellationToken::new(),
            ..graph.start(&Changes::default())
        };
        let mut writer = store.begin_scan(start).await.unwrap();
        say("begun");
        for batch in chain(&graph, LENGTH, 1).chunks(10) {
            writer.write(batch.to_vec()).await.unwrap();
            say("written");
        }
        // Goes on when the parent closes the pipe.
        std::io::stdin().read_line(&mut String::new()).unwrap();
        say("finishing");
        writer.finish(Graph::complete()).await.unwrap();
        say("finished");
    });
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nchild: {word}").unwrap();
    out.flush().unwrap();
}

fn start(file: &Path, tenant: TenantId, limit: Option<&str>) -> Child {
    let program = env::current_exe().unwrap();
    let test = concat!(module_path!(), "::other_process");
    let test = test.split_once("::").unwrap().1;
    let mut command = match limit {
        None => Command::new(program),
        Some(limit) => {
            let mut shell = Command::new("sh");
            shell
                .arg("-c")
                .arg(format!("{limit} exec \"$0\" \"$@\""))
                .arg(program);
            shell
        }
    };
    command
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(TENANT, tenant.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Reads until the child has said a word that often.
fn wait_for(child: &mut Child, word: &str, times: usize) {
    let out = child.stdout.as_mut().unwrap();
    let mut heard = 0;
    for line in BufReader::with_capacity(1, out).lines() {
        if line.unwrap() == format!("child: {word}") {
            heard += 1;
            if heard == times {
                return;
            }
        }
    }
    panic!("the child said `{word}` {heard} times, not {times}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_the_next_scan_begins_at_once_and_gives_the_same_graph() {
    let undisturbed = make().await;
    let graph = Graph::new(undisturbed.store());
    graph.scan(chain(&graph, LENGTH, 1)).await;
    let expected = graph.export(false).await;
    for (word, times) in [
        ("begun", 1),
        ("written", 3),
        ("written", 9),
        ("finishing", 1),
        ("finished", 1),
    ] {
        let made = make().await;
        let mut child = start(made.store.path(), graph.tenant, None);
        if word.starts_with("finish") {
            drop(child.stdin.take());
        }
        wait_for(&mut child, word, times);
        child.kill().unwrap();
        child.wait().unwrap();
        let graph = Graph {
            store: made.store(),
            tenant: graph.tenant,
        };
        // It does not wait for the heartbeat to grow old: the lock of the dead is known to be free.
        graph.scan(chain(&graph, LENGTH, 1)).await;
        assert!(graph.export(false).await == expected, "killed when it had {word}");
        let files = std::fs::read_dir(made.directory.path()).unwrap();
        let left: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().contains("-writer-")),
            "nothing is left of the dead: {left:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_write_two_tenants_at_once_and_one_tenant_in_turn() {
    let made = make().await;
    let theirs = Graph::new(made.store());
    let ours = Graph::new(made.store());
    let mut child = start(made.store.path(), theirs.tenant, None);
    wait_for(&mut child, "written", 1);
    let error = made
        .store
        .begin_scan(theirs.start(&Changes::default()))
        .await
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(error.message().contains("the other process"), "{error}");
    ours.scan(chain(&ours, LENGTH, 1)).await;
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(theirs.edges().await, ours.edges().await);
}

/// A limit on the size of files stands in for a disk that is full: it needs no rights and no mount.
#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_told_and_what_was_written_stays_usable() {
    let made = make().await;
    let graph = Graph::new(made.store());
    let blocks = std::fs::metadata(made.store.path()).unwrap().len() / 512 + 8;
    let child = start(
        made.store.path(),
        graph.tenant,
        Some(&format!("trap '' XFSZ; ulimit -f {blocks};")),
    );
    let output = child.wait_with_output().unwrap();
    assert!(!output.status.success());
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("Unavailable") && told.contains("disk"), "{told}");
    let (counts, _) = graph.scan(chain(&graph, LENGTH, 1)).await;
    assert_eq!(counts.added + counts.unchanged, LENGTH as u64 + 3);
}
