//! Files that earlier versions wrote, kept as text: every later version reads them.
//!
//! `ATG_UPDATE_GOLDEN=1` writes the file of the current version again, which is right only while no release has it.

use std::{env, fs, path::PathBuf, sync::Arc};

use atg_sdk::{
    Error, ErrorKind, EventKind, FormerJob, JobFilter, JobId, JobLog, JobRequest, JobStatus, Operation,
    Owner, azure::TenantId, model::operations::scan,
};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use uuid::Uuid;

use super::{
    super::super::{JobQueue as _, JobStore as _, Lane, ManualClock, Policy, WorkerId},
    EmbeddedQueue, File,
};

/// One job in each of these states, under the id of that number.
const PENDING: u128 = 1;
const RUNNING: u128 = 2;
const COMPLETED: u128 = 3;
const DEAD: u128 = 4;
const DELETED: u128 = 5;

fn id(number: u128) -> JobId {
    JobId::from_uuid(Uuid::from_u128(number))
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::new(Timestamp::from_second(1_800_000_000).unwrap()))
}

/// The version that this build writes.
const CURRENT: u32 = 2;

fn golden(version: u32) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/queue/embedded/tests");
    PathBuf::from(folder).join(format!("v{version}.sql"))
}

fn open(file: &File, clock: Arc<ManualClock>) -> EmbeddedQueue {
    let policy = Policy {
        max_attempts: 1,
        ..Policy::default()
    };
    EmbeddedQueue::open(&file.path(), policy, clock).unwrap()
}

/// Fills a queue with everything that a table can hold.
async fn fill(queue: &EmbeddedQueue) {
    let worker = WorkerId(Uuid::from_u128(99));
    let submit = async |number| {
        let request = JobRequest::new(Operation::Scan(scan::Parameters {
            tenant_id: Some(TenantId::new(Uuid::from_u128(7))),
            ..scan::Parameters::default()
        }));
        let request = request.with_id(id(number)).with_owner(Owner::new("somebody"));
        queue.submit(request, 0).await.unwrap();
    };
    let claim = async || {
        queue
            .claim(worker, Lane::Long, Operation::NAMES)
            .await
            .unwrap()
            .unwrap()
            .lease
    };
    let completed = || EventKind::Completed {
        output: Box::new(atg_sdk::Output::Scan(scan::Output::default())),
        completeness: atg_sdk::Completeness::Complete,
        artifacts: Vec::new(),
    };
    for number in [COMPLETED, DELETED] {
        submit(number).await;
        queue.append(claim().await, vec![completed()]).await.unwrap();
    }
    queue.delete(id(DELETED)).await.unwrap();
    submit(DEAD).await;
    let outage = Error::new(ErrorKind::Unavailable, "reach Azure");
    queue.fail(claim().await, outage).await.unwrap();
    submit(RUNNING).await;
    claim().await;
    submit(PENDING).await;
}

/// The whole database as statements.
fn dump(connection: &Connection) -> String {
    let list = |sql: &str| -> Vec<String> {
        let mut select = connection.prepare(sql).unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let mut text = String::new();
    for sql in list(
        "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY rowid",
    ) {
        text.push_str(&format!("{sql};\n"));
    }
    let tables =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    for table in list(tables) {
        let columns = list(&format!(
            "SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"
        ));
        let values = columns.join(" || ', ' || ");
        for row in list(&format!("SELECT {values} FROM {table}")) {
            text.push_str(&format!("INSERT INTO {table} VALUES ({row});\n"));
        }
    }
    for pragma in ["application_id", "user_version"] {
        let value: i64 = connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .unwrap();
        text.push_str(&format!("PRAGMA {pragma} = {value};\n"));
    }
    text
}

/// The tables as they are made, without what is in them.
fn tables(text: &str) -> String {
    let end = text.find("INSERT INTO").unwrap();
    text[..end].to_owned()
}

#[tokio::test]
async fn the_tables_of_a_version_are_never_edited() {
    let file = File::new();
    let queue = open(&file, clock());
    fill(&queue).await;
    let text = dump(&queue.shared.database.connect().unwrap());
    if env::var_os("ATG_UPDATE_GOLDEN").is_some() {
        fs::write(golden(CURRENT), &text).unwrap();
    }
    let kept = fs::read_to_string(golden(CURRENT)).unwrap();
    assert_eq!(
        tables(&text),
        tables(&kept),
        "make the next version instead, which migrates this one"
    );
}

/// A file as that version left it.
fn file_of(version: u32) -> File {
    let file = File::new();
    let made = Connection::open(file.path()).unwrap();
    made.pragma_update(None, "journal_mode", "WAL").unwrap();
    made.execute_batch(&fs::read_to_string(golden(version)).unwrap())
        .unwrap();
    file
}

#[tokio::test]
async fn an_older_file_becomes_what_a_new_one_is() {
    let (old, new) = (file_of(1), File::new());
    let schema = |queue: &EmbeddedQueue| -> Vec<String> {
        let connection = queue.shared.database.connect().unwrap();
        let mut select = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let rows = select.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let (opened, made) = (open(&old, clock()), open(&new, clock()));
    assert_eq!(schema(&opened), schema(&made));
    // What version 1 deleted belongs to nobody, what this one deletes to its owner.
    let gone = async |number| {
        let request = JobRequest::new(Operation::SelfTest(Default::default()));
        opened.submit(request.with_id(id(number)), 0).await.unwrap_err()
    };
    let forgotten = gone(DELETED).await;
    assert_eq!(forgotten.kind(), ErrorKind::Gone);
    assert_eq!(FormerJob::of(&forgotten), None);
    opened.delete(id(COMPLETED)).await.unwrap();
    let former = FormerJob {
        owner: Owner::new("somebody"),
        tenant_id: Some(TenantId::new(Uuid::from_u128(7))),
    };
    assert_eq!(FormerJob::of(&gone(COMPLETED).await), Some(&former));
}

/// Two processes start with the same old file.
#[tokio::test]
async fn an_older_file_is_migrated_once() {
    let file = file_of(1);
    let path = file.path();
    std::thread::scope(|scope| {
        let opened: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| EmbeddedQueue::open(&path, Policy::default(), clock()).map(drop)))
            .collect();
        for opened in opened {
            opened.join().unwrap().unwrap();
        }
    });
}

#[tokio::test]
async fn a_file_of_any_version_goes_on_where_it_was() {
    for version in 1..=CURRENT {
        goes_on(file_of(version)).await;
    }
}

async fn goes_on(file: File) {
    let clock = clock();
    let queue = open(&file, Arc::clone(&clock));
    let states = [
        (PENDING, JobStatus::Pending),
        (RUNNING, JobStatus::Running),
        (COMPLETED, JobStatus::Completed),
        (DEAD, JobStatus::Failed),
    ];
    for (number, status) in states {
        let job = queue.get(id(number)).await.unwrap();
        assert_eq!(job.status, status);
        let log = queue.events(id(number), 0).await.unwrap().events;
        let made = JobLog::replay(id(number), &log).unwrap().into_job();
        assert_eq!(
            (made.parameters, made.owner, made.output),
            (job.parameters, job.owner, job.output)
        );
    }
    assert_eq!(queue.list(JobFilter::default(), 10).await.unwrap().len(), 4);
    assert_eq!(
        queue.get(id(DELETED)).await.unwrap_err().kind(),
        ErrorKind::NotFound
    );
    assert_eq!(queue.dead_letters(10).await.unwrap()[0].job.id, id(DEAD));
    let worker = WorkerId::new();
    let claim = queue
        .claim(worker, Lane::Long, Operation::NAMES)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((claim.lease.job, claim.lease.attempt), (id(PENDING), 1));
    clock.advance(SignedDuration::from_secs(11));
    queue.renew(worker, vec![claim.lease]).await.unwrap();
    assert_eq!(queue.reclaim().await.unwrap(), [id(RUNNING)]);
}
