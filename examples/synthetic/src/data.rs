//! Storage, vaults, databases, messages.

use crate::{cell::Cell, identity, network, tenant_id, writer::Writer};

const ACCOUNTS: &str = "Microsoft.Storage/storageAccounts";

/// The ID of one of the cell's storage accounts: `data`, `logs` or `backup`.
pub(crate) fn account(cell: &Cell, purpose: &str) -> String {
    cell.id(ACCOUNTS, &format!("st{}{purpose}", cell.short))
}

pub(crate) fn write(cell: &Cell, w: &mut Writer) {
    for purpose in ["data", "logs", "backup"] {
        storage(cell, w, purpose);
    }
    vault(cell, w);
    sql(cell, w);
    if cell.has(3, 2) {
        cosmos(cell, w);
    }
    if cell.has(4, 2) {
        redis(cell, w);
    }
    if cell.has(5, 2) {
        postgres(cell, w);
    }
    if cell.has(6, 4) {
        service_bus(cell, w);
    }
    if cell.has(7, 2) {
        event_hubs(cell, w);
    }
}

fn storage(cell: &Cell, w: &mut Writer, purpose: &str) {
    let id = account(cell, purpose);
    let name = id.rsplit('/').next().unwrap_or_default();
    let rules = if purpose == "data" {
        let subnet = network::subnet(cell, "app");
        w.edge(&subnet, "CONNECTED_TO", &id);
        format!(r#"{{"id":"{subnet}","action":"Allow","state":"Succeeded"}}"#)
    } else {
        String::new()
    };
    cell.resource(
        w,
        ACCOUNTS,
        &id,
        format_args!(
            r#""kind":"StorageV2","sku":{{"name":"Standard_ZRS","tier":"Standard"}},"properties":{{"keyCreationTime":{{"key1":"2024-02-12T10:01:12.4859372Z","key2":"2024-02-12T10:01:12.4859372Z"}},"privateEndpointConnections":[],"minimumTlsVersion":"TLS1_2","allowBlobPublicAccess":false,"allowSharedKeyAccess":true,"networkAcls":{{"bypass":"AzureServices","virtualNetworkRules":[{rules}],"ipRules":[],"defaultAction":"Deny"}},"supportsHttpsTrafficOnly":true,"encryption":{{"services":{{"file":{{"keyType":"Account","enabled":true}},"blob":{{"keyType":"Account","enabled":true}}}},"keySource":"Microsoft.Storage"}},"accessTier":"Hot","provisioningState":"Succeeded","creationTime":"2024-02-12T10:01:12.3765623Z","primaryEndpoints":{{"blob":"https://{name}.blob.core.windows.net/","queue":"https://{name}.queue.core.windows.net/","table":"https://{name}.table.core.windows.net/","file":"https://{name}.file.core.windows.net/"}},"primaryLocation":"{}","statusOfPrimary":"available"}}"#,
            cell.location
        ),
    );
    let service = format!("{id}/blobServices/default");
    cell.child(
        w,
        &id,
        "Microsoft.Storage/storageAccounts/blobServices",
        &service,
        format_args!(
            r#""sku":{{"name":"Standard_ZRS","tier":"Standard"}},"properties":{{"cors":{{"corsRules":[]}},"deleteRetentionPolicy":{{"enabled":true,"days":14}},"isVersioningEnabled":true}}"#
        ),
    );
    for container in ["incoming", "archive"] {
        cell.child(
            w,
            &service,
            "Microsoft.Storage/storageAccounts/blobServices/containers",
            &format!("{service}/containers/{container}"),
            format_args!(
                r#""properties":{{"publicAccess":"None","leaseStatus":"Unlocked","leaseState":"Available","lastModifiedTime":"2024-02-12T10:20:00.0000000Z","hasImmutabilityPolicy":false,"hasLegalHold":false}}"#
            ),
        );
    }
}

fn vault(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.KeyVault/vaults";
    let name = format!("kv-{}", cell.short);
    let id = cell.id(kind, &name);
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""properties":{{"sku":{{"family":"A","name":"standard"}},"tenantId":"{}","networkAcls":{{"bypass":"AzureServices","defaultAction":"Deny","ipRules":[],"virtualNetworkRules":[]}},"accessPolicies":[],"enableSoftDelete":true,"softDeleteRetentionInDays":90,"enableRbacAuthorization":true,"enablePurgeProtection":true,"vaultUri":"https://{name}.vault.azure.net/","provisioningState":"Succeeded","publicNetworkAccess":"Enabled"}}"#,
            tenant_id(cell.seed)
        ),
    );
    for secret in ["db", "queue", "partner"] {
        cell.child(
            w,
            &id,
            "Microsoft.KeyVault/vaults/secrets",
            &format!("{id}/secrets/{secret}"),
            format_args!(
                r#""properties":{{"attributes":{{"enabled":true,"created":1708335000,"updated":1708335000}},"contentType":"","secretUri":"https://{name}.vault.azure.net/secrets/{secret}"}}"#
            ),
        );
    }
}

fn sql(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.Sql/servers";
    let name = format!("sql-{}", cell.short);
    let id = cell.id(kind, &name);
    let endpoint = cell.id("Microsoft.Network/privateEndpoints", "pe-sql");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""kind":"v12.0","properties":{{"administratorLogin":"operator","version":"12.0","state":"Ready","fullyQualifiedDomainName":"{name}.database.windows.net","privateEndpointConnections":[{{"id":"{id}/privateEndpointConnections/pe-sql","properties":{{"privateEndpoint":{{"id":"{endpoint}"}},"privateLinkServiceConnectionState":{{"status":"Approved","description":"Auto-approved","actionsRequired":"None"}}}}}}],"minimalTlsVersion":"1.2","publicNetworkAccess":"Disabled"}}"#
        ),
    );
    for database in ["orders", "reports"] {
        let row = crate::writer::Row {
            parent: &id,
            id: &format!("{id}/databases/{database}"),
            kind: "Microsoft.Sql/servers/databases",
            location: cell.location,
            tags: Some((cell.environment, cell.team)),
        };
        w.resource(
            &row,
            format_args!(
                r#""kind":"v12.0,user,vcore","sku":{{"name":"GP_Gen5","tier":"GeneralPurpose","family":"Gen5","capacity":2}},"properties":{{"collation":"SQL_Latin1_General_CP1_CI_AS","maxSizeBytes":34359738368,"status":"Online","creationDate":"2024-02-12T11:10:27.123Z","currentServiceObjectiveName":"GP_Gen5_2","zoneRedundant":false,"readScale":"Disabled"}}"#
            ),
        );
    }
    for (rule, first, last) in [
        ("azure", "0.0.0.0", "0.0.0.0"),
        ("office", "198.51.100.0", "198.51.100.31"),
    ] {
        cell.child(
            w,
            &id,
            "Microsoft.Sql/servers/firewallRules",
            &format!("{id}/firewallRules/{rule}"),
            format_args!(r#""properties":{{"startIpAddress":"{first}","endIpAddress":"{last}"}}"#),
        );
    }
}

fn cosmos(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.DocumentDB/databaseAccounts";
    let name = format!("cosmos-{}", cell.short);
    let id = cell.id(kind, &name);
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""kind":"GlobalDocumentDB","properties":{{"provisioningState":"Succeeded","documentEndpoint":"https://{name}.documents.azure.com:443/","publicNetworkAccess":"Disabled","enableAutomaticFailover":true,"virtualNetworkRules":[],"databaseAccountOfferType":"Standard","consistencyPolicy":{{"defaultConsistencyLevel":"Session","maxIntervalInSeconds":5,"maxStalenessPrefix":100}},"ipRules":[],"backupPolicy":{{"type":"Continuous"}}}}"#
        ),
    );
    cell.child(
        w,
        &id,
        "Microsoft.DocumentDB/databaseAccounts/sqlDatabases",
        &format!("{id}/sqlDatabases/events"),
        format_args!(r#""properties":{{"resource":{{"id":"events","_rid":"kZ0XAA==","_ts":1710925300}}}}"#),
    );
}

fn redis(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.Cache/redis";
    let name = format!("redis-{}", cell.short);
    cell.resource(
        w,
        kind,
        &cell.id(kind, &name),
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","redisVersion":"6.0.20","sku":{{"name":"Standard","family":"C","capacity":1}},"enableNonSslPort":false,"publicNetworkAccess":"Enabled","redisConfiguration":{{"maxclients":"1000"}},"accessKeys":null,"hostName":"{name}.redis.cache.windows.net","port":6379,"sslPort":6380,"minimumTlsVersion":"1.2","linkedServers":[]}}"#
        ),
    );
}

fn postgres(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.DBforPostgreSQL/flexibleServers";
    let id = cell.id(kind, &format!("psql-{}", cell.short));
    let assigned = identity::assigned(cell, "id-job");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#"{assigned},"sku":{{"name":"Standard_D2ds_v5","tier":"GeneralPurpose"}},"properties":{{"administratorLogin":"operator","version":"16","state":"Ready","storage":{{"storageSizeGB":128,"autoGrow":"Disabled"}},"backup":{{"backupRetentionDays":7,"geoRedundantBackup":"Disabled"}},"network":{{"publicNetworkAccess":"Disabled"}},"highAvailability":{{"mode":"Disabled"}}}}"#
        ),
    );
    w.edge(&id, "USES_IDENTITY", &identity::identity(cell, "id-job"));
    cell.child(
        w,
        &id,
        "Microsoft.DBforPostgreSQL/flexibleServers/databases",
        &format!("{id}/databases/app"),
        format_args!(r#""properties":{{"charset":"UTF8","collation":"en_US.utf8"}}"#),
    );
}

fn service_bus(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.ServiceBus/namespaces";
    let id = cell.id(kind, &format!("sb-{}", cell.short));
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""sku":{{"name":"Standard","tier":"Standard"}},"properties":{{"minimumTlsVersion":"1.2","publicNetworkAccess":"Enabled","disableLocalAuth":true,"zoneRedundant":false,"provisioningState":"Succeeded","status":"Active"}}"#
        ),
    );
    for queue in ["orders", "mail", "audit"] {
        cell.child(
            w,
            &id,
            "Microsoft.ServiceBus/namespaces/queues",
            &format!("{id}/queues/{queue}"),
            format_args!(
                r#""properties":{{"lockDuration":"PT1M","maxSizeInMegabytes":1024,"requiresDuplicateDetection":false,"requiresSession":false,"defaultMessageTimeToLive":"P14D","maxDeliveryCount":10,"status":"Active"}}"#
            ),
        );
    }
}

fn event_hubs(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.EventHub/namespaces";
    let id = cell.id(kind, &format!("evh-{}", cell.short));
    let storage = account(cell, "data");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""sku":{{"name":"Standard","tier":"Standard","capacity":1}},"properties":{{"minimumTlsVersion":"1.2","publicNetworkAccess":"Enabled","disableLocalAuth":true,"zoneRedundant":true,"kafkaEnabled":true,"provisioningState":"Succeeded","status":"Active"}}"#
        ),
    );
    for hub in ["clicks", "telemetry"] {
        let hub = format!("{id}/eventhubs/{hub}");
        cell.child(
            w,
            &id,
            "Microsoft.EventHub/namespaces/eventhubs",
            &hub,
            format_args!(
                r#""properties":{{"messageRetentionInDays":3,"partitionCount":4,"status":"Active","partitionIds":["0","1","2","3"],"captureDescription":{{"enabled":true,"encoding":"Avro","intervalInSeconds":300,"destination":{{"name":"EventHubArchive.AzureBlockBlob","properties":{{"storageAccountResourceId":"{storage}","blobContainer":"incoming"}}}}}}}}"#
            ),
        );
        w.edge(&hub, "STORES_IN", &storage);
    }
}
