//! What has another name in another tenant.
//!
//! Files for another tenant need to know which subscription, which person and which globally unique name there stands for
//! which one here. The ledger lists what has to be known, is written beside the files, filled in by a person, and read
//! back by the next run. What nobody has filled in is a parameter without a default.

use std::collections::BTreeMap;

use atg_sdk::{Error, Result, azure::TenantId};
use serde::{Deserialize, Serialize};

use crate::plan::{ExternalKind, Plan};

/// The version of the form.
const VERSION: u32 = 1;

/// What has another name in the tenant that files are for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The version of the form.
    version: u32,
    /// The tenant that was read.
    pub source_tenant_id: TenantId,
    /// The tenant that the files are for.
    pub target_tenant_id: TenantId,
    /// Subscriptions.
    #[serde(default)]
    pub subscriptions: Vec<Entry>,
    /// Users, groups and principals that are referred to and stay outside.
    #[serde(default)]
    pub principals: Vec<Entry>,
    /// Resources whose names are unique in all of Azure, by their IDs. A target is proposed for each.
    #[serde(default)]
    pub names: Vec<Entry>,
}

/// One thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// What it is here: a GUID, or the resource's ID.
    pub source: String,
    /// What it is there; `null` as long as nobody has said so.
    pub target: Option<String>,
}

impl Ledger {
    /// An empty one.
    #[must_use]
    pub const fn new(source: TenantId, target: TenantId) -> Self {
        Self {
            version: VERSION,
            source_tenant_id: source,
            target_tenant_id: target,
            subscriptions: Vec::new(),
            principals: Vec::new(),
            names: Vec::new(),
        }
    }

    /// Reads a ledger.
    ///
    /// # Errors
    /// `InvalidArgument` for what is none, or of a newer version, or says two things of one.
    pub fn parse(text: &str) -> Result<Self> {
        let ledger: Self = serde_json::from_str(text)
            .map_err(|error| Error::invalid(format!("read the ledger: {error}")))?;
        if ledger.version != VERSION {
            return Err(Error::invalid(format!(
                "read the ledger: it is of version {}, this atg knows version {VERSION}",
                ledger.version
            )));
        }
        for list in [&ledger.subscriptions, &ledger.principals, &ledger.names] {
            let mut seen = BTreeMap::new();
            for entry in list {
                if seen.insert(entry.source.to_lowercase(), ()).is_some() {
                    return Err(Error::invalid(format!(
                        "read the ledger: `{}` is there twice",
                        entry.source.escape_debug()
                    )));
                }
            }
        }
        Ok(ledger)
    }

    /// What a person has said about a subscription, by its GUID.
    #[must_use]
    pub fn subscription(&self, guid: &str) -> Option<&str> {
        find(&self.subscriptions, guid)
    }

    /// What a person has said about an Entra object, by its object ID.
    #[must_use]
    pub fn principal(&self, object_id: &str) -> Option<&str> {
        find(&self.principals, object_id)
    }

    /// The new name of a resource, by its ID.
    #[must_use]
    pub fn name(&self, id: &str) -> Option<&str> {
        find(&self.names, id)
    }

    /// The ledger to write beside a plan: everything that the plan needs to know, with what is known of it.
    #[must_use]
    pub fn of(plan: &Plan, target: TenantId, known: Option<&Self>) -> Self {
        let mut out = Self::new(plan.tenant, target);
        for external in &plan.externals {
            let last = external.id.rsplit('/').next().unwrap_or_default();
            let (list, said) = match external.kind {
                ExternalKind::Subscription => (
                    &mut out.subscriptions,
                    known.and_then(|known| known.subscription(last)),
                ),
                ExternalKind::Directory => {
                    (&mut out.principals, known.and_then(|known| known.principal(last)))
                }
                _ => continue,
            };
            list.push(Entry {
                source: last.to_owned(),
                target: said.map(str::to_owned),
            });
        }
        let mut names: Vec<Entry> = plan
            .resources
            .iter()
            .filter(|resource| {
                resource
                    .resource_type()
                    .is_some_and(|kind| is_unique(kind.as_str()))
            })
            .map(|resource| Entry {
                source: resource.id.clone(),
                target: resource.name.as_literal().map(str::to_owned),
            })
            .collect();
        names.sort_by_cached_key(|entry| entry.source.to_lowercase());
        out.names = names;
        out
    }

    /// The text to write.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Plain data with string keys cannot fail to serialise.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

fn find<'a>(list: &'a [Entry], source: &str) -> Option<&'a str> {
    let entry = list
        .iter()
        .find(|entry| entry.source.eq_ignore_ascii_case(source))?;
    entry
        .target
        .as_deref()
        .map(str::trim)
        .filter(|target| !target.is_empty())
}

/// Types whose names are unique in all of Azure: the type, how long a name may be, whether `-` may stand in it.
#[rustfmt::skip]
const UNIQUE: &[(&str, usize, bool)] = &[
    ("Microsoft.ApiManagement/service", 50, true),
    ("Microsoft.AppConfiguration/configurationStores", 50, true),
    ("Microsoft.AppPlatform/Spring", 32, true),
    ("Microsoft.Batch/batchAccounts", 24, false),
    ("Microsoft.Cache/Redis", 63, true),
    ("Microsoft.Cache/redisEnterprise", 60, true),
    ("Microsoft.Cdn/profiles/endpoints", 50, true),
    ("Microsoft.CognitiveServices/accounts", 64, true),
    ("Microsoft.ContainerRegistry/registries", 50, false),
    ("Microsoft.DataFactory/factories", 63, true),
    ("Microsoft.DataLakeAnalytics/accounts", 24, false),
    ("Microsoft.DataLakeStore/accounts", 24, false),
    ("Microsoft.DBforMariaDB/servers", 63, true),
    ("Microsoft.DBforMySQL/flexibleServers", 63, true),
    ("Microsoft.DBforMySQL/servers", 63, true),
    ("Microsoft.DBforPostgreSQL/flexibleServers", 63, true),
    ("Microsoft.DBforPostgreSQL/servers", 63, true),
    ("Microsoft.Devices/IotHubs", 50, true),
    ("Microsoft.DocumentDB/databaseAccounts", 44, true),
    ("Microsoft.EventGrid/domains", 50, true),
    ("Microsoft.EventGrid/topics", 50, true),
    ("Microsoft.EventHub/namespaces", 50, true),
    ("Microsoft.HDInsight/clusters", 59, true),
    ("Microsoft.KeyVault/vaults", 24, true),
    ("Microsoft.Kusto/clusters", 22, false),
    ("Microsoft.Network/frontDoors", 64, true),
    ("Microsoft.NotificationHubs/namespaces", 50, true),
    ("Microsoft.Relay/namespaces", 50, true),
    ("Microsoft.Search/searchServices", 60, true),
    ("Microsoft.ServiceBus/namespaces", 50, true),
    ("Microsoft.SignalRService/SignalR", 63, true),
    ("Microsoft.SignalRService/WebPubSub", 63, true),
    ("Microsoft.Sql/servers", 63, true),
    ("Microsoft.Storage/storageAccounts", 24, false),
    ("Microsoft.Synapse/workspaces", 50, true),
    ("Microsoft.Web/sites", 60, true),
];

fn unique(resource_type: &str) -> Option<(usize, bool)> {
    UNIQUE
        .iter()
        .find(|(name, ..)| name.eq_ignore_ascii_case(resource_type))
        .map(|(_, length, dash)| (*length, *dash))
}

/// Whether names of a type are unique in all of Azure.
pub(crate) fn is_unique(resource_type: &str) -> bool {
    unique(resource_type).is_some()
}

/// A new name for a resource whose name is taken, here: the old one with an ending that is the same on every run and
/// another one for every target.
pub(crate) fn propose(resource_type: &str, name: &str, id: &str, target: TenantId) -> Option<String> {
    let (length, dash) = unique(resource_type)?;
    let ending = format!(
        "{:06x}",
        fnv(&format!("{target}|{}", id.to_lowercase())) & 0xff_ffff
    );
    let separator = if dash { "-" } else { "" };
    let room = length.saturating_sub(ending.len() + separator.len());
    let head: String = name.chars().take(room).collect();
    Some(format!("{}{separator}{ending}", head.trim_end_matches('-')))
}

/// FNV-1a: names must differ between targets, nobody has to be kept from finding two that do not.
fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn tenant() -> TenantId {
        "99999999-9999-4999-8999-999999999999".parse().unwrap()
    }

    #[rstest]
    #[case("Microsoft.Storage/storageAccounts", "stcontosoproductionweb01", 24)]
    #[case("microsoft.keyvault/VAULTS", "kv-contoso-production-ab", 24)]
    #[case("Microsoft.Web/sites", "web", 60)]
    fn a_proposed_name_is_one_that_azure_takes(
        #[case] kind: &str,
        #[case] name: &str,
        #[case] length: usize,
    ) {
        let new = propose(kind, name, "/a/b", tenant()).unwrap();
        assert!(
            new.len() <= length && new != name && new.starts_with(&name[..3]),
            "{new}"
        );
        assert_eq!(
            propose(kind, name, "/A/B", tenant()).unwrap(),
            new,
            "the same on every run"
        );
        assert_ne!(propose(kind, name, "/a/c", tenant()).unwrap(), new);
        assert!(new.bytes().all(|byte| byte.is_ascii_alphanumeric()
            || (byte == b'-' && kind != "Microsoft.Storage/storageAccounts")));
    }

    #[test]
    fn other_names_are_no_ones_else() {
        assert_eq!(
            propose("Microsoft.Network/virtualNetworks", "v", "/a", tenant()),
            None
        );
    }

    #[test]
    fn a_ledger_is_read_as_it_was_written() {
        let mut ledger = Ledger::new(tenant(), tenant());
        ledger.subscriptions = vec![Entry {
            source: "A".to_owned(),
            target: Some(" b ".to_owned()),
        }];
        ledger.principals = vec![Entry {
            source: "p".to_owned(),
            target: None,
        }];
        let read = Ledger::parse(&ledger.to_json()).unwrap();
        assert_eq!(read, ledger);
        assert_eq!(read.subscription("a"), Some("b"));
        assert_eq!(read.principal("p"), None);
        ledger.principals.push(Entry {
            source: "P".to_owned(),
            target: None,
        });
        assert!(
            Ledger::parse(&ledger.to_json())
                .unwrap_err()
                .message()
                .contains("there twice")
        );
        assert!(Ledger::parse("{}").is_err());
    }
}
