//! `atg export` and `atg import`.

use std::fs;

use super::support::{Home, TENANT};

#[test]
fn an_export_imported_elsewhere_exports_the_same_bytes() {
    let home = Home::scanned();
    let ran = home.run(&["export"]).expect(0);
    assert_eq!(ran.stdout, "");
    assert!(ran.stderr.contains("graph.jsonl.zst"), "{}", ran.stderr);
    let first = fs::read(home.work().join("graph.jsonl.zst")).unwrap();

    let graph = format!("sqlite:{}", home.path().join("copy.db").display());
    let ran = home
        .run(&["--graph", &graph, "import", "graph.jsonl.zst", "--output", "json"])
        .expect(0);
    assert_eq!(ran.json()["success"], true);
    home.run(&["--graph", &graph, "export", "-o", "copy.jsonl.zst"])
        .expect(0);
    assert_eq!(fs::read(home.work().join("copy.jsonl.zst")).unwrap(), first);
}

#[test]
fn nothing_is_overwritten_unasked() {
    let home = Home::scanned();
    home.file("here.zst", "precious");
    home.run(&["export", "-o", "here.zst"])
        .expect_error(4, &["--force"]);
    assert_eq!(
        fs::read_to_string(home.work().join("here.zst")).unwrap(),
        "precious"
    );
    home.run(&["export", "-o", "here.zst", "--force"]).expect(0);
    assert_ne!(fs::read(home.work().join("here.zst")).unwrap(), b"precious");
    home.run(&["export", "-o", "."]).expect_error(2, &["directory"]);
    home.run(&["export", "-o", "no/such/dir.zst"])
        .expect_error(4, &["no/such"]);
    let left: Vec<_> = fs::read_dir(home.work())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(".atg"))
        .collect();
    assert_eq!(left, Vec::<String>::new(), "temporary files stay behind");
}

#[test]
fn an_export_can_go_to_standard_output_and_come_from_standard_input() {
    let home = Home::scanned();
    let output = home.command(&["export", "-o", "-"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(output.stdout[..4], [0x28, 0xb5, 0x2f, 0xfd], "a zstd frame");
    let graph = format!("sqlite:{}", home.path().join("copy.db").display());
    home.run_with_stdin(&["--graph", &graph, "import", "-"], &output.stdout)
        .expect(0);
    home.run(&["export", "-o", "-", "--output", "json"])
        .expect_error(2, &["-o"]);
}

#[test]
fn an_import_replaces_only_when_asked() {
    let home = Home::scanned();
    home.run(&["export", "-o", "a.zst"]).expect(0);
    home.run(&["import", "a.zst"]).expect_error(4, &[TENANT]);
    home.run(&["import", "a.zst", "--replace"]).expect(0);
    home.run(&["import", "nowhere.zst"])
        .expect_error(4, &["nowhere.zst"]);
    home.file("broken.zst", "this is no export");
    home.run(&["import", "broken.zst"]).expect_error(2, &[]);
}

#[test]
fn other_formats_are_the_same_each_time_and_overwrite_nothing_unasked() {
    let home = Home::scanned();
    for (format, place) in [
        ("graphml", "graph.graphml"),
        ("csv", "graph-csv"),
        ("neo4j-admin", "graph-neo4j-admin"),
    ] {
        let ran = home
            .run(&["export", "--format", format, "--output", "json"])
            .expect(0);
        assert!(ran.json()["nodes"].as_u64().unwrap() > 5, "{}", ran.stdout);
        home.run(&["export", "--format", format, "-o", "again", "--with-history"])
            .expect(0);
        home.run(&["export", "--format", format])
            .expect_error(4, &["--force"]);
        home.run(&["export", "--format", format, "-o", "again", "--force"])
            .expect(0);
        let read = |place: &str| -> Vec<(String, Vec<u8>)> {
            let place = home.work().join(place);
            if place.is_file() {
                return vec![(String::new(), fs::read(place).unwrap())];
            }
            let entries = fs::read_dir(&place).unwrap().map(|entry| entry.unwrap());
            let mut files: Vec<_> = entries
                .map(|entry| {
                    (
                        entry.file_name().into_string().unwrap(),
                        fs::read(entry.path()).unwrap(),
                    )
                })
                .collect();
            files.sort();
            files
        };
        let first = read(place);
        assert!(!first.is_empty(), "{format}");
        assert_eq!(read("again"), first, "{format}");
        assert!(
            first
                .iter()
                .all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains("canary-of-a-password")),
            "{format}"
        );
        let again = home.work().join("again");
        fs::remove_file(&again)
            .or_else(|_| fs::remove_dir_all(&again))
            .unwrap();
    }
    home.run(&["export", "--format", "csv", "-o", "-"])
        .expect_error(2, &["several files"]);
    home.file("a-file", "x");
    home.run(&["export", "--format", "csv", "-o", "a-file"])
        .expect_error(2, &["name a directory"]);
    home.run(&["import", "graph.graphml"]).expect_error(2, &[]);
}
