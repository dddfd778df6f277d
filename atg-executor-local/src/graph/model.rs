//! Nodes and references, as pure functions make them and stores keep them.

use std::borrow::Cow;

use atg_sdk::azure::TenantId;

/// A property's value, as every store can keep it. Objects and mixed arrays are JSON text in a `String`.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// A double.
    Float(f64),
    /// Text, or a JSON text.
    String(String),
    /// A list of texts, for example availability zones.
    Strings(Vec<String>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

/// A node's labels, the most general first (`Resource`, `VirtualMachine`).
pub type Labels = Vec<Cow<'static, str>>;

/// What a node stands for: decides what may remove it and whether it counts as content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NodeClass {
    /// Tenant, management group, subscription, resource group.
    Hierarchy,
    /// An ARM resource.
    Resource,
    /// A Microsoft Entra ID object.
    Entra,
    /// A tag or a region: there as long as something points at it.
    Value,
    /// Something outside of what was scanned: there as long as something points at it.
    External,
    /// A scan.
    Scan,
}

/// Where a node's content was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// Azure Resource Graph
    ResourceGraph,
    /// Azure Resource Manager
    Arm,
    /// Microsoft Graph
    MicrosoftGraph,
    /// A file.
    Recorded,
    /// A specification.
    Spec,
}

impl Source {
    /// The property's value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ResourceGraph => "resource_graph",
            Self::Arm => "arm",
            Self::MicrosoftGraph => "microsoft_graph",
            Self::Recorded => "recorded",
            Self::Spec => "spec",
        }
    }
}

/// A node's key: unique in a graph, equal however Azure spells the ID.
#[must_use]
pub fn node_key(tenant: TenantId, id: &str) -> String {
    format!("{tenant}|{}", id.trim_end_matches('/').to_lowercase())
}

/// One node, as a source describes it.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// See [`node_key`].
    pub key: String,
    /// As Azure spells it.
    pub id: String,
    /// The last segment of the ID, or the display name of what has one.
    pub name: String,
    /// What it stands for.
    pub class: NodeClass,
    /// The most general first.
    pub labels: Labels,
    /// The canonical spelling of the resource type; `None` for what is not an ARM resource.
    pub resource_type: Option<String>,
    /// Top-level members other than `id`, `name`, `type` and `properties`, under their names in the graph.
    pub members: Vec<(String, Value)>,
    /// `properties`, whole, as JSON text. `None` where the source did not say (`az resource list`): what a richer
    /// source wrote is then kept, with everything that was made of it.
    pub properties: Option<String>,
    /// Each scalar of `properties` down to depth 3 under its dotted path. A member of the same name wins.
    pub scalars: Vec<(String, Value)>,
    /// Where it was read.
    pub source: Source,
    /// How well the source knows it: within one scan the best-standing description wins, whatever the order in which they
    /// come, and never is a stored node overwritten (nor are its edges) by a description of lower standing.
    pub standing: Standing,
}

/// How well a source knows a node, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Only known from other things' IDs (a resource group that no row describes, a tag, a region): made if absent.
    Implied,
    /// Described within its parent's body (a subnet within its network). Replaced by a later one of its kind.
    Inline,
    /// A row of its own.
    Own,
}

/// A node together with everything that its source says about other nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Described {
    /// The node.
    pub node: Node,
    /// What it says. All edges that the node's source implies, including those between two other nodes.
    pub references: Vec<Reference>,
    /// Lists that the source named and that became edges alone (`members`, `owners`), empty ones too: that nobody is
    /// left in a list is said by no edge.
    pub lists: Vec<&'static str>,
}

/// One end of a reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Target {
    /// The node that says it.
    Itself,
    /// The node of that ID (an ARM ID, an Entra object ID, a tag's or region's ID), as the source spells it. If there is
    /// none in the graph at the end of the scan, a stub with the label `External` alone is made.
    Id(String),
    /// The one node of the tenant that has this among its [`ALIASES`], for what is named by an address and not by an ID.
    /// Where none has it, or several have, a stub of that name. Only the end of an edge may be one, and the edge carries
    /// it as the property [`ALIAS`]: it follows the alias when that moves, though its own source says nothing new.
    Alias(String),
}

/// The property of a node that lists what others may call it, beside its ID: the hosts that it answers at, the client ID
/// of an identity. Never an ID's form: a stub may have to bear it as its own.
pub const ALIASES: &str = "aliases";

/// The property of an edge that says by which alias its end was named.
pub const ALIAS: &str = "alias";

/// Where an edge was said, and so which others make it superfluous.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// By the thing that depends on it: always an edge.
    Here,
    /// By the far end (a security group lists its subnets): an edge unless one with the same ends and relationship is
    /// said `Here`.
    AtFarEnd,
    /// By nobody (a subscription of which no management group is known is in its tenant): an edge unless another one of
    /// the same relationship, `Here` or `AtFarEnd`, ends at the same node.
    Assumed,
}

/// An edge as its source says it, before anyone knows whether both ends are in the graph.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    /// Where the edge begins.
    pub from: Target,
    /// Where the edge ends.
    pub to: Target,
    /// For example `USES_SUBNET`.
    pub relationship: Cow<'static, str>,
    /// Where in the source it was said: `properties.ipConfigurations[0].properties.subnet.id`. The first segment names
    /// the top-level member; a thinner source that lacks that member leaves such edges alone.
    pub path: String,
    /// How sure the edge is: two ends often state the same one.
    pub said: Said,
    /// Further properties of the edge (`role`, `assignment_id`, `condition`).
    pub properties: Vec<(String, Value)>,
}

/// What happened to a node.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is new.
    Added {
        /// The node's id as Azure spells it.
        id: String,
        /// The resource type, or the first label where it has none.
        kind: String,
    },
    /// Its content differs.
    Changed {
        /// The node's id as Azure spells it.
        id: String,
        /// The resource type, or the first label where it has none.
        kind: String,
        /// What differs, ordered by path.
        changes: Vec<PropertyChange>,
    },
    /// It is gone.
    Removed {
        /// The node's id as Azure spells it.
        id: String,
        /// The resource type, or the first label where it has none.
        kind: String,
    },
}

/// One difference within a node. Both values are JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyChange {
    /// For example `properties.hardwareProfile.vmSize`.
    pub path: String,
    /// `None` where it was not there.
    pub before: Option<String>,
    /// `None` where it is no longer there.
    pub after: Option<String>,
}
