//! Health for load balancers, status for callers.

use atg_sdk::{Error, Health, HealthState, PartHealth};
use http::{Response, StatusCode};
use serde_json::json;

use super::{
    Service,
    body::{Body, json as json_body},
    failure::Failure,
    request::Incoming,
    submit::accepts_json,
};
use crate::keys::Caller;

impl Service {
    /// The process answers.
    pub(super) fn live(&self) -> Result<Response<Body>, Failure> {
        Ok(json_body(
            StatusCode::OK,
            &json!({ "status": "alive", "uptime_seconds": self.uptime() }),
        )?)
    }

    /// It may take work: nothing that it cannot do without is down, and it is not stopping.
    pub(super) async fn ready(&self) -> Result<Response<Body>, Failure> {
        if self.draining.is_cancelled() {
            return Ok(json_body(
                StatusCode::SERVICE_UNAVAILABLE,
                &json!({ "status": "draining" }),
            )?);
        }
        let health = self.executor.health().await;
        let ready = health.is_ok_and(|health| health.status != HealthState::Unhealthy);
        let (status, word) = if ready {
            (StatusCode::OK, "ready")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "not_ready")
        };
        Ok(json_body(status, &json!({ "status": word }))?)
    }

    /// The state of the whole, without what a stranger has no business to know.
    pub(super) async fn health(&self) -> Result<Response<Body>, Failure> {
        let (mut overall, health) = match self.executor.health().await {
            Ok(health) => (health.status, Some(health)),
            Err(_) => (HealthState::Unhealthy, None),
        };
        if self.options.keys.stale().is_some() && overall == HealthState::Healthy {
            overall = HealthState::Degraded;
        }
        let part = |name: &str| {
            let state = health
                .as_ref()
                .and_then(|health| health.parts.get(name))
                .map(|part| part.state);
            state.map_or_else(|| json!("not_configured"), |state| json!(state))
        };
        let status = if overall == HealthState::Unhealthy {
            StatusCode::SERVICE_UNAVAILABLE
        } else {
            StatusCode::OK
        };
        Ok(json_body(
            status,
            &json!({
                "status": overall,
                "version": env!("CARGO_PKG_VERSION"),
                "uptime_seconds": self.uptime(),
                "neo4j_status": part("neo4j"),
                "redis_status": part("redis"),
                "job_queue_depth": health.as_ref().map_or(0, |health| health.jobs_pending),
            }),
        )?)
    }

    /// What the caller's key may do, and how the service is.
    pub(super) async fn status(
        &self,
        request: &Incoming,
        caller: &Caller,
    ) -> Result<Response<Body>, Failure> {
        request.only_queries(&[])?;
        accepts_json(&request.parts.headers)?;
        let health = self.executor.health().await?;
        let Health {
            status,
            version,
            parts,
            graph_id,
            jobs_pending,
            jobs_running,
        } = health;
        let mut parts = parts;
        if let Some(reason) = self.options.keys.stale() {
            parts.insert(
                "keys".to_owned(),
                PartHealth {
                    state: HealthState::Degraded,
                    detail: reason,
                },
            );
        }
        self.options.metrics.jobs(jobs_pending, jobs_running);
        Ok(json_body(
            StatusCode::OK,
            &json!({
                "key": { "id": caller.key, "owner": caller.owner, "scopes": caller.scopes, "tenants": caller.tenants },
                "status": status,
                "graph_id": graph_id,
                "job_queue_depth": jobs_pending,
                "jobs_running": jobs_running,
                "versions": { "server": env!("CARGO_PKG_VERSION"), "executor": version, "api": "v1" },
                "operations": atg_sdk::Operation::NAMES,
                "parts": parts,
            }),
        )?)
    }

    /// Prometheus text.
    pub(super) async fn metrics(&self) -> Result<Response<Body>, Failure> {
        if !self.options.serve_metrics {
            return Err(Error::not_found("this server shows no metrics").into());
        }
        // What cannot be asked keeps its last value: a scrape that fails would hide everything else.
        if let Ok(health) = self.executor.health().await {
            self.options
                .metrics
                .jobs(health.jobs_pending, health.jobs_running);
        }
        let text = self.options.metrics.render();
        Ok(super::body::typed(
            StatusCode::OK,
            "text/plain; version=0.0.4; charset=utf-8",
            text,
        ))
    }

    fn uptime(&self) -> u64 {
        self.started.elapsed().as_secs()
    }
}
