//! The booking and fleet networks and what faces the Internet in them.

use serde_json::json;

use crate::{
    builder::{HOME, Tenant, digits, resource_id, tags},
    network::{
        PrivateEndpoint, Subnet, etag, private_endpoint, public_address, security_group, virtual_network,
    },
};

/// Writes all of it.
pub(crate) fn write(t: &mut Tenant) {
    booking(t);
    fleet(t);
    front_door(t);
}

fn booking(t: &mut Tenant) {
    let group = t.group("rg-booking-network");
    let production = || tags("production", "network-team", "4100");
    let routes = resource_id(
        &t.group("rg-hub-network"),
        "Microsoft.Network/routeTables",
        "rt-spokes",
    );
    let network = resource_id(&group, "Microsoft.Network/virtualNetworks", "vnet-booking");
    let subnet = |name: &str| format!("{network}/subnets/{name}");
    let gateway = resource_id(&group, "Microsoft.Network/applicationGateways", "agw-booking");
    let nat = resource_id(&group, "Microsoft.Network/natGateways", "ng-booking");
    let security = security_group(
        t,
        &group,
        "nsg-booking",
        &[
            (
                "AllowHttpsFromGateway",
                100,
                "Inbound",
                "Allow",
                "Tcp",
                "10.21.0.0/24",
                "443",
            ),
            (
                "DenyVnetInBound",
                4000,
                "Inbound",
                "Deny",
                "*",
                "VirtualNetwork",
                "*",
            ),
        ],
        &[subnet("snet-app"), subnet("snet-data")],
        production(),
    );
    for (name, priority, access, source) in [
        ("AllowHttpsFromGateway", 100, "Allow", "10.21.0.0/24"),
        ("DenyVnetInBound", 4000, "Deny", "VirtualNetwork"),
    ] {
        t.child(
            &security,
            "securityRules",
            name,
            json!({
                "etag": etag(&security),
                "properties": {
                    "provisioningState": "Succeeded",
                    "protocol": if access == "Allow" { "Tcp" } else { "*" },
                    "sourcePortRange": "*",
                    "destinationPortRange": if access == "Allow" { "443" } else { "*" },
                    "sourceAddressPrefix": source,
                    "destinationAddressPrefix": "*",
                    "access": access,
                    "priority": priority,
                    "direction": "Inbound",
                    "sourcePortRanges": [],
                    "destinationPortRanges": [],
                    "sourceAddressPrefixes": [],
                    "destinationAddressPrefixes": [],
                },
            }),
        );
    }
    virtual_network(
        t,
        &group,
        "vnet-booking",
        "10.21.0.0/16",
        &[
            Subnet {
                name: "snet-agw",
                prefix: "10.21.0.0/24",
                ip_configurations: vec![format!("{gateway}/gatewayIPConfigurations/gateway")],
                ..Subnet::default()
            },
            Subnet {
                name: "snet-app",
                prefix: "10.21.1.0/24",
                security_group: Some(security.clone()),
                route_table: Some(routes.clone()),
                delegation: Some("Microsoft.Web/serverFarms"),
                endpoints: &["Microsoft.Storage"],
                ..Subnet::default()
            },
            Subnet {
                name: "snet-data",
                prefix: "10.21.2.0/24",
                security_group: Some(security),
                ..Subnet::default()
            },
            Subnet {
                name: "snet-aks",
                prefix: "10.21.4.0/22",
                route_table: Some(routes),
                nat_gateway: Some(nat.clone()),
                ..Subnet::default()
            },
            Subnet {
                name: "snet-postgres",
                prefix: "10.21.8.0/27",
                delegation: Some("Microsoft.DBforPostgreSQL/flexibleServers"),
                ..Subnet::default()
            },
        ],
        production(),
    );

    let address = public_address(t, &group, "pip-ng-booking", "203.0.113.20", None, production());
    t.resource(
        &group,
        "Microsoft.Network/natGateways",
        "ng-booking",
        json!({
            "location": HOME,
            "tags": production(),
            "etag": etag(&nat),
            "sku": { "name": "Standard", "tier": "Regional" },
            "properties": {
                "provisioningState": "Succeeded",
                "resourceGuid": t.guid(&format!("resource/{nat}")),
                "idleTimeoutInMinutes": 4,
                "publicIpAddresses": [{ "id": address }],
                "subnets": [{ "id": subnet("snet-aks") }],
            },
        }),
    );
    t.edge(&address, "ATTACHED_TO", &nat);
    application_gateway(t, &group, &gateway, &subnet("snet-agw"));

    let data = t.group("rg-booking-data");
    for (name, target, kind, address, zone) in [
        (
            "pe-sql-booking",
            resource_id(&data, "Microsoft.Sql/servers", "sql-nrv-booking"),
            "sqlServer",
            "10.21.2.4",
            "privatelink.database.windows.net",
        ),
        (
            "pe-kv-booking",
            resource_id(&data, "Microsoft.KeyVault/vaults", "kv-nrv-booking"),
            "vault",
            "10.21.2.5",
            "privatelink.vaultcore.azure.net",
        ),
        (
            "pe-st-booking",
            resource_id(&data, "Microsoft.Storage/storageAccounts", "stnrvbooking"),
            "blob",
            "10.21.2.6",
            "privatelink.blob.core.windows.net",
        ),
    ] {
        private_endpoint(
            t,
            &group,
            &subnet("snet-data"),
            &PrivateEndpoint {
                name,
                target: &target,
                group_id: kind,
                address,
                zone,
            },
        );
    }
}

fn application_gateway(t: &mut Tenant, group: &str, id: &str, subnet: &str) {
    let part = |segment: &str, name: &str| format!("{id}/{segment}/{name}");
    let frontend = part("frontendIPConfigurations", "public");
    let address = public_address(
        t,
        group,
        "pip-agw-booking",
        "203.0.113.21",
        Some(&frontend),
        tags("production", "network-team", "4100"),
    );
    let identity = resource_id(
        &t.group("rg-booking-app"),
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "id-booking",
    );
    let policy = resource_id(
        group,
        "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
        "waf-booking",
    );
    t.resource(group, "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies", "waf-booking", json!({
        "location": HOME,
        "etag": etag(&policy),
        "properties": {
            "provisioningState": "Succeeded",
            "resourceState": "Enabled",
            "policySettings": { "state": "Enabled", "mode": "Detection", "requestBodyCheck": true, "maxRequestBodySizeInKb": 128, "fileUploadLimitInMb": 100 },
            "customRules": [],
            "managedRules": { "managedRuleSets": [{ "ruleSetType": "OWASP", "ruleSetVersion": "3.2", "ruleGroupOverrides": [] }], "exclusions": [] },
            "applicationGateways": [{ "id": id }],
        },
    }));
    t.misconfigured(
        &policy,
        "properties.policySettings.mode",
        "the web application firewall detects and does not prevent",
    );
    let own = |segment: &str, name: &str, properties: serde_json::Value| {
        json!([{
            "name": name,
            "id": part(segment, name),
            "etag": etag(id),
            "type": format!("Microsoft.Network/applicationGateways/{segment}"),
            "properties": properties,
        }])
    };
    let vault = "https://kv-nrv-booking.vault.azure.net/secrets/tls-booking";
    t.resource(group, "Microsoft.Network/applicationGateways", "agw-booking", json!({
        "location": HOME,
        "tags": tags("production", "network-team", "4100"),
        "etag": etag(id),
        "zones": ["1", "2"],
        "identity": {
            "type": "UserAssigned",
            "userAssignedIdentities": { &identity: { "principalId": t.guid("mi/id-booking"), "clientId": t.guid("client/mi/id-booking") } },
        },
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": t.guid(&format!("resource/{id}")),
            "sku": { "name": "WAF_v2", "tier": "WAF_v2", "capacity": 2 },
            "operationalState": "Running",
            "gatewayIPConfigurations": own("gatewayIPConfigurations", "gateway", json!({ "provisioningState": "Succeeded", "subnet": { "id": subnet } })),
            "sslCertificates": own("sslCertificates", "tls-booking", json!({ "provisioningState": "Succeeded", "keyVaultSecretId": vault, "httpListeners": [{ "id": part("httpListeners", "https") }] })),
            "trustedRootCertificates": [],
            "authenticationCertificates": [],
            "frontendIPConfigurations": own("frontendIPConfigurations", "public", json!({ "provisioningState": "Succeeded", "privateIPAllocationMethod": "Dynamic", "publicIPAddress": { "id": address }, "httpListeners": [{ "id": part("httpListeners", "https") }] })),
            "frontendPorts": own("frontendPorts", "port-443", json!({ "provisioningState": "Succeeded", "port": 443, "httpListeners": [{ "id": part("httpListeners", "https") }] })),
            "backendAddressPools": own("backendAddressPools", "booking-web", json!({ "provisioningState": "Succeeded", "backendAddresses": [{ "fqdn": "app-nrv-booking.azurewebsites.net" }] })),
            "backendHttpSettingsCollection": own("backendHttpSettingsCollection", "https", json!({ "provisioningState": "Succeeded", "port": 443, "protocol": "Https", "cookieBasedAffinity": "Disabled", "pickHostNameFromBackendAddress": true, "requestTimeout": 30 })),
            "httpListeners": own("httpListeners", "https", json!({ "provisioningState": "Succeeded", "frontendIPConfiguration": { "id": frontend }, "frontendPort": { "id": part("frontendPorts", "port-443") }, "protocol": "Https", "hostName": "book.norrvik.example", "sslCertificate": { "id": part("sslCertificates", "tls-booking") } })),
            "urlPathMaps": [],
            "requestRoutingRules": own("requestRoutingRules", "https", json!({ "provisioningState": "Succeeded", "ruleType": "Basic", "priority": 10, "httpListener": { "id": part("httpListeners", "https") }, "backendAddressPool": { "id": part("backendAddressPools", "booking-web") }, "backendHttpSettings": { "id": part("backendHttpSettingsCollection", "https") } })),
            "probes": [],
            "rewriteRuleSets": [],
            "redirectConfigurations": [],
            "firewallPolicy": { "id": policy },
            "enableHttp2": true,
        },
    }));
    t.edge(id, "USES_SUBNET", subnet);
    t.edge(id, "USES_IDENTITY", &identity);
    t.edge(id, "SECURED_BY", &policy);
    t.edge(&address, "ATTACHED_TO", id);
    t.edge(&address, "EXPOSES", id);
}

fn fleet(t: &mut Tenant) {
    let group = t.group("rg-fleet");
    let production = || tags("production", "fleet-team", "4200");
    let network = resource_id(&group, "Microsoft.Network/virtualNetworks", "vnet-fleet");
    let subnet = format!("{network}/subnets/snet-vm");
    let balancer = resource_id(&group, "Microsoft.Network/loadBalancers", "lb-fleet");
    let interfaces: Vec<String> = ["vm-fleet-01", "vm-fleet-02"]
        .iter()
        .map(|vm| {
            format!(
                "{}/ipConfigurations/ipconfig1",
                resource_id(
                    &group,
                    "Microsoft.Network/networkInterfaces",
                    &format!("nic-{vm}")
                )
            )
        })
        .collect();
    let security = security_group(
        t,
        &group,
        "nsg-fleet",
        &[
            ("AllowAisFeed", 100, "Inbound", "Allow", "Tcp", "Internet", "8443"),
            (
                "AllowSshFromBastion",
                110,
                "Inbound",
                "Allow",
                "Tcp",
                "10.20.0.64/26",
                "22",
            ),
        ],
        std::slice::from_ref(&subnet),
        production(),
    );
    virtual_network(
        t,
        &group,
        "vnet-fleet",
        "10.22.0.0/20",
        &[
            Subnet {
                name: "snet-vm",
                prefix: "10.22.0.0/24",
                security_group: Some(security),
                ip_configurations: interfaces.clone(),
                ..Subnet::default()
            },
            // Every network has one called so; keyed by name it would be one node with those of other networks.
            Subnet {
                name: "default",
                prefix: "10.22.1.0/24",
                ..Subnet::default()
            },
        ],
        production(),
    );

    let frontend = format!("{balancer}/frontendIPConfigurations/public");
    let address = public_address(
        t,
        &group,
        "pip-lb-fleet",
        "203.0.113.30",
        Some(&frontend),
        production(),
    );
    let pool = format!("{balancer}/backendAddressPools/fleet");
    let probe = format!("{balancer}/probes/ais");
    let rule = format!("{balancer}/loadBalancingRules/ais");
    t.resource(&group, "Microsoft.Network/loadBalancers", "lb-fleet", json!({
        "location": HOME,
        "tags": production(),
        "etag": etag(&balancer),
        "sku": { "name": "Standard", "tier": "Regional" },
        "properties": {
            "provisioningState": "Succeeded",
            "resourceGuid": t.guid(&format!("resource/{balancer}")),
            "frontendIPConfigurations": [{
                "name": "public", "id": frontend, "etag": etag(&balancer), "type": "Microsoft.Network/loadBalancers/frontendIPConfigurations",
                "properties": { "provisioningState": "Succeeded", "privateIPAllocationMethod": "Dynamic", "publicIPAddress": { "id": address }, "loadBalancingRules": [{ "id": rule }] },
            }],
            "backendAddressPools": [{
                "name": "fleet", "id": pool, "etag": etag(&balancer), "type": "Microsoft.Network/loadBalancers/backendAddressPools",
                "properties": {
                    "provisioningState": "Succeeded",
                    "backendIPConfigurations": interfaces.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
                    "loadBalancingRules": [{ "id": rule }],
                },
            }],
            "loadBalancingRules": [{
                "name": "ais", "id": rule, "etag": etag(&balancer), "type": "Microsoft.Network/loadBalancers/loadBalancingRules",
                "properties": {
                    "provisioningState": "Succeeded", "frontendIPConfiguration": { "id": frontend }, "frontendPort": 8443, "backendPort": 8443,
                    "enableFloatingIP": false, "idleTimeoutInMinutes": 4, "protocol": "Tcp", "loadDistribution": "Default",
                    "backendAddressPool": { "id": pool }, "probe": { "id": probe },
                },
            }],
            "probes": [{
                "name": "ais", "id": probe, "etag": etag(&balancer), "type": "Microsoft.Network/loadBalancers/probes",
                "properties": { "provisioningState": "Succeeded", "protocol": "Tcp", "port": 8443, "intervalInSeconds": 15, "numberOfProbes": 2, "loadBalancingRules": [{ "id": rule }] },
            }],
            "inboundNatRules": [],
            "outboundRules": [],
            "inboundNatPools": [],
        },
    }));
    t.edge(&address, "ATTACHED_TO", &balancer);
    t.edge(&address, "EXPOSES", &balancer);
}

fn front_door(t: &mut Tenant) {
    let group = t.group("rg-booking-network");
    let id = t.resource(&group, "Microsoft.Cdn/profiles", "afd-norrvik", json!({
        "location": "Global",
        "kind": "frontdoor",
        "tags": tags("production", "network-team", "4100"),
        "sku": { "name": "Standard_AzureFrontDoor" },
        "properties": { "originResponseTimeoutSeconds": 60, "frontDoorId": t.guid("frontdoor"), "extendedProperties": {}, "resourceState": "Active", "provisioningState": "Succeeded" },
    }));
    t.child(
        &id,
        "afdEndpoints",
        "www",
        json!({
            "location": "Global",
            "tags": {},
            "properties": {
                "hostName": format!("www-{}.z01.azurefd.net", &digits("www", 16)),
                "autoGeneratedDomainNameLabelScope": "TenantReuse",
                "enabledState": "Enabled",
                "provisioningState": "Succeeded",
                "deploymentStatus": "NotStarted",
            },
        }),
    );
    let origins = t.child(&id, "originGroups", "site", json!({
        "properties": {
            "loadBalancingSettings": { "sampleSize": 4, "successfulSamplesRequired": 3, "additionalLatencyInMilliseconds": 50 },
            "healthProbeSettings": { "probePath": "/", "probeRequestType": "HEAD", "probeProtocol": "Https", "probeIntervalInSeconds": 100 },
            "sessionAffinityState": "Disabled",
            "provisioningState": "Succeeded",
            "deploymentStatus": "NotStarted",
        },
    }));
    t.child(
        &origins,
        "origins",
        "swa",
        json!({
            "properties": {
                "originGroupName": "site",
                "hostName": "gentle-tide-0a1b2c3.azurestaticapps.net",
                "httpPort": 80,
                "httpsPort": 443,
                "originHostHeader": "gentle-tide-0a1b2c3.azurestaticapps.net",
                "priority": 1,
                "weight": 1000,
                "enabledState": "Enabled",
                "enforceCertificateNameCheck": true,
                "provisioningState": "Succeeded",
                "deploymentStatus": "NotStarted",
            },
        }),
    );
}
