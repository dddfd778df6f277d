//! `manifest.json` and `report.json`: what a scan read, and what it could not.
//!
//! Lists may be as long as the tenant, so they wait in a temporary file and never in memory.

use std::{
    collections::BTreeMap,
    io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write},
    path::Path,
};

use atg_sdk::{Result, azure::TenantId, model::operations::scan::Parameters};
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use tempfile::SpooledTempFile;

use super::unit::Unit;
use crate::fault::io_error;

/// A list keeps that much in memory.
const IN_MEMORY: usize = 256 * 1024;

/// A list of JSON values with its length. Past its limit it only counts.
#[derive(Debug)]
pub(crate) struct List {
    name: &'static str,
    limit: u64,
    total: u64,
    items: SpooledTempFile,
}

impl List {
    pub(crate) fn new(name: &'static str, limit: u64) -> Self {
        Self {
            name,
            limit,
            total: 0,
            items: SpooledTempFile::new(IN_MEMORY),
        }
    }

    /// How many items there are, unlisted ones included.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    pub(crate) fn push(&mut self, item: &impl Serialize) -> Result<()> {
        self.total += 1;
        if self.total > self.limit {
            return Ok(());
        }
        // JSON texts hold no line ends: one item is one line.
        serde_json::to_writer(&mut self.items, item)
            .map_err(io::Error::from)
            .and_then(|()| self.items.write_all(b"\n"))
            .map_err(|error| io_error("remember what goes into the report", &std::env::temp_dir(), error))
    }

    /// Writes `"name_total": …, "name": […]`.
    fn write_to(self, out: &mut impl Write) -> io::Result<()> {
        write!(
            out,
            ",\n  \"{0}_total\": {1},\n  \"{0}\": [",
            self.name, self.total
        )?;
        let mut items = self.items;
        items.seek(SeekFrom::Start(0))?;
        let mut between = "\n    ";
        for line in BufReader::new(items).lines() {
            write!(out, "{between}{}", line?)?;
            between = ",\n    ";
        }
        out.write_all(if self.total == 0 { b"]" } else { b"\n  ]" })
    }
}

/// What a scan is about to leave as `manifest.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Manifest<'a> {
    pub tenant_id: TenantId,
    pub source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<InputFacts>,
    pub parameters: &'a Parameters,
    pub units: &'a [Unit],
}

/// What the input turned out to be.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct InputFacts {
    pub sha256: String,
    pub size_bytes: u64,
    pub packing: &'static str,
    pub layout: &'static str,
}

impl Manifest<'_> {
    /// The SHA-256 of its compact JSON text, in hexadecimal. The same for the same input and parameters.
    pub(crate) fn digest(&self) -> String {
        // Plain data with string keys cannot fail to serialise.
        let text = serde_json::to_vec(self).unwrap_or_default();
        hex(&Sha256::digest(text))
    }

    /// Writes the file: what differs between two runs is under `run`, and the digest is of all the rest.
    pub(crate) fn write_to(&self, run: &Value, out: &mut impl Write) -> Result<()> {
        #[derive(Serialize)]
        struct File<'a> {
            run: &'a Value,
            digest: String,
            #[serde(flatten)]
            manifest: &'a Manifest<'a>,
        }
        let file = File {
            run,
            digest: self.digest(),
            manifest: self,
        };
        serde_json::to_writer_pretty(&mut *out, &file)
            .map_err(io::Error::from)
            .and_then(|()| out.write_all(b"\n"))
            .map_err(|error| io_error("write the manifest", Path::new("manifest.json"), error))
    }
}

/// Everything that a person should know about a scan.
#[derive(Debug)]
pub(crate) struct Report {
    /// Objects that are not in the graph, and why.
    pub problems: List,
    /// What is odd about objects that are.
    pub remarks: List,
    /// What was taken out because it may be a secret.
    pub redactions: List,
    /// Nodes that were not seen and nevertheless stay, and why.
    pub unconfirmed: List,
    /// Objects that came more than once.
    pub duplicates: List,
    /// IDs that something refers to and the scan did not see.
    pub external: List,
    /// Resources by type.
    pub types: BTreeMap<String, u64>,
    /// Types for which this version has no label of their own, with the number of their resources.
    pub unknown_types: BTreeMap<String, u64>,
    /// As they were shown while it ran.
    pub warnings: Vec<String>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            problems: List::new("problems", 10_000),
            remarks: List::new("remarks", 10_000),
            redactions: List::new("redactions", u64::MAX),
            unconfirmed: List::new("unconfirmed", 10_000),
            duplicates: List::new("duplicates", u64::MAX),
            external: List::new("external", u64::MAX),
            types: BTreeMap::new(),
            unknown_types: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }
}

impl Report {
    /// Writes the file. `facts` are further members of it.
    pub(crate) fn write_to(self, run: &Value, facts: Map<String, Value>, out: &mut impl Write) -> Result<()> {
        let failed = |error| io_error("write the report", Path::new("report.json"), error);
        let mut head = Map::new();
        head.insert("run".into(), run.clone());
        head.extend(facts);
        head.insert("warnings".into(), json!(self.warnings));
        head.insert("types".into(), json!(self.types));
        head.insert("unknown_types".into(), json!(self.unknown_types));
        let text = serde_json::to_string_pretty(&head)
            .map_err(io::Error::from)
            .map_err(failed)?;
        let lists = [
            self.problems,
            self.remarks,
            self.redactions,
            self.duplicates,
            self.unconfirmed,
            self.external,
        ];
        out.write_all(text.trim_end_matches("\n}").as_bytes())
            .map_err(failed)?;
        for list in lists {
            list.write_to(out).map_err(failed)?;
        }
        out.write_all(b"\n}\n").map_err(failed)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_json_and_its_lists_say_how_long_they_would_be() {
        let mut report = Report::default();
        for line in 0..10_003 {
            report
                .problems
                .push(&json!({ "line": line, "detail": "a\nb" }))
                .unwrap();
        }
        report.external.push(&"/x").unwrap();
        let mut out = Vec::new();
        let facts = Map::from_iter([("complete".to_owned(), json!(false))]);
        report
            .write_to(&json!({ "scan_id": "1" }), facts, &mut out)
            .unwrap();
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(read["problems_total"], 10_003);
        assert_eq!(read["problems"].as_array().unwrap().len(), 10_000);
        assert_eq!(read["problems"][9_999]["line"], 9_999);
        assert_eq!(
            (&read["external"], &read["redactions"]),
            (&json!(["/x"]), &json!([]))
        );
        assert_eq!(read["run"], json!({ "scan_id": "1" }));
    }

    #[test]
    fn a_manifests_digest_does_not_depend_on_the_run() {
        let parameters = Parameters::default();
        let manifest = Manifest {
            tenant_id: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            source: "recorded",
            input: Some(InputFacts {
                sha256: "ab".into(),
                size_bytes: 1,
                packing: "none",
                layout: "json_lines",
            }),
            parameters: &parameters,
            units: &[],
        };
        let written = |run: &str| {
            let mut out = Vec::new();
            manifest.write_to(&json!({ "scan_id": run }), &mut out).unwrap();
            serde_json::from_slice::<Value>(&out).unwrap()
        };
        let (mut one, mut two) = (written("1"), written("2"));
        assert_ne!(one, two);
        assert_eq!(one["digest"], manifest.digest());
        one.as_object_mut().unwrap().remove("run");
        two.as_object_mut().unwrap().remove("run");
        assert_eq!(one, two);
    }
}
