//! A simulator to record, and something to ask it.

use std::{path::Path, sync::Arc};

use atg_azure::{
    Azure, AzureError, AzureOptions, RetryPolicy,
    cloud::Audience,
    credential::CredentialSettings,
    transport::{Page, Pages, Request, ResourceGraphQuery, Transport},
    wire::ConnectionOptions,
};
use atg_azure_sim::{Config, Principal, Simulator, Source};
use atg_json::Json;
use atg_recording::{Header, Recorder, Redact};
use serde_json::json;

pub(crate) async fn simulator(change: impl FnOnce(&mut Config)) -> Simulator {
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl");
    let mut config = Config::new(Source::File(demo));
    config.pages = atg_azure_sim::Pages {
        arm: 20,
        resource_graph: 50,
        graph: 10,
        vault: 2,
    };
    change(&mut config);
    Simulator::start(config).await.unwrap()
}

pub(crate) async fn connect(simulator: &Simulator) -> Transport {
    let credentials = CredentialSettings::from_variables(|name| match name {
        "AZURE_TENANT_ID" => Some(simulator.tenant_id().into()),
        "AZURE_CLIENT_ID" => Some(Principal::CLIENT_ID.into()),
        "AZURE_CLIENT_SECRET" => Some(Principal::SECRET.into()),
        _ => None,
    });
    let options = AzureOptions::default()
        .with_cloud(simulator.origin().parse().unwrap())
        .with_connections(
            ConnectionOptions::default()
                .without_proxy()
                .with_extra_ca(simulator.ca_pem()),
        )
        .with_retry(RetryPolicy::default().with_first(std::time::Duration::from_millis(1)))
        .with_credentials(credentials);
    Azure::new(options).transport().await.unwrap().clone()
}

/// Every text of a member `vmSize` is a secret here.
pub(crate) fn redact() -> Redact {
    fn walk(value: &mut Json) {
        match value {
            Json::Object(members) => {
                for (name, value) in members {
                    if name == "vmSize" && value.as_str().is_some() {
                        *value = Json::Object(vec![("$redacted".into(), Json::from("vmSize"))]);
                    } else {
                        walk(value);
                    }
                }
            }
            Json::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    Arc::new(walk)
}

/// Takes a page down, or why there is none. Whether the list may go on.
fn hear(page: Result<Page, AzureError>, told: &mut Vec<String>) -> bool {
    match page {
        Ok(page) => {
            told.extend(page.items().map(str::to_owned));
            true
        }
        Err(error) => {
            told.push(error.message().to_owned());
            false
        }
    }
}

/// Reads a list to its end, or to what ends it.
async fn listen(mut pages: Pages, told: &mut Vec<String>) {
    while let Some(page) = pages.next().await
        && hear(page, told)
    {}
}

/// What a small scan asks, and what it is told: items as text, or why there are none.
pub(crate) async fn ask(transport: &Transport) -> Vec<String> {
    let mut told = Vec::new();
    let cloud = transport.cloud().clone();
    for path in [
        "/subscriptions?api-version=2022-12-01",
        "/tenants?api-version=2022-12-01",
    ] {
        listen(transport.pages(Request::get(&cloud, path).unwrap()), &mut told).await;
    }
    let query = ResourceGraphQuery::new(
        "Resources | project id, name, type, location, tags, properties | order by id asc",
    );
    let mut pages = transport.query(query.with_rows(50), "all").unwrap();
    while let Some(page) = pages.next().await
        && hear(page, &mut told)
    {}
    for path in ["/v1.0/users?$top=5", "/v1.0/applications"] {
        listen(
            transport.pages(Request::get_graph(&cloud, path).unwrap()),
            &mut told,
        )
        .await;
    }
    let batch = json!({"requests": [
        {"id": "1", "method": "GET", "url": "/users?$top=1"},
        {"id": "2", "method": "GET", "url": "/groups?$top=1"},
    ]});
    let batch = Request::read(&cloud, Audience::MicrosoftGraph, "/v1.0/$batch", &batch).unwrap();
    told.push(match transport.send(&batch).await {
        Ok(answer) => answer.json::<serde_json::Value>().unwrap()["responses"]
            .as_array()
            .map_or(0, Vec::len)
            .to_string(),
        Err(error) => error.message().to_owned(),
    });
    told
}

/// Records what [`ask`] asks: the file, and what was told.
pub(crate) async fn record(simulator: &Simulator) -> (Vec<u8>, Vec<String>) {
    let transport = connect(simulator).await;
    let identity = transport.identity().await.unwrap();
    let header = Header::new(
        simulator.tenant_id().parse().unwrap(),
        &transport,
        &identity,
        json!({"a": 1}),
    );
    let (recorder, recorded) = Recorder::start(&transport, &header, Vec::new(), redact()).unwrap();
    let told = ask(&recorded).await;
    (recorder.finish().await.unwrap(), told)
}

/// An item as the recording has it.
pub(crate) fn redacted(item: &str) -> String {
    let Ok(mut value) = Json::parse(item.as_bytes()) else {
        return item.to_owned();
    };
    redact()(&mut value);
    value.to_string()
}
