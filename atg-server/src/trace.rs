//! One trace from a call to the worker that carries its job out (W3C Trace Context).
//!
//! Where nobody records traces, the caller's own parent is handed on as it came, so that logs name one trace all the
//! same.

use atg_sdk::TraceParent;
use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt as _, TraceFlags, TraceState},
};
use tracing::{Span, field::display};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

/// Makes a span the continuation of a trace and notes its id in the field `trace`. Returns what those go on from who are
/// asked by this span.
pub(crate) fn follow(span: &Span, parent: Option<TraceParent>) -> Option<TraceParent> {
    if let Some(context) = parent.and_then(remote) {
        // Refused only where no layer records, which is then as good.
        let _ = span.set_parent(Context::new().with_remote_span_context(context));
    }
    let onward = here(span).or(parent);
    if let Some(onward) = onward {
        span.record("trace", display(onward.trace_id()));
    }
    onward
}

fn remote(parent: TraceParent) -> Option<SpanContext> {
    let flags = if parent.is_sampled() {
        TraceFlags::SAMPLED
    } else {
        TraceFlags::NOT_SAMPLED
    };
    Some(SpanContext::new(
        opentelemetry::TraceId::from_hex(&parent.trace_id()).ok()?,
        opentelemetry::SpanId::from_hex(&parent.span_id()).ok()?,
        flags,
        true,
        TraceState::default(),
    ))
}

/// The span itself, where somebody records it.
fn here(span: &Span) -> Option<TraceParent> {
    let context = span.context();
    let span = context.span();
    let found = span.span_context();
    TraceParent::new(
        u128::from_be_bytes(found.trace_id().to_bytes()),
        u64::from_be_bytes(found.span_id().to_bytes()),
        found.is_sampled(),
    )
}
