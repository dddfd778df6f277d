use atg_json::Json;

use crate::{
    plan::{
        Attribute, External, ExternalKind, Identity, Kind, Member, Piece, Plan, Reference, Resource, Target,
        Text, Value, example,
    },
    terraform::tests::{Memory, check_format, check_schemas, written},
    writer::Layout,
};

const GROUP: &str = "/subscriptions/22222222-2222-4222-8222-222222222222/resourceGroups/rg-net";

/// A value as it stands in a body; a text that begins with `/subscriptions/` is a reference to something outside, which
/// is spelled as the text behind a `|` where there is one.
fn value(plan: &mut Plan, json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(digits) => Value::Number(digits.clone()),
        Json::String(text) if text.starts_with("/subscriptions/") => Value::Text(reference(plan, text)),
        Json::String(text) => Value::literal(text),
        Json::Array(items) => Value::Array(items.iter().map(|item| value(plan, item)).collect()),
        Json::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, inner)| Member::new(name, value(plan, inner)))
                .collect(),
        ),
    }
}

fn reference(plan: &mut Plan, text: &str) -> Text {
    let (spelled, id) = text.split_once('|').unwrap_or((text, text));
    let known = plan.externals.iter().position(|external| external.id == id);
    let at = known.unwrap_or_else(|| {
        plan.externals.push(External {
            symbol: plan.externals[0].symbol.clone(),
            kind: ExternalKind::Resource {
                resource_type: "Microsoft.Test/things".parse().unwrap(),
                api_version: "2020-01-01".into(),
            },
            id: id.to_owned(),
            parent: None,
            parameter: None,
        });
        plan.externals.len() - 1
    });
    Text::Pieces(vec![Piece::Reference(Reference {
        target: Target::External(crate::plan::ExternalKey(u32::try_from(at).unwrap())),
        attribute: Attribute::Id,
        spelled: spelled.into(),
    })])
}

/// A plan with one more resource of that type in the first group, or below the network, with that body.
fn plan_with(arm: &str, body: &str) -> Plan {
    let mut plan = example::plan();
    // The network of the example; a group for everything else.
    let parent = usize::from(arm.ends_with("/subnets")) * 4;
    let template = plan.resources[if parent == 4 { 5 } else { 2 }].clone();
    let Value::Object(body) = value(&mut plan, &body.parse().unwrap()) else {
        panic!("no object")
    };
    let name = if arm.starts_with("Microsoft.Authorization") {
        "77777777-7777-4777-8777-777777777777"
    } else {
        "thing"
    };
    let mut resource = Resource {
        symbol: crate::plan::Symbol::new("thing"),
        kind: Kind::Arm {
            resource_type: arm.parse().unwrap(),
            api_version: "2024-01-01".into(),
            known: true,
        },
        name: example::literal(name),
        body,
        ..template
    };
    let id = format!("{}{}{name}", plan.resources[parent].id, resource.id_suffix());
    resource.import_id = Some(id.clone());
    resource.id = id;
    if arm.ends_with("/subnets") || arm.starts_with("Microsoft.Authorization") {
        resource.location = None;
    }
    plan.resources.push(resource);
    plan
}

/// The block of the resource that was added, after everything was checked.
fn block(plan: &Plan) -> (String, Memory, Vec<String>) {
    let (files, written) = written(plan, Layout::Single);
    check_format(&files);
    check_schemas(&files);
    let main = &files.0["main.tf"];
    let at = main.find("\" \"thing\" {").expect("the block");
    let start = main[..at].rfind("\nresource ").unwrap() + 1;
    let remarks = written.remarks.into_iter().map(|(_, remark)| remark).collect();
    (main[start..].to_owned(), files, remarks)
}

fn without(text: &str, path: &[&str]) -> String {
    fn remove(json: &mut Json, path: &[&str]) {
        let (Json::Object(members), [first, rest @ ..]) = (json, path) else {
            panic!("no object")
        };
        let at = members
            .iter()
            .position(|(name, _)| name == first)
            .expect("the member");
        match rest {
            [] => {
                members.remove(at);
            }
            rest => remove(&mut members[at].1, rest),
        }
    }
    let mut json: Json = text.parse().unwrap();
    remove(&mut json, path);
    json.to_string()
}

fn with(text: &str, path: &[&str], value: &str) -> String {
    fn put(json: &mut Json, path: &[&str], value: Json) {
        let (Json::Object(members), [first, rest @ ..]) = (json, path) else {
            panic!("no object")
        };
        let at = members
            .iter()
            .position(|(name, _)| name == first)
            .unwrap_or_else(|| {
                members.push(((*first).to_owned(), Json::Object(Vec::new())));
                members.len() - 1
            });
        match rest {
            [] => members[at].1 = value,
            rest => put(&mut members[at].1, rest, value),
        }
    }
    let mut json: Json = text.parse().unwrap();
    put(&mut json, path, value.parse().unwrap());
    json.to_string()
}

/// The body goes to `azapi`, and the note says which member is to blame.
fn refused(arm: &str, body: &str, blamed: &str) {
    let plan = plan_with(arm, body);
    let (block, _, notes) = block(&plan);
    assert!(block.starts_with("resource \"azapi_resource\""), "{block}");
    let note = notes.last().expect("a note");
    assert!(note.contains(&format!("`{blamed}`")), "{note}");
}

/// The resource has its mapping, and that attribute stays as it is.
fn kept(arm: &str, body: &str, attribute: &str) {
    let (block, _, _) = block(&plan_with(arm, body));
    assert!(block.starts_with("resource \"azurerm_"), "{block}");
    let line = format!("    ignore_changes = [{attribute}]\n");
    assert!(block.contains(&line), "{block}");
}

const VNET: &str = r#"{"properties":{"addressSpace":{"addressPrefixes":["10.0.0.0/16","fd00::/48"]},
    "dhcpOptions":{"dnsServers":["10.0.0.4"]},"privateEndpointVNetPolicies":"Disabled","enableDdosProtection":false,
    "encryption":{"enabled":true,"enforcement":"AllowUnencrypted"},"flowTimeoutInMinutes":10}}"#;

#[test]
fn a_virtual_network_says_all_or_goes_to_azapi() {
    let arm = "Microsoft.Network/virtualNetworks";
    let (text, files, _) = block(&plan_with(arm, VNET));
    assert_eq!(
        text,
        r#"resource "azurerm_virtual_network" "thing" {
  name                = "thing"
  resource_group_name = azurerm_resource_group.rg_net.name
  location            = "westeurope"

  address_space                  = ["10.0.0.0/16", "fd00::/48"]
  dns_servers                    = ["10.0.0.4"]
  flow_timeout_in_minutes        = 10
  private_endpoint_vnet_policies = "Disabled"

  encryption {
    enforcement = "AllowUnencrypted"
  }
}
"#
    );
    assert!(files.0["imports.tf"].contains(&format!(
        "to = azurerm_virtual_network.thing\n  id = \"{GROUP}/providers/Microsoft.Network/virtualNetworks/thing\"\n"
    )));
    kept(
        arm,
        &without(VNET, &["properties", "privateEndpointVNetPolicies"]),
        "private_endpoint_vnet_policies",
    );
    refused(
        arm,
        &with(VNET, &["properties", "enableDdosProtection"], "true"),
        "properties.enableDdosProtection",
    );
    refused(
        arm,
        &with(VNET, &["properties", "newThing"], "1"),
        "properties.newThing",
    );
    refused(
        arm,
        &with(VNET, &["extendedLocation"], r#"{"name":"x"}"#),
        "extendedLocation",
    );
}

const SUBNET: &str = r#"{"properties":{"addressPrefix":"10.0.2.0/24","addressPrefixes":["10.0.2.0/24","fd00::/64"],
    "privateEndpointNetworkPolicies":"Enabled","privateLinkServiceNetworkPolicies":"Disabled",
    "serviceEndpoints":[{"service":"Microsoft.Storage","locations":["westeurope"]}],
    "delegations":[{"name":"d","properties":{"serviceName":"Microsoft.Web/serverfarms",
    "actions":["Microsoft.Network/virtualNetworks/subnets/action"]}}],
    "networkSecurityGroup":{"id":"/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/n"},
    "routeTable":{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/routeTables/r"}}}"#;

#[test]
fn a_subnet_comes_with_its_associations() {
    let arm = "Microsoft.Network/virtualNetworks/subnets";
    let (text, files, _) = block(&plan_with(arm, SUBNET));
    assert_eq!(
        text,
        r#"resource "azurerm_subnet" "thing" {
  name                 = "thing"
  resource_group_name  = azurerm_resource_group.rg_net.name
  virtual_network_name = azurerm_virtual_network.r_vnet_hub.name

  address_prefixes                              = ["10.0.2.0/24", "fd00::/64"]
  private_endpoint_network_policies             = "Enabled"
  private_link_service_network_policies_enabled = false

  service_endpoint {
    service = "Microsoft.Storage"
  }

  delegation {
    name = "d"

    service_delegation {
      name    = "Microsoft.Web/serverFarms"
      actions = ["Microsoft.Network/virtualNetworks/subnets/action"]
    }
  }
}

resource "azurerm_subnet_network_security_group_association" "thing" {
  subnet_id                 = azurerm_subnet.thing.id
  network_security_group_id = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/networkSecurityGroups/n"
}

resource "azurerm_subnet_route_table_association" "thing" {
  subnet_id      = azurerm_subnet.thing.id
  route_table_id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/routeTables/r"
}
"#
    );
    let id = format!("id = \"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet-hub/subnets/thing\"\n");
    assert_eq!(files.0["imports.tf"].matches(&id).count(), 3);
    kept(
        arm,
        &without(SUBNET, &["properties", "privateEndpointNetworkPolicies"]),
        "private_endpoint_network_policies",
    );
    refused(
        arm,
        &without(SUBNET, &["properties", "privateLinkServiceNetworkPolicies"]),
        "properties.privateLinkServiceNetworkPolicies",
    );
    let delegation = r#"[{"name":"d","properties":{"serviceName":"Microsoft.Web/serverfarms"}}]"#;
    kept(
        arm,
        &with(SUBNET, &["properties", "delegations"], delegation),
        "delegation[0].service_delegation[0].actions",
    );
    let odd = r#"{"id":"/subscriptions/s/resourcegroups/rg/providers/Microsoft.Network/natGateways/n"}"#;
    refused(
        arm,
        &with(SUBNET, &["properties", "natGateway"], odd),
        "properties.natGateway.id",
    );
}

const INTERFACE: &str = r#"{"kind":"Regular","properties":{"dnsSettings":{"dnsServers":[]},"enableIPForwarding":false,
    "enableAcceleratedNetworking":true,"nicType":"Standard","ipConfigurations":[
    {"name":"one","properties":{"privateIPAddress":"10.0.2.4","privateIPAllocationMethod":"Dynamic",
    "privateIPAddressVersion":"IPv4","primary":true,
    "subnet":{"id":"/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/v/subnets/a|/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/a"},
    "publicIPAddress":{"id":"/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/publicIPAddresses/p|/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/publicIPAddresses/p"}}},
    {"name":"two","properties":{"privateIPAddress":"10.0.2.5","privateIPAllocationMethod":"Static",
    "privateIPAddressVersion":"IPv4","primary":false,"subnet":{"id":"/subscriptions/s/x"}}}],
    "networkSecurityGroup":{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/n"}}}"#;

#[test]
fn an_interface_spells_ids_as_azure_does_where_the_provider_compares_texts() {
    let arm = "Microsoft.Network/networkInterfaces";
    let (text, files, _) = block(&plan_with(arm, INTERFACE));
    assert_eq!(
        text,
        r#"resource "azurerm_network_interface" "thing" {
  name                = "thing"
  resource_group_name = azurerm_resource_group.rg_net.name
  location            = "westeurope"

  accelerated_networking_enabled = true
  ip_forwarding_enabled          = false

  ip_configuration {
    name                          = "one"
    subnet_id                     = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/a"
    private_ip_address_allocation = "Dynamic"
    private_ip_address_version    = "IPv4"
    primary                       = true
    public_ip_address_id          = "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/publicIPAddresses/p"
  }

  ip_configuration {
    name                          = "two"
    subnet_id                     = "/subscriptions/s/x"
    private_ip_address_allocation = "Static"
    private_ip_address            = "10.0.2.5"
    private_ip_address_version    = "IPv4"
    primary                       = false
  }
}

resource "azurerm_network_interface_security_group_association" "thing" {
  network_interface_id      = azurerm_network_interface.thing.id
  network_security_group_id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/n"
}
"#
    );
    assert!(files.0["imports.tf"].contains(&format!(
        "id = \"{GROUP}/providers/Microsoft.Network/networkInterfaces/thing|/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/n\"\n"
    )));
    let pools = r#"[{"name":"one","properties":{"privateIPAllocationMethod":"Dynamic","privateIPAddressVersion":"IPv4",
        "loadBalancerBackendAddressPools":[{"id":"x"}]}}]"#;
    refused(
        arm,
        &with(INTERFACE, &["properties", "ipConfigurations"], pools),
        "properties.ipConfigurations.properties.loadBalancerBackendAddressPools",
    );
}

const ADDRESS: &str = r#"{"sku":{"name":"Standard","tier":"Regional"},"zones":["1","2"],"properties":{
    "publicIPAllocationMethod":"Static","publicIPAddressVersion":"IPv4","idleTimeoutInMinutes":4,
    "ipTags":[{"ipTagType":"FirstPartyUsage","tag":"/Unprivileged"}],"ipAddress":"20.1.2.3",
    "dnsSettings":{"domainNameLabel":"web","fqdn":"web.westeurope.cloudapp.azure.com"},
    "ddosSettings":{"protectionMode":"VirtualNetworkInherited"}}}"#;

#[test]
fn a_public_address_needs_what_the_provider_would_otherwise_guess() {
    let arm = "Microsoft.Network/publicIPAddresses";
    let (text, _, _) = block(&plan_with(arm, ADDRESS));
    assert_eq!(
        text,
        r#"resource "azurerm_public_ip" "thing" {
  name                = "thing"
  resource_group_name = azurerm_resource_group.rg_net.name
  location            = "westeurope"

  zones                   = ["1", "2"]
  sku                     = "Standard"
  sku_tier                = "Regional"
  allocation_method       = "Static"
  ip_version              = "IPv4"
  idle_timeout_in_minutes = 4
  domain_name_label       = "web"
  ip_tags = {
    FirstPartyUsage = "/Unprivileged"
  }
  ddos_protection_mode = "VirtualNetworkInherited"
}
"#
    );
    kept(arm, &without(ADDRESS, &["sku", "tier"]), "sku_tier");
    kept(
        arm,
        &without(ADDRESS, &["properties", "idleTimeoutInMinutes"]),
        "idle_timeout_in_minutes",
    );
    refused(
        arm,
        &without(ADDRESS, &["properties", "publicIPAllocationMethod"]),
        "properties.publicIPAllocationMethod",
    );
    kept(
        arm,
        &with(
            ADDRESS,
            &["properties", "ddosSettings"],
            "{\"protectionMode\":null,\"ddosProtectionPlan\":null,\"x\":null}",
        ),
        "ddos_protection_mode",
    );
}

const ACCOUNT: &str = r#"{"kind":"StorageV2","sku":{"name":"Standard_RAGRS","tier":"Standard"},"properties":{
    "minimumTlsVersion":"TLS1_2","supportsHttpsTrafficOnly":true,"accessTier":"Hot","publicNetworkAccess":"Disabled",
    "encryption":{"keySource":"Microsoft.Storage","requireInfrastructureEncryption":true,
    "services":{"blob":{"enabled":true,"keyType":"Account"},"queue":{"enabled":true,"keyType":"Service"}}},
    "networkAcls":{"bypass":"Logging, AzureServices","defaultAction":"Deny","ipRules":[{"value":"1.2.3.4","action":"Allow"}],
    "virtualNetworkRules":[{"id":"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/a",
    "action":"Allow","state":"Succeeded"}],"resourceAccessRules":[]}}}"#;

#[test]
fn a_storage_account_says_what_the_provider_reads_into_silence() {
    let arm = "Microsoft.Storage/storageAccounts";
    let mut plan = plan_with(arm, ACCOUNT);
    plan.resources.last_mut().unwrap().identity = Some(Identity {
        kind: "SystemAssigned,UserAssigned".to_owned(),
        user_assigned: plan.resources[7].identity.clone().unwrap().user_assigned,
    });
    let (text, _, _) = block(&plan);
    assert_eq!(
        text,
        r#"resource "azurerm_storage_account" "thing" {
  name                = "thing"
  resource_group_name = azurerm_resource_group.rg_net.name
  location            = "westeurope"

  account_kind                      = "StorageV2"
  account_tier                      = "Standard"
  account_replication_type          = "RAGRS"
  access_tier                       = "Hot"
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  public_network_access_enabled     = false
  infrastructure_encryption_enabled = true
  queue_encryption_key_type         = "Service"

  network_rules {
    default_action             = "Deny"
    bypass                     = ["Logging", "AzureServices"]
    ip_rules                   = ["1.2.3.4"]
    virtual_network_subnet_ids = ["/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/a"]
  }

  identity {
    type         = "SystemAssigned, UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.r_id_app.id]
  }

  lifecycle {
    ignore_changes = [
      allow_nested_items_to_be_public,
      shared_access_key_enabled,
      cross_tenant_replication_enabled,
    ]
  }
}
"#
    );
    refused(
        arm,
        &with(ACCOUNT, &["properties", "minimumTlsVersion"], "\"TLS1_0\""),
        "properties.minimumTlsVersion",
    );
    refused(
        arm,
        &with(ACCOUNT, &["sku", "name"], "\"StandardV2_LRS\""),
        "sku.name",
    );
    refused(
        arm,
        &with(
            ACCOUNT,
            &["properties", "encryption", "keySource"],
            "\"Microsoft.Keyvault\"",
        ),
        "properties.encryption.keySource",
    );
    refused(
        arm,
        &with(
            ACCOUNT,
            &["properties", "publicNetworkAccess"],
            "\"SecuredByPerimeter\"",
        ),
        "properties.publicNetworkAccess",
    );
}

const VAULT: &str = r#"{"properties":{"tenantId":"11111111-1111-4111-8111-111111111111","sku":{"family":"A","name":"Premium"},
    "accessPolicies":[],"enabledForDeployment":false,"enableSoftDelete":true,"softDeleteRetentionInDays":90,
    "publicNetworkAccess":"Enabled","vaultUri":"https://thing.vault.azure.net/","networkAcls":{"bypass":"AzureServices",
    "defaultAction":"Deny","ipRules":[{"value":"1.2.3.4/32"}],"virtualNetworkRules":[{"id":
    "/subscriptions/s/resourcegroups/RG/providers/microsoft.network/virtualnetworks/v/subnets/a|/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/a",
    "ignoreMissingVnetServiceEndpoint":false}]}}}"#;

#[test]
fn a_vault_spells_fixed_segments_as_the_provider_does_and_names_as_azure_does() {
    let arm = "Microsoft.KeyVault/vaults";
    let (text, _, _) = block(&plan_with(arm, VAULT));
    assert_eq!(
        text,
        r#"resource "azurerm_key_vault" "thing" {
  name                = "thing"
  resource_group_name = azurerm_resource_group.rg_net.name
  location            = "westeurope"

  tenant_id                     = "11111111-1111-4111-8111-111111111111"
  sku_name                      = "premium"
  enabled_for_deployment        = false
  soft_delete_retention_days    = 90
  public_network_access_enabled = true
  rbac_authorization_enabled    = false

  network_acls {
    bypass                     = "AzureServices"
    default_action             = "Deny"
    ip_rules                   = ["1.2.3.4/32"]
    virtual_network_subnet_ids = ["/subscriptions/s/resourceGroups/RG/providers/Microsoft.Network/virtualNetworks/v/subnets/a"]
  }
}
"#
    );
    let policies =
        r#"[{"tenantId":"t","objectId":"o","permissions":{"keys":["get","wrapkey"],"secrets":[]}}]"#;
    let (text, _, _) = block(&plan_with(
        arm,
        &with(VAULT, &["properties", "accessPolicies"], policies),
    ));
    assert!(
        text.contains(
            r#"  access_policy = [
    {
      tenant_id               = "t"
      object_id               = "o"
      application_id          = null
      certificate_permissions = null
      key_permissions         = ["Get", "WrapKey"]
      secret_permissions      = null
      storage_permissions     = null
    },
  ]
"#
        ),
        "{text}"
    );
    let all = r#"[{"tenantId":"t","objectId":"o","permissions":{"keys":["all"]}}]"#;
    refused(
        arm,
        &with(VAULT, &["properties", "accessPolicies"], all),
        "properties.accessPolicies.permissions.keys",
    );
    refused(
        arm,
        &with(VAULT, &["properties", "enableSoftDelete"], "false"),
        "properties.enableSoftDelete",
    );
}

const ASSIGNMENT: &str = r#"{"properties":{"roleDefinitionId":
    "/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.Authorization/roleDefinitions/r",
    "principalId":"88888888-8888-4888-8888-888888888888","principalType":"ForeignGroup","condition":"x","conditionVersion":"2.0"}}"#;

#[test]
fn a_role_assignment_has_its_scope_as_its_own_id_spells_it() {
    let arm = "Microsoft.Authorization/roleAssignments";
    let mut plan = plan_with(arm, ASSIGNMENT);
    let resource = plan.resources.last_mut().unwrap();
    resource.id = resource
        .id
        .replace("resourceGroups/rg-net", "resourcegroups/RG-Net");
    let (text, files, _) = block(&plan);
    assert_eq!(
        text,
        r#"resource "azurerm_role_assignment" "thing" {
  name  = "77777777-7777-4777-8777-777777777777"
  scope = replace(azurerm_resource_group.rg_net.id, "rg-net", "RG-Net")

  role_definition_id = "/subscriptions/22222222-2222-4222-8222-222222222222/providers/Microsoft.Authorization/roleDefinitions/r"
  principal_id       = "88888888-8888-4888-8888-888888888888"
  condition          = "x"
  condition_version  = "2.0"
}
"#
    );
    assert!(files.0["imports.tf"].contains(&format!(
        "id = \"{GROUP}/providers/Microsoft.Authorization/roleAssignments/77777777-7777-4777-8777-777777777777\"\n"
    )));
    // At the root of the tenant the provider cannot parse the ID.
    let resource = plan.resources.last_mut().unwrap();
    resource.parent = Target::External(crate::plan::ExternalKey(0));
    resource.scope = crate::plan::Scope::Tenant;
    assert!(block(&plan).0.contains("  parent_id                 = \"/\"\n"));
}

#[test]
fn a_member_of_a_group_has_an_id_that_begins_with_the_groups() {
    let arm = "Microsoft.ManagedIdentity/userAssignedIdentities";
    let mut plan = plan_with(arm, r#"{"properties":{}}"#);
    let resource = plan.resources.last_mut().unwrap();
    let odd = resource.id.replace("rg-net", "RG-NET");
    resource.id.clone_from(&odd);
    resource.import_id = Some(odd);
    let (_, files, _) = block(&plan);
    assert!(files.0["imports.tf"].contains(&format!(
        "id = \"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/thing\"\n"
    )));
}

#[test]
fn the_mappings_are_in_order_and_name_what_the_provider_has() {
    assert!(super::MAPPINGS.is_sorted_by_key(|mapping| mapping.arm.to_ascii_lowercase()));
    for mapping in super::MAPPINGS {
        assert_eq!(
            super::mapping(&mapping.arm.to_uppercase()).unwrap().arm,
            mapping.arm
        );
        crate::terraform::tests::check_mapping(mapping);
    }
    assert!(super::mapping("Microsoft.Web/sites").is_none());
}
