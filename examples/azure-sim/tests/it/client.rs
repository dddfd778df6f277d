//! A client that knows nothing but http.

use std::{collections::BTreeSet, time::Duration};

use atg_azure_sim::{Config, Principal, Simulator, Source};
use reqwest::{Method, header::HeaderMap};
use serde_json::Value;

/// A running simulator and a client that trusts it.
pub(crate) struct Azure {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The ids in a page.
    pub(crate) fn ids(&self) -> Vec<String> {
        let list = self.body.get("value").or_else(|| self.body.get("data"));
        let items = list
            .and_then(Value::as_array)
            .unwrap_or_else(|| panic!("{self:?}"));
        items
            .iter()
            .map(|item| item["id"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

pub(crate) const ARM: &str = "https://management.azure.com";
pub(crate) const GRAPH: &str = "https://graph.microsoft.com";

/// Makes the cryptography that reqwest is built without.
pub(crate) fn client() -> reqwest::ClientBuilder {
    // Another test of this process may have been first.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .timeout(Duration::from_secs(60))
        .no_proxy()
}

/// The tenant of the company that does not exist.
pub(crate) fn demo() -> Config {
    Config::new(Source::Lines(atg_demo_tenant::generate().jsonl))
}

impl Azure {
    pub(crate) async fn start(config: Config) -> Self {
        let simulator = Simulator::start(config).await.unwrap();
        let ca = reqwest::Certificate::from_pem(simulator.ca_pem().as_bytes()).unwrap();
        Self {
            http: client().tls_certs_only([ca]).build().unwrap(),
            simulator,
        }
    }

    pub(crate) async fn demo() -> Self {
        Self::start(demo()).await
    }

    /// A token for a part of Azure.
    pub(crate) async fn token(&self, resource: &str) -> String {
        self.token_of(Principal::CLIENT_ID, Principal::SECRET, resource)
            .await
    }

    pub(crate) async fn token_of(&self, client: &str, secret: &str, resource: &str) -> String {
        let scope = format!("{resource}/.default");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", &scope),
        ];
        let answer = self.login(&form).await;
        answer.body["access_token"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer:?}"))
            .to_owned()
    }

    pub(crate) async fn login(&self, form: &[(&str, &str)]) -> Answer {
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.simulator.origin(),
            self.simulator.tenant_id()
        );
        let encode = |text: &str| {
            text.replace('%', "%25")
                .replace('+', "%2B")
                .replace('&', "%26")
                .replace('=', "%3D")
        };
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let request = self
            .http
            .post(url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        self.send(request).await
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await.unwrap();
        Answer {
            status,
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        }
    }

    /// A request with a token; a target is a path or a whole link.
    pub(crate) async fn ask(&self, token: &str, method: Method, target: &str, body: Option<Value>) -> Answer {
        let url = if target.starts_with("http") {
            target.to_owned()
        } else {
            format!("{}{target}", self.simulator.origin())
        };
        let mut request = self.http.request(method, url).bearer_auth(token);
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        self.send(request).await
    }

    pub(crate) async fn get(&self, token: &str, target: &str) -> Answer {
        self.ask(token, Method::GET, target, None).await
    }

    /// All ids behind a first page, and how many pages there were. Nothing may come twice.
    pub(crate) async fn all(&self, token: &str, target: &str) -> (BTreeSet<String>, usize) {
        let (mut seen, mut pages, mut next) = (BTreeSet::new(), 0, Some(target.to_owned()));
        while let Some(target) = next {
            let answer = self.get(token, &target).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            for id in answer.ids() {
                assert!(seen.insert(id.to_lowercase()), "{id} came twice");
            }
            let link = answer
                .body
                .get("nextLink")
                .or_else(|| answer.body.get("@odata.nextLink"));
            next = link.and_then(Value::as_str).map(str::to_owned);
            pages += 1;
        }
        (seen, pages)
    }

    /// A query of Resource Graph.
    pub(crate) async fn query(&self, token: &str, query: &str, options: Value) -> Answer {
        let body = serde_json::json!({"query": query, "options": options});
        let target = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";
        self.ask(token, Method::POST, target, Some(body)).await
    }

    /// The IDs of all rows of a type, lower-cased.
    pub(crate) fn rows(&self, admits: impl Fn(&str) -> bool) -> BTreeSet<String> {
        let ids = self
            .simulator
            .resource_ids()
            .into_iter()
            .map(|id| id.to_lowercase());
        ids.filter(|id| admits(id)).collect()
    }
}
