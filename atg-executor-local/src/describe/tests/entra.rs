//! Microsoft Graph objects.

use super::*;
use crate::graph::{NodeClass, Said};

#[test]
fn a_user_is_known_by_its_object_id() {
    let found = describe(
        r##"{"@odata.type":"#microsoft.graph.user","id":"u-1","displayName":"Ada","userPrincipalName":"ada@contoso.com",
            "accountEnabled":true,"userType":"Guest","mail":null,"businessPhones":["1"],"passwordProfile":{"password":"canary"}}"##,
    );
    let node = &found.described.node;
    assert_eq!(node.id, "u-1");
    assert_eq!(node.key, format!("{TENANT}|u-1"));
    assert_eq!(node.name, "Ada");
    assert_eq!(node.class, NodeClass::Entra);
    assert_eq!(node.labels, ["User"]);
    for (name, value) in [
        ("object_id", Value::from("u-1")),
        ("user_principal_name", Value::from("ada@contoso.com")),
        ("userPrincipalName", Value::from("ada@contoso.com")),
        ("display_name", Value::from("Ada")),
        ("enabled", Value::Bool(true)),
        ("kind", Value::from("Guest")),
        ("businessPhones", Value::Strings(vec!["1".into()])),
    ] {
        assert_eq!(member(node, name), Some(&value), "{name}");
    }
    assert!(!format!("{found:?}").contains("canary"));
}

#[test]
fn members_and_owners_are_edges_and_no_properties() {
    let found = describe(
        r##"{"@odata.type":"#microsoft.graph.group","id":"g","displayName":"G","groupTypes":["Unified"],
            "members":["u1",{"id":"u2"}],"owners":["u1"],"memberOf":[{"id":"g2"}]}"##,
    );
    assert_eq!(
        edges(&found.described),
        [
            "u1 MEMBER_OF . @ members",
            "u2 MEMBER_OF . @ members",
            "u1 OWNS . @ owners",
            ". MEMBER_OF g2 @ memberOf",
        ]
    );
    assert_eq!(found.described.references[3].said, Said::AtFarEnd);
    assert_eq!(member(&found.described.node, "members"), None);
    assert_eq!(
        member(&found.described.node, "kind"),
        Some(&Value::from("Unified"))
    );
}

#[test]
fn a_managed_identity_is_a_service_principal_that_its_resource_uses() {
    let found = describe(&format!(
        r##"{{"@odata.type":"#microsoft.graph.servicePrincipal","id":"s","appId":"a","servicePrincipalType":"ManagedIdentity",
            "alternativeNames":["isExplicit=False","{SUB}/resourceGroups/rg/providers/Microsoft.Web/sites/w"]}}"##
    ));
    assert_eq!(
        found.described.node.labels,
        ["ServicePrincipal", "ManagedIdentity"]
    );
    assert_eq!(member(&found.described.node, "app_id"), Some(&Value::from("a")));
    assert_eq!(
        edges(&found.described),
        ["SUB/resourceGroups/rg/providers/Microsoft.Web/sites/w USES_IDENTITY . @ alternativeNames[1]"]
    );
}

#[test]
fn an_app_role_is_a_role_on_the_service_that_grants_it() {
    let found = describe(
        r##"{"@odata.type":"#microsoft.graph.servicePrincipal","id":"11111111-1111-1111-1111-111111111111",
            "appRoleAssignments":[{"id":"x","principalId":"11111111-1111-1111-1111-111111111111",
              "resourceId":"22222222-2222-2222-2222-222222222222","appRoleId":"r"}]}"##,
    );
    assert_eq!(
        edges(&found.described),
        [
            "11111111-1111-1111-1111-111111111111 HAS_ROLE 22222222-2222-2222-2222-222222222222 @ appRoleAssignments.x"
        ]
    );
}

#[test]
fn who_gives_app_roles_knows_their_names_and_a_principal_may_have_several() {
    let (client, service) = (
        "11111111-1111-1111-1111-111111111111",
        "22222222-2222-2222-2222-222222222222",
    );
    let assigned = |id: &str, role: &str| {
        format!(r#"{{"id":"{id}","principalId":"{client}","resourceId":"{service}","appRoleId":"{role}"}}"#)
    };
    let found = describe(&format!(
        r##"{{"@odata.type":"#microsoft.graph.servicePrincipal","id":"{service}",
            "appRoles":[{{"id":"R1","value":"Mail.Read"}},{{"id":"r2","displayName":"Write","value":null}}],
            "appRoleAssignedTo":[{},{},{}]}}"##,
        assigned("a", "r1"),
        assigned("b", "r2"),
        assigned("c", "r3"),
    ));
    let roles: Vec<_> = found
        .described
        .references
        .iter()
        .map(|edge| (edge.path.as_str(), edge.properties[0].1.clone()))
        .collect();
    assert_eq!(
        roles,
        [
            ("appRoleAssignedTo.a", Value::from("Mail.Read")),
            ("appRoleAssignedTo.b", Value::from("Write")),
            ("appRoleAssignedTo.c", Value::from("r3")),
        ]
    );
}

#[test]
fn a_delegated_permission_leads_from_the_application_to_the_service() {
    let found = describe(
        r##"{"@odata.type":"#microsoft.graph.oAuth2PermissionGrant","id":"g","consentType":"Principal","scope":" User.Read Mail.Read",
            "clientId":"11111111-1111-1111-1111-111111111111","resourceId":"22222222-2222-2222-2222-222222222222",
            "principalId":"33333333-3333-3333-3333-333333333333"}"##,
    );
    assert_eq!(found.described.node.labels, ["OAuth2PermissionGrant"]);
    assert_eq!(
        edges(&found.described),
        [
            ". ASSIGNS 11111111-1111-1111-1111-111111111111 @ clientId",
            ". ASSIGNS 22222222-2222-2222-2222-222222222222 @ resourceId",
            ". ASSIGNS 33333333-3333-3333-3333-333333333333 @ principalId",
            "11111111-1111-1111-1111-111111111111 HAS_ROLE 22222222-2222-2222-2222-222222222222 @ scope",
        ]
    );
    let role = &found.described.references[3].properties;
    assert!(role.contains(&("role".to_owned(), Value::from("User.Read Mail.Read"))));
    assert!(role.contains(&("delegated".to_owned(), Value::Bool(true))));
}

#[test]
fn kinds_that_nobody_listed_are_kept() {
    let found =
        describe(r##"{"@odata.type":"#microsoft.graph.administrativeUnit","id":"x","displayName":"North"}"##);
    assert_eq!(found.described.node.labels, ["AdministrativeUnit"]);
    let odd = describe(r##"{"@odata.type":"#microsoft.graph.scan","id":"x"}"##);
    assert_eq!(odd.described.node.labels, ["AzureScan"]);
}
