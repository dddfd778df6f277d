//! Which part of Azure a request is for: by its host where that is one of Azure's, otherwise by its path.

use crate::{
    cloud::{self, Part},
    web::Call,
};

/// The part that answers.
pub(crate) fn part(call: &Call) -> Part {
    let first = call.segments.first().map_or("", String::as_str);
    if first == "_sim" {
        return Part::Control;
    }
    if let Some((_, part)) = cloud::part_of(&call.host) {
        return part;
    }
    if cloud::vault_of(&call.host).is_some() {
        return Part::Vault;
    }
    let second = call.segments.get(1).map_or("", String::as_str);
    let lower = |text: &str| text.to_ascii_lowercase();
    match (&*lower(first), &*lower(second)) {
        ("metadata", "identity" | "instance" | "attested" | "versions") | ("msi", _) => Part::Imds,
        ("v1.0" | "beta", _) => Part::Graph,
        ("secrets" | "deletedsecrets", _) => Part::Vault,
        ("subscriptions" | "providers" | "tenants" | "locations" | "resources" | "batch", _) => Part::Arm,
        ("metadata", "endpoints") | ("", _) => Part::Arm,
        _ => Part::Login,
    }
}
