//! ARM resources.

use super::*;
use crate::graph::{NodeClass, Said, Standing};

#[test]
fn a_machine_becomes_a_node_with_all_it_says() {
    let found = resource(
        "Microsoft.Compute/virtualMachines/Web-1",
        "microsoft.compute/virtualmachines",
        r#""name":"Web-1","location":"West Europe","zones":["1"],"kind":null,"managedBy":"someone","etag":"e1","eTag":"e2",
           "sku":{"name":"S"},"tags":{"Env":"Prod"},"extendedLocation":{"type":"EdgeZone"},
           "properties":{"provisioningState":"Succeeded","hardwareProfile":{"vmSize":"Standard_B1ls"},
                         "big":9223372036854775807,"ratio":0.5}"#,
    );
    let node = &found.described.node;
    assert_eq!(node.key, format!("{TENANT}|{}", node.id.to_lowercase()));
    assert_eq!(node.name, "Web-1");
    assert_eq!(node.labels, ["Resource", "VirtualMachine"]);
    assert_eq!(node.class, NodeClass::Resource);
    assert_eq!(node.standing, Standing::Own);
    assert_eq!(
        node.resource_type.as_deref(),
        Some("Microsoft.Compute/virtualMachines")
    );
    for (name, value) in [
        ("location", Value::from("westeurope")),
        ("zones", Value::Strings(vec!["1".into()])),
        ("resource_group", Value::from("rg")),
        (
            "subscription_id",
            Value::from("00000000-0000-0000-0000-000000000001"),
        ),
        ("tags", Value::from(r#"{"Env":"Prod"}"#)),
        ("sku", Value::from(r#"{"name":"S"}"#)),
        ("managedBy", Value::from("someone")),
        ("etag", Value::from("e1")),
        ("eTag", Value::from("e2")),
        ("extendedLocation", Value::from(r#"{"type":"EdgeZone"}"#)),
    ] {
        assert_eq!(member(node, name), Some(&value), "{name}");
    }
    assert_eq!(member(node, "kind"), None);
    for (name, value) in [
        ("provisioning_state", Value::from("Succeeded")),
        ("hardwareProfile.vmSize", Value::from("Standard_B1ls")),
        ("big", Value::Int(i64::MAX)),
        ("ratio", Value::Float(0.5)),
    ] {
        assert_eq!(scalar(node, name), Some(&value), "{name}");
    }
    assert!(
        node.properties
            .as_deref()
            .unwrap()
            .contains(r#""big":9223372036854775807"#)
    );
    assert_eq!(
        edges(&found.described),
        [
            "SUB/resourceGroups/rg CONTAINS . @ id",
            ". LOCATED_IN region:westeurope @ location",
            ". TAGGED_WITH tag:env=%50rod @ tags.Env",
        ]
    );
    let tag = implied(&found, "tag:env=%50rod");
    assert_eq!(tag.node.name, "Env=Prod");
    assert_eq!(tag.node.labels, ["Tag"]);
    assert_eq!(member(&tag.node, "tag_value"), Some(&Value::from("Prod")));
    assert_eq!(implied(&found, "region:westeurope").node.labels, ["Region"]);
}

#[test]
fn a_row_without_properties_says_nothing_about_them() {
    for more in ["", r#""properties":null"#] {
        let node = resource("Microsoft.Compute/disks/d", "Microsoft.Compute/disks", more)
            .described
            .node;
        assert_eq!(node.properties, None);
        assert!(node.scalars.is_empty());
    }
    let empty = resource(
        "Microsoft.Compute/disks/d",
        "Microsoft.Compute/disks",
        r#""properties":{}"#,
    );
    assert_eq!(empty.described.node.properties.as_deref(), Some("{}"));
}

#[test]
fn a_child_and_an_extension_lie_in_what_their_id_says() {
    let parent = |name: &str, kind: &str| edges(&resource(name, kind, "").described)[0].clone();
    assert_eq!(
        parent(
            "Microsoft.Sql/servers/s/databases/d",
            "Microsoft.Sql/servers/databases"
        ),
        "SUB/resourceGroups/rg/providers/Microsoft.Sql/servers/s CONTAINS . @ id"
    );
    assert_eq!(
        parent(
            "Microsoft.Sql/servers/s/providers/Microsoft.Insights/diagnosticSettings/x",
            "Microsoft.Insights/diagnosticSettings"
        ),
        "SUB/resourceGroups/rg/providers/Microsoft.Sql/servers/s CONTAINS . @ id"
    );
    assert_eq!(
        parent(
            "Microsoft.Security/locations/centralus/jitNetworkAccessPolicies/default",
            "Microsoft.Security/locations/jitNetworkAccessPolicies"
        ),
        "SUB/resourceGroups/rg CONTAINS . @ id"
    );
}

#[test]
fn a_network_brings_its_subnets_and_a_subnet_says_what_guards_it() {
    let vnet = format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v");
    let found = resource(
        "Microsoft.Network/virtualNetworks/v",
        "Microsoft.Network/virtualNetworks",
        &format!(
            r#""properties":{{"subnets":[{{"id":"{vnet}/subnets/web","name":"web","etag":"x","properties":{{
                "addressPrefix":"10.0.0.0/24","networkSecurityGroup":{{"id":"{SUB}/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/g"}},
                "delegations":[{{"id":"{vnet}/subnets/web/delegations/d","properties":{{}}}}]}}}}]}}"#
        ),
    );
    assert_eq!(edges(&found.described), ["SUB/resourceGroups/rg CONTAINS . @ id"]);
    let subnet = implied(&found, &format!("{vnet}/subnets/web"));
    assert_eq!(subnet.node.standing, Standing::Inline);
    assert_eq!(subnet.node.labels, ["Resource", "Subnet"]);
    assert_eq!(
        subnet.node.resource_type.as_deref(),
        Some("Microsoft.Network/virtualNetworks/subnets")
    );
    assert_eq!(member(&subnet.node, "inline"), Some(&Value::Bool(true)));
    assert_eq!(
        scalar(&subnet.node, "addressPrefix"),
        Some(&Value::from("10.0.0.0/24"))
    );
    assert_eq!(
        edges(subnet),
        [
            "SUB/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v CONTAINS . @ id",
            ". SECURED_BY SUB/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/g @ properties.networkSecurityGroup.id",
        ]
    );
    assert!(
        !found
            .implied
            .iter()
            .any(|other| other.node.id.contains("delegations"))
    );
}

#[test]
fn an_edge_that_both_ends_say_is_marked_at_the_far_end() {
    let id = |rest: &str| format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network/{rest}");
    let nic = resource(
        "Microsoft.Network/networkInterfaces/n",
        "Microsoft.Network/networkInterfaces",
        &format!(
            r#""properties":{{"networkSecurityGroup":{{"id":"{}"}}}}"#,
            id("networkSecurityGroups/g")
        ),
    );
    let group = resource(
        "Microsoft.Network/networkSecurityGroups/g",
        "Microsoft.Network/networkSecurityGroups",
        &format!(
            r#""properties":{{"networkInterfaces":[{{"id":"{}"}}]}}"#,
            id("networkInterfaces/n")
        ),
    );
    let secured = |description: &Description| {
        description
            .described
            .references
            .iter()
            .find(|r| r.relationship == "SECURED_BY")
            .unwrap()
            .clone()
    };
    assert_eq!(secured(&nic).said, Said::Here);
    assert_eq!(secured(&group).said, Said::AtFarEnd);
    assert_eq!(secured(&group).from, Target::Id(id("networkInterfaces/n")));
    assert_eq!(secured(&group).to, Target::Itself);
}

#[test]
fn what_no_rule_claims_is_a_reference_with_its_path_wherever_it_stands() {
    let other = format!("{SUB}/resourceGroups/other");
    let found = resource(
        "Contoso.Things/widgets/w",
        "Contoso.Things/widgets",
        &format!(
            r#""plan":{{"from":"{other}"}},"properties":{{"a":[{{"b.c":"{other}"}}],"d":{{"{other}":{{}}}}}}"#
        ),
    );
    assert_eq!(found.described.node.labels, ["Resource", "ContosoThingsWidgets"]);
    assert_eq!(
        edges(&found.described)[1..],
        [
            ". REFERENCES SUB/resourceGroups/other @ plan.from",
            r". REFERENCES SUB/resourceGroups/other @ properties.a[0].b\.c",
            ". REFERENCES SUB/resourceGroups/other @ properties.d",
        ]
    );
}

#[test]
fn a_role_assignment_ties_principal_role_and_scope() {
    let found = describe(&format!(
        r#"{{"id":"{SUB}/providers/Microsoft.Authorization/roleAssignments/a","type":"Microsoft.Authorization/roleAssignments",
            "properties":{{"principalId":"11111111-1111-1111-1111-111111111111","scope":"/","condition":"c",
              "roleDefinitionId":"{SUB}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}}}}"#
    ));
    assert_eq!(found.described.node.labels, ["Resource", "RoleAssignment"]);
    assert_eq!(
        edges(&found.described)[1..],
        [
            ". ASSIGNS 11111111-1111-1111-1111-111111111111 @ properties.principalId".to_owned(),
            format!(". ASSIGNS /tenants/{TENANT} @ properties.scope"),
            ". ASSIGNS /providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635 @ properties.roleDefinitionId".to_owned(),
            format!("11111111-1111-1111-1111-111111111111 HAS_ROLE /tenants/{TENANT} @ properties"),
        ]
    );
    let role = found.described.references.last().unwrap();
    assert_eq!(role.properties[0], ("role".to_owned(), Value::from("Owner")));
    assert!(
        role.properties
            .iter()
            .any(|(name, value)| name == "condition" && *value == Value::from("c"))
    );
    assert!(role.properties.iter().any(|(name, value)| {
        name == "assignment_id" && *value == Value::from(found.described.node.id.as_str())
    }));
}

#[test]
fn identities_are_used_by_object_id_and_by_resource_id() {
    let identity =
        format!("{SUB}/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i");
    let found = resource(
        "Microsoft.Web/sites/s",
        "Microsoft.Web/sites",
        &format!(
            r#""identity":{{"type":"SystemAssigned, UserAssigned","principalId":"22222222-2222-2222-2222-222222222222",
               "userAssignedIdentities":{{"{identity}":{{"principalId":"33333333-3333-3333-3333-333333333333"}}}}}}"#
        ),
    );
    assert_eq!(
        edges(&found.described)[1..],
        [
            ". USES_IDENTITY 22222222-2222-2222-2222-222222222222 @ identity.principalId",
            ". USES_IDENTITY SUB/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i @ identity.userAssignedIdentities",
        ]
    );
}

#[test]
fn a_lock_locks_its_scope() {
    let found = resource(
        "Microsoft.Storage/storageAccounts/s/providers/Microsoft.Authorization/locks/l",
        "Microsoft.Authorization/locks",
        r#""properties":{"level":"ReadOnly"}"#,
    );
    assert_eq!(
        edges(&found.described)[1..],
        ["SUB/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/s LOCKED_BY . @ id"]
    );
}

#[test]
fn a_type_that_the_id_contradicts_is_kept_and_told() {
    let found = resource("Microsoft.Web/sites/s", "Microsoft.Web/serverfarms", "");
    assert_eq!(
        found.described.node.resource_type.as_deref(),
        Some("Microsoft.Web/serverFarms")
    );
    assert_eq!(
        found.problems,
        ["the type is `Microsoft.Web/serverfarms` but the ID says `Microsoft.Web/sites`"]
    );
    let other_case = resource("Microsoft.Web/sites/s", "microsoft.web/Sites", "");
    assert!(other_case.problems.is_empty());
}

#[test]
fn a_role_that_may_be_activated_is_marked() {
    let found = describe(&format!(
        r#"{{"id":"{SUB}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/e",
            "type":"Microsoft.Authorization/roleEligibilityScheduleInstances",
            "properties":{{"principalId":"11111111-1111-1111-1111-111111111111","scope":"{SUB}","endDateTime":"2027-01-01T00:00:00Z",
            "roleDefinitionId":"{SUB}/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"}}}}"#
    ));
    let edge = found
        .described
        .references
        .iter()
        .find(|edge| edge.relationship == "HAS_ROLE")
        .unwrap();
    for property in [
        ("role".to_owned(), Value::from("Owner")),
        ("eligible".to_owned(), Value::Bool(true)),
        ("expires_at".to_owned(), Value::from("2027-01-01T00:00:00Z")),
    ] {
        assert!(edge.properties.contains(&property), "{property:?}: {edge:?}");
    }
}
