//! A client that knows only Azure's own hosts, and a proxy.

use atg_azure_sim::Principal;

use crate::client::{Azure, client};

#[tokio::test]
async fn azures_own_hosts_lead_to_the_simulator() {
    let azure = Azure::demo().await;
    let ca = reqwest::Certificate::from_pem(azure.simulator.ca_pem().as_bytes()).unwrap();
    let http = client()
        .tls_certs_only([ca])
        .proxy(reqwest::Proxy::https(azure.simulator.proxy()).unwrap())
        .build()
        .unwrap();
    for (login, arm, cloud) in [
        ("login.microsoftonline.com", "management.azure.com", "AzureCloud"),
        (
            "login.microsoftonline.us",
            "management.usgovcloudapi.net",
            "AzureUSGovernment",
        ),
        (
            "login.partner.microsoftonline.cn",
            "management.chinacloudapi.cn",
            "AzureChinaCloud",
        ),
    ] {
        let metadata = azure
            .send(http.get(format!("https://{arm}/metadata/endpoints?api-version=2022-09-01")))
            .await;
        assert_eq!(metadata.body["name"], cloud);
        assert_eq!(
            metadata.body["authentication"]["loginEndpoint"],
            format!("https://{login}")
        );
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=https://{arm}/.default",
            Principal::CLIENT_ID,
            Principal::SECRET
        );
        let url = format!(
            "https://{login}/{}/oauth2/v2.0/token",
            azure.simulator.tenant_id()
        );
        let token = azure.send(http.post(url).body(form)).await;
        let token = token.body["access_token"].as_str().unwrap();
        let page = azure
            .send(
                http.get(format!(
                    "https://{arm}/subscriptions?api-version=2022-12-01&$top=1"
                ))
                .bearer_auth(token),
            )
            .await;
        let link = page.body["nextLink"].as_str().unwrap();
        assert!(
            link.starts_with(&format!("https://{arm}/subscriptions?")),
            "{link}"
        );
    }
    assert!(
        http.get("https://example.com/").send().await.is_err(),
        "nothing leaves the machine"
    );
}
