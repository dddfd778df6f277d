//! Labels beside `Resource`.

use std::borrow::Cow;

use super::types;
use crate::graph::Labels;

/// Labels that mean something else than a type; a type that would be called so gets `Azure` before its name.
const TAKEN: &[&str] = &[
    "Resource",
    "External",
    "Tag",
    "Region",
    "Scan",
    "Tenant",
    "ManagementGroup",
    "Subscription",
    "ResourceGroup",
    "User",
    "Group",
    "ServicePrincipal",
    "Application",
    "ManagedIdentity",
    "DirectoryRole",
];

/// `Resource` and the type's own label.
pub(super) fn of_resource(resource_type: &str) -> Labels {
    vec![
        Cow::Borrowed("Resource"),
        types::label(resource_type).map_or_else(|| Cow::Owned(pascal(resource_type)), Cow::Borrowed),
    ]
}

/// Any text as a label: letters and digits, each word's first letter in upper case, never empty, never a digit first.
pub(super) fn pascal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut first = true;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            first = true;
        } else if first {
            out.extend(c.to_uppercase());
            first = false;
        } else {
            out.push(c);
        }
    }
    // Upper-casing can give characters that are no letters in a name, such as a combining mark.
    out.retain(char::is_alphanumeric);
    if !out.starts_with(char::is_alphabetic) {
        out.insert_str(0, "Type");
    }
    if TAKEN.contains(&out.as_str()) {
        out.insert_str(0, "Azure");
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn labels_come_from_the_table_or_from_the_type() {
        assert_eq!(
            of_resource("microsoft.compute/virtualmachines"),
            ["Resource", "VirtualMachine"]
        );
        assert_eq!(
            of_resource("Microsoft.Foo/barBaz/qux-2"),
            ["Resource", "MicrosoftFooBarBazQux2"]
        );
        assert_eq!(pascal("3par.Storage/`x`"), "Type3parStorageX");
        assert_eq!(pascal("scan"), "AzureScan");
        assert_eq!(pascal("../"), "Type");
    }

    proptest! {
        #[test]
        fn a_label_needs_no_escaping(text in any::<String>()) {
            let label = pascal(&text);
            prop_assert!(label.starts_with(char::is_alphabetic));
            prop_assert!(label.chars().all(char::is_alphanumeric));
        }
    }
}
