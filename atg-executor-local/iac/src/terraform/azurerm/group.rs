//! Resource groups.

use super::{Convert, Has, Hook, Mapping, Place, Rule};

pub(super) const RESOURCE_GROUP: Mapping = Mapping {
    arm: "Microsoft.Resources/resourceGroups",
    block: "azurerm_resource_group",
    place: &[Place::Name("name")],
    named_by_guid: false,
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
