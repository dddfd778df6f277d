//! Tables of Resource Graph beside `resources`: what is not in the lists of subscriptions, for the whole tenant at once.

use std::sync::Arc;

use crate::{
    children::{CHILDREN, Place},
    collector::{CallDeclaration, Collector, Declaration, Part, Text},
    ground::{Ground, Subscription},
    listing::Listing,
};

/// A query may name so many subscriptions.
const AT_ONCE: usize = 1_000;

/// A table and what is read of it.
#[derive(Debug, Clone, Copy)]
struct Table {
    name: &'static str,
    /// In words.
    about: &'static str,
    part: Part,
    /// Types beside those that the table of children finds here.
    types: &'static [&'static str],
    /// What rows have to be beside one of the types.
    also: &'static str,
    /// Whether it has all there is of these types.
    whole: bool,
}

/// Only those that are custom: Azure's own are the same for everybody, and there are thousands.
const CUSTOM: &str =
    "tostring(properties.policyType) !in~ ('BuiltIn', 'Static') or type !endswith 'definitions'";
/// A finding that nothing is wrong is no finding.
const UNHEALTHY: &str =
    "type !~ 'microsoft.security/assessments' or tostring(properties.status.code) =~ 'Unhealthy'";

#[rustfmt::skip]
const TABLES: &[Table] = &[
    Table { name: "authorizationresources", about: "role assignments and role definitions at every scope", part: Part::Authorization,
        types: &["Microsoft.Authorization/roleAssignments", "Microsoft.Authorization/roleDefinitions"], also: "", whole: true },
    Table { name: "policyresources", about: "policy: assignments, exemptions, and definitions and initiatives of one's own", part: Part::Inventory,
        types: &["Microsoft.Authorization/policyAssignments", "Microsoft.Authorization/policyDefinitions",
            "Microsoft.Authorization/policyExemptions", "Microsoft.Authorization/policySetDefinitions"], also: CUSTOM, whole: true },
    Table { name: "securityresources", about: "Defender for Cloud: plans, and assessments that found something", part: Part::Inventory,
        types: &["Microsoft.Security/assessments", "Microsoft.Security/pricings"], also: UNHEALTHY, whole: true },
    Table { name: "advisorresources", about: "recommendations of Azure Advisor", part: Part::Inventory,
        types: &["Microsoft.Advisor/recommendations"], also: "", whole: true },
    Table { name: "aksresources", about: "members of fleets of Kubernetes clusters", part: Part::Inventory, types: &[], also: "", whole: true },
    // Only the setting `web` of a site is here, so that others are not missed.
    Table { name: "appserviceresources", about: "settings of sites", part: Part::Inventory, types: &[], also: "", whole: false },
    Table { name: "batchresources", about: "pools of Batch accounts", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "computeresources", about: "machines of scale sets", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "deploymentresources", about: "deployment stacks", part: Part::Inventory,
        types: &["Microsoft.Resources/deploymentStacks"], also: "", whole: true },
    Table { name: "desktopvirtualizationresources", about: "session hosts", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "dnsresources", about: "records of private zones", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "elasticsanresources", about: "volumes of Elastic SAN", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "guestconfigurationresources", about: "guest configuration assignments", part: Part::Inventory,
        types: &["Microsoft.GuestConfiguration/guestConfigurationAssignments"], also: "", whole: true },
    Table { name: "insightresources", about: "which machine sends its data by which data collection rule", part: Part::Inventory,
        types: &["Microsoft.Insights/dataCollectionRuleAssociations"], also: "", whole: true },
    Table { name: "kubernetesconfigurationresources", about: "extensions and Flux configurations of clusters", part: Part::Inventory,
        types: &["Microsoft.KubernetesConfiguration/extensions", "Microsoft.KubernetesConfiguration/fluxConfigurations"], also: "", whole: true },
    Table { name: "kustoresources", about: "data connections of Azure Data Explorer", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "maintenanceresources", about: "what is maintained when", part: Part::Inventory,
        types: &["Microsoft.Maintenance/configurationAssignments"], also: "", whole: true },
    Table { name: "managedserviceresources", about: "what Azure Lighthouse delegates to other tenants", part: Part::Authorization,
        types: &["Microsoft.ManagedServices/registrationAssignments", "Microsoft.ManagedServices/registrationDefinitions"], also: "", whole: true },
    Table { name: "networkresources", about: "rules of firewall policies, network managers and perimeters", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "recoveryservicesresources", about: "what is backed up, and by which policy", part: Part::Inventory, types: &[], also: "", whole: true },
    Table { name: "servicefabricresources", about: "applications and node types of Service Fabric", part: Part::Inventory, types: &[], also: "", whole: true },
];

/// Reads one table.
#[derive(Debug)]
pub(super) struct GraphTable {
    declaration: Declaration,
    query: String,
}

/// One collector for each table.
pub(super) fn all() -> impl Iterator<Item = Arc<dyn Collector>> {
    TABLES
        .iter()
        .map(|table| Arc::new(GraphTable::new(table)) as Arc<dyn Collector>)
}

impl GraphTable {
    fn new(table: &Table) -> Self {
        let types = table.types();
        let quoted: Vec<String> = types.iter().map(|own| format!("'{own}'")).collect();
        let also = match table.also {
            "" => String::new(),
            condition => format!(" | where {condition}"),
        };
        let query = format!(
            "{} | where type in~ ({}){also} | project id, name, type, kind, location, sku, zones, identity, tags, \
             properties, systemData | order by id asc",
            table.name,
            quoted.join(", ")
        );
        let calls = types.iter().map(|own| {
            CallDeclaration::new(
                format!(
                    "POST /providers/Microsoft.ResourceGraph/resources ({})",
                    table.name
                ),
                "2024-04-01",
                format!("{own}/read"),
            )
        });
        Self {
            declaration: Declaration {
                name: format!("graph/{}", table.name).into(),
                about: table.about.into(),
                part: table.part,
                calls: calls.collect(),
                reads: types.iter().map(|own| own.to_lowercase().into()).collect(),
                lists_all: if table.whole {
                    types.iter().map(|own| Text::from(own.to_lowercase())).collect()
                } else {
                    Vec::new()
                },
                optional: false,
                follows: Vec::new(),
            },
            query,
        }
    }
}

impl Table {
    /// All types that are read of it, each once.
    fn types(&self) -> Vec<String> {
        let children = CHILDREN
            .iter()
            .filter(|child| child.place == Place::Graph(self.name));
        let own = self.types.iter().map(|own| (*own).to_owned());
        own.chain(children.map(crate::children::Child::resource_type))
            .collect()
    }
}

impl Collector for GraphTable {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    /// One query over the tenant, whose rows lie in subscriptions and above them. The units are those of the subscriptions
    /// that are known now: what lies in others is not to be missed.
    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        let ids: Vec<String> = ground.subscriptions.iter().map(|own| own.id.clone()).collect();
        if ground.wanted.subscriptions.is_empty() {
            let mut listing = Listing::tenant_query("all", &*self.query);
            listing
                .scopes
                .extend(ground.subscriptions.iter().map(Subscription::scope));
            return vec![listing];
        }
        ids.chunks(AT_ONCE)
            .enumerate()
            .map(|(index, ids)| Listing::query(format!("within/{index}"), &*self.query, ids.to_vec()))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_table_that_holds_children_is_read_and_no_table_twice() {
        let read: BTreeSet<&str> = TABLES.iter().map(|table| table.name).collect();
        assert_eq!(read.len(), TABLES.len());
        for child in CHILDREN {
            if let Place::Graph(table) = child.place {
                assert!(table == "resources" || read.contains(table), "{child:?}");
            }
        }
        for table in TABLES {
            let types = table.types();
            assert!(!types.is_empty(), "{}", table.name);
            assert_eq!(types.iter().collect::<BTreeSet<_>>().len(), types.len());
        }
    }
}
