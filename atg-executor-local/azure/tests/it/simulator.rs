//! Against the simulated Azure: signing in over real TLS in every way that it knows, and paging through a whole tenant.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use atg_azure::{
    Azure, AzureOptions,
    cloud::CloudName,
    credential::{AuthMethod, CredentialSettings, Identity},
    key_vault::SecretStore,
    transport::{Request, Transport},
    wire::ConnectionOptions,
};
use atg_azure_sim::{Config, Pages, Principal, Secret, Simulator, Source};
use atg_sdk::ErrorKind;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use tempfile::TempDir;

use crate::certificates::data;

/// An export that lies beside the workspace, or under `ATG_SHARED`; `None` where it is not there and need not be.
fn recorded() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let shared = env::var_os("ATG_SHARED").map_or_else(|| root.join("../shared"), PathBuf::from);
    let file = shared.join("data/tenants/recorded.jsonl");
    let found = file.is_file();
    assert!(
        found || env::var_os("CI").is_none(),
        "{} is not there",
        file.display()
    );
    found.then_some(file)
}

pub(crate) fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/demo-tenant/demo.jsonl")
}

/// Small pages, so that there are many.
pub(crate) async fn start(file: &Path, change: impl FnOnce(&mut Config)) -> Simulator {
    let mut config = Config::new(Source::File(file.to_owned()));
    config.pages = Pages {
        arm: 7,
        resource_graph: 50,
        graph: 5,
        vault: 2,
    };
    change(&mut config);
    Simulator::start(config).await.unwrap()
}

pub(crate) fn with_secret(simulator: &Simulator) -> Vec<(&'static str, String)> {
    vec![
        ("AZURE_TENANT_ID", simulator.tenant_id().to_owned()),
        ("AZURE_CLIENT_ID", Principal::CLIENT_ID.to_owned()),
        ("AZURE_CLIENT_SECRET", Principal::SECRET.to_owned()),
    ]
}

pub(crate) fn options(simulator: &Simulator, pairs: &[(&'static str, String)]) -> AzureOptions {
    let mut credentials = CredentialSettings::from_variables(|name| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.into())
    });
    credentials.managed.arc_agent = Some("/nowhere".into());
    AzureOptions::default()
        .with_cloud(simulator.origin().parse().unwrap())
        .with_connections(
            ConnectionOptions::default()
                .without_proxy()
                .with_extra_ca(simulator.ca_pem()),
        )
        .with_credentials(credentials)
}

/// As the public cloud, whose hosts the simulator's proxy leads to it.
fn through_proxy(simulator: &Simulator) -> AzureOptions {
    let mut options = options(simulator, &with_secret(simulator)).with_cloud(CloudName::Public);
    options.connections = ConnectionOptions::default().with_extra_ca(simulator.ca_pem());
    options.connections.proxy = Some(simulator.proxy().into());
    options
}

pub(crate) async fn connect(options: AzureOptions) -> Transport {
    Azure::new(options).transport().await.unwrap().clone()
}

#[derive(Deserialize)]
struct HasId {
    id: String,
}

/// Pages through a list, and gives the id of each of its items.
pub(crate) async fn ids(transport: &Transport, path: &str) -> (BTreeSet<String>, usize) {
    let mut pages = transport.pages(Request::get(transport.cloud(), path).unwrap());
    let (mut found, mut count) = (BTreeSet::new(), 0);
    while let Some(page) = pages.next().await {
        let page = page.unwrap_or_else(|error| panic!("{path}: {error}"));
        count += 1;
        for item in page.items() {
            let HasId { id } = serde_json::from_str(item).unwrap();
            found.insert(id.to_lowercase());
        }
    }
    (found, count)
}

/// The list that a resource is in: its ID without the last name.
fn list_of(id: &str) -> Option<String> {
    let lower = id.to_lowercase();
    let segments: Vec<&str> = lower.split('/').skip(1).collect();
    match segments.as_slice() {
        ["subscriptions", _] => Some("/subscriptions".to_owned()),
        [.., _] => lower.rsplit_once('/').map(|(list, _)| list.to_owned()),
        [] => None,
    }
}

fn ids_in(file: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(file).unwrap();
    let id = |line: &str| serde_json::from_str::<HasId>(line).unwrap().id.to_lowercase();
    text.lines().map(id).filter(|id| id.starts_with('/')).collect()
}

/// Reads every list that any of these IDs is in, and gives what all of them hold together.
async fn read_all(transport: &Transport, expected: &BTreeSet<String>) -> (BTreeSet<String>, usize, usize) {
    let lists: BTreeSet<String> = expected.iter().filter_map(|id| list_of(id)).collect();
    let (mut found, mut pages) = (BTreeSet::new(), 0);
    for list in &lists {
        let (more, count) = ids(transport, &format!("{list}?api-version=2024-01-01")).await;
        found.extend(more);
        pages += count;
    }
    (found, lists.len(), pages)
}

async fn all_of_it_is_seen(file: &Path) {
    let simulator = start(file, |_| {}).await;
    let transport = connect(options(&simulator, &with_secret(&simulator))).await;
    let served: BTreeSet<String> = simulator
        .resource_ids()
        .iter()
        .map(|id| id.to_lowercase())
        .collect();
    let (found, lists, pages) = read_all(&transport, &served).await;
    let missing: Vec<_> = served.difference(&found).collect();
    assert!(
        missing.is_empty(),
        "{} of {} not seen: {missing:#?}",
        missing.len(),
        served.len()
    );
    let in_file = ids_in(file);
    let lost: Vec<_> = in_file.difference(&found).collect();
    assert!(lost.is_empty(), "{lost:#?}");
    assert!(pages > lists, "{pages} pages of {lists} lists");
    let tally = transport.tally();
    assert_eq!((tally.failed, tally.refused()), (0, 0), "{tally:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_demo_tenant_is_seen_page_by_page() {
    all_of_it_is_seen(&demo()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_the_recorded_tenant_is_seen_page_by_page() {
    if let Some(file) = recorded() {
        all_of_it_is_seen(&file).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hosts_of_a_cloud_are_read_from_its_resource_manager() {
    let simulator = start(&demo(), |_| {}).await;
    let transport = connect(options(&simulator, &[])).await;
    let cloud = transport.cloud();
    assert_eq!(
        cloud.resource_manager.origin().ascii_serialization(),
        simulator.origin()
    );
    assert_eq!(cloud.authority.origin().ascii_serialization(), simulator.origin());
    assert_eq!(cloud.name, "AzureSim");
}

#[tokio::test(flavor = "multi_thread")]
async fn through_a_proxy_the_public_clouds_own_hosts_are_called() {
    let simulator = start(&demo(), |_| {}).await;
    let transport = connect(through_proxy(&simulator)).await;
    let (found, _) = ids(&transport, "/subscriptions?api-version=2022-12-01").await;
    assert_eq!(found.len(), 3);
    assert_eq!(
        transport.cloud().resource_manager.host_str(),
        Some("management.azure.com")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_nobody_vouches_for_is_not_spoken_to() {
    let simulator = start(&demo(), |_| {}).await;
    let mut options = options(&simulator, &with_secret(&simulator));
    options.connections = ConnectionOptions::default().without_proxy();
    let error = Azure::new(options).transport().await.unwrap_err();
    assert!(error.message().contains("SSL_CERT_FILE"), "{error}");
}

/// Signs in in that way alone and says who the token is for.
async fn sign_in(simulator: &Simulator, method: AuthMethod, pairs: &[(&'static str, String)]) -> Identity {
    let mut options = options(simulator, pairs);
    options.credentials = options.credentials.with_only(Some(method));
    let transport = connect(options).await;
    let identity = transport
        .identity()
        .await
        .unwrap_or_else(|error| panic!("{method}: {error}"));
    let (found, _) = ids(&transport, "/subscriptions?api-version=2022-12-01").await;
    assert_eq!(found.len(), 3, "{method}");
    identity
}

#[tokio::test(flavor = "multi_thread")]
async fn every_way_that_the_simulator_knows_leads_to_a_token_that_it_takes() {
    let der = CertificateDer::from_pem_file(data("rsa.pem")).unwrap();
    let simulator = start(&demo(), |config| {
        config.principals[0].certificates.push(der.to_vec());
    })
    .await;
    let application = [
        ("AZURE_TENANT_ID", simulator.tenant_id().to_owned()),
        ("AZURE_CLIENT_ID", Principal::CLIENT_ID.to_owned()),
    ];
    let and = |name: &'static str, value: String| -> Vec<(&'static str, String)> {
        application.iter().cloned().chain([(name, value)]).collect()
    };
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("token");
    fs::write(&file, foreign_token()).unwrap();
    let ways = [
        (
            AuthMethod::Secret,
            and("AZURE_CLIENT_SECRET", Principal::SECRET.to_owned()),
        ),
        (
            AuthMethod::Certificate,
            and(
                "AZURE_CLIENT_CERTIFICATE_PATH",
                data("rsa.pem").display().to_string(),
            ),
        ),
        (
            AuthMethod::Federated,
            and("AZURE_FEDERATED_TOKEN_FILE", file.display().to_string()),
        ),
        (
            AuthMethod::ManagedIdentity,
            vec![(
                "AZURE_POD_IDENTITY_AUTHORITY_HOST",
                simulator.http_origin().to_owned(),
            )],
        ),
    ];
    for (method, pairs) in ways {
        let identity = sign_in(&simulator, method, &pairs).await;
        assert_eq!(
            identity.tenant_id.as_deref(),
            Some(simulator.tenant_id()),
            "{method}"
        );
        assert_eq!(
            identity.client_id.as_deref(),
            Some(Principal::CLIENT_ID),
            "{method}"
        );
    }
}

/// The token of another issuer, whom the simulated application trusts.
fn foreign_token() -> String {
    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    let part = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
    let claims = r#"{"iss":"https://issuer.azure-sim.example","sub":"workload","aud":"api://AzureADTokenExchange","exp":4102444800}"#;
    format!("{}.{}.", part(r#"{"alg":"none"}"#), part(claims))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_and_a_strange_certificate_are_refused_in_azures_words() {
    let simulator = start(&demo(), |_| {}).await;
    let application = with_secret(&simulator);
    let mut wrong = application.clone();
    wrong[2].1 = "canary".to_owned();
    let mut strange = application[..2].to_vec();
    strange.push((
        "AZURE_CLIENT_CERTIFICATE_PATH",
        data("rsa.pem").display().to_string(),
    ));
    for (pairs, code) in [(wrong, "AADSTS7000215"), (strange, "AADSTS700027")] {
        let transport = connect(options(&simulator, &pairs)).await;
        let error = transport.identity().await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Unauthenticated, code));
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_principal_may_not_see_is_an_error_and_not_an_empty_list() {
    let simulator = start(&demo(), |config| config.principals[0].scopes.clear()).await;
    let transport = connect(options(&simulator, &with_secret(&simulator))).await;
    let served = simulator.resource_ids();
    let group = served
        .iter()
        .find(|id| id.to_lowercase().contains("/resourcegroups/"))
        .unwrap();
    let list = list_of(group).unwrap();
    let request = Request::get(transport.cloud(), &format!("{list}?api-version=2024-01-01")).unwrap();
    let error = transport.pages(request).next().await.unwrap().unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound),
        "{error:?}"
    );
    assert!(error.code().is_some(), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_vault_gives_its_secrets() {
    let secrets = (0..5).map(|number| Secret {
        vault: "keys".to_owned(),
        name: format!("atg-key-{number}"),
        value: format!("value-{number}"),
    });
    let secrets: Vec<_> = secrets.collect();
    let simulator = start(&demo(), |config| config.secrets = secrets).await;
    let transport = connect(through_proxy(&simulator)).await;
    let store = SecretStore::new(transport.clone(), transport.cloud().vault("keys").unwrap());
    let found = store.versions("atg-key-").await.unwrap();
    let values: BTreeMap<_, _> = found
        .iter()
        .map(|secret| (secret.name.as_str(), secret.value.expose_secret()))
        .collect();
    assert_eq!(values.len(), 5);
    assert_eq!(values["atg-key-3"], "value-3");
}
