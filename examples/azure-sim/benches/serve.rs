//! How fast a large tenant is served, and in how much memory: `cargo bench -p atg-azure-sim -- --rows 1000000`.
//!
//! The simulator runs as a process of its own, so that its memory is its own; the client pages through everything and
//! counts what it sees.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// The simulator, ended when this is dropped.
struct Served {
    child: Child,
    origin: String,
    tenant: String,
    started: Duration,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn serve(rows: u64) -> Served {
    let begun = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_azure-sim"))
        .args([
            "--rows",
            &rows.to_string(),
            "--seed",
            "7",
            "--subscriptions",
            "30",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the simulator is built with its bench");
    let out = child.stdout.take().expect("its output is piped");
    let (mut origin, mut tenant) = (String::new(), String::new());
    for line in BufReader::new(out).lines().map_while(Result::ok) {
        if let Some(place) = line.strip_prefix("http on ") {
            place.clone_into(&mut origin);
        } else if let Some(id) = line.strip_prefix("tenant ") {
            id.clone_into(&mut tenant);
        } else if line.starts_with("made up ") {
            break;
        }
    }
    Served {
        child,
        origin,
        tenant,
        started: begun.elapsed(),
    }
}

impl Served {
    /// Megabytes: those in use now, and the most there ever were.
    fn memory(&self) -> (u64, u64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let read = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name));
            let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
            number.unwrap_or_default() / 1024
        };
        (read("VmRSS:"), read("VmHWM:"))
    }

    async fn token(&self, http: &reqwest::Client, resource: &str) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={resource}/.default",
            atg_azure_sim::Principal::CLIENT_ID,
            atg_azure_sim::Principal::SECRET
        );
        let url = format!("{}/{}/oauth2/v2.0/token", self.origin, self.tenant);
        let answer = read(http.post(url).body(form)).await.0;
        answer["access_token"].as_str().unwrap_or_default().to_owned()
    }
}

async fn read(request: reqwest::RequestBuilder) -> (Value, usize) {
    let answer = request.send().await.expect("the simulator answers");
    assert_eq!(answer.status(), 200);
    let text = answer.bytes().await.expect("the whole answer");
    (serde_json::from_slice(&text).expect("JSON"), text.len())
}

/// What one listing took.
#[derive(Default)]
struct Paged {
    pages: u64,
    items: u64,
    bytes: u64,
    first: Duration,
    all: Duration,
}

#[expect(clippy::print_stdout, reason = "a bench prints a table")]
fn print(name: &str, paged: &Paged, memory: (u64, u64)) {
    #[expect(clippy::cast_precision_loss, reason = "rates")]
    let rate = |count: u64| count as f64 / paged.all.as_secs_f64();
    println!(
        "{name:34} {:>7} {:>9} {:>8.1} {:>9.2} {:>9.1} {:>10.0} {:>6} {:>6}",
        paged.pages,
        paged.items,
        paged.all.as_secs_f64(),
        paged.first.as_secs_f64(),
        rate(paged.pages),
        rate(paged.items),
        memory.0,
        memory.1
    );
}

/// Follows links.
async fn list(http: &reqwest::Client, token: &str, from: Vec<String>) -> Paged {
    let (mut paged, begun) = (Paged::default(), Instant::now());
    for first in from {
        let mut next = Some(first);
        while let Some(link) = next {
            let (page, bytes) = read(http.get(link).bearer_auth(token)).await;
            note(&mut paged, &page["value"], bytes, begun);
            let link = page.get("nextLink").or_else(|| page.get("@odata.nextLink"));
            next = link.and_then(Value::as_str).map(str::to_owned);
        }
    }
    paged.all = begun.elapsed();
    paged
}

/// Follows skip tokens.
async fn query(http: &reqwest::Client, token: &str, origin: &str, text: &str) -> Paged {
    let (mut paged, begun) = (Paged::default(), Instant::now());
    let mut skip = Value::Null;
    loop {
        let body = json!({"query": text, "options": {"$top": 1000, "$skipToken": skip}});
        let url = format!("{origin}/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01");
        let (page, bytes) = read(http.post(url).bearer_auth(token).body(body.to_string())).await;
        note(&mut paged, &page["data"], bytes, begun);
        match page.get("$skipToken") {
            Some(token) => skip = token.clone(),
            None => break,
        }
    }
    paged.all = begun.elapsed();
    paged
}

fn note(paged: &mut Paged, items: &Value, bytes: usize, begun: Instant) {
    if paged.pages == 0 {
        paged.first = begun.elapsed();
    }
    paged.pages += 1;
    paged.items += items.as_array().map_or(0, Vec::len) as u64;
    paged.bytes += bytes as u64;
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "a bench prints a table")]
async fn main() {
    let arguments: Vec<String> = env::args().collect();
    let asked = arguments.iter().skip_while(|text| *text != "--rows").nth(1);
    let rows = asked.and_then(|text| text.parse().ok()).unwrap_or(100_000);
    // Another part of the process may have been first.
    let _installed_before = rustls::crypto::ring::default_provider().install_default();
    let served = serve(rows);
    let http = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client without TLS");
    let arm = served.token(&http, "https://management.azure.com").await;
    let graph = served.token(&http, "https://graph.microsoft.com").await;
    let memory = served.memory();
    println!(
        "{rows} rows, 30 subscriptions; ready after {:.1} s with {} MB\n",
        served.started.as_secs_f64(),
        memory.0
    );
    println!(
        "{:34} {:>7} {:>9} {:>8} {:>9} {:>9} {:>10} {:>6} {:>6}",
        "listing", "pages", "items", "s", "first s", "pages/s", "items/s", "MB", "most"
    );
    let origin = &served.origin;
    let inventory = "resources | project id, name, type, location, kind, sku, tags, identity, plan, zones, managedBy, properties | order by id asc";
    let paged = query(&http, &arm, origin, inventory).await;
    print("Resource Graph, whole inventory", &paged, served.memory());
    let paged = query(
        &http,
        &arm,
        origin,
        "resources | project id, type | order by id asc",
    )
    .await;
    print("Resource Graph, IDs and types", &paged, served.memory());
    let subscriptions = read(
        http.get(format!("{origin}/subscriptions?api-version=2022-12-01"))
            .bearer_auth(&arm),
    )
    .await
    .0;
    let ids: Vec<String> = subscriptions["value"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|row| Some(row["id"].as_str()?.to_owned()))
        .collect();
    let each = |rest: &str| {
        ids.iter()
            .map(|id| format!("{origin}{id}/{rest}"))
            .collect::<Vec<_>>()
    };
    let paged = list(&http, &arm, each("resources?api-version=2021-04-01")).await;
    print("Resource Manager, resources", &paged, served.memory());
    let paged = list(&http, &arm, each("resourcegroups?api-version=2021-04-01")).await;
    print("Resource Manager, groups", &paged, served.memory());
    let assignments = each("providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01");
    let paged = list(&http, &arm, assignments).await;
    print("Resource Manager, role assignments", &paged, served.memory());
    let users = format!("{origin}/v1.0/users?$top=999&$select=id,displayName,userPrincipalName");
    let paged = list(&http, &graph, vec![users]).await;
    print("Microsoft Graph, users", &paged, served.memory());
}
