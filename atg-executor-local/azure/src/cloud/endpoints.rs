//! The hosts of a cloud that only its Resource Manager knows: `/metadata/endpoints`.

use std::time::Duration;

use atg_sdk::{Error, ErrorKind};
use bytes::Bytes;
use http::{Method, Request, Response};
use serde_json::Value;
use url::Url;

use super::{Cloud, origin, read_origin};
use crate::{
    error::AzureError,
    wire::{Limits, Wire},
};

/// The newest that az asks for, and the one of every Azure Stack.
const VERSIONS: [&str; 2] = ["2022-09-01", "2015-01-01"];
const LIMITS: Limits = Limits {
    time: Duration::from_secs(30),
    bytes: 1024 * 1024,
};

/// Asks a Resource Manager for the other hosts of its cloud, as `az cloud register` does. No token is sent.
///
/// # Errors
/// `Unavailable` when it cannot be reached, `Unsupported` when what it answers names no authority.
pub async fn discover(endpoint: &Url, wire: &dyn Wire) -> Result<Cloud, Error> {
    let mut last = None;
    for version in VERSIONS {
        let address = format!("{}/metadata/endpoints?api-version={version}", origin(endpoint));
        let request = Request::builder()
            .method(Method::GET)
            .uri(address)
            .header("accept", "application/json")
            .body(Bytes::new())
            .map_err(|error| Error::internal("ask for a cloud's hosts").with_source(error))?;
        let answer = wire
            .exchange(request, LIMITS)
            .await
            .map_err(|failure| failure.into_error(endpoint))?;
        if answer.status().is_success() {
            return read(endpoint, &answer);
        }
        last = Some(AzureError::of_answer(&answer));
    }
    let words = last.map_or_else(String::new, |error| error.to_string());
    Err(Error::new(
        ErrorKind::Unsupported,
        format!(
            "read the hosts of the cloud at {}: its /metadata/endpoints answered {words}: is it a Resource Manager?",
            origin(endpoint)
        ),
    ))
}

fn read(endpoint: &Url, answer: &Response<Bytes>) -> Result<Cloud, Error> {
    let unusable = |what: &str| {
        Error::new(
            ErrorKind::Unsupported,
            format!(
                "read the hosts of the cloud at {}: {what}: is it a Resource Manager?",
                origin(endpoint)
            ),
        )
    };
    let body: Value =
        serde_json::from_slice(answer.body()).map_err(|_| unusable("/metadata/endpoints is no JSON"))?;
    let entry = match &body {
        Value::Array(clouds) => clouds
            .iter()
            .find(|cloud| {
                address(cloud, "/resourceManager").is_some_and(|url| origin(&url) == origin(endpoint))
            })
            .or_else(|| clouds.first().filter(|_| clouds.len() == 1)),
        one => Some(one),
    }
    .ok_or_else(|| unusable("/metadata/endpoints tells of other clouds only"))?;
    let authority = address(entry, "/authentication/loginEndpoint")
        .ok_or_else(|| unusable("/metadata/endpoints names no https address to sign in at"))?;
    let audience = entry
        .pointer("/authentication/audiences")
        .and_then(Value::as_array)
        .and_then(|audiences| pick_audience(audiences, endpoint))
        .unwrap_or_else(|| origin(endpoint));
    let graph = ["/microsoftGraphResourceId", "/graph", "/graphEndpoint"]
        .into_iter()
        .find_map(|path| address(entry, path))
        .ok_or_else(|| unusable("/metadata/endpoints names no https address of Microsoft Graph"))?;
    let vault = entry
        .pointer("/suffixes/keyVaultDns")
        .and_then(Value::as_str)
        .map(|suffix| suffix.trim_start_matches('.').to_owned())
        // Azure Stack names its vaults after itself: management.REGION.FQDN has vault.REGION.FQDN.
        .unwrap_or_else(|| {
            let host = endpoint.host_str().unwrap_or_default();
            let domain = host
                .strip_prefix("adminmanagement.")
                .or_else(|| host.strip_prefix("management."));
            format!("vault.{}", domain.unwrap_or(host))
        });
    Ok(Cloud {
        name: entry
            .get("name")
            .and_then(Value::as_str)
            .map_or_else(|| origin(endpoint), crate::error::tame),
        authority,
        resource_manager: endpoint.clone(),
        resource_manager_audience: audience.trim_end_matches('/').to_owned(),
        microsoft_graph: graph,
        key_vault_suffix: vault,
    })
}

fn address(entry: &Value, path: &str) -> Option<Url> {
    read_origin(entry.pointer(path)?.as_str()?)
}

/// Several audiences are names of one: the endpoint's own is preferred.
fn pick_audience(audiences: &[Value], endpoint: &Url) -> Option<String> {
    let texts = || audiences.iter().filter_map(Value::as_str);
    texts()
        .find(|text| Url::parse(text).is_ok_and(|url| origin(&url) == origin(endpoint)))
        .or_else(|| texts().next())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(body: &Value) -> Result<Cloud, Error> {
        let endpoint = Url::parse("https://management.local.azurestack.external").unwrap();
        let answer = Response::new(Bytes::from(body.to_string()));
        read(&endpoint, &answer)
    }

    #[test]
    fn the_list_of_today_and_the_object_of_azure_stack_are_read() {
        let list = json!([
            {"name": "Other", "resourceManager": "https://management.other.example",
             "authentication": {"loginEndpoint": "https://login.other.example"}},
            {"name": "Mine", "resourceManager": "https://management.local.azurestack.external/",
             "authentication": {"loginEndpoint": "https://login.mine.example/",
                                "audiences": ["https://management.core.mine/", "https://management.local.azurestack.external/"]},
             "microsoftGraphResourceId": "https://graph.mine.example/",
             "suffixes": {"keyVaultDns": ".vault.mine.example"}},
        ]);
        let cloud = of(&list).unwrap();
        assert_eq!(cloud.name, "Mine");
        assert_eq!(origin(&cloud.authority), "https://login.mine.example");
        assert_eq!(cloud.key_vault_suffix, "vault.mine.example");
        assert_eq!(
            cloud.resource_manager_audience,
            "https://management.local.azurestack.external"
        );

        let stack = json!({"graphEndpoint": "https://graph.local.azurestack.external/",
            "authentication": {"loginEndpoint": "https://adfs.local.azurestack.external/adfs",
                               "audiences": ["https://management.adfs.azurestack.local/1b96"]}});
        let cloud = of(&stack).unwrap();
        assert_eq!(cloud.authority.path(), "/adfs");
        assert_eq!(cloud.key_vault_suffix, "vault.local.azurestack.external");
        assert_eq!(
            cloud.resource_manager_audience,
            "https://management.adfs.azurestack.local/1b96"
        );
    }

    #[test]
    fn a_place_to_sign_in_that_is_not_https_or_missing_is_refused() {
        for authority in [json!("http://login.example"), json!(null)] {
            let error =
                of(&json!({"graph": "https://g.example", "authentication": {"loginEndpoint": authority}}))
                    .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
        }
    }
}
