//! What a person reads after the files were written.

use std::{fmt::Write as _, path::Path};

use atg_sdk::model::operations::generate_iac::{Format, Output};

use crate::{style::Style, words};

/// So many missing resources are listed; the report has them all.
const MISSING: usize = 10;

/// The summary, in lines.
pub(super) fn render(output: &Output, format: Format, directory: Option<&Path>, style: Style) -> String {
    let mut text = String::new();
    let verb = match (output.success, directory) {
        (true, Some(_)) => style.green("wrote"),
        (true, None) => style.green("planned"),
        (false, Some(_)) => style.yellow("wrote in part"),
        (false, None) => style.yellow("planned in part"),
    };
    let resources = words::count(output.resources, "resource", "resources");
    let objects = words::count(output.objects, "object", "objects");
    let language = match format {
        Format::Terraform => "Terraform",
        Format::Bicep => "Bicep",
        Format::Arm => "an ARM template",
    };
    let place = directory
        .map(|directory| {
            let files = words::count(output.files, "file", "files");
            format!(": {files} in {}", directory.display())
        })
        .unwrap_or_default();
    let _ = writeln!(
        text,
        "{verb} {} of {objects} as {language}{place}",
        style.bold(resources)
    );
    let mut line = |name: &str, words: String| {
        let _ = writeln!(text, "  {name:<14}  {words}");
    };
    for skipped in &output.skipped {
        line(
            said(&skipped.reason),
            words::count(skipped.objects, "object", "objects"),
        );
    }
    line(
        "references",
        format!(
            "{} between resources; {} outside",
            words::thousands(output.references),
            words::count(output.outside, "thing stays", "things stay")
        ),
    );
    if output.secrets > 0 {
        let parameters = words::count(output.secrets, "parameter", "parameters");
        line(
            "secrets",
            format!("{parameters} to fill in; the checklist in report.json says which"),
        );
    }
    if !output.unknown_types.is_empty() {
        line(
            "with care",
            format!("little is known of {}", output.unknown_types.join(", ")),
        );
    }
    if output.missing_total > 0 {
        let missing = words::count(output.missing_total, "object is", "objects are");
        let _ = writeln!(text, "{}", style.yellow(format!("{missing} not in the files:")));
        for missing in output.missing.iter().take(MISSING) {
            let _ = writeln!(text, "  {}: {}", missing.id, missing.reason);
        }
        if output.missing_total > MISSING as u64 {
            let _ = writeln!(text, "  … report.json has them all");
        }
    }
    if let Some(directory) = directory {
        let _ = writeln!(text, "next: {}", style.bold(next(format, directory)));
    }
    text
}

/// What was done to single resources.
pub(super) fn explanations(output: &Output) -> String {
    let mut text = String::new();
    for explanation in &output.explanations {
        let _ = writeln!(text, "{}", explanation.id);
        match (&explanation.name, &explanation.skipped) {
            (Some(name), _) => {
                let _ = writeln!(text, "  is written as {name}");
            }
            (None, Some(reason)) => {
                let _ = writeln!(text, "  is not written: {reason}");
            }
            (None, None) => {
                let _ = writeln!(text, "  is not written: the subset does not hold it");
            }
        }
        for reference in &explanation.references {
            let _ = writeln!(text, "  refers to {} ({})", reference.name, reference.what);
        }
        for removed in &explanation.removed {
            let _ = writeln!(text, "  leaves out {}: {}", removed.path, removed.reason);
        }
    }
    text
}

fn said(reason: &str) -> &str {
    match reason {
        "inlined" => "in parents",
        "system_made" => "made by Azure",
        "default" => "defaults",
        "read_only" => "reports",
        "dropped" => "dropped",
        "place" => "places",
        "duplicate" => "duplicates",
        other => other,
    }
}

fn next(format: Format, directory: &Path) -> String {
    let directory = directory.display();
    match format {
        Format::Terraform => format!("cd {directory} && terraform init && terraform plan"),
        Format::Bicep => format!("bicep build {directory}/main.bicep"),
        Format::Arm => format!("look at {directory}/azuredeploy.json and its parameters file"),
    }
}
