//! Which processes are alive: each that runs jobs holds an operating-system lock for as long as it lives.
//!
//! A process id tells nothing (it is reused, and containers have their own), and a heartbeat cannot tell a dead process
//! from a suspended one. A lock of the operating system is given back exactly when its process is gone.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use atg_sdk::Result;
use uuid::Uuid;

use crate::{data_dir::private_file, fault::io_error};

/// The locks in one directory, and ours among them once we run a job.
#[derive(Debug)]
pub(crate) struct ProcessLocks {
    directory: PathBuf,
    own: Mutex<Option<OwnLock>>,
}

#[derive(Debug)]
struct OwnLock {
    name: String,
    /// Holds the lock until it is closed.
    _file: File,
}

impl ProcessLocks {
    pub(crate) fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            own: Mutex::default(),
        }
    }

    /// The name of our lock, which is taken by the first call: who only looks needs none.
    pub(crate) fn own(&self) -> Result<String> {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = own.as_ref() {
            return Ok(lock.name.clone());
        }
        let lock = self.acquire()?;
        let name = lock.name.clone();
        *own = Some(lock);
        Ok(name)
    }

    /// Whether this is the name of our lock.
    pub(crate) fn is_own(&self, name: &str) -> bool {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.as_ref().is_some_and(|lock| lock.name == name)
    }

    /// Whether the process that held this lock is gone. Once it is, it stays so: names are never used again.
    pub(crate) fn is_free(&self, name: &str) -> Result<bool> {
        if self.is_own(name) {
            return Ok(false);
        }
        let path = self.directory.join(name);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
            Err(error) => return Err(io_error("see whether a process is alive", &path, error)),
        };
        // Shared, so that two who look at the same time do not take each other for the owner.
        match file.try_lock_shared() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(io_error("see whether a process is alive", &path, error)),
        }
    }

    /// Removes the files of processes that are gone.
    pub(crate) fn sweep(&self) {
        let Ok(entries) = fs::read_dir(&self.directory) else {
            return;
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name
                .to_str()
                .is_some_and(|name| self.is_free(name).unwrap_or(false))
            {
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn acquire(&self) -> Result<OwnLock> {
        loop {
            let name = Uuid::now_v7().to_string();
            let path = self.directory.join(&name);
            let doing = "take the lock of this process";
            let file = private_file()
                .read(true)
                .write(true)
                .create_new(true)
                .open(&path)
                .map_err(|error| io_error(doing, &path, error))?;
            match file.try_lock() {
                // Between the two calls above somebody may have swept the file away.
                Ok(()) if path.exists() => return Ok(OwnLock { name, _file: file }),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => return Err(io_error(doing, &path, error)),
            }
        }
    }
}

impl Drop for ProcessLocks {
    fn drop(&mut self) {
        let own = self.own.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(lock) = own.take() {
            remove(&self.directory.join(&lock.name));
        }
    }
}

fn remove(path: &Path) {
    // What stays is swept by the next process.
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_free_only_when_its_holder_is_gone() {
        let place = tempfile::tempdir().unwrap();
        let (one, other) = (
            ProcessLocks::new(place.path().to_owned()),
            ProcessLocks::new(place.path().to_owned()),
        );
        let name = one.own().unwrap();
        assert_eq!(one.own().unwrap(), name);
        assert!(!other.is_free(&name).unwrap() && !one.is_free(&name).unwrap());
        other.sweep();
        assert!(!other.is_free(&name).unwrap(), "a sweep leaves the living alone");
        drop(one);
        assert!(other.is_free(&name).unwrap());
    }

    #[test]
    fn a_sweep_removes_what_the_dead_left() {
        let place = tempfile::tempdir().unwrap();
        fs::write(place.path().join("dead"), "").unwrap();
        let locks = ProcessLocks::new(place.path().to_owned());
        assert!(locks.is_free("dead").unwrap());
        locks.sweep();
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    }
}
