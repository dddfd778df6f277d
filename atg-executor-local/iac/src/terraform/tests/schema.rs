//! What the providers say of their blocks, and whether what is written fits: a stand-in for `terraform validate` that
//! needs no provider.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fs,
    io::Read as _,
    path::PathBuf,
    sync::OnceLock,
};

use atg_json::Json;
use hcl_edit::{
    expr::{Expression, ObjectKey, TraversalOperator},
    structure::{Block, Body, Structure},
    template::Element,
};

use super::Memory;

/// What all providers' blocks look like.
pub(crate) struct Schemas(HashMap<String, Json>);

/// The providers' schemas, where they are.
pub(crate) fn schemas() -> Option<&'static Schemas> {
    static SCHEMAS: OnceLock<Option<Schemas>> = OnceLock::new();
    SCHEMAS.get_or_init(read).as_ref()
}

/// The folder of shared data, where it is.
pub(super) fn shared() -> Option<PathBuf> {
    let shared = std::env::var_os("ATG_SHARED").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    if !shared.join("data").exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing",
            shared.display()
        );
        return None;
    }
    Some(shared)
}

/// The providers' schemas as they print them, by the providers' names.
pub(super) fn texts() -> Option<Vec<(&'static str, Vec<u8>)>> {
    let folder = shared()?.join("data/schemas");
    let text = |provider| {
        let file = fs::File::open(folder.join(format!("{provider}.json.xz"))).unwrap();
        let mut text = Vec::new();
        lzma_rust2::XzReader::new(file, true)
            .read_to_end(&mut text)
            .unwrap();
        (provider, text)
    };
    Some(["azapi", "azuread", "azurerm"].map(text).into())
}

fn read() -> Option<Schemas> {
    let mut out = HashMap::new();
    for (provider, text) in texts()? {
        let Json::Object(top) = Json::parse(&text).unwrap() else {
            panic!("no object")
        };
        for (name, value) in top {
            let ("provider_schemas", Json::Object(providers)) = (name.as_str(), value) else {
                continue;
            };
            for (_, schema) in providers {
                out.insert(
                    format!("provider {provider}"),
                    schema.at(&["provider", "block"]).unwrap().clone(),
                );
                for (name, resource) in schema.get("resource_schemas").unwrap().as_object().unwrap() {
                    out.insert(name.clone(), resource.get("block").unwrap().clone());
                }
            }
        }
    }
    Some(Schemas(out))
}

/// Arguments that every resource has, whatever its provider says.
const META: [&str; 4] = ["provider", "depends_on", "count", "for_each"];

impl Schemas {
    /// The block of a type of resource.
    pub(crate) fn resource(&self, kind: &str) -> Option<&Json> {
        self.0.get(kind)
    }

    /// Everything in the files that the providers would refuse, or that refers to what is not there.
    pub(crate) fn violations(&self, files: &Memory) -> Vec<String> {
        let mut out = Vec::new();
        let mut folders: BTreeMap<&str, Vec<Body>> = BTreeMap::new();
        for (path, content) in &files.0 {
            if path.ends_with(".tf") {
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                folders.entry(folder).or_default().push(content.parse().unwrap());
            }
        }
        for (folder, bodies) in &folders {
            let names = Names::of(bodies);
            for body in bodies {
                for structure in body {
                    let Structure::Block(block) = structure else {
                        out.push(format!("{folder}: an attribute outside of a block"));
                        continue;
                    };
                    self.check_top(block, &names, &folders, &mut out);
                }
            }
        }
        out
    }

    fn check_top(
        &self,
        block: &Block,
        names: &Names,
        folders: &BTreeMap<&str, Vec<Body>>,
        out: &mut Vec<String>,
    ) {
        let labels: Vec<&str> = block
            .labels
            .iter()
            .map(hcl_edit::structure::BlockLabel::as_str)
            .collect();
        let place = format!("{} {}", block.ident.as_str(), labels.join("."));
        match block.ident.as_str() {
            "resource" => match self.resource(labels[0]) {
                Some(schema) => check_block(schema, &block.body, true, &place, out),
                None => out.push(format!("{place}: no such type")),
            },
            "provider" => match self.0.get(&format!("provider {}", labels[0])) {
                Some(schema) => {
                    let mut body = block.body.clone();
                    body.remove_attribute("alias");
                    check_block(schema, &body, false, &place, out);
                }
                None => out.push(format!("{place}: no such provider")),
            },
            "module" => {
                let given: BTreeSet<&str> = block
                    .body
                    .attributes()
                    .map(|attribute| attribute.key.as_str())
                    .filter(|key| !["source", "providers"].contains(key))
                    .collect();
                let folder = format!("modules/{}", labels[0]);
                let wanted = folders.get(folder.as_str()).map(|bodies| Names::of(bodies));
                let wanted = wanted.unwrap_or_default();
                if given != wanted.variables.iter().map(String::as_str).collect() {
                    out.push(format!(
                        "{place}: is given {given:?} and takes {:?}",
                        wanted.variables
                    ));
                }
            }
            "terraform" | "variable" | "output" | "import" => {}
            _ => out.push(format!("{place}: no such block")),
        }
        // `type = string` is no reference.
        if block.ident.as_str() != "variable" {
            self.check_references(&block.body, names, folders, &place, out);
        }
    }

    fn check_references(
        &self,
        body: &Body,
        names: &Names,
        folders: &BTreeMap<&str, Vec<Body>>,
        place: &str,
        out: &mut Vec<String>,
    ) {
        let mut found = Vec::new();
        gather_body(body, &mut found);
        for reference in found {
            let words: Vec<&str> = reference.iter().map(String::as_str).collect();
            let fine = match words.as_slice() {
                ["var", name, ..] => names.variables.contains(*name),
                ["module", module, rest @ ..] => {
                    let folder = format!("modules/{module}");
                    folders.get(folder.as_str()).is_some_and(|bodies| {
                        let inner = Names::of(bodies);
                        match rest {
                            // From an import block: an address in the module.
                            [kind, name] => inner
                                .resources
                                .contains(&((*kind).to_owned(), (*name).to_owned())),
                            [output] => inner.outputs.contains(*output),
                            _ => false,
                        }
                    })
                }
                ["azurerm", alias] => names.aliases.contains(*alias),
                [kind, name, rest @ ..] => {
                    names
                        .resources
                        .contains(&((*kind).to_owned(), (*name).to_owned()))
                        && rest.first().is_none_or(|attribute| {
                            self.resource(kind).is_some_and(|schema| {
                                schema.at(&["attributes", attribute]).is_some()
                                    || schema.at(&["block_types", attribute]).is_some()
                            })
                        })
                }
                _ => false,
            };
            if !fine {
                out.push(format!("{place}: {} refers to nothing", words.join(".")));
            }
        }
    }
}

/// What can be referred to within one folder.
#[derive(Default)]
struct Names {
    resources: BTreeSet<(String, String)>,
    variables: BTreeSet<String>,
    outputs: BTreeSet<String>,
    aliases: BTreeSet<String>,
}

impl Names {
    fn of(bodies: &[Body]) -> Self {
        let mut out = Self::default();
        for block in bodies.iter().flat_map(Body::blocks) {
            let label = |index: usize| block.labels[index].as_str().to_owned();
            let fresh = match block.ident.as_str() {
                "resource" => out.resources.insert((label(0), label(1))),
                "variable" => out.variables.insert(label(0)),
                "output" => out.outputs.insert(label(0)),
                "provider" => match block.body.get_attribute("alias").map(|alias| &alias.value) {
                    Some(Expression::String(alias)) => out.aliases.insert(alias.as_str().to_owned()),
                    _ => true,
                },
                _ => true,
            };
            assert!(fresh, "{} {} twice", block.ident.as_str(), label(0));
        }
        out
    }
}

fn check_block(schema: &Json, body: &Body, meta: bool, place: &str, out: &mut Vec<String>) {
    let empty = Json::Object(Vec::new());
    let attributes = schema.get("attributes").unwrap_or(&empty);
    let blocks = schema.get("block_types").unwrap_or(&empty);
    let flag = |json: &Json, name: &str| json.get(name).and_then(Json::as_bool) == Some(true);
    let mut seen = BTreeSet::new();
    for attribute in body.attributes() {
        let name = attribute.key.as_str();
        if !seen.insert(name) {
            out.push(format!("{place}: {name} twice"));
        }
        if meta && META.contains(&name) {
            continue;
        }
        match attributes.get(name) {
            None => out.push(format!("{place}: no attribute {name}")),
            Some(known) if !flag(known, "required") && !flag(known, "optional") => {
                out.push(format!("{place}: {name} is the provider's to set"));
            }
            Some(known) => {
                if let Some(kind) = known.get("type") {
                    check_type(kind, &attribute.value, &format!("{place}: {name}"), out);
                }
            }
        }
    }
    for (name, known) in attributes.as_object().unwrap_or_default() {
        if flag(known, "required") && !seen.contains(name.as_str()) {
            out.push(format!("{place}: {name} is missing"));
        }
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for block in body.blocks() {
        let name = block.ident.as_str();
        *counts.entry(name).or_default() += 1;
        match blocks.get(name) {
            None if meta && name == "lifecycle" => {
                let mut ignored = Vec::new();
                gather_body(&block.body, &mut ignored);
                for word in ignored.into_iter().filter_map(|words| words.into_iter().next()) {
                    if attributes.get(&word).is_none() && blocks.get(&word).is_none() {
                        out.push(format!("{place}: ignores {word}, which is not there"));
                    }
                }
            }
            None => out.push(format!("{place}: no block {name}")),
            Some(known) => check_block(
                known.get("block").unwrap_or(&empty),
                &block.body,
                false,
                &format!("{place}: {name}"),
                out,
            ),
        }
    }
    for (name, known) in blocks.as_object().unwrap_or_default() {
        let count = counts.get(name.as_str()).copied().unwrap_or(0);
        let limit = |limit: &str| match known.get(limit) {
            Some(Json::Number(digits)) => digits.parse::<usize>().ok(),
            _ => None,
        };
        if limit("min_items").is_some_and(|least| count < least) {
            out.push(format!("{place}: too few {name}"));
        }
        if limit("max_items").is_some_and(|most| count > most) {
            out.push(format!("{place}: too many {name}"));
        }
        if known.get("nesting_mode").and_then(Json::as_str) == Some("single") && count > 1 {
            out.push(format!("{place}: too many {name}"));
        }
    }
}

fn check_type(kind: &Json, value: &Expression, place: &str, out: &mut Vec<String>) {
    let mut refuse = || out.push(format!("{place} is no {kind}"));
    let mut plain = |wanted: &str| {
        if ![wanted, "dynamic"].contains(&kind.as_str().unwrap_or_default()) {
            refuse();
        }
    };
    match value {
        Expression::Null(_) => {}
        Expression::Bool(_) => plain("bool"),
        Expression::Number(_) | Expression::UnaryOp(_) => plain("number"),
        Expression::String(_) | Expression::StringTemplate(_) => plain("string"),
        Expression::Array(items) => match (kind.as_str(), kind.as_array()) {
            (Some("dynamic"), _) => {}
            (_, Some([outer, inner])) if matches!(outer.as_str(), Some("list" | "set")) => {
                for item in items {
                    check_type(inner, item, place, out);
                }
            }
            _ => refuse(),
        },
        Expression::Object(members) => match (kind.as_str(), kind.as_array()) {
            (Some("dynamic"), _) => {}
            (_, Some([outer, inner])) if outer.as_str() == Some("map") => {
                for (_, value) in members {
                    check_type(inner, value.expr(), place, out);
                }
            }
            (_, Some([outer, inner])) if outer.as_str() == Some("object") => {
                let given: BTreeMap<&str, &Expression> = members
                    .iter()
                    .map(|(key, value)| match key {
                        ObjectKey::Ident(name) => (name.as_str(), value.expr()),
                        ObjectKey::Expression(_) => ("", value.expr()),
                    })
                    .collect();
                let wanted = inner.as_object().unwrap_or_default();
                if wanted.len() != given.len() {
                    out.push(format!("{place} has other members than {inner}"));
                }
                for (name, kind) in wanted {
                    match given.get(name.as_str()) {
                        Some(value) => check_type(kind, value, &format!("{place}.{name}"), out),
                        None => out.push(format!("{place} lacks {name}")),
                    }
                }
            }
            _ => refuse(),
        },
        // Whatever it evaluates to, it is made to fit or refused by a provider that is not here.
        _ => {}
    }
}

fn gather_body(body: &Body, out: &mut Vec<Vec<String>>) {
    for structure in body {
        match structure {
            Structure::Attribute(attribute) => gather(&attribute.value, out),
            // What stands there are names of attributes.
            Structure::Block(block) if block.ident.as_str() == "lifecycle" => {}
            Structure::Block(block) => gather_body(&block.body, out),
        }
    }
}

fn gather(value: &Expression, out: &mut Vec<Vec<String>>) {
    match value {
        Expression::Array(items) => items.iter().for_each(|item| gather(item, out)),
        Expression::Object(members) => {
            for (key, value) in members {
                if let ObjectKey::Expression(Expression::Parenthesis(key)) = key {
                    gather(key.inner(), out);
                }
                gather(value.expr(), out);
            }
        }
        Expression::StringTemplate(template) => {
            for element in template {
                if let Element::Interpolation(value) = element {
                    gather(&value.expr, out);
                }
            }
        }
        Expression::BinaryOp(operation) => {
            gather(&operation.lhs_expr, out);
            gather(&operation.rhs_expr, out);
        }
        Expression::FuncCall(call) => call.args.iter().for_each(|argument| gather(argument, out)),
        Expression::Conditional(branches) => {
            gather(&branches.cond_expr, out);
            gather(&branches.true_expr, out);
            gather(&branches.false_expr, out);
        }
        Expression::Traversal(traversal) => {
            let mut words = Vec::new();
            if let Expression::Variable(root) = &traversal.expr {
                words.push(root.as_str().to_owned());
            }
            for operator in &traversal.operators {
                match operator.value() {
                    TraversalOperator::GetAttr(name) => words.push(name.as_str().to_owned()),
                    TraversalOperator::Index(Expression::String(name)) => {
                        words.push(name.as_str().to_owned());
                    }
                    _ => {}
                }
            }
            out.push(words);
        }
        Expression::Variable(name) => out.push(vec![name.as_str().to_owned()]),
        _ => {}
    }
}
