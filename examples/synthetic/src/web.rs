//! Sites, workflows, containers.

use crate::{cell::Cell, identity, network, platform, writer::Writer};

const SITES: &str = "Microsoft.Web/sites";

pub(crate) fn write(cell: &Cell, w: &mut Writer) {
    sites(cell, w);
    if cell.has(8, 4) {
        let kind = "Microsoft.Logic/workflows";
        let id = cell.id(kind, "logic-approve");
        let assigned = identity::assigned(cell, "id-job");
        cell.resource(
            w,
            kind,
            &id,
            format_args!(
                r#"{assigned},"properties":{{"provisioningState":"Succeeded","state":"Enabled","version":"08584865612341021233","definition":{{"contentVersion":"1.0.0.0","parameters":{{}},"triggers":{{"manual":{{"type":"Request","kind":"Http"}}}},"actions":{{}},"outputs":{{}}}},"parameters":{{}}}}"#
            ),
        );
        w.edge(&id, "USES_IDENTITY", &identity::identity(cell, "id-job"));
    }
    if cell.has(9, 2) {
        cluster(cell, w);
    }
    if cell.has(10, 2) {
        container_app(cell, w);
    }
}

/// The registry of the cell, if it has one. It comes before those that name it by its host, so that a tenant which is cut
/// to size has it whenever it has them.
fn registry(cell: &Cell, w: &mut Writer) -> Option<String> {
    if !cell.has(11, 2) {
        return None;
    }
    let kind = "Microsoft.ContainerRegistry/registries";
    let name = format!("cr{}", cell.short);
    let id = cell.id(kind, &name);
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""sku":{{"name":"Premium","tier":"Premium"}},"properties":{{"loginServer":"{name}.azurecr.io","creationDate":"2024-02-09T14:02:11.4432176Z","provisioningState":"Succeeded","adminUserEnabled":false,"policies":{{"retentionPolicy":{{"days":7,"status":"disabled"}}}},"publicNetworkAccess":"Enabled","zoneRedundancy":"Disabled"}}"#
        ),
    );
    Some(id)
}

fn sites(cell: &Cell, w: &mut Writer) {
    let registry = registry(cell, w);
    let plans = "Microsoft.Web/serverfarms";
    let plan = cell.id(plans, "asp");
    cell.resource(
        w,
        plans,
        &plan,
        format_args!(
            r#""kind":"linux","sku":{{"name":"P1v3","tier":"PremiumV3","size":"P1v3","family":"Pv3","capacity":1}},"properties":{{"currentNumberOfWorkers":1,"status":"Ready","numberOfSites":3,"geoRegion":"West Europe","reserved":true,"zoneRedundant":false,"provisioningState":"Succeeded"}}"#
        ),
    );
    let subnet = network::subnet(cell, "web");
    let assigned = identity::assigned(cell, "id-app");
    for (purpose, kind) in [
        ("web", "app,linux"),
        ("api", "app,linux"),
        ("jobs", "functionapp,linux"),
    ] {
        let name = format!("app-{}-{purpose}", cell.short);
        let id = cell.id(SITES, &name);
        let runtime = match &registry {
            Some(_) if purpose == "web" => format!("DOCKER|cr{}.azurecr.io/shop/web:2.1", cell.short),
            _ => "NODE|20-lts".to_owned(),
        };
        cell.resource(
            w,
            SITES,
            &id,
            format_args!(
                r#""kind":"{kind}",{assigned},"properties":{{"name":"{name}","state":"Running","hostNames":["{name}.azurewebsites.net"],"enabled":true,"enabledHostNames":["{name}.azurewebsites.net","{name}.scm.azurewebsites.net"],"availabilityState":"Normal","serverFarmId":"{plan}","reserved":true,"siteConfig":{{"numberOfWorkers":1,"linuxFxVersion":"{runtime}","alwaysOn":true,"http20Enabled":true,"minTlsVersion":"1.2","ftpsState":"FtpsOnly"}},"clientCertEnabled":false,"defaultHostName":"{name}.azurewebsites.net","httpsOnly":true,"publicNetworkAccess":"Enabled","virtualNetworkSubnetId":"{subnet}"}}"#
            ),
        );
        w.edge(&id, "RUNS_ON", &plan);
        w.edge(&id, "USES_SUBNET", &subnet);
        w.edge(&id, "USES_IDENTITY", &identity::identity(cell, "id-app"));
        if let Some(registry) = registry.as_ref().filter(|_| purpose == "web") {
            w.edge(&id, "PULLS_FROM", registry);
        }
        if purpose == "web" {
            cell.child(
                w,
                &id,
                "Microsoft.Web/sites/config",
                &format!("{id}/config/web"),
                format_args!(
                    r#""properties":{{"numberOfWorkers":1,"defaultDocuments":["index.html"],"linuxFxVersion":"NODE|20-lts","remoteDebuggingEnabled":false,"scmType":"GitHubAction","alwaysOn":true,"ipSecurityRestrictions":[],"http20Enabled":true,"minTlsVersion":"1.2"}}"#
                ),
            );
        }
    }
}

fn cluster(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.ContainerService/managedClusters";
    let id = cell.id(kind, "aks");
    let subnet = network::subnet(cell, "app");
    let workspace = platform::workspace(cell);
    let assigned = identity::assigned(cell, "id-job");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""sku":{{"name":"Base","tier":"Standard"}},{assigned},"properties":{{"provisioningState":"Succeeded","powerState":{{"code":"Running"}},"kubernetesVersion":"1.29.4","dnsPrefix":"aks","agentPoolProfiles":[{{"name":"system","count":3,"vmSize":"Standard_D4ds_v5","vnetSubnetID":"{subnet}","mode":"System","osType":"Linux"}}],"addonProfiles":{{"omsagent":{{"enabled":true,"config":{{"logAnalyticsWorkspaceResourceID":"{workspace}"}}}}}},"enableRBAC":true,"networkProfile":{{"networkPlugin":"azure","loadBalancerSku":"standard"}}}}"#
        ),
    );
    w.edge(&id, "USES_IDENTITY", &identity::identity(cell, "id-job"));
    w.edge(&id, "USES_SUBNET", &subnet);
    w.edge(&id, "LOGS_TO", &workspace);
    for pool in ["system", "work"] {
        let pool = format!("{id}/agentPools/{pool}");
        cell.child(
            w,
            &id,
            "Microsoft.ContainerService/managedClusters/agentPools",
            &pool,
            format_args!(
                r#""properties":{{"count":3,"vmSize":"Standard_D4ds_v5","osDiskSizeGB":128,"vnetSubnetID":"{subnet}","maxPods":50,"type":"VirtualMachineScaleSets","provisioningState":"Succeeded","orchestratorVersion":"1.29.4","mode":"User","osType":"Linux"}}"#
            ),
        );
        w.edge(&pool, "RUNS_ON", &id);
        w.edge(&pool, "USES_SUBNET", &subnet);
    }
}

fn container_app(cell: &Cell, w: &mut Writer) {
    let environments = "Microsoft.App/managedEnvironments";
    let environment = cell.id(environments, "cae");
    cell.resource(
        w,
        environments,
        &environment,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","defaultDomain":"calm-1f2e3d4c.{}.azurecontainerapps.io","zoneRedundant":false}}"#,
            cell.location
        ),
    );
    let kind = "Microsoft.App/containerApps";
    let id = cell.id(kind, "ca-quotes");
    let assigned = identity::assigned(cell, "id-app");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#"{assigned},"properties":{{"provisioningState":"Succeeded","managedEnvironmentId":"{environment}","environmentId":"{environment}","configuration":{{"activeRevisionsMode":"Single","ingress":{{"external":true,"targetPort":8080,"transport":"Auto","allowInsecure":false}}}},"template":{{"containers":[{{"image":"registry.example/quotes:2.8.0","name":"quotes","resources":{{"cpu":0.5,"memory":"1Gi"}}}}],"scale":{{"minReplicas":1,"maxReplicas":5}}}}}}"#
        ),
    );
    // A registry of somebody else is named all the same.
    w.edge(&id, "PULLS_FROM", "registry.example");
    w.edge(&id, "RUNS_ON", &environment);
    w.edge(&id, "USES_IDENTITY", &identity::identity(cell, "id-app"));
}
