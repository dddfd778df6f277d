//! The booking system's data: SQL, PostgreSQL, Cosmos DB, Redis, messages, storage, vaults.

use serde_json::{Value, json};

use crate::builder::{HOME, Tenant, digits, resource_id, tags};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-booking-data");
    sql(t, &group);
    postgres(t, &group);
    cosmos(t, &group);
    redis(t, &group);
    service_bus(t, &group);
    let network = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/virtualNetworks",
        "vnet-booking",
    );
    let account = storage_account(
        t,
        &group,
        "stnrvbooking",
        &Storage {
            subnet: Some(&format!("{network}/subnets/snet-app")),
            private_endpoint: Some("pe-st-booking"),
            key: Some("https://kv-nrv-booking.vault.azure.net"),
            ..Storage::default()
        },
    );
    for (name, access) in [("labels", "None"), ("tickets", "None")] {
        container(t, &account, name, access);
    }
    t.child(&account, "managementPolicies", "default", json!({
        "properties": {
            "lastModifiedTime": "2024-06-03T09:20:11.1234567Z",
            "policy": { "rules": [{ "enabled": true, "name": "cool-old-tickets", "type": "Lifecycle", "definition": {
                "actions": { "baseBlob": { "tierToCool": { "daysAfterModificationGreaterThan": 90.0 }, "delete": { "daysAfterModificationGreaterThan": 2555.0 } } },
                "filters": { "blobTypes": ["blockBlob"], "prefixMatch": ["tickets/"] } } }] },
        },
    }));
    let booking = key_vault(t, &group, "kv-nrv-booking", true, true);
    for name in ["db-password", "tls-booking"] {
        vault_secret(t, &booking, name);
    }
    let shared = t.group("rg-shared-services");
    let vault = key_vault(t, &shared, "kv-nrv-shared", false, false);
    t.misconfigured(
        &vault,
        "properties.networkAcls",
        "a key vault open to all networks",
    );
    t.misconfigured(
        &vault,
        "properties.enablePurgeProtection",
        "a key vault without purge protection holds a disk encryption key",
    );
    t.child(&vault, "keys", "disk-key", json!({
        "location": HOME,
        "properties": {
            "attributes": { "enabled": true, "created": 1_708_335_000, "updated": 1_708_335_000, "recoveryLevel": "Recoverable", "exportable": false },
            "kty": "RSA",
            "keySize": 3072,
            "keyOps": ["wrapKey", "unwrapKey"],
            "keyUri": "https://kv-nrv-shared.vault.azure.net/keys/disk-key",
            "keyUriWithVersion": format!("https://kv-nrv-shared.vault.azure.net/keys/disk-key/{}", digits("disk-key", 32)),
        },
    }));
}

/// What distinguishes the storage accounts.
#[derive(Debug, Default)]
pub(crate) struct Storage<'a> {
    pub(crate) subnet: Option<&'a str>,
    pub(crate) private_endpoint: Option<&'a str>,
    pub(crate) key: Option<&'a str>,
    pub(crate) public: bool,
    pub(crate) hierarchical: bool,
    pub(crate) location: Option<&'a str>,
}

/// A storage account with its blob service.
pub(crate) fn storage_account(t: &mut Tenant, group: &str, name: &str, of: &Storage<'_>) -> String {
    let kind = "Microsoft.Storage/storageAccounts";
    let id = resource_id(group, kind, name);
    let location = of.location.unwrap_or(HOME);
    let endpoint = |service: &str| format!("https://{name}.{service}.core.windows.net/");
    let mut rules = Vec::new();
    if let Some(subnet) = of.subnet {
        rules.push(json!({ "id": subnet, "action": "Allow", "state": "Succeeded" }));
        t.edge(subnet, "CONNECTED_TO", &id);
    }
    let mut encryption = json!({
        "services": {
            "file": { "keyType": "Account", "enabled": true, "lastEnabledTime": "2024-02-12T10:01:12.6421874Z" },
            "blob": { "keyType": "Account", "enabled": true, "lastEnabledTime": "2024-02-12T10:01:12.6421874Z" },
        },
        "keySource": "Microsoft.Storage",
    });
    if let Some(vault) = of.key {
        encryption["keySource"] = json!("Microsoft.Keyvault");
        encryption["keyvaultproperties"] =
            json!({ "keyvaulturi": vault, "keyname": "storage-key", "keyversion": "" });
    }
    let connections: Vec<Value> = of
        .private_endpoint
        .iter()
        .map(|endpoint| {
            let endpoint_id = resource_id(&t.group("rg-booking-network"), "Microsoft.Network/privateEndpoints", endpoint);
            json!({
                "id": format!("{id}/privateEndpointConnections/{name}.{}", t.guid(endpoint)),
                "name": format!("{name}.{}", t.guid(endpoint)),
                "type": "Microsoft.Storage/storageAccounts/privateEndpointConnections",
                "properties": {
                    "provisioningState": "Succeeded",
                    "privateEndpoint": { "id": endpoint_id },
                    "privateLinkServiceConnectionState": { "status": "Approved", "description": "Auto-Approved", "actionRequired": "None" },
                },
            })
        })
        .collect();
    t.resource(group, kind, name, json!({
        "location": location,
        "tags": environment_tags(group),
        "kind": "StorageV2",
        "sku": { "name": "Standard_ZRS", "tier": "Standard" },
        "properties": {
            "keyCreationTime": { "key1": "2024-02-12T10:01:12.4859372Z", "key2": "2024-02-12T10:01:12.4859372Z" },
            "allowCrossTenantReplication": of.public,
            "privateEndpointConnections": connections,
            "minimumTlsVersion": if of.public { "TLS1_0" } else { "TLS1_2" },
            "allowBlobPublicAccess": of.public,
            "allowSharedKeyAccess": true,
            "isHnsEnabled": of.hierarchical,
            "networkAcls": {
                "bypass": "AzureServices",
                "virtualNetworkRules": rules,
                "ipRules": [],
                "defaultAction": if of.subnet.is_some() { "Deny" } else { "Allow" },
            },
            "supportsHttpsTrafficOnly": !of.public,
            "encryption": encryption,
            "accessTier": "Hot",
            "provisioningState": "Succeeded",
            "creationTime": "2024-02-12T10:01:12.3765623Z",
            "primaryEndpoints": { "dfs": endpoint("dfs"), "web": endpoint("z6.web"), "blob": endpoint("blob"), "queue": endpoint("queue"), "table": endpoint("table"), "file": endpoint("file") },
            "primaryLocation": location,
            "statusOfPrimary": "available",
        },
    }));
    t.child(
        &id,
        "blobServices",
        "default",
        json!({
            "sku": { "name": "Standard_ZRS", "tier": "Standard" },
            "properties": {
                "cors": { "corsRules": [] },
                "deleteRetentionPolicy": { "allowPermanentDelete": false, "enabled": !of.public, "days": 14 },
                "isVersioningEnabled": !of.public,
                "containerDeleteRetentionPolicy": { "enabled": !of.public, "days": 14 },
            },
        }),
    );
    id
}

/// A blob container of an account.
pub(crate) fn container(t: &mut Tenant, account: &str, name: &str, access: &str) -> String {
    t.child(
        &format!("{account}/blobServices/default"),
        "containers",
        name,
        json!({
            "etag": format!("\"0x8DC{}\"", digits(name, 12).to_uppercase()),
            "properties": {
                "deleted": false,
                "remainingRetentionDays": 0,
                "defaultEncryptionScope": "$account-encryption-key",
                "denyEncryptionScopeOverride": false,
                "publicAccess": access,
                "leaseStatus": "Unlocked",
                "leaseState": "Available",
                "lastModifiedTime": "2024-02-12T10:20:00.0000000Z",
                "hasImmutabilityPolicy": false,
                "hasLegalHold": false,
            },
        }),
    )
}

fn environment_tags(group: &str) -> Value {
    if group.contains("dev") {
        tags("development", "developers", "9000")
    } else if group.contains("analytics") {
        tags("production", "data-team", "4400")
    } else if group.contains("management") || group.contains("shared") {
        tags("shared", "operations", "4000")
    } else {
        tags("production", "booking-team", "4300")
    }
}

fn sql(t: &mut Tenant, group: &str) {
    let kind = "Microsoft.Sql/servers";
    let id = resource_id(group, kind, "sql-nrv-booking");
    let endpoint = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/privateEndpoints",
        "pe-sql-booking",
    );
    let team = t.guid("group/data");
    t.resource(group, kind, "sql-nrv-booking", json!({
        "location": HOME,
        "tags": environment_tags(group),
        "kind": "v12.0",
        "properties": {
            "administratorLogin": "nrvsql",
            "version": "12.0",
            "state": "Ready",
            "fullyQualifiedDomainName": "sql-nrv-booking.database.windows.net",
            "privateEndpointConnections": [{
                "id": format!("{id}/privateEndpointConnections/pe-sql-booking-{}", t.guid("pec/sql")),
                "properties": {
                    "provisioningState": "Ready",
                    "groupIds": ["sqlServer"],
                    "privateEndpoint": { "id": endpoint },
                    "privateLinkServiceConnectionState": { "status": "Approved", "description": "Auto-approved", "actionsRequired": "None" },
                },
            }],
            "minimalTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
            "administrators": {
                "administratorType": "ActiveDirectory",
                "principalType": "Group",
                "login": "NRV Data",
                "sid": team,
                "tenantId": t.tenant_id(),
                "azureADOnlyAuthentication": false,
            },
            "restrictOutboundNetworkAccess": "Disabled",
        },
    }));
    t.edge(&team, "HAS_ROLE", &id);
    for (name, sku, tier) in [
        ("master", "System", "System"),
        ("sqldb-booking", "GP_Gen5", "GeneralPurpose"),
    ] {
        t.child(
            &id,
            "databases",
            name,
            json!({
                "location": HOME,
                "tags": environment_tags(group),
                "kind": if name == "master" { "v12.0,system" } else { "v12.0,user,vcore" },
                "managedBy": null,
                "sku": { "name": sku, "tier": tier, "capacity": if name == "master" { 0 } else { 4 } },
                "properties": {
                    "collation": "SQL_Latin1_General_CP1_CI_AS",
                    "maxSizeBytes": 34_359_738_368_u64,
                    "status": "Online",
                    "databaseId": t.guid(&format!("database/{name}")),
                    "creationDate": "2024-02-12T11:10:27.123Z",
                    "currentServiceObjectiveName": if name == "master" { "System0" } else { "GP_Gen5_4" },
                    "requestedServiceObjectiveName": if name == "master" { "System0" } else { "GP_Gen5_4" },
                    "defaultSecondaryLocation": "northeurope",
                    "catalogCollation": "SQL_Latin1_General_CP1_CI_AS",
                    "zoneRedundant": false,
                    "readScale": "Disabled",
                    "currentBackupStorageRedundancy": "Geo",
                },
            }),
        );
    }
    for (name, first, last) in [
        ("AllowAllWindowsAzureIps", "0.0.0.0", "0.0.0.0"),
        ("office", "198.51.100.0", "198.51.100.31"),
        ("temp-migration", "0.0.0.0", "255.255.255.255"),
    ] {
        let rule = t.child(
            &id,
            "firewallRules",
            name,
            json!({ "properties": { "startIpAddress": first, "endIpAddress": last } }),
        );
        if name == "temp-migration" {
            t.misconfigured(
                &rule,
                "properties.endIpAddress",
                "the production database server admits every address of the Internet",
            );
        }
    }
    let storage = "https://stnrvlogs.blob.core.windows.net/";
    let auditing = format!("{id}/auditingSettings/Default");
    let key = t.secret(&auditing, "properties.storageAccountAccessKey");
    t.child(
        &id,
        "auditingSettings",
        "Default",
        json!({
            "properties": {
                "retentionDays": 90,
                "auditActionsAndGroups": ["BATCH_COMPLETED_GROUP"],
                "isStorageSecondaryKeyInUse": false,
                "isAzureMonitorTargetEnabled": true,
                "isManagedIdentityInUse": false,
                "state": "Enabled",
                "storageEndpoint": storage,
                "storageAccountAccessKey": key,
                "storageAccountSubscriptionId": "00000000-0000-0000-0000-000000000000",
            },
        }),
    );
    t.child(&id, "administrators", "ActiveDirectory", json!({
        "properties": { "administratorType": "ActiveDirectory", "login": "NRV Data", "sid": team, "tenantId": t.tenant_id(), "azureADOnlyAuthentication": false },
    }));
    let database = format!("{id}/databases/sqldb-booking");
    t.child(
        &database,
        "transparentDataEncryption",
        "Current",
        json!({ "properties": { "state": "Enabled" } }),
    );
    t.child(
        &database,
        "backupShortTermRetentionPolicies",
        "default",
        json!({ "properties": { "retentionDays": 7, "diffBackupIntervalInHours": 24 } }),
    );
}

fn postgres(t: &mut Tenant, group: &str) {
    let network = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/virtualNetworks",
        "vnet-booking",
    );
    let subnet = format!("{network}/subnets/snet-postgres");
    let kind = "Microsoft.DBforPostgreSQL/flexibleServers";
    let id = t.resource(group, kind, "psql-nrv-loyalty", json!({
        "location": "West Europe",
        "tags": environment_tags(group),
        "sku": { "name": "Standard_D2ds_v5", "tier": "GeneralPurpose" },
        "systemData": { "createdAt": "2024-03-18T12:40:20.6119542Z" },
        "properties": {
            "administratorLogin": "nrvpg",
            "version": "16",
            "state": "Ready",
            "fullyQualifiedDomainName": "psql-nrv-loyalty.postgres.database.azure.com",
            "availabilityZone": "1",
            "replicationRole": "Primary",
            "storage": { "type": "", "iops": 500, "tier": "P10", "storageSizeGB": 128, "autoGrow": "Disabled" },
            "backup": { "backupRetentionDays": 7, "geoRedundantBackup": "Disabled", "earliestRestoreDate": "2025-03-01T12:52:08.3396581+00:00" },
            "network": { "publicNetworkAccess": "Disabled", "delegatedSubnetResourceId": subnet },
            "highAvailability": { "mode": "Disabled", "state": "NotEnabled" },
            "authConfig": { "activeDirectoryAuth": "Disabled", "passwordAuth": "Enabled" },
        },
    }));
    t.edge(&id, "USES_SUBNET", &subnet);
    t.child(
        &id,
        "databases",
        "loyalty",
        json!({ "properties": { "charset": "UTF8", "collation": "en_US.utf8" } }),
    );
    t.child(&id, "configurations", "require_secure_transport", json!({
        "properties": { "value": "off", "defaultValue": "on", "dataType": "Boolean", "allowedValues": "on,off", "source": "user-override", "isDynamicConfig": true, "isReadOnly": false },
    }));
    t.misconfigured(
        &format!("{id}/configurations/require_secure_transport"),
        "properties.value",
        "the database accepts connections without encryption",
    );
}

fn cosmos(t: &mut Tenant, group: &str) {
    let id = t.resource(group, "Microsoft.DocumentDB/databaseAccounts", "cosmos-nrv-tracking", json!({
        "location": "West Europe",
        "tags": environment_tags(group),
        "kind": "GlobalDocumentDB",
        "systemData": { "createdAt": "2024-03-20T09:00:41.0129187Z" },
        "identity": { "type": "None" },
        "properties": {
            "provisioningState": "Succeeded",
            "documentEndpoint": "https://cosmos-nrv-tracking.documents.azure.com:443/",
            "publicNetworkAccess": "Enabled",
            "enableAutomaticFailover": true,
            "isVirtualNetworkFilterEnabled": false,
            "virtualNetworkRules": [],
            "disableKeyBasedMetadataWriteAccess": false,
            "disableLocalAuth": false,
            "databaseAccountOfferType": "Standard",
            "consistencyPolicy": { "defaultConsistencyLevel": "Session", "maxIntervalInSeconds": 5, "maxStalenessPrefix": 100 },
            "writeLocations": [{ "id": "cosmos-nrv-tracking-westeurope", "locationName": "West Europe", "provisioningState": "Succeeded", "failoverPriority": 0, "isZoneRedundant": false }],
            "locations": [{ "id": "cosmos-nrv-tracking-westeurope", "locationName": "West Europe", "provisioningState": "Succeeded", "failoverPriority": 0, "isZoneRedundant": false }],
            "ipRules": [],
            "backupPolicy": { "type": "Periodic", "periodicModeProperties": { "backupIntervalInMinutes": 240, "backupRetentionIntervalInHours": 8 } },
        },
    }));
    t.misconfigured(
        &id,
        "properties.publicNetworkAccess",
        "a database account open to all networks with key-based login",
    );
    let database = t.child(&id, "sqlDatabases", "positions", json!({
        "properties": { "resource": { "id": "positions", "_rid": "kZ0XAA==", "_self": "dbs/kZ0XAA==/", "_etag": "\"00000000-0000-0000-9c2d-1f6c1a4b01da\"", "_ts": 1_710_925_300 } },
    }));
    t.child(&database, "containers", "ais", json!({
        "properties": { "resource": { "id": "ais", "partitionKey": { "paths": ["/mmsi"], "kind": "Hash", "version": 2 }, "defaultTtl": 604_800, "indexingPolicy": { "indexingMode": "consistent", "automatic": true } } },
    }));
}

fn redis(t: &mut Tenant, group: &str) {
    let id = resource_id(group, "Microsoft.Cache/Redis", "redis-nrv-booking");
    let key = t.secret(&id, "properties.accessKeys.primaryKey");
    t.resource(group, "Microsoft.Cache/Redis", "redis-nrv-booking", json!({
        "location": "West Europe",
        "tags": environment_tags(group),
        "properties": {
            "provisioningState": "Succeeded",
            "redisVersion": "6.0.20",
            "sku": { "name": "Standard", "family": "C", "capacity": 1 },
            "enableNonSslPort": true,
            "instances": [{ "sslPort": 15000, "nonSslPort": 13000, "shardId": 0, "isMaster": true, "isPrimary": true }],
            "publicNetworkAccess": "Enabled",
            "redisConfiguration": { "maxclients": "1000", "maxmemory-reserved": "125" },
            "accessKeys": { "primaryKey": key, "secondaryKey": null },
            "hostName": "redis-nrv-booking.redis.cache.windows.net",
            "port": 6379,
            "sslPort": 6380,
            "minimumTlsVersion": "1.2",
            "linkedServers": [],
        },
    }));
    t.misconfigured(
        &id,
        "properties.enableNonSslPort",
        "a cache that answers without encryption",
    );
}

fn service_bus(t: &mut Tenant, group: &str) {
    let id = t.resource(group, "Microsoft.ServiceBus/namespaces", "sb-nrv-booking", json!({
        "location": HOME,
        "tags": environment_tags(group),
        "sku": { "name": "Standard", "tier": "Standard" },
        "properties": {
            "minimumTlsVersion": "1.2",
            "publicNetworkAccess": "Enabled",
            "disableLocalAuth": false,
            "zoneRedundant": false,
            "provisioningState": "Succeeded",
            "status": "Active",
            "metricId": format!("{}:sb-nrv-booking", t.subscription("nrv-production").rsplit('/').next().unwrap_or_default()),
            "createdAt": "2024-02-12T12:00:31.89Z",
            "updatedAt": "2024-02-12T12:01:13Z",
            "serviceBusEndpoint": "https://sb-nrv-booking.servicebus.windows.net:443/",
        },
    }));
    t.child(&id, "queues", "bookings", json!({
        "location": HOME,
        "properties": { "maxMessageSizeInKilobytes": 256, "lockDuration": "PT1M", "maxSizeInMegabytes": 1024, "requiresDuplicateDetection": false, "requiresSession": false, "defaultMessageTimeToLive": "P14D", "deadLetteringOnMessageExpiration": true, "maxDeliveryCount": 10, "status": "Active", "messageCount": 4 },
    }));
    let topic = t.child(&id, "topics", "sailings", json!({
        "location": HOME,
        "properties": { "maxSizeInMegabytes": 1024, "defaultMessageTimeToLive": "P14D", "requiresDuplicateDetection": false, "status": "Active", "subscriptionCount": 1 },
    }));
    t.child(&topic, "subscriptions", "notifications", json!({
        "location": HOME,
        "properties": { "lockDuration": "PT1M", "requiresSession": false, "defaultMessageTimeToLive": "P14D", "maxDeliveryCount": 10, "status": "Active", "forwardTo": "bookings" },
    }));
    t.child(
        &id,
        "AuthorizationRules",
        "RootManageSharedAccessKey",
        json!({
            "location": HOME,
            "properties": { "rights": ["Listen", "Manage", "Send"] },
        }),
    );
}

fn key_vault(t: &mut Tenant, group: &str, name: &str, purge_protection: bool, private: bool) -> String {
    let principal = t.guid("sp/legacy-sync");
    let mut properties = json!({
        "sku": { "family": "A", "name": "standard" },
        "tenantId": t.tenant_id(),
        "networkAcls": { "bypass": "AzureServices", "defaultAction": if private { "Deny" } else { "Allow" }, "ipRules": [], "virtualNetworkRules": [] },
        "accessPolicies": [],
        "enabledForDeployment": false,
        "enabledForDiskEncryption": !private,
        "enableSoftDelete": true,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": private,
        "vaultUri": format!("https://{name}.vault.azure.net/"),
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    });
    if purge_protection {
        properties["enablePurgeProtection"] = json!(true);
    }
    if !private {
        properties["accessPolicies"] = json!([{
            "tenantId": t.tenant_id(),
            "objectId": principal,
            "permissions": { "keys": ["all"], "secrets": ["all"], "certificates": ["all"] },
        }]);
    }
    let id = t.resource(group, "Microsoft.KeyVault/vaults", name, json!({
        "location": HOME,
        "tags": environment_tags(group),
        "systemData": { "createdBy": "bjarne@norrvik.example", "createdByType": "User", "createdAt": "2024-02-12T10:30:05.771Z", "lastModifiedBy": "bjarne@norrvik.example", "lastModifiedByType": "User", "lastModifiedAt": "2024-02-12T10:30:05.771Z" },
        "properties": properties,
    }));
    if !private {
        t.edge(&principal, "HAS_ROLE", &id);
        t.misconfigured(
            &id,
            "properties.accessPolicies[0].permissions",
            "an old application may do everything with a key vault",
        );
    }
    id
}

fn vault_secret(t: &mut Tenant, vault: &str, name: &str) {
    let vault_name = vault.rsplit('/').next().unwrap_or_default().to_owned();
    t.child(vault, "secrets", name, json!({
        "location": HOME,
        "properties": {
            "attributes": { "enabled": true, "created": 1_708_335_000, "updated": 1_708_335_000 },
            "contentType": "",
            "secretUri": format!("https://{vault_name}.vault.azure.net/secrets/{name}"),
            "secretUriWithVersion": format!("https://{vault_name}.vault.azure.net/secrets/{name}/{}", digits(name, 32)),
        },
    }));
}
