use std::sync::Arc;

use atg_azure::{
    credential::{AuthMethod, Chain, CredentialError, CredentialSettings, TokenRequest, TokenSource},
    wire::{Cause, Wire, WireFailure},
};
use atg_sdk::ErrorKind;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::{
    support::{Scripted, answer, public, virtual_clock},
    tools::tool,
};

fn request() -> TokenRequest {
    TokenRequest::new("https://management.azure.com/.default")
}

fn source(pairs: &[(&str, &str)], only: Option<AuthMethod>, wire: &Arc<Scripted>) -> TokenSource {
    let mut settings = CredentialSettings::from_variables(|name| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.into())
    })
    .with_only(only);
    settings.managed.arc_agent = Some("/nowhere".into());
    let wire: Arc<dyn Wire> = Arc::clone(wire) as _;
    let clock = virtual_clock();
    TokenSource::new(Chain::new(&settings, &public(), &wire, &wire, &clock), clock)
}

/// No login endpoint and no metadata service.
fn nowhere() -> Arc<Scripted> {
    Scripted::new(|_, _| Err(WireFailure::new(Cause::Connect, "no route")))
}

#[tokio::test]
async fn where_none_works_each_is_listed_with_its_reason() {
    let empty = TempDir::new().unwrap();
    let path = empty.path().display().to_string();
    let error = source(&[("PATH", &path)], None, &nowhere())
        .token(&request())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let expected = [
        "secret: AZURE_CLIENT_SECRET is not set",
        "certificate: AZURE_CLIENT_CERTIFICATE_PATH is not set",
        "federated: AZURE_FEDERATED_TOKEN_FILE is not set",
        "managed-identity: this machine has no metadata service",
        "az: the Azure CLI is not installed",
        "azd: the Azure Developer CLI is not installed",
    ];
    let mut rest = error.message();
    for part in expected {
        let (_, after) = rest
            .split_once(part)
            .unwrap_or_else(|| panic!("`{part}` in its place in {error}"));
        rest = after;
    }
}

#[tokio::test]
async fn the_first_that_works_is_taken_and_kept_to() {
    let both = tool("az", r#"echo '{"accessToken":"of-az","expires_on":1767225660}'"#);
    let path = both.path().display().to_string();
    let wire = nowhere();
    let source = source(&[("PATH", &path)], None, &wire);
    assert_eq!(
        source.token(&request()).await.unwrap().secret.expose_secret(),
        "of-az"
    );
    assert_eq!(source.method(), Some(AuthMethod::Az));
    let asked = wire.count();
    // Another scope: the ways before it are not tried again.
    source
        .token(&TokenRequest::new("https://graph.microsoft.com/.default"))
        .await
        .unwrap();
    assert_eq!(wire.count(), asked);
}

#[tokio::test]
async fn a_secret_that_is_refused_ends_the_search_instead_of_signing_in_as_somebody_else() {
    let tools = tool("az", r#"echo '{"accessToken":"of-az"}'"#);
    let path = tools.path().display().to_string();
    let wire = Scripted::new(|_, _| {
        answer(
            401,
            &[("x-ms-request-id", "r-1")],
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided: canary-secret."}"#,
        )
    });
    let pairs = [
        ("AZURE_TENANT_ID", "contoso.com"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "canary-secret"),
        ("PATH", &path),
    ];
    let error = source(&pairs, None, &wire).token(&request()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::Unauthenticated, "AADSTS7000215")
    );
    assert_eq!(error.request_id(), Some("r-1"));
    assert!(
        error.message().contains("not tried") && error.message().contains("--auth"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    // With --auth the person decides.
    let picked = source(&pairs, Some(AuthMethod::Az), &wire);
    assert_eq!(
        picked.token(&request()).await.unwrap().secret.expose_secret(),
        "of-az"
    );
}

#[tokio::test]
async fn a_half_of_the_settings_is_a_mistake_and_not_an_absence() {
    let error = source(&[("AZURE_CLIENT_SECRET", "s")], None, &nowhere())
        .token(&request())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(
        error.message().contains("AZURE_TENANT_ID is not set beside it"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_login_that_cannot_be_reached_is_tried_again_and_is_no_wrong_secret() {
    let wire = nowhere();
    let pairs = [
        ("AZURE_TENANT_ID", "contoso.com"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_CLIENT_SECRET", "s"),
    ];
    let error = source(&pairs, Some(AuthMethod::Secret), &wire)
        .token(&request())
        .await
        .unwrap_err();
    assert_eq!((error.kind(), wire.count()), (ErrorKind::Unavailable, 4));
}

#[tokio::test]
async fn managed_identity_can_be_left_out() {
    let wire = nowhere();
    let error = source(&[("ATG_USE_MANAGED_IDENTITY", "false")], None, &wire)
        .token(&request())
        .await
        .unwrap_err();
    assert!(
        error.message().contains("ATG_USE_MANAGED_IDENTITY is false"),
        "{error}"
    );
    assert_eq!(wire.count(), 0);
}

#[tokio::test]
async fn all_that_was_tried_is_told_even_when_one_worked() {
    let tools = tool("az", r#"echo '{"accessToken":"of-az"}'"#);
    let path = tools.path().display().to_string();
    let source = source(&[("PATH", &path)], None, &nowhere());
    let (_, tried) = source.try_all(&request()).await.unwrap();
    let methods: Vec<_> = tried.iter().map(|tried| tried.method).collect();
    assert_eq!(methods, AuthMethod::ALL[..5]);
    assert!(matches!(tried[3].failure, Some(CredentialError::NotHere(_))));
    assert_eq!(tried[4].to_string(), "az: ok");
}
