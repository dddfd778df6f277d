//! The way to a simulator in this process: no sockets, no TLS.

use std::{
    collections::BTreeSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use async_trait::async_trait;
use atg_azure::wire::{Cause, Limits, Wire, WireFailure};
use atg_azure_sim::Simulator;
use bytes::Bytes;
use futures::FutureExt as _;
use http::{Request, Response};

use crate::clock::Eager;

/// Never: so many exchanges no scan of a small tenant has.
pub const NEVER: u64 = u64::MAX;

/// A wire to one simulator.
pub struct InProcess {
    simulator: Arc<Simulator>,
    clock: Arc<Eager>,
    exchanges: AtomicU64,
    /// After so many exchanges nothing is answered any more: the process is about to be killed.
    silent_after: AtomicU64,
    /// Tells whoever kills it.
    silent: tokio::sync::Notify,
    /// The paths, lower-cased, that were answered with 404.
    denied: Mutex<BTreeSet<String>>,
    /// Lies about refusals, as a careless collector does.
    careless: bool,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl InProcess {
    /// To that simulator.
    #[must_use]
    pub fn new(simulator: Arc<Simulator>, clock: Arc<Eager>) -> Self {
        Self {
            simulator,
            clock,
            exchanges: AtomicU64::new(0),
            silent_after: AtomicU64::new(NEVER),
            silent: tokio::sync::Notify::new(),
            denied: Mutex::default(),
            careless: false,
        }
    }

    /// The same, but every refusal is an empty list: what scanners do that catch an error and go on.
    #[must_use]
    pub fn careless(simulator: Arc<Simulator>, clock: Arc<Eager>) -> Self {
        Self {
            careless: true,
            ..Self::new(simulator, clock)
        }
    }

    /// From now on that many exchanges are answered.
    pub fn fall_silent_after(&self, exchanges: u64) {
        // Whoever was silent before has left word of it.
        self.silent.notified().now_or_never();
        let now = self.exchanges.load(Ordering::Relaxed);
        self.silent_after
            .store(now.saturating_add(exchanges), Ordering::Relaxed);
    }

    /// Answers for ever again.
    pub fn speak(&self) {
        self.silent_after.store(NEVER, Ordering::Relaxed);
    }

    /// Ends when the first exchange is not answered.
    pub async fn silence(&self) {
        self.silent.notified().await;
    }

    /// The paths, lower-cased, that were answered with 404 since this was asked last.
    pub fn denied(&self) -> BTreeSet<String> {
        std::mem::take(&mut *self.denied.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many exchanges there were.
    #[must_use]
    pub fn exchanges(&self) -> u64 {
        self.exchanges.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl Wire for InProcess {
    async fn exchange(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, WireFailure> {
        let number = self.exchanges.fetch_add(1, Ordering::Relaxed);
        if number >= self.silent_after.load(Ordering::Relaxed) {
            self.silent.notify_one();
            return std::future::pending().await;
        }
        let path = request.uri().path().to_lowercase();
        let is_login = request.uri().path().contains("/oauth2/");
        let is_query = request.method() == http::Method::POST;
        let _busy = self.clock.busy();
        let Some(answer) = self.simulator.answer(request).await else {
            return Err(WireFailure::new(Cause::Cut, "the connection was cut"));
        };
        if answer.status() == http::StatusCode::NOT_FOUND {
            self.denied
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(path);
        }
        if self.careless && !is_login && matches!(answer.status().as_u16(), 403 | 404) {
            let empty: &[u8] = if is_query {
                br#"{"totalRecords":0,"count":0,"resultTruncated":"false","data":[],"value":[]}"#
            } else {
                br#"{"value":[]}"#
            };
            return Ok(Response::new(Bytes::from_static(empty)));
        }
        Ok(answer)
    }
}
