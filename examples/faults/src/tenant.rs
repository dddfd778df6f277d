//! A small tenant with a little of everything: what lies in groups, what lies in resources, who may do what, who there is.

use serde_json::{Value, json};

/// Its id.
pub const TENANT: &str = "7d4b1c8e-0000-4000-8000-00000000f00d";
/// Its subscriptions.
pub const SUBSCRIPTIONS: [&str; 2] = [
    "7d4b1c8e-0000-4000-8000-00000000000a",
    "7d4b1c8e-0000-4000-8000-00000000000b",
];

/// Its rows, one a line.
#[must_use]
pub fn lines() -> String {
    let mut rows = Vec::new();
    for (index, subscription) in SUBSCRIPTIONS.into_iter().enumerate() {
        let scope = format!("/subscriptions/{subscription}");
        rows.push(json!({
            "id": scope, "type": "Microsoft.Resources/subscriptions", "subscriptionId": subscription,
            "displayName": format!("Subscription {index}"), "state": "Enabled", "tenantId": TENANT,
        }));
        let group = format!("{scope}/resourceGroups/rg-{index}");
        rows.push(json!({"id": group, "name": format!("rg-{index}"), "type": "Microsoft.Resources/resourceGroups", "location": "westeurope"}));
        rows.extend(in_group(&group, index));
        rows.push(json!({
            "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/7d4b1c8e-0000-4000-8000-0000000001{index:02}"),
            "type": "Microsoft.Authorization/roleAssignments",
            "name": format!("7d4b1c8e-0000-4000-8000-0000000001{index:02}"),
            "properties": {
                "principalId": user(index), "principalType": "User", "scope": scope,
                "roleDefinitionId": format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7"),
            },
        }));
    }
    for index in 0..4 {
        rows.push(json!({
            "@odata.type": "#microsoft.graph.user", "id": user(index), "displayName": format!("User {index}"),
            "userPrincipalName": format!("user{index}@faults.example"), "accountEnabled": true,
        }));
    }
    rows.push(json!({
        "@odata.type": "#microsoft.graph.group", "id": "7d4b1c8e-0000-4000-8000-00000000e001", "displayName": "Group",
        "members": [user(0), user(1), user(2)], "owners": [user(3)],
    }));
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    lines.join("\n")
}

fn user(index: usize) -> String {
    format!("7d4b1c8e-0000-4000-8000-00000000d{index:03}")
}

fn in_group(group: &str, index: usize) -> Vec<Value> {
    let id = |kind: &str, name: &str| format!("{group}/providers/{kind}/{name}");
    let row = |kind: &str, name: &str, properties: Value| {
        json!({"id": id(kind, name), "name": name, "type": kind, "location": "westeurope",
               "tags": {"index": index.to_string()}, "properties": properties})
    };
    let child = |parent: &str, kind: &str, name: &str, last: &str, properties: Value| json!({"id": format!("{parent}/{last}/{name}"), "name": name, "type": kind, "properties": properties});
    let vault = id("Microsoft.KeyVault/vaults", &format!("kv-{index}"));
    let server = id("Microsoft.Sql/servers", &format!("sql-{index}"));
    let zone = id("Microsoft.Network/dnszones", &format!("zone{index}.example"));
    let subnet = format!("{}/subnets/a", id("Microsoft.Network/virtualNetworks", "vnet"));
    let mut rows = vec![
        row(
            "Microsoft.Network/virtualNetworks",
            "vnet",
            json!({
                "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
                "subnets": [{"id": subnet, "name": "a", "type": "Microsoft.Network/virtualNetworks/subnets", "properties": {"addressPrefix": "10.0.0.0/24"}}],
            }),
        ),
        row(
            "Microsoft.Network/networkInterfaces",
            "nic",
            json!({
                "ipConfigurations": [{"name": "one", "properties": {"subnet": {"id": subnet}}}],
            }),
        ),
        row(
            "Microsoft.KeyVault/vaults",
            &format!("kv-{index}"),
            json!({"vaultUri": "https://kv.vault.example/"}),
        ),
        row(
            "Microsoft.Sql/servers",
            &format!("sql-{index}"),
            json!({"version": "12.0"}),
        ),
        row(
            "Microsoft.Network/dnszones",
            &format!("zone{index}.example"),
            json!({"numberOfRecordSets": 2}),
        ),
        child(
            &server,
            "Microsoft.Sql/servers/firewallRules",
            "office",
            "firewallRules",
            json!({"startIpAddress": "10.0.0.1", "endIpAddress": "10.0.0.9"}),
        ),
        child(
            &server,
            "Microsoft.Sql/servers/firewallRules",
            "home",
            "firewallRules",
            json!({"startIpAddress": "10.1.0.1", "endIpAddress": "10.1.0.9"}),
        ),
        child(
            &zone,
            "Microsoft.Network/dnszones/A",
            "www",
            "A",
            json!({"TTL": 60}),
        ),
        child(
            &vault,
            "Microsoft.Authorization/locks",
            "keep",
            "providers/Microsoft.Authorization/locks",
            json!({"level": "CanNotDelete"}),
        ),
    ];
    for number in 0..3 {
        rows.push(row(
            "Microsoft.Compute/disks",
            &format!("disk-{number}"),
            json!({"diskSizeGB": 32 + number}),
        ));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_an_id_of_its_own() {
        let lines = lines();
        let ids: std::collections::BTreeSet<String> = lines
            .lines()
            .map(|line| {
                serde_json::from_str::<Value>(line).unwrap()["id"]
                    .as_str()
                    .unwrap()
                    .to_lowercase()
            })
            .collect();
        assert_eq!(ids.len(), lines.lines().count());
    }
}
