//! Identities, people, and who may do what.

use crate::{
    cell::Cell,
    tenant_id,
    writer::{Row, Writer},
};

const IDENTITIES: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";
const DEFINITIONS: &str = "/providers/Microsoft.Authorization/roleDefinitions";

/// Azure's own roles: name, id.
const ROLES: [(&str, &str); 4] = [
    ("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
    ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
];

/// Which GUID of a cell is whose.
pub(crate) const APP_PRINCIPAL: u64 = 0;
const APP_CLIENT: u64 = 1;
pub(crate) const JOB_PRINCIPAL: u64 = 2;
const JOB_CLIENT: u64 = 3;
const FIRST_USER: u64 = 4;
const SECOND_USER: u64 = 5;
const GROUP: u64 = 6;
const ASSIGNMENTS: u64 = 8;

/// The cell's user-assigned identity `id-app` or `id-job`.
pub(crate) fn identity(cell: &Cell, name: &str) -> String {
    cell.id(IDENTITIES, name)
}

/// The member `identity` of a resource that has the cell's identity of that name.
pub(crate) fn assigned(cell: &Cell, name: &str) -> String {
    let (principal, client) = if name == "id-app" {
        (APP_PRINCIPAL, APP_CLIENT)
    } else {
        (JOB_PRINCIPAL, JOB_CLIENT)
    };
    format!(
        r#""identity":{{"type":"UserAssigned","userAssignedIdentities":{{"{}":{{"principalId":"{}","clientId":"{}"}}}}}}"#,
        identity(cell, name),
        cell.guid(principal),
        cell.guid(client)
    )
}

pub(crate) fn role_definitions(w: &mut Writer) {
    for (name, guid) in ROLES {
        w.resource(
            &Row {
                parent: &format!("/tenants/{}", w.tenant()),
                id: &format!("{DEFINITIONS}/{guid}"),
                kind: "Microsoft.Authorization/roleDefinitions",
                location: "",
                tags: None,
            },
            format_args!(
                r#""properties":{{"roleName":"{name}","type":"BuiltInRole","description":"{name}","assignableScopes":["/"],"permissions":[{{"actions":["*/read"],"notActions":[],"dataActions":[],"notDataActions":[]}}]}}"#
            ),
        );
    }
}

pub(crate) fn write(cell: &Cell, w: &mut Writer) {
    people(cell, w);
    let tenant = tenant_id(cell.seed);
    for (name, principal, client) in [
        ("id-app", APP_PRINCIPAL, APP_CLIENT),
        ("id-job", JOB_PRINCIPAL, JOB_CLIENT),
    ] {
        let id = identity(cell, name);
        let (principal, client) = (cell.guid(principal), cell.guid(client));
        w.entra(
            "servicePrincipal",
            &principal,
            format_args!(
                r#""appId":"{client}","displayName":"{name}","servicePrincipalType":"ManagedIdentity","accountEnabled":true,"alternativeNames":["isExplicit=True","{id}"]"#
            ),
        );
        cell.resource(
            w,
            IDENTITIES,
            &id,
            format_args!(r#""properties":{{"isolationScope":"None","tenantId":"{tenant}","principalId":"{principal}","clientId":"{client}"}}"#),
        );
        w.edge(&id, "USES_IDENTITY", &principal);
    }
    let vault = cell.id("Microsoft.KeyVault/vaults", &format!("kv-{}", cell.short));
    assign(cell, w, 0, &cell.group, "Group", &cell.guid(GROUP), "Contributor");
    assign(cell, w, 1, &cell.group, "User", &cell.guid(FIRST_USER), "Reader");
    assign(
        cell,
        w,
        2,
        &vault,
        "ServicePrincipal",
        &cell.guid(APP_PRINCIPAL),
        "Key Vault Secrets User",
    );
    assign(
        cell,
        w,
        3,
        &vault,
        "ServicePrincipal",
        &cell.guid(JOB_PRINCIPAL),
        "Key Vault Secrets User",
    );
    if cell.has(1, 4) {
        let id = format!("{}/providers/Microsoft.Authorization/locks/keep", cell.group);
        cell.child(
            w,
            &cell.group,
            "Microsoft.Authorization/locks",
            &id,
            format_args!(r#""properties":{{"level":"CanNotDelete","notes":""}}"#),
        );
        w.edge(&cell.group, "LOCKED_BY", &id);
    }
}

fn people(cell: &Cell, w: &mut Writer) {
    for (number, user) in [(1, FIRST_USER), (2, SECOND_USER)] {
        w.entra(
            "user",
            &cell.guid(user),
            format_args!(
                r#""displayName":"Person {number} of {0}","userPrincipalName":"person{number}.{0}@synthetic.example","userType":"Member","accountEnabled":true"#,
                cell.short
            ),
        );
    }
    let (group, first, second) = (cell.guid(GROUP), cell.guid(FIRST_USER), cell.guid(SECOND_USER));
    w.entra(
        "group",
        &group,
        format_args!(
            r#""displayName":"Team of {}","securityEnabled":true,"groupTypes":[],"members":["{first}","{second}"],"owners":["{first}"]"#,
            cell.short
        ),
    );
    w.edge(&first, "MEMBER_OF", &group);
    w.edge(&second, "MEMBER_OF", &group);
    w.edge(&first, "OWNS", &group);
}

fn assign(cell: &Cell, w: &mut Writer, number: u64, scope: &str, kind: &str, principal: &str, role: &str) {
    let definition = ROLES
        .iter()
        .find(|known| known.0 == role)
        .map_or("", |known| known.1);
    let name = cell.guid(ASSIGNMENTS + number);
    let id = format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}");
    cell.child(
        w,
        scope,
        "Microsoft.Authorization/roleAssignments",
        &id,
        // As Azure spells it: with the subscription before a definition that there is once.
        format_args!(
            r#""properties":{{"roleDefinitionId":"{}{DEFINITIONS}/{definition}","principalId":"{principal}","principalType":"{kind}","scope":"{scope}","condition":null,"createdOn":"2024-01-16T13:02:44.0127718Z"}}"#,
            cell.subscription
        ),
    );
    w.edge(&id, "ASSIGNS", &format!("{DEFINITIONS}/{definition}"));
    w.edge(&id, "ASSIGNS", principal);
    w.edge(&id, "ASSIGNS", scope);
    w.edge(principal, "HAS_ROLE", scope);
}
