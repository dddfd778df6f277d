//! Which paths hold which kinds of objects.

/// A collection of objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Collection {
    /// Its path, lower-cased.
    path: &'static str,
    /// As contexts spell it.
    pub(super) name: &'static str,
    /// The end of the objects' `@odata.type`.
    pub(super) kind: &'static str,
    /// Whether it has a change feed.
    pub(super) delta: bool,
}

const fn collection(path: &'static str, name: &'static str, kind: &'static str, delta: bool) -> Collection {
    Collection {
        path,
        name,
        kind,
        delta,
    }
}

/// All collections; a longer path stands before a shorter one that begins it.
const COLLECTIONS: [Collection; 13] = [
    collection("users", "users", "user", true),
    collection("groups", "groups", "group", true),
    collection("serviceprincipals", "servicePrincipals", "servicePrincipal", true),
    collection("applications", "applications", "application", true),
    collection("directoryroles", "directoryRoles", "directoryRole", true),
    collection("devices", "devices", "device", true),
    collection("contacts", "contacts", "orgContact", true),
    collection("domains", "domains", "domain", false),
    collection(
        "oauth2permissiongrants",
        "oauth2PermissionGrants",
        "oAuth2PermissionGrant",
        true,
    ),
    collection(
        "directory/administrativeunits",
        "directory/administrativeUnits",
        "administrativeUnit",
        true,
    ),
    collection(
        "identity/conditionalaccess/policies",
        "identity/conditionalAccess/policies",
        "conditionalAccessPolicy",
        false,
    ),
    collection(
        "rolemanagement/directory/roleassignments",
        "roleManagement/directory/roleAssignments",
        "unifiedRoleAssignment",
        false,
    ),
    collection(
        "rolemanagement/directory/roledefinitions",
        "roleManagement/directory/roleDefinitions",
        "unifiedRoleDefinition",
        false,
    ),
];

/// All kinds that the directory may have, those without a collection of their own among them.
pub(crate) const KINDS: [&str; 14] = [
    "user",
    "group",
    "servicePrincipal",
    "application",
    "directoryRole",
    "device",
    "orgContact",
    "domain",
    "oAuth2PermissionGrant",
    "administrativeUnit",
    "conditionalAccessPolicy",
    "unifiedRoleAssignment",
    "unifiedRoleDefinition",
    "appRoleAssignment",
];

/// The collection that a path begins with, and what follows.
pub(super) fn find<'a, 'p>(path: &'a [&'p str]) -> Option<(Collection, &'a [&'p str])> {
    COLLECTIONS.iter().find_map(|collection| {
        let segments: Vec<&str> = collection.path.split('/').collect();
        let rest = path.strip_prefix(segments.as_slice())?;
        Some((*collection, rest))
    })
}

/// `servicePrincipals(appId='x')` as two segments, the second of which is `appid='x'`; cast segments without their
/// namespace.
pub(super) fn spell_out(path: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for segment in path {
        match segment.split_once('(') {
            Some((name, key)) => {
                found.push(name.to_owned());
                found.push(key.trim_end_matches(')').to_owned());
            }
            None => found.push((*segment).to_owned()),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_more_segments_and_keys_in_parentheses_are_understood() {
        let (collection, rest) = find(&["directory", "administrativeunits", "x"]).unwrap();
        assert_eq!((collection.kind, rest), ("administrativeUnit", &["x"][..]));
        assert_eq!(
            spell_out(&["serviceprincipals(appid='a')", "owners"]),
            ["serviceprincipals", "appid='a'", "owners"]
        );
        assert_eq!(find(&["nothing"]), None);
    }
}
