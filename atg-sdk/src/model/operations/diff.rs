//! `diff`: what differs between two states of tenants: of the graph, of kept exports, of exported files.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    Error, ErrorKind,
    azure::TenantId,
    model::{Artifact, InputDigest, Job, JobId, JobStatus},
};

/// The artifact in which a scan keeps its export.
pub const KEPT_EXPORT: &str = "graph.jsonl.zst";

/// What to compare.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "DiffParameters")
)]
pub struct Parameters {
    /// Only this tenant, where a side holds several.
    pub tenant_id: Option<TenantId>,
    /// The state before. Required.
    pub left: Option<Side>,
    /// The state after. Required.
    pub right: Option<Side>,
}

/// One side of a comparison: an object with one member, which says what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "DiffSide")
)]
pub enum Side {
    /// The tenant as it is in the graph now.
    TenantId(TenantId),
    /// The graph as it was after this scan, which has to have kept its export (`keep_export`).
    ScanId(ScanId),
    /// An export, as JSON Lines.
    Input(InputDigest),
}

/// A scan: the job that carried it out, and the attempt where that was not the first: `<job id>` or `<job id>-<n>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ScanId {
    job: JobId,
    attempt: Option<u32>,
}

impl ScanId {
    /// The scan that an attempt of a job makes.
    #[must_use]
    pub fn of(job: JobId, attempt: u32) -> Self {
        Self {
            job,
            attempt: (attempt > 1).then_some(attempt),
        }
    }

    /// The job.
    #[must_use]
    pub const fn job(&self) -> JobId {
        self.job
    }

    /// The export that the scan kept, among what its job left.
    ///
    /// # Errors
    /// `InvalidArgument` for a job that is no scan, `Conflict` for one that has not ended, `NotFound` where nothing was
    /// kept: each says what to do instead.
    pub fn kept_export<'j>(&self, job: &'j Job) -> Result<&'j Artifact, Error> {
        if job.operation != "scan" {
            return Err(Error::invalid(format!(
                "find the export of scan {self}: job {} is no scan but {}; `atg job list` shows the scans",
                job.id,
                job.operation.escape_debug()
            )));
        }
        if !job.status.has_ended() {
            return Err(Error::conflict(format!(
                "find the export of scan {self}: it is {}: wait for its end",
                job.status
            )));
        }
        if job.status != JobStatus::Completed || self.attempt.is_some_and(|attempt| attempt != job.attempt) {
            return Err(Error::not_found(format!(
                "find the export of scan {self}: it did not come to its end, so it kept none"
            )));
        }
        let kept = job.artifacts.iter().find(|artifact| artifact.name == KEPT_EXPORT);
        kept.ok_or_else(|| {
            Error::not_found(format!(
                "find the export of scan {self}: it kept none: scan with --keep-export (`keep_export`) from now on, and \
                 compare the tenant as it is now by its tenant id"
            ))
        })
    }

    /// The error for a scan whose job is not there.
    #[must_use]
    pub fn unknown(&self) -> Error {
        Error::new(
            ErrorKind::NotFound,
            format!(
                "find the export of scan {self}: no such job is known here: it was deleted with all it kept, or it ran \
                 elsewhere; compare by tenant id or with an exported file instead"
            ),
        )
    }
}

impl fmt::Display for ScanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.attempt {
            None => self.job.fmt(f),
            Some(attempt) => write!(f, "{}-{attempt}", self.job),
        }
    }
}

impl From<ScanId> for String {
    fn from(id: ScanId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for ScanId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl FromStr for ScanId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let read = || {
            let (job, rest) = text.split_at_checked(36)?;
            let attempt = match rest.strip_prefix('-') {
                None if rest.is_empty() => None,
                // As it is printed: neither `-01` nor `-1`.
                Some(digits) if !digits.starts_with(['0', '+']) => {
                    Some(digits.parse().ok().filter(|attempt| *attempt > 1)?)
                }
                _ => return None,
            };
            let job = job.parse().ok()?;
            Some(Self { job, attempt })
        };
        read().ok_or_else(|| {
            Error::invalid(format!(
                "read `{}` as a scan id: give the id of the scan's job, as `atg job list` shows it",
                text.chars().take(60).collect::<String>().escape_debug()
            ))
        })
    }
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        self.sides()
            .filter_map(|(_, side)| match side {
                Side::Input(digest) => Some(digest),
                Side::TenantId(_) | Side::ScanId(_) => None,
            })
            .collect()
    }

    /// The sides that are given, with the names of their fields.
    pub fn sides(&self) -> impl Iterator<Item = (&'static str, &Side)> {
        [("left", &self.left), ("right", &self.right)]
            .into_iter()
            .filter_map(|(name, side)| Some((name, side.as_ref()?)))
    }

    /// The same, to be changed: who carries a job out elsewhere puts an input in the place of a scan.
    pub fn sides_mut(&mut self) -> impl Iterator<Item = &mut Side> {
        [&mut self.left, &mut self.right].into_iter().flatten()
    }
}

/// What was found, in numbers. The artifacts hold the whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "DiffOutput")
)]
pub struct Output {
    /// Whether nothing differs.
    pub identical: bool,
    /// How things of the two sides were matched.
    pub matched_by: MatchedBy,
    /// The state before.
    pub left: SideCounts,
    /// The state after.
    pub right: SideCounts,
    /// Of nodes.
    pub nodes: Differences,
    /// Of edges.
    pub edges: Differences,
    /// Which part of all nodes of both sides is the same on both: 0.0 to 1.0.
    pub score: f64,
    /// The first hundred types that differ, by name.
    pub types: Vec<TypeDifferences>,
    /// How many there are in all.
    pub types_total: u64,
}

/// How things of the two sides were matched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum MatchedBy {
    /// By key: the tenant is the same.
    #[default]
    Key,
    /// By path, type and name: another tenant, in which every GUID differs.
    Path,
}

/// What one side holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "DiffSideCounts")
)]
pub struct SideCounts {
    /// Its tenants: the first hundred.
    pub tenant_ids: Vec<TenantId>,
    /// Its nodes.
    pub nodes: u64,
    /// Its edges.
    pub edges: u64,
}

/// How many differ.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Differences {
    /// Only on the right.
    pub added: u64,
    /// Only on the left.
    pub removed: u64,
    /// On both, and different.
    pub changed: u64,
    /// On both, and the same.
    pub unchanged: u64,
}

/// The nodes of one type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TypeDifferences {
    /// The resource type, or the first label where there is none.
    pub kind: String,
    /// How many the left side has.
    pub left: u64,
    /// How many the right side has.
    pub right: u64,
    /// Only on the right.
    pub added: u64,
    /// Only on the left.
    pub removed: u64,
    /// On both, and different.
    pub changed: u64,
}

impl Differences {
    /// Whether all is the same.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        self.added == 0 && self.removed == 0 && self.changed == 0
    }
}

impl TypeDifferences {
    /// Whether something of the type differs.
    #[must_use]
    pub const fn differs(&self) -> bool {
        self.added > 0 || self.removed > 0 || self.changed > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "0198c1e2-7a00-7000-8000-00000000abcd";

    #[test]
    fn a_scan_id_is_a_job_and_perhaps_an_attempt() {
        for text in [JOB.to_owned(), format!("{JOB}-2"), format!("{JOB}-17")] {
            assert_eq!(text.parse::<ScanId>().unwrap().to_string(), text);
        }
        assert_eq!(ScanId::of(JOB.parse().unwrap(), 1).to_string(), JOB);
        assert_eq!(
            ScanId::of(JOB.parse().unwrap(), 3).to_string(),
            format!("{JOB}-3")
        );
        for text in [
            "",
            "x",
            "é",
            &JOB[..35],
            &format!("{JOB}-"),
            &format!("{JOB}-1"),
            &format!("{JOB}-02"),
        ] {
            let error = text.parse::<ScanId>().unwrap_err();
            assert!(error.message().contains("as a scan id"), "{error}");
        }
        assert!(format!("{}é", &JOB[..35]).parse::<ScanId>().is_err());
    }

    #[test]
    fn a_side_is_an_object_with_one_member() {
        let read = |text: &str| serde_json::from_str::<Side>(text);
        assert_eq!(
            read(&format!("{{\"scan_id\":\"{JOB}\"}}")).unwrap(),
            Side::ScanId(JOB.parse().unwrap())
        );
        for wrong in [
            "{}",
            "\"tenant_id\"",
            "{\"path\":\"/etc/passwd\"}",
            "{\"tenant_id\":\"x\"}",
            &format!("{{\"tenant_id\":\"{JOB}\",\"scan_id\":\"{JOB}\"}}"),
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
