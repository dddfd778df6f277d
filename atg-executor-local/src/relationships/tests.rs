//! Real bodies give the edges that a person would draw.

mod bodies;
mod reference_page;
mod types;

use super::*;
use crate::graph::{Said, Target};

const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

/// An ID of that type, nested as its segments are.
fn id_of(resource_type: &str, name: &str) -> String {
    let mut segments = resource_type.split('/');
    let mut id = format!("{SUB}/resourceGroups/rg/providers/{}", segments.next().unwrap());
    for (depth, segment) in segments.enumerate() {
        id.push_str(&format!("/{segment}/{name}{depth}"));
    }
    id
}

/// `RELATIONSHIP > far end` for edges from the resource, `RELATIONSHIP < far end` for edges to it; far ends by their last
/// two segments.
fn shape(resource_type: &str, members: &str) -> Vec<String> {
    let id: ResourceId = id_of(resource_type, "own").parse().unwrap();
    let body = Json::parse(
        members
            .replace("SUB", SUB)
            .replace("RG", &format!("{SUB}/resourceGroups/rg/providers"))
            .as_bytes(),
    )
    .unwrap();
    let found = find(&id, resource_type, body.as_object().unwrap());
    let tail = |id: &str| {
        id.rsplitn(3, '/')
            .take(2)
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
            .collect::<Vec<_>>()
            .join("/")
    };
    found
        .references
        .iter()
        .map(|r| match (&r.from, &r.to) {
            (Target::Itself, Target::Id(to) | Target::Alias(to)) => {
                format!("{} > {}", r.relationship, tail(to))
            }
            (Target::Id(from), Target::Itself) => format!("{} < {}", r.relationship, tail(from)),
            other => format!("{} ? {other:?}", r.relationship),
        })
        .collect()
}

#[test]
fn a_machine() {
    let edges = shape(
        "Microsoft.Compute/virtualMachines",
        r#"{"properties":{"availabilitySet":{"id":"RG/Microsoft.Compute/availabilitySets/AS"},
            "storageProfile":{"osDisk":{"managedDisk":{"id":"RG/Microsoft.Compute/disks/os"}},
              "imageReference":{"publisher":"Canonical"},
              "dataDisks":[{"managedDisk":{"id":"RG/Microsoft.Compute/disks/d0","diskEncryptionSet":{"id":"RG/Microsoft.Compute/diskEncryptionSets/des"}}}]},
            "networkProfile":{"networkInterfaces":[{"id":"RG/Microsoft.Network/networkInterfaces/n0"},{"id":"RG/Microsoft.Network/networkInterfaces/n1"}]},
            "diagnosticsProfile":{"bootDiagnostics":{"storageUri":"https://x.blob.core.windows.net/"}}},
            "resources":[{"id":"RG/Microsoft.Compute/virtualMachines/own0/extensions/e"}]}"#,
    );
    assert_eq!(
        edges,
        [
            "MEMBER_OF > availabilitySets/AS",
            "ATTACHED_TO < disks/os",
            "ATTACHED_TO < disks/d0",
            "ENCRYPTED_WITH > diskEncryptionSets/des",
            "CONNECTED_TO > networkInterfaces/n0",
            "CONNECTED_TO > networkInterfaces/n1",
            "LOGS_TO > x.blob.core.windows.net",
            "CONTAINS > extensions/e",
        ]
    );
}

#[test]
fn a_network_interface_with_two_configurations_in_one_subnet_uses_it_once() {
    let edges = shape(
        "Microsoft.Network/networkInterfaces",
        r#"{"properties":{"ipConfigurations":[
              {"id":"RG/Microsoft.Network/networkInterfaces/own0/ipConfigurations/a","name":"a","properties":{
                "subnet":{"id":"RG/Microsoft.Network/virtualNetworks/v/subnets/s"},
                "publicIPAddress":{"id":"RG/Microsoft.Network/publicIPAddresses/p"},
                "loadBalancerBackendAddressPools":[{"id":"RG/Microsoft.Network/loadBalancers/lb/backendAddressPools/pool"}]}},
              {"id":"RG/Microsoft.Network/networkInterfaces/own0/ipConfigurations/b","name":"b","properties":{
                "subnet":{"id":"RG/Microsoft.Network/virtualNetworks/V/subnets/s"}}}],
            "virtualMachine":{"id":"RG/Microsoft.Compute/virtualMachines/m"}}}"#,
    );
    assert_eq!(
        edges,
        [
            "USES_SUBNET > subnets/s",
            "ATTACHED_TO < publicIPAddresses/p",
            "EXPOSES < publicIPAddresses/p",
            "CONNECTED_TO < loadBalancers/lb",
            "CONNECTED_TO > backendAddressPools/pool",
            "CONNECTED_TO < virtualMachines/m",
        ]
    );
}

#[test]
fn a_load_balancer_and_its_parts() {
    let id: ResourceId = id_of("Microsoft.Network/loadBalancers", "lb").parse().unwrap();
    let text = r#"{"properties":{
        "frontendIPConfigurations":[{"id":"LB/frontendIPConfigurations/f","properties":{"publicIPAddress":{"id":"RG/publicIPAddresses/p"}}}],
        "backendAddressPools":[{"id":"LB/backendAddressPools/b","properties":{"backendIPConfigurations":[{"id":"RG/networkInterfaces/n/ipConfigurations/i"}]}}],
        "loadBalancingRules":[{"id":"LB/loadBalancingRules/r","properties":{"frontendIPConfiguration":{"id":"LB/frontendIPConfigurations/f"}}}]}}"#
        .replace("LB", id.as_str())
        .replace("RG", &format!("{SUB}/resourceGroups/rg/providers/Microsoft.Network"));
    let body = Json::parse(text.as_bytes()).unwrap();
    let found = find(&id, "Microsoft.Network/loadBalancers", body.as_object().unwrap());
    let own: Vec<_> = found
        .references
        .iter()
        .map(|r| (r.relationship.as_ref(), r.said))
        .collect();
    assert_eq!(
        own,
        [
            ("ATTACHED_TO", Said::Here),
            ("EXPOSES", Said::Here),
            ("CONNECTED_TO", Said::AtFarEnd)
        ]
    );
    assert!(matches!(&found.references[2].to, Target::Id(nic) if nic.ends_with("/networkInterfaces/n")));
    let names: Vec<_> = found.children.iter().map(|child| child.id.name()).collect();
    assert_eq!(names, ["f", "b", "r"]);
    // The rule's path is relative to the rule; what the balancer itself claimed is nobody else's.
    assert_eq!(
        found.children[2].found.references[0].path,
        "properties.frontendIPConfiguration.id"
    );
    assert!(found.children[0].found.references.is_empty());
}

#[test]
fn a_subnet_that_its_interfaces_use() {
    assert_eq!(
        shape(
            "Microsoft.Network/virtualNetworks/subnets",
            r#"{"properties":{"networkSecurityGroup":{"id":"RG/Microsoft.Network/networkSecurityGroups/g"},
                "routeTable":{"id":"RG/Microsoft.Network/routeTables/r"},"natGateway":{"id":"RG/Microsoft.Network/natGateways/n"},
                "ipConfigurations":[{"id":"RG/Microsoft.Network/networkInterfaces/nic/ipConfigurations/i"}]}}"#
        ),
        [
            "SECURED_BY > networkSecurityGroups/g",
            "ROUTES_VIA > routeTables/r",
            "ROUTES_VIA > natGateways/n",
            "USES_SUBNET < networkInterfaces/nic",
        ]
    );
}

#[test]
fn a_site_a_private_endpoint_and_a_diagnostic_setting() {
    assert_eq!(
        shape(
            "Microsoft.Web/sites",
            r#"{"properties":{"serverFarmId":"RG/Microsoft.Web/serverfarms/p","virtualNetworkSubnetId":"RG/Microsoft.Network/virtualNetworks/v/subnets/s"}}"#
        ),
        ["RUNS_ON > serverfarms/p", "USES_SUBNET > subnets/s"]
    );
    assert_eq!(
        shape(
            "Microsoft.Network/privateEndpoints",
            r#"{"properties":{"subnet":{"id":"RG/Microsoft.Network/virtualNetworks/v/subnets/s"},
                "privateLinkServiceConnections":[{"id":"RG/Microsoft.Network/privateEndpoints/own0/privateLinkServiceConnections/c",
                  "properties":{"privateLinkServiceId":"RG/Microsoft.Sql/servers/db"}}]}}"#
        ),
        ["USES_SUBNET > subnets/s", "CONNECTED_TO > servers/db"]
    );
    assert_eq!(
        shape(
            "Microsoft.Sql/servers",
            r#"{"properties":{"privateEndpointConnections":[{"id":"RG/Microsoft.Sql/servers/own0/privateEndpointConnections/c",
                "properties":{"privateEndpoint":{"id":"RG/Microsoft.Network/privateEndpoints/pe"}}}]}}"#
        ),
        ["CONNECTED_TO < privateEndpoints/pe"]
    );
    assert_eq!(
        shape(
            "Microsoft.Insights/diagnosticSettings",
            r#"{"properties":{"workspaceId":"RG/Microsoft.OperationalInsights/workspaces/w","storageAccountId":"RG/Microsoft.Storage/storageAccounts/s",
                "eventHubAuthorizationRuleId":"RG/Microsoft.EventHub/namespaces/n/authorizationRules/r"}}"#
        ),
        [
            "LOGS_TO > workspaces/w",
            "LOGS_TO > storageAccounts/s",
            "LOGS_TO > namespaces/n"
        ]
    );
}

#[test]
fn a_vault_grants_access_once_a_principal() {
    assert_eq!(
        shape(
            "Microsoft.KeyVault/vaults",
            r#"{"properties":{"accessPolicies":[{"objectId":"11111111-1111-1111-1111-111111111111","permissions":{"keys":["Get"]}},
                {"objectId":"11111111-1111-1111-1111-111111111111"},{"objectId":"not a guid"}]}}"#
        ),
        ["HAS_ROLE < 11111111-1111-1111-1111-111111111111"]
    );
}

#[test]
fn a_resource_never_relates_to_itself() {
    let own = id_of("Microsoft.Sql/servers/failoverGroups", "own");
    let text = format!(
        r#"{{"properties":{{"self":"{own}","SELF":"{}"}}}}"#,
        own.to_uppercase()
    );
    assert!(shape("Microsoft.Sql/servers/failoverGroups", &text).is_empty());
}
