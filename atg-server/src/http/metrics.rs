//! What is measured, as Prometheus reads it. Labels are bounded: routes, methods and kinds, never ids.

use std::{
    borrow::Cow,
    collections::HashMap,
    fmt,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use atg_sdk::{Job, JobStatus};
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, Key, KeyName, Label, Level, Metadata, Recorder as _, SharedString, Unit};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// The measurements of one process. Not a global: two services in one process keep theirs apart.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    /// What was measured before, so that a call need not look it up by its labels.
    routes: RwLock<HashMap<Route, (Counter, Histogram)>>,
}

/// A route, a method and a status.
type Route = (Cow<'static, str>, &'static str, u16);

/// How often single durations are added up. Until then each takes room.
const ADD_UP: Duration = Duration::from_secs(5);

static METADATA: Metadata<'static> = Metadata::new("atg", Level::INFO, None);

const REQUESTS: &str = "atg_api_requests_total";
const REQUEST_SECONDS: &str = "atg_api_request_duration_seconds";
const QUEUE_DEPTH: &str = "atg_job_queue_depth";
const RUNNING: &str = "atg_jobs_running";
const JOB_SECONDS: &str = "atg_job_execution_duration_seconds";
const JOB_FAILURES: &str = "atg_job_failures_total";
const AZURE_REQUESTS: &str = "atg_azure_requests_total";
const AZURE_THROTTLED: &str = "atg_azure_throttled_total";
const GRAPH_WRITE_SECONDS: &str = "atg_graph_write_duration_seconds";

const FAST: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
const SLOW: [f64; 9] = [0.1, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 14400.0];

impl Metrics {
    /// Fresh ones, all at zero.
    #[must_use]
    pub fn new() -> Self {
        let builder = PrometheusBuilder::new();
        // Both lists are constant and not empty, which is all that can be refused.
        let recorder = builder
            .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.to_owned()), &FAST)
            .and_then(|builder| builder.set_buckets_for_metric(Matcher::Full(JOB_SECONDS.to_owned()), &SLOW))
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Full(GRAPH_WRITE_SECONDS.to_owned()), &FAST)
            })
            .unwrap_or_default()
            .build_recorder();
        let count = |name: &'static str, help: &'static str| {
            recorder.describe_counter(KeyName::from_const_str(name), None, SharedString::const_str(help));
        };
        count(REQUESTS, "Calls answered, by route, method and status.");
        count(JOB_FAILURES, "Jobs that failed, by operation and kind of error.");
        count(
            AZURE_REQUESTS,
            "Calls of Azure, by service and status; 0 without an answer.",
        );
        count(
            AZURE_THROTTLED,
            "Calls of Azure that were refused for quota, by service.",
        );
        let time = |name: &'static str, help: &'static str| {
            recorder.describe_histogram(
                KeyName::from_const_str(name),
                Some(Unit::Seconds),
                SharedString::const_str(help),
            );
        };
        time(
            REQUEST_SECONDS,
            "From a call's head to its answer's head, by route and method.",
        );
        time(JOB_SECONDS, "From a job's start to its end, by operation.");
        time(
            GRAPH_WRITE_SECONDS,
            "How long a write transaction of the graph was open.",
        );
        let gauge = |name: &'static str, help: &'static str| {
            recorder.describe_gauge(KeyName::from_const_str(name), None, SharedString::const_str(help));
        };
        gauge(QUEUE_DEPTH, "Jobs that wait to be started.");
        gauge(RUNNING, "Jobs that run.");
        let metrics = Self {
            handle: recorder.handle(),
            recorder,
            routes: RwLock::default(),
        };
        metrics.jobs(0, 0);
        metrics
    }

    /// One call was answered.
    pub fn request(&self, endpoint: Cow<'static, str>, method: &Method, status: StatusCode, took: Duration) {
        let method = match *method {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::PUT => "PUT",
            Method::DELETE => "DELETE",
            // A method is any word that a client likes.
            _ => "other",
        };
        let route = (endpoint, method, status.as_u16());
        let known = self.routes.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((counter, seconds)) = known.get(&route) {
            counter.increment(1);
            seconds.record(took.as_secs_f64());
            return;
        }
        drop(known);
        let (counter, seconds) = self.register(&route);
        counter.increment(1);
        seconds.record(took.as_secs_f64());
        let mut known = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(route, (counter, seconds));
    }

    fn register(&self, (endpoint, method, status): &Route) -> (Counter, Histogram) {
        let mut labels = vec![
            Label::new("endpoint", endpoint.clone()),
            Label::from_static_parts("method", method),
        ];
        let seconds = Key::from_parts(REQUEST_SECONDS, labels.clone());
        labels.push(Label::new("status", status.to_string()));
        (
            self.recorder
                .register_counter(&Key::from_parts(REQUESTS, labels), &METADATA),
            self.recorder.register_histogram(&seconds, &METADATA),
        )
    }

    /// Adds up what was measured, for as long as it is polled: otherwise every duration is kept until somebody asks.
    pub(super) async fn keep_small(&self) {
        let mut ticks = tokio::time::interval(ADD_UP);
        loop {
            ticks.tick().await;
            self.handle.run_upkeep();
        }
    }

    /// How many jobs wait and run now.
    pub fn jobs(&self, pending: u64, running: u64) {
        let set = |name: &'static str, value: u64| {
            let value = u32::try_from(value).unwrap_or(u32::MAX);
            self.recorder
                .register_gauge(&Key::from_static_name(name), &METADATA)
                .set(f64::from(value));
        };
        set(QUEUE_DEPTH, pending);
        set(RUNNING, running);
    }

    /// A job ended; `error` is the kind of its error where it failed.
    pub fn job(&self, operation: &str, took: Duration, error: Option<&str>) {
        let kind = Label::new("job_type", operation.to_owned());
        self.recorder
            .register_histogram(&Key::from_parts(JOB_SECONDS, vec![kind.clone()]), &METADATA)
            .record(took.as_secs_f64());
        if let Some(error) = error {
            let labels = vec![kind, Label::new("error_type", error.to_owned())];
            self.recorder
                .register_counter(&Key::from_parts(JOB_FAILURES, labels), &METADATA)
                .increment(1);
        }
    }

    /// A write transaction of the graph was committed.
    pub fn graph_write(&self, took: Duration) {
        self.recorder
            .register_histogram(&Key::from_static_name(GRAPH_WRITE_SECONDS), &METADATA)
            .record(took.as_secs_f64());
    }

    /// Azure answered a call; status 0 where it did not.
    pub fn azure_call(&self, api: &'static str, status: u16) {
        let of = Label::from_static_parts("api", api);
        let count = |name: &'static str, labels: Vec<Label>| {
            self.recorder
                .register_counter(&Key::from_parts(name, labels), &METADATA)
                .increment(1);
        };
        count(
            AZURE_REQUESTS,
            vec![of.clone(), Label::new("status", status.to_string())],
        );
        if status == StatusCode::TOO_MANY_REQUESTS.as_u16() {
            count(AZURE_THROTTLED, vec![of]);
        }
    }

    /// A job ended, as its record tells it. For [`WorkerOptions::with_ended`](crate::worker::WorkerOptions::with_ended).
    pub fn ended(&self, job: &Job) {
        let (Some(started), Some(ended)) = (job.started_at, job.completed_at) else {
            return;
        };
        let took = Duration::try_from(ended.duration_since(started)).unwrap_or_default();
        // The kind and not its foreign name: labels are bounded.
        let error = (job.status == JobStatus::Failed)
            .then(|| job.error.as_ref().map_or("Internal", |error| error.kind().name()));
        self.job(&job.operation, took, error);
    }

    /// The text that Prometheus reads.
    #[must_use]
    pub fn render(&self) -> String {
        self.handle.render()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_counted_is_rendered_under_the_contracts_names() {
        let metrics = Metrics::new();
        metrics.request(
            "/api/v1/jobs".into(),
            &Method::GET,
            StatusCode::OK,
            Duration::from_millis(3),
        );
        metrics.request(
            "/api/v1/jobs".into(),
            &Method::from_bytes(b"BREW").unwrap(),
            StatusCode::OK,
            Duration::ZERO,
        );
        metrics.jobs(4, 2);
        metrics.job("scan", Duration::from_secs(20), Some("Throttled"));
        metrics.graph_write(Duration::from_millis(40));
        metrics.azure_call("arm", 200);
        metrics.azure_call("arm", 429);
        let text = metrics.render();
        for line in [
            "atg_api_requests_total{endpoint=\"/api/v1/jobs\",method=\"GET\",status=\"200\"} 1",
            "atg_api_requests_total{endpoint=\"/api/v1/jobs\",method=\"other\",status=\"200\"} 1",
            "atg_api_request_duration_seconds_bucket{endpoint=\"/api/v1/jobs\",method=\"GET\",le=\"0.005\"} 1",
            "atg_job_queue_depth 4",
            "atg_jobs_running 2",
            "atg_job_execution_duration_seconds_bucket{job_type=\"scan\",le=\"60\"} 1",
            "atg_graph_write_duration_seconds_bucket{le=\"0.05\"} 1",
            "atg_azure_requests_total{api=\"arm\",status=\"200\"} 1",
            "atg_azure_throttled_total{api=\"arm\"} 1",
            "atg_job_failures_total{job_type=\"scan\",error_type=\"Throttled\"} 1",
        ] {
            assert!(text.contains(line), "{line} in\n{text}");
        }
    }
}
