//! The permission that a request needs, as roles and documentation name it.

use http::Method;

use crate::{cloud::Part, tenant::type_of, web::Call};

/// `Microsoft.Compute/virtualMachines/read`, `GET users`, `secrets/list`.
pub(crate) fn of(call: &Call, part: Part) -> String {
    match part {
        Part::Arm => resource_manager(call),
        Part::Graph => {
            // IDs are not part of what is asked for.
            let path: Vec<&str> = call
                .segments
                .iter()
                .skip(1)
                .map(|segment| if is_name(segment) { segment.as_str() } else { "*" })
                .collect();
            format!("{} {}", call.method, path.join("/"))
        }
        Part::Vault if call.segments.len() == 1 => "secrets/list".to_owned(),
        Part::Vault => "secrets/get".to_owned(),
        Part::Login => "login".to_owned(),
        Part::Imds => "managed identity".to_owned(),
        Part::Control => "control".to_owned(),
    }
}

fn is_name(segment: &str) -> bool {
    segment
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b'$' || byte == b'.')
}

fn resource_manager(call: &Call) -> String {
    let verb = match call.method {
        Method::GET | Method::HEAD => "read",
        Method::DELETE => "delete",
        Method::POST => "action",
        _ => "write",
    };
    let lower = call.lower();
    let kind = match lower.iter().rposition(|segment| segment == "providers") {
        Some(at) if call.segments.len() > at + 2 => {
            type_of(&format!("/providers/{}", call.segments[at + 1..].join("/"))).unwrap_or_default()
        }
        Some(_) => "Microsoft.Resources/subscriptions/providers".to_owned(),
        None => match lower.len() {
            0..=2 if lower.first().is_some_and(|first| first == "tenants") => {
                "Microsoft.Resources/tenants".to_owned()
            }
            0..=2 => "Microsoft.Resources/subscriptions".to_owned(),
            3 => format!("Microsoft.Resources/subscriptions/{}", call.segments[2]),
            _ => {
                let last = lower.last().map_or("", String::as_str);
                let kind = if last == "resources" {
                    "resources"
                } else {
                    "resourceGroups"
                };
                format!("Microsoft.Resources/subscriptions/{kind}")
            }
        },
    };
    // Resource Graph answers a POST to whoever may read.
    let verb = if kind.to_lowercase().starts_with("microsoft.resourcegraph/") {
        "read"
    } else {
        verb
    };
    format!("{kind}/{verb}")
}
