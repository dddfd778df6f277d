//! What nobody makes: reports, runs, and what Azure makes together with something else.
//!
//! Both tables are short on purpose. A setting that every account has (`blobServices/default`) is written although it is
//! there from the beginning, because what it says is the tenant's own choice; what is listed here says nothing of its own.

use std::{collections::HashMap, sync::LazyLock};

use atg_json::Json;

use super::{
    draft::{Draft, What},
    glob::Glob,
    skip::Skip,
};
use crate::plan::Reason;

/// Types of which rows tell something and cannot be created. `*` is any text.
#[rustfmt::skip]
const REPORTS: &[(&str, &str)] = &[
    ("Microsoft.Advisor/*", "a recommendation"),
    ("Microsoft.AlertsManagement/alerts", "an alert that was raised"),
    ("Microsoft.Capacity/*", "a purchase or a quota"),
    ("Microsoft.Compute/locations/*", "a report on a region"),
    ("Microsoft.Compute/restorePointCollections/restorePoints", "a copy of data at some time"),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines*", "an instance that its scale set makes"),
    ("Microsoft.Consumption/*", "a report on costs"),
    ("Microsoft.ContainerRegistry/registries/runs", "a run"),
    ("Microsoft.DataFactory/factories/pipelineruns", "a run"),
    ("Microsoft.DesktopVirtualization/hostpools/sessionhosts*", "a machine that registered itself"),
    ("Microsoft.Insights/metrics", "a report"),
    ("Microsoft.Logic/workflows/runs*", "a run"),
    ("Microsoft.Logic/workflows/versions*", "a former state"),
    ("Microsoft.MachineLearningServices/workspaces/jobs", "a run"),
    ("Microsoft.Network/networkSecurityGroups/defaultSecurityRules", "a rule that every security group has"),
    ("Microsoft.PolicyInsights/policyStates", "a report on policies"),
    ("Microsoft.PolicyInsights/policyEvents", "a report on policies"),
    ("Microsoft.RecoveryServices/vaults/*/recoveryPoints", "a copy of data at some time"),
    ("Microsoft.RecoveryServices/vaults/backupJobs", "a run"),
    ("Microsoft.ResourceHealth/*", "a report on health"),
    ("Microsoft.Resources/deployments*", "a deployment that was made"),
    ("Microsoft.Security/alerts*", "an alert that was raised"),
    ("Microsoft.Security/assessments*", "a finding"),
    ("Microsoft.Security/compliance*", "a finding"),
    ("Microsoft.Security/locations/alerts*", "an alert that was raised"),
    ("Microsoft.Security/regulatoryCompliance*", "a finding"),
    ("Microsoft.Security/secureScore*", "a score"),
    ("Microsoft.Sql/servers/recoverableDatabases", "a copy of data at some time"),
    ("Microsoft.Sql/servers/restorableDroppedDatabases", "a copy of data at some time"),
    ("Microsoft.Sql/servers/databases/restorePoints", "a copy of data at some time"),
    ("Microsoft.Web/sites/deployments", "a deployment that was made"),
    ("Microsoft.Web/sites/instances*", "an instance that its plan makes"),
    ("Microsoft.Web/sites/processes*", "a process that runs"),
    ("Microsoft.Web/sites/slots/deployments", "a deployment that was made"),
];

/// Children that are there as soon as their parent is, by type and name.
#[rustfmt::skip]
const COME_BY_THEMSELVES: &[(&str, &str, &str)] = &[
    ("Microsoft.Sql/servers/databases", "master", "every server has it"),
    ("Microsoft.Sql/managedInstances/databases", "master", "every server has it"),
    ("Microsoft.Synapse/workspaces/sqlPools", "Built-in", "every workspace has it"),
    ("Microsoft.DBforPostgreSQL/flexibleServers/databases", "azure_*", "every server has it"),
    ("Microsoft.DBforPostgreSQL/flexibleServers/databases", "postgres", "every server has it"),
    ("Microsoft.DBforPostgreSQL/servers/databases", "azure_*", "every server has it"),
    ("Microsoft.DBforPostgreSQL/servers/databases", "postgres", "every server has it"),
    ("Microsoft.DBforMySQL/*ervers/databases", "information_schema", "every server has it"),
    ("Microsoft.DBforMySQL/*ervers/databases", "mysql", "every server has it"),
    ("Microsoft.DBforMySQL/*ervers/databases", "performance_schema", "every server has it"),
    ("Microsoft.DBforMySQL/*ervers/databases", "sys", "every server has it"),
    ("Microsoft.ServiceBus/namespaces/authorizationRules", "RootManageSharedAccessKey", "every namespace has it"),
    ("Microsoft.EventHub/namespaces/authorizationRules", "RootManageSharedAccessKey", "every namespace has it"),
    ("Microsoft.EventHub/namespaces/eventhubs/consumergroups", "$Default", "every event hub has it"),
    ("Microsoft.Relay/namespaces/authorizationRules", "RootManageSharedAccessKey", "every namespace has it"),
    ("Microsoft.ServiceBus/namespaces/topics/subscriptions/rules", "$Default", "every subscription of a topic has it"),
    ("Microsoft.Network/dnszones/SOA", "*", "every zone has it"),
    ("Microsoft.Network/dnszones/NS", "@", "every zone has it"),
    ("Microsoft.Network/privateDnsZones/SOA", "*", "every zone has it"),
    ("Microsoft.Web/sites/hostNameBindings", "*.azurewebsites.*", "every site has it"),
    ("Microsoft.ApiManagement/service/groups", "administrators", "every service has it"),
    ("Microsoft.ApiManagement/service/groups", "developers", "every service has it"),
    ("Microsoft.ApiManagement/service/groups", "guests", "every service has it"),
    ("Microsoft.ApiManagement/service/subscriptions", "master", "every service has it"),
];

/// A rule: names, and what to say.
type Named = (Glob, &'static str);

/// Types without a star by their name, the others in a list.
struct Rules<T> {
    exact: HashMap<String, Vec<T>>,
    globs: Vec<(Glob, T)>,
}

impl<T: Clone> Rules<T> {
    fn new(rules: impl Iterator<Item = (&'static str, T)>) -> Self {
        let mut out = Self {
            exact: HashMap::new(),
            globs: Vec::new(),
        };
        for (resource_type, rule) in rules {
            if resource_type.contains('*') {
                out.globs.push((Glob::new(resource_type), rule));
            } else {
                out.exact
                    .entry(resource_type.to_lowercase())
                    .or_default()
                    .push(rule);
            }
        }
        out
    }

    fn of<'a>(&'a self, type_key: &'a str) -> impl Iterator<Item = &'a T> {
        let exact = self.exact.get(type_key).into_iter().flatten();
        let globs = self
            .globs
            .iter()
            .filter(move |(glob, _)| glob.matches(type_key))
            .map(|(_, rule)| rule);
        exact.chain(globs)
    }
}

static REPORT_RULES: LazyLock<Rules<&'static str>> = LazyLock::new(|| Rules::new(REPORTS.iter().copied()));

static NAME_RULES: LazyLock<Rules<Named>> = LazyLock::new(|| {
    Rules::new(
        COME_BY_THEMSELVES
            .iter()
            .map(|(resource_type, name, why)| (*resource_type, (Glob::new(name), *why))),
    )
});

/// Why an object is not to be written, from its type, its name and its own body as the source has it.
pub(crate) fn why_not(draft: &Draft, tenant: &str) -> Option<Skip> {
    let property = |path: &[&str]| {
        draft
            .body
            .iter()
            .find_map(|(name, value)| (name == "properties").then_some(value))
            .and_then(|properties| properties.at(path))
    };
    let text = |path: &[&str]| property(path).and_then(Json::as_str).unwrap_or_default();
    match &draft.what {
        What::Tenant | What::Subscription => Some(Skip::new(Reason::Place)),
        // Without a row of its own nothing but the name is known: whoever applies the files has it already.
        What::ResourceGroup | What::ManagementGroup if draft.standing == crate::source::Standing::Implied => {
            Some(Skip::new(Reason::Place))
        }
        What::ResourceGroup => draft
            .body
            .iter()
            .find_map(|(name, value)| (name == "managedBy").then(|| value.as_str()).flatten())
            .filter(|owner| !owner.is_empty())
            .map(|owner| Skip::new(Reason::SystemMade).because(format!("made and managed by {owner}"))),
        What::ManagementGroup if draft.name.eq_ignore_ascii_case(tenant) => {
            Some(Skip::new(Reason::SystemMade).because("every tenant has its root management group"))
        }
        What::ManagementGroup | What::Entra(_) | What::OtherEntra => None,
        What::Resource(resource_type) => {
            let type_key = resource_type.to_key();
            if let Some(what) = REPORT_RULES.of(&type_key).next() {
                return Some(Skip::new(Reason::ReadOnly).because(*what));
            }
            let name = draft.name.to_lowercase();
            if let Some((_, why)) = NAME_RULES.of(&type_key).find(|(glob, _)| glob.matches(&name)) {
                return Some(Skip::new(Reason::SystemMade).because(*why));
            }
            let last = type_key.rsplit('/').next().unwrap_or_default();
            match last {
                "roledefinitions" if is(text(&["type"]), &["BuiltInRole"]) => {
                    Some(Skip::new(Reason::SystemMade).because("a role that every tenant has"))
                }
                "policydefinitions" | "policysetdefinitions"
                    if is(text(&["policyType"]), &["BuiltIn", "Static"]) =>
                {
                    Some(Skip::new(Reason::SystemMade).because("a policy that every tenant has"))
                }
                "configurations"
                    if type_key.starts_with("microsoft.dbfor")
                        && is(text(&["source"]), &["system-default", "default"]) =>
                {
                    Some(Skip::new(Reason::Default).because("the setting is as every server has it"))
                }
                "networkinterfaces" => ["privateEndpoint", "privateLinkService"]
                    .into_iter()
                    .map(|owner| text(&[owner, "id"]))
                    .find(|owner| !owner.is_empty())
                    .map(|owner| Skip::new(Reason::SystemMade).because(format!("made with {owner}"))),
                _ => None,
            }
        }
    }
}

fn is(text: &str, any: &[&str]) -> bool {
    any.iter().any(|one| text.eq_ignore_ascii_case(one))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::source::{Object, ObjectKind, Standing};

    const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg";

    fn verdict(rest: &str, resource_type: &str, properties: &str) -> Option<Reason> {
        let draft = Draft::of(
            Object {
                id: format!("{GROUP}{rest}"),
                name: String::new(),
                kind: ObjectKind::Arm(resource_type.to_owned()),
                standing: Standing::Own,
                members: Vec::new(),
                properties: Some(properties.into()),
            },
            "",
        );
        why_not(&draft, "").map(|skip| skip.reason)
    }

    #[rstest]
    #[case(
        "/providers/Microsoft.Sql/servers/s/databases/Master",
        "Microsoft.Sql/servers/databases",
        "{}",
        Some(Reason::SystemMade)
    )]
    #[case(
        "/providers/Microsoft.Sql/servers/s/databases/orders",
        "Microsoft.Sql/servers/databases",
        "{}",
        None
    )]
    #[case(
        "/providers/Microsoft.Advisor/recommendations/r",
        "Microsoft.Advisor/recommendations",
        "{}",
        Some(Reason::ReadOnly)
    )]
    #[case(
        "/providers/Microsoft.Network/dnszones/z/NS/@",
        "Microsoft.Network/dnszones/NS",
        "{}",
        Some(Reason::SystemMade)
    )]
    #[case(
        "/providers/Microsoft.Network/dnszones/z/NS/sub",
        "Microsoft.Network/dnszones/NS",
        "{}",
        None
    )]
    #[case(
        "/providers/Microsoft.DBforMySQL/flexibleServers/s/databases/sys",
        "Microsoft.DBforMySQL/flexibleServers/databases",
        "{}",
        Some(Reason::SystemMade)
    )]
    #[case(
        "/providers/Microsoft.DBforPostgreSQL/servers/s/configurations/c",
        "Microsoft.DBforPostgreSQL/servers/configurations",
        r#"{"source":"system-default"}"#,
        Some(Reason::Default)
    )]
    #[case(
        "/providers/Microsoft.DBforPostgreSQL/servers/s/configurations/c",
        "Microsoft.DBforPostgreSQL/servers/configurations",
        r#"{"source":"user-override"}"#,
        None
    )]
    #[case(
        "/providers/Microsoft.Network/networkInterfaces/n",
        "Microsoft.Network/networkInterfaces",
        r#"{"privateEndpoint":{"id":"/x"}}"#,
        Some(Reason::SystemMade)
    )]
    #[case(
        "/providers/Microsoft.Network/networkInterfaces/n",
        "Microsoft.Network/networkInterfaces",
        "{}",
        None
    )]
    #[case("", "Microsoft.Resources/resourceGroups", "{}", None)]
    fn what_says_nothing_of_its_own_is_left_out(
        #[case] rest: &str,
        #[case] resource_type: &str,
        #[case] properties: &str,
        #[case] reason: Option<Reason>,
    ) {
        assert_eq!(verdict(rest, resource_type, properties), reason);
    }
}
