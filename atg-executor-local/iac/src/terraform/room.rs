//! Which file or module each resource stands in.

use std::collections::{HashMap, HashSet};

use crate::{
    plan::{Plan, Resource, Scope, Target},
    writer::Layout,
};

/// The position of a room in [`Rooms::rooms`].
pub(super) type RoomKey = usize;

/// The room of all that lies in no resource group, and of everything in [`Layout::Single`].
pub(super) const ROOT: RoomKey = 0;

/// A file with resources, or a module.
#[derive(Debug)]
pub(super) struct Room {
    /// The name of its file without the ending, or of its module and its directory.
    pub(super) name: String,
    /// The resource group; `None` for the root.
    group: Option<Target>,
}

/// The rooms and who stands where.
#[derive(Debug)]
pub(super) struct Rooms {
    pub(super) rooms: Vec<Room>,
    /// By resource.
    of: Vec<RoomKey>,
}

/// Names of files that mean something else, with or without case: those written anyway, those that Terraform merges into
/// others, and those that are devices on Windows.
const RESERVED: [&str; 15] = [
    "main",
    "versions",
    "providers",
    "variables",
    "imports",
    "outputs",
    "override",
    "terraform",
    "con",
    "prn",
    "aux",
    "nul",
    "modules",
    "root",
    "locals",
];

impl Rooms {
    pub(super) fn new(plan: &Plan, layout: Layout) -> Self {
        let mut out = Self {
            rooms: vec![Room {
                name: "main".to_owned(),
                group: None,
            }],
            of: Vec::with_capacity(plan.resources.len()),
        };
        let mut by_group: HashMap<Target, RoomKey> = HashMap::new();
        let mut names: HashSet<String> = HashSet::new();
        for (key, resource) in plan.keyed() {
            let group = match layout {
                Layout::Single => None,
                Layout::PerResourceGroup | Layout::Modules => group_of(Target::Resource(key), resource),
            };
            let room = group.map_or(ROOT, |group| {
                *by_group.entry(group).or_insert_with(|| {
                    let name = file_name(plan.symbol(group).as_str(), &mut names);
                    out.rooms.push(Room {
                        name,
                        group: Some(group),
                    });
                    out.rooms.len() - 1
                })
            });
            out.of.push(room);
        }
        out
    }

    pub(super) fn of(&self, resource: usize) -> RoomKey {
        self.of[resource]
    }

    /// The subscription that a module's resources lie in; the root has none of its own.
    pub(super) fn group(&self, room: RoomKey) -> Option<Target> {
        self.rooms[room].group
    }
}

fn group_of(own: Target, resource: &Resource) -> Option<Target> {
    match resource.scope {
        Scope::ResourceGroup(group) => Some(group),
        // The group itself lives with what is in it.
        Scope::Subscription(_) if is_group(resource) => Some(own),
        Scope::Tenant | Scope::ManagementGroup(_) | Scope::Subscription(_) => None,
    }
}

pub(super) fn is_group(resource: &Resource) -> bool {
    resource.resource_type().is_some_and(|kind| {
        kind.as_str()
            .eq_ignore_ascii_case("Microsoft.Resources/resourceGroups")
    })
}

/// A symbol is letters, digits and `_` already; some of them are taken all the same.
fn file_name(symbol: &str, names: &mut HashSet<String>) -> String {
    let device = symbol.strip_prefix("com").or_else(|| symbol.strip_prefix("lpt"));
    let taken = RESERVED.contains(&symbol)
        || symbol.ends_with("_override")
        || device.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    let base = if taken {
        format!("{symbol}_group")
    } else {
        symbol.to_owned()
    };
    let mut name = base.clone();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{base}_{number}");
        number += 1;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_group_takes_the_name_of_a_file_that_means_something_else() {
        let mut names = HashSet::new();
        for (symbol, expected) in [
            ("rg_net", "rg_net"),
            ("main", "main_group"),
            ("main_group", "main_group_2"),
            ("providers", "providers_group"),
            ("web_override", "web_override_group"),
            ("nul", "nul_group"),
            ("com1", "com1_group"),
            ("lpt9", "lpt9_group"),
            ("com10", "com10"),
            ("community", "community"),
        ] {
            assert_eq!(file_name(symbol, &mut names), expected);
        }
    }
}
