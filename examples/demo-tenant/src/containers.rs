//! Containers: a registry, a cluster with its node resource group, container apps, a container group.

use serde_json::{Value, json};

use crate::{
    builder::{HOME, Tenant, resource_id, tags},
    web::user_assigned_identity,
};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    registry(t);
    cluster(t);
    container_apps(t);
    container_group(t);
}

fn registry(t: &mut Tenant) {
    let group = t.group("rg-shared-services");
    let id = t.resource(&group, "Microsoft.ContainerRegistry/registries", "crnorrvik", json!({
        "location": HOME,
        "tags": tags("shared", "operations", "4000"),
        "sku": { "name": "Premium", "tier": "Premium" },
        "systemData": { "createdBy": "bjarne@norrvik.example", "createdByType": "User", "createdAt": "2024-02-09T14:02:11.4432176+00:00" },
        "properties": {
            "loginServer": "crnorrvik.azurecr.io",
            "creationDate": "2024-02-09T14:02:11.4432176Z",
            "provisioningState": "Succeeded",
            "adminUserEnabled": true,
            "networkRuleSet": { "defaultAction": "Allow", "ipRules": [] },
            "policies": {
                "quarantinePolicy": { "status": "disabled" },
                "trustPolicy": { "type": "Notary", "status": "disabled" },
                "retentionPolicy": { "days": 7, "status": "disabled" },
            },
            "encryption": { "status": "disabled" },
            "dataEndpointEnabled": false,
            "dataEndpointHostNames": [],
            "privateEndpointConnections": [],
            "publicNetworkAccess": "Enabled",
            "networkRuleBypassOptions": "AzureServices",
            "zoneRedundancy": "Disabled",
        },
    }));
    t.misconfigured(
        &id,
        "properties.adminUserEnabled",
        "the registry's shared administrator account is switched on",
    );
    t.child(&id, "replications", "northeurope", json!({
        "location": "northeurope",
        "tags": {},
        "properties": { "provisioningState": "Succeeded", "status": { "displayStatus": "Ready", "timestamp": "2024-02-09T14:20:00.1230000Z" }, "regionEndpointEnabled": true, "zoneRedundancy": "Disabled" },
    }));
    t.child(&id, "webhooks", "deploy", json!({
        "location": HOME,
        "tags": {},
        "properties": { "status": "enabled", "scope": "booking:*", "actions": ["push"], "provisioningState": "Succeeded" },
    }));
}

fn cluster(t: &mut Tenant) {
    let group = t.group("rg-booking-app");
    let nodes = t.group("MC_rg-booking-app_aks-booking_westeurope");
    let network = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/virtualNetworks",
        "vnet-booking",
    );
    let subnet = format!("{network}/subnets/snet-aks");
    let workspace = resource_id(
        &t.group("rg-management"),
        "Microsoft.OperationalInsights/workspaces",
        "log-norrvik",
    );
    let control = resource_id(
        &group,
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "id-aks",
    );
    let kubelet = user_assigned_identity(t, &nodes, "aks-booking-agentpool");
    let pools = [("system", "System", 3), ("tickets", "User", 2)];
    let pool_body = |name: &str, mode: &str, count: u32| {
        json!({
            "count": count,
            "vmSize": "Standard_D4ds_v5",
            "osDiskSizeGB": 128,
            "osDiskType": "Ephemeral",
            "vnetSubnetID": subnet,
            "maxPods": 50,
            "type": "VirtualMachineScaleSets",
            "enableAutoScaling": false,
            "provisioningState": "Succeeded",
            "powerState": { "code": "Running" },
            "orchestratorVersion": "1.29.4",
            "currentOrchestratorVersion": "1.29.4",
            "mode": mode,
            "osType": "Linux",
            "osSKU": "Ubuntu",
            "nodeImageVersion": format!("AKSUbuntu-2204gen2containerd-2024{}", if name == "system" { "05.13" } else { "04.09" }),
            "enableFIPS": false,
        })
    };
    let profiles: Vec<Value> = pools
        .iter()
        .map(|(name, mode, count)| {
            let mut body = pool_body(name, mode, *count);
            body["name"] = json!(name);
            body
        })
        .collect();
    let id = t.resource(&group, "Microsoft.ContainerService/managedClusters", "aks-booking", json!({
        "location": HOME,
        "tags": tags("production", "booking-team", "4300"),
        "sku": { "name": "Base", "tier": "Standard" },
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": { &control: { "principalId": t.guid("mi/id-aks"), "clientId": t.guid("client/mi/id-aks") } },
        },
        "properties": {
            "provisioningState": "Succeeded",
            "powerState": { "code": "Running" },
            "kubernetesVersion": "1.29.4",
            "currentKubernetesVersion": "1.29.4",
            "dnsPrefix": "aks-booking",
            "fqdn": "aks-booking-7k2m1q.hcp.westeurope.azmk8s.io",
            "azurePortalFQDN": "aks-booking-7k2m1q.portal.hcp.westeurope.azmk8s.io",
            "agentPoolProfiles": profiles,
            "linuxProfile": { "adminUsername": "azureuser", "ssh": { "publicKeys": [{ "keyData": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIInventedInventedInventedInventedInventedInven aks" }] } },
            "servicePrincipalProfile": { "clientId": "msi" },
            "addonProfiles": { "omsagent": { "enabled": true, "config": { "logAnalyticsWorkspaceResourceID": workspace, "useAADAuth": "true" } } },
            "nodeResourceGroup": "MC_rg-booking-app_aks-booking_westeurope",
            "enableRBAC": true,
            "networkProfile": { "networkPlugin": "azure", "networkPolicy": "none", "loadBalancerSku": "standard", "outboundType": "userAssignedNATGateway", "serviceCidr": "10.240.0.0/16", "dnsServiceIP": "10.240.0.10" },
            "identityProfile": { "kubeletidentity": { "resourceId": kubelet, "clientId": t.guid("client/mi/aks-kubelet"), "objectId": t.guid("mi/aks-kubelet") } },
            "apiServerAccessProfile": { "authorizedIPRanges": null, "enablePrivateCluster": false },
            "disableLocalAccounts": false,
            "oidcIssuerProfile": { "enabled": false },
            "securityProfile": {},
        },
    }));
    t.edge(&id, "USES_IDENTITY", &control);
    t.edge(&id, "USES_IDENTITY", &kubelet);
    let kubelet_principal = t.guid("mi/aks-kubelet");
    t.edge(&id, "USES_IDENTITY", &kubelet_principal);
    t.edge(&id, "USES_SUBNET", &subnet);
    t.edge(&id, "LOGS_TO", &workspace);
    t.misconfigured(
        &id,
        "properties.apiServerAccessProfile",
        "the cluster's API server answers every address of the Internet",
    );
    t.misconfigured(
        &id,
        "properties.disableLocalAccounts",
        "the cluster still has local accounts",
    );
    for (name, mode, count) in pools {
        let pool = t.child(
            &id,
            "agentPools",
            name,
            json!({ "properties": pool_body(name, mode, count) }),
        );
        t.edge(&pool, "RUNS_ON", &id);
        t.edge(&pool, "USES_SUBNET", &subnet);
    }
}

fn container_apps(t: &mut Tenant) {
    let group = t.group("rg-booking-app");
    let environment = t.resource(&group, "Microsoft.App/managedEnvironments", "cae-booking", json!({
        "location": "West Europe",
        "tags": tags("production", "booking-team", "4300"),
        "systemData": { "createdBy": "elin@norrvik.example", "createdByType": "User", "createdAt": "2024-09-02T07:31:55.2183021" },
        "properties": {
            "provisioningState": "Succeeded",
            "defaultDomain": "calmsea-1f2e3d4c.westeurope.azurecontainerapps.io",
            "staticIp": "203.0.113.44",
            "appLogsConfiguration": { "destination": "log-analytics", "logAnalyticsConfiguration": { "customerId": t.guid("workspace/log-norrvik"), "sharedKey": null } },
            "zoneRedundant": false,
            "vnetConfiguration": null,
        },
    }));
    let kind = "Microsoft.App/containerApps";
    let id = resource_id(&group, kind, "ca-quotes");
    let secret = t.secret(&id, "properties.configuration.secrets[0].value");
    let token = t.secret(&id, "properties.template.containers[0].env[1].value");
    let identity = resource_id(
        &group,
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "id-booking",
    );
    t.resource(&group, kind, "ca-quotes", json!({
        "location": "West Europe",
        "tags": tags("production", "booking-team", "4300"),
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": { &identity: { "principalId": t.guid("mi/id-booking"), "clientId": t.guid("client/mi/id-booking") } },
        },
        "properties": {
            "provisioningState": "Succeeded",
            "runningStatus": "Running",
            "managedEnvironmentId": environment,
            "environmentId": environment,
            "workloadProfileName": null,
            "outboundIpAddresses": ["203.0.113.45"],
            "latestRevisionName": "ca-quotes--m4k2p1",
            "configuration": {
                "secrets": [{ "name": "ferry-api-key", "value": secret }],
                "activeRevisionsMode": "Single",
                "ingress": { "fqdn": "ca-quotes.calmsea-1f2e3d4c.westeurope.azurecontainerapps.io", "external": true, "targetPort": 8080, "transport": "Auto", "allowInsecure": true, "traffic": [{ "weight": 100, "latestRevision": true }] },
                "registries": [{ "server": "crnorrvik.azurecr.io", "username": "", "passwordSecretRef": "", "identity": identity }],
            },
            "template": {
                "containers": [{
                    "image": "crnorrvik.azurecr.io/booking/quotes:2.8.0",
                    "name": "quotes",
                    "env": [{ "name": "FERRY_API_KEY", "secretRef": "ferry-api-key" }, { "name": "RATES_TOKEN", "value": token }, { "name": "LOG_FORMAT", "value": "json" }],
                    "resources": { "cpu": 0.5, "memory": "1Gi" },
                }],
                "scale": { "minReplicas": 1, "maxReplicas": 5 },
            },
        },
    }));
    t.edge(&id, "RUNS_ON", &environment);
    t.edge(&id, "USES_IDENTITY", &identity);
    t.misconfigured(
        &id,
        "properties.configuration.ingress.allowInsecure",
        "an external container app answers without encryption",
    );
}

fn container_group(t: &mut Tenant) {
    let group = t.group("rg-booking-app");
    let kind = "Microsoft.ContainerInstance/containerGroups";
    let id = resource_id(&group, kind, "ci-tariff-import");
    let variable = t.secret(
        &id,
        "properties.containers[0].properties.environmentVariables[1].secureValue",
    );
    let plain = t.secret(
        &id,
        "properties.containers[0].properties.environmentVariables[2].value",
    );
    let password = t.secret(&id, "properties.imageRegistryCredentials[0].password");
    t.resource(&group, kind, "ci-tariff-import", json!({
        "location": HOME,
        "tags": tags("production", "booking-team", "4300"),
        "properties": {
            "sku": "Standard",
            "provisioningState": "Succeeded",
            "containers": [{ "name": "import", "properties": {
                "image": "crnorrvik.azurecr.io/tariff/import:1.1",
                "ports": [],
                "environmentVariables": [
                    { "name": "SOURCE", "value": "ftp.tariffs.example" },
                    { "name": "FTP_PASSWORD", "secureValue": variable },
                    { "name": "DB_PASSWORD", "value": plain },
                ],
                "resources": { "requests": { "memoryInGB": 1.5, "cpu": 1.0 } },
            } }],
            "initContainers": [],
            "imageRegistryCredentials": [{ "server": "crnorrvik.azurecr.io", "username": "crnorrvik", "password": password }],
            "restartPolicy": "OnFailure",
            "osType": "Linux",
            "instanceView": { "events": [], "state": "Succeeded" },
        },
    }));
    t.misconfigured(
        &id,
        "properties.containers[0].properties.environmentVariables[2].value",
        "a database password in a plain environment variable",
    );
}
