//! Developer tools: whoever is signed in to one is taken for the caller.

mod az;
mod azd;

use std::{env::split_paths, ffi::OsString, path::PathBuf, process::Stdio, time::Duration};

use atg_sdk::ErrorKind;
use tokio::{io::AsyncReadExt as _, process::Command};

pub use self::{az::AzureCli, azd::AzureDeveloperCli};
use super::{CredentialError, TokenRequest, login::check_tenant};
use crate::error::tame;

/// They are written in Python and Go and start slowly; az may also refresh its token first.
const TIME_LIMIT: Duration = Duration::from_secs(60);
/// The longest output that is read.
const LONGEST_OUTPUT: u64 = 1024 * 1024;

/// Where tools are found, and how long they may take.
#[derive(Debug, Clone)]
pub struct Tools {
    path: OsString,
    time: Duration,
}

impl Tools {
    /// Those in the directories of that list, which is written like `PATH`.
    pub fn in_path(path: impl Into<OsString>) -> Self {
        Self {
            path: path.into(),
            time: TIME_LIMIT,
        }
    }

    /// With that limit of time.
    #[must_use]
    pub fn with_time_limit(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    fn find(&self, names: &[&str]) -> Option<PathBuf> {
        split_paths(&self.path)
            // An empty or relative entry would run whatever lies in the current directory.
            .filter(|directory| directory.is_absolute())
            .flat_map(|directory| names.iter().map(move |name| directory.join(name)))
            .find(|file| file.is_file())
    }

    /// Runs a tool and gives its output. No shell is between.
    async fn run(&self, tool: &Tool, arguments: &[&str]) -> Result<Vec<u8>, CredentialError> {
        let program = self.find(tool.programs).ok_or_else(|| {
            CredentialError::NotHere(format!(
                "{} is not installed: there is no `{}` on the path",
                tool.title, tool.name
            ))
        })?;
        let broken = |why: String| {
            CredentialError::failed(ErrorKind::Unavailable, format!("run {}: {why}", tool.name))
        };
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| broken(error.to_string()))?;
        let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
            return Err(broken("its output cannot be read".to_owned()));
        };
        let (mut output, mut complaint) = (Vec::new(), Vec::new());
        let (mut out, mut err) = (out.take(LONGEST_OUTPUT), err.take(LONGEST_OUTPUT));
        let all = async {
            tokio::try_join!(out.read_to_end(&mut output), err.read_to_end(&mut complaint))?;
            child.wait().await
        };
        let status = tokio::time::timeout(self.time, all)
            .await
            .map_err(|_| broken(format!("it said nothing for {} s", self.time.as_secs())))?
            .map_err(|error| broken(error.to_string()))?;
        if status.success() {
            return Ok(output);
        }
        let words = complaint_of(&complaint);
        if tool.signs_of_nobody.iter().any(|sign| words.contains(sign)) {
            return Err(CredentialError::NotHere(format!(
                "nobody is signed in to {}: run `{}`",
                tool.title, tool.sign_in
            )));
        }
        Err(CredentialError::failed(
            ErrorKind::Unauthenticated,
            format!("get a token from {}: {words}", tool.name),
        ))
    }
}

/// What the tools have in common.
struct Tool {
    name: &'static str,
    title: &'static str,
    programs: &'static [&'static str],
    sign_in: &'static str,
    /// What it says when nobody is signed in.
    signs_of_nobody: &'static [&'static str],
}

/// Its own words, on one line. What follows the first few lines is a trace, or advice for its own users.
fn complaint_of(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let words = tame(&text.lines().take(8).collect::<Vec<_>>().join(" "));
    if words.is_empty() {
        "it failed without a word".to_owned()
    } else {
        words
    }
}

/// A scope becomes an argument: one that begins like an option, or holds what a batch file would read, is none.
fn check(request: &TokenRequest) -> Result<(), CredentialError> {
    let good = !request.scope.starts_with('-')
        && request
            .scope
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b":/.-_".contains(&byte));
    if !good {
        return Err(CredentialError::failed(
            ErrorKind::InvalidArgument,
            "ask for a token: the scope holds characters that none has",
        ));
    }
    if let Some(tenant) = &request.tenant {
        check_tenant(tenant)
            .map_err(|error| CredentialError::failed(ErrorKind::InvalidArgument, error.message()))?;
    }
    Ok(())
}
