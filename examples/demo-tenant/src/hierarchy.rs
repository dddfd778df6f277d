//! Management groups, subscriptions, resource groups.

use serde_json::{Value, json};

use crate::builder::{HOME, SECOND, Tenant};

/// The subscriptions: name and the management group that each is in.
const SUBSCRIPTIONS: [(&str, &str); 3] = [
    ("nrv-platform", "nrv-platform"),
    ("nrv-production", "nrv-landingzones"),
    ("nrv-development", "nrv-sandbox"),
];

/// The management groups below the tenant's root group: name, display name, parent (`""` is the root group).
const MANAGEMENT_GROUPS: [(&str, &str, &str); 4] = [
    ("nrv", "Norrvik Shipping", ""),
    ("nrv-platform", "Platform", "nrv"),
    ("nrv-landingzones", "Landing zones", "nrv"),
    ("nrv-sandbox", "Sandbox", "nrv"),
];

/// The resource groups: name, subscription, region, environment, owner.
const GROUPS: [(&str, &str, &str, &str, &str); 10] = [
    ("rg-hub-network", "nrv-platform", HOME, "shared", "network-team"),
    ("rg-management", "nrv-platform", HOME, "shared", "operations"),
    ("rg-shared-services", "nrv-platform", HOME, "shared", "operations"),
    (
        "rg-booking-network",
        "nrv-production",
        HOME,
        "production",
        "network-team",
    ),
    (
        "rg-booking-app",
        "nrv-production",
        HOME,
        "production",
        "booking-team",
    ),
    (
        "rg-booking-data",
        "nrv-production",
        HOME,
        "production",
        "booking-team",
    ),
    ("rg-fleet", "nrv-production", HOME, "production", "fleet-team"),
    (
        "MC_rg-booking-app_aks-booking_westeurope",
        "nrv-production",
        HOME,
        "",
        "",
    ),
    (
        "rg-analytics",
        "nrv-production",
        SECOND,
        "production",
        "data-team",
    ),
    (
        "rg-dev-sandbox",
        "nrv-development",
        HOME,
        "development",
        "developers",
    ),
];

impl Tenant {
    /// The ID of one of the resource groups.
    pub(crate) fn group(&self, name: &str) -> String {
        let subscription = GROUPS
            .iter()
            .find(|group| group.0 == name)
            .map_or("", |group| group.1);
        format!("{}/resourceGroups/{name}", self.subscription(subscription))
    }

    /// The ID of a management group; `""` is the root group, which is named like the tenant.
    pub(crate) fn management_group(&self, name: &str) -> String {
        let name = if name.is_empty() {
            self.tenant_id()
        } else {
            name.to_owned()
        };
        format!("/providers/Microsoft.Management/managementGroups/{name}")
    }
}

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    management_groups(t);
    for (name, group) in SUBSCRIPTIONS {
        subscription(t, name, group);
    }
    for (name, subscription, location, environment, owner) in GROUPS {
        let id = t.group(name);
        let parent = t.subscription(subscription);
        let mut body = json!({ "location": location });
        if environment.is_empty() {
            let cluster = format!(
                "{}/providers/Microsoft.ContainerService/managedClusters/aks-booking",
                t.group("rg-booking-app")
            );
            body["tags"] = json!({ "aks-managed-cluster-name": "aks-booking", "aks-managed-cluster-rg": "rg-booking-app" });
            body["managedBy"] = json!(cluster);
        } else {
            body["tags"] = json!({ "environment": environment, "owner": owner });
        }
        body["properties"] = json!({ "provisioningState": "Succeeded" });
        t.row(&id, name, "Microsoft.Resources/resourceGroups", body, &parent);
    }
}

fn management_groups(t: &mut Tenant) {
    let tenant = t.tenant_id();
    let root = t.management_group("");
    let body = json!({
        "properties": {
            "tenantId": tenant,
            "displayName": "Tenant Root Group",
            "details": { "version": 1, "updatedTime": "2021-03-02T08:11:24.0861921Z", "updatedBy": "", "parent": {} },
            "children": [child_group(t, "nrv", "Norrvik Shipping")],
        },
    });
    t.row(
        &root,
        &tenant,
        "Microsoft.Management/managementGroups",
        body,
        &tenant,
    );
    for (name, display_name, parent) in MANAGEMENT_GROUPS {
        let mut children: Vec<Value> = MANAGEMENT_GROUPS
            .iter()
            .filter(|child| child.2 == name)
            .map(|child| child_group(t, child.0, child.1))
            .collect();
        children.extend(SUBSCRIPTIONS.iter().filter(|child| child.1 == name).map(|child| {
            let id = t.subscription(child.0);
            json!({ "type": "/subscriptions", "id": id, "name": guid_of(&id), "displayName": child.0 })
        }));
        let parent_id = t.management_group(parent);
        let parent_name = parent_id.rsplit('/').next().unwrap_or_default();
        let body = json!({
            "properties": {
                "tenantId": tenant,
                "displayName": display_name,
                "details": {
                    "version": 2,
                    "updatedTime": "2024-05-14T09:30:51.4412875Z",
                    "updatedBy": t.guid("user/astrid"),
                    "parent": {
                        "id": parent_id,
                        "name": parent_name,
                        "displayName": if parent.is_empty() { "Tenant Root Group" } else { "Norrvik Shipping" },
                    },
                },
                "children": children,
            },
        });
        let id = t.management_group(name);
        t.row(
            &id,
            name,
            "Microsoft.Management/managementGroups",
            body,
            &parent_id,
        );
    }
}

/// As Resource Graph's `resourcecontainers` answers: ARM's own list of subscriptions carries neither name nor type.
fn subscription(t: &mut Tenant, name: &str, group: &str) {
    let id = t.subscription(name);
    let mut chain = vec![json!({ "displayName": display_name(group), "name": group })];
    if group != "nrv" {
        chain.push(json!({ "displayName": "Norrvik Shipping", "name": "nrv" }));
    }
    chain.push(json!({ "displayName": "Tenant Root Group", "name": t.tenant_id() }));
    let body = json!({
        "tenantId": t.tenant_id(),
        "subscriptionId": guid_of(&id),
        "properties": {
            "managementGroupAncestorsChain": chain,
            "managedByTenants": [],
            "state": "Enabled",
            "subscriptionPolicies": {
                "locationPlacementId": "Public_2014-09-01",
                "quotaId": "EnterpriseAgreement_2014-09-01",
                "spendingLimit": "Off",
            },
        },
        "tags": { "billing": "nrv-ea-01" },
    });
    let parent = t.management_group(group);
    t.row(&id, name, "Microsoft.Resources/subscriptions", body, &parent);
}

fn child_group(t: &Tenant, name: &str, display_name: &str) -> Value {
    json!({
        "type": "Microsoft.Management/managementGroups",
        "id": t.management_group(name),
        "name": name,
        "displayName": display_name,
    })
}

fn display_name(group: &str) -> &'static str {
    MANAGEMENT_GROUPS
        .iter()
        .find(|known| known.0 == group)
        .map_or("", |known| known.1)
}

fn guid_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}
