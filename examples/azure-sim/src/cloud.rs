//! The hosts of Azure's clouds, and which part of Azure answers at each.

/// A part of Azure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Microsoft Entra ID's login endpoints.
    Login,
    /// Resource Manager and Resource Graph.
    Arm,
    /// Microsoft Graph.
    Graph,
    /// Key Vault.
    Vault,
    /// The instance metadata service, and what other hosts give managed identities.
    Imds,
    /// The simulator's own.
    Control,
}

/// One cloud's hosts.
#[derive(Debug)]
pub(crate) struct Cloud {
    pub(crate) name: &'static str,
    pub(crate) login: &'static str,
    pub(crate) arm: &'static str,
    pub(crate) graph: &'static str,
    pub(crate) vault: &'static str,
    pub(crate) portal: &'static str,
    pub(crate) storage: &'static str,
    pub(crate) sql: &'static str,
    pub(crate) registry: &'static str,
    pub(crate) audiences: [&'static str; 2],
}

/// Azure's clouds.
pub(crate) const CLOUDS: [Cloud; 3] = [
    Cloud {
        name: "AzureCloud",
        login: "login.microsoftonline.com",
        arm: "management.azure.com",
        graph: "graph.microsoft.com",
        vault: "vault.azure.net",
        portal: "https://portal.azure.com",
        storage: "core.windows.net",
        sql: "database.windows.net",
        registry: "azurecr.io",
        audiences: [
            "https://management.core.windows.net/",
            "https://management.azure.com/",
        ],
    },
    Cloud {
        name: "AzureUSGovernment",
        login: "login.microsoftonline.us",
        arm: "management.usgovcloudapi.net",
        graph: "graph.microsoft.us",
        vault: "vault.usgovcloudapi.net",
        portal: "https://portal.azure.us",
        storage: "core.usgovcloudapi.net",
        sql: "database.usgovcloudapi.net",
        registry: "azurecr.us",
        audiences: [
            "https://management.core.usgovcloudapi.net/",
            "https://management.usgovcloudapi.net/",
        ],
    },
    Cloud {
        name: "AzureChinaCloud",
        login: "login.partner.microsoftonline.cn",
        arm: "management.chinacloudapi.cn",
        graph: "microsoftgraph.chinacloudapi.cn",
        vault: "vault.azure.cn",
        portal: "https://portal.azure.cn",
        storage: "core.chinacloudapi.cn",
        sql: "database.chinacloudapi.cn",
        registry: "azurecr.cn",
        audiences: [
            "https://management.core.chinacloudapi.cn/",
            "https://management.chinacloudapi.cn/",
        ],
    },
];

/// Older names of the login hosts.
const LOGIN_ALIASES: [(&str, &str); 4] = [
    ("login.windows.net", "login.microsoftonline.com"),
    ("login.microsoft.com", "login.microsoftonline.com"),
    ("sts.windows.net", "login.microsoftonline.com"),
    ("login.chinacloudapi.cn", "login.partner.microsoftonline.cn"),
];

/// The domain whose labels name vaults when clients speak to the simulator by its own name.
pub(crate) const LOCAL_VAULTS: &str = "vault.localhost";

/// What answers at a host; `None` for a host that is not Azure's.
pub(crate) fn part_of(host: &str) -> Option<(&'static Cloud, Part)> {
    let login = LOGIN_ALIASES.iter().find(|(alias, _)| *alias == host);
    let name = login.map_or(host, |(_, real)| real);
    CLOUDS.iter().find_map(|cloud| {
        let part = if name == cloud.login {
            Part::Login
        } else if name == cloud.arm {
            Part::Arm
        } else if name == cloud.graph {
            Part::Graph
        } else if below(name, cloud.vault).is_some() {
            Part::Vault
        } else {
            return None;
        };
        Some((cloud, part))
    })
}

/// The vault that a host names.
pub(crate) fn vault_of(host: &str) -> Option<&str> {
    let domains = CLOUDS.iter().map(|cloud| cloud.vault).chain([LOCAL_VAULTS]);
    domains.into_iter().find_map(|domain| below(host, domain))
}

fn below<'a>(host: &'a str, domain: &str) -> Option<&'a str> {
    let name = host.strip_suffix(domain)?.strip_suffix('.')?;
    (!name.is_empty() && !name.contains('.')).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_each_cloud_are_told_apart() {
        let part = |host| part_of(host).map(|(cloud, part)| (cloud.name, part));
        assert_eq!(part("login.windows.net"), Some(("AzureCloud", Part::Login)));
        assert_eq!(
            part("management.chinacloudapi.cn"),
            Some(("AzureChinaCloud", Part::Arm))
        );
        assert_eq!(
            part("kv.vault.usgovcloudapi.net"),
            Some(("AzureUSGovernment", Part::Vault))
        );
        assert_eq!(part("vault.azure.net"), None);
        assert_eq!(part("management.azure.com.example"), None);
        assert_eq!(vault_of("kv-1.vault.localhost"), Some("kv-1"));
    }
}
