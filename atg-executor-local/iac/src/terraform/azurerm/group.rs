//! Resource groups.

use super::{Convert, Has, Hook, Mapping, Place, Rule};

pub(super) const RESOURCE_GROUP: Mapping = Mapping {
    arm: "Microsoft.Resources/resourceGroups",
    block: "azurerm_resource_group",
    place: &[Place::Name("name")],
    hangs_on: &[Hook::Subscription],
    has: &[Has::Location, Has::Tags],
    body: &[
        ("managedBy", Rule::To("managed_by", Convert::Text)),
        ("properties", Rule::In(&[("provisioningState", Rule::Skip)])),
    ],
    needs: &[],
    absent: &[],
    links: &[],
    outputs: &[],
};
