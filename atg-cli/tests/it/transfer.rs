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
