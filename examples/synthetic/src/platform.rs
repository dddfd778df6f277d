//! What watches, automates and backs up.

use crate::{cell::Cell, data, tenant_id, writer::Writer};

const WORKSPACES: &str = "Microsoft.OperationalInsights/workspaces";
const COMPONENTS: &str = "Microsoft.Insights/components";

/// The cell's log workspace.
pub(crate) fn workspace(cell: &Cell) -> String {
    cell.id(WORKSPACES, "log")
}

pub(crate) fn write(cell: &Cell, w: &mut Writer) {
    logs(cell, w);
    alerts(cell, w);
    if cell.has(12, 2) {
        automation(cell, w);
    }
    if cell.has(13, 3) {
        backup(cell, w);
    }
    if cell.has(14, 2) {
        let kind = "Microsoft.DataFactory/factories";
        let id = cell.id(kind, &format!("adf-{}", cell.short));
        cell.resource(
            w,
            kind,
            &id,
            format_args!(r#""properties":{{"provisioningState":"Succeeded","createTime":"2024-02-22T11:10:01.2191Z","version":"2018-06-01","publicNetworkAccess":"Enabled"}}"#),
        );
        for pipeline in ["hourly", "nightly"] {
            cell.child(
                w,
                &id,
                "Microsoft.DataFactory/factories/pipelines",
                &format!("{id}/pipelines/{pipeline}"),
                format_args!(r#""properties":{{"activities":[{{"name":"copy","type":"Copy","dependsOn":[]}}],"annotations":[]}}"#),
            );
        }
    }
    if cell.has(15, 2) {
        let kind = "Microsoft.CognitiveServices/accounts";
        let name = format!("cog-{}", cell.short);
        cell.resource(
            w,
            kind,
            &cell.id(kind, &name),
            format_args!(
                r#""kind":"TextAnalytics","sku":{{"name":"S"}},"properties":{{"endpoint":"https://{name}.cognitiveservices.azure.com/","provisioningState":"Succeeded","customSubDomainName":"{name}","networkAcls":{{"defaultAction":"Deny","virtualNetworkRules":[],"ipRules":[]}},"publicNetworkAccess":"Enabled"}}"#
            ),
        );
    }
}

fn logs(cell: &Cell, w: &mut Writer) {
    let workspace = workspace(cell);
    cell.resource(
        w,
        WORKSPACES,
        &workspace,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","sku":{{"name":"PerGB2018"}},"retentionInDays":90,"features":{{"legacy":0,"searchVersion":1}},"publicNetworkAccessForIngestion":"Enabled","publicNetworkAccessForQuery":"Enabled"}}"#
        ),
    );
    let component = cell.id(COMPONENTS, "appi");
    cell.resource(
        w,
        COMPONENTS,
        &component,
        format_args!(
            r#""kind":"web","properties":{{"Application_Type":"web","Flow_Type":"Bluefield","Name":"appi","TenantId":"{}","provisioningState":"Succeeded","RetentionInDays":90,"WorkspaceResourceId":"{workspace}","IngestionMode":"LogAnalytics"}}"#,
            tenant_id(cell.seed)
        ),
    );
    w.edge(&component, "LOGS_TO", &workspace);
    let storage = data::account(cell, "logs");
    let kind = "Microsoft.Insights/diagnosticSettings";
    for scope in [
        cell.id("Microsoft.KeyVault/vaults", &format!("kv-{}", cell.short)),
        format!(
            "{}/databases/orders",
            cell.id("Microsoft.Sql/servers", &format!("sql-{}", cell.short))
        ),
        cell.id("Microsoft.Web/sites", &format!("app-{}-web", cell.short)),
        cell.id("Microsoft.Network/loadBalancers", "lb-web"),
    ] {
        let id = format!("{scope}/providers/{kind}/central");
        cell.child(
            w,
            &scope,
            kind,
            &id,
            format_args!(
                r#""properties":{{"storageAccountId":"{storage}","workspaceId":"{workspace}","eventHubAuthorizationRuleId":null,"metrics":[],"logs":[{{"category":null,"categoryGroup":"allLogs","enabled":true,"retentionPolicy":{{"enabled":false,"days":0}}}}]}}"#
            ),
        );
        w.edge(&id, "MONITORS", &scope);
        w.edge(&id, "LOGS_TO", &workspace);
        w.edge(&id, "LOGS_TO", &storage);
    }
}

fn alerts(cell: &Cell, w: &mut Writer) {
    let groups = "Microsoft.Insights/actionGroups";
    let group = cell.id(groups, "ag");
    cell.resource(
        w,
        groups,
        &group,
        format_args!(
            r#""properties":{{"groupShortName":"ops","enabled":true,"emailReceivers":[{{"name":"ops","emailAddress":"ops@synthetic.example","useCommonAlertSchema":true,"status":"Enabled"}}],"smsReceivers":[],"webhookReceivers":[]}}"#
        ),
    );
    let kind = "Microsoft.Insights/metricAlerts";
    for (name, scope) in [
        ("slow", cell.id(COMPONENTS, "appi")),
        ("busy", cell.id("Microsoft.Compute/virtualMachines", "vm-0")),
    ] {
        let id = cell.id(kind, name);
        cell.resource(
            w,
            kind,
            &id,
            format_args!(
                r#""properties":{{"severity":2,"enabled":true,"scopes":["{scope}"],"evaluationFrequency":"PT1M","windowSize":"PT5M","criteria":{{"allOf":[{{"threshold":2000.0,"name":"duration","metricName":"requests/duration","operator":"GreaterThan","timeAggregation":"Average"}}]}},"autoMitigate":true,"actions":[{{"actionGroupId":"{group}"}}]}}"#
            ),
        );
        w.edge(&id, "MONITORS", &scope);
        w.edge(&id, "ROUTES_VIA", &group);
    }
}

fn automation(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.Automation/automationAccounts";
    let id = cell.id(kind, "aa");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""properties":{{"sku":{{"name":"Basic"}},"state":"Ok","creationTime":"2024-02-13T07:20:11.0866667+00:00","encryption":{{"keySource":"Microsoft.Automation"}},"publicNetworkAccess":true}}"#
        ),
    );
    for runbook in ["start", "stop", "report"] {
        cell.tracked_child(
            w,
            &id,
            "Microsoft.Automation/automationAccounts/runbooks",
            &format!("{id}/runbooks/{runbook}"),
            format_args!(r#""properties":{{"runbookType":"PowerShell72","state":"Published","logVerbose":false,"logProgress":false,"creationTime":"2024-02-13T07:31:00+00:00"}}"#),
        );
    }
}

fn backup(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.RecoveryServices/vaults";
    let id = cell.id(kind, "rsv");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""sku":{{"name":"RS0","tier":"Standard"}},"properties":{{"provisioningState":"Succeeded","publicNetworkAccess":"Enabled","redundancySettings":{{"standardTierStorageRedundancy":"GeoRedundant"}}}}"#
        ),
    );
    let policy = format!("{id}/backupPolicies/daily");
    cell.child(
        w,
        &id,
        "Microsoft.RecoveryServices/vaults/backupPolicies",
        &policy,
        format_args!(r#""properties":{{"backupManagementType":"AzureIaasVM","policyType":"V2","timeZone":"UTC","protectedItemsCount":1}}"#),
    );
    let machine = cell.id("Microsoft.Compute/virtualMachines", "vm-0");
    let group = cell.group.rsplit('/').next().unwrap_or_default();
    let item = format!(
        "{id}/backupFabrics/Azure/protectionContainers/iaasvmcontainer;iaasvmcontainerv2;{group};vm-0/protectedItems/vm;iaasvmcontainerv2;{group};vm-0"
    );
    cell.child(
        w,
        &id,
        "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
        &item,
        format_args!(
            r#""properties":{{"protectedItemType":"Microsoft.Compute/virtualMachines","backupManagementType":"AzureIaasVM","workloadType":"VM","sourceResourceId":"{machine}","policyId":"{policy}","friendlyName":"vm-0","protectionState":"Protected","lastBackupStatus":"Completed"}}"#
        ),
    );
    w.edge(&machine, "BACKED_UP_BY", &item);
    w.edge(&machine, "BACKED_UP_BY", &id);
    w.edge(&item, "GOVERNED_BY", &policy);
}
