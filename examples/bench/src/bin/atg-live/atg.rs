//! ATG as a process.

use std::{
    collections::BTreeSet,
    fs,
    io::Read as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use atg_bench::Process;
use serde_json::Value;

use crate::{Result, azure::Azure};

/// How often the memory of a process is looked at.
const LOOK: Duration = Duration::from_millis(20);
/// It ended well, and something is missing.
const INCOMPLETE: i32 = 6;

/// The program, and a graph of its own.
#[derive(Debug)]
pub(crate) struct Atg {
    program: PathBuf,
    place: PathBuf,
    /// What holds its calls back.
    pacing: &'static str,
}

/// A scan that has ended.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) time: Duration,
    /// The most memory that it had.
    pub(crate) peak: Option<u64>,
    /// What it printed.
    pub(crate) output: Value,
    /// `report.json`
    pub(crate) report: Value,
    /// `manifest.json`
    pub(crate) manifest: Value,
}

impl Scan {
    /// How many answers a collector's pages came in.
    pub(crate) fn answers(&self, is_one: impl Fn(&str) -> bool) -> u64 {
        let units = self.manifest["run"]["calls"].as_array().into_iter().flatten();
        let own = units.filter(|unit| unit["collector"].as_str().is_some_and(&is_one));
        let ids: BTreeSet<&str> = own
            .flat_map(|unit| unit["request_ids"].as_array().into_iter().flatten())
            .filter_map(Value::as_str)
            .collect();
        ids.len() as u64
    }

    pub(crate) fn number(&self, name: &str) -> u64 {
        self.output[name].as_u64().unwrap_or_default()
    }
}

impl Atg {
    /// With an empty graph in that directory.
    pub(crate) fn new(program: &Path, place: PathBuf) -> Result<Self> {
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        Ok(Self {
            program: program.to_owned(),
            place,
            pacing: "documented",
        })
    }

    /// Of an Azure without quotas.
    pub(crate) fn unpaced(mut self) -> Self {
        self.pacing = "refusals";
        self
    }

    fn command(&self, azure: &Azure) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env_clear()
            .env("HOME", &self.place)
            .env("AZURE_CLOUD", &azure.https)
            .env("ATG_AZURE_PACING", self.pacing)
            .envs(azure.login())
            .arg("--quiet")
            .arg("--data-dir")
            .arg(self.place.join("data"))
            .stdin(Stdio::null());
        command
    }

    /// Scans, with those arguments.
    pub(crate) fn scan(&self, azure: &Azure, arguments: &[&str]) -> Result<Scan> {
        let files = self.place.join("files");
        let _none_yet = fs::remove_dir_all(&files);
        let began = Instant::now();
        let mut child = self
            .command(azure)
            .args(["scan", "--output", "json", "--output-dir"])
            .arg(&files)
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()?;
        let process = Process::of(child.id());
        let watching = thread::spawn(move || {
            let mut peak = None;
            while let Some(bytes) = process.peak_bytes() {
                peak = Some(bytes);
                thread::sleep(LOOK);
            }
            peak
        });
        let mut printed = String::new();
        if let Some(mut stdout) = child.stdout.take() {
            stdout.read_to_string(&mut printed)?;
        }
        let status = child.wait()?;
        let time = began.elapsed();
        let peak = watching
            .join()
            .map_err(|_| "the watch of a process ended early")?;
        if !status.success() && status.code() != Some(INCOMPLETE) {
            return Err(format!("atg scan ended with {status}").into());
        }
        let report = fs::read(files.join("report.json"))?;
        Ok(Scan {
            time,
            peak,
            output: serde_json::from_str(&printed)?,
            report: serde_json::from_slice(&report)?,
            manifest: serde_json::from_slice(&fs::read(files.join("manifest.json"))?)?,
        })
    }

    /// The IDs of all that the graph holds, in lower case.
    pub(crate) fn ids(&self, azure: &Azure) -> Result<BTreeSet<String>> {
        const QUERY: &str =
            "MATCH (n) WHERE NOT (n:External OR n:Tag OR n:Region OR n:Scan) RETURN n.id AS id";
        let done = self
            .command(azure)
            .args([
                "query",
                "--output",
                "jsonl",
                "--row-limit",
                "4000000",
                "--timeout",
                "300",
                QUERY,
            ])
            .output()?;
        if !done.status.success() {
            return Err(format!("atg query: {}", String::from_utf8_lossy(&done.stderr)).into());
        }
        let mut ids = BTreeSet::new();
        for line in done
            .stdout
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
        {
            let row: Value = serde_json::from_slice(line)?;
            if let Some(id) = row["id"].as_str() {
                ids.insert(id.to_lowercase());
            }
        }
        Ok(ids)
    }
}
