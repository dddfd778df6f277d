//! Log lines as JSON, in the form of `tracing-subscriber`'s own flattened ones: `timestamp`, `level`, the event's fields,
//! `target`, and the span with its fields and name.
//!
//! Every call leaves an audit line, and that layer reads each span's text again as JSON for every line in it: a quarter of
//! what a status call costs. Here a span's fields are written out once, and copied.

use std::{
    cell::Cell,
    error::Error as StdError,
    fmt,
    io::{self, Write as _},
};

use jiff::Timestamp;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id, Record},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

/// Writes each event to stderr, with one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JsonLines;

/// What the exporter of traces wants to know, and no log.
const FOR_TRACES: &str = "otel.";

/// A span's fields: `"id":"…","method":"GET",`
struct Written(Vec<u8>);

thread_local! {
    /// Taken and put back, since a value may itself log while it is written.
    static LINE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for JsonLines {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let mut written = Vec::with_capacity(160);
        attributes.record(&mut Fields(&mut written));
        span.extensions_mut().insert(Written(written));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        if let Some(Written(written)) = span.extensions_mut().get_mut() {
            values.record(&mut Fields(written));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = LINE.take();
        line.clear();
        write_line(&mut line, event, &context);
        // Who reads the log is gone, or its disk is full: there is nobody to tell.
        let _ = io::stderr().lock().write_all(&line);
        LINE.set(line);
    }
}

fn write_line<S: Subscriber + for<'a> LookupSpan<'a>>(
    line: &mut Vec<u8>,
    event: &Event<'_>,
    context: &Context<'_, S>,
) {
    let metadata = event.metadata();
    // Into memory, which takes everything.
    let _ = write!(
        line,
        "{{\"timestamp\":\"{:.6}\",\"level\":\"{}\",",
        Timestamp::now(),
        metadata.level()
    );
    event.record(&mut Fields(line));
    line.extend_from_slice(b"\"target\":");
    text(line, metadata.target());
    if let Some(span) = context.event_span(event) {
        line.extend_from_slice(b",\"span\":{");
        if let Some(Written(written)) = span.extensions().get() {
            line.extend_from_slice(written);
        }
        line.extend_from_slice(b"\"name\":");
        text(line, span.name());
        line.push(b'}');
    }
    line.extend_from_slice(b"}\n");
}

/// Appends `"name":value,` for each field.
struct Fields<'l>(&'l mut Vec<u8>);

impl Fields<'_> {
    fn field(&mut self, field: &Field, value: impl FnOnce(&mut Vec<u8>)) {
        if field.name().starts_with(FOR_TRACES) {
            return;
        }
        // A raw identifier's mark is no part of its name.
        text(self.0, field.name().trim_start_matches("r#"));
        self.0.push(b':');
        value(self.0);
        self.0.push(b',');
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.field(field, |line| {
            line.push(b'"');
            let _ = fmt::Write::write_fmt(&mut Escaped(line), format_args!("{value:?}"));
            line.push(b'"');
        });
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.field(field, |line| text(line, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.field(field, |line| drop(write!(line, "{value}")));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.field(field, |line| drop(write!(line, "{value}")));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.field(field, |line| drop(write!(line, "{value}")));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no word for infinity.
        self.field(field, |line| match value.is_finite() {
            true => drop(write!(line, "{value:?}")),
            false => line.extend_from_slice(b"null"),
        });
    }

    fn record_error(&mut self, field: &Field, value: &(dyn StdError + 'static)) {
        self.record_debug(field, &format_args!("{value}"));
    }
}

/// A JSON string.
fn text(line: &mut Vec<u8>, text: &str) {
    line.push(b'"');
    escape(line, text);
    line.push(b'"');
}

/// Takes text and writes what stands for it within a JSON string.
struct Escaped<'l>(&'l mut Vec<u8>);

impl fmt::Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        escape(self.0, text);
        Ok(())
    }
}

fn escape(line: &mut Vec<u8>, text: &str) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= b' ' && byte != b'"' && byte != b'\\' {
            continue;
        }
        line.extend_from_slice(&text.as_bytes()[from..at]);
        from = at + 1;
        match byte {
            b'"' => line.extend_from_slice(b"\\\""),
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            b'\r' => line.extend_from_slice(b"\\r"),
            b'\t' => line.extend_from_slice(b"\\t"),
            _ => drop(write!(line, "\\u{byte:04x}")),
        }
    }
    line.extend_from_slice(&text.as_bytes()[from..]);
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};
    use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _};

    use super::*;

    /// The same layer, into a list.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<Value>>>);

    impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Kept {
        fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
            JsonLines.on_new_span(attributes, id, context);
        }

        fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
            JsonLines.on_record(id, values, context);
        }

        fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
            let mut line = Vec::new();
            write_line(&mut line, event, &context);
            assert!(line.ends_with(b"}\n"));
            self.0
                .lock()
                .unwrap()
                .push(serde_json::from_slice(&line).unwrap());
        }
    }

    fn logged(work: impl FnOnce()) -> Vec<Value> {
        let kept = Kept::default();
        let subscriber = tracing_subscriber::registry().with(kept.clone().with_filter(LevelFilter::INFO));
        tracing::subscriber::with_default(subscriber, work);
        let mut lines = std::mem::take(&mut *kept.0.lock().unwrap());
        for line in &mut lines {
            let time = line.as_object_mut().unwrap().remove("timestamp").unwrap();
            time.as_str().unwrap().parse::<Timestamp>().unwrap();
        }
        lines
    }

    #[test]
    fn a_line_has_the_events_fields_and_its_span() {
        let lines = logged(|| {
            let span = tracing::info_span!(
                "request",
                otel.name = "GET /x",
                id = %"a-1",
                trace = tracing::field::Empty,
                never = tracing::field::Empty,
            );
            span.record("trace", tracing::field::display("4bf9"));
            let _entered = span.enter();
            let error = io::Error::other("it \"broke\"");
            tracing::info!(target: "audit", status = 200_u16, none = None::<u8>, %error, done = true, ratio = 0.5, "call");
            tracing::debug!("not at this level");
        });
        let expected = json!({
            "level": "INFO", "message": "call", "status": 200, "error": "it \"broke\"", "done": true, "ratio": 0.5,
            "target": "audit", "span": { "id": "a-1", "trace": "4bf9", "name": "request" },
        });
        assert_eq!(lines, [expected]);
    }

    #[test]
    fn whatever_a_text_holds_the_line_is_one_and_json() {
        let hostile = "a\"b\\c\nd\re\tf\u{0}g\u{1f}h\u{7f}ü😀\u{2028}";
        let lines = logged(|| {
            tracing::warn!(hostile, debug = ?hostile, display = %hostile, minus = -1, infinite = f64::INFINITY, "{hostile}");
        });
        assert_eq!(lines[0]["hostile"], hostile);
        assert_eq!(lines[0]["display"], hostile);
        assert_eq!(lines[0]["message"], hostile);
        assert_eq!(lines[0]["debug"], format!("{hostile:?}"));
        assert_eq!(
            (&lines[0]["minus"], &lines[0]["infinite"]),
            (&json!(-1), &Value::Null)
        );
        assert!(lines[0].get("span").is_none());
    }
}
