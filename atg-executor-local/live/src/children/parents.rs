//! Which api-version reads a resource that has children.

use super::CHILDREN;

/// The api-version with which a type, in any casing, can be read by its ID, if it is a parent in the table or a row of it.
#[must_use]
pub fn version_of(resource_type: &str) -> Option<&'static str> {
    let top = PARENTS
        .iter()
        .find_map(|(own, version)| own.eq_ignore_ascii_case(resource_type).then_some(*version));
    top.or_else(|| {
        let (parent, segment) = resource_type.rsplit_once('/')?;
        let is_it = |child: &&super::Child| {
            child.segment.eq_ignore_ascii_case(segment) && child.parent.eq_ignore_ascii_case(parent)
        };
        CHILDREN.iter().find(is_it).map(|child| child.api_version)
    })
}

/// Parents that are no children themselves.
#[rustfmt::skip]
pub(super) const PARENTS: &[(&str, &str)] = &[
    ("Microsoft.ApiManagement/service", "2024-05-01"),
    ("Microsoft.App/containerApps", "2025-01-01"),
    ("Microsoft.App/managedEnvironments", "2025-01-01"),
    ("Microsoft.AppConfiguration/configurationStores", "2024-06-01"),
    ("Microsoft.AppPlatform/Spring", "2023-12-01"),
    ("Microsoft.Automation/automationAccounts", "2024-10-23"),
    ("Microsoft.Batch/batchAccounts", "2025-06-01"),
    ("Microsoft.Cache/redis", "2024-11-01"),
    ("Microsoft.Cache/redisEnterprise", "2025-04-01"),
    ("Microsoft.Cdn/profiles", "2025-06-01"),
    ("Microsoft.CognitiveServices/accounts", "2025-06-01"),
    ("Microsoft.Compute/virtualMachineScaleSets", "2025-04-01"),
    ("Microsoft.ContainerRegistry/registries", "2025-04-01"),
    ("Microsoft.ContainerService/managedClusters", "2025-05-01"),
    ("Microsoft.Databricks/workspaces", "2024-05-01"),
    ("Microsoft.DataFactory/factories", "2018-06-01"),
    ("Microsoft.DataLakeAnalytics/accounts", "2016-11-01"),
    ("Microsoft.DataLakeStore/accounts", "2016-11-01"),
    ("Microsoft.DataShare/accounts", "2021-08-01"),
    ("Microsoft.DBforMariaDB/servers", "2018-06-01"),
    ("Microsoft.DBforMySQL/flexibleServers", "2024-12-30"),
    ("Microsoft.DBforMySQL/servers", "2017-12-01"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "2024-08-01"),
    ("Microsoft.DBforPostgreSQL/servers", "2017-12-01"),
    ("Microsoft.DesktopVirtualization/applicationGroups", "2024-04-03"),
    ("Microsoft.DevCenter/devcenters", "2025-02-01"),
    ("Microsoft.DevCenter/projects", "2025-02-01"),
    ("Microsoft.Devices/IotHubs", "2023-06-30"),
    ("Microsoft.Devices/provisioningServices", "2022-12-12"),
    ("Microsoft.DocumentDB/databaseAccounts", "2025-04-15"),
    ("Microsoft.EventGrid/domains", "2025-02-15"),
    ("Microsoft.EventGrid/namespaces", "2025-02-15"),
    ("Microsoft.EventGrid/partnerTopics", "2025-02-15"),
    ("Microsoft.EventGrid/systemTopics", "2025-02-15"),
    ("Microsoft.EventGrid/topics", "2025-02-15"),
    ("Microsoft.EventHub/namespaces", "2024-01-01"),
    ("Microsoft.HDInsight/clusters", "2021-06-01"),
    ("Microsoft.Insights/privateLinkScopes", "2021-09-01"),
    ("Microsoft.KeyVault/managedHSMs", "2025-05-01"),
    ("Microsoft.KeyVault/vaults", "2025-05-01"),
    ("Microsoft.Kusto/clusters", "2025-02-14"),
    ("Microsoft.Logic/integrationAccounts", "2019-05-01"),
    ("Microsoft.MachineLearningServices/workspaces", "2025-06-01"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "2024-11-30"),
    ("Microsoft.Network/dnsForwardingRulesets", "2025-05-01"),
    ("Microsoft.Network/dnsZones", "2018-05-01"),
    ("Microsoft.Network/networkWatchers", "2025-05-01"),
    ("Microsoft.Network/privateEndpoints", "2025-05-01"),
    ("Microsoft.Network/virtualHubs", "2025-05-01"),
    ("Microsoft.NotificationHubs/namespaces", "2023-09-01"),
    ("Microsoft.OperationalInsights/workspaces", "2025-02-01"),
    ("Microsoft.RecoveryServices/vaults", "2025-02-01"),
    ("Microsoft.Relay/namespaces", "2024-01-01"),
    ("Microsoft.Search/searchServices", "2025-05-01"),
    ("Microsoft.ServiceBus/namespaces", "2024-01-01"),
    ("Microsoft.SignalRService/signalR", "2024-03-01"),
    ("Microsoft.SignalRService/webPubSub", "2024-03-01"),
    ("Microsoft.Sql/managedInstances", "2025-01-01"),
    ("Microsoft.Sql/servers", "2025-01-01"),
    ("Microsoft.Storage/storageAccounts", "2025-06-01"),
    ("Microsoft.StorageSync/storageSyncServices", "2022-09-01"),
    ("Microsoft.StreamAnalytics/streamingjobs", "2020-03-01"),
    ("Microsoft.Synapse/workspaces", "2021-06-01"),
    ("Microsoft.Web/sites", "2025-03-01"),
    ("Microsoft.Web/staticSites", "2025-03-01"),
];
