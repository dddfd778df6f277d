//! Host names that begin with the name of something that is called otherwise now.
//!
//! `https://stweb.blob.core.windows.net/` names the account `stweb` as surely as its ID does, and would go on to name the old
//! one. Where nothing is renamed nothing is looked for.

use super::{index::Index, resolve::Scene};
use crate::plan::{Attribute, Piece, Reference, ResourceKey, Target};

/// What the host names of Azure's services end with.
const ENDINGS: &[&str] = &[
    ".windows.net",
    ".azure.com",
    ".azure.net",
    ".azurewebsites.net",
    ".azurecr.io",
    ".azconfig.io",
    ".azure-api.net",
    ".azureedge.net",
    ".azurefd.net",
    ".azuredatabricks.net",
    ".azuresynapse.net",
    ".azurestaticapps.net",
];

/// A text with such names as references; `None` where there are none.
pub(crate) fn pieces(text: &str, index: &Index, scene: &Scene<'_>) -> Option<Vec<Piece>> {
    if !index.has_hosts() || !text.contains('.') {
        return None;
    }
    let mut out = Vec::new();
    let mut from = 0;
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        if !is_of_label(bytes[at]) {
            at += 1;
            continue;
        }
        let end = (at..bytes.len())
            .find(|end| !is_of_label(bytes[*end]))
            .unwrap_or(bytes.len());
        let label = &text[at..end];
        let is_first = at == 0 || bytes[at - 1] != b'.';
        let host = &text[end..(end..bytes.len())
            .find(|end| !is_of_label(bytes[*end]) && bytes[*end] != b'.')
            .unwrap_or(bytes.len())];
        let is_azure = ENDINGS
            .iter()
            .any(|ending| host.to_ascii_lowercase().ends_with(ending));
        if is_first
            && is_azure
            && let Some(number) = index.host(&label.to_lowercase())
            && scene.is_written(number)
        {
            out.push(Piece::Literal(text[from..at].to_owned()));
            out.push(if number == scene.owner {
                Piece::Literal(scene.drafts[number as usize].name.clone())
            } else {
                Piece::Reference(Reference {
                    target: Target::Resource(ResourceKey(number)),
                    attribute: Attribute::Name,
                    spelled: label.into(),
                })
            });
            from = end;
        }
        at = end;
    }
    if out.is_empty() {
        return None;
    }
    out.push(Piece::Literal(text[from..].to_owned()));
    Some(out)
}

const fn is_of_label(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}
