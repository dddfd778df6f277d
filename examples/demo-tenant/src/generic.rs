//! Everything that a row names and no rule has a better word for: `REFERENCES`, all of them.

use crate::builder::Tenant;

/// Who names what, by the ends of their IDs.
const REFERENCES: &[(&str, &str)] = &[
    (
        "/sites/app-nrv-booking/config/appsettings",
        "/vaults/kv-nrv-booking",
    ),
    ("/functions/send-confirmation", "/sites/func-booking-mail"),
    ("/originGroups/site/origins/swa", "/staticSites/swa-norrvik"),
    (
        "/privatelink.database.windows.net/A/sql-nrv-booking",
        "/servers/sql-nrv-booking",
    ),
    (
        "/protectedItems/vm;iaasvmcontainerv2;rg-fleet;vm-fleet-01",
        "/virtualMachines/vm-fleet-01",
    ),
    (
        "/protectedItems/vm;iaasvmcontainerv2;rg-fleet;vm-fleet-01",
        "/vaults/rsv-norrvik",
    ),
];

/// Parts of the application gateway and the load balancer that name each other.
const PARTS: &[(&str, &[(&str, &str)])] = &[
    (
        "/applicationGateways/agw-booking",
        &[
            ("frontendIPConfigurations/public", "httpListeners/https"),
            ("frontendPorts/port-443", "httpListeners/https"),
            ("sslCertificates/tls-booking", "httpListeners/https"),
            ("httpListeners/https", "frontendIPConfigurations/public"),
            ("httpListeners/https", "frontendPorts/port-443"),
            ("httpListeners/https", "sslCertificates/tls-booking"),
            ("requestRoutingRules/https", "httpListeners/https"),
            ("requestRoutingRules/https", "backendAddressPools/booking-web"),
            ("requestRoutingRules/https", "backendHttpSettingsCollection/https"),
        ],
    ),
    (
        "/loadBalancers/lb-fleet",
        &[
            ("frontendIPConfigurations/public", "loadBalancingRules/ais"),
            ("backendAddressPools/fleet", "loadBalancingRules/ais"),
            ("probes/ais", "loadBalancingRules/ais"),
            ("loadBalancingRules/ais", "frontendIPConfigurations/public"),
            ("loadBalancingRules/ais", "backendAddressPools/fleet"),
            ("loadBalancingRules/ais", "probes/ais"),
        ],
    ),
];

pub(crate) fn write(t: &mut Tenant) {
    for (from, to) in REFERENCES {
        let (from, to) = (t.named(from), t.named(to));
        t.reference(&from, &to);
    }
    for (whole, parts) in PARTS {
        let whole = t.named(whole);
        for (from, to) in *parts {
            t.reference(&format!("{whole}/{from}"), &format!("{whole}/{to}"));
        }
    }
    let managed = t.named("MC_rg-booking-app_aks-booking_westeurope");
    let cluster = t.named("/managedClusters/aks-booking");
    t.reference(&managed, &cluster);
    let api = t.named("/connections/office365");
    let flow = t.named("/workflows/logic-incident-mail");
    let apis: Vec<_> = t
        .truth
        .externals
        .keys()
        .filter(|id| id.ends_with("/managedapis/office365"))
        .cloned()
        .collect();
    for outside in apis {
        t.reference(&api, &outside);
        t.reference(&flow, &outside);
    }
}
