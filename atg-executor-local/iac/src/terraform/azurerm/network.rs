//! Networks, their subnets, security groups, interfaces and public addresses.

use super::{Convert, Has, Hook, Link, Mapping, Place, Rule, Spelling};

const IN_GROUP: &[Place] = &[Place::Name("name"), Place::ResourceGroup("resource_group_name")];
const LOCATED: &[Has] = &[Has::Location, Has::Tags];

pub(super) const VIRTUAL_NETWORK: Mapping = Mapping {
    arm: "Microsoft.Network/virtualNetworks",
    block: "azurerm_virtual_network",
    place: IN_GROUP,
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: LOCATED,
    body: &[(
        "properties",
        Rule::Always(&[
            (
                "addressSpace",
                Rule::In(&[("addressPrefixes", Rule::To("address_space", Convert::Texts))]),
            ),
            (
                "dhcpOptions",
                Rule::In(&[("dnsServers", Rule::To("dns_servers", Convert::Texts))]),
            ),
            (
                "bgpCommunities",
                Rule::In(&[
                    (
                        "virtualNetworkCommunity",
                        Rule::To("bgp_community", Convert::Text),
                    ),
                    ("regionalCommunity", Rule::Skip),
                ]),
            ),
            (
                "flowTimeoutInMinutes",
                Rule::To("flow_timeout_in_minutes", Convert::Number),
            ),
            (
                "privateEndpointVNetPolicies",
                Rule::Known(
                    "private_endpoint_vnet_policies",
                    Convert::Word(&["Disabled", "Basic"]),
                ),
            ),
            (
                "encryption",
                Rule::BlockIf(
                    "enabled",
                    "true",
                    "encryption",
                    &[
                        ("enabled", Rule::Skip),
                        (
                            "enforcement",
                            Rule::Needed(
                                "enforcement",
                                Convert::Word(&["DropUnencrypted", "AllowUnencrypted"]),
                            ),
                        ),
                    ],
                ),
            ),
            // The provider's block for a plan takes two members at once, which no rule does.
            ("enableDdosProtection", Rule::Only(&["false"])),
            ("enableVmProtection", Rule::Only(&["false"])),
            ("subnets", Rule::Only(&["[]"])),
            ("virtualNetworkPeerings", Rule::Only(&["[]"])),
        ]),
    )],
    needs: &[&["properties", "addressSpace", "addressPrefixes"]],
    absent: &[],
    links: &[],
    outputs: &[(&["properties", "resourceGuid"], "guid")],
};

/// The services that the provider lets a subnet be delegated to, in its spelling, which for some is not Azure's.
const DELEGATED_TO: &[&str] = &[
    "GitHub.Network/networkSettings",
    "Microsoft.ApiManagement/service",
    "Microsoft.App/environments",
    "Microsoft.AVS/PrivateClouds",
    "Microsoft.AzureCosmosDB/clusters",
    "Microsoft.BareMetal/AzureHostedService",
    "Microsoft.BareMetal/AzureVMware",
    "Microsoft.Batch/batchAccounts",
    "Microsoft.ContainerInstance/containerGroups",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Databricks/workspaces",
    "Microsoft.DBforMySQL/flexibleServers",
    "Microsoft.DBforMySQL/serversv2",
    "Microsoft.DBforPostgreSQL/flexibleServers",
    "Microsoft.DBforPostgreSQL/serversv2",
    "Microsoft.DBforPostgreSQL/singleServers",
    "Microsoft.DevCenter/networkConnection",
    "Microsoft.DevOpsInfrastructure/pools",
    "Microsoft.DocumentDB/cassandraClusters",
    "Microsoft.HardwareSecurityModules/dedicatedHSMs",
    "Microsoft.Kusto/clusters",
    "Microsoft.LabServices/labplans",
    "Microsoft.Logic/integrationServiceEnvironments",
    "Microsoft.MachineLearningServices/workspaces",
    "Microsoft.Netapp/volumes",
    "Microsoft.Network/applicationGateways",
    "Microsoft.Network/dnsResolvers",
    "Microsoft.Orbital/orbitalGateways",
    "Microsoft.PowerPlatform/enterprisePolicies",
    "Microsoft.PowerPlatform/vnetaccesslinks",
    "Microsoft.ServiceFabricMesh/networks",
    "Microsoft.ServiceNetworking/trafficControllers",
    "Microsoft.Sql/managedInstances",
    "Microsoft.Sql/servers",
    "Microsoft.StoragePool/diskPools",
    "Microsoft.StreamAnalytics/streamingJobs",
    "Microsoft.Synapse/workspaces",
    "Microsoft.Web/hostingEnvironments",
    "Microsoft.Web/serverFarms",
    "NGINX.NGINXPLUS/nginxDeployments",
    "Oracle.Database/networkAttachments",
    "PaloAltoNetworks.Cloudngfw/firewalls",
    "Qumulo.Storage/fileSystems",
];

/// What the provider lets a delegated service do.
const ACTIONS: &[&str] = &[
    "Microsoft.Network/networkinterfaces/*",
    "Microsoft.Network/publicIPAddresses/join/action",
    "Microsoft.Network/publicIPAddresses/read",
    "Microsoft.Network/virtualNetworks/read",
    "Microsoft.Network/virtualNetworks/subnets/action",
    "Microsoft.Network/virtualNetworks/subnets/join/action",
    "Microsoft.Network/virtualNetworks/subnets/prepareNetworkPolicies/action",
    "Microsoft.Network/virtualNetworks/subnets/unprepareNetworkPolicies/action",
];

pub(super) const SUBNET: Mapping = Mapping {
    arm: "Microsoft.Network/virtualNetworks/subnets",
    block: "azurerm_subnet",
    place: &[
        Place::Name("name"),
        Place::ResourceGroup("resource_group_name"),
        Place::ParentName("virtual_network_name"),
    ],
    named_by_guid: false,
    hangs_on: &[Hook::Resource],
    has: &[],
    body: &[(
        "properties",
        Rule::In(&[
            ("addressPrefix", Rule::To("address_prefixes", Convert::Listed)),
            ("addressPrefixes", Rule::To("address_prefixes", Convert::Texts)),
            (
                "defaultOutboundAccess",
                Rule::To("default_outbound_access_enabled", Convert::Bool),
            ),
            (
                "privateEndpointNetworkPolicies",
                Rule::Known(
                    "private_endpoint_network_policies",
                    Convert::Word(&[
                        "Disabled",
                        "Enabled",
                        "NetworkSecurityGroupEnabled",
                        "RouteTableEnabled",
                    ]),
                ),
            ),
            (
                "privateLinkServiceNetworkPolicies",
                Rule::To(
                    "private_link_service_network_policies_enabled",
                    Convert::Flag("Enabled", "Disabled"),
                ),
            ),
            (
                "serviceEndpointPolicies",
                Rule::To(
                    "service_endpoint_policy_ids",
                    Convert::Ids("id", Spelling::Kept, &[]),
                ),
            ),
            (
                "sharingScope",
                Rule::To("sharing_scope", Convert::Word(&["Tenant"])),
            ),
            (
                "serviceEndpoints",
                Rule::Blocks(
                    "service_endpoint",
                    &[
                        ("service", Rule::To("service", Convert::Text)),
                        (
                            "networkIdentifier",
                            Rule::In(&[("id", Rule::To("network_identifier", Convert::Id(Spelling::Kept)))]),
                        ),
                        // Azure answers the regions that the service is in.
                        ("locations", Rule::Skip),
                        ("provisioningState", Rule::Skip),
                    ],
                ),
            ),
            (
                "delegations",
                Rule::Blocks(
                    "delegation",
                    &[
                        ("name", Rule::To("name", Convert::Text)),
                        (
                            "properties",
                            Rule::Block(
                                "service_delegation",
                                &[
                                    ("serviceName", Rule::To("name", Convert::Word(DELEGATED_TO))),
                                    ("actions", Rule::Known("actions", Convert::Words(ACTIONS))),
                                    ("provisioningState", Rule::Skip),
                                ],
                            ),
                        ),
                        ("id", Rule::Skip),
                        ("type", Rule::Skip),
                        ("etag", Rule::Skip),
                    ],
                ),
            ),
            ("networkSecurityGroup", Rule::Link),
            ("routeTable", Rule::Link),
            ("natGateway", Rule::Link),
            ("provisioningState", Rule::Skip),
            ("purpose", Rule::Skip),
        ]),
    )],
    // The provider reads this one without looking whether it is there.
    needs: &[&["properties", "privateLinkServiceNetworkPolicies"]],
    absent: &[],
    links: &[
        Link {
            path: &["properties", "networkSecurityGroup", "id"],
            block: "azurerm_subnet_network_security_group_association",
            own: "subnet_id",
            other: "network_security_group_id",
            both: false,
        },
        Link {
            path: &["properties", "routeTable", "id"],
            block: "azurerm_subnet_route_table_association",
            own: "subnet_id",
            other: "route_table_id",
            both: false,
        },
        Link {
            path: &["properties", "natGateway", "id"],
            block: "azurerm_subnet_nat_gateway_association",
            own: "subnet_id",
            other: "nat_gateway_id",
            both: false,
        },
    ],
    outputs: &[],
};

/// All attributes of a rule within a security group: written as a list of objects, each has to have them all.
const SECURITY_RULE: &[&str] = &[
    "name",
    "description",
    "priority",
    "direction",
    "access",
    "protocol",
    "source_port_range",
    "source_port_ranges",
    "source_address_prefix",
    "source_address_prefixes",
    "source_application_security_group_ids",
    "destination_port_range",
    "destination_port_ranges",
    "destination_address_prefix",
    "destination_address_prefixes",
    "destination_application_security_group_ids",
];

pub(super) const SECURITY_GROUP: Mapping = Mapping {
    arm: "Microsoft.Network/networkSecurityGroups",
    block: "azurerm_network_security_group",
    place: IN_GROUP,
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: LOCATED,
    body: &[(
        "properties",
        Rule::In(&[
            (
                "securityRules",
                Rule::Rows(
                    "security_rule",
                    &[
                        ("name", Rule::To("name", Convert::Text)),
                        (
                            "properties",
                            Rule::In(&[
                                ("description", Rule::To("description", Convert::Text)),
                                ("priority", Rule::To("priority", Convert::Number)),
                                (
                                    "direction",
                                    Rule::To("direction", Convert::Word(&["Inbound", "Outbound"])),
                                ),
                                ("access", Rule::To("access", Convert::Word(&["Allow", "Deny"]))),
                                (
                                    "protocol",
                                    Rule::To(
                                        "protocol",
                                        Convert::Word(&["*", "Ah", "Esp", "Icmp", "Tcp", "Udp"]),
                                    ),
                                ),
                                ("sourcePortRange", Rule::To("source_port_range", Convert::Text)),
                                ("sourcePortRanges", Rule::To("source_port_ranges", Convert::Texts)),
                                (
                                    "sourceAddressPrefix",
                                    Rule::To("source_address_prefix", Convert::Text),
                                ),
                                (
                                    "sourceAddressPrefixes",
                                    Rule::To("source_address_prefixes", Convert::Texts),
                                ),
                                (
                                    "sourceApplicationSecurityGroups",
                                    Rule::To(
                                        "source_application_security_group_ids",
                                        Convert::Ids("id", Spelling::Kept, &[]),
                                    ),
                                ),
                                (
                                    "destinationPortRange",
                                    Rule::To("destination_port_range", Convert::Text),
                                ),
                                (
                                    "destinationPortRanges",
                                    Rule::To("destination_port_ranges", Convert::Texts),
                                ),
                                (
                                    "destinationAddressPrefix",
                                    Rule::To("destination_address_prefix", Convert::Text),
                                ),
                                (
                                    "destinationAddressPrefixes",
                                    Rule::To("destination_address_prefixes", Convert::Texts),
                                ),
                                (
                                    "destinationApplicationSecurityGroups",
                                    Rule::To(
                                        "destination_application_security_group_ids",
                                        Convert::Ids("id", Spelling::Kept, &[]),
                                    ),
                                ),
                                ("provisioningState", Rule::Skip),
                            ]),
                        ),
                        ("id", Rule::Skip),
                        ("type", Rule::Skip),
                        ("etag", Rule::Skip),
                    ],
                    SECURITY_RULE,
                ),
            ),
            ("flushConnection", Rule::Only(&["false"])),
            ("provisioningState", Rule::Skip),
        ]),
    )],
    needs: &[],
    absent: &[],
    links: &[],
    outputs: &[],
};

pub(super) const INTERFACE: Mapping = Mapping {
    arm: "Microsoft.Network/networkInterfaces",
    block: "azurerm_network_interface",
    place: IN_GROUP,
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: LOCATED,
    body: &[
        ("kind", Rule::Only(&["\"Regular\""])),
        (
            "properties",
            Rule::In(&[
                (
                    "dnsSettings",
                    Rule::In(&[
                        ("dnsServers", Rule::To("dns_servers", Convert::Texts)),
                        (
                            "internalDnsNameLabel",
                            Rule::To("internal_dns_name_label", Convert::Text),
                        ),
                        ("appliedDnsServers", Rule::Skip),
                        ("internalFqdn", Rule::Skip),
                        ("internalDomainNameSuffix", Rule::Skip),
                    ]),
                ),
                (
                    "enableAcceleratedNetworking",
                    Rule::To("accelerated_networking_enabled", Convert::Bool),
                ),
                (
                    "enableIPForwarding",
                    Rule::To("ip_forwarding_enabled", Convert::Bool),
                ),
                (
                    "ipConfigurations",
                    Rule::Blocks(
                        "ip_configuration",
                        &[
                            ("name", Rule::To("name", Convert::Text)),
                            (
                                "properties",
                                Rule::In(&[
                                    (
                                        "subnet",
                                        Rule::In(&[(
                                            "id",
                                            Rule::To("subnet_id", Convert::Id(Spelling::Any)),
                                        )]),
                                    ),
                                    (
                                        "privateIPAllocationMethod",
                                        Rule::Needed(
                                            "private_ip_address_allocation",
                                            Convert::Word(&["Dynamic", "Static"]),
                                        ),
                                    ),
                                    (
                                        "privateIPAddress",
                                        Rule::ToIf(
                                            "privateIPAllocationMethod",
                                            "Static",
                                            "private_ip_address",
                                            Convert::Text,
                                        ),
                                    ),
                                    (
                                        "privateIPAddressVersion",
                                        Rule::Known(
                                            "private_ip_address_version",
                                            Convert::Word(&["IPv4", "IPv6"]),
                                        ),
                                    ),
                                    ("primary", Rule::To("primary", Convert::Bool)),
                                    (
                                        "publicIPAddress",
                                        Rule::In(&[(
                                            "id",
                                            Rule::To("public_ip_address_id", Convert::Id(Spelling::Kept)),
                                        )]),
                                    ),
                                    (
                                        "gatewayLoadBalancer",
                                        Rule::In(&[(
                                            "id",
                                            Rule::To(
                                                "gateway_load_balancer_frontend_ip_configuration_id",
                                                Convert::Id(Spelling::Kept),
                                            ),
                                        )]),
                                    ),
                                    ("provisioningState", Rule::Skip),
                                ]),
                            ),
                            ("id", Rule::Skip),
                            ("type", Rule::Skip),
                            ("etag", Rule::Skip),
                        ],
                    ),
                ),
                ("networkSecurityGroup", Rule::Link),
                ("nicType", Rule::Only(&["\"Standard\""])),
                ("auxiliaryMode", Rule::Only(&["\"None\""])),
                ("auxiliarySku", Rule::Only(&["\"None\""])),
                ("disableTcpStateTracking", Rule::Only(&["false"])),
                ("provisioningState", Rule::Skip),
            ]),
        ),
    ],
    needs: &[&["properties", "ipConfigurations"]],
    absent: &[],
    links: &[Link {
        path: &["properties", "networkSecurityGroup", "id"],
        block: "azurerm_network_interface_security_group_association",
        own: "network_interface_id",
        other: "network_security_group_id",
        both: true,
    }],
    outputs: &[
        (&["properties", "macAddress"], "mac_address"),
        (&["properties", "virtualMachine", "id"], "virtual_machine_id"),
    ],
};

pub(super) const PUBLIC_IP: Mapping = Mapping {
    arm: "Microsoft.Network/publicIPAddresses",
    block: "azurerm_public_ip",
    place: IN_GROUP,
    named_by_guid: false,
    hangs_on: &[Hook::Group],
    has: LOCATED,
    body: &[
        ("zones", Rule::To("zones", Convert::Texts)),
        (
            "sku",
            Rule::Always(&[
                ("name", Rule::Known("sku", Convert::Word(&["Basic", "Standard"]))),
                (
                    "tier",
                    Rule::Known("sku_tier", Convert::Word(&["Regional", "Global"])),
                ),
            ]),
        ),
        (
            "properties",
            Rule::Always(&[
                (
                    "publicIPAllocationMethod",
                    Rule::To("allocation_method", Convert::Word(&["Static", "Dynamic"])),
                ),
                (
                    "publicIPAddressVersion",
                    Rule::Known("ip_version", Convert::Word(&["IPv4", "IPv6"])),
                ),
                (
                    "idleTimeoutInMinutes",
                    Rule::Known("idle_timeout_in_minutes", Convert::Number),
                ),
                (
                    "dnsSettings",
                    Rule::In(&[
                        ("domainNameLabel", Rule::To("domain_name_label", Convert::Text)),
                        (
                            "domainNameLabelScope",
                            Rule::To(
                                "domain_name_label_scope",
                                Convert::Word(&[
                                    "TenantReuse",
                                    "SubscriptionReuse",
                                    "ResourceGroupReuse",
                                    "NoReuse",
                                ]),
                            ),
                        ),
                        ("reverseFqdn", Rule::To("reverse_fqdn", Convert::Text)),
                        ("fqdn", Rule::Skip),
                    ]),
                ),
                ("ipTags", Rule::To("ip_tags", Convert::Map("ipTagType", "tag"))),
                (
                    "publicIPPrefix",
                    Rule::In(&[("id", Rule::To("public_ip_prefix_id", Convert::Id(Spelling::Kept)))]),
                ),
                (
                    "ddosSettings",
                    Rule::In(&[
                        (
                            "protectionMode",
                            Rule::Known(
                                "ddos_protection_mode",
                                Convert::Word(&["Disabled", "Enabled", "VirtualNetworkInherited"]),
                            ),
                        ),
                        (
                            "ddosProtectionPlan",
                            Rule::In(&[(
                                "id",
                                Rule::To("ddos_protection_plan_id", Convert::Id(Spelling::Kept)),
                            )]),
                        ),
                    ]),
                ),
                // The address that Azure gave.
                ("ipAddress", Rule::Skip),
                ("provisioningState", Rule::Skip),
            ]),
        ),
    ],
    needs: &[&["properties", "publicIPAllocationMethod"]],
    absent: &[],
    links: &[],
    outputs: &[
        (&["properties", "ipAddress"], "ip_address"),
        (&["properties", "dnsSettings", "fqdn"], "fqdn"),
    ],
};
