//! Microsoft Entra ID: people, groups within groups, applications, service principals, directory roles.

use serde_json::{Value, json};

use crate::builder::Tenant;

/// Users: key, display name, job title, department.
const USERS: [(&str, &str, &str, &str); 14] = [
    ("astrid", "Astrid Norrvik", "Head of Infrastructure", "IT"),
    ("bjarne", "Bjarne Aalto", "Platform Engineer", "IT"),
    ("chioma", "Chioma Eze", "Network Engineer", "IT"),
    ("dmitri", "Dmitri Sørlie", "Security Engineer", "Security"),
    ("elin", "Elin Bergqvist", "Developer", "Booking"),
    ("farid", "Farid Haddadi", "Developer", "Booking"),
    ("greta", "Greta Lindholm", "Team Lead", "Booking"),
    ("hiro", "Hiro Tanemura", "Fleet Analyst", "Fleet"),
    ("ines", "Inês Carvalhais", "Data Engineer", "Analytics"),
    ("jonas", "Jonas Vestergård", "Database Administrator", "IT"),
    ("klara", "Klara Nyström", "Finance Controller", "Finance"),
    ("lars", "Lars Ekholm", "Developer (left 2024)", "Booking"),
    ("breakglass", "Emergency access 1", "", ""),
    ("guest", "Olu Adeyinka (Kaikoura Audit)", "Auditor", ""),
];

/// Groups: key, display name, members, owners. A member that names a group makes a nested group.
const GROUPS: [(&str, &str, &[&str], &[&str]); 8] = [
    (
        "infrastructure",
        "NRV Infrastructure",
        &["user/astrid", "group/platform", "group/network"],
        &["user/astrid"],
    ),
    (
        "platform",
        "NRV Platform Engineers",
        &["user/bjarne", "user/jonas", "sp/deploy"],
        &["user/astrid", "user/bjarne"],
    ),
    (
        "network",
        "NRV Network Engineers",
        &["user/chioma"],
        &["user/chioma"],
    ),
    ("security", "NRV Security", &["user/dmitri"], &["user/dmitri"]),
    (
        "booking",
        "NRV Booking Team",
        &["user/greta", "group/booking-developers"],
        &["user/greta"],
    ),
    (
        "booking-developers",
        "NRV Booking Developers",
        &["user/elin", "user/farid", "user/lars"],
        &["user/greta"],
    ),
    ("fleet", "NRV Fleet", &["user/hiro"], &["user/hiro"]),
    (
        "data",
        "NRV Data",
        &["user/ines", "user/jonas", "mi/id-etl"],
        &["user/ines"],
    ),
];

/// Applications of this tenant, each with a service principal `sp/<key>`: key, display name, owners.
const APPLICATIONS: [(&str, &str, &[&str]); 4] = [
    ("deploy", "nrv-github-deploy", &["user/bjarne"]),
    ("booking-web", "Norrvik Booking", &["user/greta", "user/elin"]),
    ("fleet-api", "Norrvik Fleet API", &["user/hiro"]),
    ("legacy-sync", "legacy-sync", &["user/lars"]),
];

/// Managed identities' service principals: key, display name, the resource that has it.
const MANAGED_IDENTITIES: [(&str, &str, &str, &str); 9] = [
    (
        "mi/id-booking",
        "id-booking",
        "rg-booking-app",
        "Microsoft.ManagedIdentity/userAssignedIdentities/id-booking",
    ),
    (
        "mi/id-etl",
        "id-etl",
        "rg-analytics",
        "Microsoft.ManagedIdentity/userAssignedIdentities/id-etl",
    ),
    (
        "mi/id-aks",
        "id-aks",
        "rg-booking-app",
        "Microsoft.ManagedIdentity/userAssignedIdentities/id-aks",
    ),
    (
        "mi/func-booking-mail",
        "func-booking-mail",
        "rg-booking-app",
        "Microsoft.Web/sites/func-booking-mail",
    ),
    (
        "mi/vm-fleet-01",
        "vm-fleet-01",
        "rg-fleet",
        "Microsoft.Compute/virtualMachines/vm-fleet-01",
    ),
    (
        "mi/adf-norrvik",
        "adf-norrvik",
        "rg-analytics",
        "Microsoft.DataFactory/factories/adf-norrvik",
    ),
    (
        "mi/des-fleet",
        "des-fleet",
        "rg-fleet",
        "Microsoft.Compute/diskEncryptionSets/des-fleet",
    ),
    (
        "mi/aa-norrvik",
        "aa-norrvik",
        "rg-management",
        "Microsoft.Automation/automationAccounts/aa-norrvik",
    ),
    (
        "mi/aks-kubelet",
        "aks-booking-agentpool",
        "MC_rg-booking-app_aks-booking_westeurope",
        "Microsoft.ManagedIdentity/userAssignedIdentities/aks-booking-agentpool",
    ),
];

/// Activated directory roles: key, display name, template, members.
const DIRECTORY_ROLES: [(&str, &str, &str, &[&str]); 3] = [
    (
        "global-administrator",
        "Global Administrator",
        "62e90394-69f5-4237-9190-012177145e10",
        &["user/astrid", "user/breakglass", "user/lars"],
    ),
    (
        "security-reader",
        "Security Reader",
        "5d6b6bb7-de71-4623-b4af-96380a352509",
        &["user/dmitri", "user/guest"],
    ),
    (
        "application-administrator",
        "Application Administrator",
        "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
        &["sp/deploy"],
    ),
];

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    for (key, name, title, department) in USERS {
        user(t, key, name, title, department);
    }
    for (key, name, members, owners) in GROUPS {
        group(t, key, name, members, owners);
    }
    for (key, name, owners) in APPLICATIONS {
        application(t, key, name, owners);
    }
    for (key, name, group, resource) in MANAGED_IDENTITIES {
        managed_identity(t, key, name, group, resource);
    }
    for (key, name, template, members) in DIRECTORY_ROLES {
        let id = t.guid(&format!("role/{key}"));
        let ids = members_of(t, &id, members);
        let body = json!({
            "displayName": name,
            "description": format!("Members of the role {name}."),
            "roleTemplateId": template,
            "members": ids,
        });
        t.entra("directoryRole", &id, body);
    }
    let role = t.guid("role/global-administrator");
    t.misconfigured(
        &role,
        "members",
        "a former employee's account is still a Global Administrator",
    );
}

fn user(t: &mut Tenant, key: &str, name: &str, title: &str, department: &str) {
    let id = t.guid(&format!("user/{key}"));
    let guest = key == "guest";
    let principal_name = if guest {
        "olu.adeyinka_kaikoura-audit.example#EXT#@norrvik.example".to_owned()
    } else {
        format!("{key}@norrvik.example")
    };
    let given = name.split(' ').next().unwrap_or_default();
    let surname = name.split(' ').nth(1).unwrap_or_default();
    let body = json!({
        "displayName": name,
        "givenName": given,
        "surname": surname,
        "userPrincipalName": principal_name,
        "mail": if guest { "olu.adeyinka@kaikoura-audit.example".to_owned() } else { principal_name.clone() },
        "jobTitle": none_if_empty(title),
        "department": none_if_empty(department),
        "accountEnabled": true,
        "userType": if guest { "Guest" } else { "Member" },
        "createdDateTime": "2022-02-07T10:12:45Z",
    });
    t.entra("user", &id, body);
    if key == "lars" {
        t.misconfigured(
            &id,
            "accountEnabled",
            "the account of a former employee is enabled",
        );
    }
}

fn group(t: &mut Tenant, key: &str, name: &str, members: &[&str], owners: &[&str]) {
    let id = t.guid(&format!("group/{key}"));
    let member_ids = members_of(t, &id, members);
    let owner_ids = owners_of(t, &id, owners);
    let body = json!({
        "displayName": name,
        "description": format!("{name}."),
        "mailEnabled": false,
        "mailNickname": key,
        "securityEnabled": true,
        "groupTypes": [],
        "isAssignableToRole": key == "infrastructure",
        "createdDateTime": "2022-02-07T11:02:10Z",
        "members": member_ids,
        "owners": owner_ids,
    });
    t.entra("group", &id, body);
}

fn application(t: &mut Tenant, key: &str, name: &str, owners: &[&str]) {
    let application = t.guid(&format!("app/{key}"));
    let principal = t.guid(&format!("sp/{key}"));
    let app_id = t.guid(&format!("appid/{key}"));
    let application_owners = owners_of(t, &application, owners);
    let expiry = if key == "legacy-sync" {
        "2099-12-31T00:00:00Z"
    } else {
        "2026-12-31T00:00:00Z"
    };
    let body = json!({
        "appId": app_id,
        "displayName": name,
        "signInAudience": if key == "booking-web" { "AzureADMultipleOrgs" } else { "AzureADMyOrg" },
        "identifierUris": [format!("api://{app_id}")],
        "createdDateTime": "2022-06-20T07:45:00Z",
        "passwordCredentials": [{
            "keyId": t.guid(&format!("credential/{key}")),
            "displayName": "deployment",
            "hint": "7bX",
            "startDateTime": "2025-01-01T00:00:00Z",
            "endDateTime": expiry,
            "secretText": null,
        }],
        "owners": application_owners,
    });
    t.entra("application", &application, body);
    if key == "legacy-sync" {
        t.misconfigured(
            &application,
            "passwordCredentials[0].endDateTime",
            "a client secret that lives until 2099",
        );
    }

    let principal_owners = owners_of(t, &principal, owners);
    let body = json!({
        "appId": app_id,
        "displayName": name,
        "servicePrincipalType": "Application",
        "accountEnabled": true,
        "appOwnerOrganizationId": t.tenant_id(),
        "servicePrincipalNames": [app_id, format!("api://{app_id}")],
        "owners": principal_owners,
    });
    t.entra("servicePrincipal", &principal, body);
}

fn managed_identity(t: &mut Tenant, key: &str, name: &str, group: &str, resource: &str) {
    let id = t.guid(key);
    let resource = format!("{}/providers/{resource}", t.group(group));
    let app_id = t.guid(&format!("client/{key}"));
    let body = json!({
        "appId": app_id,
        "displayName": name,
        "servicePrincipalType": "ManagedIdentity",
        "accountEnabled": true,
        "appOwnerOrganizationId": null,
        "alternativeNames": [
            format!("isExplicit={}", if resource.contains("userAssigned") { "True" } else { "False" }),
            resource,
        ],
        "servicePrincipalNames": [app_id, format!("https://identity.azure.net/{}", crate::builder::digits(key, 32))],
    });
    t.entra("servicePrincipal", &id, body);
}

fn members_of(t: &mut Tenant, id: &str, members: &[&str]) -> Vec<String> {
    let ids: Vec<String> = members.iter().map(|member| t.guid(member)).collect();
    for member in &ids {
        t.edge(member, "MEMBER_OF", id);
    }
    ids
}

fn owners_of(t: &mut Tenant, id: &str, owners: &[&str]) -> Vec<String> {
    let ids: Vec<String> = owners.iter().map(|owner| t.guid(owner)).collect();
    for owner in &ids {
        t.edge(owner, "OWNS", id);
    }
    ids
}

fn none_if_empty(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { json!(text) }
}
