//! Resources that the `azurerm` provider knows.
//!
//! A [`Mapping`] is data: for every member that a body of that type can hold, a [`Rule`] says which attribute or block it
//! becomes, or that it is of no consequence. It is exhaustive by construction: a body with a member that no rule names,
//! or with a value that the provider would refuse, or one that lacks a member without which the provider reads something
//! else than what is written, is not written half: it goes to `azapi` as a whole, and the [`Refusal`] says why.

mod fill;
mod group;
mod identity;
mod network;
mod role;
mod storage;
mod vault;

#[cfg(test)]
mod tests;

pub(super) use fill::fill;

use super::rules::{Convert, Refusal, Rule, Spelling};

/// How a type is written.
#[derive(Debug)]
pub(super) struct Mapping {
    /// The ARM type.
    pub(super) arm: &'static str,
    /// The type of the block.
    pub(super) block: &'static str,
    /// What says where it lies.
    pub(super) place: &'static [Place],
    /// Whether its name has to be a GUID.
    pub(super) named_by_guid: bool,
    /// Which things a resource of this kind may hang on.
    pub(super) hangs_on: &'static [Hook],
    /// Whether it has a region, tags, identities.
    pub(super) has: &'static [Has],
    /// The members of the body.
    pub(super) body: &'static [(&'static str, Rule)],
    /// Chains of names that must be there: what the provider makes of their absence is not what it makes of the absence
    /// of the attribute.
    pub(super) needs: &'static [&'static [&'static str]],
    /// What is written where a member is absent, because the provider reads that: chain of names, attribute, value.
    pub(super) absent: &'static [(&'static [&'static str], &'static str, Constant)],
    /// Members that become blocks of their own.
    pub(super) links: &'static [Link],
    /// What Azure answers, and the attribute that has it.
    pub(super) outputs: &'static [(&'static [&'static str], &'static str)],
}

/// Where a resource lies.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    /// Its name.
    Name(&'static str),
    /// The name of its resource group.
    ResourceGroup(&'static str),
    /// The name of its parent.
    ParentName(&'static str),
    /// The ID of what it hangs on.
    Parent(&'static str),
}

/// What a resource may hang on, where not everything will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hook {
    /// A resource group.
    Group,
    /// A subscription.
    Subscription,
    /// A management group.
    ManagementGroup,
    /// A resource.
    Resource,
}

/// What some types have and others do not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Has {
    Location,
    Tags,
    Identity,
}

/// A value that is written where a member is absent.
#[derive(Debug, Clone, Copy)]
pub(super) enum Constant {
    Bool(bool),
}

/// A member that becomes a block of its own: the ID of something that goes with the resource.
#[derive(Debug)]
pub(super) struct Link {
    /// The chain of names to the ID.
    pub(super) path: &'static [&'static str],
    /// The type of the block.
    pub(super) block: &'static str,
    /// The attribute for the resource's own ID.
    pub(super) own: &'static str,
    /// The attribute for the other's ID.
    pub(super) other: &'static str,
    /// Whether what it is imported by is both IDs, with a bar between them, or the resource's own.
    pub(super) both: bool,
}

/// All mappings, ordered by ARM type in small letters.
const MAPPINGS: [&Mapping; 10] = [
    &role::ASSIGNMENT,
    &vault::VAULT,
    &identity::USER_ASSIGNED,
    &network::INTERFACE,
    &network::SECURITY_GROUP,
    &network::PUBLIC_IP,
    &network::VIRTUAL_NETWORK,
    &network::SUBNET,
    &group::RESOURCE_GROUP,
    &storage::ACCOUNT,
];

/// The mapping of a type.
pub(super) fn mapping(arm: &str) -> Option<&'static Mapping> {
    let key = arm.to_ascii_lowercase();
    MAPPINGS
        .binary_search_by_key(&key, |mapping| mapping.arm.to_ascii_lowercase())
        .ok()
        .map(|at| MAPPINGS[at])
}

impl Mapping {
    /// The attribute that holds what Azure answers at that path.
    pub(super) fn output<S: AsRef<str>>(&self, path: &[S]) -> Option<&'static str> {
        self.outputs
            .iter()
            .find(|(known, _)| known.iter().copied().eq(path.iter().map(AsRef::as_ref)))
            .map(|(_, attribute)| *attribute)
    }

    fn has(&self, what: Has) -> bool {
        self.has.contains(&what)
    }
}
