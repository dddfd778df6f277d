//! Network pieces that hub, spokes and sandbox share.

use serde_json::{Value, json};

use crate::builder::{Tenant, digits, tags};

const VNETS: &str = "Microsoft.Network/virtualNetworks";

/// A subnet, as its network and its own row show it.
#[derive(Debug, Default, Clone)]
pub(crate) struct Subnet {
    pub(crate) name: &'static str,
    pub(crate) prefix: &'static str,
    pub(crate) security_group: Option<String>,
    pub(crate) route_table: Option<String>,
    pub(crate) nat_gateway: Option<String>,
    /// For example `Microsoft.Web/serverFarms`.
    pub(crate) delegation: Option<&'static str>,
    /// For example `Microsoft.Storage`.
    pub(crate) endpoints: &'static [&'static str],
    /// IP configurations in it: Azure lists them in the subnet, as children of what uses it.
    pub(crate) ip_configurations: Vec<String>,
}

/// Networks write an entity tag on themselves and on every part.
pub(crate) fn etag(id: &str) -> String {
    let d = digits(id, 32);
    format!(
        "W/\"{}-{}-{}-{}-{}\"",
        &d[..8],
        &d[8..12],
        &d[12..16],
        &d[16..20],
        &d[20..]
    )
}

/// A reference as ARM writes it.
pub(crate) fn reference(id: &str) -> Value {
    json!({ "id": id })
}

/// A virtual network with its subnets, each inside of the network and as a row of its own.
pub(crate) fn virtual_network(
    t: &mut Tenant,
    group: &str,
    name: &str,
    prefix: &str,
    subnets: &[Subnet],
    tags: Value,
) -> String {
    let id = format!("{group}/providers/{VNETS}/{name}");
    let inner: Vec<Value> = subnets
        .iter()
        .map(|subnet| subnet_body(&id, subnet, true))
        .collect();
    let peerings: Vec<Value> = peerings_of(name)
        .iter()
        .map(|peering| peering_body(t, &id, peering, true))
        .collect();
    let location = if group.contains("analytics") {
        crate::builder::SECOND
    } else {
        crate::builder::HOME
    };
    let mut body = json!({
        "location": location,
        "tags": null,
        "etag": etag(&id),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": t.guid(&format!("resource/{id}")),
            "addressSpace": { "addressPrefixes": [prefix] },
            "dhcpOptions": { "dnsServers": [] },
            "subnets": inner,
            "virtualNetworkPeerings": peerings,
            "enableDdosProtection": false,
        },
    });
    body["tags"] = tags;
    t.resource(group, VNETS, name, body);
    for subnet in subnets {
        let body = subnet_body(&id, subnet, false);
        let subnet_id = t.child(&id, "subnets", subnet.name, body);
        for (target, relationship) in [
            (&subnet.security_group, "SECURED_BY"),
            (&subnet.route_table, "ROUTES_VIA"),
            (&subnet.nat_gateway, "ROUTES_VIA"),
        ] {
            if let Some(target) = target {
                t.edge(&subnet_id, relationship, target);
            }
        }
    }
    for peering in peerings_of(name) {
        let body = peering_body(t, &id, &peering, false);
        let remote = body["properties"]["remoteVirtualNetwork"]["id"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let peering = t.child(&id, "virtualNetworkPeerings", &format!("to-{}", peering.1), body);
        t.edge(&peering, "CONNECTED_TO", &remote);
        t.edge(&id, "CONNECTED_TO", &remote);
    }
    id
}

/// Who is peered with whom: the hub with each spoke, in both directions.
type Peering = (&'static str, &'static str, &'static str);

fn peerings_of(network: &str) -> Vec<Peering> {
    const PEERINGS: [Peering; 6] = [
        ("vnet-hub", "vnet-booking", "rg-booking-network"),
        ("vnet-hub", "vnet-fleet", "rg-fleet"),
        ("vnet-hub", "vnet-dev", "rg-dev-sandbox"),
        ("vnet-booking", "vnet-hub", "rg-hub-network"),
        ("vnet-fleet", "vnet-hub", "rg-hub-network"),
        ("vnet-dev", "vnet-hub", "rg-hub-network"),
    ];
    PEERINGS
        .into_iter()
        .filter(|peering| peering.0 == network)
        .collect()
}

fn peering_body(t: &Tenant, network: &str, peering: &Peering, inner: bool) -> Value {
    let remote = format!("{}/providers/{VNETS}/{}", t.group(peering.2), peering.1);
    let name = format!("to-{}", peering.1);
    let id = format!("{network}/virtualNetworkPeerings/{name}");
    let mut body = if inner {
        json!({ "id": id, "name": name, "type": "Microsoft.Network/virtualNetworks/virtualNetworkPeerings" })
    } else {
        json!({})
    };
    body["etag"] = json!(etag(&id));
    body["properties"] = json!({
        "provisioningState": "Succeeded",
        "peeringState": "Connected",
        "peeringSyncLevel": "FullyInSync",
        "remoteVirtualNetwork": { "id": remote },
        "allowVirtualNetworkAccess": true,
        "allowForwardedTraffic": true,
        "allowGatewayTransit": peering.0 == "vnet-hub",
        "useRemoteGateways": peering.0 != "vnet-hub",
        "doNotVerifyRemoteGateways": false,
    });
    body
}

fn subnet_body(network: &str, subnet: &Subnet, inner: bool) -> Value {
    let id = format!("{network}/subnets/{}", subnet.name);
    let mut body = if inner {
        json!({ "id": id, "name": subnet.name, "type": "Microsoft.Network/virtualNetworks/subnets" })
    } else {
        json!({})
    };
    body["etag"] = json!(etag(&id));
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "addressPrefix": subnet.prefix,
        "delegations": [],
        "privateEndpointNetworkPolicies": "Disabled",
        "privateLinkServiceNetworkPolicies": "Enabled",
        "serviceEndpoints": subnet.endpoints.iter().map(|service| json!({
            "provisioningState": "Succeeded", "service": service, "locations": ["westeurope", "northeurope"],
        })).collect::<Vec<_>>(),
    });
    if let Some(service) = subnet.delegation {
        properties["delegations"] = json!([{
            "name": "delegation",
            "id": format!("{id}/delegations/delegation"),
            "etag": etag(&id),
            "type": "Microsoft.Network/virtualNetworks/subnets/delegations",
            "properties": { "provisioningState": "Succeeded", "serviceName": service, "actions": ["Microsoft.Network/virtualNetworks/subnets/action"] },
        }]);
    }
    if let Some(target) = &subnet.security_group {
        properties["networkSecurityGroup"] = reference(target);
    }
    if let Some(target) = &subnet.route_table {
        properties["routeTable"] = reference(target);
    }
    if let Some(target) = &subnet.nat_gateway {
        properties["natGateway"] = reference(target);
    }
    if !subnet.ip_configurations.is_empty() {
        properties["ipConfigurations"] = subnet.ip_configurations.iter().map(|id| reference(id)).collect();
    }
    body["properties"] = properties;
    body
}

/// One rule of a security group: name, priority, direction, access, protocol, source, ports.
pub(crate) type Rule = (
    &'static str,
    u32,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

/// A network security group with Azure's six default rules. `subnets` use it.
pub(crate) fn security_group(
    t: &mut Tenant,
    group: &str,
    name: &str,
    rules: &[Rule],
    subnets: &[String],
    tags: Value,
) -> String {
    let kind = "Microsoft.Network/networkSecurityGroups";
    let id = format!("{group}/providers/{kind}/{name}");
    let rule_body = |rule: &Rule, segment: &str| {
        let rule_id = format!("{id}/{segment}/{}", rule.0);
        json!({
            "name": rule.0,
            "id": rule_id,
            "etag": etag(&id),
            "type": format!("{kind}/{segment}"),
            "properties": {
                "provisioningState": "Succeeded",
                "protocol": rule.4,
                "sourcePortRange": "*",
                "destinationPortRange": rule.6,
                "sourceAddressPrefix": rule.5,
                "destinationAddressPrefix": "*",
                "access": rule.3,
                "priority": rule.1,
                "direction": rule.2,
                "sourcePortRanges": [],
                "destinationPortRanges": [],
                "sourceAddressPrefixes": [],
                "destinationAddressPrefixes": [],
            },
        })
    };
    let own: Vec<Value> = rules
        .iter()
        .map(|rule| rule_body(rule, "securityRules"))
        .collect();
    let default: Vec<Value> = DEFAULT_RULES
        .iter()
        .map(|rule| rule_body(rule, "defaultSecurityRules"))
        .collect();
    let mut body = json!({
        "location": crate::builder::HOME,
        "tags": null,
        "etag": etag(&id),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": t.guid(&format!("resource/{id}")),
            "securityRules": own,
            "defaultSecurityRules": default,
        },
    });
    body["tags"] = tags;
    if !subnets.is_empty() {
        body["properties"]["subnets"] = subnets.iter().map(|id| reference(id)).collect();
    }
    t.resource(group, kind, name, body)
}

const DEFAULT_RULES: [Rule; 6] = [
    (
        "AllowVnetInBound",
        65000,
        "Inbound",
        "Allow",
        "*",
        "VirtualNetwork",
        "*",
    ),
    (
        "AllowAzureLoadBalancerInBound",
        65001,
        "Inbound",
        "Allow",
        "*",
        "AzureLoadBalancer",
        "*",
    ),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*", "*"),
    (
        "AllowVnetOutBound",
        65000,
        "Outbound",
        "Allow",
        "*",
        "VirtualNetwork",
        "*",
    ),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "*", "*"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*", "*"),
];

/// A public address and the IP configuration that has it. `holder` is the resource that the configuration is part of.
pub(crate) fn public_address(
    t: &mut Tenant,
    group: &str,
    name: &str,
    address: &str,
    configuration: Option<&str>,
    tags: Value,
) -> String {
    let kind = "Microsoft.Network/publicIPAddresses";
    let id = format!("{group}/providers/{kind}/{name}");
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "resourceGuid": t.guid(&format!("resource/{id}")),
        "ipAddress": address,
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Static",
        "idleTimeoutInMinutes": 4,
        "ipTags": [],
        "ddosSettings": { "protectionMode": "VirtualNetworkInherited" },
    });
    if let Some(configuration) = configuration {
        properties["ipConfiguration"] = reference(configuration);
    }
    let mut body = json!({
            "location": crate::builder::HOME,
            "tags": null,
            "etag": etag(&id),
            "sku": { "name": "Standard", "tier": "Regional" },
            "properties": properties,
    });
    body["tags"] = tags;
    t.resource(group, kind, name, body)
}

/// What a private endpoint leads to.
#[derive(Debug)]
pub(crate) struct PrivateEndpoint<'a> {
    pub(crate) name: &'a str,
    pub(crate) target: &'a str,
    /// The part of the target, for example `blob`.
    pub(crate) group_id: &'a str,
    pub(crate) address: &'a str,
    /// The private DNS zone that has its name.
    pub(crate) zone: &'a str,
}

/// A private endpoint with the interface that Azure makes for it and its entry in a private DNS zone.
pub(crate) fn private_endpoint(t: &mut Tenant, group: &str, subnet: &str, of: &PrivateEndpoint<'_>) {
    let PrivateEndpoint {
        name,
        target,
        group_id,
        address,
        zone,
    } = *of;
    let kind = "Microsoft.Network/privateEndpoints";
    let id = format!("{group}/providers/{kind}/{name}");
    let interface = format!(
        "{group}/providers/Microsoft.Network/networkInterfaces/{name}.nic.{}",
        t.guid(&id)
    );
    t.resource(group, kind, name, json!({
        "location": crate::builder::HOME,
        "tags": tags("production", "network-team", "4100"),
        "etag": etag(&id),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": t.guid(&format!("resource/{id}")),
            "privateLinkServiceConnections": [{
                "name": name,
                "id": format!("{id}/privateLinkServiceConnections/{name}"),
                "etag": etag(&id),
                "type": "Microsoft.Network/privateEndpoints/privateLinkServiceConnections",
                "properties": {
                    "provisioningState": "Succeeded",
                    "privateLinkServiceId": target,
                    "groupIds": [group_id],
                    "privateLinkServiceConnectionState": { "status": "Approved", "description": "", "actionsRequired": "None" },
                },
            }],
            "manualPrivateLinkServiceConnections": [],
            "customNetworkInterfaceName": "",
            "subnet": { "id": subnet },
            "ipConfigurations": [],
            "networkInterfaces": [{ "id": interface }],
            "customDnsConfigs": [],
        },
    }));
    t.edge(&id, "USES_SUBNET", subnet);
    t.edge(&id, "CONNECTED_TO", target);
    t.edge(&id, "CONNECTED_TO", &interface);

    let interface_name = interface.rsplit('/').next().unwrap_or_default().to_owned();
    t.resource(
        group,
        "Microsoft.Network/networkInterfaces",
        &interface_name,
        json!({
            "location": crate::builder::HOME,
            "etag": etag(&interface),
            "kind": "Regular",
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": t.guid(&format!("resource/{interface}")),
                "ipConfigurations": [{
                    "name": "privateEndpointIpConfig",
                    "id": format!("{interface}/ipConfigurations/privateEndpointIpConfig"),
                    "etag": etag(&interface),
                    "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": address,
                        "privateIPAllocationMethod": "Dynamic",
                        "subnet": { "id": subnet },
                        "primary": true,
                        "privateIPAddressVersion": "IPv4",
                    },
                }],
                "dnsSettings": { "dnsServers": [], "appliedDnsServers": [] },
                "enableAcceleratedNetworking": false,
                "enableIPForwarding": false,
                "privateEndpoint": { "id": id },
                "nicType": "Standard",
            },
        }),
    );
    t.edge(&interface, "USES_SUBNET", subnet);

    let zone_id = format!(
        "{}/providers/Microsoft.Network/privateDnsZones/{zone}",
        t.group("rg-hub-network")
    );
    let entry = t.child(&id, "privateDnsZoneGroups", "default", json!({
        "etag": etag(&id),
        "properties": {
            "provisioningState": "Succeeded",
            "privateDnsZoneConfigs": [{
                "name": zone.replace('.', "-"),
                "id": format!("{id}/privateDnsZoneGroups/default/privateDnsZoneConfigs/{}", zone.replace('.', "-")),
                "etag": etag(&id),
                "type": "Microsoft.Network/privateEndpoints/privateDnsZoneGroups/privateDnsZoneConfigs",
                "properties": { "provisioningState": "Succeeded", "privateDnsZoneId": zone_id, "recordSets": [] },
            }],
        },
    }));
    t.edge(&entry, "RESOLVES_TO", &zone_id);
}

/// What a virtual machine's interface looks like.
#[derive(Debug, Default)]
pub(crate) struct Interface<'a> {
    pub(crate) subnet: &'a str,
    pub(crate) address: &'a str,
    pub(crate) public_address: Option<&'a str>,
    pub(crate) security_group: Option<&'a str>,
    pub(crate) backend_pool: Option<&'a str>,
    pub(crate) machine: &'a str,
}

/// A network interface of a virtual machine.
pub(crate) fn interface(t: &mut Tenant, group: &str, name: &str, of: &Interface<'_>, tags: Value) -> String {
    let kind = "Microsoft.Network/networkInterfaces";
    let id = format!("{group}/providers/{kind}/{name}");
    let mut configuration = json!({
        "provisioningState": "Succeeded",
        "privateIPAddress": of.address,
        "privateIPAllocationMethod": "Dynamic",
        "subnet": { "id": of.subnet },
        "primary": true,
        "privateIPAddressVersion": "IPv4",
    });
    t.edge(&id, "USES_SUBNET", of.subnet);
    if let Some(address) = of.public_address {
        configuration["publicIPAddress"] = reference(address);
        t.edge(address, "ATTACHED_TO", &id);
        t.edge(address, "EXPOSES", &id);
    }
    if let Some(pool) = of.backend_pool {
        configuration["loadBalancerBackendAddressPools"] = json!([{ "id": pool }]);
        t.edge(&id, "CONNECTED_TO", pool);
        let balancer = pool.split("/backendAddressPools/").next().unwrap_or_default();
        t.edge(balancer, "CONNECTED_TO", &id);
    }
    let mut properties = json!({
        "provisioningState": "Succeeded",
        "resourceGuid": t.guid(&format!("resource/{id}")),
        "ipConfigurations": [{
            "name": "ipconfig1",
            "id": format!("{id}/ipConfigurations/ipconfig1"),
            "etag": etag(&id),
            "type": "Microsoft.Network/networkInterfaces/ipConfigurations",
            "properties": configuration,
        }],
        "dnsSettings": { "dnsServers": [], "appliedDnsServers": [], "internalDomainNameSuffix": "qkdcydpgr3uu5a.ax.internal.cloudapp.net" },
        "macAddress": mac(&id),
        "enableAcceleratedNetworking": true,
        "vnetEncryptionSupported": false,
        "enableIPForwarding": false,
        "virtualMachine": { "id": of.machine },
        "hostedWorkloads": [],
        "tapConfigurations": [],
        "nicType": "Standard",
        "allowPort25Out": false,
        "primary": true,
    });
    if let Some(group) = of.security_group {
        properties["networkSecurityGroup"] = reference(group);
        t.edge(&id, "SECURED_BY", group);
    }
    let mut body = json!({
            "location": crate::builder::HOME,
            "tags": null,
            "etag": etag(&id),
            "kind": "Regular",
            "properties": properties,
    });
    body["tags"] = tags;
    t.resource(group, kind, name, body)
}

fn mac(id: &str) -> String {
    let d = digits(&format!("mac/{id}"), 6).to_uppercase();
    format!("00-0D-3A-{}-{}-{}", &d[..2], &d[2..4], &d[4..])
}
