use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use atg_azure::{
    key_vault::SecretStore,
    wire::{Cause, WireFailure},
};
use atg_sdk::ErrorKind;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::{Scripted, answer, public, transport};

const VAULT: &str = "https://my-keys.vault.azure.net";

fn listed(path: &str, enabled: bool) -> Value {
    json!({"id": format!("{VAULT}/secrets/{path}"), "attributes": {"enabled": enabled, "created": 1, "exp": 2_000_000_000}})
}

/// A vault with two pages of secrets; `atg-key-a` has three versions, one of which is off.
fn vault(request: &http::Request<bytes::Bytes>) -> Option<Value> {
    let uri = request.uri().to_string();
    let path = uri.strip_prefix(VAULT)?;
    Some(match path {
        "/secrets?api-version=7.4&maxresults=25" => json!({
            "value": [listed("atg-key-a", true), listed("other", true)],
            "nextLink": format!("{VAULT}/secrets?api-version=7.4&page=2"),
        }),
        "/secrets?api-version=7.4&page=2" => json!({"value": [listed("atg-key-b", true)], "nextLink": null}),
        "/secrets/atg-key-a/versions?api-version=7.4&maxresults=25" => json!({
            "value": [listed("atg-key-a/v1", true), listed("atg-key-a/v2", true), listed("atg-key-a/v3", false)],
        }),
        "/secrets/atg-key-b/versions?api-version=7.4&maxresults=25" => {
            json!({"value": [listed("atg-key-b/v1", true)]})
        }
        "/secrets/atg-key-a/v1?api-version=7.4" => json!({"value": "one"}),
        "/secrets/atg-key-a/v2?api-version=7.4" => json!({"value": "canary"}),
        "/secrets/atg-key-b/v1?api-version=7.4" => json!({"value": "three"}),
        _ => return None,
    })
}

fn store(wire: &Arc<Scripted>) -> SecretStore {
    let (transport, _) = transport(wire);
    SecretStore::new(transport, public().vault("my-keys").unwrap())
}

#[tokio::test(start_paused = true)]
async fn all_enabled_versions_are_found_on_all_pages_and_no_stranger_is_read() {
    let wire = Scripted::new(|_, request| match vault(request) {
        Some(body) => answer(200, &[], &body.to_string()),
        None => answer(404, &[], "{}"),
    });
    let found = store(&wire).versions("atg-key-").await.unwrap();
    let shown: Vec<_> = found
        .iter()
        .map(|secret| {
            (
                secret.name.as_str(),
                secret.version.as_str(),
                secret.value.expose_secret(),
            )
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("atg-key-a", "v1", "one"),
            ("atg-key-a", "v2", "canary"),
            ("atg-key-b", "v1", "three")
        ]
    );
    assert_eq!(found[0].expires_at.unwrap().as_second(), 2_000_000_000);
    assert!(!format!("{found:?}").contains("canary"));
    let asked = wire.requests.lock().unwrap();
    assert!(
        asked
            .iter()
            .all(|request| !request.uri().path().contains("other"))
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_version_holds_is_fetched_once_and_whether_it_is_in_force_each_time() {
    let off = Arc::new(AtomicUsize::new(0));
    let switch = Arc::clone(&off);
    let wire = Scripted::new(move |_, request| {
        let mut body = vault(request).unwrap();
        if switch.load(Ordering::SeqCst) == 1 && request.uri().path().ends_with("atg-key-b/versions") {
            body["value"][0]["attributes"]["enabled"] = json!(false);
        }
        answer(200, &[], &body.to_string())
    });
    let store = store(&wire);
    assert_eq!(store.versions("atg-key-").await.unwrap().len(), 3);
    assert_eq!(wire.count(), 2 + 2 + 3);
    off.store(1, Ordering::SeqCst);
    assert_eq!(
        store.versions("atg-key-").await.unwrap().len(),
        2,
        "one was switched off"
    );
    assert_eq!(wire.count(), 7 + 4, "lists only");
    off.store(0, Ordering::SeqCst);
    assert_eq!(store.versions("atg-key-").await.unwrap().len(), 3, "and on again");
}

#[tokio::test(start_paused = true)]
async fn a_version_that_vanishes_between_list_and_look_is_left_out() {
    let wire = Scripted::new(|_, request| match request.uri().path() {
        "/secrets/atg-key-a/v1" => answer(
            404,
            &[],
            r#"{"error":{"code":"SecretNotFound","message":"Gone."}}"#,
        ),
        "/secrets/atg-key-a/v2" => answer(
            403,
            &[],
            r#"{"error":{"code":"Forbidden","message":"Operation get is not allowed on a disabled secret.","innererror":{"code":"SecretDisabled"}}}"#,
        ),
        _ => answer(200, &[], &vault(request).unwrap().to_string()),
    });
    let found = store(&wire).versions("atg-key-").await.unwrap();
    assert_eq!(found.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_missing_permission_and_an_unreachable_vault_say_what_to_do() {
    let forbidden = Scripted::new(|_, _| {
        answer(
            403,
            &[],
            r#"{"error":{"code":"Forbidden","message":"Caller is not authorized."}}"#,
        )
    });
    let error = store(&forbidden).versions("atg-key-").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("Key Vault Secrets User"), "{error}");
    let gone = Scripted::new(|_, _| Err(WireFailure::new(Cause::Connect, "no such host")));
    let error = store(&gone).versions("atg-key-").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("my-keys.vault.azure.net"), "{error}");
}
