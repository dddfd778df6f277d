//! Which properties name other things, and what that means: a table, and the pure functions that read it.
//!
//! `rules.txt` is the table: resource type, path, direction, relationship. Whatever resource ID stands in a body and no row
//! claims becomes `REFERENCES {path}`, and so does the address of a resource (`hosts.txt` says how those end), which leads to
//! the one that has it among its aliases (`aliases.txt`). To teach ATG a relationship, add a row and a body.

mod access;
mod address;
mod aliases;
mod children;
mod reference;
mod roles;
pub mod rules;
mod walk;

#[cfg(test)]
mod tests;

use atg_sdk::azure::ResourceId;

use crate::{graph::Reference, json::Json};

pub use reference::{is_resource_id, one_spelling};
pub use roles::built_in_role;

/// What others may call a Microsoft Graph object, beside its ID.
#[must_use]
pub fn aliases_of_directory_object(kind: &str, members: &[(String, Json)]) -> Vec<String> {
    aliases::of("", kind, members)
}

/// What a body says about other things.
#[derive(Debug, Default)]
pub struct Found<'a> {
    /// Its edges, each once.
    pub references: Vec<Reference>,
    /// Children whose bodies it holds.
    pub children: Vec<Child<'a>>,
    /// What others may call it, beside its ID.
    pub aliases: Vec<String>,
}

/// A child resource within its parent's body.
#[derive(Debug)]
pub struct Child<'a> {
    /// Its ID.
    pub id: ResourceId,
    /// Its body.
    pub members: &'a [(String, Json)],
    /// What its body says; paths are relative to it.
    pub found: Found<'a>,
}

/// Finds what a resource says about others. `members` are all of its top level.
#[must_use]
pub fn find<'a>(id: &ResourceId, resource_type: &str, members: &'a [(String, Json)]) -> Found<'a> {
    let mut found = walk::resource(id, resource_type, members);
    found
        .references
        .extend(access::of_resource(resource_type, members));
    found
}

/// Finds what a Microsoft Graph object says about others, beside its lists of members and owners.
#[must_use]
pub fn find_in_directory_object(kind: &str, members: &[(String, Json)]) -> Vec<Reference> {
    let mut references = walk::directory_object(kind, members);
    references.extend(access::app_roles(members));
    if kind == "OAuth2PermissionGrant" {
        references.extend(access::grant(members));
    }
    references
}
