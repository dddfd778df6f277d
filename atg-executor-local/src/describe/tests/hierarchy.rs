//! Tenants, management groups, subscriptions, resource groups.

use super::*;
use crate::graph::{NodeClass, Said, Standing};

#[test]
fn scopes_are_objects_of_their_own_without_the_label_resource() {
    let group = describe(&format!(
        r#"{{"id":"{SUB}/resourceGroups/Web","name":"Web","type":"Microsoft.Resources/subscriptions/resourceGroups",
            "location":"westeurope","tags":{{"a":"b"}},"properties":{{"provisioningState":"Succeeded"}}}}"#
    ));
    let node = &group.described.node;
    assert_eq!(node.labels, ["ResourceGroup"]);
    assert_eq!(node.class, NodeClass::Hierarchy);
    assert_eq!(
        node.resource_type.as_deref(),
        Some("Microsoft.Resources/resourceGroups")
    );
    assert_eq!(member(node, "location"), Some(&Value::from("westeurope")));
    assert_eq!(edges(&group.described)[0], "SUB CONTAINS . @ id");

    let subscription = describe(&format!(
        r#"{{"id":"{SUB}","subscriptionId":"00000000-0000-0000-0000-000000000001","displayName":"Production","state":"Enabled"}}"#
    ));
    let node = &subscription.described.node;
    assert_eq!(node.labels, ["Subscription"]);
    assert_eq!(node.name, "Production");
    assert_eq!(member(node, "display_name"), Some(&Value::from("Production")));
    assert_eq!(member(node, "state"), Some(&Value::from("Enabled")));
    assert_eq!(subscription.described.references[0].said, Said::Assumed);
}

#[test]
fn a_subscription_row_of_resource_graph_names_its_management_group() {
    let found = describe(&format!(
        r#"{{"id":"{SUB}","name":"Production","type":"microsoft.resources/subscriptions",
            "properties":{{"managementGroupAncestorsChain":[{{"name":"near"}},{{"name":"far"}}]}}}}"#
    ));
    assert_eq!(found.described.node.name, "Production");
    assert_eq!(
        edges(&found.described),
        [
            format!("/tenants/{TENANT} CONTAINS . @ id"),
            "/providers/Microsoft.Management/managementGroups/near CONTAINS . @ properties.managementGroupAncestorsChain[0].name".to_owned(),
        ]
    );
}

#[test]
fn management_groups_hang_under_their_parent() {
    let found = describe(
        r#"{"id":"/providers/Microsoft.Management/managementGroups/b","name":"b","type":"Microsoft.Management/managementGroups",
            "properties":{"displayName":"Bee","details":{"parent":{"id":"/providers/Microsoft.Management/managementGroups/a"}},
            "children":[{"id":"/subscriptions/00000000-0000-0000-0000-000000000001","type":"/subscriptions"}]}}"#,
    );
    assert_eq!(found.described.node.labels, ["ManagementGroup"]);
    assert_eq!(found.described.node.name, "Bee");
    assert_eq!(
        edges(&found.described),
        [
            format!("/tenants/{TENANT} CONTAINS . @ id"),
            "/providers/Microsoft.Management/managementGroups/a CONTAINS . @ properties.details.parent.id"
                .to_owned(),
            ". CONTAINS SUB @ properties.children[0].id".to_owned(),
        ]
    );
    let said: Vec<_> = found.described.references.iter().map(|r| r.said).collect();
    assert_eq!(said, [Said::Assumed, Said::Here, Said::AtFarEnd]);
}

#[test]
fn the_tenant_is_one_node_however_it_is_spelled() {
    for id in [
        "/",
        &format!("/tenants/{TENANT}"),
        &format!("/Tenants/{}/", TENANT.to_uppercase()),
    ] {
        let found = describe(&format!(
            r#"{{"id":"{id}","displayName":"Contoso","type":"Microsoft.Resources/tenants"}}"#
        ));
        assert_eq!(
            found.described.node.key,
            format!("{TENANT}|/tenants/{TENANT}"),
            "{id}"
        );
        assert_eq!(found.described.node.labels, ["Tenant"]);
        assert!(found.described.references.is_empty());
        assert!(found.problems.is_empty());
    }
    let other = describe(
        r#"{"id":"/tenants/00000000-0000-0000-0000-0000000000bb","type":"Microsoft.Resources/tenants"}"#,
    );
    assert_eq!(other.problems.len(), 1);
}

#[test]
fn an_id_implies_the_scopes_that_it_lies_in() {
    let found = resource("Microsoft.Web/sites/s", "Microsoft.Web/sites", "");
    let ids: Vec<_> = found
        .implied
        .iter()
        .map(|d| (d.node.id.replace(SUB, "SUB"), d.node.standing))
        .collect();
    assert_eq!(
        ids,
        [
            ("SUB/resourceGroups/rg".to_owned(), Standing::Implied),
            ("SUB".to_owned(), Standing::Implied),
            (format!("/tenants/{TENANT}"), Standing::Implied),
        ]
    );
    assert_eq!(edges(&found.implied[0]), ["SUB CONTAINS . @ id"]);
    assert_eq!(found.implied[1].references[0].said, Said::Assumed);
}

#[test]
fn a_scope_is_handed_out_once_and_again_for_another_describer() {
    let describer = describer();
    let row = |name: &str| {
        Json::parse(
            format!(r#"{{"id":"{SUB}/resourceGroups/rg/providers/Microsoft.Web/sites/{name}","type":"Microsoft.Web/sites"}}"#)
                .as_bytes(),
        )
        .unwrap()
    };
    assert_eq!(describer.describe(row("a")).unwrap().implied.len(), 3);
    assert_eq!(describer.describe(row("b")).unwrap().implied.len(), 0);
    assert_eq!(super::describer().describe(row("b")).unwrap().implied.len(), 3);
}
