//! What a scan's parameters may be. Everything that is wrong is said at once, each by the pointer of its member.

use atg_sdk::{
    Error, FieldError, Result,
    azure::{ResourceId, Scope},
    model::operations::scan::{FilterSet, Parameters},
};

/// # Errors
/// `InvalidArgument`, with all that is wrong.
pub(crate) fn check(parameters: &Parameters) -> Result<()> {
    let mut wrong = Wrong::default();
    for (index, name) in parameters.resource_groups.iter().enumerate() {
        wrong.note(format!("/resource_groups/{index}"), resource_group(name));
    }
    types(&mut wrong, "/resource_types", &parameters.resource_types);
    set(
        &mut wrong,
        "/filter_config/include",
        &parameters.filter_config.include,
    );
    set(
        &mut wrong,
        "/filter_config/exclude",
        &parameters.filter_config.exclude,
    );
    if parameters.resource_limit == Some(0) {
        wrong.note("/resource_limit".into(), Some("must be at least 1".into()));
    }
    for (index, scope) in parameters.authoritative.iter().enumerate() {
        wrong.note(format!("/authoritative/{index}"), authoritative(scope));
    }
    if !parameters.authoritative.is_empty() && parameters.input.is_none() {
        wrong.note(
            "/authoritative".into(),
            Some(
                "says what a file is all there is of, and there is no file: pass `input` (--from FILE)"
                    .into(),
            ),
        );
    }
    wrong.into_result()
}

#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn note(&mut self, pointer: String, detail: Option<String>) {
        if let Some(detail) = detail {
            self.0.push(FieldError { pointer, detail });
        }
    }

    fn into_result(self) -> Result<()> {
        let Some(first) = self.0.first() else {
            return Ok(());
        };
        let more = match self.0.len() {
            1 => String::new(),
            count => format!(" (and {} more)", count - 1),
        };
        let error = Error::invalid(format!(
            "read the scan's parameters: {} {}{more}",
            first.pointer, first.detail
        ));
        Err(self.0.into_iter().fold(error, |error, field| {
            error.with_field(field.pointer, field.detail)
        }))
    }
}

fn set(wrong: &mut Wrong, pointer: &str, set: &FilterSet) {
    types(wrong, &format!("{pointer}/types"), &set.types);
    for (index, region) in set.regions.iter().enumerate() {
        // Azure's own names are ASCII words, with spaces where they are for people.
        let fine = region.chars().any(|c| c.is_ascii_alphanumeric())
            && region
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-'));
        let detail = format!("{} is not a region: one such as westeurope is", quoted(region));
        wrong.note(format!("{pointer}/regions/{index}"), (!fine).then_some(detail));
    }
    for (name, value) in &set.tags {
        let detail = if name.is_empty() {
            Some("a tag's name is never empty".to_owned())
        } else if name.chars().count() > 512 {
            Some("a tag's name has at most 512 characters".to_owned())
        } else if value.chars().count() > 256 {
            Some("a tag's value has at most 256 characters".to_owned())
        } else {
            None
        };
        wrong.note(format!("{pointer}/tags/{}", escaped(name)), detail);
    }
}

fn types(wrong: &mut Wrong, pointer: &str, types: &[String]) {
    for (index, name) in types.iter().enumerate() {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '*' | '_' | '-');
        let fine = !name.is_empty()
            && name.chars().all(known)
            && !name.starts_with('/')
            && !name.ends_with('/')
            && !name.contains("//")
            && (name.contains('/') || name.contains('*'));
        let detail = format!(
            "{} is not a resource type: one such as Microsoft.Compute/virtualMachines or Microsoft.Network/* is",
            quoted(name)
        );
        wrong.note(format!("{pointer}/{index}"), (!fine).then_some(detail));
    }
}

fn resource_group(name: &str) -> Option<String> {
    let count = name.chars().count();
    // Azure's rule: letters, digits, `_`, `-`, `.`, parentheses; not ending with a period.
    let known = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '(' | ')' | '*');
    let fine = (1..=90).contains(&count) && name.chars().all(known) && !name.ends_with('.');
    (!fine).then(|| {
        format!(
            "{} is not the name of a resource group: letters, digits and _-.() are, `*` stands for any",
            quoted(name)
        )
    })
}

fn authoritative(scope: &str) -> Option<String> {
    match scope.parse::<ResourceId>() {
        Ok(id) => match id.scope() {
            Scope::Tenant | Scope::ManagementGroup | Scope::Subscription | Scope::ResourceGroup => None,
            Scope::Resource | Scope::Other => Some(format!(
                "{} is neither the tenant (`/`) nor a management group, subscription or resource group",
                quoted(scope)
            )),
        },
        Err(error) => Some(error.message().to_owned()),
    }
}

fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(80).collect();
    format!("`{}`", shown.escape_debug())
}

/// A member's name within a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use atg_sdk::ErrorKind;

    use super::*;

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let parameters: Parameters = serde_json::from_value(serde_json::json!({
            "resource_groups": ["fine-*", "not fine?", ""],
            "resource_types": ["Microsoft.Compute/*", "virtualMachines", "a b/c", "*"],
            "filter_config": {
                "include": { "types": ["/x"], "regions": ["West Europe", "west/europe"], "tags": { "": "x", "ok": "*" } },
                "exclude": { "regions": [""], "tags": { "a/b~c": "x".repeat(300) } }
            },
            "resource_limit": 0,
            "authoritative": ["/", "here", "/subscriptions/s/resourceGroups/g/providers/M.X/y/z", "/subscriptions/s"]
        }))
        .unwrap();
        let error = check(&parameters).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let pointers: Vec<_> = error
            .fields()
            .iter()
            .map(|field| field.pointer.as_str())
            .collect();
        assert_eq!(
            pointers,
            [
                "/resource_groups/1",
                "/resource_groups/2",
                "/resource_types/1",
                "/resource_types/2",
                "/filter_config/include/types/0",
                "/filter_config/include/regions/1",
                "/filter_config/include/tags/",
                "/filter_config/exclude/regions/0",
                "/filter_config/exclude/tags/a~1b~0c",
                "/resource_limit",
                "/authoritative/1",
                "/authoritative/2",
                "/authoritative",
            ]
        );
        assert!(
            error.message().contains("/resource_groups/1 `not fine?`"),
            "{error}"
        );
        assert!(error.message().contains("and 12 more"), "{error}");
    }

    #[test]
    fn what_people_write_is_accepted() {
        let parameters: Parameters = serde_json::from_value(serde_json::json!({
            "resource_groups": ["*", "rg_(1).x-y", "Gruppe-Ä"],
            "resource_types": ["*", "*/subnets", "microsoft.web/serverFarms"],
            "filter_config": { "include": { "regions": ["westeurope", "West US 2", "global"], "tags": { "env": "" } } },
            "resource_limit": 1
        }))
        .unwrap();
        assert!(check(&parameters).is_ok());
    }
}
