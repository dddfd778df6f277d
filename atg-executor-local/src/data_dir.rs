//! The directory of local state: who may see it, and which file systems will not do.

mod mounts;

use std::{
    fs::{self, DirBuilder, OpenOptions},
    path::{Path, PathBuf},
};

use atg_sdk::{Error, ErrorKind, Result};

use crate::fault::io_error;

/// A data directory that exists, is ours, and lies on a file system that keeps SQLite's promises.
#[derive(Debug, Clone)]
pub(crate) struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// Makes the directory where it is missing.
    ///
    /// `mount_table` is Linux's `/proc/self/mountinfo`, or a test's idea of it. Where there is none (on other systems),
    /// only network paths that can be told by their form are refused.
    pub(crate) fn open(root: &Path, mount_table: &Path) -> Result<Self> {
        private_directory()
            .recursive(true)
            .create(root)
            .map_err(|error| io_error("make the data directory", root, error))?;
        let root =
            fs::canonicalize(root).map_err(|error| io_error("open the data directory", root, error))?;
        refuse_network(&root, mount_table)?;
        close_if_empty(&root);
        Ok(Self { root })
    }

    /// Its canonical path.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Job history.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.root.join("jobs.db")
    }

    /// The default graph.
    pub(crate) fn graph(&self) -> PathBuf {
        self.root.join("graph.db")
    }

    /// A directory in it, made where it is missing.
    pub(crate) fn directory(&self, name: &str) -> Result<PathBuf> {
        let path = self.root.join(name);
        match private_directory().create(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                Err(io_error("make a directory of the data directory", &path, error))
            }
            _ => Ok(path),
        }
    }
}

/// Shuts others out of a directory that somebody made for us. One that holds something is left as it is: it may not be
/// ours alone, and what we put there is private anyway.
fn close_if_empty(root: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;

        if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_none()) {
            // Somebody else's directory stays as its owner wants it.
            let _ = fs::set_permissions(root, fs::Permissions::from_mode(0o700));
        }
    }
    #[cfg(not(unix))]
    let _ = root;
}

/// Refuses a place on a network file system: write-ahead logs need memory shared between processes of one machine.
pub(crate) fn refuse_network(path: &Path, mount_table: &Path) -> Result<()> {
    let kind = match fs::read_to_string(mount_table) {
        Ok(table) => mounts::network_file_system(&table, path),
        Err(_) => None,
    };
    let Some(kind) = kind.or_else(|| mounts::is_network_path(path).then(|| "network share".to_owned()))
    else {
        return Ok(());
    };
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "use {}: it is on a network file system ({kind}), where several processes cannot share a database: choose a \
             directory on a local disk with ATG_DATA_DIR",
            path.display()
        ),
    ))
}

/// Makes directories that only this user may enter.
pub(crate) fn private_directory() -> DirBuilder {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

/// Makes files that only this user may read.
pub(crate) fn private_file() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "only Unix has modes"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn only_its_user_may_enter() {
        use std::os::unix::fs::PermissionsExt as _;

        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("a/b");
        let dir = DataDir::open(&root, Path::new("/nowhere")).unwrap();
        let artifacts = dir.directory("artifacts").unwrap();
        for path in [root.as_path(), artifacts.as_path()] {
            assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_empty_directory_is_closed_and_any_other_is_left_as_it_is() {
        use std::os::unix::fs::PermissionsExt as _;

        let place = tempfile::tempdir().unwrap();
        let (empty, used) = (place.path().join("empty"), place.path().join("used"));
        for path in [&empty, &used] {
            fs::create_dir(path).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(used.join("mine"), "").unwrap();
        let mode = |path: &Path| {
            DataDir::open(path, Path::new("/nowhere")).unwrap();
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!((mode(&empty), mode(&used)), (0o700, 0o755));
    }

    #[test]
    fn a_network_file_system_is_refused_with_the_way_out() {
        let place = tempfile::tempdir().unwrap();
        let table = place.path().join("mountinfo");
        let root = place.path().join("data");
        fs::create_dir(&root).unwrap();
        let mount = fs::canonicalize(place.path()).unwrap();
        fs::write(
            &table,
            format!("36 35 98:0 / {} rw - nfs4 server:/x rw\n", mount.display()),
        )
        .unwrap();
        let error = DataDir::open(&root, &table).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(
            error.message().contains("nfs4") && error.message().contains("ATG_DATA_DIR"),
            "{error}"
        );
        assert_eq!(
            fs::read_dir(&root).unwrap().count(),
            0,
            "nothing was written there"
        );
    }
}
