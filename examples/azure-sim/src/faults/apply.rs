//! What a client sees of a fault.

use serde_json::{Value, json};

use crate::{
    cloud::Part,
    error,
    login::{self, Problem},
    tenant::type_of,
    web::{Call, Reply},
    world::World,
};

use super::Fault;

/// The answer that takes the place of the real one, if the fault gives one.
pub(crate) fn before(world: &World, call: &Call, part: Part, fault: &Fault) -> Option<Reply> {
    let now = world.now();
    let path = call.path.trim_end_matches('/');
    let reply = match fault {
        Fault::Forbidden => match part {
            Part::Graph => error::graph(
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation.",
                now,
            ),
            Part::Vault => error::vault(
                403,
                "Forbidden",
                "The user, group or application does not have secrets get permission on key vault.",
            ),
            _ => error::forbidden(
                "a client",
                "an object",
                "Microsoft.Resources/subscriptions/read",
                path,
            ),
        },
        Fault::NotFound => match part {
            Part::Graph => error::graph(
                404,
                "Request_ResourceNotFound",
                format!(
                    "Resource '{}' does not exist or one of its queried reference-property objects are not present.",
                    call.segments.last().map_or("", String::as_str)
                ),
                now,
            ),
            Part::Vault => error::vault(
                404,
                "SecretNotFound",
                "A secret with that name was not found in this key vault.",
            ),
            _ => {
                let name = path.rsplit_once("/providers/").map_or(path, |(_, name)| name);
                error::resource_not_found(name, call.segments.get(3).map(String::as_str))
            }
        },
        Fault::TooManyRequests { retry_after, seconds } => {
            let mut reply = match part {
                Part::Graph => error::graph(429, "TooManyRequests", "Too many requests.", now),
                Part::Vault => error::vault(
                    429,
                    "Throttled",
                    "Request was not processed because too many requests were received. Reason: VaultRequestTypeLimitReached",
                ),
                _ => error::too_many_requests(&format!(
                    "Number of requests exceeded. Please try again after '{seconds}' seconds after additional tokens are available."
                )),
            };
            if let Some(value) = retry_after.header(now, *seconds) {
                reply.set("retry-after", value);
            }
            reply
        }
        Fault::ServerError { status } => server_error(world, part, *status),
        Fault::ExpiredToken => {
            let claims = json!({"exp": now.as_second() - 1});
            login::refused(world, call, part, Problem::Expired(claims))
        }
        Fault::ClaimsChallenge => login::challenge(world, part),
        Fault::NoRegisteredProvider => error::arm(
            400,
            "NoRegisteredProviderFound",
            format!(
                "No registered resource provider found for location 'westeurope' and API version '{}' for type '{}'. The supported api-versions are '2023-09-01, 2022-09-01, 2021-04-01'. The supported locations are 'westeurope, northeurope'.",
                call.parameter("api-version").unwrap_or_default(),
                type_of(path)
                    .and_then(|kind| Some(kind.split_once('/')?.1.to_owned()))
                    .unwrap_or_default(),
            ),
        ),
        Fault::CursorRefused if has_cursor(call) => match part {
            Part::Graph => error::graph(
                400,
                "Directory_ExpiredPageToken",
                "The specified page token value has expired and can no longer be included in your request.",
                now,
            ),
            _ => error::arm(
                400,
                "InvalidSkipToken",
                "The skip token provided in the request is not valid.",
            ),
        },
        _ => return None,
    };
    Some(reply)
}

fn has_cursor(call: &Call) -> bool {
    call.parameter("$skiptoken").is_some() || String::from_utf8_lossy(&call.body).contains("$skipToken")
}

fn server_error(world: &World, part: Part, status: u16) -> Reply {
    let (code, message) = match status {
        408 => ("RequestTimeout", "The request timed out."),
        500 => (
            "InternalServerError",
            "Encountered internal server error. The tracking id is in the headers.",
        ),
        502 => (
            "BadGateway",
            "The network connectivity issue encountered; cannot fulfill the request.",
        ),
        504 => (
            "GatewayTimeout",
            "The gateway did not receive a response within the specified time period.",
        ),
        _ => (
            "ServiceUnavailable",
            "The service is temporarily unavailable. Please retry.",
        ),
    };
    match part {
        Part::Graph => error::graph(status, code, message, world.now()),
        _ => error::arm(status, code, message),
    }
}

/// What becomes of the real answer.
pub(crate) fn after(call: &Call, fault: &Fault, mut reply: Reply) -> Reply {
    match fault {
        Fault::InvalidJson => {
            let half = reply.body.len() / 2;
            reply.body = reply.body.slice(..half);
        }
        Fault::RepeatedPage | Fault::EmptyPage if reply.status == 200 => {
            let Ok(mut body) = serde_json::from_slice::<Value>(&reply.body) else {
                return reply;
            };
            // Queries of Resource Graph have their cursor in the body and cannot be sent round in this way.
            let Some(link) = ["nextLink", "@odata.nextLink"]
                .into_iter()
                .find(|name| body.get(*name).is_some())
            else {
                return reply;
            };
            body[link] = json!(call.link(&[]));
            if matches!(fault, Fault::EmptyPage) {
                body["value"] = json!([]);
            }
            reply.body = body.to_string().into();
        }
        _ => {}
    }
    reply
}
