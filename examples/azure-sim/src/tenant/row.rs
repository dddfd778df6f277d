//! One ARM resource, and one object of Microsoft Graph.

use std::sync::OnceLock;

use serde_json::Value;

/// What a row is to Resource Manager.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    /// A management group.
    ManagementGroup,
    /// A subscription.
    Subscription,
    /// A resource group.
    ResourceGroup,
    /// A resource that the subscription's own list holds: it has a location and lies in a group.
    Tracked,
    /// Everything else: children without a location, extensions, settings of a subscription.
    Other,
}

/// One ARM resource, whose body is read when somebody asks for it.
#[derive(Debug)]
pub(crate) struct Row {
    /// The ID, lower-cased: what rows are ordered by and found with.
    pub(crate) key: String,
    /// The ID as the data spells it.
    pub(crate) id: String,
    /// The type as the data spells it.
    pub(crate) kind: String,
    pub(crate) class: Class,
    text: Box<str>,
    body: OnceLock<Value>,
}

impl Row {
    /// A row whose body has been read.
    pub(crate) fn from_body(body: Value) -> Option<Self> {
        let id = body.get("id")?.as_str()?.to_owned();
        let kind = match body.get("type").and_then(Value::as_str) {
            Some(kind) => kind.to_owned(),
            None => type_of(&id)?,
        };
        let located = body.get("location").is_some_and(Value::is_string);
        let row = Self::from_parts(id, kind, located, String::new());
        Some(Self {
            body: OnceLock::from(body),
            ..row
        })
    }

    /// A row whose text is read later.
    pub(crate) fn from_parts(id: String, kind: String, located: bool, text: impl Into<Box<str>>) -> Self {
        let key = id.trim_end_matches('/').to_lowercase();
        let class = class(&key, &kind, located);
        Self {
            key,
            id,
            kind,
            class,
            text: text.into(),
            body: OnceLock::new(),
        }
    }

    /// The whole resource.
    pub(crate) fn body(&self) -> &Value {
        self.body
            .get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    /// Whether the type is that one, in any casing.
    pub(crate) fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// The subscription it lies in, as the ID spells it.
    pub(crate) fn subscription(&self) -> Option<&str> {
        segment_after(&self.id, 1, "subscriptions")
    }

    /// The resource group it lies in, as the ID spells it.
    pub(crate) fn group(&self) -> Option<&str> {
        self.subscription()?;
        segment_after(&self.id, 3, "resourcegroups")
    }

    /// What an extension such as a lock or a role assignment is attached to: `""` for the tenant.
    pub(crate) fn scope(&self) -> &str {
        self.key.rfind("/providers/").map_or("", |at| &self.key[..at])
    }
}

/// The path segment behind the one of that number and name.
fn segment_after<'a>(id: &'a str, number: usize, name: &str) -> Option<&'a str> {
    let mut segments = id.split('/').skip(number);
    segments.next()?.eq_ignore_ascii_case(name).then_some(())?;
    segments.next().filter(|segment| !segment.is_empty())
}

fn class(key: &str, kind: &str, located: bool) -> Class {
    let depth = key.split('/').count() - 1;
    if key.starts_with("/subscriptions/") {
        match depth {
            2 => return Class::Subscription,
            4 if key.split('/').nth(3) == Some("resourcegroups") => return Class::ResourceGroup,
            _ => {}
        }
        let extension = key.matches("/providers/").count() > 1;
        if located && !extension && depth > 4 && key.split('/').nth(3) == Some("resourcegroups") {
            return Class::Tracked;
        }
    } else if kind.eq_ignore_ascii_case("Microsoft.Management/managementGroups") {
        return Class::ManagementGroup;
    }
    Class::Other
}

/// The type that an ID spells.
pub(crate) fn type_of(id: &str) -> Option<String> {
    let lower = id.to_lowercase();
    match lower.rfind("/providers/") {
        Some(at) => {
            let mut segments = id[at + "/providers/".len()..].split('/');
            let mut kind = segments.next()?.to_owned();
            for segment in segments.step_by(2) {
                kind.push('/');
                kind.push_str(segment);
            }
            Some(kind)
        }
        None if lower.starts_with("/subscriptions/") => match lower.split('/').count() {
            3 => Some("Microsoft.Resources/subscriptions".to_owned()),
            5 => Some("Microsoft.Resources/resourceGroups".to_owned()),
            _ => None,
        },
        None => None,
    }
}

/// One object of Microsoft Graph.
#[derive(Debug)]
pub(crate) struct Object {
    /// Its `id`, lower-cased.
    pub(crate) id: String,
    /// `user`, `group` and so on: the end of `@odata.type`.
    pub(crate) kind: String,
    text: Box<str>,
    body: OnceLock<Value>,
}

/// What every `@odata.type` of Microsoft Graph begins with.
pub(crate) const GRAPH_TYPE: &str = "#microsoft.graph.";

impl Object {
    /// An object whose body has been read.
    pub(crate) fn from_body(body: Value) -> Option<Self> {
        let kind = body
            .get("@odata.type")?
            .as_str()?
            .strip_prefix(GRAPH_TYPE)?
            .to_owned();
        let id = body.get("id")?.as_str()?.to_lowercase();
        Some(Self {
            id,
            kind,
            text: Box::default(),
            body: OnceLock::from(body),
        })
    }

    /// An object whose text is read later.
    pub(crate) fn from_parts(id: &str, kind: &str, text: impl Into<Box<str>>) -> Self {
        Self {
            id: id.to_lowercase(),
            kind: kind.to_owned(),
            text: text.into(),
            body: OnceLock::new(),
        }
    }

    /// Whether it is of that kind; everything is of `""`.
    pub(super) fn is_a(&self, kind: &str) -> bool {
        kind.is_empty() || self.kind == kind
    }

    /// The whole object, with `members` and `owners` as the data has them.
    pub(crate) fn body(&self) -> &Value {
        self.body
            .get_or_init(|| serde_json::from_str(&self.text).unwrap_or_default())
    }

    /// The IDs in a list such as `members`.
    pub(crate) fn linked(&self, list: &str) -> impl Iterator<Item = &str> {
        self.body()
            .get(list)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("/subscriptions/a", false, Class::Subscription)]
    #[case("/subscriptions/a/resourceGroups/b", true, Class::ResourceGroup)]
    #[case("/subscriptions/a/resourcegroups/b/providers/N.X/t/n", true, Class::Tracked)]
    #[case(
        "/subscriptions/a/resourceGroups/b/providers/N.X/t/n/c/m",
        true,
        Class::Tracked
    )]
    #[case(
        "/subscriptions/a/resourceGroups/b/providers/N.X/t/n/c/m",
        false,
        Class::Other
    )]
    #[case(
        "/subscriptions/a/resourceGroups/b/providers/N.X/t/n/providers/E/t/m",
        true,
        Class::Other
    )]
    #[case("/subscriptions/a/providers/N.X/t/n", true, Class::Other)]
    #[case(
        "/providers/Microsoft.Management/managementGroups/m",
        false,
        Class::ManagementGroup
    )]
    fn a_row_is_what_its_id_says(#[case] id: &str, #[case] located: bool, #[case] class: Class) {
        let kind = type_of(id).unwrap();
        assert_eq!(
            Row::from_parts(id.to_owned(), kind, located, "").class,
            class,
            "{id}"
        );
    }

    #[test]
    fn types_and_scopes_come_from_the_last_provider() {
        let id = "/subscriptions/a/resourceGroups/b/providers/N.X/t/n/providers/E.Y/u/m/v/w";
        assert_eq!(type_of(id).as_deref(), Some("E.Y/u/v"));
        let row = Row::from_parts(id.to_owned(), "E.Y/u/v".to_owned(), false, "");
        assert_eq!(row.scope(), "/subscriptions/a/resourcegroups/b/providers/n.x/t/n");
        assert_eq!((row.subscription(), row.group()), (Some("a"), Some("b")));
    }
}
