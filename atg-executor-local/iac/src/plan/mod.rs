//! The intermediate form that all writers read.
//!
//! A [`Plan`] holds resources in dependency order. Everything that may be spelled differently in another language (a
//! reference, a parameter, a text with either in it) stands in the tree as what it is; everything else is a literal, to
//! be escaped by the writer. Read-only members, system-made children and secrets are gone already, so a writer writes all
//! that it finds, and what it cannot write it reports as [omitted](crate::writer::Omission).

#[cfg(test)]
pub(crate) mod example;
mod external;
mod parameter;
mod resource;
mod skipped;
mod symbol;
mod value;

use atg_sdk::azure::TenantId;

pub use external::{External, ExternalKind};
pub use parameter::{Origin, Parameter, ParameterType};
pub use resource::{Association, Entra, Identity, Kind, Nesting, Resource, Scope};
pub use skipped::{Reason, Skipped};
pub use symbol::Symbol;
pub use value::{Attribute, Member, Piece, Reference, Target, Text, Value};

macro_rules! key {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u32);

        impl $name {
            /// The position in its list.
            #[must_use]
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

key! {
    /// A resource, by its position in [`Plan::resources`].
    ResourceKey
}
key! {
    /// Something that stays outside, by its position in [`Plan::externals`].
    ExternalKey
}
key! {
    /// A parameter, by its position in [`Plan::parameters`].
    ParameterKey
}

/// What is to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// The tenant that was read.
    pub tenant: TenantId,
    /// Everything that is written, in dependency order: a resource's parent, what it refers to and what it must wait for
    /// come before it.
    pub resources: Vec<Resource>,
    /// What is set once both ends are there, because setting it at once would be a cycle. In the order of their owners.
    pub associations: Vec<Association>,
    /// What is referred to and not written: tenant, subscriptions, resources out of scope. Ordered so that a parent comes
    /// before what lies in it.
    pub externals: Vec<External>,
    /// What whoever applies the files gives, the ones without a default first. Called variables in Terraform.
    pub parameters: Vec<Parameter>,
    /// What was in scope, or asked for, and is not written.
    pub skipped: Vec<Skipped>,
}

impl Plan {
    /// The resource of that key.
    #[must_use]
    pub fn resource(&self, key: ResourceKey) -> &Resource {
        &self.resources[key.index()]
    }

    /// The external of that key.
    #[must_use]
    pub fn external(&self, key: ExternalKey) -> &External {
        &self.externals[key.index()]
    }

    /// The parameter of that key.
    #[must_use]
    pub fn parameter(&self, key: ParameterKey) -> &Parameter {
        &self.parameters[key.index()]
    }

    /// The resources with their keys.
    pub fn keyed(&self) -> impl Iterator<Item = (ResourceKey, &Resource)> {
        (0..).map(ResourceKey).zip(&self.resources)
    }

    /// The name of what a reference points at.
    #[must_use]
    pub fn symbol(&self, target: Target) -> &Symbol {
        match target {
            Target::Resource(key) => &self.resource(key).symbol,
            Target::External(key) => &self.external(key).symbol,
        }
    }
}
