//! Logging in, and what happens to those who do not.

use std::{sync::Arc, time::Duration};

use atg_azure_sim::{Principal, VirtualClock};
use rstest::rstest;
use serde_json::json;

use crate::client::{ARM, Azure, GRAPH, demo};

#[tokio::test]
async fn discovery_leads_to_the_token_endpoint() {
    let azure = Azure::demo().await;
    let origin = azure.simulator.origin();
    let metadata = azure
        .send(
            azure
                .http
                .get(format!("{origin}/metadata/endpoints?api-version=2022-09-01")),
        )
        .await;
    assert_eq!(metadata.body["authentication"]["loginEndpoint"], origin);
    let tenant = azure.simulator.tenant_id();
    let openid = azure
        .send(
            azure
                .http
                .get(format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration")),
        )
        .await;
    assert_eq!(
        openid.body["token_endpoint"],
        format!("{origin}/{tenant}/oauth2/v2.0/token")
    );
    let instance = azure
        .send(azure.http.get(format!("{origin}/common/discovery/instance?api-version=1.1&authorization_endpoint={origin}/{tenant}/oauth2/v2.0/authorize")))
        .await;
    let aliases = instance.body["metadata"][0]["aliases"].as_array().unwrap();
    assert!(
        aliases
            .iter()
            .any(|alias| origin.ends_with(alias.as_str().unwrap())),
        "{instance:?}"
    );
}

#[rstest]
#[case("client_id", "22222222-0000-4000-8000-000000000000", 700_016)]
#[case("client_secret", "wrong", 7_000_215)]
#[case("scope", "https://management.azure.com/user_impersonation", 1_002_012)]
#[case("scope", "https://nobody.example/.default", 500_011)]
#[case("grant_type", "password", 70003)]
#[tokio::test]
async fn what_is_wrong_is_said_by_its_number(#[case] field: &str, #[case] value: &str, #[case] number: u64) {
    let azure = Azure::demo().await;
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", Principal::CLIENT_ID),
        ("client_secret", Principal::SECRET),
        ("scope", "https://management.azure.com/.default"),
    ];
    assert_eq!(azure.login(&form).await.status, 200);
    for pair in &mut form {
        if pair.0 == field {
            pair.1 = value;
        }
    }
    let answer = azure.login(&form).await;
    assert_eq!(answer.body["error_codes"], json!([number]), "{answer:?}");
    assert!(answer.status == 400 || answer.status == 401);
}

#[tokio::test]
async fn a_foreign_token_logs_in_where_issuer_subject_and_audience_are_known() {
    let azure = Azure::demo().await;
    // Nobody checks the signature: it would be the foreign issuer's.
    let token = |subject: &str| {
        let claims = json!({"iss": "https://issuer.azure-sim.example", "sub": subject, "aud": "api://AzureADTokenExchange", "exp": 4_000_000_000_i64});
        let encode = |value: &serde_json::Value| base64_url(value.to_string().as_bytes());
        format!(
            "{}.{}.{}",
            encode(&json!({"alg": "RS256"})),
            encode(&claims),
            "c2ln"
        )
    };
    for (subject, status) in [("workload", 200), ("somebody", 401)] {
        let assertion = token(subject);
        let answer = azure
            .login(&[
                ("grant_type", "client_credentials"),
                ("client_id", Principal::CLIENT_ID),
                (
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                ),
                ("client_assertion", &assertion),
                ("scope", "https://management.azure.com/.default"),
            ])
            .await;
        assert_eq!(answer.status, status, "{answer:?}");
    }
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn each_part_refuses_the_tokens_of_the_others_in_its_own_words() {
    let azure = Azure::demo().await;
    let (arm, graph) = (azure.token(ARM).await, azure.token(GRAPH).await);
    let refused = azure.get(&graph, "/subscriptions?api-version=2022-12-01").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "InvalidAuthenticationTokenAudience")
    );
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .contains("authorization_uri")
    );
    let refused = azure.get(&arm, "/v1.0/users").await;
    assert_eq!(
        (refused.status, refused.code()),
        (401, "InvalidAuthenticationToken")
    );
    let forged = format!("{}x", &arm[..arm.len() - 1]);
    assert_eq!(
        azure
            .get(&forged, "/subscriptions?api-version=2022-12-01")
            .await
            .code(),
        "InvalidAuthenticationToken"
    );
    let nobody = azure
        .send(azure.http.get(format!(
            "{}/subscriptions?api-version=2022-12-01",
            azure.simulator.origin()
        )))
        .await;
    assert_eq!(nobody.code(), "AuthenticationFailed");
}

#[tokio::test]
async fn tokens_expire_and_are_revoked() {
    let clock = Arc::new(VirtualClock::new("2026-01-01T00:00:00Z".parse().unwrap()));
    let mut config = demo();
    config.clock = Arc::clone(&clock) as _;
    let azure = Azure::start(config).await;
    let target = "/subscriptions?api-version=2022-12-01";
    let token = azure.token(ARM).await;
    clock.advance(Duration::from_secs(3599));
    assert_eq!(azure.get(&token, target).await.status, 200);
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        azure.get(&token, target).await.code(),
        "ExpiredAuthenticationToken"
    );

    let token = azure.token(ARM).await;
    azure.simulator.revoke_tokens();
    let challenge = azure.get(&token, target).await;
    let header = challenge.header("www-authenticate").unwrap().to_owned();
    assert!(
        challenge.status == 401 && header.contains("insufficient_claims"),
        "{header}"
    );
    // The claims of the challenge go with the next login.
    let claims = header.split("claims=\"").nth(1).unwrap().trim_end_matches('"');
    let claims = String::from_utf8(
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, claims).unwrap(),
    )
    .unwrap();
    let answer = azure
        .login(&[
            ("grant_type", "client_credentials"),
            ("client_id", Principal::CLIENT_ID),
            ("client_secret", Principal::SECRET),
            ("scope", "https://management.azure.com/.default"),
            ("claims", &claims),
        ])
        .await;
    let token = answer.body["access_token"].as_str().unwrap().to_owned();
    assert_eq!(azure.get(&token, target).await.status, 200);
}

#[tokio::test]
async fn a_principal_sees_its_scopes_and_nothing_else() {
    let azure = Azure::demo().await;
    let group = azure
        .rows(|id| id.ends_with("/resourcegroups/rg-hub-network"))
        .pop_first()
        .unwrap();
    let mut limited = Principal::reader("33333333-0000-4000-8000-000000000003", "s");
    limited.scopes = vec![group.clone()];
    limited.directory = false;
    azure.simulator.put_principal(limited);
    let token = azure
        .token_of("33333333-0000-4000-8000-000000000003", "s", ARM)
        .await;
    let subscription = group.split("/resourcegroups").next().unwrap().to_owned();
    let (subscriptions, _) = azure.all(&token, "/subscriptions?api-version=2022-12-01").await;
    assert!(subscriptions.len() == 1 && subscriptions.contains(&subscription));
    let (resources, _) = azure
        .all(
            &token,
            &format!("{subscription}/resources?api-version=2021-04-01"),
        )
        .await;
    assert!(
        !resources.is_empty() && resources.iter().all(|id| id.starts_with(&group)),
        "{resources:?}"
    );
    let elsewhere = azure
        .rows(|id| id.starts_with("/subscriptions/") && !id.starts_with(&subscription))
        .pop_first()
        .unwrap();
    let refused = azure
        .get(&token, &format!("{elsewhere}/resources?api-version=2021-04-01"))
        .await;
    assert_eq!((refused.status, refused.code()), (403, "AuthorizationFailed"));
    let answer = azure.query(&token, "resources | project id", json!({})).await;
    assert_eq!(answer.ids().len(), resources.len());
    let graph = azure
        .token_of("33333333-0000-4000-8000-000000000003", "s", GRAPH)
        .await;
    assert_eq!(
        azure.get(&graph, "/v1.0/users").await.code(),
        "Authorization_RequestDenied"
    );
}
