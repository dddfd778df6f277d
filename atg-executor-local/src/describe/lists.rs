//! Lists of texts in `properties` that questions about access and reachability turn on, as properties of their own.
//!
//! Scalars have one each under their path; what lies in arrays has none. These few are worth an exception: whether a role
//! allows an action, whom a denial means, which ports a rule opens.

use std::{collections::BTreeSet, sync::LazyLock};

use super::pattern::{ByType, Pattern};
use crate::{graph::Value, json::Json};

/// Resource type, property of the node, where the texts stand.
#[rustfmt::skip]
pub(super) const LISTS: &[(&str, &str, &[&str])] = &[
    ("Microsoft.Authorization/denyAssignments", "excluded_principals", &["properties.excludePrincipals[].id"]),
    ("Microsoft.Authorization/denyAssignments", "principals", &["properties.principals[].id"]),
    ("Microsoft.Network/networkSecurityGroups/securityRules", "ports", &["properties.destinationPortRange", "properties.destinationPortRanges[]"]),
    ("Microsoft.Network/networkSecurityGroups/securityRules", "sources", &["properties.sourceAddressPrefix", "properties.sourceAddressPrefixes[]"]),
];

/// Types that have `properties.permissions`, and what those lists are called.
const PERMISSIONS: [&str; 2] = [
    "Microsoft.Authorization/roleDefinitions",
    "Microsoft.Authorization/denyAssignments",
];

/// What is allowed and what is taken from it, as sent and as the properties of the node are called.
pub(super) const ACTIONS: [[(&str, &str); 2]; 2] = [
    [("actions", "actions"), ("notActions", "not_actions")],
    [
        ("dataActions", "data_actions"),
        ("notDataActions", "not_data_actions"),
    ],
];

struct List {
    property: &'static str,
    paths: Vec<Pattern>,
}

/// The lists of a resource. An empty one is told too: that nobody is excluded is an answer.
pub(super) fn of(resource_type: &str, members: &[(String, Json)]) -> Vec<(String, Value)> {
    static BY_TYPE: LazyLock<ByType<List>> = LazyLock::new(|| {
        ByType::new(LISTS.iter().map(|(types, property, paths)| {
            let paths = paths.iter().map(|path| Pattern::new(path)).collect();
            (*types, List { property, paths })
        }))
    });
    let Some(properties) = members.iter().find_map(|(name, value)| {
        (name == "properties")
            .then_some(value)
            .filter(|value| !value.is_null())
    }) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for list in BY_TYPE.of(resource_type).iter() {
        let texts = list.paths.iter().flat_map(|path| path.texts(members));
        out.push((list.property.to_owned(), strings(texts)));
    }
    if PERMISSIONS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(resource_type))
    {
        let permissions = properties
            .get("permissions")
            .and_then(Json::as_array)
            .unwrap_or_default();
        for [(allowed, own_allowed), (taken, own_taken)] in ACTIONS {
            let all = permissions.iter().flat_map(|entry| texts(entry, allowed));
            out.push((own_allowed.to_owned(), strings(all)));
            let left = permissions.iter().enumerate().flat_map(|(at, entry)| {
                // What one permission takes away another one may give: each stands for itself.
                texts(entry, taken).filter(move |action| {
                    !permissions.iter().enumerate().any(|(other, entry)| {
                        other != at && texts(entry, allowed).any(|pattern| covers(pattern, action))
                    })
                })
            });
            out.push((own_taken.to_owned(), strings(left)));
        }
    }
    out
}

fn texts<'a>(entry: &'a Json, list: &str) -> impl Iterator<Item = &'a str> {
    entry
        .get(list)
        .and_then(Json::as_array)
        .unwrap_or_default()
        .iter()
        .filter_map(Json::as_str)
}

/// Each once, in an order that does not change because Azure lists them in another one.
fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> Value {
    let texts: BTreeSet<&str> = texts.filter(|text| !text.is_empty()).collect();
    Value::Strings(texts.into_iter().map(str::to_owned).collect())
}

/// Whether whatever the one pattern of actions means the other means as well; `*` stands for anything.
fn covers(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase(), action.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = action.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(resource_type: &str, properties: &str) -> Vec<(String, Vec<String>)> {
        let body = Json::parse(format!(r#"{{"properties":{properties}}}"#).as_bytes()).unwrap();
        of(resource_type, body.as_object().unwrap())
            .into_iter()
            .map(|(name, value)| match value {
                Value::Strings(texts) => (name, texts),
                other => panic!("{other:?}"),
            })
            .collect()
    }

    fn list(name: &str, texts: &[&str]) -> (String, Vec<String>) {
        (
            name.to_owned(),
            texts.iter().map(|text| (*text).to_owned()).collect(),
        )
    }

    #[test]
    fn a_role_tells_its_actions_and_what_one_permission_gives_back() {
        assert_eq!(
            lists(
                "microsoft.authorization/roledefinitions",
                r#"{"permissions":[{"actions":["*"],"notActions":["Microsoft.Authorization/*/Write","A/b/delete"],"dataActions":[]},
                    {"actions":["a/*/Delete","a/b/*"],"notActions":[]}]}"#
            ),
            [
                list("actions", &["*", "a/*/Delete", "a/b/*"]),
                list("not_actions", &["Microsoft.Authorization/*/Write"]),
                list("data_actions", &[]),
                list("not_data_actions", &[]),
            ]
        );
    }

    #[test]
    fn a_rule_has_all_its_ports_in_one_list() {
        assert_eq!(
            lists(
                "Microsoft.Network/networkSecurityGroups/securityRules",
                r#"{"destinationPortRanges":["443","80"],"sourceAddressPrefix":"*","sourceAddressPrefixes":[]}"#
            ),
            [list("ports", &["443", "80"]), list("sources", &["*"])]
        );
        assert!(lists("Microsoft.Network/virtualNetworks", "{}").is_empty());
    }

    #[test]
    fn patterns_of_actions_cover_what_they_mean() {
        for (pattern, action, covered) in [
            ("*", "A/b", true),
            ("*/read", "a/b/read", true),
            ("*/read", "a/b/write", false),
            ("a/*/c", "a/b/b/C", true),
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("a/*", "b/a/c", false),
        ] {
            assert_eq!(covers(pattern, action), covered, "{pattern} {action}");
        }
    }
}
