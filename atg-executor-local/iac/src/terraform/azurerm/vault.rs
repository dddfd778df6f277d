//! Key vaults.

use super::{Constant, Convert, Has, Hook, Mapping, Place, Rule, Spelling};

pub(super) const VAULT: Mapping = Mapping {
    arm: "Microsoft.KeyVault/vaults",
    block: "azurerm_key_vault",
    place: &[Place::Name("name"), Place::ResourceGroup("resource_group_name")],
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: &[Has::Location, Has::Tags],
    body: &[(
        "properties",
        Rule::In(&[
            ("tenantId", Rule::To("tenant_id", Convert::Text)),
            (
                "sku",
                Rule::In(&[
                    ("family", Rule::Only(&["\"A\""])),
                    (
                        "name",
                        Rule::To("sku_name", Convert::Word(&["standard", "premium"])),
                    ),
                ]),
            ),
            (
                "enableRbacAuthorization",
                Rule::To("rbac_authorization_enabled", Convert::Bool),
            ),
            (
                "enabledForDeployment",
                Rule::To("enabled_for_deployment", Convert::Bool),
            ),
            (
                "enabledForDiskEncryption",
                Rule::To("enabled_for_disk_encryption", Convert::Bool),
            ),
            (
                "enabledForTemplateDeployment",
                Rule::To("enabled_for_template_deployment", Convert::Bool),
            ),
            (
                "enablePurgeProtection",
                Rule::To("purge_protection_enabled", Convert::Bool),
            ),
            (
                "softDeleteRetentionInDays",
                Rule::To("soft_delete_retention_days", Convert::Number),
            ),
            (
                "publicNetworkAccess",
                Rule::To(
                    "public_network_access_enabled",
                    Convert::Flag("Enabled", "Disabled"),
                ),
            ),
            // It cannot be switched off any more; where it is, the provider does not see it.
            ("enableSoftDelete", Rule::Only(&["true"])),
            (
                "networkAcls",
                Rule::Block(
                    "network_acls",
                    &[
                        (
                            "bypass",
                            Rule::To("bypass", Convert::Word(&["AzureServices", "None"])),
                        ),
                        (
                            "defaultAction",
                            Rule::To("default_action", Convert::Word(&["Allow", "Deny"])),
                        ),
                        ("ipRules", Rule::To("ip_rules", Convert::Each("value", &[]))),
                        (
                            "virtualNetworkRules",
                            Rule::To(
                                "virtual_network_subnet_ids",
                                Convert::Ids(
                                    "id",
                                    Spelling::Own,
                                    &[("ignoreMissingVnetServiceEndpoint", &["false"]), ("state", &[])],
                                ),
                            ),
                        ),
                    ],
                ),
            ),
            // Each permission is a word of a list that grows, and the provider spells them its own way: a vault that
            // uses them is written as it is.
            ("accessPolicies", Rule::Only(&["[]"])),
            ("vaultUri", Rule::Skip),
            ("provisioningState", Rule::Skip),
            ("createMode", Rule::Only(&["\"default\""])),
        ]),
    )],
    needs: &[&["properties", "tenantId"], &["properties", "sku", "name"]],
    absent: &[(
        &["properties", "enableRbacAuthorization"],
        "rbac_authorization_enabled",
        Constant::Bool(false),
    )],
    links: &[],
    outputs: &[(&["properties", "vaultUri"], "vault_uri")],
};
