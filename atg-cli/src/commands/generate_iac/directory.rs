//! The directory that the files go to, which may hold those of an earlier run, and other people's.

use std::{
    collections::HashSet,
    fs, io,
    path::{Path, PathBuf},
};

use atg_sdk::{Artifact, Error, ErrorKind, Result};

use crate::exit::FileContext as _;

/// What tells which files are ours.
const REPORT: &str = "report.json";

/// The files that an earlier run left in the directory.
///
/// # Errors
/// `Conflict` where there is something in it, unless told otherwise.
pub(super) fn former(directory: &Path, force: bool) -> Result<Vec<String>> {
    let mut entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).doing(|| format!("read {}", directory.display())),
    };
    if entries.next().is_none() {
        return Ok(Vec::new());
    }
    if !force {
        return Err(Error::new(
            ErrorKind::Conflict,
            format!(
                "{} is not empty: pass --force to replace the files of an earlier run, or choose another directory",
                directory.display()
            ),
        ));
    }
    Ok(read(&directory.join(REPORT)).unwrap_or_default())
}

/// Deletes what an earlier run left and this one did not write anew: a module of a group that is gone would otherwise be
/// applied for ever.
pub(super) fn drop_stale(directory: &Path, former: &[String], artifacts: &[Artifact]) -> Result<()> {
    let now: HashSet<&str> = artifacts.iter().map(|artifact| artifact.name.as_str()).collect();
    for name in former.iter().filter(|name| !now.contains(name.as_str())) {
        // The report is a file like any other by now: what it names is checked as an artifact's name is.
        if Artifact::check_name(name).is_err() {
            continue;
        }
        let path: PathBuf = directory.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).doing(|| format!("delete {}", path.display()));
            }
            _ => {}
        }
        // A directory goes with its last file; one that holds anything else stays.
        let mut above = path.parent();
        while let Some(parent) = above.filter(|parent| *parent != directory) {
            if fs::remove_dir(parent).is_err() {
                break;
            }
            above = parent.parent();
        }
    }
    Ok(())
}

/// What a report says it came with; nothing where it is none.
fn read(report: &Path) -> Option<Vec<String>> {
    let report: serde_json::Value = serde_json::from_slice(&fs::read(report).ok()?).ok()?;
    let files = report.get("files")?.as_array()?;
    Some(
        files
            .iter()
            .filter_map(|file| file.as_str())
            .map(str::to_owned)
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(name: &str) -> Artifact {
        serde_json::from_value(serde_json::json!({
            "name": name, "content_type": "text/plain", "size_bytes": 0, "sha256": "00",
        }))
        .unwrap()
    }

    #[test]
    fn only_what_an_earlier_run_left_is_replaced() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("out");
        assert_eq!(former(&directory, false).unwrap(), Vec::<String>::new());
        fs::create_dir_all(directory.join("modules/old")).unwrap();
        for name in ["modules/old/main.tf", "terraform.tfstate", "main.tf"] {
            fs::write(directory.join(name), "x").unwrap();
        }
        assert_eq!(former(&directory, false).unwrap_err().kind(), ErrorKind::Conflict);
        assert_eq!(former(&directory, true).unwrap(), Vec::<String>::new());
        fs::write(home.path().join("outside"), "x").unwrap();
        fs::write(
            directory.join(REPORT),
            r#"{"files":["main.tf","modules/old/main.tf","../outside","gone.tf"]}"#,
        )
        .unwrap();
        let former = former(&directory, true).unwrap();
        drop_stale(&directory, &former, &[artifact("main.tf")]).unwrap();
        assert!(directory.join("main.tf").exists() && directory.join("terraform.tfstate").exists());
        assert!(!directory.join("modules").exists());
        assert!(home.path().join("outside").exists());
    }
}
