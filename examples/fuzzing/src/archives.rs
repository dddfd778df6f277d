//! Archives: any bytes as a zip. Nothing of it gets anywhere but below its directory, and no more than was allowed.

use std::{fs, io::Cursor, path::Path};

use atg_executor_remote::{ExtractLimits, extract_archive};

pub(crate) const WORDS: &[&str] = &[
    "PK\x03\x04",
    "PK\x01\x02",
    "PK\x05\x06",
    "PK\x06\x06",
    "PK\x06\x07",
    "PK\x07\x08",
    "../",
    "/",
    "\\",
    "C:",
    "a",
    "A",
    "\u{fffd}",
    "\0",
    "\x08\0",
];

const LIMITS: ExtractLimits = ExtractLimits {
    entries: 50,
    bytes: 1 << 16,
};

/// Feeds the extraction of archives.
///
/// # Panics
/// When something gets to where it must not be.
pub fn run(input: &[u8]) {
    let Ok(place) = tempfile::tempdir() else {
        panic!("no temporary directory");
    };
    let outer = place.path().join("outer");
    let directory = outer.join("inner");
    let before = [outer.join("beside"), place.path().join("above")];
    fs::create_dir(&outer)
        .and_then(|()| before.iter().try_for_each(|file| fs::write(file, "mine")))
        .unwrap_or_else(|error| panic!("failed to set up: {error}"));
    let outcome = extract_archive(Cursor::new(input), &directory, LIMITS);
    for file in &before {
        assert_eq!(fs::read(file).ok().as_deref(), Some(b"mine".as_slice()));
    }
    assert_eq!(names(place.path()), ["above", "outer"]);
    match outcome {
        Err(_) => assert_eq!(names(&outer), ["beside"], "something stayed of what was refused"),
        Ok(files) => {
            let mut bytes = 0;
            assert!(files.len() <= LIMITS.entries);
            for file in &files {
                assert!(file.starts_with(&directory), "{}", file.display());
                let found = fs::symlink_metadata(file);
                let found = found.unwrap_or_else(|error| panic!("{} is not there: {error}", file.display()));
                assert!(found.is_file(), "{} is no file", file.display());
                bytes += found.len();
            }
            assert!(bytes <= LIMITS.bytes, "{bytes} bytes");
            assert_eq!(count(&directory), files.len(), "other files than were named");
        }
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// Everything below that is no directory.
fn count(directory: &Path) -> usize {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => count(&entry.path()),
            _ => 1,
        })
        .sum()
}
