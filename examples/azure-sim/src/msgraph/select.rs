//! Which properties an answer has.

use serde_json::{Map, Value, json};

use crate::tenant::Object;

use super::Ask;

/// What the data holds of an object that is no property of it: lists that are asked for by themselves.
pub(super) const RELATIONS: [&str; 7] = [
    "members",
    "owners",
    "appRoleAssignments",
    "appRoleAssignedTo",
    "oauth2PermissionGrants",
    "memberOf",
    "federatedIdentityCredentials",
];

/// What a user shows when nobody says what to show.
const OF_USERS: [&str; 11] = [
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
];

/// The properties that `$select` names.
pub(super) fn selected(text: Option<&str>) -> Option<Vec<String>> {
    let names: Vec<String> = text?
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    (!names.is_empty() && !names.iter().any(|name| name == "*")).then_some(names)
}

/// An object as it is shown: what was selected, otherwise what its kind shows.
pub(super) fn show(object: &Object, select: Option<&[String]>) -> Value {
    let body = object.body();
    let mut shown = Map::new();
    match select {
        Some(names) => {
            for name in names {
                if RELATIONS.contains(&name.as_str()) {
                    continue;
                }
                shown.insert(name.clone(), body.get(name).cloned().unwrap_or(Value::Null));
            }
            // The id comes along, asked for or not.
            if !shown.contains_key("id") {
                shown.insert("id".to_owned(), body["id"].clone());
            }
        }
        None if object.kind == "user" => {
            for name in OF_USERS {
                let missing = if name == "businessPhones" {
                    json!([])
                } else {
                    Value::Null
                };
                shown.insert(name.to_owned(), body.get(name).cloned().unwrap_or(missing));
            }
        }
        None => {
            for (name, value) in body.as_object().into_iter().flatten() {
                if name != "@odata.type" && !RELATIONS.contains(&name.as_str()) {
                    shown.insert(name.clone(), value.clone());
                }
            }
        }
    }
    Value::Object(shown)
}

/// The same with its type in front, as lists of mixed kinds have it.
pub(super) fn show_typed(object: &Object, select: Option<&[String]>) -> Value {
    let mut typed = Map::new();
    typed.insert(
        "@odata.type".to_owned(),
        json!(format!("#microsoft.graph.{}", object.kind)),
    );
    if let Value::Object(shown) = show(object, select) {
        typed.extend(shown);
    }
    Value::Object(typed)
}

impl Ask<'_> {
    /// The properties that the request selects.
    pub(super) fn select(&self) -> Option<Vec<String>> {
        selected(self.call.parameter("$select"))
    }

    /// `…/$metadata#users(displayName,id)`
    pub(super) fn context(&self, name: &str) -> String {
        let selected = self
            .select()
            .map_or_else(String::new, |names| format!("({})", names.join(",")));
        format!("{}/$metadata#{name}{selected}", self.root())
    }
}
