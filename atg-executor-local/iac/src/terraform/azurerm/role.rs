//! Role assignments.

use super::{Convert, Hook, Mapping, Place, Rule, Spelling};

pub(super) const ASSIGNMENT: Mapping = Mapping {
    arm: "Microsoft.Authorization/roleAssignments",
    block: "azurerm_role_assignment",
    place: &[Place::Name("name"), Place::Parent("scope")],
    // The provider cannot parse the ID of one at the root of the tenant.
    named_by_guid: true,
    hangs_on: &[
        Hook::Group,
        Hook::Subscription,
        Hook::ManagementGroup,
        Hook::Resource,
    ],
    has: &[],
    body: &[(
        "properties",
        Rule::In(&[
            (
                "roleDefinitionId",
                Rule::To("role_definition_id", Convert::Id(Spelling::Any)),
            ),
            ("principalId", Rule::To("principal_id", Convert::Text)),
            (
                "principalType",
                Rule::To(
                    "principal_type",
                    Convert::WordOrNothing(&["User", "Group", "ServicePrincipal"]),
                ),
            ),
            ("description", Rule::To("description", Convert::Text)),
            ("condition", Rule::To("condition", Convert::Text)),
            (
                "conditionVersion",
                Rule::To("condition_version", Convert::Word(&["1.0", "2.0"])),
            ),
            (
                "delegatedManagedIdentityResourceId",
                Rule::To(
                    "delegated_managed_identity_resource_id",
                    Convert::Id(Spelling::Kept),
                ),
            ),
            ("scope", Rule::Skip),
        ]),
    )],
    needs: &[
        &["properties", "roleDefinitionId"],
        &["properties", "principalId"],
    ],
    absent: &[],
    links: &[],
    outputs: &[],
};
