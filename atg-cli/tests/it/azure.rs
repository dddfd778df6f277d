//! Signing in to Azure, as far as `doctor` shows it.

use std::process::Command;

use atg_azure_sim::{Config, Principal, Simulator, Source};
use serde_json::Value;

use super::support::{Home, Ran, TENANT};

/// A simulated Azure over the demo tenant, and its certificate authority in a file.
async fn simulated(home: &Home, change: impl FnOnce(&mut Config)) -> (Simulator, String) {
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/demo-tenant/demo.jsonl");
    let mut config = Config::new(Source::File(demo.into()));
    change(&mut config);
    let simulator = Simulator::start(config).await.unwrap();
    let file = home.file("ca.pem", simulator.ca_pem());
    (simulator, file)
}

fn doctor(home: &Home, simulator: &Simulator, ca: &str, args: &[&str]) -> Command {
    let mut command = home.command(
        &[
            &["doctor", "--output", "json", "--cloud", simulator.origin()],
            args,
        ]
        .concat(),
    );
    command
        .env("SSL_CERT_FILE", ca)
        .env("AZURE_TENANT_ID", simulator.tenant_id())
        .env("AZURE_CLIENT_ID", Principal::CLIENT_ID)
        .env("AZURE_CLIENT_SECRET", Principal::SECRET);
    command
}

/// While the simulator answers from this process.
async fn run(mut command: Command) -> Ran {
    tokio::task::spawn_blocking(move || Ran::from(command.output().unwrap()))
        .await
        .unwrap()
}

fn check<'a>(found: &'a Value, name: &str) -> &'a Value {
    let checks = found["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_as_whom_it_signed_in_and_what_it_may_see() {
    let home = Home::new();
    let (simulator, ca) = simulated(&home, |_| {}).await;
    let ran = run(doctor(&home, &simulator, &ca, &[])).await.expect(0);
    let found = ran.json();
    let azure = check(&found, "azure")["detail"].as_str().unwrap();
    for part in [
        "secret",
        Principal::CLIENT_ID,
        simulator.tenant_id(),
        "3 subscriptions",
    ] {
        assert!(azure.contains(part), "{azure}");
    }
    assert_eq!(check(&found, "entra")["detail"], "the directory can be read");
    assert!(!ran.stdout.contains(Principal::SECRET));
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_what_an_identity_lacks() {
    let home = Home::new();
    let (simulator, ca) = simulated(&home, |config| {
        config.principals[0].scopes.clear();
        config.principals[0].directory = false;
    })
    .await;
    let ran = run(doctor(&home, &simulator, &ca, &[])).await.expect(0);
    let found = ran.json();
    for (name, advice) in [("azure", "Reader"), ("entra", "Directory.Read.All")] {
        let check = check(&found, name);
        assert_eq!(check["state"], "degraded", "{check}");
        assert!(check["advice"].as_str().unwrap().contains(advice), "{check}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_tenant_than_the_one_asked_for_and_a_wrong_secret_are_not_good() {
    let home = Home::new();
    let (simulator, ca) = simulated(&home, |_| {}).await;
    let ran = run(doctor(&home, &simulator, &ca, &["--tenant-id", TENANT]))
        .await
        .expect(3);
    let found = ran.json();
    assert!(
        check(&found, "azure")["advice"]
            .as_str()
            .unwrap()
            .contains(TENANT)
    );

    let mut wrong = doctor(&home, &simulator, &ca, &["--check", "azure"]);
    wrong.env("AZURE_CLIENT_SECRET", "canary");
    let ran = run(wrong).await.expect(3);
    assert!(ran.stdout.contains("AADSTS7000215"), "{}", ran.stdout);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary"));
}

#[test]
fn without_a_way_to_sign_in_doctor_asks_azure_nothing() {
    let home = Home::new();
    // Where nobody listens: a call would be an error.
    let mut command = home.command(&["doctor", "--output", "json", "--cloud", "https://127.0.0.1:1"]);
    let ran = Ran::from(command.output().unwrap()).expect(0);
    let checks = ran.json();
    let names: Vec<_> = checks["checks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|check| check["name"].clone())
        .collect();
    assert_eq!(names, ["data-dir", "jobs", "graph", "artifacts", "version"]);
}

#[test]
fn a_cloud_and_a_way_that_are_none_are_refused_by_name() {
    let home = Home::new();
    home.run(&["doctor", "--cloud", "mars"])
        .expect_error(2, &["--cloud", "mars", "usgov"]);
    home.run(&["doctor", "--auth", "browser"])
        .expect_error(2, &["--auth", "browser", "managed-identity"]);
}
