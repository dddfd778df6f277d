//! Diagnostic settings: where a resource's logs and metrics go. Nobody lists those of several resources at once, so every
//! resource of a type that can have them is asked.

use crate::{
    collector::{CallDeclaration, Collector, Declaration, Found, Part},
    ground::Ground,
    listing::Listing,
};

const API_VERSION: &str = "2021-05-01-preview";
const PATH: &str = "/providers/Microsoft.Insights/diagnosticSettings";
const ACTION: &str = "Microsoft.Insights/diagnosticSettings/read";

/// Reads diagnostic settings.
#[derive(Debug)]
pub(super) struct Diagnostics(Declaration);

impl Diagnostics {
    /// The one there is.
    pub(super) fn new() -> Self {
        Self(Declaration {
            name: "diagnostic-settings".into(),
            about: "where the logs of a subscription and of each resource that keeps logs go".into(),
            part: Part::Inventory,
            calls: vec![
                CallDeclaration::new(
                    format!("GET /subscriptions/{{subscription}}{PATH}"),
                    API_VERSION,
                    ACTION,
                ),
                CallDeclaration::new(format!("GET {{resource}}{PATH}"), API_VERSION, ACTION),
            ],
            reads: vec!["microsoft.insights/diagnosticsettings".into()],
            lists_all: vec!["microsoft.insights/diagnosticsettings".into()],
            optional: false,
            follows: TYPES.iter().map(|own| own.to_lowercase().into()).collect(),
        })
    }
}

fn at(scope: &str) -> Listing {
    Listing::list(format!("{scope}{PATH}?api-version={API_VERSION}"))
}

impl Collector for Diagnostics {
    fn declaration(&self) -> &Declaration {
        &self.0
    }

    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        let listing = |own: &crate::ground::Subscription| at(&own.scope());
        ground.subscriptions.iter().map(listing).collect()
    }

    fn follow(&self, _ground: &Ground, found: &Found<'_>) -> Vec<Listing> {
        let id = found.id.trim_end_matches('/');
        let listing = at(id);
        match crate::children::version_of(found.resource_type) {
            Some(version) => vec![listing.of(format!("{id}?api-version={version}"))],
            None => vec![listing],
        }
    }
}

/// Types whose logs or metrics can be sent somewhere:
/// <https://learn.microsoft.com/azure/azure-monitor/reference/logs-index> and
/// <https://learn.microsoft.com/azure/azure-monitor/reference/metrics-index>.
#[rustfmt::skip]
const TYPES: &[&str] = &[
    "Microsoft.AAD/domainServices",
    "Microsoft.AnalysisServices/servers",
    "Microsoft.ApiManagement/service",
    "Microsoft.App/managedEnvironments",
    "Microsoft.AppConfiguration/configurationStores",
    "Microsoft.AppPlatform/Spring",
    "Microsoft.Automation/automationAccounts",
    "Microsoft.AVS/privateClouds",
    "Microsoft.Batch/batchAccounts",
    "Microsoft.BotService/botServices",
    "Microsoft.Cache/redis",
    "Microsoft.Cache/redisEnterprise/databases",
    "Microsoft.Cdn/cdnWebApplicationFirewallPolicies",
    "Microsoft.Cdn/profiles",
    "Microsoft.Cdn/profiles/endpoints",
    "Microsoft.Chaos/experiments",
    "Microsoft.CodeSigning/codeSigningAccounts",
    "Microsoft.CognitiveServices/accounts",
    "Microsoft.Communication/communicationServices",
    "Microsoft.ContainerInstance/containerGroups",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.ContainerService/fleets",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Dashboard/grafana",
    "Microsoft.Databricks/workspaces",
    "Microsoft.DataFactory/factories",
    "Microsoft.DataLakeAnalytics/accounts",
    "Microsoft.DataLakeStore/accounts",
    "Microsoft.DataProtection/backupVaults",
    "Microsoft.DataShare/accounts",
    "Microsoft.DBforMariaDB/servers",
    "Microsoft.DBforMySQL/flexibleServers",
    "Microsoft.DBforMySQL/servers",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.DBforPostgreSQL/servers",
    "Microsoft.DesktopVirtualization/applicationGroups",
    "Microsoft.DesktopVirtualization/hostPools",
    "Microsoft.DesktopVirtualization/scalingPlans",
    "Microsoft.DesktopVirtualization/workspaces",
    "Microsoft.DevCenter/devcenters",
    "Microsoft.Devices/IotHubs",
    "Microsoft.Devices/provisioningServices",
    "Microsoft.DigitalTwins/digitalTwinsInstances",
    "Microsoft.DocumentDB/cassandraClusters",
    "Microsoft.DocumentDB/databaseAccounts",
    "Microsoft.DocumentDB/mongoClusters",
    "Microsoft.EventGrid/domains",
    "Microsoft.EventGrid/namespaces",
    "Microsoft.EventGrid/partnerNamespaces",
    "Microsoft.EventGrid/partnerTopics",
    "Microsoft.EventGrid/systemTopics",
    "Microsoft.EventGrid/topics",
    "Microsoft.EventHub/namespaces",
    "Microsoft.HealthcareApis/services",
    "Microsoft.HealthcareApis/workspaces/dicomservices",
    "Microsoft.HealthcareApis/workspaces/fhirservices",
    "Microsoft.HealthcareApis/workspaces/iotconnectors",
    "Microsoft.Insights/autoscaleSettings",
    "Microsoft.Insights/components",
    "Microsoft.Insights/dataCollectionRules",
    "Microsoft.KeyVault/managedHSMs",
    "Microsoft.KeyVault/vaults",
    "Microsoft.Kusto/clusters",
    "Microsoft.LoadTestService/loadTests",
    "Microsoft.Logic/integrationAccounts",
    "Microsoft.Logic/workflows",
    "Microsoft.MachineLearningServices/registries",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
    "Microsoft.Monitor/accounts",
    "Microsoft.NetApp/netAppAccounts/capacityPools",
    "Microsoft.NetApp/netAppAccounts/capacityPools/volumes",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/azureFirewalls",
    "Microsoft.Network/bastionHosts",
    "Microsoft.Network/dnsResolverPolicies",
    "Microsoft.Network/dnszones",
    "Microsoft.Network/expressRouteCircuits",
    "Microsoft.Network/expressRouteGateways",
    "Microsoft.Network/frontdoors",
    "Microsoft.Network/loadBalancers",
    "Microsoft.Network/natGateways",
    "Microsoft.Network/networkManagers",
    "Microsoft.Network/networkSecurityGroups",
    "Microsoft.Network/networkSecurityPerimeters",
    "Microsoft.Network/p2sVpnGateways",
    "Microsoft.Network/privateEndpoints",
    "Microsoft.Network/privateLinkServices",
    "Microsoft.Network/publicIPAddresses",
    "Microsoft.Network/publicIPPrefixes",
    "Microsoft.Network/trafficManagerProfiles",
    "Microsoft.Network/virtualHubs",
    "Microsoft.Network/virtualNetworkGateways",
    "Microsoft.Network/virtualNetworks",
    "Microsoft.Network/vpnGateways",
    "Microsoft.NetworkCloud/clusters",
    "Microsoft.NotificationHubs/namespaces",
    "Microsoft.NotificationHubs/namespaces/notificationHubs",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.PowerBIDedicated/capacities",
    "Microsoft.Purview/accounts",
    "Microsoft.RecoveryServices/vaults",
    "Microsoft.RedHatOpenShift/openShiftClusters",
    "Microsoft.Relay/namespaces",
    "Microsoft.Search/searchServices",
    "Microsoft.ServiceBus/namespaces",
    "Microsoft.ServiceNetworking/trafficControllers",
    "Microsoft.SignalRService/signalR",
    "Microsoft.SignalRService/webPubSub",
    "Microsoft.Sql/managedInstances",
    "Microsoft.Sql/managedInstances/databases",
    "Microsoft.Sql/servers/databases",
    "Microsoft.Sql/servers/elasticPools",
    "Microsoft.Storage/storageAccounts",
    "Microsoft.Storage/storageAccounts/blobServices",
    "Microsoft.Storage/storageAccounts/fileServices",
    "Microsoft.Storage/storageAccounts/queueServices",
    "Microsoft.Storage/storageAccounts/tableServices",
    "Microsoft.StorageCache/caches",
    "Microsoft.StorageMover/storageMovers",
    "Microsoft.StorageSync/storageSyncServices",
    "Microsoft.StreamAnalytics/streamingjobs",
    "Microsoft.Synapse/workspaces",
    "Microsoft.Synapse/workspaces/bigDataPools",
    "Microsoft.Synapse/workspaces/kustoPools",
    "Microsoft.Synapse/workspaces/sqlPools",
    "Microsoft.TimeSeriesInsights/environments",
    "Microsoft.VideoIndexer/accounts",
    "Microsoft.Web/hostingEnvironments",
    "Microsoft.Web/serverfarms",
    "Microsoft.Web/sites",
    "Microsoft.Web/sites/slots",
    "Microsoft.Web/staticSites",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_types_are_in_order_and_each_is_there_once() {
        let lower: Vec<String> = TYPES.iter().map(|own| own.to_lowercase()).collect();
        assert!(lower.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
