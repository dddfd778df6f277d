//! Faked `az` and `azd`: scripts on a path that is given.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use atg_azure::credential::{AzureCli, AzureDeveloperCli, Credential, CredentialError, TokenRequest, Tools};
use atg_sdk::ErrorKind;
use rstest::rstest;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::support::virtual_clock;

/// A directory with a tool in it that runs that script of `sh`.
pub(crate) fn tool(name: &str, script: &str) -> TempDir {
    let directory = TempDir::new().unwrap();
    add(directory.path(), name, script);
    directory
}

fn add(directory: &Path, name: &str, script: &str) {
    let file = directory.join(name);
    fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
}

fn az(directory: &TempDir) -> AzureCli {
    AzureCli::new(Tools::in_path(directory.path()), None, virtual_clock())
}

fn request() -> TokenRequest {
    TokenRequest::new("https://management.azure.com/.default")
}

#[tokio::test]
async fn az_is_asked_for_the_scope_and_the_tenant() {
    let directory = tool(
        "az",
        r#"echo "$@" > "$(dirname "$0")/arguments"; echo '{"accessToken":"t","expires_on":1767229200,"tenant":"x"}'"#,
    );
    let credential = AzureCli::new(
        Tools::in_path(directory.path()),
        Some("contoso.com".to_owned()),
        virtual_clock(),
    );
    let token = credential.token(&request()).await.unwrap();
    assert_eq!(token.secret.expose_secret(), "t");
    assert_eq!(token.expires_on.as_second(), 1_767_229_200);
    assert_eq!(
        fs::read_to_string(directory.path().join("arguments"))
            .unwrap()
            .trim(),
        "account get-access-token --output json --scope https://management.azure.com/.default --tenant contoso.com"
    );
}

#[tokio::test]
async fn azd_is_asked_likewise_and_takes_claims() {
    let directory = tool(
        "azd",
        r#"echo "$@" > "$(dirname "$0")/arguments"; echo '{"token":"t","expiresOn":"2026-01-01T01:00:00Z"}'"#,
    );
    let credential = AzureDeveloperCli::new(Tools::in_path(directory.path()), None, virtual_clock());
    let mut request = request();
    request.claims = Some("{}".to_owned());
    let token = credential.token(&request).await.unwrap();
    assert_eq!(token.expires_on.to_string(), "2026-01-01T01:00:00Z");
    assert_eq!(
        fs::read_to_string(directory.path().join("arguments"))
            .unwrap()
            .trim(),
        "auth token --output json --no-prompt --scope https://management.azure.com/.default --claims e30="
    );
}

#[tokio::test]
async fn a_tool_that_is_not_there_and_one_where_nobody_is_signed_in_leave_it_to_others() {
    let empty = TempDir::new().unwrap();
    let nobody = tool(
        "az",
        "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
    );
    for (directory, words) in [(&empty, "not installed"), (&nobody, "run `az login`")] {
        match az(directory).token(&request()).await.unwrap_err() {
            CredentialError::NotHere(found) => assert!(found.contains(words), "{found}"),
            CredentialError::Failed(error) => panic!("{error}"),
        }
    }
}

#[rstest]
#[case(
    "echo 'ERROR: AADSTS50076: MFA is needed.' >&2; exit 1",
    ErrorKind::Unauthenticated,
    "AADSTS50076"
)]
#[case("exit 3", ErrorKind::Unauthenticated, "without a word")]
#[case("echo 'no json'", ErrorKind::Unavailable, "find a token")]
#[case("exec sleep 60", ErrorKind::Unavailable, "said nothing")]
#[tokio::test]
async fn a_tool_that_fails_says_why(#[case] script: &str, #[case] kind: ErrorKind, #[case] words: &str) {
    let directory = tool("az", script);
    let tools = Tools::in_path(directory.path());
    // The others answer at once, however long that takes on a busy machine.
    let tools = if script.contains("sleep") {
        tools.with_time_limit(Duration::from_millis(300))
    } else {
        tools
    };
    let credential = AzureCli::new(tools, None, virtual_clock());
    match credential.token(&request()).await.unwrap_err() {
        CredentialError::Failed(error) => {
            assert_eq!(error.kind(), kind);
            assert!(error.message().contains(words), "{error}");
        }
        CredentialError::NotHere(words) => panic!("{words}"),
    }
}

#[tokio::test]
async fn what_would_be_read_as_an_option_or_a_command_is_not_passed_on() {
    let directory = tool("az", "touch \"$(dirname \"$0\")/ran\"");
    for scope in ["--help", "a b", "x;reboot", "$(x)", "a&b"] {
        assert!(az(&directory).token(&TokenRequest::new(scope)).await.is_err());
    }
    let mut request = request();
    request.tenant = Some("--x y".to_owned());
    assert!(az(&directory).token(&request).await.is_err());
    assert!(!directory.path().join("ran").exists());
}

#[tokio::test]
async fn a_tool_in_the_current_directory_is_not_run() {
    let tools = Tools::in_path(".:");
    let credential = AzureCli::new(tools, None, virtual_clock());
    assert!(matches!(
        credential.token(&request()).await,
        Err(CredentialError::NotHere(_))
    ));
}

#[tokio::test]
async fn az_cannot_be_asked_for_claims_and_says_what_to_do() {
    let directory = tool("az", "echo '{\"accessToken\":\"t\"}'");
    let mut request = request();
    request.claims = Some("{}".to_owned());
    let error = az(&directory).token(&request).await.unwrap_err();
    assert!(error.to_string().contains("az logout"), "{error}");
}
