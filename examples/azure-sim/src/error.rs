//! Errors, worded as Azure words them. Where a message holds a name, it is the one that was asked for.

use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::web::Reply;

/// An error of Resource Manager.
pub(crate) fn arm(status: u16, code: &str, message: impl Into<String>) -> Reply {
    let message: String = message.into();
    Reply::status(status, &json!({"error": {"code": code, "message": message}}))
        .with("x-ms-failure-cause", "gateway")
}

/// An error of Microsoft Graph.
pub(crate) fn graph(status: u16, code: &str, message: impl Into<String>, now: Timestamp) -> Reply {
    let message: String = message.into();
    let request = Uuid::new_v4().to_string();
    let body = json!({
        "error": {
            "code": code,
            "message": message,
            "innerError": {
                "date": now.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
                "request-id": request,
                "client-request-id": request,
            },
        },
    });
    Reply::status(status, &body).with("request-id", request)
}

/// An error of Key Vault.
pub(crate) fn vault(status: u16, code: &str, message: impl Into<String>) -> Reply {
    let message: String = message.into();
    Reply::status(status, &json!({"error": {"code": code, "message": message}}))
}

/// An error of the login endpoints: the number decides what a client does next.
pub(crate) fn login(status: u16, error: &str, number: u32, message: &str, now: Timestamp) -> Reply {
    let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
    let stamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    let description = format!(
        "AADSTS{number}: {message} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    );
    let body = json!({
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace.to_string(),
        "correlation_id": correlation.to_string(),
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    });
    Reply::status(status, &body)
}

/// 404 for a resource: `kind` and `name` stand as `Microsoft.X/type/name`.
pub(crate) fn resource_not_found(path: &str, group: Option<&str>) -> Reply {
    let place = group.map_or_else(String::new, |group| format!(" under resource group '{group}'"));
    arm(
        404,
        "ResourceNotFound",
        format!(
            "The Resource '{path}'{place} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}

/// 404 for a resource group.
pub(crate) fn group_not_found(group: &str) -> Reply {
    arm(
        404,
        "ResourceGroupNotFound",
        format!("Resource group '{group}' could not be found."),
    )
}

/// 404 for a subscription.
pub(crate) fn subscription_not_found(id: &str) -> Reply {
    arm(
        404,
        "SubscriptionNotFound",
        format!("The subscription '{id}' could not be found."),
    )
}

/// 405 of Resource Manager.
pub(crate) fn method_not_allowed(method: &str) -> Reply {
    arm(
        405,
        "HttpMethodNotAllowed",
        format!("The http method '{method}' is not supported for a resource collection."),
    )
}

/// 403 of Resource Manager.
pub(crate) fn forbidden(client: &str, object: &str, action: &str, scope: &str) -> Reply {
    arm(
        403,
        "AuthorizationFailed",
        format!(
            "The client '{client}' with object id '{object}' does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
        ),
    )
}

/// 429 of Resource Manager.
pub(crate) fn too_many_requests(message: &str) -> Reply {
    let mut reply = arm(429, "SubscriptionRequestsThrottled", message);
    reply.headers.retain(|(name, _)| *name != "x-ms-failure-cause");
    reply
}

/// An error of Resource Graph: the reason is in the details.
pub(crate) fn resource_graph(status: u16, code: &str, details: &[Value], now: Timestamp) -> Reply {
    let message = format!(
        "Please provide below info when asking for support: timestamp = {}, correlationId = {}.",
        now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        Uuid::new_v4()
    );
    Reply::status(
        status,
        &json!({"error": {"code": code, "message": message, "details": details}}),
    )
}
