use std::fs;

use super::*;

/// Loads with these variables, `.env` and configuration file.
fn load(global: &GlobalArgs, variables: &[(&str, &str)], dotenv: &str, config: &str) -> Result<Settings> {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join(".env"), dotenv).unwrap();
    let file = directory.path().join("config.toml");
    fs::write(&file, config).unwrap();
    let environment = |name: &str| {
        if name == env::ATG_CONFIG {
            return Some(file.clone().into_os_string());
        }
        variables
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| OsString::from(value))
    };
    Settings::load_from(global, &environment, directory.path())
}

#[test]
fn each_layer_wins_over_the_next() {
    let (dotenv, config) = (
        "ATG_GRAPH=sqlite:dotenv",
        "graph = \"sqlite:/file\"\ndata_dir = \"/d\"",
    );
    let flag = GlobalArgs {
        graph: Some("sqlite:flag".to_owned()),
        ..GlobalArgs::default()
    };
    let variables = [("ATG_GRAPH", "sqlite:variable")];

    let none = GlobalArgs::default();
    let of =
        |global: &GlobalArgs, variables: &[_], dotenv| load(global, variables, dotenv, config).unwrap().graph;
    let all = of(&flag, &variables, dotenv);
    assert_eq!(
        (all.value.to_string().as_str(), all.origin),
        ("sqlite:flag", Origin::Flag("--graph"))
    );
    let no_flag = of(&none, &variables, dotenv);
    assert_eq!(no_flag.value.to_string(), "sqlite:variable");
    assert_eq!(no_flag.origin, Origin::Environment("ATG_GRAPH"));
    let no_variable = of(&none, &[("ATG_GRAPH", "")], dotenv);
    assert_eq!(no_variable.value.to_string(), "sqlite:dotenv");
    assert!(matches!(no_variable.origin, Origin::DotEnv { line: 1, .. }));
    let file_only = of(&none, &[], "");
    assert_eq!(file_only.value.to_string(), "sqlite:/file");
    assert!(matches!(file_only.origin, Origin::File { line: 1, .. }));
    let nothing = load(&GlobalArgs::default(), &[], "", "data_dir = \"/d\"")
        .unwrap()
        .graph;
    assert_eq!(
        (nothing.value.to_string().as_str(), nothing.origin),
        ("sqlite:/d/graph.db", Origin::Default)
    );
}

#[test]
fn a_relative_path_in_the_file_starts_at_the_file() {
    let settings = load(&GlobalArgs::default(), &[], "", "data_dir = \"state\"").unwrap();
    let config = settings.config.value.unwrap();
    assert_eq!(settings.data_dir.value, config.parent().unwrap().join("state"));
    assert_eq!(
        settings.graph.value,
        GraphLocation::File(config.parent().unwrap().join("state/graph.db"))
    );
}

#[test]
fn no_color_needs_text_and_wins_over_the_file() {
    let color = |variables: &[_], config| {
        load(&GlobalArgs::default(), variables, "", config)
            .unwrap()
            .color
            .value
    };
    assert_eq!(
        color(&[("NO_COLOR", "1")], "color = \"always\""),
        ColorWhen::Never
    );
    assert_eq!(
        color(&[("NO_COLOR", "")], "color = \"always\""),
        ColorWhen::Always
    );
    assert_eq!(color(&[], ""), ColorWhen::Auto);
}

#[test]
fn wrong_values_name_where_they_were_said() {
    let complaint = |variables: &[_], config| {
        load(&GlobalArgs::default(), variables, "", config)
            .unwrap_err()
            .message()
            .to_owned()
    };
    let words = complaint(&[("AZURE_TENANT_ID", "contoso")], "");
    assert!(
        words.starts_with("tenant_id from environment (AZURE_TENANT_ID): read `contoso` as a tenant id"),
        "{words}"
    );
    let words = complaint(&[], "log_level = \"warn,a=b=c\"");
    assert!(
        words.contains("config.toml:1") && words.contains("is not a log level"),
        "{words}"
    );
    let words = complaint(&[("ATG_GRAPH", "neo4j://u:hunter2@h")], "");
    assert!(
        words.contains("NEO4J_USER") && !words.contains("hunter2"),
        "{words}"
    );
    let words = complaint(&[("ATG_GRAPH", "postgres://u:hunter2@h")], "");
    assert!(
        words.contains("sqlite:PATH") && !words.contains("hunter2"),
        "{words}"
    );
}
