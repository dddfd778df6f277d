use std::sync::{Arc, Mutex};

use atg_azure::{
    budget::Budget,
    clock::{Clock, SystemClock},
    cloud::{Cloud, CloudName},
    credential::{AccessToken, AuthMethod, Chain, Credential, CredentialError, TokenRequest, TokenSource},
    transport::Transport,
    wire::{Cause, Limits, Wire, WireFailure},
};
use atg_server::keys::{ApiKey, Environment, KeyRing, KeyState, Pepper, Refusal};
use bytes::Bytes;
use http::{Request, Response};
use serde_json::json;

use super::*;

fn secret(version: &str, created: i64, value: &str) -> SecretVersion {
    SecretVersion {
        name: "atg-key-ci".to_owned(),
        version: version.to_owned(),
        value: value.into(),
        not_before: None,
        expires_at: None,
        created_at: Timestamp::from_second(created).ok(),
    }
}

fn text(id: &str, state: &str) -> String {
    format!(
        r#"{{"id":"{id}","hash":"{}","owner":"ci","environment":"prod","scopes":["graph:read"],"tenants":["*"],"state":"{state}"}}"#,
        "0".repeat(64)
    )
}

#[test]
fn two_versions_with_two_keys_are_both_good() {
    let found = records(vec![
        secret("v1", 1, &text("AAAAAAAA", "active")),
        secret("v2", 2, &text("BBBBBBBB", "active")),
    ]);
    let ids: Vec<_> = found.iter().map(|record| record.id.to_string()).collect();
    assert_eq!(ids, ["AAAAAAAA", "BBBBBBBB"]);
}

#[test]
fn of_two_versions_with_one_key_the_newer_comes_last_whatever_their_names() {
    let found = records(vec![
        secret("a", 2, &text("AAAAAAAA", "revoked")),
        secret("z", 1, &text("AAAAAAAA", "active")),
    ]);
    // The ring keeps the last of each id.
    assert_eq!(found.last().unwrap().state, KeyState::Revoked);
}

#[test]
fn a_secret_that_is_no_record_is_left_out_and_the_others_stay() {
    let found = records(vec![
        secret("v1", 1, "canary"),
        secret("v2", 2, &text("AAAAAAAA", "active")),
    ]);
    assert_eq!(found.len(), 1);
}

#[test]
fn the_vaults_dates_bound_those_of_the_record() {
    let at = |second| Timestamp::from_second(second).ok();
    assert_eq!(earliest(at(5), at(3)), at(3));
    assert_eq!(earliest(at(5), None), at(5));
    assert_eq!(earliest(None, at(3)), at(3));
    assert_eq!(latest(at(5), at(7)), at(7));
    assert_eq!(latest(None, at(7)), at(7));
    let mut bounded = secret("v1", 1, &text("AAAAAAAA", "active"));
    bounded.expires_at = at(9);
    assert_eq!(record(&bounded).unwrap().expires_at, at(9));
}

/// A vault with one secret, whose versions can be changed; or none, as if the network were gone.
#[derive(Debug, Default)]
struct Vault(Mutex<Option<Vec<(String, bool)>>>);

impl Vault {
    fn holds(&self, versions: &[(&str, bool)]) {
        let versions = versions
            .iter()
            .map(|(value, enabled)| ((*value).to_owned(), *enabled));
        *self.0.lock().unwrap() = Some(versions.collect());
    }

    fn is_gone(&self) {
        *self.0.lock().unwrap() = None;
    }
}

#[async_trait]
impl Wire for Vault {
    async fn exchange(&self, request: Request<Bytes>, _: Limits) -> Result<Response<Bytes>, WireFailure> {
        let state = self.0.lock().unwrap();
        let versions = state
            .as_ref()
            .ok_or(WireFailure::new(Cause::Connect, "no route"))?;
        let path = request.uri().path();
        let id = |rest: &str| format!("https://keys.vault.azure.net/secrets/atg-key-ci{rest}");
        let body = match path.strip_prefix("/secrets/atg-key-ci/") {
            None => json!({"value": [{"id": id(""), "attributes": {"enabled": true}}]}),
            Some("versions") => {
                let listed = versions.iter().enumerate().map(|(number, (_, enabled))| {
                    json!({"id": id(&format!("/v{number}")), "attributes": {"enabled": enabled, "created": number}})
                });
                json!({"value": listed.collect::<Vec<_>>()})
            }
            Some(version) => {
                let number: usize = version.trim_start_matches('v').parse().unwrap();
                json!({"value": versions[number].0})
            }
        };
        Ok(Response::new(Bytes::from(body.to_string())))
    }
}

#[derive(Debug)]
struct Somebody;

#[async_trait]
impl Credential for Somebody {
    fn method(&self) -> AuthMethod {
        AuthMethod::Secret
    }

    async fn token(&self, _: &TokenRequest) -> Result<AccessToken, CredentialError> {
        Ok(AccessToken {
            secret: "token".into(),
            expires_on: Timestamp::MAX,
            refresh_on: None,
        })
    }
}

fn source(vault: &Arc<Vault>) -> Arc<VaultKeys> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let cloud = Cloud::known(&CloudName::Public).unwrap();
    let address = cloud.vault("keys").unwrap();
    let transport = Transport::new(
        cloud,
        Arc::clone(vault) as _,
        Arc::new(TokenSource::new(
            Chain::of(Arc::new(Somebody)),
            Arc::clone(&clock),
        )),
        Budget::in_memory(Arc::clone(&clock)),
        clock,
    );
    let store = SecretStore::new(
        transport.with_retry(atg_azure::RetryPolicy::default().with_tries(1)),
        address,
    );
    Arc::new(VaultKeys {
        azure: Azure::new(atg_azure::AzureOptions::default()),
        name: "keys".to_owned(),
        store: OnceCell::new_with(Some(store)),
    })
}

/// A key, and its record as a secret would hold it.
fn key(pepper: &Pepper) -> (ApiKey, String) {
    let key = ApiKey::generate(Environment::Prod).unwrap();
    let record = text(key.id().as_str(), "active").replace(&"0".repeat(64), &key.hash_hex(pepper));
    (key, record)
}

#[tokio::test]
async fn keys_follow_the_vault_through_a_rotation_and_outlive_its_absence() {
    let pepper = || Pepper::new(b"sixteen bytes or more").unwrap();
    let ((old, old_record), (new, new_record)) = (key(&pepper()), key(&pepper()));
    let vault = Arc::new(Vault::default());
    vault.holds(&[(&old_record, true)]);
    let ring = KeyRing::load(source(&vault), pepper(), Environment::Prod)
        .await
        .unwrap();
    let asks = |key: &ApiKey| {
        let header = format!("Bearer {}", secrecy::ExposeSecret::expose_secret(&key.reveal()));
        ring.authenticate(Some(header.as_bytes()), Timestamp::now())
            .map(|_| ())
    };
    assert_eq!((asks(&old), asks(&new)), (Ok(()), Err(Refusal::Unknown)));

    vault.holds(&[(&old_record, true), (&new_record, true)]);
    ring.reload().await;
    assert_eq!(
        (asks(&old), asks(&new)),
        (Ok(()), Ok(())),
        "two are good together"
    );

    vault.is_gone();
    ring.reload().await;
    assert_eq!(
        (asks(&old), asks(&new)),
        (Ok(()), Ok(())),
        "the last known stay in force"
    );
    let stale = ring.stale().expect("and it says so");
    assert!(stale.contains("keys.vault.azure.net"), "{stale}");

    vault.holds(&[(&old_record, false), (&new_record, true)]);
    ring.reload().await;
    assert_eq!(
        (asks(&old), asks(&new)),
        (Err(Refusal::Unknown), Ok(())),
        "the old one is off"
    );
    assert_eq!(ring.stale(), None);
}

#[tokio::test]
async fn a_service_does_not_start_without_its_vault() {
    let vault = Arc::new(Vault::default());
    let pepper = Pepper::new(b"sixteen bytes or more").unwrap();
    let error = KeyRing::load(source(&vault), pepper, Environment::Prod)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), atg_sdk::ErrorKind::Unavailable);
}
