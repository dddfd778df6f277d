//! Virtual machines and what belongs to them.

use serde_json::{Value, json};

use crate::{
    builder::{HOME, Tenant, resource_id, tags},
    network::{Interface, interface},
};

const DISKS: &str = "Microsoft.Compute/disks";

/// A virtual machine to write.
#[derive(Debug, Default)]
pub(crate) struct Machine<'a> {
    pub(crate) group: &'a str,
    pub(crate) name: &'a str,
    pub(crate) size: &'a str,
    pub(crate) windows: bool,
    pub(crate) subnet: &'a str,
    pub(crate) address: &'a str,
    pub(crate) public_address: Option<&'a str>,
    pub(crate) security_group: Option<&'a str>,
    pub(crate) backend_pool: Option<&'a str>,
    pub(crate) availability_set: Option<&'a str>,
    pub(crate) encryption_set: Option<&'a str>,
    pub(crate) data_disks: usize,
    pub(crate) system_identity: bool,
    /// Where boot diagnostics go; managed storage where `None`.
    pub(crate) diagnostics: Option<&'a str>,
}

/// Writes the fleet's machines and what stands beside them.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-fleet");
    let network = resource_id(&group, "Microsoft.Network/virtualNetworks", "vnet-fleet");
    let subnet = format!("{network}/subnets/snet-vm");
    let pool = format!(
        "{}/backendAddressPools/fleet",
        resource_id(&group, "Microsoft.Network/loadBalancers", "lb-fleet")
    );
    let logs = resource_id(
        &t.group("rg-management"),
        "Microsoft.Storage/storageAccounts",
        "stnrvlogs",
    );
    let encryption = encryption_set(t, &group);
    let names = ["vm-fleet-01", "vm-fleet-02"];
    let set = t.resource(&group, "Microsoft.Compute/availabilitySets", "avail-fleet", json!({
        "location": HOME,
        "tags": tags("production", "fleet-team", "4200"),
        "sku": { "name": "Aligned" },
        "properties": {
            "platformUpdateDomainCount": 5,
            "platformFaultDomainCount": 2,
            "virtualMachines": names.map(|name| json!({ "id": resource_id(&group, "Microsoft.Compute/virtualMachines", name).to_uppercase() })),
        },
    }));
    for (index, name) in names.into_iter().enumerate() {
        machine(
            t,
            &Machine {
                group: &group,
                name,
                size: "Standard_D4s_v5",
                subnet: &subnet,
                address: if index == 0 { "10.22.0.4" } else { "10.22.0.5" },
                backend_pool: Some(&pool),
                availability_set: Some(&set),
                encryption_set: Some(&encryption),
                data_disks: 1,
                system_identity: index == 0,
                diagnostics: Some(&logs),
                ..Machine::default()
            },
        );
    }
    extensions(t, &group);
    snapshot(t, &group);
    scale_set(t, &group, &subnet);
    gallery(t);
}

/// A machine with its interface and disks; returns its ID.
pub(crate) fn machine(t: &mut Tenant, m: &Machine<'_>) -> String {
    let kind = "Microsoft.Compute/virtualMachines";
    let id = resource_id(m.group, kind, m.name);
    let development = m.group.contains("dev");
    let tags = if development {
        tags("development", "developers", "9000")
    } else {
        tags("production", "fleet-team", "4200")
    };
    let nic = interface(
        t,
        m.group,
        &format!("nic-{}", m.name),
        &Interface {
            subnet: m.subnet,
            address: m.address,
            public_address: m.public_address,
            security_group: m.security_group,
            backend_pool: m.backend_pool,
            machine: &id,
        },
        tags.clone(),
    );
    t.edge(&id, "CONNECTED_TO", &nic);

    let system_disk = disk(t, m, &format!("osdisk-{}", m.name), true, &tags);
    let data: Vec<Value> = (0..m.data_disks)
        .map(|lun| {
            let name = format!("data-{}-{lun}", m.name);
            let disk = disk(t, m, &name, false, &tags);
            json!({
                "lun": lun, "name": name, "createOption": "Attach", "caching": "ReadOnly", "writeAcceleratorEnabled": false,
                "managedDisk": managed_disk(m, &disk), "diskSizeGB": 128, "toBeDetached": false, "deleteOption": "Detach",
            })
        })
        .collect();

    let custom_data = custom_data(t, &id, m.name);
    let mut profile = json!({
        "computerName": m.name,
        "adminUsername": "nrvadmin",
        "customData": custom_data,
        "secrets": [],
        "allowExtensionOperations": true,
        "requireGuestProvisionSignal": true,
    });
    if m.windows {
        let password = t.secret(&id, "properties.osProfile.adminPassword");
        profile["adminPassword"] = json!(password);
        profile["windowsConfiguration"] = json!({ "provisionVMAgent": true, "enableAutomaticUpdates": true, "patchSettings": { "patchMode": "AutomaticByOS", "assessmentMode": "ImageDefault" } });
    } else {
        profile["linuxConfiguration"] = json!({
            "disablePasswordAuthentication": true,
            "ssh": { "publicKeys": [{ "path": "/home/nrvadmin/.ssh/authorized_keys", "keyData": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIInventedInventedInventedInventedInventedInven nrvadmin" }] },
            "provisionVMAgent": true,
            "patchSettings": { "patchMode": "ImageDefault", "assessmentMode": "ImageDefault" },
        });
    }
    let image = if m.windows {
        json!({ "publisher": "MicrosoftWindowsServer", "offer": "WindowsServer", "sku": "2022-datacenter-azure-edition", "version": "latest", "exactVersion": "20348.2402.240405" })
    } else {
        json!({ "publisher": "Canonical", "offer": "0001-com-ubuntu-server-jammy", "sku": "22_04-lts-gen2", "version": "latest", "exactVersion": "22.04.202404090" })
    };
    let mut properties = json!({
        "vmId": t.guid(&format!("vmid/{id}")),
        "hardwareProfile": { "vmSize": m.size },
        "storageProfile": {
            "imageReference": image,
            "osDisk": {
                "osType": if m.windows { "Windows" } else { "Linux" }, "name": format!("osdisk-{}", m.name), "createOption": "FromImage", "caching": "ReadWrite",
                "managedDisk": managed_disk(m, &system_disk), "deleteOption": "Delete", "diskSizeGB": 64,
            },
            "dataDisks": data,
            "diskControllerType": "SCSI",
        },
        "osProfile": profile,
        "networkProfile": { "networkInterfaces": [{ "id": nic, "properties": { "primary": true, "deleteOption": "Delete" } }] },
        "diagnosticsProfile": { "bootDiagnostics": { "enabled": true } },
        "provisioningState": "Succeeded",
        "timeCreated": "2024-02-19T09:44:31.5527881+00:00",
    });
    if let Some(account) = m.diagnostics {
        // Boot diagnostics name the account by its address, not by its ID: no edge follows from that.
        let name = account.rsplit('/').next().unwrap_or_default();
        properties["diagnosticsProfile"]["bootDiagnostics"]["storageUri"] =
            json!(format!("https://{name}.blob.core.windows.net/"));
    }
    if let Some(set) = m.encryption_set {
        t.edge(&id, "ENCRYPTED_WITH", set);
    }
    if let Some(set) = m.availability_set {
        // Azure writes this ID in capitals.
        properties["availabilitySet"] = json!({ "id": set.to_uppercase().replace("/SUBSCRIPTIONS/", "/subscriptions/").replace("/RESOURCEGROUPS/", "/resourceGroups/").replace("/PROVIDERS/", "/providers/") });
        t.edge(&id, "MEMBER_OF", set);
    }
    let mut body = json!({ "location": HOME, "tags": tags, "zones": [] });
    if m.availability_set.is_none() {
        body["zones"] = json!(["1"]);
    } else if let Value::Object(members) = &mut body {
        members.remove("zones");
    }
    if m.system_identity {
        body["identity"] = json!({ "type": "SystemAssigned", "principalId": t.guid(&format!("mi/{}", m.name)), "tenantId": t.tenant_id() });
        let principal = t.guid(&format!("mi/{}", m.name));
        t.edge(&id, "USES_IDENTITY", &principal);
    }
    body["properties"] = properties;
    t.resource(m.group, kind, m.name, body)
}

/// A first-boot script with a password in it, in base64 as Azure keeps it.
fn custom_data(t: &mut Tenant, id: &str, name: &str) -> String {
    let password = format!(
        "Canary{}",
        crate::builder::digits(&format!("custom-data/{name}"), 26)
    );
    let script =
        format!("#cloud-config\nruncmd:\n - /opt/ais/register --host {name} --password {password}\n");
    let encoded = base64(script.as_bytes());
    t.planted(id, "properties.osProfile.customData", &encoded);
    encoded
}

fn managed_disk(m: &Machine<'_>, disk: &str) -> Value {
    let mut body = json!({ "id": disk, "storageAccountType": "Premium_LRS" });
    if let Some(set) = m.encryption_set {
        body["diskEncryptionSet"] = json!({ "id": set });
    }
    body
}

fn disk(t: &mut Tenant, m: &Machine<'_>, name: &str, system: bool, tags: &Value) -> String {
    let vm = resource_id(m.group, "Microsoft.Compute/virtualMachines", m.name);
    let mut properties = json!({
        "creationData": { "createOption": if system { "FromImage" } else { "Empty" } },
        "diskSizeGB": if system { 64 } else { 128 },
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 100,
        "encryption": { "type": "EncryptionAtRestWithPlatformKey" },
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "timeCreated": "2024-02-19T09:44:33.2090347+00:00",
        "provisioningState": "Succeeded",
        "diskState": "Attached",
        "diskSizeBytes": if system { 68_719_476_736_u64 } else { 137_438_953_472_u64 },
        "uniqueId": t.guid(&format!("disk/{}/{name}", m.group)),
        "tier": "P6",
    });
    if system {
        properties["osType"] = json!(if m.windows { "Windows" } else { "Linux" });
        properties["hyperVGeneration"] = json!("V2");
    }
    let id = resource_id(m.group, DISKS, name);
    if let Some(set) = m.encryption_set {
        properties["encryption"] =
            json!({ "type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": set });
        t.edge(&id, "ENCRYPTED_WITH", set);
    }
    t.resource(
        m.group,
        DISKS,
        name,
        json!({
            "location": HOME,
            "tags": tags,
            "managedBy": vm,
            "sku": { "name": "Premium_LRS", "tier": "Premium" },
            "properties": properties,
        }),
    );
    t.edge(&id, "ATTACHED_TO", &vm);
    id
}

fn encryption_set(t: &mut Tenant, group: &str) -> String {
    let vault = resource_id(
        &t.group("rg-shared-services"),
        "Microsoft.KeyVault/vaults",
        "kv-nrv-shared",
    );
    let id = t.resource(group, "Microsoft.Compute/diskEncryptionSets", "des-fleet", json!({
        "location": HOME,
        "tags": tags("production", "fleet-team", "4200"),
        "identity": { "type": "SystemAssigned", "principalId": t.guid("mi/des-fleet"), "tenantId": t.tenant_id() },
        "properties": {
            "activeKey": {
                "sourceVault": { "id": vault },
                "keyUrl": format!("https://kv-nrv-shared.vault.azure.net/keys/disk-key/{}", crate::builder::digits("disk-key", 32)),
            },
            "encryptionType": "EncryptionAtRestWithCustomerKey",
            "rotationToLatestKeyVersionEnabled": false,
            "provisioningState": "Succeeded",
        },
    }));
    let principal = t.guid("mi/des-fleet");
    t.edge(&id, "USES_IDENTITY", &principal);
    t.edge(&id, "ENCRYPTED_WITH", &vault);
    id
}

fn extensions(t: &mut Tenant, group: &str) {
    let first = resource_id(group, "Microsoft.Compute/virtualMachines", "vm-fleet-01");
    let second = resource_id(group, "Microsoft.Compute/virtualMachines", "vm-fleet-02");
    for vm in [&first, &second] {
        t.child(
            vm,
            "extensions",
            "AzureMonitorLinuxAgent",
            json!({
                "location": HOME,
                "tags": {},
                "properties": {
                    "autoUpgradeMinorVersion": true,
                    "enableAutomaticUpgrade": true,
                    "provisioningState": "Succeeded",
                    "publisher": "Microsoft.Azure.Monitor",
                    "type": "AzureMonitorLinuxAgent",
                    "typeHandlerVersion": "1.0",
                    "settings": {},
                },
            }),
        );
    }
    let id = format!("{first}/extensions/install-ais");
    let key = t.secret(&id, "properties.protectedSettings.storageAccountKey");
    let token = t.secret(&id, "properties.settings.fileUris[0]");
    t.child(&first, "extensions", "install-ais", json!({
        "location": HOME,
        "properties": {
            "autoUpgradeMinorVersion": true,
            "provisioningState": "Succeeded",
            "publisher": "Microsoft.Azure.Extensions",
            "type": "CustomScript",
            "typeHandlerVersion": "2.1",
            "settings": {
                "fileUris": [format!("https://stnrvlogs.blob.core.windows.net/setup/ais.sh?sv=2023-11-03&st=2024-02-19T09%3A00%3A00Z&se=2030-01-01T00%3A00%3A00Z&sr=b&sp=r&sig={token}%3D")],
            },
            "protectedSettings": { "commandToExecute": "sh ais.sh", "storageAccountName": "stnrvlogs", "storageAccountKey": key },
        },
    }));
    t.misconfigured(
        &id,
        "properties.settings.fileUris[0]",
        "a shared access signature that lives until 2030, in settings that every reader sees",
    );
}

fn snapshot(t: &mut Tenant, group: &str) {
    let disk = resource_id(group, DISKS, "data-vm-fleet-01-0");
    let id = t.resource(group, "Microsoft.Compute/snapshots", "snap-fleet-before-upgrade", json!({
        "location": HOME,
        "sku": { "name": "Standard_LRS", "tier": "Standard" },
        "properties": {
            "creationData": { "createOption": "Copy", "sourceResourceId": disk, "sourceUniqueId": t.guid(&format!("disk/{group}/data-vm-fleet-01-0")) },
            "diskSizeGB": 128,
            "encryption": { "type": "EncryptionAtRestWithPlatformKey" },
            "incremental": true,
            "networkAccessPolicy": "AllowAll",
            "publicNetworkAccess": "Enabled",
            "timeCreated": "2025-03-02T04:00:10.1107316+00:00",
            "provisioningState": "Succeeded",
            "diskState": "Unattached",
        },
    }));
    t.edge(&disk, "BACKED_UP_BY", &id);
    t.misconfigured(
        &id,
        "properties.publicNetworkAccess",
        "a snapshot of production data that any network may export",
    );
}

fn scale_set(t: &mut Tenant, group: &str, subnet: &str) {
    let kind = "Microsoft.Compute/virtualMachineScaleSets";
    let id = resource_id(group, kind, "vmss-track");
    let secret = t.secret(
        &id,
        "properties.virtualMachineProfile.extensionProfile.extensions[0].properties.protectedSettings.token",
    );
    let version = format!(
        "{}/images/ais-worker/versions/1.4.0",
        resource_id(
            &t.group("rg-shared-services"),
            "Microsoft.Compute/galleries",
            "gal_norrvik"
        )
    );
    t.resource(group, kind, "vmss-track", json!({
        "location": HOME,
        "tags": tags("production", "fleet-team", "4200"),
        "sku": { "name": "Standard_D2s_v5", "tier": "Standard", "capacity": 3 },
        "zones": ["1", "2", "3"],
        "properties": {
            "singlePlacementGroup": false,
            "orchestrationMode": "Uniform",
            "upgradePolicy": { "mode": "Manual" },
            "virtualMachineProfile": {
                "osProfile": { "computerNamePrefix": "track", "adminUsername": "nrvadmin", "linuxConfiguration": { "disablePasswordAuthentication": true, "provisionVMAgent": true }, "secrets": [], "allowExtensionOperations": true },
                "storageProfile": {
                    "osDisk": { "osType": "Linux", "createOption": "FromImage", "caching": "ReadWrite", "managedDisk": { "storageAccountType": "Premium_LRS" }, "diskSizeGB": 30 },
                    "imageReference": { "id": version },
                },
                "networkProfile": { "networkInterfaceConfigurations": [{
                    "name": "nic",
                    "properties": { "primary": true, "enableAcceleratedNetworking": false, "dnsSettings": { "dnsServers": [] }, "enableIPForwarding": false,
                        "ipConfigurations": [{ "name": "ipconfig", "properties": { "primary": true, "subnet": { "id": subnet }, "privateIPAddressVersion": "IPv4" } }] },
                }] },
                "extensionProfile": { "extensions": [{ "name": "enrol", "properties": {
                    "autoUpgradeMinorVersion": true, "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
                    "settings": { "commandToExecute": "/opt/ais/enrol" }, "protectedSettings": { "token": secret } } }] },
            },
            "provisioningState": "Succeeded",
            "overprovision": true,
            "doNotRunExtensionsOnOverprovisionedVMs": false,
            "uniqueId": t.guid("vmss-track"),
            "platformFaultDomainCount": 5,
            "timeCreated": "2024-04-08T12:20:11.0128312+00:00",
        },
    }));
    t.edge(&id, "USES_SUBNET", subnet);
    t.edge(&id, "DEPENDS_ON", &version);
}

fn gallery(t: &mut Tenant) {
    let group = t.group("rg-shared-services");
    let id = t.resource(&group, "Microsoft.Compute/galleries", "gal_norrvik", json!({
        "location": HOME,
        "properties": { "description": "Images of Norrvik", "identifier": { "uniqueName": format!("{}-GAL_NORRVIK", t.guid("gallery")) }, "provisioningState": "Succeeded" },
    }));
    let image = t.child(
        &id,
        "images",
        "ais-worker",
        json!({
            "location": HOME,
            "properties": {
                "hyperVGeneration": "V2",
                "architecture": "x64",
                "osType": "Linux",
                "osState": "Generalized",
                "identifier": { "publisher": "Norrvik", "offer": "fleet", "sku": "ais-worker" },
                "provisioningState": "Succeeded",
            },
        }),
    );
    t.child(&image, "versions", "1.4.0", json!({
        "location": HOME,
        "properties": {
            "publishingProfile": { "targetRegions": [{ "name": "West Europe", "regionalReplicaCount": 1, "storageAccountType": "Standard_LRS" }], "replicaCount": 1, "excludeFromLatest": false, "publishedDate": "2025-01-20T10:00:00.0000000+00:00" },
            "storageProfile": { "osDiskImage": { "sizeInGB": 30, "hostCaching": "ReadWrite", "source": {} } },
            "provisioningState": "Succeeded",
        },
    }));
    t.resource(&group, "Microsoft.Compute/sshPublicKeys", "ssh-nrvadmin", json!({
        "location": HOME,
        "properties": { "publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIInventedInventedInventedInventedInventedInven nrvadmin" },
    }));
}

/// Standard base64 with padding: one use does not earn a dependency.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for position in 0..4 {
            if position > chunk.len() {
                out.push('=');
            } else {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * position) & 63) as usize]));
            }
        }
    }
    out
}
