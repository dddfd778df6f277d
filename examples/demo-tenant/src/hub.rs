//! The hub: firewall, bastion, VPN, DNS, and what watches the network.

use serde_json::{Value, json};

use crate::{
    builder::{HOME, Tenant, resource_id, tags},
    network::{Subnet, etag, public_address, reference, security_group, virtual_network},
};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    let group = t.group("rg-hub-network");
    let shared = || tags("shared", "network-team", "4100");
    let network = resource_id(&group, "Microsoft.Network/virtualNetworks", "vnet-hub");
    let security = resource_id(&group, "Microsoft.Network/networkSecurityGroups", "nsg-shared");
    let firewall = resource_id(&group, "Microsoft.Network/azureFirewalls", "afw-hub");
    let bastion = resource_id(&group, "Microsoft.Network/bastionHosts", "bas-hub");
    let gateway = resource_id(&group, "Microsoft.Network/virtualNetworkGateways", "vpngw-hub");
    let subnet = |name: &str| format!("{network}/subnets/{name}");

    route_table(t, &group);
    security_group(
        t,
        &group,
        "nsg-shared",
        &[(
            "AllowHttpsFromSpokes",
            200,
            "Inbound",
            "Allow",
            "Tcp",
            "10.20.0.0/14",
            "443",
        )],
        &[subnet("snet-shared")],
        shared(),
    );
    virtual_network(
        t,
        &group,
        "vnet-hub",
        "10.20.0.0/22",
        &[
            Subnet {
                name: "AzureFirewallSubnet",
                prefix: "10.20.0.0/26",
                ip_configurations: vec![format!("{firewall}/azureFirewallIpConfigurations/ipconfig")],
                ..Subnet::default()
            },
            Subnet {
                name: "AzureBastionSubnet",
                prefix: "10.20.0.64/26",
                ip_configurations: vec![format!("{bastion}/bastionHostIpConfigurations/ipconfig")],
                ..Subnet::default()
            },
            Subnet {
                name: "GatewaySubnet",
                prefix: "10.20.0.128/27",
                ip_configurations: vec![format!("{gateway}/ipConfigurations/default")],
                ..Subnet::default()
            },
            Subnet {
                name: "snet-shared",
                prefix: "10.20.1.0/24",
                security_group: Some(security),
                ..Subnet::default()
            },
        ],
        shared(),
    );

    fire_wall(t, &group, &firewall, &subnet("AzureFirewallSubnet"));
    bastion_host(t, &group, &bastion, &subnet("AzureBastionSubnet"));
    vpn(t, &group, &gateway, &subnet("GatewaySubnet"));
    dns(t, &group);
    watcher(t, &group);
}

fn route_table(t: &mut Tenant, group: &str) {
    let id = resource_id(group, "Microsoft.Network/routeTables", "rt-spokes");
    let route = json!({
        "provisioningState": "Succeeded",
        "addressPrefix": "0.0.0.0/0",
        "nextHopType": "VirtualAppliance",
        "nextHopIpAddress": "10.20.0.4",
        "hasBgpOverride": false,
    });
    t.resource(
        group,
        "Microsoft.Network/routeTables",
        "rt-spokes",
        json!({
            "location": HOME,
            "tags": tags("shared", "network-team", "4100"),
            "etag": etag(&id),
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": t.guid(&format!("resource/{id}")),
                "disableBgpRoutePropagation": true,
                "routes": [{
                    "name": "default-to-firewall",
                    "id": format!("{id}/routes/default-to-firewall"),
                    "etag": etag(&id),
                    "type": "Microsoft.Network/routeTables/routes",
                    "properties": route,
                }],
            },
        }),
    );
    t.child(
        &id,
        "routes",
        "default-to-firewall",
        json!({ "etag": etag(&id), "properties": route }),
    );
}

fn fire_wall(t: &mut Tenant, group: &str, id: &str, subnet: &str) {
    let configuration = format!("{id}/azureFirewallIpConfigurations/ipconfig");
    let address = public_address(
        t,
        group,
        "pip-afw-hub",
        "203.0.113.10",
        Some(&configuration),
        tags("shared", "network-team", "4100"),
    );
    let policy = t.resource(group, "Microsoft.Network/firewallPolicies", "afwp-hub", json!({
        "location": HOME,
        "etag": t.guid("etag/afwp-hub"),
        "properties": {
            "provisioningState": "Succeeded",
            "sku": { "tier": "Standard" },
            "threatIntelMode": "Alert",
            "childPolicies": [],
            "ruleCollectionGroups": [{ "id": format!("{}/ruleCollectionGroups/outbound", resource_id(group, "Microsoft.Network/firewallPolicies", "afwp-hub")) }],
            "firewalls": [{ "id": id }],
        },
    }));
    t.child(
        &policy,
        "ruleCollectionGroups",
        "outbound",
        json!({
            "location": HOME,
            "etag": t.guid("etag/outbound"),
            "properties": {
                "provisioningState": "Succeeded",
                "priority": 300,
                "ruleCollections": [{
                    "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                    "name": "web",
                    "priority": 310,
                    "action": { "type": "Allow" },
                    "rules": [{
                        "ruleType": "ApplicationRule",
                        "name": "updates",
                        "protocols": [{ "protocolType": "Https", "port": 443 }],
                        "fqdnTags": ["WindowsUpdate"],
                        "targetFqdns": [],
                        "sourceAddresses": ["10.20.0.0/14"],
                        "sourceIpGroups": [],
                        "terminateTLS": false,
                    }],
                }],
            },
        }),
    );
    t.resource(
        group,
        "Microsoft.Network/azureFirewalls",
        "afw-hub",
        json!({
            "location": HOME,
            "tags": tags("shared", "network-team", "4100"),
            "etag": etag(id),
            "zones": ["1", "2", "3"],
            "properties": {
                "provisioningState": "Succeeded",
                "sku": { "name": "AZFW_VNet", "tier": "Standard" },
                "threatIntelMode": "Alert",
                "additionalProperties": {},
                "ipConfigurations": [{
                    "name": "ipconfig",
                    "id": configuration,
                    "etag": etag(id),
                    "type": "Microsoft.Network/azureFirewalls/azureFirewallIpConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAddress": "10.20.0.4",
                        "privateIPAllocationMethod": "Dynamic",
                        "publicIPAddress": { "id": address },
                        "subnet": { "id": subnet },
                    },
                }],
                "networkRuleCollections": [],
                "applicationRuleCollections": [],
                "natRuleCollections": [],
                "firewallPolicy": { "id": policy },
            },
        }),
    );
    t.edge(id, "USES_SUBNET", subnet);
    t.edge(&address, "ATTACHED_TO", id);
    t.edge(&address, "EXPOSES", id);
    t.edge(id, "SECURED_BY", &policy);
}

fn bastion_host(t: &mut Tenant, group: &str, id: &str, subnet: &str) {
    let configuration = format!("{id}/bastionHostIpConfigurations/ipconfig");
    let address = public_address(
        t,
        group,
        "pip-bas-hub",
        "203.0.113.11",
        Some(&configuration),
        tags("shared", "network-team", "4100"),
    );
    t.resource(
        group,
        "Microsoft.Network/bastionHosts",
        "bas-hub",
        json!({
            "location": HOME,
            "tags": tags("shared", "network-team", "4100"),
            "etag": etag(id),
            "sku": { "name": "Standard" },
            "properties": {
                "provisioningState": "Succeeded",
                "dnsName": "bst-4f1c2d.bastion.azure.com",
                "scaleUnits": 2,
                "ipConfigurations": [{
                    "name": "ipconfig",
                    "id": configuration,
                    "etag": etag(id),
                    "type": "Microsoft.Network/bastionHosts/bastionHostIpConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAllocationMethod": "Dynamic",
                        "publicIPAddress": { "id": address },
                        "subnet": { "id": subnet },
                    },
                }],
            },
        }),
    );
    t.edge(id, "USES_SUBNET", subnet);
    t.edge(&address, "ATTACHED_TO", id);
    t.edge(&address, "EXPOSES", id);
}

fn vpn(t: &mut Tenant, group: &str, id: &str, subnet: &str) {
    let configuration = format!("{id}/ipConfigurations/default");
    let address = public_address(
        t,
        group,
        "pip-vpngw-hub",
        "203.0.113.12",
        Some(&configuration),
        tags("shared", "network-team", "4100"),
    );
    t.resource(
        group,
        "Microsoft.Network/virtualNetworkGateways",
        "vpngw-hub",
        json!({
            "location": HOME,
            "tags": tags("shared", "network-team", "4100"),
            "etag": etag(id),
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": t.guid(&format!("resource/{id}")),
                "ipConfigurations": [{
                    "name": "default",
                    "id": configuration,
                    "etag": etag(id),
                    "type": "Microsoft.Network/virtualNetworkGateways/ipConfigurations",
                    "properties": {
                        "provisioningState": "Succeeded",
                        "privateIPAllocationMethod": "Dynamic",
                        "publicIPAddress": { "id": address },
                        "subnet": { "id": subnet },
                    },
                }],
                "sku": { "name": "VpnGw1AZ", "tier": "VpnGw1AZ", "capacity": 2 },
                "gatewayType": "Vpn",
                "vpnType": "RouteBased",
                "enableBgp": false,
                "activeActive": false,
                "vpnGatewayGeneration": "Generation1",
            },
        }),
    );
    t.edge(id, "USES_SUBNET", subnet);
    t.edge(&address, "ATTACHED_TO", id);
    t.edge(&address, "EXPOSES", id);

    let harbour = resource_id(group, "Microsoft.Network/localNetworkGateways", "lgw-harbour");
    t.resource(
        group,
        "Microsoft.Network/localNetworkGateways",
        "lgw-harbour",
        json!({
            "location": HOME,
            "etag": etag(&harbour),
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": t.guid(&format!("resource/{harbour}")),
                "localNetworkAddressSpace": { "addressPrefixes": ["192.168.40.0/24"] },
                "gatewayIpAddress": "198.51.100.7",
            },
        }),
    );
    let connection = resource_id(group, "Microsoft.Network/connections", "cn-harbour");
    let key = t.secret(&connection, "properties.sharedKey");
    t.resource(
        group,
        "Microsoft.Network/connections",
        "cn-harbour",
        json!({
            "location": HOME,
            "etag": etag(&connection),
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": t.guid(&format!("resource/{connection}")),
                "virtualNetworkGateway1": { "id": id },
                "localNetworkGateway2": { "id": harbour },
                "connectionType": "IPsec",
                "connectionProtocol": "IKEv2",
                "routingWeight": 0,
                "sharedKey": key,
                "enableBgp": false,
                "connectionStatus": "Connected",
            },
        }),
    );
    t.edge(&connection, "CONNECTED_TO", id);
    t.edge(&connection, "CONNECTED_TO", &harbour);
}

fn dns(t: &mut Tenant, group: &str) {
    for zone in [
        "privatelink.database.windows.net",
        "privatelink.vaultcore.azure.net",
        "privatelink.blob.core.windows.net",
    ] {
        let kind = "Microsoft.Network/privateDnsZones";
        let id = t.resource(
            group,
            kind,
            zone,
            json!({
                "location": "global",
                "etag": t.guid(&format!("etag/{zone}")),
                "properties": {
                    "maxNumberOfRecordSets": 25000,
                    "maxNumberOfVirtualNetworkLinks": 1000,
                    "maxNumberOfVirtualNetworkLinksWithRegistration": 100,
                    "numberOfRecordSets": 2,
                    "numberOfVirtualNetworkLinks": 1,
                    "numberOfVirtualNetworkLinksWithRegistration": 0,
                    "provisioningState": "Succeeded",
                },
            }),
        );
        let network = resource_id(
            &t.group("rg-booking-network"),
            "Microsoft.Network/virtualNetworks",
            "vnet-booking",
        );
        let link = t.child(
            &id,
            "virtualNetworkLinks",
            "booking",
            json!({
                "location": "global",
                "etag": t.guid(&format!("etag/link/{zone}")),
                "properties": {
                    "provisioningState": "Succeeded",
                    "registrationEnabled": false,
                    "virtualNetwork": { "id": network },
                    "virtualNetworkLinkState": "Completed",
                },
            }),
        );
        t.edge(&link, "CONNECTED_TO", &network);
    }
    let private = resource_id(
        group,
        "Microsoft.Network/privateDnsZones",
        "privatelink.database.windows.net",
    );
    t.child(&private, "A", "sql-nrv-booking", json!({
        "etag": t.guid("etag/sql-nrv-booking"),
        "properties": { "fqdn": "sql-nrv-booking.privatelink.database.windows.net.", "ttl": 10, "isAutoRegistered": false, "aRecords": [{ "ipv4Address": "10.21.2.4" }] },
    }));

    let zone = t.resource(
        group,
        "Microsoft.Network/dnszones",
        "norrvik.example",
        json!({
            "location": "global",
            "tags": { "environment": "shared" },
            "etag": t.guid("etag/norrvik.example"),
            "properties": {
                "maxNumberOfRecordSets": 10000,
                "numberOfRecordSets": 8,
                "nameServers": ["ns1-01.azure-dns.com.", "ns2-01.azure-dns.net."],
                "zoneType": "Public",
            },
        }),
    );
    let front = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/publicIPAddresses",
        "pip-agw-booking",
    );
    let record = record(
        t,
        &zone,
        "A",
        "book",
        json!({ "TTL": 300, "targetResource": reference(&front), "ARecords": [] }),
    );
    t.edge(&record, "RESOLVES_TO", &front);
    // The application behind it was deleted long ago: whoever takes the name back owns the company's host name.
    let dangling = self::record(
        t,
        &zone,
        "CNAME",
        "promo",
        json!({
            "TTL": 3600,
            "targetResource": {},
            "CNAMERecord": { "cname": "nrv-promo-2023.azurewebsites.net" },
        }),
    );
    t.misconfigured(
        &dangling,
        "properties.CNAMERecord.cname",
        "a name that points at a web app that no longer exists can be taken over",
    );
    self::record(
        t,
        &zone,
        "MX",
        "@",
        json!({
            "TTL": 3600,
            "targetResource": {},
            "MXRecords": [{ "exchange": "norrvik-example.mail.protection.outlook.com", "preference": 0 }],
        }),
    );
    self::record(
        t,
        &zone,
        "TXT",
        "@",
        json!({
            "TTL": 3600,
            "targetResource": {},
            "TXTRecords": [{ "value": ["v=spf1 include:spf.protection.outlook.com -all"] }],
        }),
    );
    self::record(
        t,
        &zone,
        "NS",
        "@",
        json!({
            "TTL": 172_800,
            "targetResource": {},
            "NSRecords": [{ "nsdname": "ns1-01.azure-dns.com." }, { "nsdname": "ns2-01.azure-dns.net." }],
        }),
    );
}

fn record(t: &mut Tenant, zone: &str, kind: &str, name: &str, body: Value) -> String {
    let fqdn = if name == "@" {
        "norrvik.example.".to_owned()
    } else {
        format!("{name}.norrvik.example.")
    };
    let mut properties = json!({ "fqdn": fqdn });
    if let (Value::Object(all), Value::Object(more)) = (&mut properties, body) {
        all.extend(more);
        all.insert("provisioningState".into(), json!("Succeeded"));
    }
    let etag = t.guid(&format!("etag/{kind}/{name}"));
    t.child(
        zone,
        kind,
        name,
        json!({ "etag": etag, "properties": properties }),
    )
}

fn watcher(t: &mut Tenant, group: &str) {
    let id = t.resource(
        group,
        "Microsoft.Network/networkWatchers",
        "nw-westeurope",
        json!({
            "location": HOME,
            "etag": t.guid("etag/nw"),
            "properties": { "provisioningState": "Succeeded", "runningOperationIds": [] },
        }),
    );
    let security = resource_id(
        &t.group("rg-booking-network"),
        "Microsoft.Network/networkSecurityGroups",
        "nsg-booking",
    );
    let storage = resource_id(
        &t.group("rg-management"),
        "Microsoft.Storage/storageAccounts",
        "stnrvlogs",
    );
    let workspace = resource_id(
        &t.group("rg-management"),
        "Microsoft.OperationalInsights/workspaces",
        "log-norrvik",
    );
    let log = t.child(
        &id,
        "flowLogs",
        "fl-nsg-booking",
        json!({
            "location": HOME,
            "etag": t.guid("etag/flow-log"),
            "properties": {
                "provisioningState": "Succeeded",
                "targetResourceId": security,
                "targetResourceGuid": t.guid(&format!("resource/{security}")),
                "storageId": storage,
                "enabled": true,
                "flowAnalyticsConfiguration": { "networkWatcherFlowAnalyticsConfiguration": {
                    "enabled": true,
                    "workspaceId": t.guid("workspace/log-norrvik"),
                    "workspaceRegion": HOME,
                    "workspaceResourceId": workspace,
                    "trafficAnalyticsInterval": 60,
                } },
                "retentionPolicy": { "days": 30, "enabled": true },
                "format": { "type": "JSON", "version": 2 },
            },
        }),
    );
    t.edge(&log, "MONITORS", &security);
    t.edge(&log, "LOGS_TO", &storage);
    t.edge(&log, "LOGS_TO", &workspace);
}
