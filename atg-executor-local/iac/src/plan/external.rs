//! What is referred to and stays outside.

use atg_sdk::azure::ResourceType;

use super::{ParameterKey, Symbol, Target};

/// Something that exists already, or that somebody else makes.
#[derive(Debug, Clone, PartialEq)]
pub struct External {
    /// Its name in the files.
    pub symbol: Symbol,
    /// What it is.
    pub kind: ExternalKind,
    /// Its ID in the tenant that was read, as its own row or the first reference spelled it: a resource ID, or the object ID
    /// of an Entra object, or the tenant's GUID.
    pub id: String,
    /// What it lies in, where that is known; `None` for the tenant and Entra objects.
    pub parent: Option<Target>,
    /// Where it is set, its value (whose default is what the source has) stands for this thing: the GUID of a tenant, a
    /// subscription or an Entra object, the name of a management group or resource group, the whole ID of a resource.
    /// Otherwise its ID is its parent's, then the rest of [`id`](Self::id).
    pub parameter: Option<ParameterKey>,
}

/// What an external thing is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExternalKind {
    /// The tenant.
    Tenant,
    /// A management group.
    ManagementGroup,
    /// A subscription.
    Subscription,
    /// A resource group.
    ResourceGroup,
    /// A resource.
    Resource {
        /// Its type, in Azure's spelling where the facts know it.
        resource_type: ResourceType,
        /// The version to read it with.
        api_version: Box<str>,
    },
    /// A Microsoft Entra object: a user, a group, a service principal; which one is not always known.
    Directory,
}
