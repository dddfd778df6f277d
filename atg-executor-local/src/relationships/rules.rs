//! The table of named relationships.
//!
//! A row: resource type, path within its body, relationship, which way the edge leads. Types and paths are patterns
//! (`[]` for each element, `*` for each member, `{}` for each member's name; `*` for all types, `*/name` for types that end
//! so). A `^` at the end of a path takes what the ID found there lies in: the network interface of an `ipConfigurations`
//! ID, the scope of a lock's own `id`. A `^` before a path makes the edge that of what the resource lies in: a peering's is
//! the network's. A path may lead into a child's body; the edge is then the parent's.
//!
//! Values are resource IDs, object IDs of Microsoft Entra (GUIDs), or `/` for the tenant.

use std::sync::LazyLock;

use crate::describe::pattern::{ByType, Pattern, Rules};

/// Which way an edge leads between the resource and what its property names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From the resource to what is named.
    To,
    /// From what is named to the resource.
    From,
    /// Like `To`, but the other end usually says so itself, and then it is that edge.
    ToAlso,
    /// Like `From`, but the other end usually says so itself, and then it is that edge.
    FromAlso,
}

use Way::{From, FromAlso, To, ToAlso};

/// A row, taken apart.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) path: Pattern,
    /// `^` behind the path.
    pub(super) of_parent: bool,
    /// `^` before the path.
    pub(super) from_parent: bool,
    pub(super) relationship: &'static str,
    pub(super) way: Way,
}

/// The rules of a resource type, or of a label of Microsoft Entra objects.
pub(super) fn of(resource_type: &str) -> Rules<Rule> {
    static BY_TYPE: LazyLock<ByType<Rule>> = LazyLock::new(|| {
        ByType::new(RULES.iter().map(|(types, path, relationship, way)| {
            let rule = Rule {
                path: Pattern::new(path.trim_matches('^')),
                of_parent: path.ends_with('^'),
                from_parent: path.starts_with('^'),
                relationship,
                way: *way,
            };
            (*types, rule)
        }))
    });
    BY_TYPE.of(resource_type)
}

/// Resource type, path, relationship, direction.
#[rustfmt::skip]
pub const RULES: &[(&str, &str, &str, Way)] = &[
    // Identity.
    ("*", "identity.principalId",                    "USES_IDENTITY", To),
    ("*", "identity.userAssignedIdentities.{}",      "USES_IDENTITY", To),
    ("Microsoft.ManagedIdentity/userAssignedIdentities", "properties.principalId", "USES_IDENTITY", To),
    ("ManagedIdentity",  "alternativeNames[]",       "USES_IDENTITY", FromAlso),
    ("ServicePrincipal", "alternativeNames[]",       "USES_IDENTITY", FromAlso),
    ("Microsoft.ContainerService/managedClusters", "properties.identityProfile.*.resourceId", "USES_IDENTITY", To),
    ("Microsoft.ContainerService/managedClusters", "properties.identityProfile.*.objectId", "USES_IDENTITY", To),
    ("Microsoft.ContainerService/managedClusters", "properties.addonProfiles.*.identity.resourceId", "USES_IDENTITY", To),
    ("Microsoft.ContainerService/managedClusters", "properties.addonProfiles.*.identity.objectId", "USES_IDENTITY", To),
    ("Microsoft.App/containerApps", "properties.configuration.registries[].identity", "USES_IDENTITY", To),
    ("Microsoft.Web/sites", "properties.keyVaultReferenceIdentity", "USES_IDENTITY", To),
    ("Microsoft.Storage/storageAccounts", "properties.encryption.identity.userAssignedIdentity", "USES_IDENTITY", To),
    ("Microsoft.Sql/servers", "properties.primaryUserAssignedIdentityId", "USES_IDENTITY", To),

    // Networks: who sits in which subnet.
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/virtualNetworks/subnets", "properties.ipConfigurations[].id^", "USES_SUBNET", FromAlso),
    ("Microsoft.Network/virtualNetworks/subnets", "properties.privateEndpoints[].id", "USES_SUBNET", FromAlso),
    ("Microsoft.Network/loadBalancers", "properties.frontendIPConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/applicationGateways", "properties.gatewayIPConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/applicationGateways", "properties.frontendIPConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/bastionHosts", "properties.ipConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/azureFirewalls", "properties.ipConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/virtualNetworkGateways", "properties.ipConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/privateEndpoints", "properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/privateLinkServices", "properties.ipConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/dnsResolvers/inboundEndpoints", "properties.ipConfigurations[].subnet.id", "USES_SUBNET", To),
    ("Microsoft.Network/dnsResolvers/outboundEndpoints", "properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].properties.ipConfigurations[].properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.ContainerService/managedClusters", "properties.agentPoolProfiles[].vnetSubnetID", "USES_SUBNET", To),
    ("Microsoft.ContainerService/managedClusters", "properties.agentPoolProfiles[].podSubnetID", "USES_SUBNET", To),
    ("Microsoft.ContainerService/managedClusters", "properties.apiServerAccessProfile.subnetId", "USES_SUBNET", To),
    ("Microsoft.ContainerService/managedClusters/agentPools", "properties.vnetSubnetID", "USES_SUBNET", To),
    ("Microsoft.ContainerService/managedClusters/agentPools", "properties.podSubnetID", "USES_SUBNET", To),
    ("Microsoft.RedHatOpenShift/openShiftClusters", "properties.masterProfile.subnetId", "USES_SUBNET", To),
    ("Microsoft.RedHatOpenShift/openShiftClusters", "properties.workerProfiles[].subnetId", "USES_SUBNET", To),
    ("Microsoft.ContainerInstance/containerGroups", "properties.subnetIds[].id", "USES_SUBNET", To),
    ("Microsoft.App/managedEnvironments", "properties.vnetConfiguration.infrastructureSubnetId", "USES_SUBNET", To),
    ("Microsoft.Web/sites", "properties.virtualNetworkSubnetId", "USES_SUBNET", To),
    ("Microsoft.Web/sites/slots", "properties.virtualNetworkSubnetId", "USES_SUBNET", To),
    ("Microsoft.Web/hostingEnvironments", "properties.virtualNetwork.id", "USES_SUBNET", To),
    ("Microsoft.ApiManagement/service", "properties.virtualNetworkConfiguration.subnetResourceId", "USES_SUBNET", To),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "properties.network.delegatedSubnetResourceId", "USES_SUBNET", To),
    ("Microsoft.DBforMySQL/flexibleServers", "properties.network.delegatedSubnetResourceId", "USES_SUBNET", To),
    ("Microsoft.Sql/managedInstances", "properties.subnetId", "USES_SUBNET", To),
    ("Microsoft.Cache/redis", "properties.subnetId", "USES_SUBNET", To),
    ("Microsoft.NetApp/netAppAccounts/capacityPools/volumes", "properties.subnetId", "USES_SUBNET", To),
    ("Microsoft.Batch/batchAccounts/pools", "properties.networkConfiguration.subnetId", "USES_SUBNET", To),
    ("Microsoft.HDInsight/clusters", "properties.computeProfile.roles[].virtualNetworkProfile.subnet", "USES_SUBNET", To),
    ("Microsoft.MachineLearningServices/workspaces/computes", "properties.properties.subnet.id", "USES_SUBNET", To),
    ("Microsoft.Kusto/clusters", "properties.virtualNetworkConfiguration.subnetId", "USES_SUBNET", To),
    ("Microsoft.AAD/domainServices", "properties.replicaSets[].subnetId", "USES_SUBNET", To),

    // Networks: what guards them.
    ("Microsoft.Network/networkInterfaces", "properties.networkSecurityGroup.id", "SECURED_BY", To),
    ("Microsoft.Network/virtualNetworks/subnets", "properties.networkSecurityGroup.id", "SECURED_BY", To),
    ("Microsoft.Network/networkSecurityGroups", "properties.networkInterfaces[].id", "SECURED_BY", FromAlso),
    ("Microsoft.Network/networkSecurityGroups", "properties.subnets[].id", "SECURED_BY", FromAlso),
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.applicationSecurityGroups[].id", "MEMBER_OF", To),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].properties.networkSecurityGroup.id", "SECURED_BY", To),
    ("Microsoft.Network/applicationGateways", "properties.firewallPolicy.id", "SECURED_BY", To),
    ("Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "properties.applicationGateways[].id", "SECURED_BY", FromAlso),
    ("Microsoft.Network/azureFirewalls", "properties.firewallPolicy.id", "SECURED_BY", To),
    ("Microsoft.Network/firewallPolicies", "properties.firewalls[].id", "SECURED_BY", FromAlso),
    ("Microsoft.Network/firewallPolicies", "properties.basePolicy.id", "DEPENDS_ON", To),
    ("Microsoft.Network/frontDoors/frontendEndpoints", "properties.webApplicationFirewallPolicyLink.id", "SECURED_BY", To),
    ("Microsoft.Network/frontDoorWebApplicationFirewallPolicies", "properties.frontendEndpointLinks[].id", "SECURED_BY", FromAlso),
    ("Microsoft.Cdn/profiles/securityPolicies", "properties.parameters.wafPolicy.id", "SECURED_BY", To),
    ("Microsoft.Network/virtualNetworks", "properties.ddosProtectionPlan.id", "SECURED_BY", To),
    ("Microsoft.Security/locations/jitNetworkAccessPolicies", "properties.virtualMachines[].id", "SECURED_BY", From),

    // Networks: ways between them.
    ("Microsoft.Network/virtualNetworks/subnets", "properties.routeTable.id", "ROUTES_VIA", To),
    ("Microsoft.Network/routeTables", "properties.subnets[].id", "ROUTES_VIA", FromAlso),
    ("Microsoft.Network/virtualNetworks/subnets", "properties.natGateway.id", "ROUTES_VIA", To),
    ("Microsoft.Network/natGateways", "properties.subnets[].id", "ROUTES_VIA", FromAlso),
    ("Microsoft.Network/virtualHubs", "properties.azureFirewall.id", "ROUTES_VIA", To),
    ("Microsoft.Network/virtualHubs", "properties.virtualWan.id", "CONNECTED_TO", To),
    ("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", "^properties.remoteVirtualNetwork.id", "CONNECTED_TO", To),
    ("Microsoft.Network/virtualHubs/hubVirtualNetworkConnections", "^properties.remoteVirtualNetwork.id", "CONNECTED_TO", To),
    ("Microsoft.Network/connections", "properties.virtualNetworkGateway1.id", "CONNECTED_TO", To),
    ("Microsoft.Network/connections", "properties.virtualNetworkGateway2.id", "CONNECTED_TO", To),
    ("Microsoft.Network/connections", "properties.localNetworkGateway2.id", "CONNECTED_TO", To),
    ("Microsoft.Network/connections", "properties.peer.id", "CONNECTED_TO", To),
    ("Microsoft.Network/privateDnsZones/virtualNetworkLinks", "properties.virtualNetwork.id", "CONNECTED_TO", To),
    ("Microsoft.Network/dnsResolvers", "properties.virtualNetwork.id", "CONNECTED_TO", To),
    ("Microsoft.Network/privateEndpoints", "properties.privateLinkServiceConnections[].properties.privateLinkServiceId", "CONNECTED_TO", To),
    ("Microsoft.Network/privateEndpoints", "properties.manualPrivateLinkServiceConnections[].properties.privateLinkServiceId", "CONNECTED_TO", To),
    ("Microsoft.Network/privateEndpoints", "properties.networkInterfaces[].id", "CONNECTED_TO", To),
    ("Microsoft.Network/networkInterfaces", "properties.privateEndpoint.id", "CONNECTED_TO", FromAlso),
    ("*", "properties.privateEndpointConnections[].properties.privateEndpoint.id", "CONNECTED_TO", FromAlso),
    ("Microsoft.Compute/virtualMachines", "properties.networkProfile.networkInterfaces[].id", "CONNECTED_TO", To),
    ("Microsoft.Network/networkInterfaces", "properties.virtualMachine.id", "CONNECTED_TO", FromAlso),
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.loadBalancerBackendAddressPools[].id^", "CONNECTED_TO", From),
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.loadBalancerInboundNatRules[].id^", "CONNECTED_TO", From),
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.applicationGatewayBackendAddressPools[].id^", "CONNECTED_TO", From),
    ("Microsoft.Network/loadBalancers", "properties.backendAddressPools[].properties.backendIPConfigurations[].id^", "CONNECTED_TO", ToAlso),
    ("Microsoft.Network/loadBalancers", "properties.inboundNatRules[].properties.backendIPConfiguration.id^", "CONNECTED_TO", ToAlso),
    ("Microsoft.Network/applicationGateways", "properties.backendAddressPools[].properties.backendIPConfigurations[].id^", "CONNECTED_TO", ToAlso),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[].properties.ipConfigurations[].properties.loadBalancerBackendAddressPools[].id^", "CONNECTED_TO", From),
    ("Microsoft.KeyVault/vaults", "properties.networkAcls.virtualNetworkRules[].id", "USES_SUBNET", To),
    ("Microsoft.Storage/storageAccounts", "properties.networkAcls.virtualNetworkRules[].id", "USES_SUBNET", To),
    ("Microsoft.DocumentDB/databaseAccounts", "properties.virtualNetworkRules[].id", "USES_SUBNET", To),
    ("Microsoft.CognitiveServices/accounts", "properties.networkAcls.virtualNetworkRules[].id", "USES_SUBNET", To),
    ("Microsoft.Sql/servers/virtualNetworkRules", "^properties.virtualNetworkSubnetId", "USES_SUBNET", To),

    // Addresses and names.
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.publicIPAddress.id", "ATTACHED_TO", From),
    ("Microsoft.Network/networkInterfaces", "properties.ipConfigurations[].properties.publicIPAddress.id", "EXPOSES", From),
    ("Microsoft.Network/loadBalancers", "properties.frontendIPConfigurations[].properties.publicIPAddress.id", "ATTACHED_TO", From),
    ("Microsoft.Network/loadBalancers", "properties.frontendIPConfigurations[].properties.publicIPAddress.id", "EXPOSES", From),
    ("Microsoft.Network/applicationGateways", "properties.frontendIPConfigurations[].properties.publicIPAddress.id", "ATTACHED_TO", From),
    ("Microsoft.Network/applicationGateways", "properties.frontendIPConfigurations[].properties.publicIPAddress.id", "EXPOSES", From),
    ("Microsoft.Network/bastionHosts", "properties.ipConfigurations[].properties.publicIPAddress.id", "ATTACHED_TO", From),
    ("Microsoft.Network/bastionHosts", "properties.ipConfigurations[].properties.publicIPAddress.id", "EXPOSES", From),
    ("Microsoft.Network/azureFirewalls", "properties.ipConfigurations[].properties.publicIPAddress.id", "ATTACHED_TO", From),
    ("Microsoft.Network/azureFirewalls", "properties.ipConfigurations[].properties.publicIPAddress.id", "EXPOSES", From),
    ("Microsoft.Network/virtualNetworkGateways", "properties.ipConfigurations[].properties.publicIPAddress.id", "ATTACHED_TO", From),
    ("Microsoft.Network/virtualNetworkGateways", "properties.ipConfigurations[].properties.publicIPAddress.id", "EXPOSES", From),
    ("Microsoft.Network/natGateways", "properties.publicIpAddresses[].id", "ATTACHED_TO", From),
    ("Microsoft.Network/natGateways", "properties.publicIpPrefixes[].id", "ATTACHED_TO", From),
    ("Microsoft.Network/publicIPAddresses", "properties.ipConfiguration.id^", "ATTACHED_TO", ToAlso),
    ("Microsoft.Network/publicIPAddresses", "properties.ipConfiguration.id^", "EXPOSES", ToAlso),
    ("Microsoft.Network/publicIPAddresses", "properties.natGateway.id", "ATTACHED_TO", ToAlso),
    ("Microsoft.Network/publicIPAddresses", "properties.publicIPPrefix.id", "MEMBER_OF", To),
    ("Microsoft.Network/dnszones/A", "properties.targetResource.id", "RESOLVES_TO", To),
    ("Microsoft.Network/dnszones/AAAA", "properties.targetResource.id", "RESOLVES_TO", To),
    ("Microsoft.Network/dnszones/CNAME", "properties.targetResource.id", "RESOLVES_TO", To),
    ("Microsoft.Network/trafficManagerProfiles", "properties.endpoints[].properties.targetResourceId", "RESOLVES_TO", To),
    ("Microsoft.Network/privateEndpoints/privateDnsZoneGroups", "properties.privateDnsZoneConfigs[].properties.privateDnsZoneId", "RESOLVES_TO", To),
    ("Microsoft.Cdn/profiles/customDomains", "properties.azureDnsZone.id", "RESOLVES_TO", From),
    ("Microsoft.Cdn/profiles/originGroups/origins", "properties.azureOrigin.id", "EXPOSES", To),
    ("Microsoft.DBforPostgreSQL/flexibleServers", "properties.network.privateDnsZoneArmResourceId", "RESOLVES_TO", From),
    ("Microsoft.DBforMySQL/flexibleServers", "properties.network.privateDnsZoneResourceId", "RESOLVES_TO", From),

    // Machines and disks.
    ("Microsoft.Compute/virtualMachines", "properties.storageProfile.osDisk.managedDisk.id", "ATTACHED_TO", From),
    ("Microsoft.Compute/virtualMachines", "properties.storageProfile.dataDisks[].managedDisk.id", "ATTACHED_TO", From),
    ("Microsoft.Compute/disks", "managedBy", "ATTACHED_TO", ToAlso),
    ("Microsoft.Compute/disks", "managedByExtended[]", "ATTACHED_TO", ToAlso),
    ("Microsoft.Compute/virtualMachines", "properties.availabilitySet.id", "MEMBER_OF", To),
    ("Microsoft.Compute/availabilitySets", "properties.virtualMachines[].id", "MEMBER_OF", FromAlso),
    ("Microsoft.Compute/virtualMachines", "properties.virtualMachineScaleSet.id", "MEMBER_OF", To),
    ("Microsoft.Compute/virtualMachines", "properties.proximityPlacementGroup.id", "MEMBER_OF", To),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.proximityPlacementGroup.id", "MEMBER_OF", To),
    ("Microsoft.Compute/virtualMachines", "properties.host.id", "RUNS_ON", To),
    ("Microsoft.Compute/virtualMachines", "properties.hostGroup.id", "RUNS_ON", To),
    ("Microsoft.Compute/virtualMachines", "properties.storageProfile.imageReference.id", "DEPENDS_ON", To),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.storageProfile.imageReference.id", "DEPENDS_ON", To),
    ("Microsoft.Compute/disks", "properties.creationData.imageReference.id", "DEPENDS_ON", To),
    ("Microsoft.Compute/disks", "properties.creationData.galleryImageReference.id", "DEPENDS_ON", To),
    ("Microsoft.Compute/disks", "properties.creationData.sourceResourceId", "DEPENDS_ON", To),
    ("Microsoft.Compute/images", "properties.sourceVirtualMachine.id", "DEPENDS_ON", To),
    ("Microsoft.Compute/galleries/images/versions", "properties.storageProfile.source.id", "DEPENDS_ON", To),
    ("Microsoft.Compute/snapshots", "properties.creationData.sourceResourceId", "DEPENDS_ON", To),
    ("Microsoft.Compute/restorePointCollections", "properties.source.id", "BACKED_UP_BY", From),
    ("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems", "^properties.sourceResourceId", "BACKED_UP_BY", From),
    ("Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems", "properties.policyId", "GOVERNED_BY", To),
    ("Microsoft.DataProtection/backupVaults/backupInstances", "^properties.dataSourceInfo.resourceID", "BACKED_UP_BY", From),
    ("Microsoft.DataProtection/backupVaults/backupInstances", "properties.policyInfo.policyId", "GOVERNED_BY", To),
    ("Microsoft.SqlVirtualMachine/sqlVirtualMachines", "properties.virtualMachineResourceId", "RUNS_ON", To),
    ("Microsoft.DesktopVirtualization/hostPools/sessionHosts", "properties.resourceId", "RUNS_ON", To),
    ("Microsoft.DesktopVirtualization/applicationGroups", "properties.hostPoolArmPath", "RUNS_ON", To),
    ("Microsoft.DesktopVirtualization/hostPools", "properties.applicationGroupReferences[]", "RUNS_ON", FromAlso),
    ("Microsoft.DesktopVirtualization/workspaces", "properties.applicationGroupReferences[]", "EXPOSES", To),
    ("Microsoft.DevTestLab/schedules", "properties.targetResourceId", "GOVERNED_BY", From),

    // Encryption.
    ("Microsoft.Compute/disks", "properties.encryption.diskEncryptionSetId", "ENCRYPTED_WITH", To),
    ("Microsoft.Compute/snapshots", "properties.encryption.diskEncryptionSetId", "ENCRYPTED_WITH", To),
    ("Microsoft.Compute/virtualMachines", "properties.storageProfile.osDisk.managedDisk.diskEncryptionSet.id", "ENCRYPTED_WITH", To),
    ("Microsoft.Compute/virtualMachines", "properties.storageProfile.dataDisks[].managedDisk.diskEncryptionSet.id", "ENCRYPTED_WITH", To),
    ("Microsoft.Compute/virtualMachines", "properties.storageProfile.osDisk.encryptionSettings.diskEncryptionKey.sourceVault.id", "ENCRYPTED_WITH", To),
    ("Microsoft.Compute/diskEncryptionSets", "properties.activeKey.sourceVault.id", "ENCRYPTED_WITH", To),
    ("Microsoft.ContainerService/managedClusters", "properties.diskEncryptionSetID", "ENCRYPTED_WITH", To),
    ("Microsoft.RecoveryServices/vaults", "properties.encryption.kekIdentity.userAssignedIdentity", "USES_IDENTITY", To),
    ("Microsoft.MachineLearningServices/workspaces", "properties.encryption.keyVaultProperties.keyVaultArmId", "ENCRYPTED_WITH", To),

    // Apps and platforms.
    ("Microsoft.Web/sites", "properties.serverFarmId", "RUNS_ON", To),
    ("Microsoft.Web/sites/slots", "properties.serverFarmId", "RUNS_ON", To),
    ("Microsoft.Web/serverFarms", "properties.hostingEnvironmentProfile.id", "RUNS_ON", To),
    ("Microsoft.Web/sites", "properties.hostingEnvironmentProfile.id", "RUNS_ON", To),
    ("Microsoft.Web/certificates", "properties.keyVaultId", "STORES_IN", To),
    ("Microsoft.Web/certificates", "properties.serverFarmId", "DEPENDS_ON", To),
    ("Microsoft.App/containerApps", "properties.managedEnvironmentId", "RUNS_ON", To),
    ("Microsoft.App/containerApps", "properties.environmentId", "RUNS_ON", To),
    ("Microsoft.App/jobs", "properties.environmentId", "RUNS_ON", To),
    ("Microsoft.ContainerService/managedClusters/agentPools", "id^", "RUNS_ON", To),
    ("Microsoft.Sql/servers/databases", "properties.elasticPoolId", "RUNS_ON", To),
    ("Microsoft.Sql/servers/databases", "properties.sourceDatabaseId", "DEPENDS_ON", To),
    ("Microsoft.Sql/servers/databases", "managedBy", "RUNS_ON", To),
    ("Microsoft.Sql/servers/failoverGroups", "properties.databases[]", "BACKED_UP_BY", From),
    ("Microsoft.Sql/servers/failoverGroups", "properties.partnerServers[].id", "CONNECTED_TO", To),
    ("Microsoft.Kusto/clusters/databases", "id^", "RUNS_ON", To),
    ("Microsoft.MachineLearningServices/workspaces", "properties.storageAccount", "STORES_IN", To),
    ("Microsoft.MachineLearningServices/workspaces", "properties.keyVault", "DEPENDS_ON", To),
    ("Microsoft.MachineLearningServices/workspaces", "properties.applicationInsights", "LOGS_TO", To),
    ("Microsoft.MachineLearningServices/workspaces", "properties.containerRegistry", "PULLS_FROM", To),
    ("Microsoft.MachineLearningServices/workspaces", "properties.primaryUserAssignedIdentity", "USES_IDENTITY", To),
    ("Microsoft.MachineLearningServices/workspaces/computes", "properties.resourceId", "RUNS_ON", To),
    ("Microsoft.Batch/batchAccounts", "properties.autoStorage.storageAccountId", "STORES_IN", To),
    ("Microsoft.Batch/batchAccounts", "properties.keyVaultReference.id", "STORES_IN", To),
    ("Microsoft.HDInsight/clusters", "properties.storageProfile.storageaccounts[].resourceId", "STORES_IN", To),
    ("Microsoft.Synapse/workspaces", "properties.defaultDataLakeStorage.resourceId", "STORES_IN", To),
    ("Microsoft.Databricks/workspaces", "properties.managedResourceGroupId", "OWNS", To),
    ("Microsoft.Solutions/applications", "properties.managedResourceGroupId", "OWNS", To),
    ("Microsoft.RedHatOpenShift/openShiftClusters", "properties.clusterProfile.resourceGroupId", "OWNS", To),
    ("Microsoft.Databricks/workspaces", "properties.parameters.customVirtualNetworkId.value", "CONNECTED_TO", To),
    ("Microsoft.CognitiveServices/accounts", "properties.userOwnedStorage[].resourceId", "STORES_IN", To),
    ("Microsoft.EventHub/namespaces/eventhubs", "properties.captureDescription.destination.properties.storageAccountResourceId", "STORES_IN", To),
    ("*/eventSubscriptions", "properties.deadLetterDestination.properties.resourceId", "STORES_IN", To),
    ("*/eventSubscriptions", "properties.topic", "MONITORS", To),
    ("Microsoft.EventGrid/systemTopics", "properties.source", "MONITORS", To),
    ("Microsoft.Logic/workflows", "properties.integrationAccount.id", "DEPENDS_ON", To),
    ("Microsoft.DataFactory/factories", "properties.purviewConfiguration.purviewResourceId", "LOGS_TO", To),
    ("Microsoft.SignalRService/SignalR", "properties.upstream.templates[].auth.managedIdentity.resource", "CONNECTED_TO", To),
    ("Microsoft.VirtualMachineImages/imageTemplates", "properties.distribute[].imageId", "STORES_IN", To),

    // Watching.
    ("Microsoft.Insights/diagnosticSettings", "id^", "MONITORS", To),
    ("Microsoft.Insights/diagnosticSettings", "properties.workspaceId", "LOGS_TO", To),
    ("Microsoft.Insights/diagnosticSettings", "properties.storageAccountId", "STORES_IN", To),
    ("Microsoft.Insights/diagnosticSettings", "properties.eventHubAuthorizationRuleId^", "LOGS_TO", To),
    ("Microsoft.Insights/diagnosticSettings", "properties.serviceBusRuleId^", "LOGS_TO", To),
    ("Microsoft.Insights/diagnosticSettings", "properties.marketplacePartnerId", "LOGS_TO", To),
    ("Microsoft.Insights/components", "properties.WorkspaceResourceId", "LOGS_TO", To),
    ("Microsoft.Insights/dataCollectionRules", "properties.destinations.logAnalytics[].workspaceResourceId", "LOGS_TO", To),
    ("Microsoft.Insights/dataCollectionRules", "properties.dataCollectionEndpointId", "ROUTES_VIA", To),
    ("Microsoft.Insights/dataCollectionRuleAssociations", "id^", "MONITORS", To),
    ("Microsoft.Insights/activityLogAlerts", "properties.scopes[]", "MONITORS", To),
    ("Microsoft.Insights/metricAlerts", "properties.scopes[]", "MONITORS", To),
    ("Microsoft.Insights/scheduledQueryRules", "properties.scopes[]", "MONITORS", To),
    ("Microsoft.Insights/scheduledQueryRules", "properties.source.dataSourceId", "MONITORS", To),
    ("Microsoft.Insights/alertrules", "properties.condition.dataSource.resourceUri", "MONITORS", To),
    ("Microsoft.AlertsManagement/smartDetectorAlertRules", "properties.scope[]", "MONITORS", To),
    ("Microsoft.Insights/autoscaleSettings", "properties.targetResourceUri", "GOVERNED_BY", From),
    ("Microsoft.Insights/autoscaleSettings", "properties.profiles[].rules[].metricTrigger.metricResourceUri", "MONITORS", To),
    ("Microsoft.Network/networkWatchers/flowLogs", "properties.targetResourceId", "MONITORS", To),
    ("Microsoft.Network/networkSecurityGroups", "properties.flowLogs[].id", "MONITORS", FromAlso),
    ("Microsoft.Network/networkWatchers/flowLogs", "properties.storageId", "STORES_IN", To),
    ("Microsoft.Network/networkWatchers/flowLogs", "properties.flowAnalyticsConfiguration.networkWatcherFlowAnalyticsConfiguration.workspaceResourceId", "LOGS_TO", To),
    ("Microsoft.ContainerService/managedClusters", "properties.addonProfiles.*.config.logAnalyticsWorkspaceResourceID", "LOGS_TO", To),
    ("Microsoft.ContainerService/managedClusters", "properties.securityProfile.defender.logAnalyticsWorkspaceResourceId", "LOGS_TO", To),
    ("Microsoft.OperationalInsights/workspaces/linkedServices", "properties.resourceId", "CONNECTED_TO", To),
    ("Microsoft.Security/assessments", "properties.resourceDetails.Id", "MONITORS", To),
    ("Microsoft.Advisor/recommendations", "properties.resourceMetadata.resourceId", "MONITORS", To),
    ("Microsoft.Dashboard/grafana", "properties.grafanaIntegrations.azureMonitorWorkspaceIntegrations[].azureMonitorWorkspaceResourceId", "MONITORS", To),

    // Governance.
    ("Microsoft.Authorization/roleAssignments", "properties.roleDefinitionId", "ASSIGNS", To),
    ("Microsoft.Authorization/roleAssignments", "properties.principalId", "ASSIGNS", To),
    ("Microsoft.Authorization/roleAssignments", "properties.scope", "ASSIGNS", To),
    ("Microsoft.Authorization/roleAssignments", "properties.createdBy", "CREATED_BY", To),
    ("Microsoft.Authorization/roleDefinitions", "properties.createdBy", "CREATED_BY", To),
    ("Microsoft.Authorization/policyAssignments", "properties.policyDefinitionId", "ASSIGNS", To),
    ("Microsoft.Authorization/policyAssignments", "properties.scope", "ASSIGNS", To),
    ("Microsoft.Authorization/policyAssignments", "properties.scope", "GOVERNED_BY", From),
    ("Microsoft.Authorization/policyAssignments", "properties.metadata.createdBy", "CREATED_BY", To),
    ("Microsoft.Authorization/policyDefinitions", "properties.metadata.createdBy", "CREATED_BY", To),
    ("Microsoft.Authorization/policySetDefinitions", "properties.metadata.createdBy", "CREATED_BY", To),
    ("Microsoft.Authorization/policyExemptions", "properties.policyAssignmentId", "DEPENDS_ON", To),
    ("Microsoft.PolicyInsights/remediations", "properties.policyAssignmentId", "DEPENDS_ON", To),
    ("Microsoft.Authorization/locks", "id^", "LOCKED_BY", From),
    ("Microsoft.Resources/deployments", "properties.outputResources[].id", "CREATED_BY", From),
    ("Microsoft.Resources/deployments", "properties.dependencies[].dependsOn[].id", "DEPENDS_ON", To),
    ("Microsoft.Management/managementGroups", "properties.details.parent.id", "CONTAINS", From),
    ("Microsoft.Management/managementGroups", "properties.children[].id", "CONTAINS", ToAlso),
    ("Microsoft.ManagedServices/registrationAssignments", "properties.registrationDefinitionId", "ASSIGNS", To),
];
