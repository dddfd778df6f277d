//! What a person reads after a scan.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, time::Duration};

use atg_sdk::{Artifact, Job, Output, model::operations::scan};

use super::report::Report;
use crate::{run::Place, style::Style, words};

/// So many types are listed.
const TYPES: usize = 10;
/// So many incomplete units are listed; the report has them all.
const UNITS: usize = 5;

/// The summary of a completed scan, in lines.
pub(super) fn render(
    job: &Job,
    report: &Report,
    files: Option<&Path>,
    style: Style,
    place: &Place,
) -> String {
    let Some(Output::Scan(output)) = &job.output else {
        return format!("job {} completed; its output is of another version\n", job.id);
    };
    let mut text = String::new();
    headline(&mut text, job, output, report, style);
    figures(&mut text, output, report);
    azure(&mut text, report);
    types(&mut text, report);
    incomplete(&mut text, output, style);
    next(&mut text, job, files, style, place.command());
    text
}

fn headline(text: &mut String, job: &Job, output: &scan::Output, report: &Report, style: Style) {
    let tenant = job
        .tenant_id
        .map(|id| format!(" tenant {id}"))
        .unwrap_or_default();
    let types = match report.types.len() {
        0 => String::new(),
        count => format!(" of {}", words::count(count as u64, "type", "types")),
    };
    let found = format!(
        "{}{types} in {}",
        words::count(output.resources, "resource", "resources"),
        words::count(output.subscriptions, "subscription", "subscriptions"),
    );
    // A count from a hostile or broken file must not be able to make this panic.
    let took = Duration::try_from_secs_f64(output.duration_seconds).unwrap_or_default();
    let took = words::duration(took);
    let verb = if output.success {
        style.green("scanned")
    } else {
        style.yellow("scanned in part")
    };
    let _ = writeln!(text, "{verb}{tenant}: {} in {took}", style.bold(found));
}

fn figures(text: &mut String, output: &scan::Output, report: &Report) {
    let mut line = |name: &str, words: String| {
        let _ = writeln!(text, "  {name:<14}  {words}");
    };
    line(
        "nodes",
        format!(
            "{} added, {} changed, {} removed, {} unchanged",
            words::thousands(output.added),
            words::thousands(output.changed),
            words::thousands(output.removed),
            words::thousands(output.unchanged)
        ),
    );
    let each = match report.counts.nodes {
        0 => String::new(),
        nodes => format!(", {:.1} a node", output.relationships as f64 / nodes as f64),
    };
    line(
        "relationships",
        format!(
            "{}{each}; {} added, {} removed",
            words::thousands(output.relationships),
            words::thousands(report.counts.edges_added),
            words::thousands(report.counts.edges_removed)
        ),
    );
    for (parameter, number) in &report.left_out {
        let by = parameter.replace('_', " ");
        line(
            "left out",
            format!("{} by {by}", words::count(*number, "object", "objects")),
        );
    }
    let mut count = |name: &str, number: u64, one: &str, many: &str, what: &str| {
        if number > 0 {
            line(name, format!("{} {what}", words::count(number, one, many)));
        }
    };
    count(
        "entra id",
        report.counts.entra_objects,
        "object",
        "objects",
        "of Microsoft Entra ID",
    );
    count(
        "external",
        report.external_total,
        "id",
        "ids",
        "outside of what was scanned",
    );
    count(
        "redacted",
        report.redactions_total,
        "secret",
        "secrets",
        "replaced before anything was kept",
    );
    count(
        "duplicates",
        report.duplicates_total,
        "object",
        "objects",
        "came more than once",
    );
    count(
        "remarks",
        report.remarks_total,
        "object",
        "objects",
        "with something odd, see the report",
    );
    count(
        "unconfirmed",
        report.unconfirmed_total,
        "node",
        "nodes",
        "not seen and kept, because nothing confirms that they are gone",
    );
    count(
        "problems",
        report.problems_total,
        "object",
        "objects",
        "could not be taken, see the report",
    );
}

/// Calls by quota, and how near they came to what is possible.
fn azure(text: &mut String, report: &Report) {
    let Some(requests) = &report.run.requests else {
        return;
    };
    let seconds = |seconds: f64| words::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    let quota = &requests.quota;
    let floor = match quota.over_floor {
        Some(ratio) => format!(
            "; read in {}, {ratio:.2} times the least that its quotas allow",
            seconds(quota.took_seconds)
        ),
        None => format!(
            "; read in {}, within what its quotas give at once",
            seconds(quota.took_seconds)
        ),
    };
    let _ = writeln!(
        text,
        "  {:<14}  {}, {} refused{floor}",
        "azure",
        words::count(requests.total, "call", "calls"),
        words::thousands(requests.refused),
    );
    let mut kinds: BTreeMap<&str, (u64, u64, f64)> = BTreeMap::new();
    for own in &quota.buckets {
        let sums = kinds.entry(&own.kind).or_default();
        *sums = (
            sums.0 + own.calls,
            sums.1 + own.refused,
            sums.2.max(own.floor_seconds),
        );
    }
    for (kind, (calls, refused, floor)) in kinds {
        let _ = writeln!(
            text,
            "  {:<14}  {:<20} {:>8} calls, {refused} refused, at least {}",
            "",
            kind.replace('_', " "),
            words::thousands(calls),
            seconds(floor),
        );
    }
}

fn types(text: &mut String, report: &Report) {
    let mut types: Vec<_> = report.types.iter().collect();
    types.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let shown = &types[..types.len().min(TYPES)];
    let Some(wide) = shown
        .iter()
        .map(|(_, count)| words::thousands(**count).len())
        .max()
    else {
        return;
    };
    text.push_str("\n  most frequent types\n");
    for (name, count) in shown {
        let _ = writeln!(text, "    {:>wide$}  {name}", words::thousands(**count));
    }
    if types.len() > shown.len() {
        let _ = writeln!(
            text,
            "    {:>wide$}  … and {} more",
            "",
            words::thousands((types.len() - shown.len()) as u64)
        );
    }
}

fn incomplete(text: &mut String, output: &scan::Output, style: Style) {
    if output.success {
        return;
    }
    let total = output
        .incomplete_units_total
        .max(output.incomplete_units.len() as u64);
    let title = format!("incomplete: {}", words::count(total, "unit", "units"));
    let _ = writeln!(text, "\n  {}", style.yellow(title));
    for unit in output.incomplete_units.iter().take(UNITS) {
        let _ = writeln!(
            text,
            "    {} of {}: {}: {}",
            unit.collector, unit.scope, unit.state, unit.reason
        );
    }
    let more = total.saturating_sub(UNITS as u64);
    if more > 0 {
        let _ = writeln!(text, "    … and {} more, in the report", words::thousands(more));
    }
}

fn next(text: &mut String, job: &Job, files: Option<&Path>, style: Style, atg: &str) {
    text.push('\n');
    let has_report = job
        .artifacts
        .iter()
        .any(|Artifact { name, .. }| name == "report.json");
    match files {
        Some(directory) => {
            let _ = writeln!(text, "  report    {}", directory.join("report.json").display());
        }
        None if has_report => {
            let _ = writeln!(
                text,
                "  report    {atg} job download {} --name report.json",
                job.id
            );
        }
        None => {}
    }
    let query = "MATCH ()-[r]->(b:Resource) RETURN type(r) AS relationship, b.type AS to, count(*) AS n ORDER BY n DESC LIMIT 15";
    let _ = writeln!(
        text,
        "  try next  {}",
        style.bold(format!("{atg} query '{query}'"))
    );
}

#[cfg(test)]
mod tests {
    use atg_sdk::{JobRequest, Operation, model::operations::scan::IncompleteUnit};

    use super::*;

    fn job(output: &scan::Output) -> Job {
        let request = JobRequest::new(Operation::Scan(scan::Parameters::default()));
        let json = serde_json::json!({
            "job_id": request.id, "operation": "scan", "status": "completed", "progress": 1.0,
            "created_at": "2026-01-01T00:00:00Z", "output": output,
            "tenant_id": "00000000-0000-0000-0000-000000000001",
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_summary_says_what_was_found_and_what_changed() {
        let output = scan::Output {
            success: true,
            subscriptions: 1,
            resources: 1_234,
            relationships: 5_000,
            added: 2_000,
            duration_seconds: 1.25,
            ..scan::Output::default()
        };
        let report = serde_json::json!({
            "counts": {"nodes": 2_000, "edges_added": 5_000}, "types": {"A.B/c": 1_000, "D.E/f": 234},
            "external_total": 1, "redactions_total": 3, "left_out": {"resource_types": 70},
        });
        let text = render(
            &job(&output),
            &serde_json::from_value(report).unwrap(),
            None,
            Style::new(false),
            &Place::Here,
        );
        let expected = "\
scanned tenant 00000000-0000-0000-0000-000000000001: 1,234 resources of 2 types in 1 subscription in 1.2 s
  nodes           2,000 added, 0 changed, 0 removed, 0 unchanged
  relationships   5,000, 2.5 a node; 5,000 added, 0 removed
  left out        70 objects by resource types
  external        1 id outside of what was scanned
  redacted        3 secrets replaced before anything was kept

  most frequent types
    1,000  A.B/c
      234  D.E/f

  try next  atg query '";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn what_is_incomplete_is_named_and_counted() {
        let unit = |number: u64| IncompleteUnit {
            scope: format!("/subscriptions/{number}"),
            collector: "resources".to_owned(),
            state: "partial".to_owned(),
            reason: "line 7 is not JSON".to_owned(),
        };
        let output = scan::Output {
            incomplete_units: (0..100).map(unit).collect(),
            incomplete_units_total: 1_500,
            duration_seconds: f64::MAX,
            ..scan::Output::default()
        };
        let text = render(
            &job(&output),
            &Report::default(),
            Some(Path::new("out")),
            Style::new(false),
            &Place::Here,
        );
        for words in [
            "scanned in part",
            "incomplete: 1,500 units",
            "resources of /subscriptions/0: partial: line 7 is not JSON",
            "… and 1,495 more",
            "out/report.json",
        ] {
            assert!(text.contains(words), "`{words}` is not in\n{text}");
        }
    }
}
