//! A cell: one resource group and everything that an application has in it.

use crate::{
    compute, data, identity, network, platform,
    random::{Random, guid},
    tenant_id, web,
    writer::{Row, Writer},
};

const REGIONS: [&str; 6] = [
    "westeurope",
    "northeurope",
    "eastus2",
    "westus3",
    "southeastasia",
    "uksouth",
];
const TEAMS: [&str; 8] = [
    "atlas", "borealis", "cobalt", "dune", "ember", "fjord", "garnet", "harbor",
];

/// Streams of random numbers below this are single ones, above it there is one a cell and purpose.
const STREAMS: u64 = 1 << 32;

/// The names that the rows of a cell share.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) seed: u64,
    pub(crate) index: u64,
    groups_per_subscription: u64,
    /// `/subscriptions/…`
    pub(crate) subscription: String,
    /// `/subscriptions/…/resourceGroups/…`
    pub(crate) group: String,
    pub(crate) location: &'static str,
    pub(crate) environment: &'static str,
    pub(crate) team: &'static str,
    /// Unique in the tenant, fit for names of storage accounts.
    pub(crate) short: String,
}

impl Cell {
    pub(crate) fn new(seed: u64, groups_per_subscription: u64, index: u64) -> Self {
        let number = index / groups_per_subscription;
        let subscription = format!("/subscriptions/{}", guid(Random::new(seed, 1 + number)));
        let mut random = Random::new(seed, STREAMS + index * 64);
        let location = random.pick(&REGIONS);
        let environment = random.pick(&["production", "production", "test", "development"]);
        let team = random.pick(&TEAMS);
        Self {
            seed,
            index,
            groups_per_subscription,
            group: format!("{subscription}/resourceGroups/rg-{team}-{index:06}"),
            subscription,
            location,
            environment,
            team,
            short: format!("{}{index:06}", &team[..3]),
        }
    }

    /// The first cell of the subscription, whose network the others are peered with; `None` for that one itself.
    pub(crate) fn hub(&self) -> Option<Self> {
        let hub = self.index - self.index % self.groups_per_subscription;
        (hub != self.index).then(|| Self::new(self.seed, self.groups_per_subscription, hub))
    }

    /// The subscription's own row.
    pub(crate) fn subscription(&self, w: &mut Writer) {
        let tenant = tenant_id(self.seed);
        let id = &self.subscription;
        w.resource(
            &Row {
                parent: &format!("/tenants/{tenant}"),
                id,
                kind: "Microsoft.Resources/subscriptions",
                location: "",
                tags: None,
            },
            format_args!(
                r#""tenantId":"{tenant}","subscriptionId":"{}","properties":{{"state":"Enabled","subscriptionPolicies":{{"locationPlacementId":"Public_2014-09-01","quotaId":"EnterpriseAgreement_2014-09-01","spendingLimit":"Off"}}}}"#,
                &id["/subscriptions/".len()..]
            ),
        );
    }

    /// All rows of the cell.
    pub(crate) fn write(&self, w: &mut Writer) {
        self.group_row(w);
        network::write(self, w);
        identity::write(self, w);
        compute::write(self, w);
        data::write(self, w);
        web::write(self, w);
        platform::write(self, w);
    }

    /// A group with nothing but disks in it, of exactly so many rows.
    pub(crate) fn fill(&self, w: &mut Writer, rows: u64) {
        self.group_row(w);
        for number in 1..rows {
            let id = self.id("Microsoft.Compute/disks", &format!("spare-{number:04}"));
            self.resource(
                w,
                "Microsoft.Compute/disks",
                &id,
                format_args!(
                    r#""sku":{{"name":"Standard_LRS","tier":"Standard"}},"properties":{{"creationData":{{"createOption":"Empty"}},"diskSizeGB":32,"provisioningState":"Succeeded","diskState":"Unattached"}}"#
                ),
            );
        }
    }

    /// Whether this cell has something that so many of 8 have.
    pub(crate) const fn has(&self, what: u64, of_eight: u64) -> bool {
        Random::new(self.seed, STREAMS + self.index * 64 + 1 + what).below(8) < of_eight
    }

    /// A GUID of this cell.
    pub(crate) fn guid(&self, purpose: u64) -> String {
        guid(Random::new(self.seed, STREAMS + self.index * 64 + 32 + purpose))
    }

    /// The ID of a resource in the cell's group.
    pub(crate) fn id(&self, kind: &str, name: &str) -> String {
        [&self.group, "/providers/", kind, "/", name].concat()
    }

    /// Writes a resource of the cell's group, with its region and tags.
    pub(crate) fn resource(&self, w: &mut Writer, kind: &str, id: &str, members: std::fmt::Arguments<'_>) {
        let row = Row {
            parent: &self.group,
            id,
            kind,
            location: self.location,
            tags: Some((self.environment, self.team)),
        };
        w.resource(&row, members);
    }

    /// Writes a child or an extension: no region, no tags.
    pub(crate) fn child(
        &self,
        w: &mut Writer,
        parent: &str,
        kind: &str,
        id: &str,
        members: std::fmt::Arguments<'_>,
    ) {
        below(w, parent, kind, id, "", members);
    }

    /// Writes a child that Azure tracks: it has a region, and Resource Graph lists it beside its parent.
    pub(crate) fn tracked_child(
        &self,
        w: &mut Writer,
        parent: &str,
        kind: &str,
        id: &str,
        members: std::fmt::Arguments<'_>,
    ) {
        below(w, parent, kind, id, self.location, members);
    }

    fn group_row(&self, w: &mut Writer) {
        w.resource(
            &Row {
                parent: &self.subscription,
                id: &self.group,
                kind: "Microsoft.Resources/resourceGroups",
                location: self.location,
                tags: Some((self.environment, self.team)),
            },
            format_args!(r#""properties":{{"provisioningState":"Succeeded"}}"#),
        );
    }
}

/// Writes what lies in another resource, without tags.
fn below(
    w: &mut Writer,
    parent: &str,
    kind: &str,
    id: &str,
    location: &str,
    members: std::fmt::Arguments<'_>,
) {
    let row = Row {
        parent,
        id,
        kind,
        location,
        tags: None,
    };
    w.resource(&row, members);
}
