//! Where values come from, and what happens when they are wrong.

use std::fs;

use super::support::{Home, TENANT};

#[test]
fn show_says_each_value_and_its_origin() {
    let home = Home::new();
    fs::write(
        home.work().join(".env"),
        format!("AZURE_TENANT_ID={TENANT}\nSECRET_OF_OTHERS=hunter2\n"),
    )
    .unwrap();
    let config = home.file("atg.toml", "log_level = \"info\"\ngraph = \"sqlite:g.db\"\n");
    let ran = home
        .run(&[
            "config", "show", "--output", "json", "--color", "never", "--config", &config,
        ])
        .expect(0);
    let all = ran.json();
    assert_eq!(all["tenant_id"]["value"], TENANT);
    assert_eq!(all["tenant_id"]["origin"], ".env:1");
    assert_eq!(all["log_level"]["origin"], format!("{config}:1"));
    assert_eq!(
        all["graph"]["value"],
        format!("sqlite:{}", home.work().join("g.db").display())
    );
    assert_eq!(all["data_dir"]["origin"], "environment (ATG_DATA_DIR)");
    assert_eq!(all["color"]["origin"], "--color");
    assert_eq!(all["config"]["origin"], "--config");
    assert!(!ran.stdout.contains("hunter2"));
    let table = home.run(&["config", "show"]).expect(0).stdout;
    assert!(
        table.contains("data_dir") && table.contains("environment (ATG_DATA_DIR)"),
        "{table}"
    );
    assert!(
        !home.path().join("data").exists(),
        "showing must not open anything"
    );
}

#[test]
fn the_file_of_the_user_is_found_without_being_named() {
    let home = Home::new();
    let directory = home.path().join(".config/atg");
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("config.toml"), "log_level = \"error\"\n").unwrap();
    let all = home.run(&["config", "show", "--output", "json"]).expect(0).json();
    assert_eq!(all["log_level"]["value"], "error");
}

#[test]
fn wrong_settings_name_key_and_place() {
    let home = Home::new();
    let config = home.file("atg.toml", "\ntenant = \"x\"\n");
    home.run(&["job", "list", "--config", &config])
        .expect_error(2, &["atg.toml:2", "`tenant`"]);
    home.run(&["job", "list", "--config", "/nowhere.toml"])
        .expect_error(4, &["/nowhere.toml"]);
    home.run(&["job", "list", "--log-level", "warn=loud=very"])
        .expect_error(2, &["--log-level", "is not a log level"]);
    let ran = home
        .run(&["graph", "info", "--graph", "neo4j+s://user:hunter2@host"])
        .expect_error(2, &["--graph", "NEO4J_PASSWORD"]);
    assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    home.run(&["graph", "info", "--graph", "bolt://127.0.0.1:1"])
        .expect_error(5, &["127.0.0.1:1"]);
    home.run(&["graph", "info", "--graph", "graph.db"])
        .expect_error(2, &["--graph", "sqlite:PATH"]);
}

#[test]
fn nothing_is_coloured_that_should_not_be() {
    let home = Home::new();
    let escape = '\u{1b}';
    assert!(!home.run(&["config", "show"]).stdout.contains(escape));
    assert!(
        home.run(&["config", "show", "--color", "always"])
            .stdout
            .contains(escape)
    );
    let ran = home
        .command(&["config", "show"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(!String::from_utf8(ran.stdout).unwrap().contains(escape));
}
