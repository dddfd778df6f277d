//! Logs: one JSON object a line, on stderr.

use tracing_subscriber::EnvFilter;

/// Begins to log. Audit lines are written whatever the level: they are evidence, not chatter.
pub(crate) fn init(level: &str) {
    let filter = EnvFilter::new(format!("{level},atg::audit=info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
