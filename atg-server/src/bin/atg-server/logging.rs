//! Logs: one JSON object a line, on stderr. Traces: to a collector, where one is named.

use std::time::Duration;

use atg_sdk::{Error, Result};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer as _, filter::filter_fn, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use crate::json_lines::JsonLines;

/// How long the last traces may take to be sent.
const SEND: Duration = Duration::from_secs(2);

/// What must be told that the process ends.
#[derive(Debug)]
pub(crate) struct Logging {
    traces: Option<SdkTracerProvider>,
}

impl Logging {
    /// Sends what has not been sent. Not within a runtime: it waits.
    pub(crate) fn end(self) {
        if let Some(traces) = self.traces
            // A collector that is away must not keep a server from its end.
            && let Err(error) = traces.shutdown_with_timeout(SEND)
        {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

/// Begins to log. Audit lines are written whatever the level: they are evidence, not chatter. Not within a runtime: the
/// exporter of traces has threads of its own.
pub(crate) fn init(level: &str, with_traces: bool) -> Result<Logging> {
    let traces = with_traces.then(provider).transpose()?;
    // Only our own spans and what they hold: those of libraries, the exporter's among them, are not ours to send.
    let ours = filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("atg"));
    let sending = traces
        .as_ref()
        .map(|traces| tracing_opentelemetry::layer().with_tracer(traces.tracer("atg-server")))
        .with_filter(ours);
    let writing = JsonLines.with_filter(EnvFilter::new(format!("{level},atg::audit=info")));
    tracing_subscriber::registry().with(sending).with(writing).init();
    Ok(Logging { traces })
}

/// Where to and with which headers the exporter reads from the standard's variables.
fn provider() -> Result<SdkTracerProvider> {
    // The exporter's client asks for the process's provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_http()
        .build()
        .map_err(|error| {
            Error::invalid(format!("set up traces: {error}: see OTEL_EXPORTER_OTLP_ENDPOINT"))
        })?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none() {
        resource = resource.with_service_name("atg-server");
    }
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build())
}
