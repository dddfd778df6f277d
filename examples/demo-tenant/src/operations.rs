//! What watches, automates and backs up: Log Analytics, alerts, automation, recovery, Defender.

use serde_json::{Value, json};

use crate::{
    builder::{HOME, Tenant, digits, resource_id, tags},
    data::{Storage, container, storage_account},
};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-management");
    let workspace = workspace(t, &group);
    let logs = storage_account(t, &group, "stnrvlogs", &Storage::default());
    container(t, &logs, "setup", "None");
    automation(t, &group);
    diagnostics(t, &workspace, &logs);
    alerts(t, &group);
    collection_rule(t, &group, &workspace);
    backup(t, &group);
    defender(t);
    logic_app(t, &group);
}

fn all() -> Value {
    tags("shared", "operations", "4000")
}

fn workspace(t: &mut Tenant, group: &str) -> String {
    let kind = "Microsoft.OperationalInsights/workspaces";
    let id = t.resource(group, kind, "log-norrvik", json!({
        "location": HOME,
        "tags": all(),
        "etag": "\"1200a3b2-0000-0d00-0000-65c7d1aa0000\"",
        "properties": {
            "customerId": t.guid("workspace/log-norrvik"),
            "provisioningState": "Succeeded",
            "sku": { "name": "PerGB2018", "lastSkuUpdate": "2024-02-09T09:50:02.1271012Z" },
            "retentionInDays": 90,
            "features": { "legacy": 0, "searchVersion": 1, "enableLogAccessUsingOnlyResourcePermissions": true },
            "workspaceCapping": { "dailyQuotaGb": -1.0, "quotaNextResetTime": "2024-02-10T05:00:00Z", "dataIngestionStatus": "RespectQuota" },
            "publicNetworkAccessForIngestion": "Enabled",
            "publicNetworkAccessForQuery": "Enabled",
            "createdDate": "2024-02-09T09:50:02.1271012Z",
            "modifiedDate": "2024-02-09T09:50:02.1271012Z",
        },
    }));
    let solution = t.resource(group, "Microsoft.OperationsManagement/solutions", "SecurityInsights(log-norrvik)", json!({
        "location": HOME,
        "tags": {},
        "plan": { "name": "SecurityInsights(log-norrvik)", "publisher": "Microsoft", "product": "OMSGallery/SecurityInsights", "promotionCode": "" },
        "properties": {
            "workspaceResourceId": id,
            "provisioningState": "Succeeded",
            "creationTime": "2024-02-09T10:00:00Z",
            "containedResources": [],
        },
    }));
    t.edge(&solution, "MONITORS", &id);
    t.child(&id, "savedSearches", "failed-logins", json!({
        "etag": "W/\"datetime'2024-02-12T08%3A00%3A00Z'\"",
        "properties": { "category": "Security", "displayName": "Failed logins", "query": "SigninLogs | where ResultType != 0 | summarize count() by UserPrincipalName", "version": 2 },
    }));
    id
}

fn automation(t: &mut Tenant, group: &str) {
    let principal = t.guid("mi/aa-norrvik");
    let id = t.resource(group, "Microsoft.Automation/automationAccounts", "aa-norrvik", json!({
        "location": HOME,
        "tags": all(),
        "etag": null,
        "identity": { "type": "SystemAssigned", "principalId": principal, "tenantId": t.tenant_id() },
        "properties": {
            "sku": { "name": "Basic", "family": null, "capacity": null },
            "state": "Ok",
            "creationTime": "2024-02-13T07:20:11.0866667+00:00",
            "lastModifiedBy": "bjarne@norrvik.example",
            "lastModifiedTime": "2024-02-13T07:20:11.0866667+00:00",
            "encryption": { "keySource": "Microsoft.Automation", "identity": { "userAssignedIdentity": null } },
            "publicNetworkAccess": true,
            "disableLocalAuth": false,
        },
    }));
    t.edge(&id, "USES_IDENTITY", &principal);
    for (name, kind) in [("Stop-IdleMachines", "PowerShell72"), ("Rotate-Keys", "Python3")] {
        t.child(&id, "runbooks", name, json!({
            "location": HOME,
            "tags": {},
            "etag": format!("\"{}\"", digits(name, 24)),
            "properties": { "runbookType": kind, "state": "Published", "logVerbose": false, "logProgress": false, "logActivityTrace": 0, "creationTime": "2024-02-13T07:31:00+00:00", "lastModifiedTime": "2024-02-13T07:31:00+00:00" },
        }));
    }
    t.child(&id, "schedules", "every-evening", json!({
        "properties": { "description": "", "startTime": "2024-02-14T19:00:00+01:00", "expiryTime": "9999-12-31T23:59:59.9999999+00:00", "isEnabled": true, "interval": 1, "frequency": "Day", "timeZone": "Europe/Oslo" },
    }));
    let plain = format!("{id}/variables/SmtpPassword");
    let secret = t.secret(&plain, "properties.value");
    t.child(&id, "variables", "SmtpPassword", json!({
        "properties": { "creationTime": "2024-02-13T07:40:00.6433333+00:00", "lastModifiedTime": "2024-02-13T07:40:00.6433333+00:00", "isEncrypted": false, "value": format!("\"{secret}\""), "description": "Mail relay" },
    }));
    t.misconfigured(
        &plain,
        "properties.isEncrypted",
        "a password in an automation variable that is not encrypted",
    );
}

fn diagnostics(t: &mut Tenant, workspace: &str, logs: &str) {
    let data = t.group("rg-booking-data");
    let app = t.group("rg-booking-app");
    let hub = t.group("rg-hub-network");
    let scopes = [
        (
            resource_id(&data, "Microsoft.KeyVault/vaults", "kv-nrv-booking"),
            "AuditEvent",
            true,
        ),
        (
            format!(
                "{}/databases/sqldb-booking",
                resource_id(&data, "Microsoft.Sql/servers", "sql-nrv-booking")
            ),
            "SQLSecurityAuditEvents",
            false,
        ),
        (
            resource_id(&app, "Microsoft.Web/sites", "app-nrv-booking"),
            "AppServiceHTTPLogs",
            false,
        ),
        (
            resource_id(&app, "Microsoft.ContainerService/managedClusters", "aks-booking"),
            "kube-audit-admin",
            false,
        ),
        (
            resource_id(&hub, "Microsoft.Network/azureFirewalls", "afw-hub"),
            "AZFWApplicationRule",
            true,
        ),
        (
            resource_id(
                &t.group("rg-booking-network"),
                "Microsoft.Network/applicationGateways",
                "agw-booking",
            ),
            "ApplicationGatewayFirewallLog",
            false,
        ),
        (t.subscription("nrv-production"), "Administrative", true),
    ];
    for (scope, category, archive) in scopes {
        let id = t.extension(&scope, "Microsoft.Insights/diagnosticSettings", "to-log-norrvik", json!({
            "location": null,
            "kind": null,
            "tags": null,
            "properties": {
                "storageAccountId": if archive { json!(logs) } else { Value::Null },
                "serviceBusRuleId": null,
                "workspaceId": workspace,
                "eventHubAuthorizationRuleId": null,
                "eventHubName": null,
                "metrics": [],
                "logs": [{ "category": category, "categoryGroup": null, "enabled": true, "retentionPolicy": { "enabled": false, "days": 0 } }],
                "logAnalyticsDestinationType": null,
            },
            "identity": null,
        }));
        t.edge(&id, "LOGS_TO", workspace);
        if archive {
            t.edge(&id, "LOGS_TO", logs);
        }
        t.edge(&id, "MONITORS", &scope);
    }
}

fn alerts(t: &mut Tenant, group: &str) {
    let insights = resource_id(
        &t.group("rg-booking-app"),
        "Microsoft.Insights/components",
        "appi-booking",
    );
    let action = t.resource(group, "Microsoft.Insights/actionGroups", "ag-operations", json!({
        "location": "Global",
        "tags": all(),
        "properties": {
            "groupShortName": "ops",
            "enabled": true,
            "emailReceivers": [{ "name": "operations", "emailAddress": "operations@norrvik.example", "useCommonAlertSchema": true, "status": "Enabled" }],
            "smsReceivers": [], "webhookReceivers": [], "armRoleReceivers": [], "azureAppPushReceivers": [], "itsmReceivers": [], "automationRunbookReceivers": [], "voiceReceivers": [], "logicAppReceivers": [], "azureFunctionReceivers": [], "eventHubReceivers": [],
        },
    }));
    let metric = t.resource(group, "Microsoft.Insights/metricAlerts", "booking-slow", json!({
        "location": "global",
        "tags": all(),
        "properties": {
            "description": "Booking answers slowly", "severity": 2, "enabled": true,
            "scopes": [insights],
            "evaluationFrequency": "PT1M", "windowSize": "PT5M",
            "criteria": { "allOf": [{ "threshold": 2000.0, "name": "duration", "metricNamespace": "microsoft.insights/components", "metricName": "requests/duration", "operator": "GreaterThan", "timeAggregation": "Average", "criterionType": "StaticThresholdCriterion" }], "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria" },
            "autoMitigate": true,
            "targetResourceType": "microsoft.insights/components",
            "actions": [{ "actionGroupId": action, "webHookProperties": {} }],
        },
    }));
    t.edge(&metric, "MONITORS", &insights);
    t.edge(&metric, "ROUTES_VIA", &action);
    let subscription = t.subscription("nrv-platform");
    let activity = t.resource(group, "Microsoft.Insights/activityLogAlerts", "policy-changed", json!({
        "location": "Global",
        "tags": all(),
        "properties": {
            "scopes": [subscription],
            "condition": { "allOf": [{ "field": "category", "equals": "Administrative" }, { "field": "operationName", "equals": "Microsoft.Authorization/policyAssignments/write" }] },
            "actions": { "actionGroups": [{ "actionGroupId": action, "webhookProperties": {} }] },
            "enabled": true,
            "description": "",
        },
    }));
    t.edge(&activity, "MONITORS", &subscription);
    t.edge(&activity, "ROUTES_VIA", &action);
    let workspace = resource_id(group, "Microsoft.OperationalInsights/workspaces", "log-norrvik");
    let query = t.resource(group, "Microsoft.Insights/scheduledQueryRules", "many-failed-logins", json!({
        "location": HOME,
        "tags": all(),
        "kind": "LogAlert",
        "etag": "\"a200b1c7-0000-0d00-0000-65d5aa210000\"",
        "properties": {
            "displayName": "many-failed-logins", "severity": 1, "enabled": true, "evaluationFrequency": "PT5M",
            "scopes": [workspace],
            "windowSize": "PT15M",
            "criteria": { "allOf": [{ "query": "SigninLogs | where ResultType != 0", "timeAggregation": "Count", "dimensions": [], "operator": "GreaterThan", "threshold": 50.0, "failingPeriods": { "numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1 } }] },
            "autoMitigate": false,
            "actions": { "actionGroups": [action] },
        },
    }));
    t.edge(&query, "MONITORS", &workspace);
    t.edge(&query, "ROUTES_VIA", &action);
}

fn collection_rule(t: &mut Tenant, group: &str, workspace: &str) {
    let rule = t.resource(group, "Microsoft.Insights/dataCollectionRules", "dcr-linux", json!({
        "location": HOME,
        "tags": all(),
        "kind": "Linux",
        "etag": "\"b300c2d8-0000-0d00-0000-65d5ab110000\"",
        "properties": {
            "immutableId": format!("dcr-{}", digits("dcr-linux", 32)),
            "dataSources": { "syslog": [{ "streams": ["Microsoft-Syslog"], "facilityNames": ["auth"], "logLevels": ["Warning"], "name": "auth" }] },
            "destinations": { "logAnalytics": [{ "workspaceResourceId": workspace, "workspaceId": t.guid("workspace/log-norrvik"), "name": "central" }] },
            "dataFlows": [{ "streams": ["Microsoft-Syslog"], "destinations": ["central"] }],
            "provisioningState": "Succeeded",
        },
    }));
    t.edge(&rule, "LOGS_TO", workspace);
    for vm in ["vm-fleet-01", "vm-fleet-02"] {
        let machine = resource_id(&t.group("rg-fleet"), "Microsoft.Compute/virtualMachines", vm);
        let association = t.extension(
            &machine,
            "Microsoft.Insights/dataCollectionRuleAssociations",
            "dcr-linux",
            json!({
                "etag": "\"b400c2d8-0000-0d00-0000-65d5ab220000\"",
                "properties": { "dataCollectionRuleId": rule },
            }),
        );
        t.edge(&association, "LOGS_TO", &rule);
        t.edge(&association, "MONITORS", &machine);
    }
}

fn backup(t: &mut Tenant, group: &str) {
    let id = t.resource(group, "Microsoft.RecoveryServices/vaults", "rsv-norrvik", json!({
        "location": HOME,
        "tags": all(),
        "etag": "W/\"datetime'2024-02-14T08%3A11%3A02.5419212Z'\"",
        "sku": { "name": "RS0", "tier": "Standard" },
        "properties": { "provisioningState": "Succeeded", "privateEndpointStateForBackup": "None", "privateEndpointStateForSiteRecovery": "None", "publicNetworkAccess": "Enabled", "redundancySettings": { "standardTierStorageRedundancy": "GeoRedundant", "crossRegionRestore": "Disabled" } },
    }));
    let policy = t.child(&id, "backupPolicies", "daily-30", json!({
        "properties": {
            "backupManagementType": "AzureIaasVM",
            "policyType": "V2",
            "instantRpRetentionRangeInDays": 2,
            "schedulePolicy": { "schedulePolicyType": "SimpleSchedulePolicyV2", "scheduleRunFrequency": "Daily", "dailySchedule": { "scheduleRunTimes": ["2024-02-14T01:00:00Z"] } },
            "retentionPolicy": { "retentionPolicyType": "LongTermRetentionPolicy", "dailySchedule": { "retentionTimes": ["2024-02-14T01:00:00Z"], "retentionDuration": { "count": 30, "durationType": "Days" } } },
            "timeZone": "UTC",
            "protectedItemsCount": 1,
        },
    }));
    let machine = resource_id(
        &t.group("rg-fleet"),
        "Microsoft.Compute/virtualMachines",
        "vm-fleet-01",
    );
    let container = "iaasvmcontainer;iaasvmcontainerv2;rg-fleet;vm-fleet-01";
    let item = "vm;iaasvmcontainerv2;rg-fleet;vm-fleet-01";
    // Fabrics and containers are parts of the path; a protected item hangs on its vault.
    let item_id = format!("{id}/backupFabrics/Azure/protectionContainers/{container}/protectedItems/{item}");
    let kind = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";
    t.row(
        &item_id,
        item,
        kind,
        json!({
            "properties": {
                "protectedItemType": "Microsoft.Compute/virtualMachines",
                "backupManagementType": "AzureIaasVM",
                "workloadType": "VM",
                "containerName": container,
                "sourceResourceId": machine,
                "virtualMachineId": machine,
                "policyId": policy,
                "friendlyName": "vm-fleet-01",
                "protectionState": "Protected",
                "protectionStatus": "Healthy",
                "lastBackupStatus": "Completed",
                "lastBackupTime": "2025-03-02T01:01:12.8312315Z",
                "vaultId": id,
                "isScheduledForDeferredDelete": false,
            },
        }),
        &id,
    );
    t.edge(&machine, "BACKED_UP_BY", &item_id);
    t.edge(&machine, "BACKED_UP_BY", &id);
    t.edge(&item_id, "GOVERNED_BY", &policy);
    let other = resource_id(
        &t.group("rg-fleet"),
        "Microsoft.Compute/virtualMachines",
        "vm-fleet-02",
    );
    t.misconfigured(
        &other,
        "id",
        "a production machine without backup, beside one that has it",
    );
}

fn defender(t: &mut Tenant) {
    let production = t.subscription("nrv-production");
    for (name, tier) in [
        ("VirtualMachines", "Standard"),
        ("SqlServers", "Standard"),
        ("StorageAccounts", "Free"),
        ("KeyVaults", "Free"),
    ] {
        let id = t.extension(
            &production,
            "Microsoft.Security/pricings",
            name,
            json!({
                "properties": { "pricingTier": tier, "freeTrialRemainingTime": "PT0S" },
            }),
        );
        if name == "StorageAccounts" {
            t.misconfigured(
                &id,
                "properties.pricingTier",
                "Defender for Storage is off in production",
            );
        }
    }
    t.extension(&production, "Microsoft.Security/securityContacts", "default", json!({
        "etag": "\"1a00c3d2-0000-0d00-0000-65d5ac010000\"",
        "location": "West Europe",
        "properties": { "notificationsByRole": { "state": "On", "roles": ["Owner"] }, "emails": "security@norrvik.example", "alertNotifications": { "state": "On", "minimalSeverity": "High" } },
    }));
}

fn logic_app(t: &mut Tenant, group: &str) {
    let managed = format!(
        "{}/providers/Microsoft.Web/locations/{HOME}/managedApis/office365",
        t.subscription("nrv-platform")
    );
    let connection = t.resource(group, "Microsoft.Web/connections", "office365", json!({
        "location": HOME,
        "kind": "V1",
        "properties": {
            "displayName": "operations@norrvik.example",
            "statuses": [{ "status": "Connected" }],
            "customParameterValues": {},
            "createdTime": "2024-04-03T09:12:00.3219014Z",
            "changedTime": "2024-04-03T09:12:20.1127310Z",
            "api": { "name": "office365", "displayName": "Office 365 Outlook", "id": managed, "type": "Microsoft.Web/locations/managedApis" },
        },
    }));
    t.external(&connection, &managed);
    let kind = "Microsoft.Logic/workflows";
    let id = resource_id(group, kind, "logic-incident-mail");
    let token = t.secret(&id, "properties.parameters.statusPageToken.value");
    t.resource(group, kind, "logic-incident-mail", json!({
        "location": HOME,
        "tags": all(),
        "properties": {
            "provisioningState": "Succeeded",
            "createdTime": "2024-04-03T09:10:11.4412113Z",
            "changedTime": "2024-04-03T09:15:31.0021341Z",
            "state": "Enabled",
            "version": "08584865612341021233",
            "accessEndpoint": "https://prod-112.westeurope.logic.azure.com:443/workflows/4a7c",
            "definition": { "$schema": "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#", "contentVersion": "1.0.0.0", "parameters": { "$connections": { "defaultValue": {}, "type": "Object" }, "statusPageToken": { "type": "SecureString" } }, "triggers": { "manual": { "type": "Request", "kind": "Http" } }, "actions": {}, "outputs": {} },
            "parameters": {
                "$connections": { "value": { "office365": { "connectionId": connection, "connectionName": "office365", "id": managed } } },
                "statusPageToken": { "value": token },
            },
        },
    }));
    t.edge(&id, "CONNECTED_TO", &connection);
    t.external(&id, &managed);
}
