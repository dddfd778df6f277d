//! Managed identities.

use super::{Convert, Has, Hook, Mapping, Place, Rule};

pub(super) const USER_ASSIGNED: Mapping = Mapping {
    arm: "Microsoft.ManagedIdentity/userAssignedIdentities",
    block: "azurerm_user_assigned_identity",
    place: &[Place::Name("name"), Place::ResourceGroup("resource_group_name")],
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: &[Has::Location, Has::Tags],
    body: &[(
        "properties",
        Rule::In(&[
            (
                "isolationScope",
                Rule::To("isolation_scope", Convert::WordOrNothing(&["Regional"])),
            ),
            ("assignmentRestrictions", Rule::Only(&[])),
            ("clientId", Rule::Skip),
            ("principalId", Rule::Skip),
            ("tenantId", Rule::Skip),
        ]),
    )],
    needs: &[],
    absent: &[],
    links: &[],
    outputs: &[
        (&["properties", "principalId"], "principal_id"),
        (&["properties", "clientId"], "client_id"),
        (&["properties", "tenantId"], "tenant_id"),
    ],
};
