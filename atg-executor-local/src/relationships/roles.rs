//! Azure's built-in roles by the GUID of their definition: <https://learn.microsoft.com/azure/role-based-access-control/built-in-roles>
//!
//! An assignment names only the GUID, and a scan often holds assignments without definitions.

/// The name of a built-in role.
#[must_use]
pub fn built_in_role(definition_guid: &str) -> Option<&'static str> {
    let guid = definition_guid.to_ascii_lowercase();
    ROLES
        .binary_search_by(|(own, _)| (*own).cmp(guid.as_str()))
        .ok()
        .and_then(|at| ROLES.get(at))
        .map(|(_, name)| *name)
}

/// Ordered by GUID.
#[rustfmt::skip]
const ROLES: &[(&str, &str)] = &[
    ("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator"),
    ("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner"),
    ("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader"),
    ("b24988ac-6180-42a0-ab88-20f7382dd24c", "Contributor"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_ordered_and_found_in_any_case() {
        assert!(ROLES.is_sorted());
        assert_eq!(
            built_in_role("8E3AF657-A8FF-443C-A75C-2FE8C4BCB635"),
            Some("Owner")
        );
        assert_eq!(built_in_role("8e3af657"), None);
    }
}
