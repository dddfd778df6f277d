//! One thing at a time.

use rstest::rstest;

use super::*;
use crate::plan::{Attribute, Kind, Nesting, Origin, Piece, Scope, Text, Value};

fn pieces(value: Option<&Value>) -> Vec<Piece> {
    match value {
        Some(Value::Text(Text::Pieces(pieces))) => pieces.clone(),
        other => panic!("{other:?} has no pieces"),
    }
}

fn target(piece: &Piece) -> (Target, &Attribute) {
    match piece {
        Piece::Reference(reference) => (reference.target, &reference.attribute),
        other => panic!("{other:?} is no reference"),
    }
}

fn key_of(plan: &Plan, name: &str) -> Target {
    let (key, _) = plan
        .keyed()
        .find(|(_, resource)| resource.id.ends_with(&format!("/{name}")))
        .unwrap();
    Target::Resource(key)
}

#[test]
fn a_child_has_its_parent_and_its_scope() {
    let rows = [
        group(),
        row(
            "Microsoft.Network/virtualNetworks/v",
            r#""location":"westeurope","properties":{}"#,
        ),
        row(
            "Microsoft.Network/virtualNetworks/v/subnets/s",
            r#""properties":{"addressPrefix":"10.0.0.0/24"}"#,
        ),
        row(
            "Microsoft.Network/virtualNetworks/v/providers/Microsoft.Authorization/locks/l",
            r#""properties":{"level":"CanNotDelete"}"#,
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    check(&plan);
    let (subnet, lock) = (find(&plan, "s"), find(&plan, "l"));
    assert_eq!(subnet.parent, key_of(&plan, "v"));
    assert_eq!(
        (subnet.nesting, lock.nesting),
        (Nesting::Child, Nesting::Extension)
    );
    assert_eq!(subnet.scope, Scope::ResourceGroup(key_of(&plan, "rg")));
    assert_eq!(lock.scope, subnet.scope);
    assert_eq!(subnet.id_suffix(), "/subnets/");
    assert_eq!(lock.id_suffix(), "/providers/Microsoft.Authorization/locks/");
}

#[test]
fn an_id_is_a_reference_whatever_its_case_and_whatever_follows() {
    let pool =
        format!("{SUB}/RESOURCEGROUPS/rg/providers/microsoft.network/loadBalancers/LB/backendAddressPools/p");
    let rows = [
        group(),
        row(
            "Microsoft.Network/loadBalancers/lb",
            r#""location":"westeurope","properties":{"backendAddressPools":[{"name":"p"}]}"#,
        ),
        row(
            "Microsoft.Network/networkInterfaces/nic",
            &format!(
                r#""properties":{{"ipConfigurations":[{{"name":"a","properties":{{"loadBalancerBackendAddressPools":[{{"id":"{pool}"}}]}}}}]}}"#
            ),
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    check(&plan);
    let configuration = match find(&plan, "nic").at(&["properties", "ipConfigurations"]) {
        Some(Value::Array(items)) => &items[0],
        other => panic!("{other:?}"),
    };
    let Some(Value::Array(pools)) = configuration.at(&["properties", "loadBalancerBackendAddressPools"])
    else {
        panic!("{configuration:?}");
    };
    let pieces = pieces(pools[0].get("id"));
    assert_eq!(target(&pieces[0]), (key_of(&plan, "lb"), &Attribute::Id));
    assert_eq!(pieces[1], Piece::Literal("/backendAddressPools/p".to_owned()));
}

#[test]
fn a_resource_names_itself_through_what_it_lies_in() {
    let own = format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/gw");
    let rows = [
        group(),
        row(
            "Microsoft.Network/applicationGateways/gw",
            &format!(
                r#""location":"westeurope","properties":{{
                    "frontendPorts":[{{"name":"p","id":"{own}/frontendPorts/p","properties":{{"port":80}}}}],
                    "httpListeners":[{{"name":"l","properties":{{"frontendPort":{{"id":"{own}/frontendPorts/p"}}}}}}]}}"#
            )
            .replace('\n', ""),
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    check(&plan);
    let gateway = find(&plan, "gw");
    let first = |name: &str| match gateway.at(&["properties", name]) {
        Some(Value::Array(items)) => items[0].clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        first("frontendPorts").get("id"),
        None,
        "its own part's ID is made from its name"
    );
    let listener = first("httpListeners");
    let pieces = pieces(listener.at(&["properties", "frontendPort", "id"]));
    assert_eq!(target(&pieces[0]).0, key_of(&plan, "rg"));
    assert_eq!(
        pieces[1],
        Piece::Literal("/providers/Microsoft.Network/applicationGateways/gw/frontendPorts/p".to_owned())
    );
}

#[test]
fn ids_inside_longer_texts_are_references() {
    let rows = [
        group(),
        row(
            "Microsoft.Storage/storageAccounts/st",
            r#""location":"westeurope","properties":{}"#,
        ),
        row(
            "Microsoft.Logic/workflows/w",
            &format!(
                r#""location":"westeurope","properties":{{"definition":{{"uri":"https://x{SUB}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st/y?a={SUB}"}}}}"#
            ),
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    let pieces = pieces(find(&plan, "w").at(&["properties", "definition", "uri"]));
    assert_eq!(pieces.len(), 4, "{pieces:?}");
    assert_eq!(target(&pieces[1]).0, key_of(&plan, "st"));
    assert_eq!(pieces[2], Piece::Literal("/y?a=".to_owned()));
    assert!(matches!(target(&pieces[3]).0, Target::External(_)));
}

#[test]
fn a_principal_is_a_reference_to_what_it_belongs_to() {
    let principal = "33333333-3333-4333-8333-333333333333";
    let rows = [
        group(),
        row(
            "Microsoft.ManagedIdentity/userAssignedIdentities/id",
            &format!(
                r#""location":"westeurope","properties":{{"principalId":"{principal}","tenantId":"{TENANT}"}}"#
            ),
        ),
        row(
            "Microsoft.Authorization/roleAssignments/44444444-4444-4444-8444-444444444444",
            &format!(
                r#""properties":{{"principalId":"{}","roleDefinitionId":"{SUB}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"}}"#,
                principal.to_uppercase()
            ),
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    check(&plan);
    let assignment = find(&plan, "44444444-4444-4444-8444-444444444444");
    let principal = pieces(assignment.at(&["properties", "principalId"]));
    assert_eq!(
        target(&principal[0]),
        (key_of(&plan, "id"), &Attribute::PrincipalId)
    );
    let role = pieces(assignment.at(&["properties", "roleDefinitionId"]));
    assert!(matches!(target(&role[0]), (Target::External(_), Attribute::Id)));
    assert_eq!(
        find(&plan, "id").member("properties"),
        None,
        "what Azure makes is left out"
    );
}

#[test]
fn two_that_refer_to_each_other_are_written_in_order_and_joined_later() {
    let id = |name: &str| format!("{SUB}/resourceGroups/rg/providers/Example.Unknown/things/{name}");
    let rows = [
        group(),
        row(
            "Example.Unknown/things/a",
            &format!(r#""properties":{{"peer":{{"id":"{}"}},"n":1}}"#, id("b")),
        ),
        row(
            "Example.Unknown/things/b",
            &format!(r#""properties":{{"peer":{{"id":"{}"}},"n":1}}"#, id("A")),
        ),
    ];
    let planned = planned(&rows, &Options::default());
    let plan = &planned.plan;
    check(plan);
    assert_eq!(plan.resources.len(), 3);
    let [association] = &plan.associations[..] else {
        panic!("{:?}", plan.associations);
    };
    assert_eq!(association.path, ["properties", "peer"]);
    let (first, second) = (plan.resource(association.owner), &association.value);
    assert_eq!(first.at(&["properties", "peer"]), None);
    assert_eq!(first.at(&["properties", "n"]), Some(&Value::Number("1".into())));
    assert!(matches!(
        target(&pieces(second.get("id"))[0]).0,
        Target::Resource(_)
    ));
    assert!(matches!(
        target(&pieces(association.unordered.get("id"))[0]).0,
        Target::External(_)
    ));
    assert_eq!(planned.survey.unknown_types, ["Example.Unknown/things"]);
}

#[test]
fn secrets_are_parameters_without_a_default() {
    let rows = [
        group(),
        row(
            "Microsoft.Sql/servers/sql",
            r#""location":"westeurope","properties":{"administratorLogin":"sa"}"#,
        ),
        row(
            "Microsoft.Compute/virtualMachines/vm",
            r#""location":"westeurope","properties":{"osProfile":{"adminUsername":"a","adminPassword":{"$redacted":"properties.osProfile.adminPassword"},"customData":"c2VjcmV0"}}"#,
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    let secrets: Vec<_> = plan
        .parameters
        .iter()
        .filter(|parameter| parameter.is_secret())
        .collect();
    assert_eq!(secrets.len(), 3, "{secrets:?}");
    assert!(secrets.iter().all(|secret| secret.default.is_none()));
    let text = format!("{:?}", plan.resources);
    assert!(!text.contains("c2VjcmV0"), "a secret stands in the plan");
    let asked = secrets
        .iter()
        .find(|secret| secret.symbol.as_str() == "sql_administrator_login_password");
    assert!(matches!(asked.unwrap().origin, Origin::WriteOnly { .. }));
}

#[test]
fn subnets_are_written_by_themselves_and_rules_with_their_group() {
    let child =
        |of: &str, name: &str| format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network/{of}/{name}");
    let rows = [
        group(),
        row(
            "Microsoft.Network/virtualNetworks/v",
            &format!(
                r#""location":"westeurope","properties":{{"addressSpace":{{"addressPrefixes":["10.0.0.0/16"]}},"subnets":[{{"id":"{}","name":"s","properties":{{"addressPrefix":"10.0.0.0/24"}}}},{{"id":"{}","name":"t","properties":{{"addressPrefix":"10.0.1.0/24"}}}}]}}"#,
                child("virtualNetworks", "v/subnets/s"),
                child("virtualNetworks", "v/subnets/t")
            ),
        ),
        row(
            "Microsoft.Network/virtualNetworks/v/subnets/s",
            r#""properties":{"addressPrefix":"10.0.0.0/24"}"#,
        ),
        row(
            "Microsoft.Network/networkSecurityGroups/n",
            &format!(
                r#""location":"westeurope","properties":{{"securityRules":[{{"id":"{}","name":"r","properties":{{"priority":100}}}}]}}"#,
                child("networkSecurityGroups", "n/securityRules/r")
            ),
        ),
        row(
            "Microsoft.Network/networkSecurityGroups/n/securityRules/r",
            r#""properties":{"priority":100}"#,
        ),
    ];
    let plan = planned(&rows, &Options::default()).plan;
    check(&plan);
    let Some(Value::Array(subnets)) = find(&plan, "v").at(&["properties", "subnets"]) else {
        panic!("the subnet that has no row stays in the body");
    };
    assert_eq!(subnets.len(), 1);
    assert_eq!(find(&plan, "s").symbol.as_str(), "s");
    assert_eq!(plan.skipped.len(), 1);
    assert_eq!(plan.skipped[0].reason, Reason::Inlined);
}

#[test]
fn unknown_types_are_written_with_care() {
    let rows = [row(
        "Example.Unknown/things/a",
        r#""etag":"x","properties":{"provisioningState":"Succeeded","size":1.0,"none":null,"createdTime":"x"},"apiVersion":"2023-01-01""#,
    )];
    let planned = planned(&rows, &Options::default());
    let thing = find(&planned.plan, "a");
    assert_eq!(
        thing.member("properties"),
        Some(&Value::Object(vec![crate::plan::Member::new(
            "size",
            Value::Number("1.0".into())
        )]))
    );
    assert_eq!(thing.body.len(), 1);
    assert!(
        matches!(&thing.kind, Kind::Arm { known: false, api_version, .. } if &**api_version == "2023-01-01")
    );
    // Its group has no row, so somebody else has it.
    assert!(matches!(thing.parent, Target::External(_)));
}

#[rstest]
#[case("types=Microsoft.Network/networkInterfaces", &["nic", "rg", "s", "v"])]
#[case("types=Microsoft.Network/networkInterfaces;depth=0", &["nic", "rg"])]
#[case("resourceGroups=rg", &["n", "nic", "rg", "s", "v"])]
#[case("types=Microsoft.Network/virtualNetworks", &["n", "rg", "s", "v"])]
#[case("tagSelector=env:prod;depth=0", &["n", "rg"])]
#[case("names=nothing", &[])]
fn a_subset_takes_what_it_needs_along(#[case] subset: &str, #[case] expected: &[&str]) {
    let id = |rest: &str| format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network/{rest}");
    let nsg = id("networkSecurityGroups/n");
    let rows = [
        group(),
        row("Microsoft.Network/virtualNetworks/v", r#""properties":{}"#),
        row(
            "Microsoft.Network/virtualNetworks/v/subnets/s",
            &format!(r#""properties":{{"networkSecurityGroup":{{"id":"{nsg}"}}}}"#),
        ),
        row(
            "Microsoft.Network/networkSecurityGroups/n",
            r#""tags":{"env":"Prod"},"properties":{}"#,
        ),
        row(
            "Microsoft.Network/networkInterfaces/nic",
            &format!(
                r#""properties":{{"ipConfigurations":[{{"name":"a","properties":{{"subnet":{{"id":"{}"}}}}}}]}}"#,
                id("virtualNetworks/v/subnets/s")
            ),
        ),
    ];
    let options = Options {
        subset: Subset::parse(subset).unwrap(),
        ..Options::default()
    };
    let plan = planned(&rows, &options).plan;
    check(&plan);
    let mut names: Vec<&str> = plan
        .resources
        .iter()
        .map(|resource| resource.id.rsplit('/').next().unwrap())
        .collect();
    names.sort_unstable();
    // The interface's subnet needs its security group only at the second step.
    let mut expected = expected.to_vec();
    if subset == "types=Microsoft.Network/networkInterfaces" {
        expected.insert(0, "n");
    }
    assert_eq!(names, expected);
    assert!(plan.skipped.is_empty(), "{:?}", plan.skipped);
}

#[test]
fn a_subset_that_matches_nothing_is_told() {
    let rows = [group()];
    let notes = |subset: &str| {
        let options = Options {
            subset: Subset::parse(subset).unwrap(),
            ..Options::default()
        };
        planned(&rows, &options).survey.notes
    };
    assert_eq!(
        notes("ids=/nowhere"),
        ["nothing in the graph matches the subset: check its spelling"]
    );
    assert_eq!(notes("types=Microsoft.Resources/*"), [""; 0]);
}
