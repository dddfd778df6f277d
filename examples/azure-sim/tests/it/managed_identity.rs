//! Tokens for managed identities, in each way that hosts hand them out.

use atg_azure_sim::{IDENTITY_HEADER, Principal};
use reqwest::Method;
use rstest::rstest;

use crate::client::{ARM, Azure, demo};

async fn works(azure: &Azure, token: &str) -> bool {
    azure
        .get(token, "/subscriptions?api-version=2022-12-01")
        .await
        .status
        == 200
}

#[rstest]
#[case(
    Method::GET,
    "/metadata/identity/oauth2/token?api-version=2018-02-01",
    "metadata",
    "true"
)]
#[case(
    Method::GET,
    "/msi/token?api-version=2019-08-01",
    "x-identity-header",
    IDENTITY_HEADER
)]
#[case(
    Method::GET,
    "/msi/service-fabric?api-version=2019-07-01-preview",
    "secret",
    IDENTITY_HEADER
)]
#[case(
    Method::GET,
    "/msi/machine-learning?api-version=2017-09-01",
    "secret",
    IDENTITY_HEADER
)]
#[case(Method::POST, "/msi/cloud-shell?x=y", "metadata", "true")]
#[tokio::test]
async fn a_host_gives_a_token_to_its_own(
    #[case] method: Method,
    #[case] target: &str,
    #[case] header: &'static str,
    #[case] value: &str,
) {
    let azure = Azure::demo().await;
    let url = format!("{}{target}", azure.simulator.http_origin());
    let request = |client: Option<&str>| {
        let mut parameters = format!("resource={ARM}");
        if let Some(client) = client {
            parameters = format!("{parameters}&client_id={client}");
        }
        match method {
            Method::POST => azure.http.post(&url).body(parameters),
            _ => azure.http.get(format!("{url}&{parameters}")),
        }
    };
    assert!(
        azure.send(request(None)).await.status >= 400,
        "without the header"
    );
    let answer = azure.send(request(None).header(header, value)).await;
    let token = answer.body["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer:?}"));
    assert!(works(&azure, token).await);
    assert!(answer.body["expires_on"].is_string());
    let own = azure
        .send(request(Some(Principal::CLIENT_ID)).header(header, value))
        .await;
    assert_eq!(own.body["client_id"], Principal::CLIENT_ID);
    let unknown = azure
        .send(request(Some("00000000-0000-4000-8000-000000000000")).header(header, value))
        .await;
    assert_eq!(
        (unknown.status, &unknown.body["error_description"]),
        (400, &"Identity not found".into())
    );
}

#[tokio::test]
async fn arc_wants_to_see_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("one.key");
    std::fs::write(&file, "content").unwrap();
    let mut config = demo();
    config.arc_key_file = Some(file.clone());
    let azure = Azure::start(config).await;
    let url = format!(
        "{}/msi/arc?api-version=2020-06-01&resource={ARM}",
        azure.simulator.http_origin()
    );
    let request = || azure.http.get(&url).header("metadata", "true");
    let challenge = azure.send(request()).await;
    assert_eq!(challenge.status, 401);
    assert_eq!(
        challenge.header("www-authenticate"),
        Some(&*format!("Basic realm={}", file.display()))
    );
    let answer = azure
        .send(request().header("authorization", "Basic content"))
        .await;
    assert!(works(&azure, answer.body["access_token"].as_str().unwrap()).await);
}
