//! Key vaults.

use super::{Constant, Convert, Has, Hook, Mapping, Place, Rule, Spelling};

/// What may be done with certificates, in the provider's spelling; Azure spells the words in any way it was told them.
const CERTIFICATES: &[&str] = &[
    "Backup",
    "Create",
    "Delete",
    "DeleteIssuers",
    "Get",
    "GetIssuers",
    "Import",
    "List",
    "ListIssuers",
    "ManageContacts",
    "ManageIssuers",
    "Purge",
    "Recover",
    "Restore",
    "SetIssuers",
    "Update",
];

/// With keys.
const KEYS: &[&str] = &[
    "Backup",
    "Create",
    "Decrypt",
    "Delete",
    "Encrypt",
    "Get",
    "GetRotationPolicy",
    "Import",
    "List",
    "Purge",
    "Recover",
    "Release",
    "Restore",
    "Rotate",
    "SetRotationPolicy",
    "Sign",
    "UnwrapKey",
    "Update",
    "Verify",
    "WrapKey",
];

/// With secrets.
const SECRETS: &[&str] = &[
    "Backup", "Delete", "Get", "List", "Purge", "Recover", "Restore", "Set",
];

/// With the keys of storage accounts.
const STORAGE: &[&str] = &[
    "Backup",
    "Delete",
    "DeleteSAS",
    "Get",
    "GetSAS",
    "List",
    "ListSAS",
    "Purge",
    "Recover",
    "RegenerateKey",
    "Restore",
    "Set",
    "SetSAS",
    "Update",
];

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
            (
                "accessPolicies",
                Rule::Rows(
                    "access_policy",
                    &[
                        ("tenantId", Rule::To("tenant_id", Convert::Text)),
                        ("objectId", Rule::To("object_id", Convert::Text)),
                        ("applicationId", Rule::To("application_id", Convert::Text)),
                        (
                            "permissions",
                            Rule::In(&[
                                (
                                    "certificates",
                                    Rule::To("certificate_permissions", Convert::Words(CERTIFICATES)),
                                ),
                                ("keys", Rule::To("key_permissions", Convert::Words(KEYS))),
                                ("secrets", Rule::To("secret_permissions", Convert::Words(SECRETS))),
                                (
                                    "storage",
                                    Rule::To("storage_permissions", Convert::Words(STORAGE)),
                                ),
                            ]),
                        ),
                    ],
                    &[
                        "tenant_id",
                        "object_id",
                        "application_id",
                        "certificate_permissions",
                        "key_permissions",
                        "secret_permissions",
                        "storage_permissions",
                    ],
                ),
            ),
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
