use std::io::Cursor;

use rstest::rstest;
use tempfile::TempDir;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::*;

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        writer
            .start_file(
                *name,
                SimpleFileOptions::default().compression_method(CompressionMethod::Deflated),
            )
            .unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// The same archive with another name in it, of the same length: no writer makes hostile names.
fn renamed(archive: &[u8], from: &str, to: &str) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut archive = archive.to_vec();
    let mut at = 0;
    let mut found = 0;
    while at + from.len() <= archive.len() {
        if &archive[at..at + from.len()] == from.as_bytes() {
            archive[at..at + from.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
        at += 1;
    }
    assert_eq!(found, 2, "the local header and the directory");
    archive
}

fn extract(archive: &[u8], directory: &Path) -> Result<Vec<PathBuf>> {
    extract_archive(Cursor::new(archive), directory, ExtractLimits::default())
}

/// Refused, and nothing of it is anywhere.
#[track_caller]
fn refuses(archive: &[u8], limits: ExtractLimits, kind: ErrorKind, why: &str) {
    let home = TempDir::new().unwrap();
    let error = extract_archive(Cursor::new(archive), &home.path().join("out"), limits).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    assert!(error.to_string().contains(why), "{error}");
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "something was left"
    );
}

#[test]
fn files_come_out_as_they_were_and_a_second_time_replace_the_first() {
    let home = TempDir::new().unwrap();
    let out = home.path().join("new/out");
    let archive = zip(&[("main.tf", b"a"), ("modules/net/main.tf", b"b"), ("empty", b"")]);
    for _ in 0..2 {
        let files = extract(&archive, &out).unwrap();
        assert_eq!(
            files,
            ["main.tf", "modules/net/main.tf", "empty"].map(|name| out.join(name))
        );
        assert_eq!(fs::read(out.join("modules/net/main.tf")).unwrap(), b"b");
        assert_eq!(
            fs::read_dir(home.path().join("new")).unwrap().count(),
            1,
            "only the result is left"
        );
        assert_eq!(fs::read_dir(&out).unwrap().count(), 3);
        fs::write(out.join("main.tf"), "old and longer").unwrap();
    }
}

#[rstest]
#[case("../xx", "`..`")]
#[case("/etc/x", "empty")]
#[case("a/../b", "`..`")]
#[case("a\\..\\b", "backslash")]
#[case("a//b", "empty")]
#[case("./abc", "`..`")]
#[case("a\u{0}b", "control")]
fn names_that_lead_elsewhere_are_refused(#[case] name: &str, #[case] why: &str) {
    let plain = "n".repeat(name.len());
    let archive = renamed(&zip(&[("before", b"x"), (&plain, b"y")]), &plain, name);
    refuses(
        &archive,
        ExtractLimits::default(),
        ErrorKind::InvalidArgument,
        why,
    );
}

#[test]
fn links_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer
        .add_symlink("link", "/etc/passwd", SimpleFileOptions::default())
        .unwrap();
    let archive = writer.finish().unwrap().into_inner();
    refuses(
        &archive,
        ExtractLimits::default(),
        ErrorKind::InvalidArgument,
        "link",
    );
}

#[test]
fn names_twice_are_refused_in_whatever_case() {
    let archive = zip(&[("name-a", b"x"), ("name-b", b"y")]);
    for other in ["name-a", "NAME-A"] {
        let archive = renamed(&archive, "name-b", other);
        refuses(
            &archive,
            ExtractLimits::default(),
            ErrorKind::InvalidArgument,
            "twice",
        );
    }
    let archive = zip(&[("a", b"x"), ("a/b", b"y")]);
    refuses(
        &archive,
        ExtractLimits::default(),
        ErrorKind::InvalidArgument,
        "a file and a directory",
    );
}

#[test]
fn more_entries_than_16_bits_count_are_counted() {
    let names: Vec<_> = (0..65_536).map(|n| format!("{n}")).collect();
    let entries: Vec<_> = names.iter().map(|name| (name.as_str(), &b""[..])).collect();
    let archive = zip(&entries);
    assert_eq!(listed_entries(&mut Cursor::new(&archive)).unwrap(), Some(65_536));
    assert_eq!(listed_entries(&mut Cursor::new(&archive[..21])).unwrap(), None);
    assert_eq!(listed_entries(&mut Cursor::new(zip(&[]))).unwrap(), Some(0));
}

#[test]
fn limits_hold_for_entries_and_for_bytes() {
    let archive = zip(&[("a", &[0; 1000]), ("b", &[0; 1000])]);
    let limits = |entries, bytes| ExtractLimits { entries, bytes };
    refuses(&archive, limits(1, 1 << 20), ErrorKind::TooLarge, "2 entries");
    refuses(&archive, limits(2, 1999), ErrorKind::TooLarge, "1999 bytes");
    let home = TempDir::new().unwrap();
    extract_archive(Cursor::new(&archive), &home.path().join("out"), limits(2, 2000)).unwrap();
}

#[test]
fn a_bomb_that_lies_about_its_size_is_stopped_while_it_comes_out() {
    // 10 MB of zeros in 10 kB; the sizes in both headers then say one byte.
    let content = vec![0; 10_000_000];
    let mut archive = zip(&[("bomb", &content)]);
    let size = 10_000_000_u32.to_le_bytes();
    let places: Vec<_> = (0..archive.len() - 4)
        .filter(|at| archive[*at..at + 4] == size)
        .collect();
    assert!(!places.is_empty());
    for at in places {
        archive[at..at + 4].copy_from_slice(&1_u32.to_le_bytes());
    }
    let limits = ExtractLimits {
        entries: 1,
        bytes: 1_000_000,
    };
    let home = TempDir::new().unwrap();
    extract_archive(Cursor::new(&archive), &home.path().join("out"), limits).unwrap_err();
    assert_eq!(
        fs::read_dir(home.path()).unwrap().count(),
        0,
        "something was left"
    );
}

#[test]
fn damage_anywhere_is_an_error_or_harmless_and_never_half_a_result() {
    let archive = zip(&[("a/one", b"the first content"), ("two", &[7; 500])]);
    for at in 0..archive.len() {
        let mut damaged = archive.clone();
        damaged[at] ^= 0x55;
        let home = TempDir::new().unwrap();
        let out = home.path().join("out");
        match extract(&damaged, &out) {
            Ok(files) => assert!(files.iter().all(|file| file.starts_with(&out) && file.is_file())),
            Err(_) => assert_eq!(fs::read_dir(home.path()).unwrap().count(), 0, "byte {at}"),
        }
    }
    for length in 0..archive.len() {
        refuses(
            &archive[..length],
            ExtractLimits::default(),
            ErrorKind::InvalidArgument,
            "broken",
        );
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_directory_does_not_lead_out_of_it() {
    let home = TempDir::new().unwrap();
    let (out, elsewhere) = (home.path().join("out"), home.path().join("elsewhere"));
    fs::create_dir(&out).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    std::os::unix::fs::symlink(&elsewhere, out.join("a")).unwrap();
    let error = extract(&zip(&[("first", b"1"), ("a/b", b"x")]), &out).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(fs::read_dir(&elsewhere).unwrap().next().is_none());
    assert!(!out.join("first").exists(), "all places are looked at first");
    // A link where a file belongs is replaced, not written through.
    fs::write(elsewhere.join("kept"), "kept").unwrap();
    fs::remove_file(out.join("a")).unwrap();
    std::os::unix::fs::symlink(elsewhere.join("kept"), out.join("c")).unwrap();
    extract(&zip(&[("c", b"new")]), &out).unwrap();
    assert_eq!(fs::read(elsewhere.join("kept")).unwrap(), b"kept");
    assert_eq!(fs::read(out.join("c")).unwrap(), b"new");
}
