//! Edges to what is named by an address: a host, a URL, an image, a workspace's own ID.

use crate::builder::Tenant;

/// Who, how, what: by the ends of their IDs.
const EDGES: &[(&str, &str, &str)] = &[
    ("/containerApps/ca-quotes", "PULLS_FROM", "/registries/crnorrvik"),
    (
        "/containerGroups/ci-tariff-import",
        "PULLS_FROM",
        "/registries/crnorrvik",
    ),
    (
        "/managedEnvironments/cae-booking",
        "LOGS_TO",
        "/workspaces/log-norrvik",
    ),
    (
        "/servers/sql-nrv-booking",
        "LOGS_TO",
        "/storageAccounts/stnrvlogs",
    ),
    (
        "/storageAccounts/stnrvbooking",
        "ENCRYPTED_WITH",
        "/vaults/kv-nrv-booking",
    ),
    (
        "/originGroups/site/origins/swa",
        "EXPOSES",
        "/staticSites/swa-norrvik",
    ),
    (
        "/applicationGateways/agw-booking",
        "CONNECTED_TO",
        "/sites/app-nrv-booking",
    ),
    (
        "/applicationGateways/agw-booking",
        "STORES_IN",
        "/vaults/kv-nrv-booking",
    ),
    (
        "/virtualMachines/vm-fleet-01",
        "LOGS_TO",
        "/storageAccounts/stnrvlogs",
    ),
    (
        "/virtualMachines/vm-fleet-02",
        "LOGS_TO",
        "/storageAccounts/stnrvlogs",
    ),
];

pub(crate) fn write(t: &mut Tenant) {
    for (from, relationship, to) in EDGES {
        let (from, to) = (t.named(from), t.named(to));
        t.edge(&from, relationship, &to);
    }
    // What the name led to is gone, and anybody may take it.
    let promo = t.named("/CNAME/promo");
    let gone = "nrv-promo-2023.azurewebsites.net";
    t.edge(&promo, "RESOLVES_TO", gone);
    t.external(&promo, gone);
}
