//! The data team's lake, pipelines, search and models.

use serde_json::json;

use crate::{
    builder::{SECOND, Tenant, digits, resource_id, tags},
    data::{Storage, container, storage_account},
};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-analytics");
    let all = || tags("production", "data-team", "4400");
    let principal = t.guid("mi/id-etl");
    let identity = t.resource(&group, "Microsoft.ManagedIdentity/userAssignedIdentities", "id-etl", json!({
        "location": SECOND,
        "tags": {},
        "properties": { "isolationScope": "None", "tenantId": t.tenant_id(), "principalId": principal, "clientId": t.guid("client/mi/id-etl") },
    }));
    t.edge(&identity, "USES_IDENTITY", &principal);
    let lake = storage_account(
        t,
        &group,
        "stnrvlake",
        &Storage {
            hierarchical: true,
            location: Some(SECOND),
            ..Storage::default()
        },
    );
    container(t, &lake, "raw", "None");
    container(t, &lake, "curated", "None");
    t.misconfigured(
        &lake,
        "properties.networkAcls.defaultAction",
        "the data lake is open to all networks",
    );
    factory(t, &group, &identity);
    events(t, &group, &lake);

    t.resource(&group, "Microsoft.Search/searchServices", "srch-norrvik", json!({
        "location": "North Europe",
        "tags": all(),
        "sku": { "name": "basic" },
        "properties": { "replicaCount": 1, "partitionCount": 1, "hostingMode": "Default", "publicNetworkAccess": "Enabled", "networkRuleSet": { "ipRules": [], "bypass": "None" }, "disableLocalAuth": false, "provisioningState": "succeeded", "status": "running" },
    }));
    let ai = t.resource(&group, "Microsoft.CognitiveServices/accounts", "oai-norrvik", json!({
        "location": SECOND,
        "tags": all(),
        "kind": "OpenAI",
        "etag": "\"0b00f2a1-0000-0c00-0000-66a1c2d30000\"",
        "sku": { "name": "S0" },
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": { &identity: { "principalId": principal, "clientId": t.guid("client/mi/id-etl") } },
        },
        "properties": {
            "endpoint": "https://oai-norrvik.openai.azure.com/",
            "provisioningState": "Succeeded",
            "internalId": digits("oai-norrvik", 32),
            "dateCreated": "2024-07-25T08:14:27.3304321Z",
            "customSubDomainName": "oai-norrvik",
            "networkAcls": { "defaultAction": "Allow", "virtualNetworkRules": [], "ipRules": [] },
            "privateEndpointConnections": [],
            "publicNetworkAccess": "Enabled",
            "isMigrated": false,
        },
    }));
    t.edge(&ai, "USES_IDENTITY", &identity);
    t.child(&ai, "deployments", "chat", json!({
        "etag": "\"5d1e\"",
        "sku": { "name": "Standard", "capacity": 20 },
        "properties": { "model": { "format": "OpenAI", "name": "gpt-4o", "version": "2024-05-13" }, "versionUpgradeOption": "OnceNewDefaultVersionAvailable", "currentCapacity": 20, "raiPolicyName": "Microsoft.DefaultV2", "provisioningState": "Succeeded" },
    }));
    machine_learning(t, &group, &lake, &identity);
}

fn factory(t: &mut Tenant, group: &str, identity: &str) {
    let principal = t.guid("mi/adf-norrvik");
    let id = t.resource(group, "Microsoft.DataFactory/factories", "adf-norrvik", json!({
        "location": SECOND,
        "tags": tags("production", "data-team", "4400"),
        "eTag": "\"2b00a6c1-0000-0c00-0000-65d72b110000\"",
        "identity": {
            "type": "SystemAssigned,UserAssigned",
            "principalId": principal,
            "tenantId": t.tenant_id(),
            "userAssignedIdentities": { identity: { "principalId": t.guid("mi/id-etl"), "clientId": t.guid("client/mi/id-etl") } },
        },
        "properties": { "provisioningState": "Succeeded", "createTime": "2024-02-22T11:10:01.2191Z", "version": "2018-06-01", "publicNetworkAccess": "Enabled" },
    }));
    t.edge(&id, "USES_IDENTITY", identity);
    t.edge(&id, "USES_IDENTITY", &principal);
    let service = format!("{id}/linkedservices/ls_booking");
    let password = t.secret(&service, "properties.typeProperties.connectionString");
    t.child(&id, "linkedservices", "ls_booking", json!({
        "etag": "0d00d1a2-0000-0c00-0000-65d72b900000",
        "properties": {
            "annotations": [],
            "type": "AzureSqlDatabase",
            "typeProperties": { "connectionString": format!("Data Source=sql-nrv-booking.database.windows.net;Initial Catalog=sqldb-booking;User ID=etl;Password={password}") },
        },
    }));
    t.child(&id, "pipelines", "nightly", json!({
        "etag": "0d00d2b3-0000-0c00-0000-65d72ba00000",
        "properties": {
            "activities": [{ "name": "copy", "type": "Copy", "dependsOn": [], "typeProperties": { "source": { "type": "AzureSqlSource" }, "sink": { "type": "ParquetSink" } },
                "inputs": [{ "referenceName": "ds_booking", "type": "DatasetReference" }], "outputs": [{ "referenceName": "ds_lake", "type": "DatasetReference" }] }],
            "annotations": [],
        },
    }));
}

fn events(t: &mut Tenant, group: &str, lake: &str) {
    let id = t.resource(group, "Microsoft.EventHub/namespaces", "evhns-norrvik", json!({
        "location": SECOND,
        "tags": tags("production", "data-team", "4400"),
        "sku": { "name": "Standard", "tier": "Standard", "capacity": 1 },
        "properties": { "minimumTlsVersion": "1.2", "publicNetworkAccess": "Enabled", "disableLocalAuth": false, "zoneRedundant": true, "isAutoInflateEnabled": false, "kafkaEnabled": true, "provisioningState": "Succeeded", "status": "Active", "serviceBusEndpoint": "https://evhns-norrvik.servicebus.windows.net:443/" },
    }));
    let hub = t.child(&id, "eventhubs", "ais-positions", json!({
        "location": SECOND,
        "properties": {
            "messageRetentionInDays": 3,
            "partitionCount": 4,
            "status": "Active",
            "partitionIds": ["0", "1", "2", "3"],
            "captureDescription": { "enabled": true, "encoding": "Avro", "intervalInSeconds": 300, "sizeLimitInBytes": 314_572_800, "destination": { "name": "EventHubArchive.AzureBlockBlob", "properties": { "storageAccountResourceId": lake, "blobContainer": "raw", "archiveNameFormat": "{Namespace}/{EventHub}/{PartitionId}/{Year}/{Month}/{Day}/{Hour}/{Minute}/{Second}" } } },
        },
    }));
    t.edge(&hub, "STORES_IN", lake);
    t.child(&hub, "consumergroups", "etl", json!({ "location": SECOND, "properties": { "createdAt": "2024-02-22T12:00:00Z", "updatedAt": "2024-02-22T12:00:00Z" } }));

    let topic = t.resource(group, "Microsoft.EventGrid/systemTopics", "egst-lake", json!({
        "location": SECOND,
        "tags": tags("production", "data-team", "4400"),
        "properties": { "provisioningState": "Succeeded", "source": lake, "topicType": "Microsoft.Storage.StorageAccounts", "metricResourceId": t.guid("egst") },
    }));
    t.edge(&topic, "MONITORS", lake);
    let subscription = t.child(&topic, "eventSubscriptions", "new-files", json!({
        "properties": {
            "provisioningState": "Succeeded",
            "topic": topic,
            "destination": { "endpointType": "EventHub", "properties": { "resourceId": hub, "deliveryAttributeMappings": [] } },
            "filter": { "subjectBeginsWith": "/blobServices/default/containers/raw", "includedEventTypes": ["Microsoft.Storage.BlobCreated"] },
            "labels": [],
            "eventDeliverySchema": "EventGridSchema",
            "retryPolicy": { "maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440 },
        },
    }));
    t.edge(&subscription, "ROUTES_VIA", &hub);
    t.edge(&subscription, "MONITORS", &topic);
}

fn machine_learning(t: &mut Tenant, group: &str, lake: &str, identity: &str) {
    let vault = resource_id(
        &t.group("rg-shared-services"),
        "Microsoft.KeyVault/vaults",
        "kv-nrv-shared",
    );
    let insights = resource_id(
        &t.group("rg-booking-app"),
        "Microsoft.Insights/components",
        "appi-booking",
    );
    let registry = resource_id(
        &t.group("rg-shared-services"),
        "Microsoft.ContainerRegistry/registries",
        "crnorrvik",
    );
    let id = t.resource(group, "Microsoft.MachineLearningServices/workspaces", "mlw-norrvik", json!({
        "location": SECOND,
        "tags": {},
        "kind": "Default",
        "etag": null,
        "sku": { "name": "Basic", "tier": "Basic" },
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": { identity: { "principalId": t.guid("mi/id-etl"), "clientId": t.guid("client/mi/id-etl") } },
        },
        "systemData": { "createdAt": "2024-10-07T13:09:27.2121201Z", "createdBy": "ines@norrvik.example", "createdByType": "User" },
        "properties": {
            "friendlyName": "mlw-norrvik",
            "description": "",
            "storageAccount": lake,
            "keyVault": vault,
            "applicationInsights": insights,
            "containerRegistry": registry,
            "hbiWorkspace": false,
            "publicNetworkAccess": "Enabled",
            "primaryUserAssignedIdentity": identity,
            "provisioningState": "Succeeded",
            "workspaceId": t.guid("mlw-norrvik"),
        },
    }));
    t.edge(&id, "USES_IDENTITY", identity);
    t.edge(&id, "STORES_IN", lake);
    t.edge(&id, "STORES_IN", &vault);
    t.edge(&id, "LOGS_TO", &insights);
    t.edge(&id, "PULLS_FROM", &registry);
}
