//! Secrets by resource type and path: what is below such a path is secret whatever it is called.
//!
//! Sources: the members that Azure's published resource schemas mark as sensitive, as far as their names do not say so
//! already, and the places where people put secrets that no schema knows of (settings, variables, scripts' arguments).

use std::sync::LazyLock;

use crate::describe::pattern::{ByType, Pattern, Rules};

pub(super) type Rule = Pattern;

/// The paths of a type.
pub(super) fn of(resource_type: &str) -> Rules<Rule> {
    static BY_TYPE: LazyLock<ByType<Rule>> =
        LazyLock::new(|| ByType::new(PATHS.iter().map(|(types, path)| (*types, Pattern::new(path)))));
    BY_TYPE.of(resource_type)
}

/// Type pattern and path pattern, as `describe::pattern` reads them.
#[rustfmt::skip]
const PATHS: &[(&str, &str)] = &[
    // Settings of an extension: commands with passwords, keys of agents.
    ("*/extensions", "properties.settings"),
    ("*/extensions", "properties.protectedSettings"),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.extensionProfile.extensions[].properties.settings"),
    ("Microsoft.Compute/virtualMachineScaleSets", "properties.virtualMachineProfile.extensionProfile.extensions[].properties.protectedSettings"),
    ("*", "properties.osProfile.windowsConfiguration.additionalUnattendContent[].content"),
    ("*", "properties.virtualMachineProfile.osProfile.windowsConfiguration.additionalUnattendContent[].content"),
    ("*/runCommands", "properties.parameters[].value"),
    ("*/runCommands", "properties.protectedParameters[].value"),
    ("Microsoft.AzureStackHCI/virtualMachineInstances", "properties.httpProxyConfig.httpProxy"),
    ("Microsoft.AzureStackHCI/virtualMachineInstances", "properties.httpProxyConfig.httpsProxy"),
    ("Microsoft.AzureStackHCI/edgeMachines", "properties.ownershipVoucherDetails.ownershipVoucher"),
    ("Microsoft.NetworkCloud/virtualMachines", "properties.networkDataContent"),
    ("Microsoft.NetworkCloud/virtualMachines", "properties.userDataContent"),
    ("Microsoft.HDInsight/clusters", "properties.clusterDefinition.configurations.gateway.*"),
    ("Microsoft.HDInsight/clusters", "properties.storageProfile.storageaccounts[].key"),

    // Settings of an app.
    ("Microsoft.Web/sites", "properties.siteProperties.appSettings"),
    ("Microsoft.Web/sites/config/appsettings", "properties"),
    ("Microsoft.Web/sites/config/connectionstrings", "properties.*.value"),
    ("Microsoft.Web/sites/config/metadata", "properties"),
    ("Microsoft.Web/sites/config/publishingcredentials", "properties"),
    ("Microsoft.Web/sites/slots/config/appsettings", "properties"),
    ("Microsoft.Web/sites/slots/config/connectionstrings", "properties.*.value"),
    ("Microsoft.Web/sites/slots/config/metadata", "properties"),
    ("Microsoft.Web/sites/slots/config/publishingcredentials", "properties"),
    ("Microsoft.Web/certificates", "properties.pfxBlob"),
    ("Microsoft.Web/connections", "properties.parameterValues"),
    ("Microsoft.Web/connections", "properties.customParameterValues"),
    ("Microsoft.Web/sites/functions", "properties.secrets_file_href"),
    ("Microsoft.App/managedEnvironments", "properties.customDomainConfiguration.certificateValue"),
    ("Microsoft.App/managedEnvironments", "properties.openTelemetryConfiguration.destinationsConfiguration.dataDogConfiguration.key"),
    ("Microsoft.App/managedEnvironments", "properties.openTelemetryConfiguration.destinationsConfiguration.otlpConfigurations[].headers[].value"),
    ("Microsoft.App/managedEnvironments/certificates", "properties.value"),
    ("Microsoft.App/managedEnvironments/daprComponents", "properties.metadata[].value"),
    ("Microsoft.App/connectedEnvironments", "properties.customDomainConfiguration.certificateValue"),
    ("Microsoft.App/connectedEnvironments/certificates", "properties.value"),
    ("Microsoft.App/agents/connectors", "properties.dataSource"),
    ("Microsoft.App/agents", "properties.incidentManagementConfiguration.connectionKey"),
    ("Microsoft.ContainerInstance/containerGroups", "properties.volumes[].secret"),
    ("Microsoft.ContainerRegistry/registries/webhooks", "properties.serviceUri"),
    ("Microsoft.ContainerRegistry/registries/webhooks", "properties.customHeaders"),

    // Variables, parameters and scripts.
    ("Microsoft.Automation/automationAccounts/variables", "properties.value"),
    ("Microsoft.Automation/automationAccounts/connections", "properties.fieldDefinitionValues"),
    ("Microsoft.Automation/automationAccounts/webhooks", "properties.uri"),
    ("Microsoft.Automation/automationAccounts/webhooks", "properties.parameters"),
    ("Microsoft.Automation/automationAccounts/jobSchedules", "properties.parameters"),
    ("Microsoft.Automation/automationAccounts/certificates", "properties.base64Value"),
    ("Microsoft.Resources/deploymentScripts", "properties.arguments"),
    ("Microsoft.Kusto/clusters/databases/scripts", "properties.scriptContent"),
    ("Microsoft.Logic/workflows", "properties.definition.triggers.*.inputs.authentication"),
    ("Microsoft.Logic/workflows", "properties.definition.actions.*.inputs.authentication"),
    ("Microsoft.Logic/workflows", "properties.definition.actions.*.inputs.headers"),

    // Where alerts go: whoever has the address can call it.
    ("Microsoft.Insights/actionGroups", "properties.webhookReceivers[].serviceUri"),
    ("Microsoft.Insights/actionGroups", "properties.logicAppReceivers[].callbackUrl"),
    ("Microsoft.Insights/actionGroups", "properties.azureFunctionReceivers[].httpTriggerUrl"),
    ("Microsoft.Insights/actionGroups", "properties.automationRunbookReceivers[].serviceUri"),
    ("Microsoft.Insights/autoscaleSettings", "properties.notifications[].webhooks[].serviceUri"),
    ("Microsoft.Insights/alertrules", "properties.actions[].serviceUri"),
    ("Microsoft.Insights/webtests", "properties.Configuration.WebTest"),
    ("Microsoft.Insights/webtests", "properties.Request.Headers[].value"),
    ("Microsoft.SecurityInsights/alertRules/actions", "properties.triggerUri"),
    ("Microsoft.SecurityInsights/dataConnectors", "properties.auth.authorizationCode"),
    ("Microsoft.SecurityInsights/sourcecontrols", "properties.repositoryAccess.code"),
    ("*/eventSubscriptions", "properties.destination.properties.endpointUrl"),
    ("*/eventSubscriptions", "properties.deliveryWithResourceIdentity.destination.properties.endpointUrl"),
    ("*/eventSubscriptions", "properties.destination.properties.deliveryAttributeMappings[].properties.value"),

    // Keys, secrets and certificates with their private part.
    ("Microsoft.KeyVault/vaults/secrets", "properties.value"),
    ("Microsoft.AppConfiguration/configurationStores/keyValues", "properties.value"),
    ("Microsoft.ApiManagement/service/namedValues", "properties.value"),
    ("Microsoft.ApiManagement/service/properties", "properties.value"),
    ("Microsoft.ApiManagement/service/certificates", "properties.data"),
    ("Microsoft.ApiManagement/service/backends", "properties.credentials.header"),
    ("Microsoft.ApiManagement/service/backends", "properties.credentials.query"),
    ("Microsoft.ApiManagement/service/backends", "properties.credentials.authorization.parameter"),
    ("Microsoft.ApiManagement/service/loggers", "properties.credentials"),
    ("Microsoft.ApiManagement/service", "properties.hostnameConfigurations[].encodedCertificate"),
    ("Microsoft.Network/applicationGateways", "properties.sslCertificates[].properties.data"),
    ("Microsoft.Network/applicationGateways/sslCertificates", "properties.data"),
    ("Microsoft.Batch/batchAccounts/certificates", "properties.data"),
    ("*/connections", "properties.credentials"),
    ("Microsoft.DataFactory/factories/linkedServices", "properties.typeProperties.encryptedCredential"),
    ("Microsoft.DataFactory/factories/integrationRuntimes", "properties.typeProperties.linkedInfo.key"),
    ("Microsoft.Synapse/workspaces/linkedServices", "properties.typeProperties.encryptedCredential"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "properties.properties.sslConfiguration.key"),
    ("Microsoft.MachineLearningServices/workspaces/computes", "properties.properties.sslConfiguration.cert"),
    ("Microsoft.MachineLearningServices/workspaces/datastores", "properties.credentials.secrets"),
    ("Microsoft.NotificationHubs/namespaces", "properties.pnsCredentials"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.admCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.apnsCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.baiduCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.browserCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.gcmCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.mpnsCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.wnsCredential"),
    ("Microsoft.NotificationHubs/namespaces/notificationHubs", "properties.xiaomiCredential"),
    ("Microsoft.ServiceLinker/linkers", "properties.authInfo.certificate"),
    ("*/linkers", "properties.authInfo.certificate"),
    ("Microsoft.KubernetesConfiguration/fluxConfigurations", "properties.configurationProtectedSettings"),
    ("Microsoft.KubernetesConfiguration/fluxConfigurations", "properties.azureBlob.servicePrincipal.clientCertificate"),
    ("Microsoft.KubernetesConfiguration/extensions", "properties.configurationProtectedSettings"),
    ("Microsoft.ExtendedLocation/customLocations", "properties.authentication.value"),
    ("Microsoft.ContainerService/managedClusters", "properties.httpProxyConfig.httpProxy"),
    ("Microsoft.ContainerService/managedClusters", "properties.httpProxyConfig.httpsProxy"),
    ("Microsoft.HybridNetwork/configurationGroupValues", "properties.secretConfigurationValue"),
    ("Microsoft.HybridNetwork/networkFunctions", "properties.secretDeploymentValues"),
    ("Microsoft.DataBox/jobs", "properties.details.returnToCustomerPackageDetails.carrierAccountNumber"),
    ("Microsoft.DataBox/jobs", "properties.details.importDiskDetailsCollection.*.bitLockerKey"),
    ("Microsoft.ProviderHub/providerRegistrations", "properties.resourceHydrationAccounts[].encryptedKey"),
    ("Microsoft.StorageCache/caches", "properties.primingJobs[].primingManifestUrl"),
    ("Microsoft.ConnectedCache/enterpriseMccCustomers", "properties.customer.verifySignupPhrase"),
    ("Nginx.NginxPlus/nginxDeployments/configurations", "properties.protectedFiles[].content"),

    // Microsoft Entra.
    ("#microsoft.graph.application", "keyCredentials[].key"),
    ("#microsoft.graph.servicePrincipal", "keyCredentials[].key"),
];
