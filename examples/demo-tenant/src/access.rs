//! Who may read the booking vault, with every turn that the question can take: roles from above, groups within groups,
//! wildcards, what a role takes back, what is denied to a group and not to one of its members, what has yet to be activated.

use serde_json::{Value, json};

use crate::builder::{Tenant, resource_id};

const ROLE_DEFINITIONS: &str = "Microsoft.Authorization/roleDefinitions";

/// Azure's own role, which `governance` describes.
const SECRETS_USER: &str = "4633458b-17de-408a-b874-0445c86b69e6";

pub(crate) fn write(t: &mut Tenant) {
    let company = t.management_group("nrv");
    let production = t.subscription("nrv-production");
    let data = t.group("rg-booking-data");
    let vault = resource_id(&data, "Microsoft.KeyVault/vaults", "kv-nrv-booking");

    // Allows reading by a wildcard, far above the vault.
    let rotator = custom_role(
        t,
        &company,
        "NRV Secret Rotator",
        &["Microsoft.KeyVault/vaults/secrets/*"],
        &[],
    );
    assign(t, &company, "User", "user/jonas", &rotator);
    // Allows everything with vaults but what the question is about.
    let auditor = custom_role(
        t,
        &production,
        "NRV Vault Auditor",
        &["Microsoft.KeyVault/vaults/*"],
        &["microsoft.keyvault/vaults/secrets/getsecret/action"],
    );
    assign(t, &production, "Group", "group/security", &auditor);
    // A group whose members are a person and another group.
    let built_in = resource_id("", ROLE_DEFINITIONS, SECRETS_USER);
    assign(t, &data, "Group", "group/booking", &built_in);
    // May be activated for a time.
    eligible(t, &production, "user/bjarne", &built_in);
    // Denied to the inner group, but not to one of it.
    deny(
        t,
        &vault,
        "Nobody of the developers reads secrets",
        "group/booking-developers",
        "user/farid",
    );
}

fn custom_role(
    t: &mut Tenant,
    scope: &str,
    name: &str,
    data_actions: &[&str],
    not_data_actions: &[&str],
) -> String {
    let guid = t.guid(&format!("role-definition/{name}"));
    let id = t.extension(
        scope,
        ROLE_DEFINITIONS,
        &guid,
        json!({
            "properties": {
                "roleName": name,
                "type": "CustomRole",
                "description": format!("{name}."),
                "assignableScopes": [scope],
                "permissions": [{ "actions": [], "notActions": [], "dataActions": data_actions, "notDataActions": not_data_actions }],
                "createdOn": "2025-03-04T09:12:40.1123Z",
                "updatedOn": "2025-03-04T09:12:40.1123Z",
                "createdBy": t.guid("user/dmitri"),
                "updatedBy": t.guid("user/dmitri"),
            },
        }),
    );
    let author = t.guid("user/dmitri");
    t.edge(&id, "CREATED_BY", &author);
    t.reference(&id, scope);
    id
}

fn assign(t: &mut Tenant, scope: &str, kind: &str, principal: &str, definition: &str) {
    let principal = t.guid(principal);
    let name = t.guid(&format!("role-assignment/{scope}/{principal}/{definition}"));
    let id = t.extension(
        scope,
        "Microsoft.Authorization/roleAssignments",
        &name,
        json!({
            "properties": {
                "roleDefinitionId": definition,
                "principalId": principal,
                "principalType": kind,
                "scope": scope,
                "condition": null,
                "conditionVersion": null,
                "createdOn": "2025-03-04T09:15:02.7718Z",
                "updatedOn": "2025-03-04T09:15:02.7718Z",
                "createdBy": t.guid("user/dmitri"),
                "updatedBy": t.guid("user/dmitri"),
            },
        }),
    );
    given(t, &id, scope, &principal, definition);
    let author = t.guid("user/dmitri");
    t.edge(&id, "CREATED_BY", &author);
}

fn eligible(t: &mut Tenant, scope: &str, principal: &str, definition: &str) {
    let principal = t.guid(principal);
    let name = t.guid(&format!("eligible/{scope}/{principal}"));
    let id = t.extension(
        scope,
        "Microsoft.Authorization/roleEligibilityScheduleInstances",
        &name,
        json!({
            "properties": {
                "roleDefinitionId": definition,
                "principalId": principal,
                "principalType": "User",
                "scope": scope,
                "memberType": "Direct",
                "status": "Provisioned",
                "startDateTime": "2025-04-01T06:00:00Z",
                "endDateTime": "2027-04-01T06:00:00Z",
            },
        }),
    );
    given(t, &id, scope, &principal, definition);
}

/// The edges that a role gives, for good or on demand.
fn given(t: &mut Tenant, id: &str, scope: &str, principal: &str, definition: &str) {
    t.edge(id, "ASSIGNS", definition);
    t.edge(id, "ASSIGNS", principal);
    t.edge(id, "ASSIGNS", scope);
    t.edge(principal, "HAS_ROLE", scope);
}

fn deny(t: &mut Tenant, scope: &str, name: &str, principal: &str, excluded: &str) {
    let (group, person) = (t.guid(principal), t.guid(excluded));
    let list = |id: &str, kind: &str| -> Value { json!([{ "id": id, "type": kind, "displayName": "" }]) };
    let guid = t.guid(&format!("deny/{scope}"));
    let id = t.extension(
        scope,
        "Microsoft.Authorization/denyAssignments",
        &guid,
        json!({
            "properties": {
                "denyAssignmentName": name,
                "description": "Set by the deployment stack of the booking data.",
                "scope": scope,
                "doNotApplyToChildScopes": false,
                "isSystemProtected": false,
                "permissions": [{ "actions": [], "notActions": [], "dataActions": ["Microsoft.KeyVault/vaults/secrets/*"], "notDataActions": [] }],
                "principals": list(&group, "Group"),
                "excludePrincipals": list(&person, "User"),
            },
        }),
    );
    t.edge(&id, "ASSIGNS", scope);
    t.edge(&id, "ASSIGNS", &group);
}
