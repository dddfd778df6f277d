//! The development subscription, where most of what is wrong lies.

use serde_json::json;

use crate::{
    builder::{HOME, Tenant, resource_id, tags},
    compute::{Machine, machine},
    data::{Storage, container, storage_account},
    network::{Subnet, public_address, security_group, virtual_network},
    web::{plan, site_properties},
};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-dev-sandbox");
    let all = || tags("development", "developers", "9000");
    let network = resource_id(&group, "Microsoft.Network/virtualNetworks", "vnet-dev");
    let subnet = format!("{network}/subnets/default");
    let security = security_group(
        t,
        &group,
        "nsg-dev",
        &[
            ("rdp-anywhere", 100, "Inbound", "Allow", "Tcp", "*", "3389"),
            ("ssh-anywhere", 110, "Inbound", "Allow", "Tcp", "Internet", "22"),
        ],
        &[],
        all(),
    );
    t.misconfigured(
        &security,
        "properties.securityRules[0]",
        "remote desktop is open to the Internet",
    );
    t.misconfigured(
        &security,
        "properties.securityRules[1]",
        "SSH is open to the Internet",
    );
    let interface = resource_id(&group, "Microsoft.Network/networkInterfaces", "nic-vm-jump");
    let configuration = format!("{interface}/ipConfigurations/ipconfig1");
    virtual_network(
        t,
        &group,
        "vnet-dev",
        "10.23.0.0/20",
        &[Subnet {
            name: "default",
            prefix: "10.23.0.0/24",
            ip_configurations: vec![configuration.clone()],
            ..Subnet::default()
        }],
        all(),
    );
    t.misconfigured(&subnet, "properties", "a subnet without a network security group");
    let address = public_address(
        t,
        &group,
        "pip-vm-jump",
        "203.0.113.60",
        Some(&configuration),
        all(),
    );
    let vm = machine(
        t,
        &Machine {
            group: &group,
            name: "vm-jump",
            size: "Standard_B2ms",
            windows: true,
            subnet: &subnet,
            address: "10.23.0.4",
            public_address: Some(&address),
            security_group: Some(&security),
            ..Machine::default()
        },
    );
    t.misconfigured(
        &vm,
        "properties.osProfile",
        "a machine with a public address and a password for remote desktop",
    );
    public_address(t, &group, "pip-forgotten", "203.0.113.61", None, all());

    let account = storage_account(
        t,
        &group,
        "stnrvdevshare",
        &Storage {
            public: true,
            ..Storage::default()
        },
    );
    t.misconfigured(
        &account,
        "properties.allowBlobPublicAccess",
        "blobs of this account can be read without login",
    );
    t.misconfigured(
        &account,
        "properties.minimumTlsVersion",
        "a storage account that accepts TLS 1.0",
    );
    t.misconfigured(
        &account,
        "properties.supportsHttpsTrafficOnly",
        "a storage account that answers without encryption",
    );
    let public = container(t, &account, "drop", "Container");
    t.misconfigured(
        &public,
        "properties.publicAccess",
        "a container that everybody may list and read",
    );
    let files = t.child(&account, "fileServices", "default", json!({
        "sku": { "name": "Standard_LRS", "tier": "Standard" },
        "properties": { "cors": { "corsRules": [] }, "shareDeleteRetentionPolicy": { "enabled": false, "days": 0 } },
    }));
    t.child(&files, "shares", "team", json!({
        "etag": "\"0x8DC4A1B2C3D4E5F\"",
        "properties": { "accessTier": "TransactionOptimized", "shareQuota": 100, "enabledProtocols": "SMB", "leaseStatus": "unlocked", "leaseState": "available", "lastModifiedTime": "2024-05-02T08:00:00.0000000Z" },
    }));

    let plan = plan(t, &group, "asp-dev", "B1", "Basic", "app");
    let name = "app-nrv-dev-portal";
    let mut properties = site_properties(t, &group, name, &plan, false, "1.0", "PHP|8.2");
    properties["siteConfig"]["remoteDebuggingEnabled"] = json!(true);
    let site = t.resource(
        &group,
        "Microsoft.Web/sites",
        name,
        json!({
            "kind": "app",
            "location": "West Europe",
            "tags": all(),
            "properties": properties,
        }),
    );
    t.edge(&site, "RUNS_ON", &plan);
    t.misconfigured(
        &site,
        "properties.httpsOnly",
        "a site that answers without encryption",
    );
    t.misconfigured(
        &site,
        "properties.siteConfig.minTlsVersion",
        "a site that accepts TLS 1.0",
    );
    let settings = format!("{site}/config/appsettings");
    let token = t.secret(&settings, "properties.GITHUB_TOKEN");
    t.child(
        &site,
        "config",
        "appsettings",
        json!({
            "location": "West Europe",
            "properties": { "GITHUB_TOKEN": token, "APP_ENV": "development" },
        }),
    );
    forgotten_disk(t, &group);
}

/// A disk that nothing uses, kept from a machine that is gone; its `managedBy` still names the machine.
fn forgotten_disk(t: &mut Tenant, group: &str) {
    let gone = resource_id(group, "Microsoft.Compute/virtualMachines", "vm-deleted-2023");
    let disk = t.resource(
        group,
        "Microsoft.Compute/disks",
        "osdisk-vm-deleted-2023",
        json!({
            "location": HOME,
            "tags": tags("development", "developers", "9000"),
            "managedBy": gone,
            "sku": { "name": "Standard_LRS", "tier": "Standard" },
            "properties": {
                "osType": "Windows",
                "creationData": { "createOption": "FromImage" },
                "diskSizeGB": 127,
                "encryption": { "type": "EncryptionAtRestWithPlatformKey" },
                "networkAccessPolicy": "AllowAll",
                "publicNetworkAccess": "Enabled",
                "timeCreated": "2023-06-01T09:00:00.0000000+00:00",
                "provisioningState": "Succeeded",
                "diskState": "Reserved",
                "uniqueId": t.guid("disk/deleted"),
            },
        }),
    );
    t.edge(&disk, "ATTACHED_TO", &gone);
    t.external(&disk, &gone);
}
