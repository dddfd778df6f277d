//! Which texts name something.

use std::borrow::Cow;

use atg_sdk::azure::ResourceId;

use super::built_in_role;

/// Whether a text is a resource ID, all of it: one of a subscription (and what lies in it) or of a provider at the
/// tenant's own scope. Templates (`{name}`), actions (`*`), addresses and texts that only contain an ID are none.
#[must_use]
pub fn is_resource_id(text: &str) -> bool {
    if !text.starts_with('/') || text.len() < 15 {
        return false;
    }
    let mut segments = text[1..].split('/');
    let root = segments.next().unwrap_or_default();
    let is_scope = root.eq_ignore_ascii_case("subscriptions");
    if !is_scope && !root.eq_ignore_ascii_case("providers") {
        return false;
    }
    let Some(second) = segments.next() else {
        return false;
    };
    // A provider alone is no resource; a subscription is.
    if !is_scope && (!second.contains('.') || segments.next().is_none_or(str::is_empty)) {
        return false;
    }
    !text
        .bytes()
        .any(|b| matches!(b, b'{' | b'}' | b'*' | b'?' | b'<' | b'>' | b'"' | b'|' | b'\\'))
        && text.parse::<ResourceId>().is_ok()
}

/// The spelling of an ID that stands for all. A built-in role's definition is one thing, but is listed and named anew below
/// each subscription; any other ID is its own spelling.
#[must_use]
pub fn one_spelling(id: &str) -> Cow<'_, str> {
    const DEFINITIONS: &str = "/providers/microsoft.authorization/roledefinitions/";
    let Some((head, guid)) = id.rsplit_once('/') else {
        return Cow::Borrowed(id);
    };
    let at = (head.len() + 1).checked_sub(DEFINITIONS.len());
    let is_definition = at
        .and_then(|at| id.get(at..=head.len()))
        .is_some_and(|part| part.eq_ignore_ascii_case(DEFINITIONS));
    if is_definition && at != Some(0) && built_in_role(guid).is_some() {
        Cow::Owned(format!(
            "/providers/Microsoft.Authorization/roleDefinitions/{guid}"
        ))
    } else {
        Cow::Borrowed(id)
    }
}

/// Whether a text is a GUID, as object IDs are.
pub(super) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// What stands below an ID, if anything: `subnets/web` for `…/virtualNetworks/a/subnets/web` below `…/virtualNetworks/a`.
pub(super) fn below<'a>(id: &'a str, parent: &str) -> Option<&'a str> {
    let parent = parent.trim_end_matches('/');
    let head = id.get(..parent.len())?;
    if !head.eq_ignore_ascii_case(parent) {
        return None;
    }
    id[parent.len()..]
        .strip_prefix('/')
        .map(|rest| rest.trim_end_matches('/'))
}

/// Whether what stands below an ID names a child of it (`subnets/web`) and nothing deeper.
pub(super) fn is_one_pair(below: &str) -> bool {
    let mut segments = below.split('/');
    segments
        .next()
        .is_some_and(|s| !s.is_empty() && !s.eq_ignore_ascii_case("providers"))
        && segments.next().is_some_and(|s| !s.is_empty())
        && segments.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_ids_are_ids() {
        const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";
        assert!(is_resource_id(SUB));
        assert!(is_resource_id(&format!("{SUB}/resourceGroups/a b")));
        assert!(is_resource_id(
            "/providers/Microsoft.Management/managementGroups/root"
        ));
        for text in [
            "/subscriptions",
            "/providers/Microsoft.Storage",
            "/subscriptions/{id}/resourceGroups/a",
            "/subscriptions/*",
            "/home/user/.ssh/authorized_keys",
            "https://management.azure.com/subscriptions/00000000-0000-0000-0000-000000000001",
            "/subscriptions/00000000-0000-0000-0000-000000000001//x",
            "/",
            "",
        ] {
            assert!(!is_resource_id(text), "{text}");
        }
    }

    #[test]
    fn a_built_in_role_has_one_id_and_a_custom_one_its_own() {
        let below = |guid: &str| {
            format!(
                "/subscriptions/00000000-0000-0000-0000-000000000001/providers/Microsoft.Authorization/roleDefinitions/{guid}"
            )
        };
        assert_eq!(
            one_spelling(&below("8e3af657-a8ff-443c-a75c-2fe8c4bcb635")),
            "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
        );
        let custom = below("00000000-0000-0000-0000-000000000009");
        assert_eq!(one_spelling(&custom), custom);
        assert_eq!(
            one_spelling("/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"),
            "/8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
        );
    }

    #[test]
    fn children_are_told_from_what_lies_deeper() {
        assert_eq!(below("/A/b/C/d", "/a/B"), Some("C/d"));
        assert_eq!(below("/a/bc/d", "/a/b"), None);
        assert!(is_one_pair("c/d"));
        assert!(!is_one_pair("c/d/e/f"));
        assert!(!is_one_pair("providers/x"));
        assert_eq!(below("/é", "/aa"), None);
    }
}
