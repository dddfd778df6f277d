//! Storage accounts.

use super::{Convert, Has, Hook, Mapping, Place, Rule, Spelling};

/// A service of the account: on, with the account's key or its own; the time of its encryption is Azure's.
const SERVICE: Rule = Rule::In(&[
    ("enabled", Rule::Only(&["true"])),
    ("keyType", Rule::Only(&["\"Account\""])),
    ("lastEnabledTime", Rule::Skip),
]);

const QUEUE: Rule = Rule::In(&[
    ("enabled", Rule::Only(&["true"])),
    (
        "keyType",
        Rule::To(
            "queue_encryption_key_type",
            Convert::Word(&["Service", "Account"]),
        ),
    ),
    ("lastEnabledTime", Rule::Skip),
]);

const TABLE: Rule = Rule::In(&[
    ("enabled", Rule::Only(&["true"])),
    (
        "keyType",
        Rule::To(
            "table_encryption_key_type",
            Convert::Word(&["Service", "Account"]),
        ),
    ),
    ("lastEnabledTime", Rule::Skip),
]);

pub(super) const ACCOUNT: Mapping = Mapping {
    arm: "Microsoft.Storage/storageAccounts",
    block: "azurerm_storage_account",
    place: &[Place::Name("name"), Place::ResourceGroup("resource_group_name")],
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: &[Has::Location, Has::Tags, Has::Identity],
    body: &[
        (
            "kind",
            Rule::To(
                "account_kind",
                Convert::Word(&[
                    "StorageV2",
                    "Storage",
                    "BlobStorage",
                    "BlockBlobStorage",
                    "FileStorage",
                ]),
            ),
        ),
        (
            "sku",
            Rule::In(&[
                // Azure answers a tier too, and takes none.
                ("tier", Rule::Skip),
                (
                    "name",
                    Rule::To("account_tier", Convert::Before(&["Standard", "Premium"])),
                ),
                (
                    "name",
                    Rule::To(
                        "account_replication_type",
                        Convert::Behind(
                            &["Standard", "Premium"],
                            &["LRS", "ZRS", "GRS", "RAGRS", "GZRS", "RAGZRS"],
                        ),
                    ),
                ),
            ]),
        ),
        (
            "properties",
            Rule::Always(&[
                (
                    "accessTier",
                    Rule::To("access_tier", Convert::Word(&["Hot", "Cool", "Cold", "Premium"])),
                ),
                // The provider refuses older versions; an account that still allows them is written as it is.
                (
                    "minimumTlsVersion",
                    Rule::Known("min_tls_version", Convert::Word(&["TLS1_2", "TLS1_3"])),
                ),
                (
                    "supportsHttpsTrafficOnly",
                    Rule::Known("https_traffic_only_enabled", Convert::Bool),
                ),
                (
                    "allowBlobPublicAccess",
                    Rule::Known("allow_nested_items_to_be_public", Convert::Bool),
                ),
                (
                    "allowSharedKeyAccess",
                    Rule::Known("shared_access_key_enabled", Convert::Bool),
                ),
                (
                    "allowCrossTenantReplication",
                    Rule::Known("cross_tenant_replication_enabled", Convert::Bool),
                ),
                (
                    "defaultToOAuthAuthentication",
                    Rule::To("default_to_oauth_authentication", Convert::Bool),
                ),
                (
                    "publicNetworkAccess",
                    Rule::Known(
                        "public_network_access_enabled",
                        Convert::Flag("Enabled", "Disabled"),
                    ),
                ),
                (
                    "allowedCopyScope",
                    Rule::To("allowed_copy_scope", Convert::Word(&["AAD", "PrivateLink"])),
                ),
                (
                    "dnsEndpointType",
                    Rule::To("dns_endpoint_type", Convert::Word(&["Standard", "AzureDnsZone"])),
                ),
                ("isHnsEnabled", Rule::To("is_hns_enabled", Convert::Bool)),
                ("isNfsV3Enabled", Rule::To("nfsv3_enabled", Convert::Bool)),
                ("isSftpEnabled", Rule::To("sftp_enabled", Convert::Bool)),
                (
                    "isLocalUserEnabled",
                    Rule::To("local_user_enabled", Convert::Bool),
                ),
                (
                    "largeFileSharesState",
                    Rule::To("large_file_share_enabled", Convert::Flag("Enabled", "Disabled")),
                ),
                (
                    "encryption",
                    Rule::In(&[
                        (
                            "requireInfrastructureEncryption",
                            Rule::To("infrastructure_encryption_enabled", Convert::Bool),
                        ),
                        (
                            "services",
                            Rule::In(&[
                                ("blob", SERVICE),
                                ("file", SERVICE),
                                ("queue", QUEUE),
                                ("table", TABLE),
                            ]),
                        ),
                        // A key of one's own needs the identity that reads it, and the version of the key.
                        ("keySource", Rule::Only(&["\"Microsoft.Storage\""])),
                    ]),
                ),
                (
                    "routingPreference",
                    Rule::Block(
                        "routing",
                        &[
                            (
                                "routingChoice",
                                Rule::To("choice", Convert::Word(&["MicrosoftRouting", "InternetRouting"])),
                            ),
                            (
                                "publishInternetEndpoints",
                                Rule::To("publish_internet_endpoints", Convert::Bool),
                            ),
                            (
                                "publishMicrosoftEndpoints",
                                Rule::To("publish_microsoft_endpoints", Convert::Bool),
                            ),
                        ],
                    ),
                ),
                (
                    "sasPolicy",
                    Rule::Block(
                        "sas_policy",
                        &[
                            (
                                "expirationAction",
                                Rule::To("expiration_action", Convert::Word(&["Log", "Block"])),
                            ),
                            (
                                "sasExpirationPeriod",
                                Rule::To("expiration_period", Convert::Text),
                            ),
                        ],
                    ),
                ),
                (
                    "networkAcls",
                    Rule::Block(
                        "network_rules",
                        &[
                            (
                                "defaultAction",
                                Rule::To("default_action", Convert::Word(&["Allow", "Deny"])),
                            ),
                            (
                                "bypass",
                                Rule::To(
                                    "bypass",
                                    Convert::Split(&["None", "AzureServices", "Logging", "Metrics"]),
                                ),
                            ),
                            (
                                "ipRules",
                                Rule::To("ip_rules", Convert::Each("value", &[("action", &["\"Allow\""])])),
                            ),
                            (
                                "virtualNetworkRules",
                                Rule::To(
                                    "virtual_network_subnet_ids",
                                    Convert::Ids(
                                        "id",
                                        Spelling::Kept,
                                        &[("action", &["\"Allow\""]), ("state", &[])],
                                    ),
                                ),
                            ),
                        ],
                    ),
                ),
                (
                    "azureFilesIdentityBasedAuthentication",
                    Rule::In(&[("directoryServiceOptions", Rule::Only(&["\"None\""]))]),
                ),
                ("enableExtendedGroups", Rule::Only(&["false"])),
                ("keyCreationTime", Rule::Skip),
            ]),
        ),
    ],
    needs: &[&["sku", "name"], &["kind"]],
    absent: &[],
    links: &[],
    outputs: &[
        (
            &["properties", "primaryEndpoints", "blob"],
            "primary_blob_endpoint",
        ),
        (&["properties", "primaryEndpoints", "dfs"], "primary_dfs_endpoint"),
        (
            &["properties", "primaryEndpoints", "file"],
            "primary_file_endpoint",
        ),
        (
            &["properties", "primaryEndpoints", "queue"],
            "primary_queue_endpoint",
        ),
        (
            &["properties", "primaryEndpoints", "table"],
            "primary_table_endpoint",
        ),
        (&["properties", "primaryEndpoints", "web"], "primary_web_endpoint"),
        (&["properties", "primaryLocation"], "primary_location"),
    ],
};
