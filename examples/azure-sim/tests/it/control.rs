//! The control endpoint.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{ARM, Azure};

impl Azure {
    async fn control(&self, method: Method, path: &str, body: Option<Value>) -> crate::client::Answer {
        let mut request = self
            .http
            .request(method, format!("{}/_sim/{path}", self.simulator.http_origin()));
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        self.send(request).await
    }
}

#[tokio::test]
async fn it_tells_what_was_asked_by_the_permission_that_it_needed() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    azure.control(Method::DELETE, "requests", None).await;
    let disk = azure.rows(|id| id.contains("/disks/")).pop_first().unwrap();
    azure.get(&token, &format!("{disk}?api-version=2021-04-01")).await;
    azure
        .get(&token, &format!("{disk}x?api-version=2021-04-01"))
        .await;
    azure.query(&token, "resources", json!({})).await;
    let seen = azure.control(Method::GET, "requests?since=1", None).await.body;
    assert_eq!(seen["total"], 3);
    assert_eq!(
        seen["by_status"],
        json!({"arm 200": 1, "arm 404": 1, "resource_graph 200": 1})
    );
    assert_eq!(
        seen["by_action"],
        json!({"microsoft.compute/disks/read": 1, "Microsoft.ResourceGraph/resources/read": 1})
    );
    assert_eq!(seen["last"].as_array().unwrap().len(), 2);
    assert!(!seen.to_string().contains(&token));
}

#[tokio::test]
async fn it_changes_the_tenant_and_says_so() {
    let azure = Azure::demo().await;
    let token = azure.token(ARM).await;
    let disk = azure.rows(|id| id.contains("/disks/")).pop_first().unwrap();
    let changes =
        json!([{"patch": {"id": disk.to_uppercase(), "with": {"tags": {"x": "1"}}}}, {"delete": disk}]);
    let outcome = azure.control(Method::POST, "changes", Some(changes)).await;
    assert_eq!(outcome.body, json!({"created": 0, "updated": 1, "deleted": 1}));
    assert_eq!(
        azure
            .get(&token, &format!("{disk}?api-version=2021-04-01"))
            .await
            .status,
        404
    );
    let history = azure.control(Method::GET, "changes", None).await.body;
    assert_eq!(
        (&history[0]["kind"], &history[1]["kind"]),
        (&json!("update"), &json!("delete"))
    );
    let refused = azure
        .control(
            Method::POST,
            "changes",
            Some(json!({"delete": "/subscriptions/none"})),
        )
        .await;
    assert_eq!(refused.status, 400);
    let truth = azure.control(Method::GET, "truth", None).await;
    assert!(
        !truth
            .body
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains(&format!("\"{disk}\""))
    );
}

#[tokio::test]
async fn it_sets_quotas_faults_and_principals() {
    let azure = Azure::demo().await;
    let quotas = azure
        .control(
            Method::PUT,
            "quotas",
            Some(json!({"faithful": {"reads": {"size": 1.0, "per_second": 0.0}}})),
        )
        .await;
    assert_eq!(
        quotas.body["faithful"]["resource_graph"],
        json!({"count": 15, "seconds": 5})
    );
    let token = azure.token(ARM).await;
    let subscription = azure.rows(|id| id.split('/').count() == 3).pop_first().unwrap();
    let target = format!("{subscription}?api-version=2022-12-01");
    assert_eq!(azure.get(&token, &target).await.status, 200);
    assert_eq!(azure.get(&token, &target).await.status, 429);
    assert_eq!(
        azure
            .control(Method::PUT, "quotas", Some(json!("off")))
            .await
            .body,
        json!("off")
    );
    let schedule = json!({"seed": 3, "rules": [{"match": {"service": "arm", "method": "get"}, "fault": {"kind": "server_error", "status": 502}, "times": 1}]});
    azure.control(Method::PUT, "faults", Some(schedule)).await;
    assert_eq!(azure.get(&token, &target).await.status, 502);
    assert_eq!(azure.get(&token, &target).await.status, 200);
    let wrong = azure
        .control(
            Method::PUT,
            "faults",
            Some(json!({"rules": [{"fault": {"kind": "gremlin"}}]})),
        )
        .await;
    assert_eq!(wrong.status, 400);
    let principal = json!({"client_id": "55555555-0000-4000-8000-000000000005", "secrets": ["s"], "scopes": [subscription]});
    assert_eq!(
        azure
            .control(Method::PUT, "principals", Some(principal))
            .await
            .status,
        204
    );
    let token = azure
        .token_of("55555555-0000-4000-8000-000000000005", "s", ARM)
        .await;
    assert_eq!(
        azure
            .all(&token, "/subscriptions?api-version=2022-12-01")
            .await
            .0
            .len(),
        1
    );
    let about = azure.control(Method::GET, "", None).await;
    assert_eq!(about.body["principals"].as_array().unwrap().len(), 2);
    assert!(!about.body.to_string().contains("azure-sim-secret"));
}
