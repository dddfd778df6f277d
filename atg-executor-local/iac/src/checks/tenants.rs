//! The writers on whole tenants.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::{arm, arm_types::ArmTypes, bicep, expected, rules};
use crate::{
    plan::{Plan, example},
    planner::{self, Options},
    source::Source,
    terraform::tests::Memory,
    writer::Written,
};

/// Where the files are that are not part of the repository; fails in CI where they are not.
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ATG_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = root.join("data").join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is not there",
        file.display()
    );
    None
}

/// The recorded tenant.
pub(super) fn recorded() -> Option<Plan> {
    let text = std::fs::read_to_string(shared("tenants/recorded.jsonl")?).unwrap();
    let source = Source::from_rows(example::TENANT.parse().unwrap(), &text).unwrap();
    Some(planner::plan(source, &Options::default()).unwrap().plan)
}

pub(super) fn written_as_arm(plan: &Plan) -> (BTreeMap<String, String>, Written) {
    let mut files = Memory::default();
    let written = crate::arm::write(plan, &mut files).unwrap();
    (files.0, written)
}

pub(super) fn written_as_bicep(plan: &Plan) -> (BTreeMap<String, String>, Written) {
    let mut files = Memory::default();
    let written = crate::bicep::write(plan, &mut files).unwrap();
    (files.0, written)
}

/// All checks that need no list of types.
pub(super) fn check(plan: &Plan) {
    let (files, written) = written_as_arm(plan);
    rules::check(&files["azuredeploy.json"], &files["azuredeploy.parameters.json"]);
    let made = arm::evaluate(
        plan,
        &files["azuredeploy.json"],
        &files["azuredeploy.parameters.json"],
    );
    expected::agree(plan, &written, &made);
    let (files, written) = written_as_bicep(plan);
    let made = bicep::evaluate(plan, &files);
    expected::agree(plan, &written, &made);
}

#[test]
fn arm_and_bicep_make_what_the_example_holds() {
    check(&example::plan());
}

#[test]
fn arm_and_bicep_make_what_the_recorded_tenant_holds() {
    let Some(plan) = recorded() else { return };
    check(&plan);
}

fn demo() -> Plan {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    let text = std::fs::read_to_string(path).unwrap();
    let source = Source::from_rows(example::TENANT.parse().unwrap(), &text).unwrap();
    planner::plan(source, &Options::default()).unwrap().plan
}

#[test]
fn arm_and_bicep_make_what_the_demo_tenant_holds() {
    check(&demo());
}

/// What is wrong with the bodies of a plan by Azure's own descriptions, and which types are not described. What the source
/// did not say cannot be there, so nothing is missing of rows without properties.
fn violations(plan: &Plan, types: &Path) -> (usize, Vec<String>, BTreeSet<String>) {
    let (files, _) = written_as_arm(plan);
    let made = arm::evaluate(
        plan,
        &files["azuredeploy.json"],
        &files["azuredeploy.parameters.json"],
    );
    let types = ArmTypes::read(
        types,
        made.iter()
            .map(|one| (one.resource_type.as_str(), one.api_version.as_str())),
    );
    let thin: BTreeSet<_> = plan
        .resources
        .iter()
        .filter(|resource| resource.thin)
        .map(|resource| resource.id.to_ascii_lowercase())
        .collect();
    let (mut found, mut unknown) = (Vec::new(), BTreeSet::new());
    for one in &made {
        let Some(wrong) = types.check(one) else {
            unknown.insert(one.resource_type.clone());
            continue;
        };
        let said = wrong
            .into_iter()
            .filter(|wrong| !wrong.ends_with("is missing") || !thin.contains(&one.id.to_ascii_lowercase()));
        found.extend(said.map(|wrong| format!("{}: {wrong}", one.id.rsplit("/providers/").next().unwrap())));
    }
    (made.len(), found, unknown)
}

/// What the recorded rows lack or hold that Azure would not take today. Each stands, or is missing, in what was answered.
const RECORDED: [&str; 4] = [
    "Microsoft.Network/frontDoors/frontdoorName-afdFail: properties.backendPoolsSettings.sendRecvTimeoutSeconds: 0 is out of bounds",
    "Microsoft.DataLakeAnalytics/accounts/test2analytics: properties: `defaultDataLakeStoreAccount` is missing",
    "Microsoft.DataLakeAnalytics/accounts/test2analytics: properties: `dataLakeStoreAccounts` is missing",
    "Microsoft.Databricks/workspaces/custodiandatabricks: properties: `computeMode` is missing",
];

/// Zero days stand where a policy is off, and Azure answers the gateways of a connection by their IDs alone.
const DEMO: [&str; 3] = [
    "Microsoft.Storage/storageAccounts/stnrvdevshare/fileServices/default: properties.shareDeleteRetentionPolicy.days: 0 is out of bounds",
    "Microsoft.Network/connections/cn-harbour: properties.virtualNetworkGateway1: `properties` is missing",
    "Microsoft.Network/connections/cn-harbour: properties.localNetworkGateway2: `properties` is missing",
];

#[test]
fn bodies_of_the_recorded_tenant_are_as_azure_describes_them() {
    let (Some(plan), Some(types)) = (recorded(), shared("arm-types/types.tar.xz")) else {
        return;
    };
    let (made, found, unknown) = violations(&plan, &types);
    assert!(made > 500, "{made}");
    assert_eq!(found.join("\n"), RECORDED.join("\n"));
    assert_eq!(
        unknown.iter().map(String::as_str).collect::<Vec<_>>(),
        [
            "Microsoft.CognitiveServices/accounts/projects/applications",
            "Microsoft.Insights/alertrules"
        ]
    );
}

#[test]
fn bodies_of_the_demo_tenant_are_as_azure_describes_them() {
    let Some(types) = shared("arm-types/types.tar.xz") else {
        return;
    };
    let (made, found, unknown) = violations(&demo(), &types);
    assert!(made > 0);
    assert_eq!(found.join("\n"), DEMO.join("\n"));
    // No management package has the connections of logic apps.
    assert_eq!(unknown, BTreeSet::from(["Microsoft.Web/connections".to_owned()]));
}
