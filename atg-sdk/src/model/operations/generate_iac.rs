//! `generate-iac`: a tenant, or a part of it, as Terraform, Bicep or an ARM template.

use serde::{Deserialize, Serialize};

use crate::{
    azure::{SubscriptionId, TenantId},
    model::InputDigest,
};

/// What to write, in which language, and for whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "GenerateIacParameters")
)]
pub struct Parameters {
    /// The tenant in the graph; may be left out where the graph holds one alone.
    pub tenant_id: Option<TenantId>,
    /// The language.
    pub format: Format,
    /// How Terraform's files are cut; other languages have one way.
    pub layout: Layout,
    /// Which part of the tenant: `types=Microsoft.Storage/*;resourceGroups=a,b;tagSelector=k:v;depth=2`. Clauses must all
    /// hold; everything where empty. What is chosen brings along what it refers to, as far as `depth` says.
    pub subset: String,
    /// Only these subscriptions: as a clause of the subset.
    pub subscription_ids: Vec<SubscriptionId>,
    /// Only these resource groups (names, `*` allowed): as a clause of the subset.
    pub resource_groups: Vec<String>,
    /// Only these resource types (`*` allowed): as a clause of the subset.
    pub resource_types: Vec<String>,
    /// A rules file: what to rename, move, tag, drop or set.
    pub rules: Option<InputDigest>,
    /// The tenant that the files are for, where it is another one. The ledger of what has to be mapped is among the
    /// files.
    pub target_tenant_id: Option<TenantId>,
    /// A ledger that an earlier run wrote, filled in.
    pub ledger: Option<InputDigest>,
    /// IDs of resources of which to say what was left out of them and what they refer to.
    pub explain: Vec<String>,
    /// Plan and report only; write no files.
    pub dry_run: bool,
}

/// A language of infrastructure as code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacFormat")
)]
pub enum Format {
    /// Terraform, with the providers azurerm, azapi and azuread.
    #[default]
    Terraform,
    /// Bicep.
    Bicep,
    /// An ARM template.
    Arm,
}

impl Format {
    /// The name on the wire and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Terraform => "terraform",
            Self::Bicep => "bicep",
            Self::Arm => "arm",
        }
    }
}

/// How the files are cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacLayout")
)]
pub enum Layout {
    /// All resources in one file.
    #[default]
    Single,
    /// A file for each resource group.
    PerResourceGroup,
    /// A module for each resource group.
    Modules,
}

impl Parameters {
    pub(crate) fn inputs(&self) -> Vec<&InputDigest> {
        self.rules.iter().chain(&self.ledger).collect()
    }
}

/// What was written. Everything in detail is in the artifact `report.json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "GenerateIacOutput")
)]
pub struct Output {
    /// Whether everything that was asked for is in the files.
    pub success: bool,
    /// Objects that were asked for, or came along.
    pub objects: u64,
    /// Resources written.
    pub resources: u64,
    /// Objects that are not written as resources of their own, by reason, ordered by it.
    pub skipped: Vec<Skipped>,
    /// The first hundred that are missing from the files though they were asked for.
    pub missing: Vec<Missing>,
    /// How many are missing in all.
    pub missing_total: u64,
    /// IDs in bodies that became references to written resources.
    pub references: u64,
    /// What is referred to and stays outside.
    pub outside: u64,
    /// Secrets that whoever applies the files has to give.
    pub secrets: u64,
    /// Types that were written though little is known of them.
    pub unknown_types: Vec<String>,
    /// Files written, the report not counted.
    pub files: u64,
    /// What was asked for with `explain`, in that order.
    pub explanations: Vec<Explanation>,
}

/// How many objects are not written as resources of their own for one reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacSkipped")
)]
pub struct Skipped {
    /// For example `inlined`, `system_made` or `read_only`.
    pub reason: String,
    /// How many.
    pub objects: u64,
}

/// Something that is not in the files though it was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacMissing")
)]
pub struct Missing {
    /// Its ID as Azure spelled it.
    pub id: String,
    /// Why, in words.
    pub reason: String,
}

/// What became of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacExplanation")
)]
pub struct Explanation {
    /// Its ID as Azure spelled it.
    pub id: String,
    /// Its name in the files; none where it is not written.
    pub name: Option<String>,
    /// The block or resource that it is written as.
    pub block: Option<String>,
    /// Why it is not written as a resource of its own, where it is not.
    pub skipped: Option<String>,
    /// What was left out of its body, in the order of the body.
    pub removed: Vec<Removed>,
    /// What it refers to, by its name in the files.
    pub references: Vec<Referred>,
}

/// A part of a body that was left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacRemoved")
)]
pub struct Removed {
    /// Where it stood: `properties.provisioningState`.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A reference of a resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "IacReference")
)]
pub struct Referred {
    /// What is asked for of it: `id`, `principal_id`, or `parent`.
    pub what: String,
    /// Its name in the files.
    pub name: String,
}
