//! Top-level members and their names in the graph.
//!
//! | Sent | In the graph |
//! |---|---|
//! | `id`, `name`, `type`, `properties` | the node itself (a `name` that is not the ID's last segment is kept as `azure_name`) |
//! | `location` | `location`, in the short form |
//! | `apiVersion`, `provisioningState` | `api_version`, `provisioning_state` |
//! | `displayName`, of tenants, management groups and subscriptions | `display_name` |
//! | anything else | its own name |
//! | anything else whose name a node has already (`key`, `tenant_id`, `scan_id`…) | `azure_` before its name |
//!
//! Objects and arrays become JSON text, arrays of texts become lists, `null` is no value.

use atg_sdk::azure::Location;

use super::scalars::scalar_value;
use crate::{
    graph::{ALIASES, Value},
    json::Json,
};

/// Names that mean something else on a node.
const TAKEN: &[&str] = &[
    "key",
    "id",
    "tenant_id",
    "name",
    "type",
    "labels",
    "first_seen_at",
    "changed_at",
    "scan_id",
    "source",
    "properties",
    "resource_group",
    "subscription_id",
    "provisioning_state",
    "api_version",
    "display_name",
    "inline",
    "tag_name",
    "tag_value",
    "object_id",
    "app_id",
    "user_principal_name",
    ALIASES,
    "actions",
    "not_actions",
    "data_actions",
    "not_data_actions",
    "principals",
    "excluded_principals",
    "ports",
    "sources",
];

/// Adds a member as Azure sent it, unless it is `null`.
pub(super) fn push(members: &mut Vec<(String, Value)>, name: &str, value: &Json) {
    let wanted = match name {
        "apiVersion" => "api_version",
        "provisioningState" => "provisioning_state",
        other => other,
    };
    let value = match (wanted, value) {
        ("location", Json::String(text)) => {
            let location = Location::from(text.as_str());
            if location.as_str().is_empty() {
                return;
            }
            Some(Value::from(location.as_str()))
        }
        _ => member_value(value),
    };
    if let Some(value) = value {
        let name = if wanted == name {
            free_name(members, name)
        } else {
            free(members, wanted.to_owned())
        };
        members.push((name, value));
    }
}

/// A value of any shape as a property: scalars as they are, lists of texts as lists, everything else as JSON text.
pub(super) fn member_value(value: &Json) -> Option<Value> {
    match value {
        Json::Null => None,
        Json::Array(items) => Some(
            items
                .iter()
                .map(|item| item.as_str().map(str::to_owned))
                .collect::<Option<Vec<_>>>()
                .map_or_else(|| Value::String(value.to_string()), Value::Strings),
        ),
        Json::Object(_) => Some(Value::String(value.to_string())),
        scalar => scalar_value(scalar),
    }
}

fn free_name(members: &[(String, Value)], name: &str) -> String {
    if TAKEN.contains(&name) {
        free(members, format!("azure_{name}"))
    } else {
        free(members, name.to_owned())
    }
}

/// Two members never share a name, whatever Azure calls them.
fn free(members: &[(String, Value)], mut name: String) -> String {
    while members.iter().any(|(taken, _)| *taken == name) {
        name.insert_str(0, "azure_");
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_never_takes_the_place_of_what_the_node_has() {
        let mut members = vec![("subscription_id".to_owned(), Value::from("from the id"))];
        for name in [
            "key",
            "azure_key",
            "subscription_id",
            "etag",
            "eTag",
            "c7n:parent-id",
        ] {
            push(&mut members, name, &Json::from(name));
        }
        let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "subscription_id",
                "azure_key",
                "azure_azure_key",
                "azure_subscription_id",
                "etag",
                "eTag",
                "c7n:parent-id"
            ]
        );
    }

    #[test]
    fn shapes_are_kept() {
        let list = |items: &[&str]| Json::Array(items.iter().map(|i| Json::from(*i)).collect());
        assert_eq!(
            member_value(&list(&["1", "2"])),
            Some(Value::Strings(vec!["1".into(), "2".into()]))
        );
        assert_eq!(
            member_value(&Json::Array(vec![Json::Null])),
            Some(Value::from("[null]"))
        );
        assert_eq!(member_value(&Json::Null), None);
        assert_eq!(member_value(&Json::Object(vec![])), Some(Value::from("{}")));
    }

    #[test]
    fn a_location_is_kept_in_the_short_form() {
        let mut members = Vec::new();
        push(&mut members, "location", &Json::from("West Europe"));
        push(&mut members, "location", &Json::from(" "));
        assert_eq!(members, [("location".to_owned(), Value::from("westeurope"))]);
    }
}
