//! Writes rows and, beside each, what is true about it.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::truth::{Misconfiguration, Secret, Truth};

/// Another seed gives another tenant of the same shape. The shipped file is made with this one.
const SEED: &str = "norrvik-2026";

/// The regions that the company uses.
pub(crate) const HOME: &str = "westeurope";
pub(crate) const SECOND: &str = "northeurope";

/// The tenant under construction.
#[derive(Debug, Default)]
pub(crate) struct Tenant {
    pub(crate) rows: Vec<Value>,
    pub(crate) truth: Truth,
}

impl Tenant {
    /// A GUID that depends on the seed and the name alone, so that a new row changes no other row.
    pub(crate) fn guid(&self, name: &str) -> String {
        let mut bytes = [0_u8; 16];
        bytes.copy_from_slice(&digest(name)[..16]);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = hex(&bytes);
        format!(
            "{}-{}-{}-{}-{}",
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..]
        )
    }

    /// The tenant's id.
    pub(crate) fn tenant_id(&self) -> String {
        self.guid("tenant")
    }

    /// The id of a subscription, as in an ARM ID: `/subscriptions/…`.
    pub(crate) fn subscription(&self, name: &str) -> String {
        format!("/subscriptions/{}", self.guid(&format!("subscription/{name}")))
    }

    /// An ARM resource in a resource group. `body` holds every member but `id`, `name` and `type`.
    pub(crate) fn resource(&mut self, group: &str, kind: &str, name: &str, body: Value) -> String {
        let id = resource_id(group, kind, name);
        self.row(&id, name, kind, body, group);
        id
    }

    /// A child with a row of its own: `segment` is `subnets`, `containers` and so on.
    pub(crate) fn child(&mut self, parent: &str, segment: &str, name: &str, body: Value) -> String {
        let id = format!("{parent}/{segment}/{name}");
        let kind = format!("{}/{segment}", self.type_of(parent));
        self.row(&id, name, &kind, body, parent);
        id
    }

    /// A resource that lies on another one or on a scope: a lock, a diagnostic setting, a role assignment.
    pub(crate) fn extension(&mut self, scope: &str, kind: &str, name: &str, body: Value) -> String {
        let id = resource_id(scope, kind, name);
        let parent = if scope.is_empty() {
            self.tenant_id()
        } else {
            scope.to_owned()
        };
        self.row(&id, name, kind, body, &parent);
        id
    }

    /// A Microsoft Graph object.
    pub(crate) fn entra(&mut self, kind: &str, object_id: &str, body: Value) -> String {
        let label = match kind {
            "user" => "User",
            "group" => "Group",
            "servicePrincipal" => "ServicePrincipal",
            "application" => "Application",
            _ => "DirectoryRole",
        };
        self.count_label(label);
        let mut row = Map::new();
        row.insert("@odata.type".into(), json!(format!("#microsoft.graph.{kind}")));
        row.insert("id".into(), json!(object_id));
        merge(&mut row, body);
        self.push(row);
        object_id.to_owned()
    }

    /// A row with all its members given. Says the edges that follow from where it stands, its region and its tags.
    pub(crate) fn row(&mut self, id: &str, name: &str, kind: &str, body: Value, parent: &str) {
        let mut row = Map::new();
        row.insert("id".into(), json!(id));
        row.insert("name".into(), json!(name));
        row.insert("type".into(), json!(kind));
        merge(&mut row, body);

        self.edge(parent, "CONTAINS", id);
        if let Some(location) = row.get("location").and_then(Value::as_str)
            && !location.is_empty()
        {
            let location = location.to_lowercase().replace(' ', "");
            self.edge(id, "LOCATED_IN", &format!("region/{location}"));
        }
        if let Some(Value::Object(tags)) = row.get("tags") {
            for (name, value) in tags {
                let value = value.as_str().unwrap_or_default();
                self.edge(id, "TAGGED_WITH", &format!("tag/{name}={value}"));
            }
        }
        let mut inline = Vec::new();
        row.values().for_each(|value| find_inline(value, id, &mut inline));
        for (child, within) in inline {
            self.edge(&within, "CONTAINS", &child);
            self.truth.inline.insert(child);
        }
        let lower = kind.to_lowercase();
        match lower.as_str() {
            "microsoft.management/managementgroups" => self.count_label("ManagementGroup"),
            "microsoft.resources/subscriptions" => self.count_label("Subscription"),
            "microsoft.resources/resourcegroups" | "microsoft.resources/subscriptions/resourcegroups" => {
                self.count_label("ResourceGroup");
            }
            _ => {
                self.count_label("Resource");
                *self.truth.types.entry(lower).or_default() += 1;
            }
        }
        self.push(row);
    }

    /// Says that an edge must be found.
    pub(crate) fn edge(&mut self, from: &str, relationship: &str, to: &str) {
        let edge = (from.to_owned(), relationship.to_owned(), to.to_owned());
        self.truth.edges.insert(edge);
    }

    /// Says that a generic reference must be found.
    pub(crate) fn reference(&mut self, from: &str, to: &str) {
        let edge = (from.to_owned(), "REFERENCES".to_owned(), to.to_owned());
        self.truth.references.insert(edge);
    }

    /// Says that the row points at something that is not in the file, on purpose.
    pub(crate) fn external(&mut self, from: &str, to: &str) {
        let rows = self.truth.externals.entry(to.to_lowercase()).or_default();
        rows.insert(from.to_owned());
    }

    /// An invented secret that will stand at that path of that row.
    pub(crate) fn secret(&mut self, id: &str, path: &str) -> String {
        let canary = format!("Canary{}", &hex(&digest(&format!("secret/{id}/{path}")))[..26]);
        self.planted(id, path, &canary);
        canary
    }

    /// Says that the text stands at that path of that row and is a secret.
    pub(crate) fn planted(&mut self, id: &str, path: &str, canary: &str) {
        self.truth.secrets.push(Secret {
            id: id.to_owned(),
            path: path.to_owned(),
            canary: canary.to_owned(),
        });
    }

    /// Says that something is wrong on purpose.
    pub(crate) fn misconfigured(&mut self, id: &str, path: &str, finding: &str) {
        self.truth.misconfigurations.push(Misconfiguration {
            id: id.to_owned(),
            path: path.to_owned(),
            finding: finding.to_owned(),
        });
    }

    /// The ID of the one thing, row or part of a row, whose ID ends so.
    pub(crate) fn named(&self, tail: &str) -> String {
        let rows = self.rows.iter().filter_map(|row| row["id"].as_str());
        let inline = self.truth.inline.iter().map(String::as_str);
        let mut found = rows.chain(inline).filter(|id| id.ends_with(tail));
        match (found.next(), found.next()) {
            (Some(id), None) => id.to_owned(),
            (first, _) => panic!(
                "`{tail}` names {}",
                if first.is_some() { "several" } else { "nothing" }
            ),
        }
    }

    fn type_of(&self, id: &str) -> String {
        let row = self.rows.iter().find(|row| row["id"] == id);
        row.and_then(|row| row["type"].as_str())
            .unwrap_or_default()
            .to_owned()
    }

    fn count_label(&mut self, label: &str) {
        *self.truth.labels.entry(label.to_owned()).or_default() += 1;
    }

    fn push(&mut self, row: Map<String, Value>) {
        self.rows.push(Value::Object(row));
        self.truth.rows += 1;
    }
}

/// The ID of a resource directly under a scope: a resource group, a subscription, a resource, or `""` for the tenant.
pub(crate) fn resource_id(scope: &str, kind: &str, name: &str) -> String {
    format!("{scope}/providers/{kind}/{name}")
}

/// The tags that most of the company's resources carry.
pub(crate) fn tags(environment: &str, owner: &str, cost_center: &str) -> Value {
    json!({ "environment": environment, "owner": owner, "cost-center": cost_center })
}

/// Hexadecimal digits that depend on the seed and the name alone: etags, certificate thumbprints, versions.
pub(crate) fn digits(name: &str, length: usize) -> String {
    hex(&digest(name))[..length].to_owned()
}

fn digest(name: &str) -> [u8; 32] {
    Sha256::digest(format!("{SEED}|{name}")).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a part of a body is nothing that other resources name or that says something about security: those are no
/// nodes of the graph.
fn is_mere_part(within: &str, below: &str) -> bool {
    const PARTS: [&str; 8] = [
        "azureFirewallIpConfigurations",
        "bastionHostIpConfigurations",
        "defaultSecurityRules",
        "delegations",
        "gatewayIPConfigurations",
        "privateDnsZoneConfigs",
        "privateEndpointConnections",
        "privateLinkServiceConnections",
    ];
    let collection = below.split('/').next().unwrap_or_default();
    PARTS.contains(&collection)
        || collection == "ipConfigurations" && within.contains("/virtualNetworkGateways/")
}

/// Finds the children that a body holds: objects with an ID one step below that of what they are in, and with
/// properties.
fn find_inline(value: &Value, within: &str, out: &mut Vec<(String, String)>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_inline(item, within, out)),
        Value::Object(members) => {
            let id = members.get("id").and_then(Value::as_str).unwrap_or_default();
            let below = id
                .strip_prefix(within)
                .and_then(|rest| rest.strip_prefix('/'))
                .unwrap_or_default();
            let child = below.split('/').count() == 2
                && !is_mere_part(within, below)
                && members.contains_key("properties");
            if child {
                out.push((id.to_owned(), within.to_owned()));
            }
            let within = if child { id } else { within };
            members
                .values()
                .for_each(|member| find_inline(member, within, out));
        }
        _ => {}
    }
}

fn merge(row: &mut Map<String, Value>, body: Value) {
    if let Value::Object(members) = body {
        row.extend(members);
    }
}
