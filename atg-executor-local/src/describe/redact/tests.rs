//! Planted canaries: whatever is planted in a place where secrets are known to lie is in nothing that comes out.

use super::*;
use crate::{describe::Describer, graph::Source};

const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";
const CANARY: &str = "C4naryThatMustNotSing00";

fn row(resource_type: &str, name: &str, more: &str) -> String {
    let mut id = format!("{SUB}/resourceGroups/rg/providers");
    for (index, segment) in resource_type.split('/').enumerate() {
        id.push('/');
        id.push_str(segment);
        if index > 0 {
            id.push_str("/x");
        }
    }
    if !name.is_empty() {
        id.truncate(id.len() - 1);
        id.push_str(name);
    }
    format!(
        r#"{{"id":"{id}","type":"{resource_type}",{}}}"#,
        more.replace("CANARY", CANARY)
    )
}

/// Type, last segment of the ID (`x` where it does not matter), members, the redacted paths.
#[rustfmt::skip]
const PLANTED: &[(&str, &str, &str, &[&str])] = &[
    ("Microsoft.Compute/virtualMachines", "", r#""properties":{"userData":"CANARY","osProfile":{"adminPassword":"CANARY","customData":"CANARY"}}"#,
        &["properties.userData", "properties.osProfile.adminPassword", "properties.osProfile.customData"]),
    ("Microsoft.Compute/virtualMachines", "", r#""properties":{"osProfile":{"windowsConfiguration":{"additionalUnattendContent":[{"content":"CANARY"}]}}}"#,
        &["properties.osProfile.windowsConfiguration.additionalUnattendContent[0].content"]),
    ("Microsoft.Compute/virtualMachines", "", r#""resources":[{"id":"/subscriptions/a/resourceGroups/b/providers/Microsoft.Compute/virtualMachines/x/extensions/e","properties":{"settings":{"anything":"CANARY"}}}]"#,
        &["resources[0].properties.settings.anything"]),
    ("Microsoft.Compute/virtualMachines/extensions", "", r#""properties":{"settings":{"a":{"b":["CANARY"]}},"protectedSettings":{"c":"CANARY"}}"#,
        &["properties.settings.a.b[0]", "properties.protectedSettings.c"]),
    ("Microsoft.Compute/virtualMachineScaleSets", "", r#""properties":{"virtualMachineProfile":{"userData":"CANARY","osProfile":{"customData":"CANARY"},"extensionProfile":{"extensions":[{"name":"e","properties":{"settings":{"script":"CANARY"}}}]}}}"#,
        &["properties.virtualMachineProfile.userData", "properties.virtualMachineProfile.osProfile.customData", "properties.virtualMachineProfile.extensionProfile.extensions[0].properties.settings.script"]),
    ("Microsoft.Compute/virtualMachines/runCommands", "", r#""properties":{"parameters":[{"name":"p","value":"CANARY"}]}"#,
        &["properties.parameters[0].value"]),
    ("Microsoft.Web/sites", "", r#""properties":{"siteConfig":{"appSettings":[{"name":"K","value":"CANARY"}],"connectionStrings":[{"name":"c","connectionString":"CANARY","type":"SQLAzure"}],"azureStorageAccounts":{"m":{"accessKey":"CANARY"}}}}"#,
        &["properties.siteConfig.appSettings[0].value", "properties.siteConfig.connectionStrings[0].connectionString", "properties.siteConfig.azureStorageAccounts.m.accessKey"]),
    ("Microsoft.Web/sites/config", "appsettings", r#""properties":{"WHATEVER":"CANARY"}"#, &["properties.WHATEVER"]),
    ("Microsoft.Web/sites/config", "connectionstrings", r#""properties":{"db":{"value":"CANARY","type":"SQLAzure"}}"#, &["properties.db.value"]),
    ("Microsoft.Web/sites/config", "authsettings", r#""properties":{"clientSecret":"CANARY","twitterConsumerSecret":"CANARY"}"#,
        &["properties.clientSecret", "properties.twitterConsumerSecret"]),
    ("Microsoft.Web/connections", "", r#""properties":{"parameterValues":{"a":"CANARY"}}"#, &["properties.parameterValues.a"]),
    ("Microsoft.App/containerApps", "", r#""properties":{"configuration":{"secrets":[{"name":"s","value":"CANARY"}]},"template":{"containers":[{"env":[{"name":"A","value":"CANARY"},{"name":"B","secretRef":"s"}]}]}}"#,
        &["properties.configuration.secrets[0].value", "properties.template.containers[0].env[0].value"]),
    ("Microsoft.ContainerInstance/containerGroups", "", r#""properties":{"containers":[{"properties":{"environmentVariables":[{"name":"A","value":"CANARY"},{"name":"B","secureValue":"CANARY"}]}}],"imageRegistryCredentials":[{"server":"s","password":"CANARY"}],"volumes":[{"azureFile":{"storageAccountKey":"CANARY"}}]}"#,
        &["properties.containers[0].properties.environmentVariables[0].value", "properties.containers[0].properties.environmentVariables[1].secureValue", "properties.imageRegistryCredentials[0].password", "properties.volumes[0].azureFile.storageAccountKey"]),
    ("Microsoft.ContainerService/managedClusters", "", r#""properties":{"servicePrincipalProfile":{"clientId":"c","secret":"CANARY"},"windowsProfile":{"adminPassword":"CANARY"}}"#,
        &["properties.servicePrincipalProfile.secret", "properties.windowsProfile.adminPassword"]),
    ("Microsoft.Automation/automationAccounts/variables", "", r#""properties":{"isEncrypted":false,"value":"CANARY"}"#, &["properties.value"]),
    ("Microsoft.Automation/automationAccounts/webhooks", "", r#""properties":{"uri":"https://x/CANARY"}"#, &["properties.uri"]),
    ("Microsoft.Resources/deployments", "", r#""properties":{"parameters":{"p":{"type":"SecureString","value":"CANARY"},"adminPassword":{"type":"String","value":"CANARY"},"o":{"type":"secureObject","value":{"x":"CANARY"}}},"templateLink":{"uri":"https://a.blob.core.windows.net/t.json?sv=1&sig=CANARY"}}"#,
        &["properties.parameters.p.value", "properties.parameters.adminPassword.value", "properties.parameters.o.value.x", "properties.templateLink.uri"]),
    ("Microsoft.Resources/deploymentScripts", "", r#""properties":{"arguments":"-p CANARY","environmentVariables":[{"name":"n","secureValue":"CANARY"}],"storageAccountSettings":{"storageAccountKey":"CANARY"}}"#,
        &["properties.arguments", "properties.environmentVariables[0].secureValue", "properties.storageAccountSettings.storageAccountKey"]),
    ("Microsoft.Storage/storageAccounts", "", r#""properties":{"x":"DefaultEndpointsProtocol=https;AccountKey=CANARY"}"#, &["properties.x"]),
    ("Microsoft.KeyVault/vaults/secrets", "", r#""properties":{"value":"CANARY"}"#, &["properties.value"]),
    ("Microsoft.AppConfiguration/configurationStores/keyValues", "", r#""properties":{"value":"CANARY"}"#, &["properties.value"]),
    ("Microsoft.ApiManagement/service/namedValues", "", r#""properties":{"secret":true,"value":"CANARY"}"#, &["properties.value"]),
    ("Microsoft.Insights/actionGroups", "", r#""properties":{"webhookReceivers":[{"name":"w","serviceUri":"https://x/CANARY"}],"logicAppReceivers":[{"callbackUrl":"https://x/?sig=CANARY"}],"azureFunctionReceivers":[{"httpTriggerUrl":"https://x/CANARY"}]}"#,
        &["properties.webhookReceivers[0].serviceUri", "properties.logicAppReceivers[0].callbackUrl", "properties.azureFunctionReceivers[0].httpTriggerUrl"]),
    ("Microsoft.Insights/components", "", r#""properties":{"InstrumentationKey":"CANARY","ConnectionString":"InstrumentationKey=CANARY;IngestionEndpoint=https://x/"}"#,
        &["properties.InstrumentationKey", "properties.ConnectionString"]),
    ("Microsoft.Network/connections", "", r#""properties":{"sharedKey":"CANARY","authorizationKey":"CANARY"}"#, &["properties.sharedKey", "properties.authorizationKey"]),
    ("Microsoft.Network/applicationGateways", "", r#""properties":{"sslCertificates":[{"id":"/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Network/applicationGateways/x/sslCertificates/c","properties":{"data":"CANARY","password":"CANARY"}}]}"#,
        &["properties.sslCertificates[0].properties.data", "properties.sslCertificates[0].properties.password"]),
    ("Microsoft.Devices/IotHubs", "", r#""properties":{"authorizationPolicies":[{"keyName":"k","primaryKey":"CANARY","secondaryKey":"CANARY"}],"storageEndpoints":{"$default":{"connectionString":"CANARY"}}}"#,
        &["properties.authorizationPolicies[0].primaryKey", "properties.authorizationPolicies[0].secondaryKey", "properties.storageEndpoints.$default.connectionString"]),
    ("Microsoft.Sql/servers", "", r#""properties":{"administratorLoginPassword":"CANARY"}"#, &["properties.administratorLoginPassword"]),
    ("Microsoft.DataFactory/factories/linkedServices", "", r#""properties":{"typeProperties":{"connectionString":{"type":"SecureString","value":"CANARY"},"encryptedCredential":"CANARY","accountKey":{"type":"AzureKeyVaultSecret","secretName":"n"}}}"#,
        &["properties.typeProperties.connectionString.value", "properties.typeProperties.encryptedCredential"]),
    ("Microsoft.CognitiveServices/accounts/projects/connections", "", r#""properties":{"credentials":{"key":"CANARY"}}"#, &["properties.credentials.key"]),
    ("Microsoft.Batch/batchAccounts/pools", "", r#""properties":{"startTask":{"environmentSettings":[{"name":"n","value":"CANARY"}]}}"#,
        &["properties.startTask.environmentSettings[0].value"]),
    ("Microsoft.Logic/workflows", "", r#""properties":{"definition":{"actions":{"a":{"inputs":{"headers":{"X":"CANARY"},"authentication":{"password":"CANARY"}}}}},"parameters":{"apiToken":{"type":"String","value":"CANARY"}}}"#,
        &["properties.definition.actions.a.inputs.headers.X", "properties.definition.actions.a.inputs.authentication.password", "properties.parameters.apiToken.value"]),
    ("Contoso.Unknown/things", "", r#""tags":{"password":"CANARY","link":"https://a.blob.core.windows.net/x?sig=CANARY"},"extra":{"client_secret":"CANARY"},"identity":{"x":"Bearer CANARY"}"#,
        &["tags.password", "tags.link", "extra.client_secret", "identity.x"]),
    ("Microsoft.Network/virtualNetworks/subnets", "", r#""properties":{"deep":[[{"a":{"b":[{"dbPassword":"CANARY"}]}}]],"url":"postgres://u:CANARY@h/d"}"#,
        &["properties.deep[0][0].a.b[0].dbPassword", "properties.url"]),
    ("Contoso.Unknown/others", "", r#""properties":{"args":["serve","--token=CANARY","--token-file=/run/t"],"keys":[{"keyName":"key1","value":"CANARY"}],"body":"{\"user\":\"u\",\"login\":[{\"password\":\"CANARY\"}]}","note":"{\"password\":\"\"}"}"#,
        &["properties.args[1]", "properties.keys[0].value", "properties.body"]),
];

#[test]
fn no_canary_sings() {
    let describer = Describer::new(
        "00000000-0000-0000-0000-0000000000aa".parse().unwrap(),
        Source::Recorded,
    );
    for (resource_type, name, more, paths) in PLANTED {
        let text = row(resource_type, name, more);
        assert!(text.contains(CANARY));
        let description = describer.describe(Json::parse(text.as_bytes()).unwrap()).unwrap();
        let shown = format!("{description:?}");
        assert!(!shown.contains(CANARY), "{resource_type}: {shown}");
        let listed: Vec<_> = description.redacted.iter().map(|r| r.path.as_str()).collect();
        assert_eq!(listed, *paths, "{resource_type}");
    }
}

#[test]
fn a_second_pass_changes_nothing_and_lists_the_same() {
    for (resource_type, name, more, _) in PLANTED {
        let mut body = Json::parse(row(resource_type, name, more).as_bytes()).unwrap();
        let first = apply(&mut body);
        let once = body.clone();
        assert_eq!(apply(&mut body), first, "{resource_type}");
        assert_eq!(body, once, "{resource_type}");
    }
}

#[test]
fn what_is_no_secret_is_left_alone() {
    for (resource_type, more) in [
        (
            "Microsoft.Compute/virtualMachines",
            r#""properties":{"osProfile":{"adminUsername":"a","secrets":[{"sourceVault":{"id":"/subscriptions/a/resourceGroups/b"},"vaultCertificates":[{"certificateUrl":"https://v.vault.azure.net/secrets/c"}]}],"linuxConfiguration":{"disablePasswordAuthentication":true,"ssh":{"publicKeys":[{"path":"/home/a","keyData":"ssh-rsa AAAA== a@b"}]}}}}"#,
        ),
        (
            "Microsoft.KeyVault/vaults",
            r#""properties":{"accessPolicies":[{"permissions":{"keys":["Get"],"secrets":["Get","List"]}}],"vaultUri":"https://v.vault.azure.net/"}"#,
        ),
        (
            "Microsoft.Storage/storageAccounts",
            r#""properties":{"allowSharedKeyAccess":true,"keyCreationTime":{"key1":"2022-08-04T13:18:25.7822069Z"},"encryption":{"keySource":"Microsoft.Keyvault","keyvaultproperties":{"keyname":"k","keyvaulturi":"https://v.vault.azure.net","keyversion":"0123456789abcdef0123456789abcdef"}}}"#,
        ),
        (
            "Microsoft.CognitiveServices/accounts",
            r#""properties":{"callRateLimit":{"rules":[{"key":"default","renewalPeriod":60}]},"endpoints":{"Token":"https://x.cognitiveservices.azure.com/"},"capabilities":{"maxOutputToken":"16384"}}"#,
        ),
        (
            "Microsoft.Web/sites/slots",
            r#""properties":{"siteConfig":{"appSettings":[{"name":"K","value":"@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)"},{"name":"E","value":""}]},"clientCertMode":"Required","keyVaultReferenceIdentity":"SystemAssigned"}"#,
        ),
        (
            "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers",
            r#""properties":{"resource":{"partitionKey":{"paths":["/id"],"kind":"Hash"},"uniqueKeyPolicy":{"uniqueKeys":[]}}}"#,
        ),
        (
            "Microsoft.Cdn/profiles/customDomains",
            r#""properties":{"tlsSettings":{"secret":{"id":"/subscriptions/a/resourceGroups/b"}},"validationProperties":{"validationToken":"_o93h0b9tqoehoaifi99r5ucquw3sy3l"}}"#,
        ),
        (
            "Microsoft.Compute/virtualMachines/extensions",
            r#""properties":{"settings":{"timestamp":123456789,"enabled":true,"nothing":null,"workspace":"/subscriptions/a/resourceGroups/b"}}"#,
        ),
        (
            "Microsoft.Network/virtualNetworkGateways",
            r#""properties":{"vpnClientConfiguration":{"radiusServerSecret":null}}"#,
        ),
        (
            "Microsoft.Sql/servers/securityAlertPolicies",
            r#""properties":{"storageAccountAccessKey":""}"#,
        ),
    ] {
        let mut body = Json::parse(row(resource_type, "", more).as_bytes()).unwrap();
        let before = body.clone();
        assert_eq!(apply(&mut body), [], "{resource_type}");
        assert_eq!(body, before, "{resource_type}");
    }
}
