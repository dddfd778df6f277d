//! Role definitions and assignments, policies, locks.

use serde_json::{Value, json};

use crate::builder::{HOME, Tenant, resource_id};

/// Built-in roles under Azure's own ids: name, id, actions, data actions.
const BUILT_IN: [(&str, &str, &[&str], &[&str]); 9] = [
    ("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", &["*"], &[]),
    ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c", &["*"], &[]),
    ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7", &["*/read"], &[]),
    (
        "User Access Administrator",
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9",
        &["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"],
        &[],
    ),
    (
        "Network Contributor",
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        &["Microsoft.Network/*", "Microsoft.Insights/alertRules/*"],
        &[],
    ),
    (
        "Key Vault Secrets User",
        "4633458b-17de-408a-b874-0445c86b69e6",
        &[],
        &[
            "Microsoft.KeyVault/vaults/secrets/getSecret/action",
            "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
        ],
    ),
    (
        "Storage Blob Data Contributor",
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        &["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
        &[
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read",
            "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write",
        ],
    ),
    (
        "AcrPull",
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        &["Microsoft.ContainerRegistry/registries/pull/read"],
        &[],
    ),
    (
        "Security Reader",
        "39bc4728-0917-49c7-9d2c-d95423bc2eb4",
        &["Microsoft.Security/*/read"],
        &[],
    ),
];

const CUSTOM_ROLE: &str = "NRV Port Operator";
const ROLE_DEFINITIONS: &str = "Microsoft.Authorization/roleDefinitions";

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    role_definitions(t);
    role_assignments(t);
    policies(t);
    locks(t);
}

/// A role's GUID: Azure's for a built-in one.
fn role_guid(t: &Tenant, role: &str) -> String {
    let built_in = BUILT_IN.iter().find(|known| known.0 == role);
    built_in.map_or_else(
        || t.guid("role-definition/port-operator"),
        |known| known.1.to_owned(),
    )
}

/// The ID of the row that describes the role. Built-in ones are listed once, at the tenant.
fn definition_row(t: &Tenant, role: &str) -> String {
    let scope = if role == CUSTOM_ROLE {
        t.subscription("nrv-production")
    } else {
        String::new()
    };
    resource_id(&scope, ROLE_DEFINITIONS, &role_guid(t, role))
}

fn role_definitions(t: &mut Tenant) {
    for (name, guid, actions, data_actions) in BUILT_IN {
        let body = definition(name, "BuiltInRole", actions, data_actions, &json!(["/"]));
        t.extension("", ROLE_DEFINITIONS, guid, body);
    }
    let subscription = t.subscription("nrv-production");
    let guid = role_guid(t, CUSTOM_ROLE);
    let actions = [
        "Microsoft.Compute/virtualMachines/start/action",
        "Microsoft.Compute/virtualMachines/restart/action",
        "Microsoft.Authorization/roleAssignments/write",
        "*/read",
    ];
    let body = definition(CUSTOM_ROLE, "CustomRole", &actions, &[], &json!([subscription]));
    let id = t.extension(&subscription, ROLE_DEFINITIONS, &guid, body);
    t.misconfigured(
        &id,
        "properties.permissions[0].actions[2]",
        "a custom operator role may write role assignments, which lets its holders raise their own rights",
    );
    t.reference(&id, &subscription);
}

fn definition(name: &str, kind: &str, actions: &[&str], data_actions: &[&str], scopes: &Value) -> Value {
    json!({
        "properties": {
            "roleName": name,
            "type": kind,
            "description": format!("{name}."),
            "assignableScopes": scopes,
            "permissions": [{
                "actions": actions,
                "notActions": if name == "Contributor" {
                    json!(["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"])
                } else {
                    json!([])
                },
                "dataActions": data_actions,
                "notDataActions": [],
            }],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2021-11-11T20:13:58.6655577Z",
            "createdBy": null,
            "updatedBy": null,
        },
    })
}

fn role_assignments(t: &mut Tenant) {
    let platform = t.subscription("nrv-platform");
    let production = t.subscription("nrv-production");
    let development = t.subscription("nrv-development");
    let root = t.management_group("");
    let company = t.management_group("nrv");
    let sandbox = t.management_group("nrv-sandbox");
    let app = t.group("rg-booking-app");
    let data = t.group("rg-booking-data");
    let shared = t.group("rg-shared-services");
    let vault = resource_id(&data, "Microsoft.KeyVault/vaults", "kv-nrv-booking");
    let account = resource_id(
        &t.group("rg-analytics"),
        "Microsoft.Storage/storageAccounts",
        "stnrvlake",
    );
    let registry = resource_id(&shared, "Microsoft.ContainerRegistry/registries", "crnorrvik");
    let subnet = format!(
        "{}/subnets/snet-aks",
        resource_id(
            &t.group("rg-booking-network"),
            "Microsoft.Network/virtualNetworks",
            "vnet-booking"
        )
    );
    let vm = resource_id(
        &t.group("rg-fleet"),
        "Microsoft.Compute/virtualMachines",
        "vm-fleet-01",
    );

    assign(t, "", "User", "user/breakglass", "User Access Administrator");
    assign(t, &root, "User", "user/astrid", "Owner");
    assign(t, &company, "Group", "group/security", "Security Reader");
    assign(t, &company, "Group", "group/infrastructure", "Contributor");
    assign(t, &sandbox, "Group", "group/booking-developers", "Contributor");
    assign(t, &platform, "Group", "group/network", "Network Contributor");
    assign(t, &platform, "ServicePrincipal", "sp/deploy", "Contributor");
    assign(t, &production, "ServicePrincipal", "sp/deploy", "Contributor");
    let excessive = assign(t, &production, "ServicePrincipal", "sp/legacy-sync", "Owner");
    assign(t, &production, "User", "user/guest", "Reader");
    assign(t, &production, "Group", "group/fleet", CUSTOM_ROLE);
    let direct = assign(t, &development, "User", "user/lars", "Owner");
    assign(t, &app, "Group", "group/booking", "Contributor");
    assign(t, &data, "Group", "group/data", "Reader");
    assign(
        t,
        &vault,
        "ServicePrincipal",
        "mi/id-booking",
        "Key Vault Secrets User",
    );
    assign(
        t,
        &vault,
        "ServicePrincipal",
        "mi/func-booking-mail",
        "Key Vault Secrets User",
    );
    assign(
        t,
        &account,
        "ServicePrincipal",
        "mi/id-etl",
        "Storage Blob Data Contributor",
    );
    assign(
        t,
        &account,
        "ServicePrincipal",
        "mi/adf-norrvik",
        "Storage Blob Data Contributor",
    );
    assign(t, &registry, "ServicePrincipal", "mi/aks-kubelet", "AcrPull");
    assign(t, &subnet, "ServicePrincipal", "mi/id-aks", "Network Contributor");
    assign(t, &vm, "User", "user/hiro", "Contributor");
    t.misconfigured(
        &excessive,
        "properties.roleDefinitionId",
        "an application is Owner of the production subscription",
    );
    t.misconfigured(
        &direct,
        "properties.principalId",
        "a former employee is Owner of a subscription, directly and not through a group",
    );

    // A principal that was deleted: Azure keeps the assignment and shows "Identity not found".
    let gone = t.guid("deleted-principal");
    let id = assign_to(t, &data, "ServicePrincipal", &gone, "Contributor");
    t.external(&id, &gone);
    t.misconfigured(
        &id,
        "properties.principalId",
        "a role assignment whose principal no longer exists",
    );
}

fn assign(t: &mut Tenant, scope: &str, kind: &str, principal: &str, role: &str) -> String {
    let principal = t.guid(principal);
    assign_to(t, scope, kind, &principal, role)
}

fn assign_to(t: &mut Tenant, scope: &str, kind: &str, principal: &str, role: &str) -> String {
    let name = t.guid(&format!("role-assignment/{scope}/{principal}/{role}"));
    // Azure spells a built-in definition with the subscription of the assignment before it, though there is one only.
    let prefix = scope.split('/').take(3).collect::<Vec<_>>().join("/");
    let prefix = if prefix.starts_with("/subscriptions/") {
        prefix
    } else {
        String::new()
    };
    let definition = resource_id(&prefix, ROLE_DEFINITIONS, &role_guid(t, role));
    let mut properties = json!({
        "roleDefinitionId": definition,
        "principalId": principal,
        "principalType": kind,
        "scope": if scope.is_empty() { "/" } else { scope },
        "condition": null,
        "conditionVersion": null,
        "createdOn": "2024-01-16T13:02:44.0127718Z",
        "updatedOn": "2024-01-16T13:02:44.0127718Z",
        "createdBy": t.guid("user/astrid"),
        "updatedBy": t.guid("user/astrid"),
        "delegatedManagedIdentityResourceId": null,
        "description": null,
    });
    if role == "Storage Blob Data Contributor" {
        properties["condition"] = json!(
            "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'})) OR \
             (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'curated'))"
        );
        properties["conditionVersion"] = json!("2.0");
    }
    let id = t.extension(
        scope,
        "Microsoft.Authorization/roleAssignments",
        &name,
        json!({ "properties": properties }),
    );
    let target = if scope.is_empty() {
        t.tenant_id()
    } else {
        scope.to_owned()
    };
    let row = definition_row(t, role);
    t.edge(&id, "ASSIGNS", &row);
    t.edge(&id, "ASSIGNS", principal);
    t.edge(&id, "ASSIGNS", &target);
    t.edge(principal, "HAS_ROLE", &target);
    let author = t.guid("user/astrid");
    t.edge(&id, "CREATED_BY", &author);
    id
}

fn policies(t: &mut Tenant) {
    let company = t.management_group("nrv");
    let production = t.subscription("nrv-production");
    let regions = policy_definition(
        t,
        &company,
        "nrv-allowed-regions",
        "Norrvik: allowed regions",
        &json!({
            "if": { "not": { "field": "location", "in": "[parameters('regions')]" } },
            "then": { "effect": "deny" },
        }),
    );
    let owner_tag = policy_definition(
        t,
        &company,
        "nrv-require-owner",
        "Norrvik: require an owner tag",
        &json!({
            "if": { "field": "tags['owner']", "exists": "false" },
            "then": { "effect": "audit" },
        }),
    );
    let initiative = t.extension(&company, "Microsoft.Authorization/policySetDefinitions", "nrv-baseline", json!({
        "properties": {
            "displayName": "Norrvik baseline",
            "policyType": "Custom",
            "metadata": { "category": "General", "createdBy": t.guid("user/dmitri"), "createdOn": "2024-03-11T08:00:12.2219Z" },
            "parameters": {},
            "policyDefinitions": [
                { "policyDefinitionReferenceId": "regions", "policyDefinitionId": regions,
                  "parameters": { "regions": { "value": ["westeurope", "northeurope"] } } },
                { "policyDefinitionReferenceId": "owner", "policyDefinitionId": owner_tag, "parameters": {} },
            ],
        },
    }));
    t.edge(&initiative, "DEPENDS_ON", &regions);
    t.edge(&initiative, "DEPENDS_ON", &owner_tag);
    let author = t.guid("user/dmitri");
    for id in [&regions, &owner_tag, &initiative] {
        t.edge(id, "CREATED_BY", &author);
    }

    policy_assignment(
        t,
        &company,
        "nrv-baseline",
        "Norrvik baseline",
        &initiative,
        "Default",
    );
    policy_assignment(
        t,
        &production,
        "prod-regions",
        "Allowed regions, production",
        &regions,
        "Default",
    );
    let data = t.group("rg-booking-data");
    let tag = policy_assignment(
        t,
        &data,
        "data-owner",
        "Require an owner tag",
        &owner_tag,
        "DoNotEnforce",
    );
    t.misconfigured(
        &tag,
        "properties.enforcementMode",
        "a policy assignment that is not enforced",
    );

    // A built-in definition that the file does not hold: the assignment points outside.
    let built_in = resource_id(
        "",
        "Microsoft.Authorization/policyDefinitions",
        "404c3081-a854-4457-ae30-26a93ef643f9",
    );
    let id = policy_assignment(
        t,
        &production,
        "secure-transfer",
        "Secure transfer to storage accounts",
        &built_in,
        "Default",
    );
    t.external(&id, &built_in);
}

fn policy_definition(t: &mut Tenant, scope: &str, name: &str, display_name: &str, rule: &Value) -> String {
    let parameters = if name == "nrv-allowed-regions" {
        json!({ "regions": { "type": "Array", "metadata": { "strongType": "location", "displayName": "Allowed regions" } } })
    } else {
        json!({})
    };
    t.extension(scope, "Microsoft.Authorization/policyDefinitions", name, json!({
        "properties": {
            "displayName": display_name,
            "policyType": "Custom",
            "mode": "Indexed",
            "description": format!("{display_name}."),
            "metadata": { "category": "General", "version": "1.0.0", "createdBy": t.guid("user/dmitri"), "createdOn": "2024-03-11T07:55:02.0031Z" },
            "parameters": parameters,
            "policyRule": rule,
        },
    }))
}

fn policy_assignment(
    t: &mut Tenant,
    scope: &str,
    name: &str,
    display_name: &str,
    definition: &str,
    mode: &str,
) -> String {
    let parameters = if definition.ends_with("nrv-allowed-regions") {
        json!({ "regions": { "value": ["westeurope", "northeurope"] } })
    } else {
        json!({})
    };
    let id = t.extension(scope, "Microsoft.Authorization/policyAssignments", name, json!({
        "location": HOME,
        "properties": {
            "displayName": display_name,
            "policyDefinitionId": definition,
            "scope": scope,
            "notScopes": [],
            "parameters": parameters,
            "metadata": { "assignedBy": "Dmitri Sørlie", "createdBy": t.guid("user/dmitri"), "createdOn": "2024-03-12T09:14:00.1123Z" },
            "enforcementMode": mode,
        },
    }));
    t.edge(&id, "ASSIGNS", definition);
    t.edge(&id, "ASSIGNS", scope);
    t.edge(scope, "GOVERNED_BY", &id);
    let author = t.guid("user/dmitri");
    t.edge(&id, "CREATED_BY", &author);
    id
}

fn locks(t: &mut Tenant) {
    let data = t.group("rg-booking-data");
    let database = format!(
        "{}/databases/sqldb-booking",
        resource_id(&data, "Microsoft.Sql/servers", "sql-nrv-booking")
    );
    let scopes = [
        (
            t.group("rg-hub-network"),
            "hub-no-delete",
            "CanNotDelete",
            "The hub carries every site.",
        ),
        (
            database,
            "booking-db",
            "CanNotDelete",
            "Ask the booking team first.",
        ),
        (t.subscription("nrv-platform"), "platform", "CanNotDelete", ""),
        (
            resource_id(&data, "Microsoft.Storage/storageAccounts", "stnrvbooking"),
            "audit-logs",
            "ReadOnly",
            "Under audit.",
        ),
    ];
    for (scope, name, level, notes) in scopes {
        let id = t.extension(
            &scope,
            "Microsoft.Authorization/locks",
            name,
            json!({
                "properties": { "level": level, "notes": notes },
            }),
        );
        t.edge(&scope, "LOCKED_BY", &id);
    }
}
