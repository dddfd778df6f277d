mod core;
mod hostile;
mod schema;
mod tenants;
mod unchanged;

use std::{collections::BTreeMap, fs, path::Path};

use atg_json::Json;

use super::{azurerm::Place, hcl::tests::terraform, rules::Rule, write};
use crate::{
    plan::{Plan, example},
    writer::{Files, Layout, Written},
};

/// Files in memory, by path.
#[derive(Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, String>);

impl Files for Memory {
    fn file(&mut self, path: &str, content: String) -> atg_sdk::Result<()> {
        for part in path.split('/') {
            assert!(
                !part.is_empty()
                    && !part.starts_with('.')
                    && part
                        .bytes()
                        .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)),
                "{path}"
            );
        }
        assert!(self.0.insert(path.to_owned(), content).is_none(), "{path} twice");
        Ok(())
    }
}

pub(crate) fn written(plan: &Plan, layout: Layout) -> (Memory, Written) {
    let mut files = Memory::default();
    let written = write(plan, layout, &mut files).unwrap();
    assert_eq!(written.blocks.len(), plan.resources.len());
    for (path, content) in &files.0 {
        let parsed: Result<hcl_edit::structure::Body, _> = content.parse();
        parsed.unwrap_or_else(|error| panic!("{path}: {error}\n{content}"));
    }
    (files, written)
}

/// Lets `terraform fmt` look at files, where there is one.
pub(crate) fn check_format(files: &Memory) {
    let Some(mut command) = terraform() else { return };
    let directory = tempfile::tempdir().unwrap();
    put(files, directory.path());
    let output = command
        .args(["fmt", "-check", "-diff", "-recursive"])
        .current_dir(directory.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

/// Holds files against the providers' schemas, where those are.
pub(crate) fn check_schemas(files: &Memory) {
    if let Some(schemas) = schema::schemas() {
        let violations = schemas.violations(files);
        assert!(violations.is_empty(), "{violations:#?}");
    }
}

/// Holds every name in a mapping against the provider's schema, whether or not some test writes it.
pub(in crate::terraform) fn check_mapping(mapping: &super::azurerm::Mapping) {
    let Some(schemas) = schema::schemas() else { return };
    let block = schemas.resource(mapping.block).expect(mapping.block);
    check_rules(block, mapping.body, mapping.block);
    for place in mapping.place {
        let (Place::Name(attribute)
        | Place::ResourceGroup(attribute)
        | Place::ParentName(attribute)
        | Place::Parent(attribute)) = place;
        assert!(
            block.at(&["attributes", attribute]).is_some(),
            "{}.{attribute}",
            mapping.block
        );
    }
    for (_, attribute) in mapping.outputs {
        assert!(
            block.at(&["attributes", attribute]).is_some(),
            "{}.{attribute}",
            mapping.block
        );
    }
    for (_, attribute, _) in mapping.absent {
        assert!(
            block.at(&["attributes", attribute]).is_some(),
            "{}.{attribute}",
            mapping.block
        );
    }
    for link in mapping.links {
        let block = schemas.resource(link.block).expect(link.block);
        for attribute in [link.own, link.other] {
            assert!(
                block.at(&["attributes", attribute]).is_some(),
                "{}.{attribute}",
                link.block
            );
        }
    }
}

/// The same for Entra objects.
pub(in crate::terraform) fn check_entra_mapping(mapping: &super::azuread::Mapping) {
    let Some(schemas) = schema::schemas() else { return };
    let block = schemas.resource(mapping.block).expect(mapping.block);
    check_rules(block, mapping.body, mapping.block);
    for name in mapping.unasked.iter().chain(&mapping.name).chain(&mapping.app_id) {
        let known = block.at(&["attributes", name]).is_some() || block.at(&["block_types", name]).is_some();
        assert!(known, "{}.{name}", mapping.block);
    }
}

fn check_rules(block: &Json, rules: &[(&str, Rule)], place: &str) {
    let attribute = |name: &str| {
        assert!(block.at(&["attributes", name]).is_some(), "{place}.{name}");
    };
    for (_, rule) in rules {
        match rule {
            Rule::To(name, _) | Rule::Needed(name, _) | Rule::Known(name, _) | Rule::ToIf(_, _, name, _) => {
                attribute(name);
            }
            Rule::In(rules) | Rule::Always(rules) => check_rules(block, rules, place),
            Rule::Block(name, rules) | Rule::Blocks(name, rules) | Rule::BlockIf(_, _, name, rules) => {
                let inner = block.at(&["block_types", name, "block"]);
                check_rules(inner.unwrap_or_else(|| panic!("{place}.{name}")), rules, name);
            }
            Rule::Rows(name, _, all) => {
                attribute(name);
                let kind = block
                    .at(&["attributes", name, "type"])
                    .and_then(Json::as_array)
                    .unwrap();
                let members = kind[1].as_array().unwrap()[1].as_object().unwrap();
                let mut known: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
                let mut all = all.to_vec();
                known.sort_unstable();
                all.sort_unstable();
                assert_eq!(known, all, "{place}.{name}");
            }
            Rule::Skip | Rule::Only(_) | Rule::Link => {}
        }
    }
}

pub(crate) fn put(files: &Memory, directory: &Path) {
    for (path, content) in &files.0 {
        let path = directory.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

const LAYOUTS: [Layout; 3] = [Layout::Single, Layout::PerResourceGroup, Layout::Modules];

#[test]
fn the_example_is_written_in_every_layout_and_terraform_finds_nothing_to_format() {
    for layout in LAYOUTS {
        let (files, _) = written(&example::plan(), layout);
        check_format(&files);
        check_schemas(&files);
    }
}

#[test]
fn the_check_finds_what_providers_would_refuse() {
    let Some(schemas) = schema::schemas() else { return };
    let violations = |text: &str| {
        let mut files = Memory::default();
        files.0.insert("main.tf".to_owned(), text.to_owned());
        schemas.violations(&files)
    };
    let group = "resource \"azurerm_resource_group\" \"a\" {\n  name = \"a\"\n  location = \"b\"\n";
    assert_eq!(violations(&format!("{group}}}\n")), Vec::<String>::new());
    for (text, expected) in [
        ("  colour = 1\n", "no attribute colour"),
        ("  tags = [1]\n", "tags is no [\"map\",\"string\"]"),
        ("  tags = { a = true }\n", "tags is no \"string\""),
        ("  managed_by = azurerm_subnet.b.id\n", "refers to nothing"),
        (
            "  managed_by = azurerm_resource_group.a.colour\n",
            "refers to nothing",
        ),
        ("  managed_by = \"x${var.missing}\"\n", "refers to nothing"),
        ("  colour {\n  }\n", "no block colour"),
    ] {
        let found = violations(&format!("{group}{text}}}\n"));
        assert!(found.len() == 1 && found[0].contains(expected), "{text}{found:?}");
    }
    for (text, expected) in [
        (
            "resource \"azurerm_resource_group\" \"a\" {\n  name = \"a\"\n}\n",
            "location is missing",
        ),
        (
            "resource \"azurerm_network_interface\" \"a\" {\n  name = \"a\"\n  location = \"b\"\n  resource_group_name = \"c\"\n  mac_address = \"d\"\n  ip_configuration {\n    name = \"e\"\n    private_ip_address_allocation = \"f\"\n  }\n}\n",
            "mac_address is the provider's to set",
        ),
        ("resource \"azurerm_colour\" \"a\" {\n}\n", "no such type"),
    ] {
        let found = violations(text);
        assert!(found.len() == 1 && found[0].contains(expected), "{text}{found:?}");
    }
}
