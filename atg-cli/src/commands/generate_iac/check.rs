//! `--check`: the person's own tools look at the files.

use std::{
    io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use atg_sdk::{Error, ErrorKind, Result, model::operations::generate_iac::Format};

use crate::{exit::file_error, progress::Reporter};

/// What a tool is called with, in the directory.
type Call = (&'static str, &'static [&'static str]);

/// Runs the checks of a format that this machine has the tool for.
///
/// # Errors
/// `InvalidArgument` with what the tool said, where it found something.
pub(super) async fn run(format: Format, directory: &Path, reporter: &Reporter) -> Result<()> {
    let calls: &[Call] = match format {
        Format::Terraform => &[
            ("terraform", &["fmt", "-check", "-recursive", "-no-color"]),
            (
                "terraform",
                &["init", "-backend=false", "-input=false", "-no-color"],
            ),
            ("terraform", &["validate", "-no-color"]),
        ],
        Format::Bicep => &[("bicep", &["build", "main.bicep", "--stdout"])],
        Format::Arm => {
            reporter.note("not checked: no tool on this machine checks ARM templates without Azure");
            return Ok(());
        }
    };
    for (tool, arguments) in calls {
        let shown = format!("{tool} {}", arguments.join(" "));
        let answered = call(tool, arguments, directory.to_owned()).await?;
        let answered = match answered {
            Ok(answered) => answered,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                reporter.warn(&format!("not checked: there is no {tool} on this machine's PATH"));
                return Ok(());
            }
            Err(error) => return Err(file_error(&format!("run {shown}"), &error)),
        };
        if !answered.status.success() {
            let mut said = String::from_utf8_lossy(&answered.stderr).into_owned();
            if said.trim().is_empty() {
                said = String::from_utf8_lossy(&answered.stdout).into_owned();
            }
            return Err(Error::new(
                ErrorKind::InvalidArgument,
                format!("check the files: {shown} says:\n{}", said.trim_end()),
            ));
        }
        reporter.note(&format!("checked: {shown}"));
    }
    Ok(())
}

/// The tool reads a terminal's Ctrl-C itself: it is of the same group.
async fn call(
    tool: &'static str,
    arguments: &'static [&'static str],
    directory: PathBuf,
) -> Result<io::Result<Output>> {
    tokio::task::spawn_blocking(move || {
        Command::new(tool)
            .args(arguments)
            .current_dir(directory)
            .stdin(Stdio::null())
            .output()
    })
    .await
    .map_err(|error| Error::internal("the check ended early").with_source(error))
}
