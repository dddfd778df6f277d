//! Which children get nodes of their own where they come only within their parent's body.
//!
//! Those that other resources name, or that say something about security by themselves. Every other part of a body
//! (a delegation, a rule that is the same in every group) stays a part: its ID names nothing else.

use std::{collections::HashSet, sync::LazyLock};

/// Whether a child of that type, found within its parent's body, is a node.
pub(super) fn is_node(resource_type: &str) -> bool {
    static TYPES: LazyLock<HashSet<String>> =
        LazyLock::new(|| CHILDREN.iter().map(|name| name.to_lowercase()).collect());
    TYPES.contains(&resource_type.to_lowercase())
}

#[rustfmt::skip]
const CHILDREN: &[&str] = &[
    "Microsoft.Cdn/profiles/endpoints/originGroups",
    "Microsoft.Cdn/profiles/endpoints/origins",
    "Microsoft.Compute/virtualMachines/extensions",
    "Microsoft.ContainerService/managedClusters/agentPools",
    "Microsoft.Network/applicationGateways/backendAddressPools",
    "Microsoft.Network/applicationGateways/backendHttpSettingsCollection",
    "Microsoft.Network/applicationGateways/frontendIPConfigurations",
    "Microsoft.Network/applicationGateways/frontendPorts",
    "Microsoft.Network/applicationGateways/httpListeners",
    "Microsoft.Network/applicationGateways/privateEndpointConnections",
    "Microsoft.Network/applicationGateways/probes",
    "Microsoft.Network/applicationGateways/redirectConfigurations",
    "Microsoft.Network/applicationGateways/requestRoutingRules",
    "Microsoft.Network/applicationGateways/rewriteRuleSets",
    "Microsoft.Network/applicationGateways/sslCertificates",
    "Microsoft.Network/applicationGateways/sslProfiles",
    "Microsoft.Network/applicationGateways/trustedRootCertificates",
    "Microsoft.Network/applicationGateways/urlPathMaps",
    "Microsoft.Network/expressRouteCircuits/authorizations",
    "Microsoft.Network/expressRouteCircuits/peerings",
    "Microsoft.Network/expressRouteGateways/expressRouteConnections",
    "Microsoft.Network/frontDoors/backendPools",
    "Microsoft.Network/frontDoors/frontendEndpoints",
    "Microsoft.Network/frontDoors/healthProbeSettings",
    "Microsoft.Network/frontDoors/loadBalancingSettings",
    "Microsoft.Network/frontDoors/routingRules",
    "Microsoft.Network/frontDoors/rulesEngines",
    "Microsoft.Network/loadBalancers/backendAddressPools",
    "Microsoft.Network/loadBalancers/frontendIPConfigurations",
    "Microsoft.Network/loadBalancers/inboundNatPools",
    "Microsoft.Network/loadBalancers/inboundNatRules",
    "Microsoft.Network/loadBalancers/loadBalancingRules",
    "Microsoft.Network/loadBalancers/outboundRules",
    "Microsoft.Network/loadBalancers/probes",
    "Microsoft.Network/networkInterfaces/ipConfigurations",
    "Microsoft.Network/networkSecurityGroups/securityRules",
    "Microsoft.Network/privateLinkServices/privateEndpointConnections",
    "Microsoft.Network/routeFilters/routeFilterRules",
    "Microsoft.Network/routeTables/routes",
    "Microsoft.Network/serviceEndpointPolicies/serviceEndpointPolicyDefinitions",
    "Microsoft.Network/virtualNetworkGateways/natRules",
    "Microsoft.Network/virtualNetworks/subnets",
    "Microsoft.Network/virtualNetworks/virtualNetworkPeerings",
    "Microsoft.Network/vpnGateways/vpnConnections",
];

#[cfg(test)]
mod tests {
    use atg_live::children::{CHILDREN, Place};

    use super::*;

    #[test]
    fn what_a_scan_does_not_ask_for_since_its_parent_has_it_is_a_node() {
        let inline = CHILDREN
            .iter()
            .filter(|child| matches!(child.place, Place::Inline(_)));
        for child in inline {
            assert!(is_node(&child.resource_type()), "{child:?}");
        }
    }
}
