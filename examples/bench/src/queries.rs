//! Questions that people ask a graph, and how long they wait.

use std::time::{Duration, Instant};

use atg_executor_local::LocalExecutor;
use atg_sdk::{ExecutorExt as _, JobRequest, Operation, Result, model::operations::query::Parameters};
use serde::{Deserialize, Serialize};

/// Name and text of each query.
pub const QUERIES: [(&str, &str); 10] = [
    (
        "count by type",
        "MATCH (n:Resource) RETURN n.type AS type, count(*) AS n ORDER BY n DESC LIMIT 10",
    ),
    (
        "one by name",
        "MATCH (n:VirtualMachine) WHERE n.name = 'vm-3' RETURN n.id LIMIT 1",
    ),
    (
        "one by id",
        "MATCH (n:ResourceGroup) WHERE n.id ENDS WITH '000000' RETURN n.id",
    ),
    (
        "scalar property",
        "MATCH (n:VirtualMachine) WHERE n.`hardwareProfile.vmSize` = 'Standard_B2ms' RETURN count(*) AS n",
    ),
    (
        "one hop",
        "MATCH (n:VirtualMachine)-[:CONNECTED_TO]->(i:NetworkInterface) RETURN n.name, i.name LIMIT 100",
    ),
    (
        "exposed to the Internet",
        "MATCH (p:PublicIPAddress)-[:EXPOSES]->(x) RETURN p.id, x.id LIMIT 100",
    ),
    (
        "three hops",
        "MATCH (v:VirtualMachine)-[:CONNECTED_TO]->(i)-[:USES_SUBNET]->(s)-[:SECURED_BY]->(g) RETURN v.name, g.name LIMIT 100",
    ),
    (
        "who has a role",
        "MATCH (u:User)-[r:HAS_ROLE]->(s) RETURN u.name, r.role, s.id LIMIT 100",
    ),
    (
        "group by tag",
        "MATCH (n)-[:TAGGED_WITH]->(t:Tag) RETURN t.name AS tag, count(*) AS n ORDER BY n DESC LIMIT 10",
    ),
    (
        "aggregate over a hop",
        "MATCH (n)-[:LOCATED_IN]->(r:Region) RETURN r.name AS region, count(*) AS n ORDER BY n DESC",
    ),
];

/// How often each is asked.
const TIMES: usize = 20;

/// How long a query took, as a job with its artifact: what a caller waits for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// From [`QUERIES`].
    pub name: String,
    /// Half of the runs took at most so many milliseconds.
    pub median_ms: f64,
    /// Nineteen of twenty took at most so many.
    pub p95_ms: f64,
    /// Why there are no times.
    pub refused: Option<String>,
}

/// Asks all queries one after the other.
pub(crate) async fn time_all(executor: &LocalExecutor) -> Vec<Timing> {
    let mut timings = Vec::new();
    for (name, text) in QUERIES {
        timings.push(match time(executor, text).await {
            Ok(mut runs) => {
                runs.sort_unstable();
                Timing {
                    name: name.to_owned(),
                    median_ms: milliseconds(runs[TIMES / 2]),
                    p95_ms: milliseconds(runs[TIMES * 19 / 20]),
                    refused: None,
                }
            }
            Err(error) => Timing {
                name: name.to_owned(),
                median_ms: 0.0,
                p95_ms: 0.0,
                refused: Some(error.to_string()),
            },
        });
    }
    timings
}

async fn time(executor: &LocalExecutor, text: &str) -> Result<Vec<Duration>> {
    let mut runs = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let operation = Operation::Query(Parameters {
            query: text.to_owned(),
            ..Parameters::default()
        });
        let started = Instant::now();
        executor.run(JobRequest::new(operation)).await?;
        runs.push(started.elapsed());
    }
    Ok(runs)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
