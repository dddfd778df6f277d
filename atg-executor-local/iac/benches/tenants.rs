//! How long tenants of several sizes take, and how much memory: `cargo bench -p atg-iac --bench tenants`.
//!
//! Prints a table: rows in, resources planned, and for reading, planning and each language the time; then the process's
//! peak of memory so far. Sizes are given as arguments, 10,000 (all in one subscription's worth of groups) and 100,000
//! otherwise; a file of rows in place of a size is read instead.

#![expect(clippy::print_stdout, reason = "the table is what it is for")]

use std::{collections::BTreeMap, env, fs, time::Instant};

use atg_iac::{
    arm, bicep,
    planner::{Options, plan},
    source::Source,
    terraform,
    writer::{Files, Layout},
};
use atg_sdk::Result;

/// Counts bytes, and keeps none.
#[derive(Default)]
struct Bytes(usize);

impl Files for Bytes {
    fn file(&mut self, _path: &str, content: String) -> Result<()> {
        self.0 += content.len();
        Ok(())
    }
}

fn main() {
    let mut asked: Vec<String> = env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if asked.is_empty() {
        asked = vec!["10000".to_owned(), "100000".to_owned()];
    }
    println!(
        "{:<12} {:>9} {:>9} {:>7} {:>8} {:>10} {:>8} {:>8} {:>9}",
        "tenant", "objects", "resources", "read s", "plan s", "terraform", "bicep", "arm", "peak MiB"
    );
    for name in asked {
        let (tenant, rows) = rows(&name);
        let read = Instant::now();
        let source = Source::from_rows(tenant.parse().expect("a tenant id"), &rows).expect("rows");
        let read = read.elapsed();
        drop(rows);
        let planning = Instant::now();
        let planned = plan(source, &Options::default()).expect("a plan");
        let planning = planning.elapsed();
        let mut times = Vec::new();
        for format in ["terraform", "bicep", "arm"] {
            let begin = Instant::now();
            let mut files = Bytes::default();
            let written = match format {
                "terraform" => terraform::write(&planned.plan, Layout::Single, &mut files),
                "bicep" => bicep::write(&planned.plan, &mut files),
                _ => arm::write(&planned.plan, &mut files),
            };
            written.expect("files");
            times.push((begin.elapsed(), files.0));
        }
        let seconds = |at: usize| format!("{:.2}", times[at].0.as_secs_f64());
        println!(
            "{:<12} {:>9} {:>9} {:>7.2} {:>8.2} {:>10} {:>8} {:>8} {:>9}",
            name.rsplit('/').next().unwrap_or_default(),
            planned.survey.objects,
            planned.plan.resources.len(),
            read.as_secs_f64(),
            planning.as_secs_f64(),
            seconds(0),
            seconds(1),
            seconds(2),
            peak()
        );
        let mut skipped: BTreeMap<&str, usize> = BTreeMap::new();
        for one in &planned.plan.skipped {
            *skipped.entry(one.reason.name()).or_default() += 1;
        }
        let survey = &planned.survey;
        println!(
            "  skipped {skipped:?}; references to resources {}, to outside {}, the same everywhere {}, unresolved {}; unknown types {}",
            survey.references_inside,
            survey.references_outside,
            survey.references_literal,
            survey.unresolved.len(),
            survey.unknown_types.len()
        );
    }
}

/// A tenant's id and rows: synthetic of a size, or a file's.
fn rows(name: &str) -> (String, String) {
    let Ok(rows) = name.parse() else {
        let text = fs::read_to_string(name).expect("the file can be read");
        return ("11111111-1111-4111-8111-111111111111".to_owned(), text);
    };
    let mut out = Vec::new();
    let options = atg_synthetic::Options {
        rows,
        ..atg_synthetic::Options::default()
    };
    atg_synthetic::generate(&options, &mut out, None).expect("a tenant");
    (
        atg_synthetic::tenant_id(options.seed),
        String::from_utf8(out).expect("text"),
    )
}

/// The most memory that the process has had, in MiB; 0 where the system does not say.
fn peak() -> u64 {
    fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes / 1024)
}
