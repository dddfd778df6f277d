//! A small tenant, the executor that scans it, and what the graph says of it.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use atg_azure::{
    RetryPolicy,
    budget::Budget,
    clock::Clock,
    cloud::{Cloud, discover},
    credential::{Chain, CredentialSettings, TokenSource},
    transport::Transport,
    wire::Wire,
};
use atg_azure_sim::{Config, Pages, Principal, Simulator, Source};
use atg_executor_local::{LocalExecutor, LocalOptions};
use atg_sdk::{
    Error, Executor as _, ExecutorExt as _, Job, JobId, JobRequest, Operation, Output, Result,
    model::operations::{query, scan},
};
use bytes::Bytes;
use futures::TryStreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    check::Unit,
    clock::Eager,
    tenant::{self, TENANT},
    wire::InProcess,
};

/// What [`scan()`] gives.
#[derive(Debug, Clone)]
pub struct Scanned {
    /// Its job.
    pub job: JobId,
    /// What it says of itself.
    pub output: scan::Output,
    /// What it says of each unit.
    pub units: Vec<Unit>,
    /// Whether it went on behind what an earlier attempt had read.
    pub went_on: bool,
}

/// A simulated tenant and time.
#[derive(Debug)]
pub struct Stage {
    /// The tenant.
    pub simulator: Arc<Simulator>,
    /// Its clock.
    pub clock: Arc<Eager>,
    /// The way to it.
    pub wire: Arc<InProcess>,
    /// Its hosts, asked for once: a process that is begun again while everything goes wrong is set up like the first.
    cloud: OnceCell<Cloud>,
}

#[derive(Deserialize)]
struct Manifest {
    units: Vec<Unit>,
}

#[derive(Deserialize)]
struct Report {
    warnings: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// A setting that is there though nobody wrote it, as far as it is listed at all.
    #[serde(default)]
    default: bool,
}

impl Stage {
    /// The small tenant, with nothing wrong yet.
    ///
    /// # Errors
    /// Those of the simulator, in words.
    pub fn new() -> Result<Self> {
        Self::of(Source::Lines(tenant::lines()), InProcess::new)
    }

    /// The same, asked by somebody who takes a refusal for an empty list.
    ///
    /// # Errors
    /// Those of the simulator, in words.
    pub fn careless() -> Result<Self> {
        Self::of(Source::Lines(tenant::lines()), InProcess::careless)
    }

    /// Another tenant.
    ///
    /// # Errors
    /// Those of the simulator, in words.
    pub fn of(source: Source, wire: impl FnOnce(Arc<Simulator>, Arc<Eager>) -> InProcess) -> Result<Self> {
        let started = "2026-01-01T00:00:00Z"
            .parse()
            .map_err(|_| Error::internal("read a time"))?;
        let clock = Arc::new(Eager::new(started));
        let mut config = Config::new(source);
        config.tenant_id = Some(TENANT.to_owned());
        config.clock = Arc::clone(&clock) as _;
        // So that even a small tenant has pages.
        config.pages = Pages {
            arm: 3,
            resource_graph: 5,
            graph: 2,
            vault: 2,
        };
        let simulator = Simulator::in_process(config).map_err(Error::internal)?;
        let simulator = Arc::new(simulator);
        Ok(Self {
            wire: Arc::new(wire(Arc::clone(&simulator), Arc::clone(&clock))),
            simulator,
            clock,
            cloud: OnceCell::new(),
        })
    }

    /// What calls the tenant.
    ///
    /// # Errors
    /// When the simulator does not say which hosts it has.
    pub async fn transport(&self) -> Result<Transport> {
        let wire: Arc<dyn Wire> = Arc::clone(&self.wire) as _;
        let clock: Arc<dyn Clock> = Arc::clone(&self.clock) as _;
        let hosts = async {
            let endpoint = Simulator::IN_PROCESS
                .parse()
                .map_err(|_| Error::internal("read an address"))?;
            discover(&endpoint, &*wire).await
        };
        let cloud = self.cloud.get_or_try_init(|| hosts).await?.clone();
        let mut settings = CredentialSettings::from_variables(|name| match name {
            "AZURE_TENANT_ID" => Some(TENANT.into()),
            "AZURE_CLIENT_ID" => Some(Principal::CLIENT_ID.into()),
            "AZURE_CLIENT_SECRET" => Some(Principal::SECRET.into()),
            _ => None,
        });
        settings.managed.arc_agent = Some("/nowhere".into());
        let chain = Chain::new(&settings, &cloud, &wire, &wire, &clock);
        let tokens = Arc::new(TokenSource::new(chain, Arc::clone(&clock)));
        let budget = Budget::in_memory(Arc::clone(&clock));
        let transport = Transport::new(cloud, wire, tokens, budget, clock);
        Ok(transport.with_retry(RetryPolicy::default()))
    }

    /// An executor that keeps everything in that directory.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn executor(&self, directory: &Path) -> Result<LocalExecutor> {
        let options = LocalOptions::new(directory)
            .with_retry_delay(Duration::ZERO)
            .with_transport(self.transport().await?);
        LocalExecutor::open(options)
    }

    /// Everything there is, a JSON value each.
    pub async fn rows(&self) -> Vec<Value> {
        let text = self.control("/_sim/truth").await;
        let lines = text.split(|byte| *byte == b'\n');
        let lines = lines.filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        lines
            .filter(|line| !line.default && line.kind != "secret")
            .map(|Line { id, kind, .. }| match kind.starts_with('#') {
                true => json!({"id": id, "@odata.type": kind}),
                false => json!({"id": id, "type": kind}),
            })
            .collect()
    }

    async fn control(&self, path: &str) -> Bytes {
        let request = http::Request::builder()
            .uri(format!("{}{path}", Simulator::IN_PROCESS))
            .body(Bytes::new());
        match request {
            Ok(request) => match self.simulator.answer(request).await {
                Some(answer) => answer.into_body(),
                None => Bytes::new(),
            },
            Err(_) => Bytes::new(),
        }
    }
}

/// Scans, and reads what the scan says.
///
/// # Errors
/// When the job fails.
pub async fn scan(executor: &LocalExecutor, request: JobRequest) -> Result<Scanned> {
    let job = executor.run(request).await?;
    read(executor, job).await
}

/// What a scan left.
async fn read(executor: &LocalExecutor, job: Job) -> Result<Scanned> {
    let manifest: Manifest = artifact(executor, job.id, "manifest.json").await?;
    let report: Report = artifact(executor, job.id, "report.json").await?;
    let Job {
        id,
        output: Some(Output::Scan(output)),
        ..
    } = job
    else {
        return Err(Error::internal("find the output of a scan"));
    };
    Ok(Scanned {
        job: id,
        output,
        units: manifest.units,
        went_on: report
            .warnings
            .iter()
            .any(|words| words.contains("goes on behind")),
    })
}

async fn artifact<T: for<'a> Deserialize<'a>>(executor: &LocalExecutor, job: JobId, name: &str) -> Result<T> {
    let stream = executor.read_artifact(job, name, None).await?;
    let bytes: Vec<Bytes> = stream.bytes.try_collect().await?;
    serde_json::from_slice(&bytes.concat())
        .map_err(|error| Error::internal(format!("read {name}")).with_source(error))
}

/// The IDs of everything in the graph that stands for something in Azure, in lower case.
///
/// # Errors
/// When the graph cannot be asked.
pub async fn ids(executor: &LocalExecutor) -> Result<BTreeSet<String>> {
    const QUERY: &str = "MATCH (n) WHERE NOT (n:External OR n:Tag OR n:Region OR n:Scan) RETURN n.id AS id";
    let parameters = query::Parameters {
        query: QUERY.to_owned(),
        row_limit: 100_000,
        ..query::Parameters::default()
    };
    let job = executor
        .run(JobRequest::new(Operation::Query(parameters)))
        .await?;
    let stream = executor.read_artifact(job.id, "rows.jsonl", None).await?;
    let bytes: Vec<Bytes> = stream.bytes.try_collect().await?;
    #[derive(Deserialize)]
    struct Row {
        id: String,
    }
    let bytes = bytes.concat();
    let rows = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    rows.map(|line| {
        let row: Row = serde_json::from_slice(line)
            .map_err(|error| Error::internal("read what the graph holds").with_source(error))?;
        Ok(row.id.to_lowercase())
    })
    .collect()
}
