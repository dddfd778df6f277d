//! The booking application: plans, sites, functions, their settings, telemetry.

use serde_json::{Value, json};

use crate::builder::{HOME, Tenant, resource_id, tags};

const SITES: &str = "Microsoft.Web/sites";

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-booking-app");
    let network = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/virtualNetworks",
        "vnet-booking",
    );
    let subnet = format!("{network}/subnets/snet-app");
    for name in ["id-booking", "id-aks"] {
        user_assigned_identity(t, &group, name);
    }
    let identity = resource_id(
        &group,
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "id-booking",
    );
    let insights = application_insights(t, &group);
    let plan = plan(t, &group, "asp-booking", "P1v3", "PremiumV3", "linux");
    let functions = self::plan(t, &group, "asp-functions", "EP1", "ElasticPremium", "elastic");

    booking_web(t, &group, &plan, &subnet, &identity, &insights);
    mail_function(t, &group, &functions, &subnet);
    static_site(t, &group);
}

/// A user-assigned identity; its service principal has a row among the Entra objects.
pub(crate) fn user_assigned_identity(t: &mut Tenant, group: &str, name: &str) -> String {
    let key = if name == "aks-booking-agentpool" {
        "aks-kubelet"
    } else {
        name
    };
    let principal = t.guid(&format!("mi/{key}"));
    let client = t.guid(&format!("client/mi/{key}"));
    let id = t.resource(group, "Microsoft.ManagedIdentity/userAssignedIdentities", name, json!({
        "location": HOME,
        "tags": {},
        "properties": { "isolationScope": "None", "tenantId": t.tenant_id(), "principalId": principal, "clientId": client },
    }));
    t.edge(&id, "USES_IDENTITY", &principal);
    id
}

fn application_insights(t: &mut Tenant, group: &str) -> String {
    let workspace = resource_id(
        &t.group("rg-management"),
        "Microsoft.OperationalInsights/workspaces",
        "log-norrvik",
    );
    let id = resource_id(group, "Microsoft.Insights/components", "appi-booking");
    let key = t.guid("instrumentation-key");
    t.resource(group, "Microsoft.Insights/components", "appi-booking", json!({
        "location": HOME,
        "tags": tags("production", "booking-team", "4300"),
        "kind": "web",
        "etag": "\"3a00b1c2-0000-0d00-0000-65f1c7d10000\"",
        "properties": {
            "ApplicationId": "appi-booking",
            "AppId": t.guid("appi-booking"),
            "Application_Type": "web",
            "Flow_Type": "Bluefield",
            "Request_Source": "rest",
            "InstrumentationKey": key,
            "ConnectionString": format!("InstrumentationKey={key};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/"),
            "Name": "appi-booking",
            "CreationDate": "2024-02-20T08:11:12.3456789+00:00",
            "TenantId": t.subscription("nrv-production").rsplit('/').next(),
            "provisioningState": "Succeeded",
            "RetentionInDays": 90,
            "WorkspaceResourceId": workspace,
            "IngestionMode": "LogAnalytics",
            "publicNetworkAccessForIngestion": "Enabled",
            "publicNetworkAccessForQuery": "Enabled",
            "Ver": "v2",
        },
    }));
    t.planted(
        &id,
        "properties.ConnectionString",
        &format!("InstrumentationKey={key}"),
    );
    t.edge(&id, "LOGS_TO", &workspace);
    id
}

/// A plan of App Service.
pub(crate) fn plan(t: &mut Tenant, group: &str, name: &str, sku: &str, tier: &str, kind: &str) -> String {
    let development = group.contains("dev");
    t.resource(group, "Microsoft.Web/serverfarms", name, json!({
        "kind": kind,
        // App Service answers with the region's display name.
        "location": "West Europe",
        "tags": if development { tags("development", "developers", "9000") } else { tags("production", "booking-team", "4300") },
        "sku": { "name": sku, "tier": tier, "size": sku, "family": sku.trim_end_matches(|c: char| c.is_ascii_digit()), "capacity": 1 },
        "properties": {
            "serverFarmId": 61_204,
            "name": name,
            "workerSize": "D1",
            "currentNumberOfWorkers": 1,
            "status": "Ready",
            "webSpace": format!("{}-WestEuropewebspace-Linux", group.rsplit('/').next().unwrap_or_default()),
            "numberOfSites": 1,
            "maximumElasticWorkerCount": 1,
            "geoRegion": "West Europe",
            "reserved": kind == "linux",
            "zoneRedundant": false,
            "provisioningState": "Succeeded",
        },
    }))
}

/// The members that every site's answer has.
pub(crate) fn site_properties(
    t: &Tenant,
    group: &str,
    name: &str,
    plan: &str,
    https_only: bool,
    tls: &str,
    runtime: &str,
) -> Value {
    json!({
        "name": name,
        "state": "Running",
        "hostNames": [format!("{name}.azurewebsites.net")],
        "repositorySiteName": name,
        "usageState": "Normal",
        "enabled": true,
        "enabledHostNames": [format!("{name}.azurewebsites.net"), format!("{name}.scm.azurewebsites.net")],
        "availabilityState": "Normal",
        "hostNameSslStates": [{ "name": format!("{name}.azurewebsites.net"), "sslState": "Disabled", "hostType": "Standard" }],
        "serverFarmId": plan,
        "reserved": true,
        "isXenon": false,
        "hyperV": false,
        "lastModifiedTimeUtc": "2025-02-11T06:40:18.9966667",
        "siteConfig": {
            "numberOfWorkers": 1,
            "linuxFxVersion": runtime,
            "acrUseManagedIdentityCreds": false,
            "alwaysOn": true,
            "http20Enabled": true,
            "minTlsVersion": tls,
            "ftpsState": "FtpsOnly",
            "appSettings": null,
            "connectionStrings": null,
        },
        "scmSiteAlsoStopped": false,
        "clientCertEnabled": false,
        "customDomainVerificationId": crate::builder::digits(&format!("verification/{name}"), 64).to_uppercase(),
        "outboundIpAddresses": "198.51.100.40,198.51.100.41",
        "resourceGroup": group.rsplit('/').next(),
        "defaultHostName": format!("{name}.azurewebsites.net"),
        "httpsOnly": https_only,
        "publicNetworkAccess": "Enabled",
        "keyVaultReferenceIdentity": "SystemAssigned",
        "storageAccountRequired": false,
        "inProgressOperationId": t.guid(&format!("operation/{name}")),
    })
}

fn booking_web(t: &mut Tenant, group: &str, plan: &str, subnet: &str, identity: &str, insights: &str) {
    let name = "app-nrv-booking";
    let site_tags = || {
        let mut all = tags("production", "booking-team", "4300");
        // The portal writes such a hidden tag; its name has dots, colons and slashes.
        all["hidden-link: /app-insights-resource-id"] = json!(insights);
        all
    };
    let mut properties = site_properties(t, group, name, plan, true, "1.2", "NODE|20-lts");
    properties["virtualNetworkSubnetId"] = json!(subnet);
    properties["keyVaultReferenceIdentity"] = json!(identity);
    let id = t.resource(group, SITES, name, json!({
        "kind": "app,linux",
        "location": "West Europe",
        "tags": site_tags(),
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": { identity: { "principalId": t.guid("mi/id-booking"), "clientId": t.guid("client/mi/id-booking") } },
        },
        "properties": properties,
    }));
    t.edge(&id, "RUNS_ON", plan);
    t.edge(&id, "USES_SUBNET", subnet);
    t.edge(&id, "USES_IDENTITY", identity);

    let settings = format!("{id}/config/appsettings");
    let payment = t.secret(&settings, "properties.PAYMENT_API_KEY");
    let session = t.secret(&settings, "properties.SESSION_SECRET");
    t.child(&id, "config", "appsettings", json!({
        "location": "West Europe",
        "tags": site_tags(),
        "properties": {
            "APPINSIGHTS_INSTRUMENTATIONKEY": t.guid("instrumentation-key"),
            "BOOKING_REGION": "north-sea",
            "PAYMENT_API_KEY": payment,
            "SESSION_SECRET": session,
            "DB_PASSWORD": "@Microsoft.KeyVault(SecretUri=https://kv-nrv-booking.vault.azure.net/secrets/db-password)",
            "WEBSITE_NODE_DEFAULT_VERSION": "~20",
        },
    }));
    t.misconfigured(
        &settings,
        "properties.PAYMENT_API_KEY",
        "an API key in clear among the application settings, beside others that refer to the vault",
    );
    let strings = format!("{id}/config/connectionstrings");
    let password = t.secret(&strings, "properties.Booking.value");
    t.child(&id, "config", "connectionstrings", json!({
        "location": "West Europe",
        "tags": site_tags(),
        "properties": { "Booking": {
            "value": format!("Server=tcp:sql-nrv-booking.database.windows.net,1433;Database=sqldb-booking;User ID=booking;Password={password};Encrypt=true;"),
            "type": "SQLAzure",
        } },
    }));
    t.child(&id, "config", "web", json!({
        "location": "West Europe",
        "properties": {
            "numberOfWorkers": 1,
            "defaultDocuments": ["index.html"],
            "netFrameworkVersion": "v4.0",
            "linuxFxVersion": "NODE|20-lts",
            "remoteDebuggingEnabled": false,
            "publishingUsername": "$app-nrv-booking",
            "scmType": "GitHubAction",
            "use32BitWorkerProcess": false,
            "webSocketsEnabled": false,
            "alwaysOn": true,
            "managedPipelineMode": "Integrated",
            "vnetName": "snet-app",
            "vnetRouteAllEnabled": true,
            "ipSecurityRestrictions": [{ "ipAddress": "203.0.113.21/32", "action": "Allow", "tag": "Default", "priority": 100, "name": "gateway" }],
            "scmIpSecurityRestrictions": [{ "ipAddress": "Any", "action": "Allow", "priority": 2_147_483_647, "name": "Allow all" }],
            "http20Enabled": true,
            "minTlsVersion": "1.2",
            "ftpsState": "FtpsOnly",
        },
    }));
    t.child(&id, "hostNameBindings", "book.norrvik.example", json!({
        "location": "West Europe",
        "properties": { "siteName": name, "domainId": null, "hostNameType": "Verified", "sslState": "SniEnabled", "thumbprint": crate::builder::digits("thumbprint", 40).to_uppercase() },
    }));
    let mut properties = site_properties(
        t,
        group,
        "app-nrv-booking(staging)",
        plan,
        true,
        "1.2",
        "NODE|20-lts",
    );
    properties["defaultHostName"] = json!("app-nrv-booking-staging.azurewebsites.net");
    let slot = t.child(
        &id,
        "slots",
        "staging",
        json!({
            "kind": "app,linux",
            "location": "West Europe",
            "tags": tags("production", "booking-team", "4300"),
            "properties": properties,
        }),
    );
    t.edge(&slot, "RUNS_ON", plan);
}

fn mail_function(t: &mut Tenant, group: &str, plan: &str, subnet: &str) {
    let name = "func-booking-mail";
    let mut properties = site_properties(t, group, name, plan, true, "1.2", "Python|3.11");
    properties["virtualNetworkSubnetId"] = json!(subnet);
    let id = t.resource(group, SITES, name, json!({
        "kind": "functionapp,linux",
        "location": "West Europe",
        "tags": tags("production", "booking-team", "4300"),
        "identity": { "type": "SystemAssigned", "principalId": t.guid("mi/func-booking-mail"), "tenantId": t.tenant_id() },
        "properties": properties,
    }));
    let principal = t.guid("mi/func-booking-mail");
    t.edge(&id, "RUNS_ON", plan);
    t.edge(&id, "USES_SUBNET", subnet);
    t.edge(&id, "USES_IDENTITY", &principal);
    let settings = format!("{id}/config/appsettings");
    let key = t.secret(&settings, "properties.AzureWebJobsStorage");
    let sas = t.secret(&settings, "properties.LABELS_URL");
    t.child(&id, "config", "appsettings", json!({
        "location": "West Europe",
        "properties": {
            "FUNCTIONS_EXTENSION_VERSION": "~4",
            "FUNCTIONS_WORKER_RUNTIME": "python",
            "AzureWebJobsStorage": format!("DefaultEndpointsProtocol=https;AccountName=stnrvbooking;AccountKey={key};EndpointSuffix=core.windows.net"),
            "LABELS_URL": format!("https://stnrvbooking.blob.core.windows.net/labels?sv=2023-11-03&se=2029-06-30T00%3A00%3A00Z&sr=c&sp=rl&sig={sas}%3D"),
        },
    }));
    t.child(&id, "functions", "send-confirmation", json!({
        "location": "West Europe",
        "properties": {
            "name": "send-confirmation",
            "function_app_id": null,
            "script_root_path_href": format!("https://{name}.azurewebsites.net/admin/vfs/home/site/wwwroot/send-confirmation/"),
            "config": { "bindings": [{ "name": "msg", "type": "serviceBusTrigger", "direction": "in", "queueName": "bookings", "connection": "ServiceBus" }] },
            "invoke_url_template": "",
            "language": "python",
            "isDisabled": false,
        },
    }));
}

fn static_site(t: &mut Tenant, group: &str) {
    t.resource(
        group,
        "Microsoft.Web/staticSites",
        "swa-norrvik",
        json!({
            "location": "West Europe",
            "tags": tags("production", "booking-team", "4300"),
            "sku": { "name": "Standard", "tier": "Standard" },
            "properties": {
                "defaultHostname": "gentle-tide-0a1b2c3.azurestaticapps.net",
                "repositoryUrl": "https://github.example/norrvik/www",
                "branch": "main",
                "customDomains": [],
                "privateEndpointConnections": [],
                "stagingEnvironmentPolicy": "Enabled",
                "allowConfigFileUpdates": true,
                "provider": "GitHub",
                "enterpriseGradeCdnStatus": "Disabled",
            },
        }),
    );
}
