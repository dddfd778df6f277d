//! Brings resources with properties and references into a graph in Neo4j and measures each step: `examples/bench/neo4j/run.sh`
//! runs it beside others on one server, with the same rows.

mod rows;

use std::{
    error::Error,
    path::PathBuf,
    process::ExitCode,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use atg_executor_local::{
    Observer,
    graph::{
        Change, ChangeSink, Described, GraphStore, NodeClass, Query, Removal, RowSink, ScanCounts, ScanEnd,
        ScanStart,
        neo4j::{Address, Neo4jStore, Options},
    },
};
use atg_sdk::{Result as SdkResult, azure::TenantId};
use tokio_util::sync::CancellationToken;

use self::rows::{TENANT, resources};

const USAGE: &str = "usage: atg-neo4j URI [--rows N] [--hierarchy] [--tenants N] [--dump FILE]";

/// How many descriptions are handed over at a time, as a scan does.
const BATCH: usize = 1_000;

struct Arguments {
    uri: String,
    rows: usize,
    hierarchy: bool,
    tenants: usize,
    dump: Option<PathBuf>,
}

#[expect(clippy::print_stderr, reason = "a binary's words for people")]
fn main() -> ExitCode {
    let arguments = match parse() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let done = runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to measure: {error}");
            ExitCode::FAILURE
        }
    }
}

fn parse() -> Result<Arguments, String> {
    let mut given = std::env::args().skip(1);
    let mut arguments = Arguments {
        uri: given.next().ok_or("no server")?,
        rows: 100_000,
        hierarchy: false,
        tenants: 1,
        dump: None,
    };
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("{flag} needs a value"));
        let number = |text: String| text.parse().map_err(|_| format!("{text} is no number"));
        match flag.as_str() {
            "--rows" => arguments.rows = number(value()?)?,
            "--tenants" => arguments.tenants = number(value()?)?,
            "--hierarchy" => arguments.hierarchy = true,
            "--dump" => arguments.dump = Some(value()?.into()),
            other => return Err(format!("{other} is no option")),
        }
    }
    Ok(arguments)
}

async fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    if let Some(path) = &arguments.dump {
        rows::dump(path, arguments.rows)?;
        return Ok(());
    }
    let scratch = tempfile::tempdir()?;
    let slowest = Arc::new(Mutex::new(Duration::ZERO));
    let mut options = Options::new(Address::parse(&arguments.uri)?, scratch.path());
    options.writes = Some(Observer::new({
        let slowest = Arc::clone(&slowest);
        move |took| {
            if let Ok(mut slowest) = slowest.lock() {
                *slowest = took.max(*slowest);
            }
        }
    }));
    let store = Neo4jStore::new(options)?;
    if arguments.tenants > 1 {
        return several(&store, arguments).await;
    }
    let tenant: TenantId = TENANT.parse()?;
    let rows = arguments.rows;
    let nodes = resources(tenant, rows, arguments.hierarchy, 0);
    let first = scan(&store, tenant, "first", nodes, Vec::new()).await?;
    figure("load", &first, rows);
    let again = scan(
        &store,
        tenant,
        "again",
        resources(tenant, rows, arguments.hierarchy, 0),
        Vec::new(),
    )
    .await?;
    figure("unchanged", &again, rows);
    let changed = scan(
        &store,
        tenant,
        "changed",
        resources(tenant, rows, arguments.hierarchy, 10),
        Vec::new(),
    )
    .await?;
    figure("10 % changed", &changed, rows);
    queries(&store, rows).await?;
    let mut fewer = resources(tenant, rows, arguments.hierarchy, 10);
    fewer.truncate(fewer.len() - rows / 10);
    let everything = Removal {
        scope: "/".to_owned(),
        classes: vec![NodeClass::Hierarchy, NodeClass::Resource, NodeClass::Entra],
    };
    let removed = scan(&store, tenant, "removed", fewer, vec![everything]).await?;
    figure("10 % removed", &removed, rows);
    let began = Instant::now();
    let gone = store.forget(tenant).await?;
    say(&format!(
        "forgotten: {} nodes and {} edges in {:.2} s",
        gone.nodes,
        gone.edges,
        began.elapsed().as_secs_f64()
    ));
    let slowest = slowest.lock().map(|slowest| *slowest).unwrap_or_default();
    say(&format!("slowest transaction: {} ms", slowest.as_millis()));
    if let Some(peak) = atg_bench::peak_bytes() {
        say(&format!("most memory of ours: {} MB", peak >> 20));
    }
    Ok(())
}

struct Timed {
    nodes: Duration,
    whole: Duration,
    counts: ScanCounts,
}

async fn scan(
    store: &dyn GraphStore,
    tenant: TenantId,
    name: &str,
    nodes: Vec<Described>,
    removals: Vec<Removal>,
) -> Result<Timed, Box<dyn Error>> {
    let began = Instant::now();
    let start = ScanStart {
        tenant,
        holder: "the bench".to_owned(),
        scan_id: format!("bench-{name}"),
        no_wait: true,
        rebuild_edges: false,
        checkpoints: None,
        cancel: CancellationToken::new(),
        changes: Box::new(Untold),
    };
    let mut writer = store.begin_scan(start).await?;
    let mut nodes = nodes.into_iter();
    loop {
        let batch: Vec<_> = nodes.by_ref().take(BATCH).collect();
        if batch.is_empty() {
            break;
        }
        writer.write(batch).await?;
    }
    // It waits for what was written.
    writer.unseen(&[]).await?;
    let written = began.elapsed();
    let end = ScanEnd {
        removals,
        complete: true,
        ..ScanEnd::default()
    };
    let counts = writer.finish(end).await?;
    Ok(Timed {
        nodes: written,
        whole: began.elapsed(),
        counts,
    })
}

/// Scans of several tenants at once.
async fn several(store: &Neo4jStore, arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let began = Instant::now();
    let mut scans = Vec::new();
    for number in 0..arguments.tenants {
        let store = store.clone();
        let (rows, hierarchy) = (arguments.rows, arguments.hierarchy);
        scans.push(tokio::spawn(async move {
            let tenant: TenantId = format!("{number:08}-0000-4000-8000-000000000000")
                .parse()
                .map_err(|error: atg_sdk::Error| error.to_string())?;
            let nodes = resources(tenant, rows, hierarchy, 0);
            let timed = scan(&store, tenant, "several", nodes, Vec::new())
                .await
                .map_err(|error| error.to_string())?;
            store.forget(tenant).await.map_err(|error| error.to_string())?;
            Ok::<_, String>(timed)
        }));
    }
    for scan in scans {
        let timed = scan.await??;
        figure("one of several", &timed, arguments.rows);
    }
    say(&format!(
        "{} tenants at once, loaded and forgotten: {:.2} s",
        arguments.tenants,
        began.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// What people ask, with parameters that differ each time.
const QUERIES: [(&str, &str); 6] = [
    ("a node by its ID", "MATCH (r:Resource {id: $id}) RETURN r"),
    (
        "its neighbours",
        "MATCH (r:Resource {id: $id})-[e]-(other) RETURN type(e), other.id",
    ),
    (
        "two steps away",
        "MATCH (r:Resource {id: $id})-[*1..2]->(other) RETURN count(DISTINCT other)",
    ),
    ("how many of a kind", "MATCH (v:VirtualMachine) RETURN count(*)"),
    (
        "by a property",
        "MATCH (v:VirtualMachine) WHERE v.location = 'westeurope' RETURN count(*)",
    ),
    (
        "most referred to",
        "MATCH (r:Resource)<-[:REFERENCES]-(x) RETURN r.id, count(x) AS n ORDER BY n DESC, r.id LIMIT 10",
    ),
];

async fn queries(store: &dyn GraphStore, rows: usize) -> Result<(), Box<dyn Error>> {
    for bound in [false, true] {
        for (name, text) in QUERIES {
            let mut times = Vec::new();
            for turn in 0..15_usize {
                let mut parameters = serde_json::Map::new();
                parameters.insert("id".to_owned(), rows::id((turn * 7919) % rows).into());
                let query = Query {
                    text: text.to_owned(),
                    parameters,
                    tenants: if bound { Some(vec![TENANT.parse()?]) } else { None },
                    row_limit: 10_000,
                    byte_limit: 64 << 20,
                    timeout: Duration::from_secs(60),
                    cancel: CancellationToken::new(),
                };
                let began = Instant::now();
                store.query(query, Box::new(Unread)).await?;
                times.push(began.elapsed());
            }
            times.sort_unstable();
            say(&format!(
                "query, {}{name}: median {:.1} ms, slowest {:.1} ms",
                if bound { "bound to the tenant, " } else { "" },
                times[times.len() / 2].as_secs_f64() * 1_000.0,
                times[times.len() - 1].as_secs_f64() * 1_000.0,
            ));
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures are shown with a few digits")]
fn figure(name: &str, timed: &Timed, rows: usize) {
    let edges = (timed.whole - timed.nodes).as_secs_f64();
    say(&format!(
        "{name}: {:.2} s; nodes {:.2} s, {:.0}/s; the rest {edges:.2} s; edges now {}, added {}, removed {}; nodes now {}, \
         added {}, changed {}, removed {}, external {}",
        timed.whole.as_secs_f64(),
        timed.nodes.as_secs_f64(),
        rows as f64 / timed.nodes.as_secs_f64(),
        timed.counts.edges,
        timed.counts.edges_added,
        timed.counts.edges_removed,
        timed.counts.nodes,
        timed.counts.added,
        timed.counts.changed,
        timed.counts.removed,
        timed.counts.external,
    ));
}

#[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
fn say(line: &str) {
    println!("{line}");
}

struct Untold;

impl ChangeSink for Untold {
    fn record(&mut self, _change: &Change) -> SdkResult<()> {
        Ok(())
    }

    fn external(&mut self, _id: &str) -> SdkResult<()> {
        Ok(())
    }
}

struct Unread;

impl RowSink for Unread {
    fn columns(&mut self, _columns: &[String]) -> SdkResult<()> {
        Ok(())
    }

    fn row(&mut self, _row: Vec<serde_json::Value>) -> SdkResult<()> {
        Ok(())
    }
}
