//! Every way to sign in, from settings to token: what was sent and what came back. `LOGINS.md` is what this writes.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use atg_azure::{
    credential::{AuthMethod, Chain, CredentialSettings, TokenRequest, TokenSource},
    wire::{Exchanged, Transcript, Wire},
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::Request;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tempfile::TempDir;

use crate::{
    certificates::data,
    secure::Secure,
    support::{Scripted, answer, golden, public, virtual_clock},
    tools::tool,
};

/// What every secret in here contains: it must be in no output.
const CANARY: &str = "canary";
const TENANT: &str = "4baabe85-98a8-43fe-89fe-574c55f50b56";
const CLIENT: &str = "11111111-1111-1111-1111-111111111111";

/// Settings as the environment would give them.
fn settings(pairs: &[(&str, &str)]) -> CredentialSettings {
    let mut settings = CredentialSettings::from_variables(|name| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.into())
    });
    settings.managed.arc_agent = Some("/nowhere".into());
    settings
}

/// What came of signing in that way with those settings.
struct Login {
    token: atg_sdk::Result<String>,
    exchanged: Vec<Exchanged>,
}

async fn sign_in(settings: CredentialSettings, only: AuthMethod, wire: Arc<dyn Wire>) -> Login {
    let transcript = Transcript::new(wire);
    let wire: Arc<dyn Wire> = Arc::clone(&transcript) as _;
    let clock = virtual_clock();
    let settings = settings.with_only(Some(only));
    let chain = Chain::new(&settings, &public(), &wire, &wire, &clock);
    let source = TokenSource::new(chain, clock);
    let outcome = source
        .token(&TokenRequest::new("https://management.azure.com/.default"))
        .await;
    Login {
        token: outcome.map(|token| token.secret.expose_secret().to_owned()),
        exchanged: transcript.take(),
    }
}

/// The endpoints of all places, by the address that is asked.
fn endpoints() -> Arc<Scripted> {
    Scripted::new(|_, request| {
        let (uri, method) = (request.uri().to_string(), request.method().as_str());
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let metadata = header("metadata") == Some("true");
        let token = r#"{"access_token":"canary-token","expires_in":3599,"token_type":"Bearer"}"#;
        let dated = r#"{"access_token":"canary-token","expires_on":"1767229200","resource":"https://management.azure.com","token_type":"Bearer"}"#;
        if uri.contains("/oauth2/v2.0/token") {
            return answer(200, &[("content-type", "application/json")], token);
        }
        if uri.contains("//arc") {
            return match header("authorization") {
                Some("Basic canary-proof") if metadata => answer(200, &[], dated),
                None if metadata => answer(401, &[("www-authenticate", &challenge())], ""),
                _ => answer(400, &[], ""),
            };
        }
        let proved = match uri.split('/').nth(2).unwrap_or_default() {
            "app-service" => header("x-identity-header") == Some("canary-header"),
            "ml" => header("secret") == Some("canary-secret"),
            "shell" => {
                metadata
                    && method == "POST"
                    && request.body().as_ref() == b"resource=https%3A%2F%2Fmanagement.azure.com"
            }
            _ => metadata,
        };
        if proved {
            answer(200, &[], dated)
        } else {
            answer(
                400,
                &[],
                r#"{"error":"invalid_request","error_description":"Required metadata header not specified"}"#,
            )
        }
    })
}

/// Where the agent of Azure Arc leaves its keys, in this run.
static ARC: Mutex<Option<TempDir>> = Mutex::new(None);

fn arc_directory() -> std::path::PathBuf {
    let mut directory = ARC.lock().unwrap();
    let directory = directory.get_or_insert_with(|| {
        let directory = TempDir::new().unwrap();
        fs::write(directory.path().join("k.key"), "canary-proof\n").unwrap();
        directory
    });
    directory.path().to_owned()
}

fn challenge() -> String {
    format!("Basic realm={}", arc_directory().join("k.key").display())
}

#[tokio::test]
async fn every_way_to_sign_in_as_it_is_sent_and_answered() {
    let mut page = String::from(
        "# Signing in, way by way\n\n\
         What is sent and what comes back, with secrets masked as `********`. Written by the test `logins`, against endpoints\n\
         that answer as Microsoft documents theirs; `ATG_UPDATE_GOLDEN=1` writes it anew.\n",
    );
    let federated = TempDir::new().unwrap();
    let file = federated.path().join("token");
    fs::write(&file, "canary-federated\n").unwrap();
    let file = file.display().to_string();
    let certificate = data("modern.pfx").display().to_string();
    let application = [("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT)];
    let with = |more: &[(&'static str, &str)]| {
        let pairs: Vec<_> = application.iter().copied().chain(more.iter().copied()).collect();
        settings(&pairs)
    };
    let mut arc = settings(&[
        ("IDENTITY_ENDPOINT", "http://arc/token"),
        ("IMDS_ENDPOINT", "http://arc"),
    ]);
    arc.managed.arc_key_directory = Some(arc_directory());
    let cases = [
        (
            "An application's secret",
            AuthMethod::Secret,
            with(&[("AZURE_CLIENT_SECRET", "canary-secret")]),
        ),
        (
            "An application's certificate",
            AuthMethod::Certificate,
            with(&[
                ("AZURE_CLIENT_CERTIFICATE_PATH", &certificate),
                ("AZURE_CLIENT_CERTIFICATE_PASSWORD", "open-sesame"),
            ]),
        ),
        (
            "A federated token (workload identity)",
            AuthMethod::Federated,
            with(&[("AZURE_FEDERATED_TOKEN_FILE", &file)]),
        ),
        (
            "Managed identity: virtual machines, scale sets, container instances",
            AuthMethod::ManagedIdentity,
            settings(&[("AZURE_CLIENT_ID", CLIENT)]),
        ),
        (
            "Managed identity: App Service, Functions, Container Apps",
            AuthMethod::ManagedIdentity,
            settings(&[
                ("IDENTITY_ENDPOINT", "http://app-service/msi/token"),
                ("IDENTITY_HEADER", "canary-header"),
            ]),
        ),
        ("Managed identity: Azure Arc", AuthMethod::ManagedIdentity, arc),
        (
            "Managed identity: Cloud Shell",
            AuthMethod::ManagedIdentity,
            settings(&[("MSI_ENDPOINT", "http://shell/oauth2/token")]),
        ),
        (
            "Managed identity: Azure Machine Learning",
            AuthMethod::ManagedIdentity,
            settings(&[
                ("MSI_ENDPOINT", "http://ml/MSI/token"),
                ("MSI_SECRET", "canary-secret"),
                ("DEFAULT_IDENTITY_CLIENT_ID", CLIENT),
            ]),
        ),
    ];
    for (title, method, settings) in cases {
        let login = sign_in(settings, method, endpoints()).await;
        assert_eq!(
            login.token.as_deref().ok(),
            Some("canary-token"),
            "{title}: {:?}",
            login.token
        );
        write_case(&mut page, title, method, &login.exchanged);
    }
    service_fabric(&mut page).await;
    tools(&mut page).await;
    // Paths of this run, which no other has.
    let arc = arc_directory();
    let page = page.replace(&arc.display().to_string(), "/var/opt/azcmagent/tokens");
    assert!(!page.contains(CANARY) && !page.contains("open-sesame"), "{page}");
    golden("LOGINS.md", &page);
}

fn write_case(page: &mut String, title: &str, method: AuthMethod, exchanged: &[Exchanged]) {
    write!(page, "\n## {title}\n\n`--auth {method}`\n").unwrap();
    for exchange in exchanged {
        write!(
            page,
            "\n```text\n{}```\n\n```text\n{}```\n",
            exchange.sent, exchange.received
        )
        .unwrap();
    }
}

/// Its certificate is known by its thumbprint only, so it is asked over TLS; what was sent is read off the server.
async fn service_fabric(page: &mut String) {
    let server = Secure::start(r#"{"access_token":"canary-token","expires_on":1767229200}"#).await;
    let fabric = |thumbprint: &str| {
        settings(&[
            (
                "IDENTITY_ENDPOINT",
                &format!("{}/metadata/identity/oauth2/token", server.address),
            ),
            ("IDENTITY_HEADER", "canary-header"),
            ("IDENTITY_SERVER_THUMBPRINT", thumbprint),
        ])
    };
    let login = sign_in(
        fabric(&server.thumbprint()),
        AuthMethod::ManagedIdentity,
        endpoints(),
    )
    .await;
    assert_eq!(login.token.unwrap(), "canary-token");
    let head = server.heads.lock().unwrap()[0].clone();
    assert!(head.contains("secret: canary-header"), "{head}");
    let line = head
        .lines()
        .next()
        .unwrap()
        .replace(" HTTP/1.1", "")
        .replace("GET /", "GET https://HOST/");
    let exchange = Exchanged {
        sent: format!("{line}\nsecret: ********\n"),
        received: "200 OK\ncontent-type: application/json\n{\"access_token\":\"********\",\"expires_on\":1767229200}\n".to_owned(),
    };
    write_case(
        page,
        "Managed identity: Service Fabric",
        AuthMethod::ManagedIdentity,
        &[exchange],
    );

    // Another certificate, though it be signed by whom it may, is not spoken to.
    let stranger = sign_in(fabric(&"00".repeat(20)), AuthMethod::ManagedIdentity, endpoints()).await;
    assert!(stranger.token.is_err());
    assert_eq!(server.heads.lock().unwrap().len(), 1);
}

async fn tools(page: &mut String) {
    for (method, output) in [
        (
            AuthMethod::Az,
            r#"{"accessToken":"canary-token","expires_on":1767229200}"#,
        ),
        (
            AuthMethod::Azd,
            r#"{"token":"canary-token","expiresOn":"2026-01-01T01:00:00Z"}"#,
        ),
    ] {
        let script = format!("echo \"$@\" > \"$(dirname \"$0\")/arguments\"; echo '{output}'");
        let directory = tool(method.name(), &script);
        let path = directory.path().display().to_string();
        let login = sign_in(settings(&[("PATH", &path)]), method, endpoints()).await;
        assert_eq!(login.token.unwrap(), "canary-token");
        assert!(login.exchanged.is_empty());
        let arguments = fs::read_to_string(directory.path().join("arguments")).unwrap();
        let exchange = Exchanged {
            sent: format!("{} {arguments}", method.name()),
            received: format!("{}\n", output.replace("canary-token", "********")),
        };
        write_case(
            page,
            &format!("Whoever is signed in to {method}"),
            method,
            &[exchange],
        );
    }
}

#[tokio::test]
async fn the_statement_of_a_certificate_is_made_out_to_the_endpoint_and_signed_with_its_key() {
    let wire = endpoints();
    let path = data("rsa.pem").display().to_string();
    let given = settings(&[
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_CERTIFICATE_PATH", &path),
        ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "true"),
    ]);
    sign_in(given, AuthMethod::Certificate, Arc::clone(&wire) as _)
        .await
        .token
        .unwrap();
    let requests = wire.requests.lock().unwrap();
    let form = form(&requests[0]);
    let assertion = &form
        .iter()
        .find(|(name, _)| name == "client_assertion")
        .unwrap()
        .1;
    let parts: Vec<&str> = assertion.split('.').collect();
    let json = |part: &str| -> Value {
        serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (header, claims) = (json(parts[0]), json(parts[1]));
    assert_eq!(
        (&header["alg"], &header["x5c"].as_array().unwrap().len()),
        (&Value::from("PS256"), &1)
    );
    let endpoint = format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token");
    assert_eq!(claims["aud"], endpoint.as_str());
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&Value::from(CLIENT), &Value::from(CLIENT))
    );
    let now = 1_767_225_600;
    assert_eq!(
        (claims["nbf"].as_i64(), claims["exp"].as_i64()),
        (Some(now - 300), Some(now + 600))
    );
    verify(parts[0], parts[1], parts[2]);
}

/// With the public key as another library reads it out of the file.
fn verify(header: &str, claims: &str, signature: &str) {
    use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
    let key = PrivatePkcs8KeyDer::from_pem_file(data("rsa.pem")).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let public = ring::signature::UnparsedPublicKey::new(
        &ring::signature::RSA_PSS_2048_8192_SHA256,
        pair.public().as_ref().to_vec(),
    );
    let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    public
        .verify(format!("{header}.{claims}").as_bytes(), &signature)
        .unwrap();
}

fn form(request: &Request<Bytes>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(request.body()).into_owned().collect()
}

#[tokio::test]
async fn a_federated_token_is_read_anew_each_time_and_its_absence_is_said() {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("token");
    let wire = endpoints();
    let given = || {
        settings(&[
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", CLIENT),
            ("AZURE_FEDERATED_TOKEN_FILE", &file.display().to_string()),
        ])
    };
    for text in ["first", "second"] {
        fs::write(&file, text).unwrap();
        sign_in(given(), AuthMethod::Federated, Arc::clone(&wire) as _)
            .await
            .token
            .unwrap();
    }
    let sent: Vec<_> = wire.requests.lock().unwrap().iter().flat_map(form).collect();
    let assertions: Vec<_> = sent
        .iter()
        .filter(|(name, _)| name == "client_assertion")
        .collect();
    assert_eq!(
        (assertions[0].1.as_str(), assertions[1].1.as_str()),
        ("first", "second")
    );
    for text in [Some(""), None] {
        match text {
            Some(text) => fs::write(&file, text).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let error = sign_in(given(), AuthMethod::Federated, endpoints())
            .await
            .token
            .unwrap_err();
        assert!(error.message().contains("read the federated token"), "{error}");
    }
}

#[tokio::test]
async fn an_agent_that_names_another_file_does_not_get_it() {
    let secret = arc_directory().join("passwords.txt");
    fs::write(&secret, "canary").unwrap();
    for named in [
        secret.display().to_string(),
        "/etc/passwd".to_owned(),
        format!("{}/../x.key", arc_directory().display()),
    ] {
        let wire = Scripted::new(move |_, request| {
            assert!(!request.headers().contains_key("authorization"));
            answer(401, &[("www-authenticate", &format!("Basic realm={named}"))], "")
        });
        let mut given = settings(&[
            ("IDENTITY_ENDPOINT", "http://arc/token"),
            ("IMDS_ENDPOINT", "http://arc"),
        ]);
        given.managed.arc_key_directory = Some(arc_directory());
        let login = sign_in(given, AuthMethod::ManagedIdentity, Arc::clone(&wire) as _).await;
        assert!(login.token.unwrap_err().message().contains("not one of its own"));
        assert_eq!(wire.count(), 1);
    }
}

#[tokio::test]
async fn a_place_with_one_identity_refuses_to_stand_in_for_another() {
    let given = settings(&[
        ("MSI_ENDPOINT", "http://shell/oauth2/token"),
        ("AZURE_CLIENT_ID", CLIENT),
    ]);
    let wire = endpoints();
    let login = sign_in(given, AuthMethod::ManagedIdentity, Arc::clone(&wire) as _).await;
    let error = login.token.unwrap_err();
    assert!(error.message().contains("one identity only"), "{error}");
    assert_eq!(wire.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_metadata_service_that_is_busy_or_not_ready_is_asked_again() {
    let wire = Scripted::new(|before, request| {
        if !request.headers().contains_key("metadata") {
            return answer(400, &[], "");
        }
        match before {
            1 => answer(404, &[], ""),
            2 => answer(410, &[], ""),
            3 => answer(429, &[], ""),
            4 => answer(500, &[], ""),
            _ => answer(200, &[], r#"{"access_token":"canary-token","expires_in":"60"}"#),
        }
    });
    let login = sign_in(settings(&[]), AuthMethod::ManagedIdentity, Arc::clone(&wire) as _).await;
    assert_eq!((login.token.unwrap().as_str(), wire.count()), ("canary-token", 6));
}

#[test]
fn the_page_is_there() {
    assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join("LOGINS.md").is_file());
}
