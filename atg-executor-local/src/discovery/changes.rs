//! `changes.jsonl`: what a scan changed, one change a line.

use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use atg_sdk::Result;

use super::report::List;
use crate::{
    ArtifactWriter,
    fault::io_error,
    graph::{Change, ChangeSink, PropertyChange},
    json::write_string,
};

/// The artifact's name.
pub(crate) const NAME: &str = "changes.jsonl";

/// Writes changes as they are made; a clone writes into the same file.
#[derive(Debug, Clone)]
pub(crate) struct Changes {
    shared: Arc<Mutex<Shared>>,
    line: String,
}

#[derive(Debug)]
struct Shared {
    /// `None` once it is finished.
    file: Option<ArtifactWriter>,
    external: List,
    /// Those of them that are addresses.
    unresolved: u64,
}

impl Changes {
    pub(crate) fn new(file: ArtifactWriter) -> Self {
        Self {
            shared: Arc::new(Mutex::new(Shared {
                file: Some(file),
                external: no_external(),
                unresolved: 0,
            })),
            line: String::new(),
        }
    }

    /// The IDs of the stubs that the store told of.
    pub(crate) fn take_external(&self) -> List {
        std::mem::replace(&mut self.shared().external, no_external())
    }

    /// How many of the stubs are addresses that nobody has, or several: an ID begins with `/` or is a GUID.
    pub(crate) fn unresolved(&self) -> u64 {
        self.shared().unresolved
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the file an artifact.
    pub(crate) async fn finish(self) -> Result<()> {
        let file = self.shared().file.take();
        match file {
            Some(file) => file.finish().await,
            None => Ok(()),
        }
    }
}

impl ChangeSink for Changes {
    fn record(&mut self, change: &Change) -> Result<()> {
        self.line.clear();
        write_change(change, &mut self.line);
        self.line.push('\n');
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut shared.file {
            Some(file) => file
                .write_all(self.line.as_bytes())
                .map_err(|error| io_error("write what changed", Path::new(NAME), error)),
            None => Ok(()),
        }
    }

    fn external(&mut self, id: &str) -> Result<()> {
        let mut shared = self.shared();
        shared.unresolved += u64::from(!id.starts_with('/') && id.contains(['.', ':']));
        shared.external.push(&id)
    }
}

fn no_external() -> List {
    List::new("external", u64::MAX)
}

/// One line: `{"change":"changed","id":…,"kind":…,"changes":[{"path":…,"before":…,"after":…}]}`. A value that was or is
/// not there is left out, which `null` would not tell apart.
pub(crate) fn write_change(change: &Change, out: &mut String) {
    let (name, id, kind) = match change {
        Change::Added { id, kind } => ("added", id, kind),
        Change::Changed { id, kind, .. } => ("changed", id, kind),
        Change::Removed { id, kind } => ("removed", id, kind),
    };
    out.push_str("{\"change\":\"");
    out.push_str(name);
    out.push_str("\",\"id\":");
    write_string(id, out);
    out.push_str(",\"kind\":");
    write_string(kind, out);
    if let Change::Changed { changes, .. } = change {
        out.push_str(",\"changes\":[");
        for (index, change) in changes.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            write_property(change, out);
        }
        out.push(']');
    }
    out.push('}');
}

pub(crate) fn write_property(change: &PropertyChange, out: &mut String) {
    out.push_str("{\"path\":");
    write_string(&change.path, out);
    for (name, value) in [(",\"before\":", &change.before), (",\"after\":", &change.after)] {
        if let Some(value) = value {
            out.push_str(name);
            // A JSON text already: numbers keep their spelling.
            out.push_str(value);
        }
    }
    out.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line_of_json_with_both_values() {
        let mut out = String::new();
        write_change(
            &Change::Changed {
                id: "/a\"b\n".into(),
                kind: "Microsoft.X/y".into(),
                changes: vec![
                    PropertyChange {
                        path: "properties.size".into(),
                        before: Some("1e400".into()),
                        after: Some("{\"a\":null}".into()),
                    },
                    PropertyChange {
                        path: "tags.`x`".into(),
                        before: None,
                        after: Some("null".into()),
                    },
                ],
            },
            &mut out,
        );
        assert_eq!(
            out,
            r#"{"change":"changed","id":"/a\"b\n","kind":"Microsoft.X/y","changes":[{"path":"properties.size","before":1e400,"after":{"a":null}},{"path":"tags.`x`","after":null}]}"#
        );
        out.clear();
        write_change(
            &Change::Removed {
                id: "/a".into(),
                kind: "Tenant".into(),
            },
            &mut out,
        );
        assert_eq!(out, r#"{"change":"removed","id":"/a","kind":"Tenant"}"#);
    }
}
