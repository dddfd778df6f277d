//! Where the writers' files go: each is an artifact.

use std::{collections::HashSet, io::Write as _};

use atg_iac::writer::Files;
use atg_sdk::{Error, ErrorKind, Result};

use crate::context::Context;

/// The artifacts of a job, as writers see them.
#[derive(Debug)]
pub(super) struct Artifacts<'a> {
    context: &'a Context,
    /// In small letters: there are file systems that do not tell `A` from `a`.
    taken: HashSet<String>,
    paths: Vec<String>,
}

impl<'a> Artifacts<'a> {
    pub(super) fn new(context: &'a Context) -> Self {
        Self {
            context,
            taken: HashSet::new(),
            paths: Vec::new(),
        }
    }

    /// The files that there are.
    pub(super) fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The report, which is no file of a writer.
    pub(super) fn report(&self, content: &str) -> Result<()> {
        self.write("report.json", content)
    }

    fn write(&self, path: &str, content: &str) -> Result<()> {
        let mut artifact = self.context.artifact_blocking(path, content_type(path))?;
        artifact.write_all(content.as_bytes()).map_err(|error| {
            Error::new(
                ErrorKind::Unavailable,
                format!("write {path}: {error}; see whether the disk is full, then try again"),
            )
        })?;
        artifact.finish_blocking()
    }
}

impl Files for Artifacts<'_> {
    fn file(&mut self, path: &str, content: String) -> Result<()> {
        self.context.check_cancelled()?;
        if !is_safe(path) || !self.taken.insert(path.to_lowercase()) {
            return Err(Error::internal(format!(
                "write a file to `{}`, which is no name for one or taken",
                path.escape_debug()
            )));
        }
        self.paths.push(path.to_owned());
        self.write(path, &content)
    }
}

/// What every writer promises of its paths. Names in a tenant are anybody's, so it is checked once more where it matters.
fn is_safe(path: &str) -> bool {
    path.len() <= 255
        && path.split('/').all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
        })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("json") => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("main.tf", true)]
    #[case("modules/rg-web/main.tf", true)]
    #[case("terraform.tfvars.example", true)]
    #[case("", false)]
    #[case("../main.tf", false)]
    #[case("/main.tf", false)]
    #[case("a//b", false)]
    #[case(".terraform.lock.hcl", false)]
    #[case("a\\b", false)]
    #[case("é.tf", false)]
    fn only_plain_relative_paths_are_files(#[case] path: &str, #[case] safe: bool) {
        assert_eq!(is_safe(path), safe);
    }
}
