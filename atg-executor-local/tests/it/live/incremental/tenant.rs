//! A small tenant that changes at random.

use std::collections::BTreeMap;

use atg_azure_sim::Change;
use serde_json::{Value, json};

/// Numbers that a seed decides.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }
}

/// What there is, as its sources say it.
#[derive(Debug)]
pub(super) struct Tenant {
    dice: Dice,
    /// By lower-cased ID.
    rows: BTreeMap<String, Value>,
    objects: BTreeMap<String, Value>,
    made: u64,
}

const ID: &str = "4baabe85-98a8-43fe-89fe-574c55f50b50";
const DISK: &str = "Microsoft.Compute/disks";
const STORAGE: &str = "Microsoft.Storage/storageAccounts";
const NETWORK: &str = "Microsoft.Network/virtualNetworks";
const INTERFACE: &str = "Microsoft.Network/networkInterfaces";
const VAULT: &str = "Microsoft.KeyVault/vaults";
const SERVER: &str = "Microsoft.Sql/servers";
const TYPES: [&str; 6] = [DISK, STORAGE, NETWORK, INTERFACE, VAULT, SERVER];
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

fn guid(kind: u64, number: u64) -> String {
    format!("{kind:08x}-0000-4000-8000-{number:012x}")
}

fn subscription(number: u64) -> String {
    format!("/subscriptions/{}", guid(1, number))
}

impl Tenant {
    pub(super) fn new(seed: u64) -> Self {
        let mut own = Self {
            dice: Dice::new(seed),
            rows: BTreeMap::new(),
            objects: BTreeMap::new(),
            made: 0,
        };
        for number in 0..2 {
            own.subscription(number);
            for _ in 0..2 {
                own.group(number);
            }
        }
        for _ in 0..3 {
            for kind in TYPES {
                own.resource(kind);
            }
        }
        for _ in 0..3 {
            own.user();
            own.container();
            own.assignment();
        }
        own.directory_group();
        own.directory_group();
        own.principal();
        own.role();
        own.lock();
        own
    }

    /// All of it as lines.
    pub(super) fn lines(&self) -> String {
        let all = self.rows.values().chain(self.objects.values());
        all.map(|own| format!("{own}\n")).collect()
    }

    /// Something happens.
    pub(super) fn change(&mut self) -> Vec<Change> {
        match self.dice.below(24) {
            0 | 1 => self.tag(),
            2 | 3 => {
                let kind = *self.dice.one(&TYPES);
                self.resource(kind)
            }
            4 => self.delete_one(is_tracked),
            5 => self.recreate(false),
            6 => self.recreate(true),
            7 | 8 => self.subnets(),
            9 => self.container(),
            10 => self.delete_one(|id| id.contains("/containers/")),
            11 => self.assignment(),
            12 => self.delete_one(|id| id.contains("/roleassignments/")),
            13 => self.lock(),
            14 => self.delete_one(|id| id.contains("/locks/")),
            15 => self.user(),
            16 => self.object_goes("#microsoft.graph.user"),
            17 | 18 => self.members(),
            19 => self.directory_group(),
            20 => self.object_goes("#microsoft.graph.group"),
            21 => self.principal(),
            22 => self.role(),
            _ => match self.dice.below(3) {
                0 => {
                    let number = self.dice.below(2);
                    self.group(number)
                }
                1 => self.delete_one(|id| id.split('/').count() == 5 && id.contains("/resourcegroups/")),
                _ => {
                    let number = 2 + self.dice.below(2);
                    let mut changes = self.subscription(number);
                    changes.extend(self.group(number));
                    changes.extend(self.resource(DISK));
                    changes
                }
            },
        }
    }

    fn next(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    fn set(&mut self, body: Value) -> Vec<Change> {
        let id = body["id"].as_str().unwrap().to_lowercase();
        let all = if body.get("@odata.type").is_some() {
            &mut self.objects
        } else {
            &mut self.rows
        };
        all.insert(id, body.clone());
        vec![Change::Set(body)]
    }

    fn ids(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        let all = self.rows.iter().filter(|(id, _)| wanted(id));
        all.map(|(_, body)| body["id"].as_str().unwrap().to_owned())
            .collect()
    }

    fn of_type(&self, kind: &str) -> Vec<String> {
        let all = self.rows.values().filter(|body| body["type"] == kind);
        all.map(|body| body["id"].as_str().unwrap().to_owned()).collect()
    }

    fn objects_of(&self, kind: &str) -> Vec<String> {
        let all = self.objects.values().filter(|body| body["@odata.type"] == kind);
        all.map(|body| body["id"].as_str().unwrap().to_owned()).collect()
    }

    fn any(&mut self, of: &[String]) -> Option<String> {
        (!of.is_empty()).then(|| self.dice.one(of).clone())
    }

    fn subscription(&mut self, number: u64) -> Vec<Change> {
        let id = subscription(number);
        let body = json!({ "id": id, "type": "Microsoft.Resources/subscriptions", "subscriptionId": guid(1, number),
            "name": guid(1, number), "displayName": format!("s{number}"), "tenantId": ID, "state": "Enabled" });
        self.set(body)
    }

    fn group(&mut self, of: u64) -> Vec<Change> {
        let name = format!("rg{}", self.next());
        let body = json!({ "id": format!("{}/resourceGroups/{name}", subscription(of)), "name": name,
            "type": "Microsoft.Resources/resourceGroups", "location": "westeurope",
            "properties": { "provisioningState": "Succeeded" } });
        self.set(body)
    }

    fn resource(&mut self, kind: &str) -> Vec<Change> {
        let groups = self.of_type("Microsoft.Resources/resourceGroups");
        let Some(group) = self.any(&groups) else {
            return Vec::new();
        };
        let name = format!("r{}", self.next());
        let body = self.body(kind, &format!("{group}/providers/{kind}/{name}"));
        self.set(body)
    }

    fn body(&mut self, kind: &str, id: &str) -> Value {
        let name = id.rsplit('/').next().unwrap();
        let properties = match kind {
            NETWORK => json!({ "addressSpace": { "addressPrefixes": ["10.0.0.0/8"] }, "subnets": [] }),
            INTERFACE => {
                // What it names may be gone, or come later.
                let subnet = format!("s{}", self.dice.below(3));
                let networks = self.of_type(NETWORK);
                let network = self.any(&networks).unwrap_or_else(|| format!("{id}-none"));
                json!({ "ipConfigurations": [{ "name": "a", "properties":
                    { "subnet": { "id": format!("{network}/subnets/{subnet}") } } }] })
            }
            VAULT => json!({ "vaultUri": format!("https://{name}.vault.azure.net/") }),
            SERVER => {
                let number = self.dice.below(self.made + 2);
                json!({ "keyId": format!("https://r{number}.vault.azure.net/keys/k/1") })
            }
            _ => json!({ "number": self.dice.below(9) }),
        };
        json!({ "id": id, "name": name, "type": kind, "location": "westeurope", "properties": properties })
    }

    fn tag(&mut self) -> Vec<Change> {
        let ids = self.ids(is_tracked);
        let Some(id) = self.any(&ids) else {
            return Vec::new();
        };
        let mut body = self.rows[&id.to_lowercase()].clone();
        body["tags"] = json!({ "t": format!("v{}", self.dice.below(4)) });
        self.set(body)
    }

    /// A network gets other subnets, which stand in its body alone.
    fn subnets(&mut self) -> Vec<Change> {
        let networks = self.of_type(NETWORK);
        let Some(id) = self.any(&networks) else {
            return Vec::new();
        };
        let mut body = self.rows[&id.to_lowercase()].clone();
        let some = self.dice.below(8);
        let names = (0..3).filter(|bit| some >> bit & 1 == 1);
        let subnet = |number: u64| {
            json!({ "name": format!("s{number}"), "id": format!("{id}/subnets/s{number}"),
                "type": "Microsoft.Network/virtualNetworks/subnets",
                "properties": { "addressPrefix": format!("10.{number}.0.0/16") } })
        };
        body["properties"]["subnets"] = names.map(subnet).collect();
        self.set(body)
    }

    fn container(&mut self) -> Vec<Change> {
        let accounts = self.of_type(STORAGE);
        let Some(account) = self.any(&accounts) else {
            return Vec::new();
        };
        let name = format!("c{}", self.dice.below(3));
        let body = json!({ "id": format!("{account}/blobServices/default/containers/{name}"), "name": name,
            "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
            "properties": { "publicAccess": "None", "number": self.dice.below(9) } });
        self.set(body)
    }

    fn scope(&mut self) -> String {
        let ids =
            self.ids(|id| id.starts_with("/subscriptions/") && !id.contains("/microsoft.authorization/"));
        self.any(&ids).unwrap()
    }

    fn assignment(&mut self) -> Vec<Change> {
        let scope = self.scope();
        let mut principals = self.objects_of("#microsoft.graph.user");
        principals.extend(self.objects_of("#microsoft.graph.group"));
        let Some(principal) = self.any(&principals) else {
            return Vec::new();
        };
        let mut roles = self.of_type("Microsoft.Authorization/roleDefinitions");
        roles.push(format!(
            "/providers/Microsoft.Authorization/roleDefinitions/{READER}"
        ));
        let role = self.any(&roles).unwrap();
        let name = guid(2, self.next());
        let body = json!({ "id": format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"),
            "name": name, "type": "Microsoft.Authorization/roleAssignments",
            "properties": { "principalId": principal, "roleDefinitionId": role, "scope": scope } });
        self.set(body)
    }

    /// A role of one's own comes, or has another name: that stands on edges of who has it.
    fn role(&mut self) -> Vec<Change> {
        let name = guid(3, self.dice.below(2));
        let id = format!(
            "{}/providers/Microsoft.Authorization/roleDefinitions/{name}",
            subscription(0)
        );
        let body = json!({ "id": id, "name": name, "type": "Microsoft.Authorization/roleDefinitions", "properties": {
            "roleName": format!("Watch {}", self.dice.below(4)), "type": "CustomRole",
            "assignableScopes": [subscription(0)], "permissions": [{ "actions": ["*/read"], "notActions": [] }] } });
        self.set(body)
    }

    fn lock(&mut self) -> Vec<Change> {
        let scope = self.scope();
        let name = format!("l{}", self.dice.below(3));
        let body = json!({ "id": format!("{scope}/providers/Microsoft.Authorization/locks/{name}"), "name": name,
            "type": "Microsoft.Authorization/locks", "properties": { "level": "CanNotDelete" } });
        self.set(body)
    }

    /// Goes, with what lies in it.
    fn delete(&mut self, id: &str) -> Vec<Change> {
        let key = id.to_lowercase();
        let below = format!("{key}/");
        self.rows.retain(|own, _| *own != key && !own.starts_with(&below));
        vec![Change::Delete(id.to_owned())]
    }

    fn delete_one(&mut self, wanted: impl Fn(&str) -> bool) -> Vec<Change> {
        let ids = self.ids(wanted);
        let id = self.any(&ids);
        id.map_or_else(Vec::new, |id| self.delete(&id))
    }

    /// Goes and comes back with another body, at its place or in another group.
    fn recreate(&mut self, elsewhere: bool) -> Vec<Change> {
        let ids = self.ids(is_tracked);
        let Some(id) = self.any(&ids) else {
            return Vec::new();
        };
        let kind = self.rows[&id.to_lowercase()]["type"].as_str().unwrap().to_owned();
        let mut changes = self.delete(&id);
        let name = id.rsplit('/').next().unwrap();
        let groups = self.of_type("Microsoft.Resources/resourceGroups");
        let place = match self.any(&groups) {
            Some(group) if elsewhere => format!("{group}/providers/{kind}/{name}"),
            _ => id.clone(),
        };
        let body = self.body(&kind, &place);
        changes.extend(self.set(body));
        changes
    }

    fn user(&mut self) -> Vec<Change> {
        let name = format!("u{}", self.dice.below(6));
        let id = guid(4, u64::from(name.as_bytes()[1]));
        let mut changes = Vec::new();
        if !self.objects.contains_key(&id) {
            changes = self.leave_lists(&id);
        }
        let body = json!({ "@odata.type": "#microsoft.graph.user", "id": id, "displayName": name,
            "userPrincipalName": format!("{name}@example.com"), "jobTitle": format!("j{}", self.dice.below(3)) });
        changes.extend(self.set(body));
        changes
    }

    /// Who is new is in no list: not in those either that still have whoever had that ID before.
    fn leave_lists(&mut self, id: &str) -> Vec<Change> {
        let mut changes = Vec::new();
        for group in self.objects_of("#microsoft.graph.group") {
            let mut body = self.objects[&group].clone();
            for list in ["members", "owners"] {
                let ids = body[list].as_array_mut().unwrap();
                ids.retain(|own| own != id);
            }
            if body != self.objects[&group] {
                changes.extend(self.set(body));
            }
        }
        changes
    }

    fn directory_group(&mut self) -> Vec<Change> {
        let number = self.dice.below(4);
        let id = guid(5, number);
        let members = self.some_objects();
        let body = json!({ "@odata.type": "#microsoft.graph.group", "id": id, "displayName": format!("g{number}"),
            "securityEnabled": true, "members": members, "owners": [] });
        self.set(body)
    }

    fn some_objects(&mut self) -> Vec<String> {
        let users = self.objects_of("#microsoft.graph.user");
        users.into_iter().filter(|_| self.dice.below(2) == 0).collect()
    }

    fn members(&mut self) -> Vec<Change> {
        let groups = self.objects_of("#microsoft.graph.group");
        let Some(id) = self.any(&groups) else {
            return Vec::new();
        };
        let mut body = self.objects[&id].clone();
        let list = if self.dice.below(3) == 0 {
            "owners"
        } else {
            "members"
        };
        body[list] = self.some_objects().into();
        self.set(body)
    }

    fn principal(&mut self) -> Vec<Change> {
        let number = self.dice.below(2);
        let assigned: Vec<Value> = self
            .some_objects()
            .into_iter()
            .map(|id| {
                json!({ "id": format!("a-{id}"), "principalId": id, "principalType": "User",
                "appRoleId": guid(0, 0), "resourceId": guid(6, number) })
            })
            .collect();
        let body = json!({ "@odata.type": "#microsoft.graph.servicePrincipal", "id": guid(6, number), "appId": guid(7, number),
            "displayName": format!("p{}", self.dice.below(9)), "servicePrincipalType": "Application",
            "appRoleAssignedTo": assigned });
        self.set(body)
    }

    /// No list shows it any more, and no feed tells that of the lists.
    fn object_goes(&mut self, kind: &str) -> Vec<Change> {
        let ids = self.objects_of(kind);
        let Some(id) = self.any(&ids) else {
            return Vec::new();
        };
        self.objects.remove(&id);
        vec![Change::Delete(id)]
    }
}

/// A resource that the list of its subscription shows.
fn is_tracked(id: &str) -> bool {
    TYPES.iter().any(|kind| {
        let within = format!("/providers/{}/", kind.to_lowercase());
        id.split_once(&within)
            .is_some_and(|(_, name)| !name.contains('/'))
    })
}
