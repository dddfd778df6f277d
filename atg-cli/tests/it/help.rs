//! Help texts are part of the product: every one of them is kept as a golden file and read in review.
//!
//! `ATG_UPDATE_GOLDEN=1` writes them anew.

use std::{fs, path::PathBuf};

use super::support::Home;

#[test]
fn every_command_has_the_help_that_was_reviewed() {
    let home = Home::new();
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/help");
    let update = std::env::var_os("ATG_UPDATE_GOLDEN").is_some();
    if update {
        fs::create_dir_all(&golden).unwrap();
    }
    let mut pending = vec![Vec::<String>::new()];
    let mut differing = Vec::new();
    let mut seen = 0;
    while let Some(path) = pending.pop() {
        let mut args: Vec<&str> = path.iter().map(String::as_str).collect();
        args.push("--help");
        let help = home.run(&args).expect(0);
        assert_eq!(help.stderr, "", "help was asked for, so it is data");
        let lines = help.stdout.lines().filter(|line| line.chars().count() > 100);
        assert_eq!(lines.collect::<Vec<_>>(), Vec::<&str>::new(), "too wide");
        let is_leaf = !help.stdout.contains("\nCommands:\n");
        assert!(
            !is_leaf || help.stdout.contains("Example"),
            "{path:?} has no examples"
        );
        pending.extend(
            subcommands(&help.stdout)
                .into_iter()
                .map(|name| [path.clone(), vec![name]].concat()),
        );
        let name = if path.is_empty() {
            "atg".to_owned()
        } else {
            path.join("-")
        };
        let file = golden.join(format!("{name}.txt"));
        if update {
            fs::write(&file, &help.stdout).unwrap();
        } else if fs::read_to_string(&file).unwrap_or_default() != help.stdout {
            differing.push(name);
        }
        seen += 1;
    }
    assert_eq!(seen, 26, "every command is found by walking the help");
    assert_eq!(
        differing,
        Vec::<String>::new(),
        "read them, then ATG_UPDATE_GOLDEN=1"
    );
}

fn subcommands(help: &str) -> Vec<String> {
    let Some((_, rest)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    rest.lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

#[test]
fn atg_alone_says_what_to_try_first() {
    let ran = Home::new().run(&[]).expect(0);
    for words in ["atg scan --from", "atg query", "atg doctor"] {
        assert!(ran.stdout.contains(words), "{}", ran.stdout);
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    let ran = Home::new().run(&["--version"]).expect(0);
    assert_eq!(ran.stdout, concat!("atg ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn what_does_not_exist_is_a_usage_error() {
    let home = Home::new();
    for args in [
        &["generate-iac"][..],
        &["scan", "--api-key", "atg_dev_x"],
        &["job", "frobnicate"],
        &["query"],
        &["job"],
        &["show"],
    ] {
        let ran = home.run(args).expect(2);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
}

#[test]
fn completions_name_every_command_and_touch_nothing() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let script = home.run(&["completions", shell]).expect(0).stdout;
        for command in [
            "scan", "query", "show", "export", "import", "graph", "job", "doctor", "config",
        ] {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    home.run(&["completions", "tcsh"]).expect(2);
    assert!(
        !home.path().join("data").exists(),
        "completions must not open anything"
    );
}
