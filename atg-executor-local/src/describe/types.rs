//! Resource types: the spelling that the graph uses, and the label beside `Resource`.
//!
//! Azure spells one type in several ways: `Microsoft.Web/serverfarms` and `Microsoft.Web/serverFarms` come from the same
//! provider, and Resource Graph lower-cases all. A type in the table gets the table's spelling, so that it is one type in
//! the graph; any other stays as it was sent.

use std::{collections::HashMap, sync::LazyLock};

/// The spelling of a resource type in the graph.
#[must_use]
pub fn canonical(resource_type: &str) -> &str {
    find(resource_type).map_or(resource_type, |(name, _)| name)
}

/// Whether the table has it: a label of its own, and a spelling that does not depend on who wrote it.
#[must_use]
pub fn is_known(resource_type: &str) -> bool {
    find(resource_type).is_some()
}

/// The label of a resource type in the table.
pub(super) fn label(resource_type: &str) -> Option<&'static str> {
    find(resource_type).map(|(_, label)| label)
}

/// Every type of the table with its label.
#[cfg(test)]
pub(crate) fn labels_by_type() -> impl Iterator<Item = (&'static str, &'static str)> {
    TYPES.iter().copied()
}

fn find(resource_type: &str) -> Option<(&'static str, &'static str)> {
    static BY_NAME: LazyLock<HashMap<String, (&'static str, &'static str)>> = LazyLock::new(|| {
        TYPES
            .iter()
            .map(|(name, label)| (name.to_lowercase(), (*name, *label)))
            .collect()
    });
    BY_NAME.get(&resource_type.to_lowercase()).copied()
}

/// Ordered by name. The label is the singular of what people call the thing, without its provider where that is clear.
#[rustfmt::skip]
const TYPES: &[(&str, &str)] = &[
    ("Microsoft.AAD/domainServices", "DomainService"),
    ("Microsoft.Advisor/recommendations", "AdvisorRecommendation"),
    ("Microsoft.ApiManagement/service", "ApiManagementService"),
    ("Microsoft.ApiManagement/service/apis", "ApiManagementApi"),
    ("Microsoft.App/containerApps", "ContainerApp"),
    ("Microsoft.App/jobs", "ContainerAppJob"),
    ("Microsoft.App/managedEnvironments", "ContainerAppEnvironment"),
    ("Microsoft.AppConfiguration/configurationStores", "AppConfigurationStore"),
    ("Microsoft.AppPlatform/Spring", "SpringApp"),
    ("Microsoft.Authorization/denyAssignments", "DenyAssignment"),
    ("Microsoft.Authorization/locks", "Lock"),
    ("Microsoft.Authorization/policyAssignments", "PolicyAssignment"),
    ("Microsoft.Authorization/policyDefinitions", "PolicyDefinition"),
    ("Microsoft.Authorization/policyExemptions", "PolicyExemption"),
    ("Microsoft.Authorization/policySetDefinitions", "PolicySetDefinition"),
    ("Microsoft.Authorization/roleAssignments", "RoleAssignment"),
    ("Microsoft.Authorization/roleDefinitions", "RoleDefinition"),
    ("Microsoft.Automation/automationAccounts", "AutomationAccount"),
    ("Microsoft.Automation/automationAccounts/runbooks", "Runbook"),
    ("Microsoft.Automation/automationAccounts/variables", "AutomationVariable"),
    ("Microsoft.Batch/batchAccounts", "BatchAccount"),
    ("Microsoft.BotService/botServices", "BotService"),
    ("Microsoft.Cache/redis", "RedisCache"),
    ("Microsoft.Cache/redisEnterprise", "RedisEnterprise"),
    ("Microsoft.Cdn/profiles", "CdnProfile"),
    ("Microsoft.Cdn/profiles/afdEndpoints", "FrontDoorEndpoint"),
    ("Microsoft.Cdn/profiles/customDomains", "FrontDoorCustomDomain"),
    ("Microsoft.Cdn/profiles/endpoints", "CdnEndpoint"),
    ("Microsoft.CognitiveServices/accounts", "CognitiveServicesAccount"),
    ("Microsoft.CognitiveServices/accounts/deployments", "CognitiveServicesDeployment"),
    ("Microsoft.CognitiveServices/accounts/projects", "CognitiveServicesProject"),
    ("Microsoft.Communication/communicationServices", "CommunicationService"),
    ("Microsoft.Compute/availabilitySets", "AvailabilitySet"),
    ("Microsoft.Compute/diskEncryptionSets", "DiskEncryptionSet"),
    ("Microsoft.Compute/disks", "Disk"),
    ("Microsoft.Compute/galleries", "ImageGallery"),
    ("Microsoft.Compute/galleries/images", "GalleryImage"),
    ("Microsoft.Compute/galleries/images/versions", "GalleryImageVersion"),
    ("Microsoft.Compute/hostGroups", "DedicatedHostGroup"),
    ("Microsoft.Compute/hostGroups/hosts", "DedicatedHost"),
    ("Microsoft.Compute/images", "Image"),
    ("Microsoft.Compute/proximityPlacementGroups", "ProximityPlacementGroup"),
    ("Microsoft.Compute/restorePointCollections", "RestorePointCollection"),
    ("Microsoft.Compute/snapshots", "Snapshot"),
    ("Microsoft.Compute/sshPublicKeys", "SshPublicKey"),
    ("Microsoft.Compute/virtualMachines", "VirtualMachine"),
    ("Microsoft.Compute/virtualMachines/extensions", "VirtualMachineExtension"),
    ("Microsoft.Compute/virtualMachines/runCommands", "VirtualMachineRunCommand"),
    ("Microsoft.Compute/virtualMachineScaleSets", "VirtualMachineScaleSet"),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines", "VirtualMachineScaleSetVM"),
    ("Microsoft.ContainerInstance/containerGroups", "ContainerGroup"),
    ("Microsoft.ContainerRegistry/registries", "ContainerRegistry"),
    ("Microsoft.ContainerService/containerServices", "ContainerService"),
    ("Microsoft.ContainerService/managedClusters", "ManagedCluster"),
    ("Microsoft.ContainerService/managedClusters/agentPools", "AgentPool"),
    ("Microsoft.Dashboard/grafana", "ManagedGrafana"),
    ("Microsoft.Databricks/workspaces", "DatabricksWorkspace"),
    ("Microsoft.DataFactory/factories", "DataFactory"),
    ("Microsoft.DataFactory/factories/linkedServices", "DataFactoryLinkedService"),
    ("Microsoft.DataFactory/factories/pipelines", "DataFactoryPipeline"),
    ("Microsoft.DataLakeAnalytics/accounts", "DataLakeAnalyticsAccount"),
    ("Microsoft.DataLakeStore/accounts", "DataLakeStoreAccount"),
    ("Microsoft.DataProtection/backupVaults", "BackupVault"),
    ("Microsoft.DataProtection/backupVaults/backupInstances", "BackupInstance"),
    ("Microsoft.DBforMariaDB/servers", "MariaDBServer"),
    ("Microsoft.DBforMySQL/flexibleServers", "MySQLFlexibleServer"),
    ("Microsoft.DBforMySQL/flexibleServers/configurations", "MySQLFlexibleServerConfiguration"),
    ("Microsoft.DBforMySQL/servers", "MySQLServer"),
    ("Microsoft.DBforMySQL/servers/configurations", "MySQLServerConfiguration"),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "PostgreSQLFlexibleServer"),
    ("Microsoft.DBforPostgreSQL/servers", "PostgreSQLServer"),
    ("Microsoft.DBforPostgreSQL/servers/configurations", "PostgreSQLServerConfiguration"),
    ("Microsoft.DBforPostgreSQL/servers/databases", "PostgreSQLDatabase"),
    ("Microsoft.DBforPostgreSQL/servers/firewallRules", "PostgreSQLFirewallRule"),
    ("Microsoft.DesktopVirtualization/applicationGroups", "ApplicationGroup"),
    ("Microsoft.DesktopVirtualization/hostPools", "HostPool"),
    ("Microsoft.DesktopVirtualization/hostPools/sessionHosts", "SessionHost"),
    ("Microsoft.DesktopVirtualization/workspaces", "DesktopVirtualizationWorkspace"),
    ("Microsoft.Devices/IotHubs", "IotHub"),
    ("Microsoft.Devices/provisioningServices", "DeviceProvisioningService"),
    ("Microsoft.DevTestLab/labs", "DevTestLab"),
    ("Microsoft.DevTestLab/schedules", "DevTestLabSchedule"),
    ("Microsoft.DocumentDB/databaseAccounts", "CosmosDBAccount"),
    ("Microsoft.DocumentDB/databaseAccounts/sqlDatabases", "CosmosDBSqlDatabase"),
    ("Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers", "CosmosDBSqlContainer"),
    ("Microsoft.EventGrid/domains", "EventGridDomain"),
    ("Microsoft.EventGrid/eventSubscriptions", "EventGridSubscription"),
    ("Microsoft.EventGrid/systemTopics", "EventGridSystemTopic"),
    ("Microsoft.EventGrid/topics", "EventGridTopic"),
    ("Microsoft.EventHub/namespaces", "EventHubNamespace"),
    ("Microsoft.EventHub/namespaces/authorizationRules", "EventHubNamespaceAuthorizationRule"),
    ("Microsoft.EventHub/namespaces/eventhubs", "EventHub"),
    ("Microsoft.EventHub/namespaces/eventhubs/consumergroups", "EventHubConsumerGroup"),
    ("Microsoft.EventHub/namespaces/networkRuleSets", "EventHubNetworkRuleSet"),
    ("Microsoft.HDInsight/clusters", "HDInsightCluster"),
    ("Microsoft.HealthcareApis/workspaces", "HealthcareWorkspace"),
    ("Microsoft.HybridCompute/machines", "ArcMachine"),
    ("Microsoft.Insights/actionGroups", "ActionGroup"),
    ("Microsoft.Insights/activityLogAlerts", "ActivityLogAlert"),
    ("Microsoft.Insights/alertrules", "AlertRule"),
    ("Microsoft.Insights/autoscaleSettings", "AutoscaleSetting"),
    ("Microsoft.Insights/components", "ApplicationInsights"),
    ("Microsoft.Insights/dataCollectionEndpoints", "DataCollectionEndpoint"),
    ("Microsoft.Insights/dataCollectionRuleAssociations", "DataCollectionRuleAssociation"),
    ("Microsoft.Insights/dataCollectionRules", "DataCollectionRule"),
    ("Microsoft.Insights/diagnosticSettings", "DiagnosticSetting"),
    ("Microsoft.Insights/metricAlerts", "MetricAlert"),
    ("Microsoft.Insights/scheduledQueryRules", "ScheduledQueryRule"),
    ("Microsoft.Insights/webtests", "WebTest"),
    ("Microsoft.Insights/workbooks", "Workbook"),
    ("Microsoft.KeyVault/managedHSMs", "ManagedHsm"),
    ("Microsoft.KeyVault/vaults", "KeyVault"),
    ("Microsoft.KeyVault/vaults/accessPolicies", "KeyVaultAccessPolicy"),
    ("Microsoft.KeyVault/vaults/keys", "KeyVaultKey"),
    ("Microsoft.KeyVault/vaults/secrets", "KeyVaultSecret"),
    ("Microsoft.Kusto/clusters", "KustoCluster"),
    ("Microsoft.Kusto/clusters/databases", "KustoDatabase"),
    ("Microsoft.LoadTestService/loadTests", "LoadTest"),
    ("Microsoft.Logic/integrationAccounts", "IntegrationAccount"),
    ("Microsoft.Logic/workflows", "LogicApp"),
    ("Microsoft.MachineLearningServices/workspaces", "MachineLearningWorkspace"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "MachineLearningCompute"),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints", "MachineLearningOnlineEndpoint"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "UserAssignedIdentity"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "FederatedIdentityCredential"),
    ("Microsoft.Maps/accounts", "MapsAccount"),
    ("Microsoft.Migrate/migrateProjects", "MigrateProject"),
    ("Microsoft.NetApp/netAppAccounts", "NetAppAccount"),
    ("Microsoft.NetApp/netAppAccounts/capacityPools", "NetAppCapacityPool"),
    ("Microsoft.NetApp/netAppAccounts/capacityPools/volumes", "NetAppVolume"),
    ("Microsoft.Network/applicationGateways", "ApplicationGateway"),
    ("Microsoft.Network/applicationGateways/backendAddressPools", "ApplicationGatewayBackendPool"),
    ("Microsoft.Network/applicationGateways/backendHttpSettingsCollection", "ApplicationGatewayBackendSettings"),
    ("Microsoft.Network/applicationGateways/frontendIPConfigurations", "ApplicationGatewayFrontend"),
    ("Microsoft.Network/applicationGateways/frontendPorts", "ApplicationGatewayPort"),
    ("Microsoft.Network/applicationGateways/httpListeners", "ApplicationGatewayListener"),
    ("Microsoft.Network/applicationGateways/probes", "ApplicationGatewayProbe"),
    ("Microsoft.Network/applicationGateways/requestRoutingRules", "ApplicationGatewayRule"),
    ("Microsoft.Network/applicationGateways/sslCertificates", "ApplicationGatewayCertificate"),
    ("Microsoft.Network/applicationGateways/urlPathMaps", "ApplicationGatewayPathMap"),
    ("Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "WebApplicationFirewallPolicy"),
    ("Microsoft.Network/applicationSecurityGroups", "ApplicationSecurityGroup"),
    ("Microsoft.Network/azureFirewalls", "AzureFirewall"),
    ("Microsoft.Network/bastionHosts", "BastionHost"),
    ("Microsoft.Network/connections", "VpnConnection"),
    ("Microsoft.Network/ddosProtectionPlans", "DdosProtectionPlan"),
    ("Microsoft.Network/dnsResolvers", "DnsResolver"),
    ("Microsoft.Network/dnszones", "DnsZone"),
    ("Microsoft.Network/dnszones/A", "DnsARecord"),
    ("Microsoft.Network/dnszones/AAAA", "DnsAaaaRecord"),
    ("Microsoft.Network/dnszones/CNAME", "DnsCnameRecord"),
    ("Microsoft.Network/dnszones/MX", "DnsMxRecord"),
    ("Microsoft.Network/dnszones/NS", "DnsNsRecord"),
    ("Microsoft.Network/dnszones/SOA", "DnsSoaRecord"),
    ("Microsoft.Network/dnszones/TXT", "DnsTxtRecord"),
    ("Microsoft.Network/expressRouteCircuits", "ExpressRouteCircuit"),
    ("Microsoft.Network/expressRouteCircuits/peerings", "ExpressRoutePeering"),
    ("Microsoft.Network/firewallPolicies", "FirewallPolicy"),
    ("Microsoft.Network/firewallPolicies/ruleCollectionGroups", "FirewallRuleCollectionGroup"),
    ("Microsoft.Network/frontDoors", "FrontDoor"),
    ("Microsoft.Network/frontDoors/backendPools", "FrontDoorBackendPool"),
    ("Microsoft.Network/frontDoors/frontendEndpoints", "FrontDoorFrontendEndpoint"),
    ("Microsoft.Network/frontDoors/healthProbeSettings", "FrontDoorHealthProbe"),
    ("Microsoft.Network/frontDoors/loadBalancingSettings", "FrontDoorLoadBalancing"),
    ("Microsoft.Network/frontDoors/routingRules", "FrontDoorRoutingRule"),
    ("Microsoft.Network/frontDoorWebApplicationFirewallPolicies", "FrontDoorFirewallPolicy"),
    ("Microsoft.Network/ipGroups", "IpGroup"),
    ("Microsoft.Network/loadBalancers", "LoadBalancer"),
    ("Microsoft.Network/loadBalancers/backendAddressPools", "LoadBalancerBackendPool"),
    ("Microsoft.Network/loadBalancers/frontendIPConfigurations", "LoadBalancerFrontend"),
    ("Microsoft.Network/loadBalancers/inboundNatRules", "LoadBalancerNatRule"),
    ("Microsoft.Network/loadBalancers/loadBalancingRules", "LoadBalancingRule"),
    ("Microsoft.Network/loadBalancers/probes", "LoadBalancerProbe"),
    ("Microsoft.Network/localNetworkGateways", "LocalNetworkGateway"),
    ("Microsoft.Network/natGateways", "NatGateway"),
    ("Microsoft.Network/networkInterfaces", "NetworkInterface"),
    ("Microsoft.Network/networkInterfaces/ipConfigurations", "IpConfiguration"),
    ("Microsoft.Network/networkSecurityGroups", "NetworkSecurityGroup"),
    ("Microsoft.Network/networkSecurityGroups/securityRules", "SecurityRule"),
    ("Microsoft.Network/networkWatchers", "NetworkWatcher"),
    ("Microsoft.Network/networkWatchers/flowLogs", "FlowLog"),
    ("Microsoft.Network/privateDnsZones", "PrivateDnsZone"),
    ("Microsoft.Network/privateDnsZones/A", "PrivateDnsARecord"),
    ("Microsoft.Network/privateDnsZones/virtualNetworkLinks", "PrivateDnsLink"),
    ("Microsoft.Network/privateEndpoints", "PrivateEndpoint"),
    ("Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "PrivateDnsZoneGroup"),
    ("Microsoft.Network/privateLinkServices", "PrivateLinkService"),
    ("Microsoft.Network/publicIPAddresses", "PublicIPAddress"),
    ("Microsoft.Network/publicIPPrefixes", "PublicIPPrefix"),
    ("Microsoft.Network/routeTables", "RouteTable"),
    ("Microsoft.Network/routeTables/routes", "Route"),
    ("Microsoft.Network/trafficManagerProfiles", "TrafficManagerProfile"),
    ("Microsoft.Network/virtualHubs", "VirtualHub"),
    ("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections", "VirtualHubConnection"),
    ("Microsoft.Network/virtualNetworkGateways", "VirtualNetworkGateway"),
    ("Microsoft.Network/virtualNetworks", "VirtualNetwork"),
    ("Microsoft.Network/virtualNetworks/subnets", "Subnet"),
    ("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "VirtualNetworkPeering"),
    ("Microsoft.Network/virtualWans", "VirtualWan"),
    ("Microsoft.Network/vpnGateways", "VpnGateway"),
    ("Microsoft.NotificationHubs/namespaces", "NotificationHubNamespace"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "NotificationHub"),
    ("Microsoft.OperationalInsights/workspaces", "LogAnalyticsWorkspace"),
    ("Microsoft.OperationsManagement/solutions", "LogAnalyticsSolution"),
    ("Microsoft.PolicyInsights/remediations", "PolicyRemediation"),
    ("Microsoft.Portal/dashboards", "PortalDashboard"),
    ("Microsoft.PowerBIDedicated/capacities", "PowerBICapacity"),
    ("Microsoft.Purview/accounts", "PurviewAccount"),
    ("Microsoft.RecoveryServices/vaults", "RecoveryServicesVault"),
    ("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems", "ProtectedItem"),
    ("Microsoft.RecoveryServices/vaults/backupPolicies", "BackupPolicy"),
    ("Microsoft.RedHatOpenShift/openShiftClusters", "OpenShiftCluster"),
    ("Microsoft.Relay/namespaces", "RelayNamespace"),
    ("Microsoft.Resources/deployments", "Deployment"),
    ("Microsoft.Resources/deploymentScripts", "DeploymentScript"),
    ("Microsoft.Resources/tags", "TagSet"),
    ("Microsoft.Resources/templateSpecs", "TemplateSpec"),
    ("Microsoft.Search/searchServices", "SearchService"),
    ("Microsoft.Security/assessments", "SecurityAssessment"),
    ("Microsoft.Security/autoProvisioningSettings", "SecurityAutoProvisioning"),
    ("Microsoft.Security/locations/jitNetworkAccessPolicies", "JitNetworkAccessPolicy"),
    ("Microsoft.Security/pricings", "DefenderPlan"),
    ("Microsoft.Security/securityContacts", "SecurityContact"),
    ("Microsoft.Security/settings", "SecuritySetting"),
    ("Microsoft.ServiceBus/namespaces", "ServiceBusNamespace"),
    ("Microsoft.ServiceBus/namespaces/authorizationRules", "ServiceBusNamespaceAuthorizationRule"),
    ("Microsoft.ServiceBus/namespaces/networkRuleSets", "ServiceBusNetworkRuleSet"),
    ("Microsoft.ServiceBus/namespaces/queues", "ServiceBusQueue"),
    ("Microsoft.ServiceBus/namespaces/topics", "ServiceBusTopic"),
    ("Microsoft.ServiceBus/namespaces/topics/subscriptions", "ServiceBusSubscription"),
    ("Microsoft.ServiceFabric/clusters", "ServiceFabricCluster"),
    ("Microsoft.ServiceFabric/managedClusters", "ServiceFabricManagedCluster"),
    ("Microsoft.SignalRService/SignalR", "SignalR"),
    ("Microsoft.SignalRService/webPubSub", "WebPubSub"),
    ("Microsoft.Sql/managedInstances", "SqlManagedInstance"),
    ("Microsoft.Sql/managedInstances/databases", "SqlManagedDatabase"),
    ("Microsoft.Sql/servers", "SqlServer"),
    ("Microsoft.Sql/servers/auditingSettings", "SqlServerAuditing"),
    ("Microsoft.Sql/servers/databases", "SqlDatabase"),
    ("Microsoft.Sql/servers/databases/transparentDataEncryption", "SqlDatabaseEncryption"),
    ("Microsoft.Sql/servers/elasticPools", "SqlElasticPool"),
    ("Microsoft.Sql/servers/encryptionProtector", "SqlEncryptionProtector"),
    ("Microsoft.Sql/servers/failoverGroups", "SqlFailoverGroup"),
    ("Microsoft.Sql/servers/firewallRules", "SqlFirewallRule"),
    ("Microsoft.Sql/servers/virtualNetworkRules", "SqlVirtualNetworkRule"),
    ("Microsoft.SqlVirtualMachine/sqlVirtualMachines", "SqlVirtualMachine"),
    ("Microsoft.Storage/storageAccounts", "StorageAccount"),
    ("Microsoft.Storage/storageAccounts/blobServices", "BlobService"),
    ("Microsoft.Storage/storageAccounts/blobServices/containers", "BlobContainer"),
    ("Microsoft.Storage/storageAccounts/fileServices", "FileService"),
    ("Microsoft.Storage/storageAccounts/fileServices/shares", "FileShare"),
    ("Microsoft.Storage/storageAccounts/managementPolicies", "StorageManagementPolicy"),
    ("Microsoft.Storage/storageAccounts/queueServices", "QueueService"),
    ("Microsoft.Storage/storageAccounts/queueServices/queues", "StorageQueue"),
    ("Microsoft.Storage/storageAccounts/tableServices", "TableService"),
    ("Microsoft.Storage/storageAccounts/tableServices/tables", "StorageTable"),
    ("Microsoft.StreamAnalytics/streamingjobs", "StreamAnalyticsJob"),
    ("Microsoft.Synapse/workspaces", "SynapseWorkspace"),
    ("Microsoft.Synapse/workspaces/bigDataPools", "SynapseSparkPool"),
    ("Microsoft.Synapse/workspaces/sqlPools", "SynapseSqlPool"),
    ("Microsoft.VirtualMachineImages/imageTemplates", "ImageTemplate"),
    ("Microsoft.Web/certificates", "WebCertificate"),
    ("Microsoft.Web/connections", "ApiConnection"),
    ("Microsoft.Web/hostingEnvironments", "AppServiceEnvironment"),
    ("Microsoft.Web/serverFarms", "AppServicePlan"),
    ("Microsoft.Web/sites", "WebSite"),
    ("Microsoft.Web/sites/config", "WebSiteConfig"),
    ("Microsoft.Web/sites/functions", "WebSiteFunction"),
    ("Microsoft.Web/sites/slots", "WebSiteSlot"),
    ("Microsoft.Web/staticSites", "StaticSite"),
];

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_type_has_one_spelling() {
        for sent in [
            "Microsoft.Web/serverfarms",
            "Microsoft.Web/serverFarms",
            "microsoft.web/serverfarms",
        ] {
            assert_eq!(canonical(sent), "Microsoft.Web/serverFarms");
        }
        assert_eq!(canonical("contoso.Things/Widgets"), "contoso.Things/Widgets");
    }

    #[test]
    fn the_table_is_ordered_and_says_nothing_twice() {
        let names: Vec<_> = TYPES.iter().map(|(name, _)| name.to_lowercase()).collect();
        assert!(names.is_sorted());
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        assert_eq!(
            TYPES.iter().map(|(_, label)| label).collect::<HashSet<_>>().len(),
            TYPES.len()
        );
    }
}
