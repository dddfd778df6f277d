//! What a person reads after a scan.

use std::{fmt::Write as _, path::Path, time::Duration};

use atg_sdk::{Artifact, Job, Output, model::operations::scan};

use super::report::Report;
use crate::{style::Style, words};

/// So many types are listed.
const TYPES: usize = 10;
/// So many incomplete units are listed; the report has them all.
const UNITS: usize = 5;

/// The summary of a completed scan, in lines.
pub(super) fn render(job: &Job, report: &Report, files: Option<&Path>, style: Style) -> String {
    let Some(Output::Scan(output)) = &job.output else {
        return format!("job {} completed; its output is of another version\n", job.id);
    };
    let mut text = String::new();
    headline(&mut text, job, output, report, style);
    figures(&mut text, output, report);
    types(&mut text, report);
    incomplete(&mut text, output, style);
    next(&mut text, job, files, style);
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
    let each = match report.nodes {
        Some(nodes) if nodes > 0 => format!(", {:.1} a node", output.relationships as f64 / nodes as f64),
        _ => String::new(),
    };
    line(
        "relationships",
        format!("{}{each}", words::thousands(output.relationships)),
    );
    if let Some(external) = report.external_total.filter(|count| *count > 0) {
        line(
            "external",
            format!(
                "{} that point outside of what was scanned",
                words::count(external, "id", "ids")
            ),
        );
    }
    if let Some(redacted) = report.redacted_total.filter(|count| *count > 0) {
        line(
            "redacted",
            format!(
                "{} replaced before anything was kept",
                words::count(redacted, "secret", "secrets")
            ),
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

fn next(text: &mut String, job: &Job, files: Option<&Path>, style: Style) {
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
            let _ = writeln!(text, "  report    atg job download {} --name report.json", job.id);
        }
        None => {}
    }
    let query = "MATCH (a)-[r]->(b) RETURN labels(a) AS a, type(r) AS r, labels(b) AS b, count(*) AS n ORDER BY n DESC LIMIT 20";
    let _ = writeln!(text, "  try next  {}", style.bold(format!("atg query '{query}'")));
}
