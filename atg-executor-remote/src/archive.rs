//! Unpacking a zip archive that somebody else made.
//!
//! Nothing of it is believed: names are those that artifacts may have and nothing else, links and special files are
//! refused, entries may neither share bytes nor names, and what comes out is counted while it comes, since a header
//! can promise anything. All of it is unpacked beside its place before any of it gets there.

use std::{
    collections::HashSet,
    fs, io,
    io::{Read, Seek, Write as _},
    path::{Component, Path, PathBuf},
};

use atg_sdk::{Artifact, Error, ErrorKind, Result};
use zip::ZipArchive;

/// How much may come out of an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExtractLimits {
    /// Entries.
    pub entries: usize,
    /// Bytes of all entries together, unpacked.
    pub bytes: u64,
}

impl Default for ExtractLimits {
    fn default() -> Self {
        Self {
            entries: 100_000,
            bytes: 64 * 1024 * 1024 * 1024,
        }
    }
}

/// Unpacks an archive into a directory, which is made if need be, and returns the files in the archive's order.
///
/// A directory that is not there appears whole or not at all; in one that is there each file is replaced whole, after
/// all of them were unpacked. Calls that block: make them where that is fine.
///
/// # Errors
/// `InvalidArgument` for an archive that is broken or holds what no archive of ours does: absolute names, `..`, links,
/// encrypted or overlapping entries, names twice (in whatever case); `TooLarge` past the limits; `Conflict` where a
/// link in the directory would lead out of it; and what the file system answers.
pub fn extract_archive(
    mut archive: impl Read + Seek,
    directory: &Path,
    limits: ExtractLimits,
) -> Result<Vec<PathBuf>> {
    let listed = listed_entries(&mut archive).map_err(|error| broken(error.into()))?;
    let mut archive = ZipArchive::new(archive).map_err(broken)?;
    // The reader keeps the last of several entries of one name and says nothing.
    if listed != Some(archive.len() as u64) {
        return Err(refused("its directory is not what it says, or has a name twice"));
    }
    let names = checked_names(&mut archive, limits)?;
    let parent = match directory.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let failed = |error| file_error(directory, error);
    fs::create_dir_all(parent).map_err(failed)?;
    let staging = tempfile::Builder::new()
        .prefix(".atg-extract-")
        .tempdir_in(parent)
        .map_err(failed)?;
    let mut left = limits.bytes;
    for (index, name) in &names {
        let entry = archive.by_index(*index).map_err(broken)?;
        left -= unpack(entry, &staging.path().join(name), left)?;
    }
    if fs::symlink_metadata(directory).is_err() {
        let staging = staging.keep();
        return match fs::rename(&staging, directory) {
            Ok(()) => {
                open_to_others(directory);
                Ok(names.iter().map(|(_, name)| directory.join(name)).collect())
            }
            Err(error) => {
                let _ = fs::remove_dir_all(&staging);
                Err(failed(error))
            }
        };
    }
    // All places first: an archive that does not fit leaves everything as it was.
    for (_, name) in &names {
        check_place(directory, name)?;
    }
    names
        .iter()
        .map(|(_, name)| {
            let place = directory.join(name);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent).map_err(|error| file_error(parent, error))?;
            }
            fs::rename(staging.path().join(name), &place).map_err(|error| file_error(&place, error))?;
            Ok(place)
        })
        .collect()
}

/// How many entries an archive says that it has (APPNOTE 4.3.14 to 4.3.16). `None` where its end is not that of an archive
/// without a comment, which ours are.
fn listed_entries(archive: &mut (impl Read + Seek)) -> io::Result<Option<u64>> {
    let mut end = [0; 42];
    let length = archive.seek(io::SeekFrom::End(0))?;
    let Some(start) = length.checked_sub(22) else {
        return Ok(None);
    };
    // The locator of a large archive's second end stands before its first.
    let start = start.saturating_sub(20);
    let size = usize::try_from(length - start).unwrap_or(22);
    let end = &mut end[..size];
    archive.seek(io::SeekFrom::Start(start))?;
    archive.read_exact(end)?;
    let (locator, end) = end.split_at(size - 22);
    let count = u16::from_le_bytes([end[10], end[11]]);
    if !end.starts_with(b"PK\x05\x06") {
        return Ok(None);
    }
    let place = locator.get(8..16).and_then(|bytes| bytes.try_into().ok());
    match place.map(u64::from_le_bytes) {
        Some(place) if count == u16::MAX && locator.starts_with(b"PK\x06\x07") => {
            let mut record = [0; 40];
            archive.seek(io::SeekFrom::Start(place))?;
            archive.read_exact(&mut record)?;
            let total = record[32..40].try_into().map(u64::from_le_bytes);
            Ok(total.ok().filter(|_| record.starts_with(b"PK\x06\x06")))
        }
        _ => Ok(Some(u64::from(count))),
    }
}

/// The files of an archive: index and name.
fn checked_names<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    limits: ExtractLimits,
) -> Result<Vec<(usize, String)>> {
    if archive.len() > limits.entries {
        return Err(too_large(&format!(
            "{} entries, and {} are allowed",
            archive.len(),
            limits.entries
        )));
    }
    if archive.has_overlapping_entries().map_err(broken)? {
        return Err(refused("entries share their bytes"));
    }
    let mut names = Vec::with_capacity(archive.len());
    let mut seen = HashSet::new();
    let mut promised: u64 = 0;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(broken)?;
        // The raw name: a decoded or repaired one may be another than the archive's.
        let name = std::str::from_utf8(entry.name_raw())
            .map_err(|_| refused("a name is not UTF-8"))?
            .to_owned();
        let is_directory = name.ends_with('/');
        Artifact::check_name(name.strip_suffix('/').unwrap_or(&name))?;
        if !Path::new(&name)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
        {
            return Err(refused("a name is none for a file on this system"));
        }
        // 0 where the archive was made on a system without modes.
        let kind = entry.unix_mode().unwrap_or(0) & 0o170_000;
        let expected = if is_directory { 0o040_000 } else { 0o100_000 };
        if kind != 0 && kind != expected {
            return Err(refused(&format!("`{name}` is a link or a special file")));
        }
        if entry.encrypted() {
            return Err(refused(&format!("`{name}` is encrypted")));
        }
        // Some file systems take names that differ in case for one.
        if !seen.insert(name.to_lowercase()) {
            return Err(refused(&format!("`{name}` is there twice")));
        }
        promised = promised.saturating_add(entry.size());
        if promised > limits.bytes {
            return Err(too_large(&format!("more than {} bytes", limits.bytes)));
        }
        if !is_directory {
            names.push((index, name));
        }
    }
    for (_, name) in &names {
        let mut parent = name.as_str();
        while let Some((above, _)) = parent.rsplit_once('/') {
            if seen.contains(&above.to_lowercase()) {
                return Err(refused(&format!("`{above}` is a file and a directory")));
            }
            parent = above;
        }
    }
    Ok(names)
}

/// Unpacks one entry and returns how many bytes came out.
fn unpack(mut entry: impl Read, place: &Path, left: u64) -> Result<u64> {
    let failed = |error| file_error(place, error);
    if let Some(parent) = place.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let mut file = fs::File::create_new(place).map_err(failed)?;
    let mut buffer = vec![0; 64 * 1024];
    let mut written = 0;
    loop {
        // Reading checks the entry's checksum at its end.
        let count = match entry.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(refused("an entry does not unpack to what its checksum says").with_source(error));
            }
        };
        written += count as u64;
        if written > left {
            return Err(too_large("more than its headers say"));
        }
        file.write_all(&buffer[..count]).map_err(failed)?;
    }
    Ok(written)
}

/// Refuses a place that a link inside the directory would move out of it.
fn check_place(directory: &Path, name: &str) -> Result<()> {
    let mut place = directory.to_owned();
    let parts: Vec<_> = Path::new(name).components().collect();
    for (at, part) in parts.iter().enumerate() {
        place.push(part);
        let Ok(found) = fs::symlink_metadata(&place) else {
            return Ok(());
        };
        let is_last = at + 1 == parts.len();
        // A link in the last place is replaced, not followed.
        if (found.is_dir() && is_last) || (!found.is_dir() && !is_last) {
            return Err(Error::conflict(format!(
                "write `{name}`: {} is in the way; choose another directory",
                place.display()
            )));
        }
    }
    Ok(())
}

/// A temporary directory is its owner's alone; a result is as readable as the person's other directories.
fn open_to_others(directory: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As a new directory would have been: what the umask leaves of 0777 is seen on one made for the purpose.
        let probe = directory.join(".atg-mode");
        if fs::create_dir(&probe).is_ok() {
            let mode = fs::metadata(&probe).map(|found| found.permissions().mode());
            let _ = fs::remove_dir(&probe);
            if let Ok(mode) = mode {
                let _ = fs::set_permissions(directory, fs::Permissions::from_mode(mode));
            }
        }
    }
    #[cfg(not(unix))]
    let _ = directory;
}

fn refused(why: &str) -> Error {
    Error::invalid(format!("unpack the archive: {why}; none of it was kept"))
}

fn too_large(why: &str) -> Error {
    Error::new(
        ErrorKind::TooLarge,
        format!("unpack the archive: it holds {why}; none of it was kept"),
    )
}

fn broken(error: zip::result::ZipError) -> Error {
    refused("it is broken").with_source(error)
}

fn file_error(place: &Path, error: io::Error) -> Error {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => ErrorKind::PermissionDenied,
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory | io::ErrorKind::AlreadyExists => {
            ErrorKind::Conflict
        }
        _ => ErrorKind::Unavailable,
    };
    Error::new(
        kind,
        format!(
            "write {}: check the directory and its free space",
            place.display()
        ),
    )
    .with_source(error)
}

#[cfg(test)]
mod tests;
