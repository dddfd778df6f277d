//! Networks, what guards them, and what faces the Internet.

use std::fmt::Write as _;

use crate::{cell::Cell, writer::Writer};

const VNETS: &str = "Microsoft.Network/virtualNetworks";
const PEERINGS: &str = "virtualNetworkPeerings";
const NSGS: &str = "Microsoft.Network/networkSecurityGroups";
const ADDRESSES: &str = "Microsoft.Network/publicIPAddresses";
const BALANCERS: &str = "Microsoft.Network/loadBalancers";
const INTERFACES: &str = "Microsoft.Network/networkInterfaces";
const ENDPOINTS: &str = "Microsoft.Network/privateEndpoints";
const ZONES: &str = "Microsoft.Network/privateDnsZones";

/// The subnets of each network: name, third octet, security group, whether the route table is on it.
const SUBNETS: [(&str, u8, &str, bool); 4] = [
    ("web", 0, "nsg-web", true),
    ("app", 1, "nsg-app", true),
    ("data", 2, "nsg-app", false),
    ("endpoints", 3, "", false),
];

pub(crate) fn subnet(cell: &Cell, name: &str) -> String {
    format!("{}/subnets/{name}", cell.id(VNETS, "vnet"))
}

/// The pool of the cell's load balancer.
pub(crate) fn pool(cell: &Cell) -> String {
    format!("{}/backendAddressPools/web", cell.id(BALANCERS, "lb-web"))
}

pub(crate) fn interface(cell: &Cell, name: &str) -> String {
    cell.id(INTERFACES, name)
}

pub(crate) fn write(cell: &Cell, w: &mut Writer) {
    security_groups(cell, w);
    route_table(cell, w);
    network(cell, w);
    balancer(cell, w);
    private_dns(cell, w);
    if cell.has(0, 2) {
        public_dns(cell, w);
    }
}

fn security_groups(cell: &Cell, w: &mut Writer) {
    for (name, port) in [("nsg-web", "443"), ("nsg-app", "8080")] {
        let id = cell.id(NSGS, name);
        let mut rules = String::new();
        for (rule, priority, access, ports) in [
            ("allow-app", 100, "Allow", port),
            ("deny-rest", 4000, "Deny", "*"),
        ] {
            let comma = if rules.is_empty() { "" } else { "," };
            let _infallible = write!(
                rules,
                r#"{comma}{{"name":"{rule}","id":"{id}/securityRules/{rule}","type":"{NSGS}/securityRules","properties":{{"provisioningState":"Succeeded","protocol":"Tcp","sourcePortRange":"*","destinationPortRange":"{ports}","sourceAddressPrefix":"*","destinationAddressPrefix":"*","access":"{access}","priority":{priority},"direction":"Inbound","sourcePortRanges":[],"destinationPortRanges":[]}}}}"#
            );
            w.edge(&id, "CONTAINS", &format!("{id}/securityRules/{rule}"));
        }
        cell.resource(
            w,
            NSGS,
            &id,
            format_args!(r#""properties":{{"provisioningState":"Succeeded","securityRules":[{rules}],"defaultSecurityRules":[]}}"#),
        );
    }
}

fn route_table(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.Network/routeTables";
    let id = cell.id(kind, "rt");
    cell.resource(
        w,
        kind,
        &id,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","disableBgpRoutePropagation":true,"routes":[{{"name":"out","id":"{id}/routes/out","type":"{kind}/routes","properties":{{"provisioningState":"Succeeded","addressPrefix":"0.0.0.0/0","nextHopType":"VirtualAppliance","nextHopIpAddress":"10.0.0.4"}}}}]}}"#
        ),
    );
    w.edge(&id, "CONTAINS", &format!("{id}/routes/out"));
}

/// The network with its subnets: within it and as rows, as a scan of both finds them.
fn network(cell: &Cell, w: &mut Writer) {
    let id = cell.id(VNETS, "vnet");
    let octet = cell.index % 200;
    let table = cell.id("Microsoft.Network/routeTables", "rt");
    let body = |name: &str, third: u8, security: &str, routed: bool| {
        let mut out = format!(
            r#""properties":{{"provisioningState":"Succeeded","addressPrefix":"10.{octet}.{third}.0/24","serviceEndpoints":[],"delegations":[],"privateEndpointNetworkPolicies":"Disabled","privateLinkServiceNetworkPolicies":"Enabled""#
        );
        if !security.is_empty() {
            let _infallible = write!(
                out,
                r#","networkSecurityGroup":{{"id":"{}"}}"#,
                cell.id(NSGS, security)
            );
        }
        if routed {
            let _infallible = write!(out, r#","routeTable":{{"id":"{table}"}}"#);
        }
        if name == "endpoints" {
            let _infallible = write!(
                out,
                r#","privateEndpoints":[{{"id":"{}"}}]"#,
                cell.id(ENDPOINTS, "pe-sql")
            );
        }
        out.push('}');
        out
    };
    let mut inner = String::new();
    for (name, third, security, routed) in SUBNETS {
        let comma = if inner.is_empty() { "" } else { "," };
        let _infallible = write!(
            inner,
            r#"{comma}{{"name":"{name}","id":"{id}/subnets/{name}","type":"{VNETS}/subnets",{}}}"#,
            body(name, third, security, routed)
        );
    }
    // What a network's own body says of its peerings is what each of them says itself.
    let peering = cell.hub().map(|hub| {
        let hub = hub.id(VNETS, "vnet");
        let properties = format!(
            r#""properties":{{"provisioningState":"Succeeded","peeringState":"Connected","remoteVirtualNetwork":{{"id":"{hub}"}},"allowVirtualNetworkAccess":true,"allowForwardedTraffic":true,"allowGatewayTransit":false,"useRemoteGateways":true}}"#
        );
        (format!("{id}/{PEERINGS}/to-hub"), hub, properties)
    });
    let peerings = peering
        .as_ref()
        .map_or_else(String::new, |(peering, _, properties)| {
            format!(r#"{{"name":"to-hub","id":"{peering}","type":"{VNETS}/{PEERINGS}",{properties}}}"#)
        });
    cell.resource(
        w,
        VNETS,
        &id,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","addressSpace":{{"addressPrefixes":["10.{octet}.0.0/16"]}},"subnets":[{inner}],"{PEERINGS}":[{peerings}],"enableDdosProtection":false}}"#
        ),
    );
    for (name, third, security, routed) in SUBNETS {
        let subnet = format!("{id}/subnets/{name}");
        cell.child(
            w,
            &id,
            "Microsoft.Network/virtualNetworks/subnets",
            &subnet,
            format_args!("{}", body(name, third, security, routed)),
        );
        if !security.is_empty() {
            w.edge(&subnet, "SECURED_BY", &cell.id(NSGS, security));
        }
        if routed {
            w.edge(&subnet, "ROUTES_VIA", &table);
        }
    }
    if let Some((peering, hub, properties)) = peering {
        let kind = format!("{VNETS}/{PEERINGS}");
        cell.child(w, &id, &kind, &peering, format_args!("{properties}"));
        w.edge(&peering, "CONNECTED_TO", &hub);
        w.edge(&id, "CONNECTED_TO", &hub);
    }
}

/// A public address on a load balancer in front of the machines, and one that nobody uses.
fn balancer(cell: &Cell, w: &mut Writer) {
    let id = cell.id(BALANCERS, "lb-web");
    let address = cell.id(ADDRESSES, "pip-web");
    let (frontend, pool) = (format!("{id}/frontendIPConfigurations/public"), pool(cell));
    let (rule, probe) = (
        format!("{id}/loadBalancingRules/https"),
        format!("{id}/probes/https"),
    );
    cell.resource(
        w,
        ADDRESSES,
        &address,
        format_args!(
            r#""sku":{{"name":"Standard","tier":"Regional"}},"properties":{{"provisioningState":"Succeeded","ipAddress":"203.0.113.{}","publicIPAddressVersion":"IPv4","publicIPAllocationMethod":"Static","idleTimeoutInMinutes":4,"ipConfiguration":{{"id":"{frontend}"}}}}"#,
            cell.index % 250
        ),
    );
    cell.resource(
        w,
        BALANCERS,
        &id,
        format_args!(
            r#""sku":{{"name":"Standard","tier":"Regional"}},"properties":{{"provisioningState":"Succeeded","frontendIPConfigurations":[{{"name":"public","id":"{frontend}","type":"{BALANCERS}/frontendIPConfigurations","properties":{{"provisioningState":"Succeeded","privateIPAllocationMethod":"Dynamic","publicIPAddress":{{"id":"{address}"}},"loadBalancingRules":[{{"id":"{rule}"}}]}}}}],"backendAddressPools":[{{"name":"web","id":"{pool}","type":"{BALANCERS}/backendAddressPools","properties":{{"provisioningState":"Succeeded","backendIPConfigurations":[{{"id":"{first}/ipConfigurations/ipconfig1"}},{{"id":"{second}/ipConfigurations/ipconfig1"}}],"loadBalancingRules":[{{"id":"{rule}"}}]}}}}],"loadBalancingRules":[{{"name":"https","id":"{rule}","type":"{BALANCERS}/loadBalancingRules","properties":{{"provisioningState":"Succeeded","frontendIPConfiguration":{{"id":"{frontend}"}},"backendAddressPool":{{"id":"{pool}"}},"probe":{{"id":"{probe}"}},"protocol":"Tcp","frontendPort":443,"backendPort":443}}}}],"probes":[{{"name":"https","id":"{probe}","type":"{BALANCERS}/probes","properties":{{"provisioningState":"Succeeded","protocol":"Tcp","port":443,"intervalInSeconds":15,"numberOfProbes":2,"loadBalancingRules":[{{"id":"{rule}"}}]}}}}],"inboundNatRules":[],"outboundRules":[],"inboundNatPools":[]}}"#,
            first = interface(cell, "nic-vm-0"),
            second = interface(cell, "nic-vm-1"),
        ),
    );
    for child in [&frontend, &pool, &rule, &probe] {
        w.edge(&id, "CONTAINS", child);
    }
    w.edge(&address, "ATTACHED_TO", &id);
    w.edge(&address, "EXPOSES", &id);
    let spare = cell.id(ADDRESSES, "pip-spare");
    cell.resource(
        w,
        ADDRESSES,
        &spare,
        format_args!(
            r#""sku":{{"name":"Standard","tier":"Regional"}},"properties":{{"provisioningState":"Succeeded","publicIPAddressVersion":"IPv4","publicIPAllocationMethod":"Static","idleTimeoutInMinutes":4}}"#
        ),
    );
}

/// A private endpoint for the database, the zone that has its name, and the network's link to the zone.
fn private_dns(cell: &Cell, w: &mut Writer) {
    let zone = cell.id(ZONES, "privatelink.database.windows.net");
    let global = |w: &mut Writer, parent: &str, kind: &str, id: &str, members: std::fmt::Arguments<'_>| {
        w.resource(
            &crate::writer::Row {
                parent,
                id,
                kind,
                location: "global",
                tags: None,
            },
            members,
        );
    };
    global(
        w,
        &cell.group,
        ZONES,
        &zone,
        format_args!(
            r#""properties":{{"maxNumberOfRecordSets":25000,"numberOfRecordSets":3,"numberOfVirtualNetworkLinks":1,"provisioningState":"Succeeded"}}"#
        ),
    );
    let link = format!("{zone}/virtualNetworkLinks/vnet");
    let network = cell.id(VNETS, "vnet");
    global(
        w,
        &zone,
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        &link,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","registrationEnabled":false,"virtualNetwork":{{"id":"{network}"}},"virtualNetworkLinkState":"Completed"}}"#
        ),
    );
    w.edge(&link, "CONNECTED_TO", &network);
    let record = format!("{zone}/A/sql-{}", cell.short);
    cell.child(
        w,
        &zone,
        "Microsoft.Network/privateDnsZones/A",
        &record,
        format_args!(r#""properties":{{"fqdn":"sql-{}.privatelink.database.windows.net.","ttl":10,"isAutoRegistered":false,"aRecords":[{{"ipv4Address":"10.{}.3.4"}}]}}"#, cell.short, cell.index % 200),
    );
    let endpoint = cell.id(ENDPOINTS, "pe-sql");
    let nic = interface(cell, "nic-pe-sql");
    let server = cell.id("Microsoft.Sql/servers", &format!("sql-{}", cell.short));
    let subnet = subnet(cell, "endpoints");
    cell.resource(
        w,
        ENDPOINTS,
        &endpoint,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","privateLinkServiceConnections":[{{"name":"sql","id":"{endpoint}/privateLinkServiceConnections/sql","type":"{ENDPOINTS}/privateLinkServiceConnections","properties":{{"provisioningState":"Succeeded","privateLinkServiceId":"{server}","groupIds":["sqlServer"],"privateLinkServiceConnectionState":{{"status":"Approved","description":"","actionsRequired":"None"}}}}}}],"manualPrivateLinkServiceConnections":[],"subnet":{{"id":"{subnet}"}},"networkInterfaces":[{{"id":"{nic}"}}],"customDnsConfigs":[]}}"#
        ),
    );
    w.edge(&endpoint, "USES_SUBNET", &subnet);
    w.edge(&endpoint, "CONNECTED_TO", &server);
    w.edge(&endpoint, "CONNECTED_TO", &nic);
    let entry = format!("{endpoint}/privateDnsZoneGroups/default");
    cell.child(
        w,
        &endpoint,
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        &entry,
        format_args!(
            r#""properties":{{"provisioningState":"Succeeded","privateDnsZoneConfigs":[{{"name":"sql","properties":{{"provisioningState":"Succeeded","privateDnsZoneId":"{zone}","recordSets":[]}}}}]}}"#
        ),
    );
    w.edge(&entry, "RESOLVES_TO", &zone);
    nic_row(
        cell,
        w,
        "nic-pe-sql",
        "endpoints",
        "",
        &format!(r#""privateEndpoint":{{"id":"{endpoint}"}}"#),
    );
}

fn public_dns(cell: &Cell, w: &mut Writer) {
    let kind = "Microsoft.Network/dnszones";
    let zone = cell.id(kind, &format!("{}.example", cell.short));
    let address = cell.id(ADDRESSES, "pip-web");
    w.resource(
        &crate::writer::Row {
            parent: &cell.group,
            id: &zone,
            kind,
            location: "global",
            tags: None,
        },
        format_args!(
            r#""properties":{{"maxNumberOfRecordSets":10000,"numberOfRecordSets":4,"zoneType":"Public"}}"#
        ),
    );
    for name in ["www", "shop", "api"] {
        let record = format!("{zone}/A/{name}");
        cell.child(
            w,
            &zone,
            "Microsoft.Network/dnszones/A",
            &record,
            format_args!(r#""properties":{{"fqdn":"{name}.{}.example.","TTL":300,"ARecords":[],"targetResource":{{"id":"{address}"}},"provisioningState":"Succeeded"}}"#, cell.short),
        );
        w.edge(&record, "RESOLVES_TO", &address);
    }
}

/// An interface; `more` ends its properties, `pool` is empty for none.
pub(crate) fn nic_row(cell: &Cell, w: &mut Writer, name: &str, subnet_name: &str, pool: &str, more: &str) {
    let id = interface(cell, name);
    let subnet = subnet(cell, subnet_name);
    let pools = if pool.is_empty() {
        String::new()
    } else {
        w.edge(&id, "CONNECTED_TO", pool);
        w.edge(&cell.id(BALANCERS, "lb-web"), "CONNECTED_TO", &id);
        format!(r#","loadBalancerBackendAddressPools":[{{"id":"{pool}"}}]"#)
    };
    cell.resource(
        w,
        INTERFACES,
        &id,
        format_args!(
            r#""kind":"Regular","properties":{{"provisioningState":"Succeeded","ipConfigurations":[{{"name":"ipconfig1","id":"{id}/ipConfigurations/ipconfig1","type":"{INTERFACES}/ipConfigurations","properties":{{"provisioningState":"Succeeded","privateIPAddress":"10.{}.1.9","privateIPAllocationMethod":"Dynamic","subnet":{{"id":"{subnet}"}},"primary":true,"privateIPAddressVersion":"IPv4"{pools}}}}}],"dnsSettings":{{"dnsServers":[],"appliedDnsServers":[]}},"enableAcceleratedNetworking":true,"enableIPForwarding":false,{more}}}"#,
            cell.index % 200
        ),
    );
    w.edge(&id, "CONTAINS", &format!("{id}/ipConfigurations/ipconfig1"));
    w.edge(&id, "USES_SUBNET", &subnet);
}
