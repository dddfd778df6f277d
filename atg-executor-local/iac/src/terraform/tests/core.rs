//! Terraform itself, with stand-ins for the providers that have the real schemas and answer from a file.
//!
//! `.ci/terraform-core.sh` builds those and runs this; they need Go, so it is left out of the ordinary tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Memory, put, tenants, written};
use crate::{
    planner::{Options, plan},
    source::Source,
    writer::Layout,
};

/// Where the stand-ins are.
const PROVIDERS: &str = "ATG_TEST_TERRAFORM_PROVIDERS";

/// Plans files in a folder of their own, and gives what `terraform plan` says of how many of what there are.
fn planned(files: &Memory, answers: &str, providers: &Path) -> String {
    let folder = tempfile::tempdir().unwrap();
    let files_folder = folder.path().join("files");
    fs::create_dir(&files_folder).unwrap();
    put(files, &files_folder);
    let schemas = folder.path().join("schemas");
    fs::create_dir(&schemas).unwrap();
    for (provider, text) in super::schema::texts().expect("the shared data") {
        fs::write(schemas.join(format!("{provider}.json")), text).unwrap();
    }
    let answers_file = folder.path().join("answers.jsonl");
    fs::write(&answers_file, answers).unwrap();
    let settings = folder.path().join("terraformrc");
    let overrides: String = ["azure/azapi", "hashicorp/azuread", "hashicorp/azurerm"]
        .iter()
        .map(|source| format!("    {source:?} = {:?}\n", providers.display().to_string()))
        .collect();
    fs::write(
        &settings,
        format!("provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n"),
    )
    .unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new("terraform")
            .args(arguments)
            .current_dir(&files_folder)
            .env("TF_CLI_CONFIG_FILE", &settings)
            .env("ATG_TEST_SCHEMAS", &schemas)
            .env("ATG_TEST_ANSWERS", &answers_file)
            .env("CHECKPOINT_DISABLE", "1")
            .output()
            .expect("terraform");
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}\n{text}");
        text
    };
    run(&["get", "-no-color"]);
    run(&["validate", "-no-color"]);
    let text = run(&["plan", "-no-color", "-input=false", "-lock=false"]);
    let line = text.lines().find(|line| line.starts_with("Plan: "));
    line.unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
#[ignore = "needs Go: .ci/terraform-core.sh runs it"]
fn terraform_finds_nothing_to_change() {
    let providers = PathBuf::from(env::var_os(PROVIDERS).expect(PROVIDERS));
    for rows in [Some(tenants::demo()), tenants::recorded()].into_iter().flatten() {
        let source = Source::from_rows(tenants::TENANT.parse().unwrap(), &rows).unwrap();
        let whole = plan(source, &Options::default()).unwrap();
        // One file or several is the same to Terraform.
        for layout in [Layout::Single, Layout::Modules] {
            let (files, _) = written(&whole.plan, layout);
            let imports = files.0["imports.tf"].matches("\nimport {").count() + 1;
            assert_eq!(
                planned(&files, &rows, &providers),
                format!("Plan: {imports} to import, 0 to add, 0 to change, 0 to destroy.")
            );
        }
    }
}

/// That nothing is found would mean little from something that finds nothing.
#[test]
#[ignore = "needs Go: .ci/terraform-core.sh runs it"]
fn terraform_finds_what_was_changed() {
    let providers = PathBuf::from(env::var_os(PROVIDERS).expect(PROVIDERS));
    let rows = tenants::demo();
    let source = Source::from_rows(tenants::TENANT.parse().unwrap(), &rows).unwrap();
    let (mut files, _) = written(&plan(source, &Options::default()).unwrap().plan, Layout::Single);
    let main = files.0.get_mut("main.tf").unwrap();
    for (old, new) in [
        ("platformUpdateDomainCount = 5", "platformUpdateDomainCount = 6"),
        ("RG-FLEET/providers/MICROSOFT", "RG-Fleet/providers/MICROSOFT"),
    ] {
        assert!(main.contains(old), "{old}");
        *main = main.replacen(old, new, 1);
    }
    let imports = files.0["imports.tf"].matches("\nimport {").count() + 1;
    assert_eq!(
        planned(&files, &rows, &providers),
        format!("Plan: {imports} to import, 0 to add, 2 to change, 0 to destroy.")
    );
}
