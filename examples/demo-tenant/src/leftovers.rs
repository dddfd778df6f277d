//! What somebody forgot: things that serve nobody and are paid for all the same.

use serde_json::{Value, json};

use crate::builder::{HOME, Tenant};

/// Kind, name, what there is to say of it.
fn things() -> [(&'static str, &'static str, Value); 5] {
    [
        (
            "Microsoft.Compute/disks",
            "disk-migration-2022",
            json!({
                "sku": { "name": "Standard_LRS", "tier": "Standard" },
                "properties": { "diskSizeGB": 512, "diskState": "Unattached", "creationData": { "createOption": "Empty" }, "provisioningState": "Succeeded" },
            }),
        ),
        (
            "Microsoft.Network/networkInterfaces",
            "nic-removed-vm",
            json!({ "properties": { "ipConfigurations": [], "enableAcceleratedNetworking": false, "enableIPForwarding": false, "provisioningState": "Succeeded" } }),
        ),
        (
            "Microsoft.Network/networkSecurityGroups",
            "nsg-trial",
            json!({ "properties": { "securityRules": [], "provisioningState": "Succeeded" } }),
        ),
        (
            "Microsoft.Network/routeTables",
            "rt-trial",
            json!({ "properties": { "routes": [], "disableBgpRoutePropagation": false, "provisioningState": "Succeeded" } }),
        ),
        (
            "Microsoft.Web/serverfarms",
            "plan-trial",
            json!({
                "kind": "linux",
                "sku": { "name": "P1v3", "tier": "PremiumV3", "size": "P1v3", "family": "Pv3", "capacity": 1 },
                "properties": { "reserved": true, "numberOfSites": 0, "status": "Ready", "provisioningState": "Succeeded" },
            }),
        ),
    ]
}

pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-dev-sandbox");
    for (kind, name, mut body) in things() {
        body["location"] = json!(HOME);
        t.resource(&group, kind, name, body);
    }
}
