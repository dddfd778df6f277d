//! Key Vault.

use atg_azure_sim::Secret;
use reqwest::Method;
use serde_json::json;

use crate::client::{ARM, Azure, demo};

fn secret(name: &str, value: &str) -> Secret {
    Secret {
        vault: "kv-keys".to_owned(),
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

#[tokio::test]
async fn secrets_are_listed_in_pages_and_rotated() {
    let mut config = demo();
    config.secrets = (0..30)
        .map(|number| secret(&format!("key-{number:02}"), "one"))
        .collect();
    let azure = Azure::start(config).await;
    let ca = reqwest::Certificate::from_pem(azure.simulator.ca_pem().as_bytes()).unwrap();
    let port: u16 = azure
        .simulator
        .origin()
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    let http = crate::client::client()
        .tls_certs_only([ca])
        .resolve("kv-keys.vault.localhost", ([127, 0, 0, 1], port).into())
        .resolve("kv-none.vault.localhost", ([127, 0, 0, 1], port).into())
        .build()
        .unwrap();
    let origin = format!("https://kv-keys.vault.localhost:{port}");

    let nobody = azure
        .send(http.get(format!("{origin}/secrets?api-version=7.4")))
        .await;
    let challenge = nobody.header("www-authenticate").unwrap();
    assert!(
        nobody.status == 401 && challenge.contains("authorization=") && challenge.contains("resource="),
        "{challenge}"
    );
    let token = azure.token("https://vault.azure.net").await;
    let get = |url: String| azure.send(http.get(url).bearer_auth(&token));
    let (mut names, mut next) = (Vec::new(), format!("{origin}/secrets?api-version=7.4"));
    loop {
        let page = get(next).await;
        names.extend(page.ids());
        assert!(
            page.body["value"][0].get("value").is_none(),
            "a list shows no values"
        );
        match page.body["nextLink"].as_str() {
            Some(link) => next = link.to_owned(),
            None => break,
        }
    }
    assert_eq!(names.len(), 30);
    let target = format!("{}?api-version=7.4", names[4]);
    assert_eq!(get(target.clone()).await.body["value"], "one");
    azure.simulator.put_secret(&secret("key-04", "two"));
    let newest = get(target).await.body;
    assert_eq!(newest["value"], "two");
    let versions = get(format!("{}/versions?api-version=7.4", names[4])).await;
    assert_eq!(versions.ids().len(), 2);
    let old = versions
        .ids()
        .into_iter()
        .find(|id| *id != newest["id"].as_str().unwrap())
        .unwrap();
    assert_eq!(get(format!("{old}?api-version=7.4")).await.body["value"], "one");
    assert_eq!(
        get(format!("{origin}/secrets/none?api-version=7.4")).await.code(),
        "SecretNotFound"
    );
    let elsewhere = format!("https://kv-none.vault.localhost:{port}/secrets?api-version=7.4");
    assert_eq!(get(elsewhere).await.status, 404);

    let arm = azure.token(ARM).await;
    let refused = azure
        .send(
            http.get(format!("{origin}/secrets?api-version=7.4"))
                .bearer_auth(&arm),
        )
        .await;
    assert_eq!(refused.status, 401, "a token for another part of Azure");
    let put = http
        .request(Method::PUT, format!("{origin}/secrets/new?api-version=7.4"))
        .bearer_auth(&token)
        .body(json!({"value": "three"}).to_string());
    assert_eq!(azure.send(put).await.body["value"], "three");
}

#[tokio::test]
async fn values_are_in_no_debug_output() {
    let mut config = demo();
    config.secrets = vec![secret("key", "hush-hush")];
    let azure = Azure::start(config.clone()).await;
    for text in [format!("{config:?}"), format!("{:?}", azure.simulator)] {
        assert!(!text.contains("hush-hush") && !text.contains("azure-sim-secret"));
    }
}
