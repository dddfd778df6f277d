//! The rows: resources with 800 bytes of properties that refer to three others each.

use std::{
    borrow::Cow,
    fs::File,
    io::{BufWriter, Write as _},
    path::Path,
};

use atg_executor_local::graph::{
    Described, Node, NodeClass, Reference, Said, Source, Standing, Target, Value, node_key,
};
use atg_sdk::azure::TenantId;

/// Whose resources they are.
pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";

const GROUP: usize = 100;

const LOCATIONS: [&str; 3] = ["westeurope", "northeurope", "eastus"];

fn group(number: usize) -> String {
    format!(
        "/subscriptions/aaaaaaaa-0000-4000-8000-{:012}/resourceGroups/group-{}",
        number / 10_000,
        number / GROUP
    )
}

/// The ID of a resource.
pub(crate) fn id(number: usize) -> String {
    format!(
        "{}/providers/Microsoft.Compute/virtualMachines/machine-{number}",
        group(number)
    )
}

/// The three others that it refers to: one near, two anywhere, most of them in batches that come later or came before.
fn others(number: usize, rows: usize) -> [usize; 3] {
    [
        (number + 1) % rows,
        (number * 7919 + 13) % rows,
        (number * 104_729 + 7) % rows,
    ]
}

const PATHS: [&str; 3] = [
    "properties.networkProfile.networkInterfaces[0].id",
    "properties.availabilitySet.id",
    "properties.host.id",
];

fn properties(number: usize, rows: usize, version: u8) -> String {
    let [a, b, c] = others(number, rows).map(id);
    let mut text = format!(
        r#"{{"hardwareProfile":{{"vmSize":"Standard_D{}s_v5"}},"provisioningState":"Succeeded","vmId":"{number:032x}","version":{version},"networkProfile":{{"networkInterfaces":[{{"id":"{a}"}}]}},"availabilitySet":{{"id":"{b}"}},"host":{{"id":"{c}"}},"note":""#,
        number % 8 + 1
    );
    while text.len() < 798 {
        text.push(char::from(
            b'a' + u8::try_from((number + text.len()) % 26).unwrap_or_default(),
        ));
    }
    text.push_str("\"}");
    text
}

/// The rows as a scan describes them; `changed` percent of them in another version.
pub(crate) fn resources(tenant: TenantId, rows: usize, hierarchy: bool, changed: usize) -> Vec<Described> {
    let mut out = Vec::with_capacity(rows + rows / GROUP);
    for number in 0..rows {
        if hierarchy && number % GROUP == 0 {
            out.push(resource_group(tenant, &group(number)));
        }
        out.push(resource(
            tenant,
            number,
            rows,
            hierarchy,
            u8::from(number % 100 < changed),
        ));
    }
    out
}

fn resource_group(tenant: TenantId, id: &str) -> Described {
    let node = Node {
        key: node_key(tenant, id),
        id: id.to_owned(),
        name: last(id),
        class: NodeClass::Hierarchy,
        labels: vec!["ResourceGroup".into()],
        resource_type: None,
        members: Vec::new(),
        properties: None,
        scalars: Vec::new(),
        source: Source::Recorded,
        standing: Standing::Implied,
    };
    Described {
        node,
        references: Vec::new(),
        lists: Vec::new(),
    }
}

fn last(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

fn resource(tenant: TenantId, number: usize, rows: usize, hierarchy: bool, version: u8) -> Described {
    let id = id(number);
    let text = |name: &str, value: &str| (name.to_owned(), Value::from(value));
    let properties = properties(number, rows, version);
    let node = Node {
        key: node_key(tenant, &id),
        name: last(&id),
        class: NodeClass::Resource,
        labels: vec!["Resource".into(), "VirtualMachine".into()],
        resource_type: Some("Microsoft.Compute/virtualMachines".to_owned()),
        members: vec![
            text("location", LOCATIONS[number % LOCATIONS.len()]),
            text("resource_group", &format!("group-{}", number / GROUP)),
            text("tags", r#"{"env":"prod","owner":"team"}"#),
        ],
        scalars: vec![
            text(
                "hardwareProfile.vmSize",
                &format!("Standard_D{}s_v5", number % 8 + 1),
            ),
            text("provisioningState", "Succeeded"),
            text("vmId", &format!("{number:032x}")),
            ("version".to_owned(), Value::Int(version.into())),
        ],
        properties: Some(properties),
        source: Source::Recorded,
        standing: Standing::Own,
        id,
    };
    let mut references: Vec<Reference> = others(number, rows)
        .into_iter()
        .zip(PATHS)
        .map(|(other, path)| Reference {
            from: Target::Itself,
            to: Target::Id(self::id(other)),
            relationship: Cow::Borrowed("REFERENCES"),
            path: path.to_owned(),
            said: Said::Here,
            properties: Vec::new(),
        })
        .collect();
    if hierarchy {
        references.push(Reference {
            from: Target::Id(group(number)),
            to: Target::Itself,
            relationship: Cow::Borrowed("CONTAINS"),
            path: "id".to_owned(),
            said: Said::Here,
            properties: Vec::new(),
        });
    }
    Described {
        node,
        references,
        lists: Vec::new(),
    }
}

/// The same rows as JSON Lines, for others: `id`, `name`, `type`, `location`, `properties`, `refs`.
pub(crate) fn dump(path: &Path, rows: usize) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for number in 0..rows {
        let id = id(number);
        let location = LOCATIONS[number % LOCATIONS.len()];
        let refs = others(number, rows).map(|other| self::id(other).to_lowercase());
        let row = serde_json::json!({
            "id": id.to_lowercase(),
            "name": last(&id),
            "type": "Microsoft.Compute/virtualMachines",
            "location": location,
            "resource_group": format!("group-{}", number / GROUP),
            "properties": properties(number, rows, 0),
            "refs": refs,
        });
        writeln!(file, "{row}")?;
    }
    file.flush()
}
