//! What others may call a resource: `aliases.txt`, which says itself how it is read.

use std::sync::LazyLock;

use super::{address, rules::lines};
use crate::{
    describe::pattern::{ByType, Pattern},
    json::Json,
};

const TABLE: &str = include_str!("aliases.txt");

/// Stands for the resource's name.
const NAME: &str = "{name}";

#[derive(Debug)]
enum Alias {
    /// What stands at a path.
    At(Pattern),
    /// The name, and what follows it.
    Named(&'static str),
}

fn table() -> &'static ByType<Alias> {
    static TABLE_BY_TYPE: LazyLock<ByType<Alias>> = LazyLock::new(|| {
        ByType::new(lines(TABLE).filter_map(|words| {
            let [types, what] = words[..] else { return None };
            let alias = what
                .strip_prefix(NAME)
                .map_or_else(|| Alias::At(Pattern::new(what)), Alias::Named);
            Some((types, alias))
        }))
    });
    &TABLE_BY_TYPE
}

/// The aliases of a resource, or of a Microsoft Entra object by its label, ordered and each once.
pub(super) fn of(name: &str, kind: &str, members: &[(String, Json)]) -> Vec<String> {
    let rows = table().of(kind);
    let mut found: Vec<String> = rows
        .iter()
        .filter_map(|alias| match alias {
            Alias::At(path) => Some(path.texts(members)),
            Alias::Named(_) => None,
        })
        .flatten()
        .filter_map(address::of)
        .collect();
    if found.is_empty() && is_public(members) {
        let named = rows.iter().filter_map(|alias| match alias {
            Alias::At(_) => None,
            Alias::Named(ending) => address::known(&format!("{name}{ending}")),
        });
        found.extend(named);
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether a location is none of the clouds whose hosts are called otherwise.
fn is_public(members: &[(String, Json)]) -> bool {
    let location = members
        .iter()
        .find_map(|(name, value)| (name == "location").then_some(value)?.as_str())
        .unwrap_or_default()
        .to_ascii_lowercase();
    !["usgov", "usdod", "china"]
        .iter()
        .any(|cloud| location.replace(' ', "").starts_with(cloud))
}

#[cfg(test)]
pub(super) fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    lines(TABLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn aliases(kind: &str, body: &str) -> Vec<String> {
        let body = Json::parse(body.as_bytes()).unwrap();
        of("own", kind, body.as_object().unwrap())
    }

    #[test]
    fn an_account_answers_at_all_its_hosts() {
        assert_eq!(
            aliases(
                "microsoft.storage/storageaccounts",
                r#"{"properties":{"primaryEndpoints":{"blob":"https://own.blob.core.windows.net/","web":"https://own.z6.web.core.windows.net/",
                    "microsoftEndpoints":{"blob":"https://own-microsoftrouting.blob.core.windows.net/"}},
                    "secondaryEndpoints":{"blob":"https://own-secondary.blob.core.windows.net/"}}}"#
            ),
            [
                "own-microsoftrouting.blob.core.windows.net",
                "own-secondary.blob.core.windows.net",
                "own.blob.core.windows.net",
                "own.z6.web.core.windows.net"
            ]
        );
    }

    #[test]
    fn a_name_stands_in_where_no_address_was_told() {
        let kind = "Microsoft.KeyVault/vaults";
        assert_eq!(
            aliases(kind, r#"{"location":"westeurope"}"#),
            ["own.vault.azure.net"]
        );
        assert!(aliases(kind, r#"{"location":"USGov Virginia"}"#).is_empty());
        assert_eq!(
            aliases(
                kind,
                r#"{"location":"usgovvirginia","properties":{"vaultUri":"https://own.vault.usgovcloudapi.net/"}}"#
            ),
            ["own.vault.usgovcloudapi.net"]
        );
        assert!(aliases("Microsoft.Compute/disks", r#"{"location":"westeurope"}"#).is_empty());
    }

    #[test]
    fn what_many_share_is_nobodys() {
        assert!(
            aliases(
                "Microsoft.CognitiveServices/accounts",
                r#"{"properties":{"endpoint":"https://westeurope.api.cognitive.microsoft.com/"}}"#
            )
            .is_empty()
        );
    }

    #[test]
    fn every_line_of_the_table_can_be_read() {
        for words in rows() {
            assert_eq!(words.len(), 2, "{}", words.join(" "));
        }
    }
}
