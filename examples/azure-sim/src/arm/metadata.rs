//! `/metadata/endpoints`: where everything else of this cloud is.

use serde_json::{Value, json};

use crate::{
    cloud::{self, CLOUDS, Cloud, LOCAL_VAULTS},
    web::{Call, Reply},
    world::World,
};

/// The cloud that the client reached: one of Azure's through the proxy, otherwise the simulator's own. Older versions
/// answer a list of clouds, and the oldest one object of another shape.
pub(crate) fn endpoints(world: &World, call: &Call) -> Reply {
    let real = cloud::part_of(&call.host).map(|(cloud, _)| cloud);
    let version = call.parameter("api-version").unwrap_or_default();
    if version < "2018" {
        return Reply::json(&oldest(world, call));
    }
    let shown = match real {
        None => own(world, call),
        Some(cloud) => of_azure(cloud),
    };
    match (version < "2022", real) {
        // Lists were for whoever wanted all clouds at once; the one that was asked stands first.
        (true, Some(asked)) => {
            let others = CLOUDS
                .iter()
                .filter(|cloud| cloud.name != asked.name)
                .map(of_azure);
            Reply::json(&Value::Array([shown].into_iter().chain(others).collect()))
        }
        (true, None) => Reply::json(&json!([shown])),
        (false, _) => Reply::json(&shown),
    }
}

fn own(world: &World, call: &Call) -> Value {
    let origin = &call.origin;
    let port = origin.rsplit(':').next().unwrap_or_default();
    shape(
        "AzureSim",
        origin,
        &format!("{origin}/"),
        origin,
        &format!("{LOCAL_VAULTS}:{port}"),
        &CLOUDS[0],
        &world.tenant.id,
    )
}

fn of_azure(cloud: &Cloud) -> Value {
    shape(
        cloud.name,
        &format!("https://{}", cloud.arm),
        &format!("https://{}/", cloud.graph),
        &format!("https://{}", cloud.login),
        cloud.vault,
        cloud,
        "common",
    )
}

fn shape(name: &str, arm: &str, graph: &str, login: &str, vault: &str, cloud: &Cloud, tenant: &str) -> Value {
    json!({
        "portal": cloud.portal,
        "authentication": {
            "loginEndpoint": login,
            "audiences": cloud.audiences,
            "tenant": tenant,
            "identityProvider": "AAD",
        },
        "media": "https://rest.media.azure.net",
        "graphAudience": graph,
        "graph": graph,
        "name": name,
        "suffixes": {
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "acrLoginServer": cloud.registry,
            "sqlServerHostname": cloud.sql,
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "keyVaultDns": vault,
            "storage": cloud.storage,
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "mhsmDns": "managedhsm.azure.net",
            "mysqlServerEndpoint": "mysql.database.azure.com",
            "postgresqlServerEndpoint": "postgres.database.azure.com",
            "mariadbServerEndpoint": "mariadb.database.azure.com",
            "synapseAnalytics": "dev.azuresynapse.net",
            "attestationEndpoint": "attest.azure.net",
        },
        "batch": "https://batch.core.windows.net/",
        "resourceManager": format!("{arm}/"),
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "microsoftGraphResourceId": graph,
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "appInsightsTelemetryChannelResourceId": "https://dc.applicationinsights.azure.com/v2/track",
        "attestationResourceId": "https://attest.azure.net",
        "synapseAnalyticsResourceId": "https://dev.azuresynapse.net",
        "logAnalyticsResourceId": "https://api.loganalytics.io",
        "ossrDbmsResourceId": "https://ossrdbms-aad.database.windows.net",
        "gallery": "https://gallery.azure.com/",
    })
}

fn oldest(world: &World, call: &Call) -> Value {
    let shown = match cloud::part_of(&call.host) {
        None => own(world, call),
        Some((cloud, _)) => of_azure(cloud),
    };
    json!({
        "galleryEndpoint": shown["gallery"],
        "graphEndpoint": shown["graph"],
        "portalEndpoint": shown["portal"],
        "authentication": {"loginEndpoint": shown["authentication"]["loginEndpoint"], "audiences": shown["authentication"]["audiences"]},
    })
}
