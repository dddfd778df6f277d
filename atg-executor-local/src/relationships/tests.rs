//! Every row of the table finds its edge, and real bodies give the edges that a person would draw.

use super::{
    rules::{RULES, Way},
    *,
};
use crate::{
    describe::parent,
    graph::{Said, Target},
};

const SUB: &str = "/subscriptions/00000000-0000-0000-0000-000000000001";

/// Names of `graph.md`; a row may use no other.
const RELATIONSHIPS: &[&str] = &[
    "CONTAINS",
    "LOCATED_IN",
    "TAGGED_WITH",
    "MEMBER_OF",
    "OWNS",
    "HAS_ROLE",
    "ASSIGNS",
    "USES_IDENTITY",
    "USES_SUBNET",
    "SECURED_BY",
    "CONNECTED_TO",
    "ROUTES_VIA",
    "RESOLVES_TO",
    "EXPOSES",
    "ATTACHED_TO",
    "RUNS_ON",
    "STORES_IN",
    "LOGS_TO",
    "MONITORS",
    "ENCRYPTED_WITH",
    "PULLS_FROM",
    "BACKED_UP_BY",
    "GOVERNED_BY",
    "LOCKED_BY",
    "DEPENDS_ON",
    "CREATED_BY",
];

/// An ID of that type, nested as its segments are.
fn id_of(resource_type: &str, name: &str) -> String {
    let mut segments = resource_type.split('/');
    let mut id = format!("{SUB}/resourceGroups/rg/providers/{}", segments.next().unwrap());
    for (depth, segment) in segments.enumerate() {
        id.push_str(&format!("/{segment}/{name}{depth}"));
    }
    id
}

/// A body that has `value` at the path of a row.
fn body(path: &str, value: &str) -> Json {
    let mut out = Json::String(value.to_owned());
    for name in path.split('.').rev() {
        let arrays = name.matches("[]").count();
        for _ in 0..arrays {
            out = Json::Array(vec![out]);
        }
        let name = name.trim_end_matches("[]");
        out = match name {
            "{}" => Json::Object(vec![(value.to_owned(), Json::Object(vec![]))]),
            "*" => Json::Object(vec![("anything".to_owned(), out)]),
            name => Json::Object(vec![(name.to_owned(), out)]),
        };
    }
    out
}

#[test]
fn every_row_finds_its_edge_and_uses_a_known_name() {
    for (types, path, relationship, way) in RULES {
        assert!(RELATIONSHIPS.contains(relationship), "{relationship}");
        let resource_type = match *types {
            "*" => "Contoso.Things/widgets",
            "*/eventSubscriptions" => "Microsoft.EventGrid/topics/eventSubscriptions",
            other => other,
        };
        let is_directory_object = !resource_type.contains('/');
        let id: ResourceId = if is_directory_object {
            "/x".parse().unwrap()
        } else {
            id_of(resource_type, "own").parse().unwrap()
        };
        let plain = path.trim_matches('^');
        let mut value = id_of("Microsoft.Target/parents/children", "other");
        let body = if plain == "id" {
            value = id.as_str().to_owned();
            Json::Object(vec![("id".to_owned(), Json::from(id.as_str()))])
        } else {
            body(plain, &value)
        };
        let members = body.as_object().unwrap();
        let references = if is_directory_object {
            find_in_directory_object(resource_type, members)
        } else {
            find(&id, resource_type, members).references
        };
        let far = if path.ends_with('^') {
            parent(&value.parse().unwrap()).unwrap().as_str().to_owned()
        } else {
            value.clone()
        };
        let near = if path.starts_with('^') {
            Target::Id(parent(&id).unwrap().as_str().to_owned())
        } else {
            Target::Itself
        };
        let (from, to) = match way {
            Way::To | Way::ToAlso => (near, Target::Id(far)),
            Way::From | Way::FromAlso => (Target::Id(far), near),
        };
        let said = match way {
            Way::To | Way::From => Said::Here,
            Way::ToAlso | Way::FromAlso => Said::AtFarEnd,
        };
        let found = references
            .iter()
            .any(|r| r.from == from && r.to == to && r.relationship == *relationship && r.said == said);
        assert!(found, "{types} {path} {relationship}: {references:#?}");
        assert!(
            references.iter().all(|r| r.relationship != "REFERENCES"),
            "{types} {path}: a claimed ID is no reference as well"
        );
    }
}

#[test]
fn no_row_is_said_twice() {
    let mut seen = std::collections::HashSet::new();
    for (types, path, relationship, _) in RULES {
        assert!(
            seen.insert((types.to_lowercase(), path.to_lowercase(), relationship)),
            "{types} {path} {relationship}"
        );
    }
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
            (Target::Itself, Target::Id(to)) => format!("{} > {}", r.relationship, tail(to)),
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
