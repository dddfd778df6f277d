//! A plan as Terraform.
//!
//! `azurerm` where a [mapping](azurerm) says all that a resource's body holds, otherwise `azapi` with the body as it is,
//! `azuread` for Entra objects: nothing is lost for want of a mapping, and nothing is said half.
//!
//! What decides most choices here is that the files, applied to the tenant they were made from, must change nothing:
//! `import` blocks bring the resources in, and then the providers compare what they read with what is written. So
//! attributes of `azapi` that are only settings stand at their defaults, because an import sets those, or are not looked
//! at; secrets, which no provider can compare, are sent only once someone gives them; and where Azure spells one ID in two ways, what is
//! written evaluates to the spelling of that place.

mod azapi;
mod azuread;
mod azurerm;
mod files;
pub mod hcl;
mod providers;
mod reference;
mod room;
mod rules;
mod value;
mod write;

#[cfg(test)]
pub(crate) mod tests;

pub use write::write;
