//! Files that operations read: registered where they lie, or spooled, and named by their SHA-256.

mod file;

use std::{
    fs::{self, File},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use atg_sdk::{Error, Input, InputContent, JobId, Owner, Result, model::InputDigest};
use futures::TryStreamExt as _;
use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};
use sha2::{Digest as _, Sha256};
use tokio_util::io::{StreamReader, SyncIoBridge};

pub use file::{InputFile, InputReader};
pub(crate) use file::{OpenInputs, Stamp};

use crate::{
    data_dir::private_file,
    fault::io_error,
    jobs::{Database, blocking},
};

/// How long an input is kept after its last use.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// A use is noted when the last one that was is so many milliseconds old: every note waits for the disk.
const NOTED: i64 = 60 * 60 * 1000;

/// The inputs that this data directory knows of.
#[derive(Debug, Clone)]
pub(crate) struct InputRegistry {
    database: Arc<Database>,
    spool: PathBuf,
}

impl InputRegistry {
    pub(crate) fn new(database: Arc<Database>, spool: PathBuf) -> Self {
        Self { database, spool }
    }

    /// Makes an input known to its owner.
    pub(crate) async fn put(&self, owner: &Owner, content: InputContent) -> Result<Input> {
        if let InputContent::Known(digest) = content {
            let input = self.find(owner, &digest).await?;
            return Ok(Input {
                size_bytes: input.size_bytes,
                sha256: digest,
            });
        }
        let (spool, owner) = (self.spool.clone(), owner.clone());
        let runtime = tokio::runtime::Handle::current();
        blocking(&self.database, move |database| {
            let found = match content {
                InputContent::Bytes(bytes) => spool_from(&spool, &bytes[..], "the input")?,
                InputContent::File(path) => register(&spool, &path)?,
                InputContent::Stream(chunks) => {
                    let chunks = StreamReader::new(chunks.map_err(io::Error::other));
                    spool_from(&spool, SyncIoBridge::new_with_handle(chunks, runtime), "the input")?
                }
                // Answered above, without a copy.
                InputContent::Known(digest) => return Err(unknown(&digest)),
            };
            database.write("register an input", |transaction| {
                transaction.execute(
                    "INSERT OR REPLACE INTO input (owner, sha256, path, size, stamp, used_at) VALUES (?, ?, ?, ?, ?, ?)",
                    params![
                        owner.as_str(),
                        found.digest.as_str(),
                        found.path,
                        i64::try_from(found.stamp.size()).unwrap_or(i64::MAX),
                        found.stamp.to_text(),
                        Timestamp::now().as_millisecond()
                    ],
                )?;
                Ok(())
            })?;
            Ok(Input {
                sha256: found.digest,
                size_bytes: found.stamp.size(),
            })
        })
        .await
    }

    /// Finds an input of that owner, unchanged.
    pub(crate) async fn find(&self, owner: &Owner, digest: &InputDigest) -> Result<InputFile> {
        let (spool, owner, digest) = (self.spool.clone(), owner.clone(), digest.clone());
        blocking(&self.database, move |database| {
            let now = Timestamp::now().as_millisecond();
            let row: Option<(Option<String>, String, i64)> =
                database.read("find an input", |transaction| {
                    Ok(transaction
                        .query_row(
                            "SELECT path, stamp, used_at FROM input WHERE owner = ? AND sha256 = ?",
                            params![owner.as_str(), digest.as_str()],
                            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
                        )
                        .optional()?)
                })?;
            let Some((path, stamp, used_at)) = row else {
                return Err(unknown(&digest));
            };
            if now - used_at > NOTED {
                database.write("note the use of an input", |transaction| {
                    transaction.execute(
                        "UPDATE input SET used_at = ? WHERE owner = ? AND sha256 = ?",
                        params![now, owner.as_str(), digest.as_str()],
                    )?;
                    Ok(())
                })?;
            }
            let path = path.map_or_else(|| spool.join(digest.as_str()), PathBuf::from);
            let input = InputFile::new(path, digest, Stamp::from_text(&stamp)?);
            input.check_unchanged()?;
            Ok(input)
        })
        .await
    }

    /// Deletes the copies that a job reads and no other open one refers to. One that was put anew since the job was
    /// submitted is somebody's who is about to submit another.
    pub(crate) fn drop_copies(&self, job: JobId) -> Result<()> {
        let dropped = self
            .database
            .write("delete the copies of inputs", |transaction| {
                let dropped = transaction
                    .prepare(
                        "DELETE FROM input WHERE path IS NULL AND EXISTS (
                         SELECT 1 FROM job_input mine JOIN job ON job.number = mine.job
                         WHERE mine.sha256 = input.sha256 AND job.id = ?1
                             AND input.used_at <= job.created_at / 1000000 + 1
                             AND NOT EXISTS (
                                 SELECT 1 FROM job_input theirs JOIN job other ON other.number = theirs.job
                                 WHERE theirs.sha256 = input.sha256 AND other.number <> job.number
                                     AND other.status IN ('pending', 'running')))
                     RETURNING sha256",
                    )?
                    .query_map([job.to_string()], |row| row.get(0))?
                    .collect::<rusqlite::Result<Vec<String>>>()?;
                let mut still =
                    transaction.prepare("SELECT 1 FROM input WHERE sha256 = ? AND path IS NULL")?;
                let mut alone = Vec::new();
                for digest in dropped {
                    // Another owner may have put the same.
                    if !still.exists([&digest])? {
                        alone.push(digest);
                    }
                }
                Ok(alone)
            })?;
        for digest in dropped {
            let path = self.spool.join(digest);
            fs::remove_file(&path).map_err(|error| io_error("delete a copy of an input", &path, error))?;
        }
        Ok(())
    }

    /// Forgets inputs that nobody used for a day and no open job refers to. Returns how many.
    pub(crate) fn expire(&self, now: Timestamp) -> Result<u64> {
        let before = now.as_millisecond() - i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
        let (forgotten, kept) = self.database.write("forget old inputs", |transaction| {
            let forgotten = transaction.execute(
                "DELETE FROM input WHERE used_at < ? AND NOT EXISTS (
                     SELECT 1 FROM job_input JOIN job ON job.number = job_input.job
                     WHERE job_input.sha256 = input.sha256 AND job.status IN ('pending', 'running'))",
                [before],
            )?;
            let mut kept = transaction.prepare("SELECT DISTINCT sha256 FROM input WHERE path IS NULL")?;
            let kept = kept
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<std::collections::HashSet<String>>>()?;
            Ok((forgotten, kept))
        })?;
        let entries =
            fs::read_dir(&self.spool).map_err(|error| io_error("list the inputs", &self.spool, error))?;
        for entry in entries.flatten() {
            let name = entry.file_name();
            // A file is spooled before its row is written: young ones are somebody's.
            let old = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .is_ok_and(|time| time.elapsed().is_ok_and(|age| age > KEPT));
            if old && !name.to_str().is_some_and(|name| kept.contains(name)) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(forgotten as u64)
    }
}

/// The error for a digest that stands for nothing, or for somebody else's input: nobody may tell which.
pub(crate) fn unknown(digest: &InputDigest) -> Error {
    Error::not_found(format!(
        "find the input {digest}: there is none here: give the file again"
    ))
}

/// An input as it will be remembered.
struct Found {
    digest: InputDigest,
    /// `None` in the spool.
    path: Option<String>,
    stamp: Stamp,
}

/// Takes a file as an input without copying it; what is not a file (a pipe, standard input) is copied.
fn register(spool: &Path, path: &Path) -> Result<Found> {
    let doing = "read the input";
    let mut file = File::open(path).map_err(|error| io_error(doing, path, error))?;
    let metadata = file.metadata().map_err(|error| io_error(doing, path, error))?;
    if metadata.is_dir() {
        return Err(Error::invalid(format!(
            "read the input {}: it is a directory: name a file",
            path.display()
        )));
    }
    if !metadata.is_file() {
        return spool_from(spool, file, &path.display().to_string());
    }
    let canonical = fs::canonicalize(path).map_err(|error| io_error(doing, path, error))?;
    let Some(text) = canonical.to_str() else {
        // Such a name would not survive the way through the database.
        return spool_from(spool, file, &path.display().to_string());
    };
    let stamp = Stamp::of(&metadata);
    let (digest, size) =
        copy_digest(&mut file, &mut io::sink()).map_err(|error| io_error(doing, path, error))?;
    let after = file.metadata().map_err(|error| io_error(doing, path, error))?;
    if Stamp::of(&after) != stamp || size != stamp.size() {
        return Err(file::changed(path));
    }
    Ok(Found {
        digest,
        path: Some(text.to_owned()),
        stamp,
    })
}

/// Copies an input into the spool, under its digest.
fn spool_from(spool: &Path, mut source: impl Read, what: &str) -> Result<Found> {
    let doing = format!("copy {what}");
    let temporary = spool.join(format!("{}.new", uuid::Uuid::new_v4()));
    let mut copy = || -> io::Result<(InputDigest, Stamp)> {
        let mut out = private_file().write(true).create_new(true).open(&temporary)?;
        let (digest, size) = copy_digest(&mut source, &mut out)?;
        out.flush()?;
        out.sync_all()?;
        let path = spool.join(digest.as_str());
        // A job may be reading the same input already, and would take a new file in its place for a changed one.
        if fs::metadata(&path).is_ok_and(|there| there.len() == size) {
            fs::remove_file(&temporary)?;
        } else {
            fs::rename(&temporary, &path)?;
        }
        Ok((digest, Stamp::of(&fs::metadata(&path)?)))
    };
    match copy() {
        Ok((digest, stamp)) => Ok(Found {
            digest,
            path: None,
            stamp,
        }),
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            // What the sender's own stream failed with is the sender's to hear.
            error
                .downcast::<Error>()
                .map_or_else(|error| Err(io_error(&doing, &temporary, error)), Err)
        }
    }
}

fn copy_digest(source: &mut impl Read, out: &mut impl io::Write) -> io::Result<(InputDigest, u64)> {
    let mut buffer = vec![0; 256 * 1024];
    let mut digest = Sha256::new();
    let mut size = 0;
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        digest.update(&buffer[..count]);
        out.write_all(&buffer[..count])?;
        size += count as u64;
    }
    Ok((InputDigest::from_bytes(digest.finalize().into()), size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_input_that_nobody_used_for_a_day_is_forgotten() {
        let place = tempfile::tempdir().unwrap();
        let spool = place.path().join("inputs");
        fs::create_dir(&spool).unwrap();
        let database = Arc::new(Database::open(&place.path().join("jobs.db")).unwrap());
        let inputs = InputRegistry::new(database, spool.clone());
        let owner = Owner::default();
        let put = inputs
            .put(&owner, InputContent::Bytes("content".into()))
            .await
            .unwrap();
        let file = spool.join(put.sha256.as_str());
        let now = Timestamp::now();
        let hours = |count: i64| now + jiff::SignedDuration::from_hours(count);

        assert_eq!(inputs.expire(hours(23)).unwrap(), 0);
        assert!(file.exists());
        assert_eq!(inputs.find(&owner, &put.sha256).await.unwrap().path, file);
        assert_eq!(inputs.expire(hours(25)).unwrap(), 1);

        assert!(
            file.exists(),
            "a young file may be of a row that is not written yet"
        );
        let yesterday = std::time::SystemTime::now() - Duration::from_secs(25 * 60 * 60);
        File::options()
            .write(true)
            .open(&file)
            .unwrap()
            .set_modified(yesterday)
            .unwrap();
        inputs.expire(hours(25)).unwrap();
        assert!(!file.exists());
        let error = inputs.find(&owner, &put.sha256).await.unwrap_err();
        assert_eq!(error.kind(), atg_sdk::ErrorKind::NotFound);
    }
}
