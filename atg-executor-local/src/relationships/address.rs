//! Texts that name a resource by an address: a host, a URL, an image of a registry, a connection string, a client ID.

use std::{collections::HashSet, net::Ipv4Addr, sync::LazyLock};

use super::{reference::is_guid, rules::lines};

/// Longer texts are scripts and templates, which name things that are not this resource's business.
const LONGEST: usize = 2_048;

const HOSTS: &str = include_str!("hosts.txt");

/// Endings of hosts, in lower case.
struct Endings {
    /// Of those that Azure gives to one resource each.
    own: HashSet<&'static str>,
    /// Of those that many share.
    shared: HashSet<&'static str>,
    /// The last labels of the former: few texts get past these.
    last: HashSet<&'static str>,
}

fn endings() -> &'static Endings {
    static ENDINGS: LazyLock<Endings> = LazyLock::new(|| {
        let all = || lines(HOSTS).filter_map(|words| words.first().copied());
        let own: HashSet<_> = all().filter(|ending| !ending.starts_with('!')).collect();
        Endings {
            shared: all().filter_map(|ending| ending.strip_prefix('!')).collect(),
            last: own
                .iter()
                .filter_map(|ending| ending.rsplit('.').next())
                .collect(),
            own,
        }
    });
    &ENDINGS
}

/// The alias in a text that stands where an address is expected.
pub(super) fn of(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if is_guid(text) {
        return Some(format!("guid:{}", text.to_ascii_lowercase()));
    }
    let host = host_in(text)?.trim_end_matches('.');
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        // The same private address is used in every network.
        let is_own = !address.is_private()
            && !address.is_loopback()
            && !address.is_link_local()
            && !address.is_unspecified()
            && !address.is_broadcast();
        return is_own.then(|| host.to_owned());
    }
    is_host(host)
        .then(|| public(host))
        .filter(|host| !ends_with(host, &endings().shared))
}

/// The alias in a text that stands anywhere: only what cannot be anything else than the host of a resource.
pub(super) fn known(text: &str) -> Option<String> {
    if text.len() < 8 || text.len() > LONGEST || !text.contains('.') {
        return None;
    }
    let host = host_in(text.trim())?.trim_end_matches('.');
    let last = host.rsplit('.').next()?;
    if !endings().last.contains(last.to_ascii_lowercase().as_str()) || !is_host(host) {
        return None;
    }
    let host = public(host);
    ends_with(&host, &endings().own).then_some(host)
}

/// The public name of a host, in lower case: through a private endpoint the same resource answers at
/// `name.privatelink.database.windows.net`, and vaults at `name.privatelink.vaultcore.azure.net`.
fn public(host: &str) -> String {
    let host = host.to_ascii_lowercase();
    // A zone, which is no resource's.
    if host.starts_with("privatelink.") {
        return host;
    }
    host.replacen(".privatelink.", ".", 1)
        .replacen(".vaultcore.", ".vault.", 1)
}

/// Whether something and one of the endings are the host.
fn ends_with(host: &str, endings: &HashSet<&'static str>) -> bool {
    host.match_indices('.')
        .any(|(at, _)| endings.contains(&host[at + 1..]))
}

/// Names of what is a host in a connection string, in lower case.
const KEYS: [&str; 9] = [
    "accountendpoint",
    "addr",
    "address",
    "blobendpoint",
    "data source",
    "endpoint",
    "host",
    "hostname",
    "server",
];

fn host_in(text: &str) -> Option<&str> {
    if let Some(host) = host_in_pairs(text) {
        return Some(host);
    }
    // `DOCKER|registry/image:tag`
    let text = text.rsplit('|').next().unwrap_or(text);
    host_at_start(text)
}

/// `Server=tcp:name,1433;Database=…`
fn host_in_pairs(text: &str) -> Option<&str> {
    if !text.contains('=') {
        return None;
    }
    text.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        let key = key.trim();
        KEYS.iter()
            .any(|known| known.eq_ignore_ascii_case(key))
            .then(|| host_at_start(value.trim().trim_start_matches("tcp:")))?
    })
}

fn host_at_start(text: &str) -> Option<&str> {
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest);
    let end = authority
        .find(['/', '?', '#', ',', ';', ' ', '\\'])
        .unwrap_or(authority.len());
    let authority = &authority[..end];
    let host = authority.rsplit('@').next().unwrap_or(authority);
    let host = host.split(':').next().unwrap_or(host);
    (!host.is_empty()).then_some(host)
}

/// Whether a text is a host with a domain, in ASCII as DNS has it.
fn is_host(text: &str) -> bool {
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        })
        && text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_every_form_in_which_azure_writes_them() {
        for (text, host) in [
            (
                "https://Kv-One.vault.azure.net/secrets/name/0123",
                "kv-one.vault.azure.net",
            ),
            ("kv-one.vault.azure.net", "kv-one.vault.azure.net"),
            (
                "https://st.blob.core.windows.net:443/c",
                "st.blob.core.windows.net",
            ),
            ("DOCKER|reg.azurecr.io/team/app:1.2", "reg.azurecr.io"),
            ("reg.azurecr.io/team/app@sha256:01", "reg.azurecr.io"),
            ("sb://ns.servicebus.windows.net/", "ns.servicebus.windows.net"),
            (
                "Server=tcp:db.database.windows.net,1433;Database=x;Authentication=Active Directory Default",
                "db.database.windows.net",
            ),
            (
                "Endpoint=sb://ns.servicebus.windows.net/;EntityPath=q",
                "ns.servicebus.windows.net",
            ),
            (
                "AccountEndpoint=https://c.documents.azure.com:443/;",
                "c.documents.azure.com",
            ),
            ("db.database.chinacloudapi.cn.", "db.database.chinacloudapi.cn"),
            ("db.privatelink.database.windows.net", "db.database.windows.net"),
            (
                "kv-one.privatelink.vaultcore.azure.net.",
                "kv-one.vault.azure.net",
            ),
            ("kv-one.vaultcore.azure.net", "kv-one.vault.azure.net"),
            (
                "abfss://files@lake.dfs.core.windows.net/path",
                "lake.dfs.core.windows.net",
            ),
        ] {
            assert_eq!(known(text).as_deref(), Some(host), "{text}");
            assert_eq!(of(text).as_deref(), Some(host), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_host_names_nothing() {
        for text in [
            "vault.azure.net",
            "privatelink.vaultcore.azure.net",
            "https://vault.azure.net/",
            "*.blob.core.windows.net",
            "privatelink.vault.azure.net.example.com",
            "https://www.example.com/kv.vault.azure.net",
            "see kv.vault.azure.net",
            "Microsoft.Storage/storageAccounts",
            "10.0.0.4",
            "1.2.3",
            "",
            "https://{name}.vault.azure.net",
        ] {
            assert_eq!(known(text), None, "{text}");
        }
    }

    #[test]
    fn where_an_address_is_expected_any_host_counts() {
        assert_eq!(of("www.example.com").as_deref(), Some("www.example.com"));
        assert_eq!(of("203.0.113.7").as_deref(), Some("203.0.113.7"));
        let guid = "0A000000-0000-0000-0000-00000000000b";
        assert_eq!(of(guid), Some(format!("guid:{}", guid.to_lowercase())));
        for text in [
            "10.1.2.3",
            "msi",
            "node:18",
            "westeurope.api.cognitive.microsoft.com",
            "-a.b",
            "a..b",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
