//! Parses Bicep with a grammar that nobody here wrote, and evaluates it as Bicep and Azure would.

use std::{cell::RefCell, collections::BTreeMap};

use atg_json::Json;
use tree_sitter::{Node, Parser, Tree};

use super::{Made, answer, not_given, string};
use crate::{deployment::Deployment, plan::Plan};

#[derive(Debug, Clone, Default)]
struct Place {
    tenant: String,
    subscription: Option<String>,
    group: Option<String>,
    management_group: Option<String>,
}

impl Place {
    fn subscription_id(&self) -> String {
        format!(
            "/subscriptions/{}",
            self.subscription.as_deref().expect("in no subscription")
        )
    }

    fn id(&self) -> String {
        match (&self.group, &self.subscription, &self.management_group) {
            (Some(group), _, _) => format!("{}/resourceGroups/{group}", self.subscription_id()),
            (None, Some(_), _) => self.subscription_id(),
            (None, None, Some(name)) => format!("/providers/Microsoft.Management/managementGroups/{name}"),
            (None, None, None) => String::new(),
        }
    }

    fn kind(&self) -> &'static str {
        match (&self.group, &self.subscription, &self.management_group) {
            (Some(_), _, _) => "resourceGroup",
            (None, Some(_), _) => "subscription",
            (None, None, Some(_)) => "managementGroup",
            (None, None, None) => "tenant",
        }
    }
}

/// Parses a file, and fails where the grammar finds an error in it.
pub(super) fn parse(path: &str, text: &str) -> Tree {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bicep::LANGUAGE.into()).unwrap();
    let tree = parser.parse(text, None).unwrap();
    assert!(
        !tree.root_node().has_error(),
        "{path} is no Bicep: {}",
        error(tree.root_node(), text)
    );
    tree
}

fn error(node: Node<'_>, text: &str) -> String {
    if node.is_error() || node.is_missing() {
        let start = node.start_byte().saturating_sub(200);
        let start = (0..=start).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        return text[start..].chars().take(400).collect();
    }
    let mut cursor = node.walk();
    node.children(&mut cursor)
        .find(Node::has_error)
        .map_or_else(String::new, |child| error(child, text))
}

/// The resources that the files would make.
pub(super) fn evaluate(plan: &Plan, files: &BTreeMap<String, String>) -> Vec<Made> {
    let files: BTreeMap<&str, (&str, Tree)> = files
        .iter()
        .map(|(path, text)| {
            let tree = if path.ends_with(".bicepparam") {
                parse_parameters(path, text)
            } else {
                parse(path, text)
            };
            (path.as_str(), (text.as_str(), tree))
        })
        .collect();
    let deployment = Deployment::of(plan);
    let subscription = deployment
        .subscription(deployment.root().scope)
        .map(|key| plan.external(key).id.rsplit('/').next().unwrap().to_owned());
    let place = Place {
        tenant: plan.tenant.to_string(),
        subscription,
        ..Place::default()
    };
    let made = RefCell::new(Vec::new());
    let (text, tree) = &files["main.bicep"];
    let root = Template::new(text, tree.root_node(), place, &files, &made);
    let given = given(&files["main.bicepparam"], &root);
    Template {
        parameters: root.declared(&given),
        ..root
    }
    .run();
    made.into_inner()
}

/// Parameter files are Bicep without the first line, once each `param x = v` is a variable.
fn parse_parameters(path: &str, text: &str) -> Tree {
    parse(
        path,
        &text
            .replacen("using './main.bicep'", "//ing './main.bicep'", 1)
            .replace("\nparam ", "\nvar   "),
    )
}

fn given((text, tree): &(&str, Tree), root: &Template<'_>) -> BTreeMap<String, Json> {
    let mut cursor = tree.root_node().walk();
    let template = Template { text, ..root.clone() };
    tree.root_node()
        .named_children(&mut cursor)
        .filter(|node| node.kind() == "variable_declaration")
        .map(|node| {
            let name = template.raw(node.named_child(0).unwrap()).to_owned();
            let value = template.value(node.named_child(1).unwrap());
            (name, value.known())
        })
        .collect()
}

#[derive(Debug, Clone)]
enum Value {
    Known(Json),
    Asked {
        id: String,
        path: Vec<String>,
    },
    /// A place to deploy to.
    Place(Place),
}

impl Value {
    fn known(self) -> Json {
        match self {
            Self::Known(json) => json,
            Self::Asked { id, path } => match &path[..] {
                [only] if only == "id" => string(id),
                [only] if only == "name" => string(id.rsplit('/').next().unwrap()),
                _ => string(answer(&id, &path)),
            },
            Self::Place(place) => panic!("{place:?} is no value"),
        }
    }

    fn text(self) -> String {
        match self.known() {
            Json::String(text) => text,
            other => panic!("{other} is no text"),
        }
    }
}

#[derive(Debug, Clone)]
struct Template<'t> {
    text: &'t str,
    place: Place,
    parameters: BTreeMap<String, Json>,
    declarations: BTreeMap<String, Node<'t>>,
    outputs: Vec<(String, Node<'t>)>,
    files: &'t BTreeMap<&'t str, (&'t str, Tree)>,
    made: &'t RefCell<Vec<Made>>,
    modules: RefCell<BTreeMap<String, Json>>,
}

impl<'t> Template<'t> {
    fn new(
        text: &'t str,
        root: Node<'t>,
        place: Place,
        files: &'t BTreeMap<&'t str, (&'t str, Tree)>,
        made: &'t RefCell<Vec<Made>>,
    ) -> Self {
        let mut out = Self {
            text,
            place,
            parameters: BTreeMap::new(),
            declarations: BTreeMap::new(),
            outputs: Vec::new(),
            files,
            made,
            modules: RefCell::new(BTreeMap::new()),
        };
        let mut cursor = root.walk();
        for node in root.named_children(&mut cursor) {
            match node.kind() {
                "target_scope_assignment" => {
                    let scope = out.value(node.named_child(0).unwrap()).text();
                    assert_eq!(scope, out.place.kind());
                }
                "decorators" | "comment" => {}
                "output_declaration" => {
                    let name = out.raw(node.named_child(0).unwrap()).to_owned();
                    out.outputs.push((name, last(node)));
                }
                "parameter_declaration" | "resource_declaration" | "module_declaration" => {
                    let name = out.raw(node.named_child(0).unwrap()).to_owned();
                    assert!(
                        out.declarations.insert(name.clone(), node).is_none(),
                        "{name} is declared twice"
                    );
                }
                other => panic!("a {other} is not expected"),
            }
        }
        out
    }

    /// The values of all parameters. Whatever is given must be declared.
    fn declared(&self, given: &BTreeMap<String, Json>) -> BTreeMap<String, Json> {
        let mut left = given.clone();
        let mut out = BTreeMap::new();
        for (name, node) in self
            .declarations
            .iter()
            .filter(|(_, node)| node.kind() == "parameter_declaration")
        {
            let default = node.named_child(2).map(|node| self.value(node).known());
            let value = left
                .remove(name)
                .or(default)
                .unwrap_or_else(|| panic!("{name} is not given"));
            out.insert(name.clone(), value);
        }
        assert!(left.is_empty(), "given and not taken: {left:?}");
        out
    }

    fn run(&self) -> Json {
        for (name, node) in &self.declarations {
            match node.kind() {
                "resource_declaration" if !self.is_existing(*node) => self.resource(name, *node),
                "module_declaration" => {
                    self.module(name);
                }
                _ => {}
            }
        }
        Json::Object(
            self.outputs
                .iter()
                .map(|(name, node)| (name.clone(), self.value(*node).known()))
                .collect(),
        )
    }

    fn raw(&self, node: Node<'_>) -> &'t str {
        &self.text[node.byte_range()]
    }

    fn is_existing(&self, node: Node<'_>) -> bool {
        let mut cursor = node.walk();
        node.children(&mut cursor).any(|child| child.kind() == "existing")
    }

    /// The members of the object at the end of a declaration.
    fn members(&self, node: Node<'t>) -> Vec<(String, Node<'t>)> {
        let object = last(node);
        assert_eq!(object.kind(), "object");
        self.object(object)
    }

    fn object(&self, object: Node<'t>) -> Vec<(String, Node<'t>)> {
        let mut cursor = object.walk();
        let mut out: Vec<(String, Node<'t>)> = Vec::new();
        for property in object
            .named_children(&mut cursor)
            .filter(|node| node.kind() != "comment")
        {
            assert_eq!(property.kind(), "object_property");
            let key = property.named_child(0).unwrap();
            let name = match key.kind() {
                "identifier" => self.raw(key).to_owned(),
                _ => self.value(key).text(),
            };
            out.push((name, property.named_child(1).unwrap()));
        }
        out
    }

    /// The type, the version and the ID that a resource has or gets.
    fn identify(&self, node: Node<'t>) -> (String, String, String) {
        let spelled = self.value(node.named_child(1).unwrap()).text();
        let (resource_type, version) = spelled.rsplit_once('@').unwrap();
        let members: BTreeMap<_, _> = self.members(node).into_iter().collect();
        let name = self.value(members["name"]).text();
        let names: Vec<&str> = name.split('/').collect();
        let id = if let Some(parent) = members.get("parent") {
            let (parent_type, _, parent_id) = self.identify(self.declarations[self.raw(*parent)]);
            let (head, last) = resource_type.rsplit_once('/').unwrap();
            assert!(
                head.eq_ignore_ascii_case(&parent_type),
                "{resource_type} below {parent_type}"
            );
            format!("{parent_id}/{last}/{name}")
        } else {
            let scope = match members.get("scope") {
                None => self.place.id(),
                Some(scope) => match self.value(*scope) {
                    Value::Place(place) => place.id(),
                    Value::Asked { id, path } if path.is_empty() => id,
                    other => panic!("{other:?} is no scope"),
                },
            };
            below(&scope, resource_type, &names)
        };
        (resource_type.to_owned(), version.to_owned(), id)
    }

    fn resource(&self, symbol: &str, node: Node<'t>) {
        let (resource_type, api_version, id) = self.identify(node);
        let mut body = Vec::new();
        for (name, value) in self.members(node) {
            match name.as_str() {
                "name" | "parent" | "scope" => {}
                "dependsOn" => self.wait(symbol, value),
                _ => body.push((name, self.value(value).known())),
            }
        }
        let again = self
            .made
            .borrow()
            .iter()
            .any(|other| other.id.eq_ignore_ascii_case(&id));
        self.made.borrow_mut().push(Made {
            id,
            resource_type,
            api_version,
            body,
            again,
        });
    }

    fn wait(&self, symbol: &str, list: Node<'t>) {
        let mut cursor = list.walk();
        for item in list.named_children(&mut cursor) {
            let name = self.raw(item);
            let other = self
                .declarations
                .get(name)
                .unwrap_or_else(|| panic!("{symbol} waits for {name}"));
            if other.kind() == "module_declaration" {
                self.module(name);
            }
        }
    }

    /// Runs a module, once, and gives its outputs.
    fn module(&self, name: &str) -> Json {
        if let Some(done) = self.modules.borrow().get(name) {
            return done.clone();
        }
        let node = self.declarations[name];
        let path = self.value(node.named_child(1).unwrap()).text();
        let members: BTreeMap<_, _> = self.members(node).into_iter().collect();
        if let Some(list) = members.get("dependsOn") {
            self.wait(name, *list);
        }
        let place = match members.get("scope").map(|scope| self.value(*scope)) {
            None => self.place.clone(),
            Some(Value::Place(place)) => place,
            Some(Value::Asked { id, path }) if path.is_empty() => Place {
                group: Some(id.rsplit_once("/resourceGroups/").unwrap().1.to_owned()),
                ..self.place.clone()
            },
            Some(other) => panic!("{other:?} is no scope"),
        };
        let given: BTreeMap<String, Json> = members.get("params").map_or_else(BTreeMap::new, |params| {
            self.object(*params)
                .into_iter()
                .map(|(name, value)| (name, self.value(value).known()))
                .collect()
        });
        let (text, tree) = &self.files[path.as_str()];
        let module = Template::new(text, tree.root_node(), place, self.files, self.made);
        let outputs = Template {
            parameters: module.declared(&given),
            ..module
        }
        .run();
        self.modules.borrow_mut().insert(name.to_owned(), outputs.clone());
        outputs
    }

    fn value(&self, node: Node<'t>) -> Value {
        Value::Known(match node.kind() {
            "string" => string(self.string(node)),
            "number" => Json::Number(self.raw(node).into()),
            "boolean" => Json::Bool(self.raw(node) == "true"),
            "null" => Json::Null,
            "array" => {
                let mut cursor = node.walk();
                Json::Array(
                    node.named_children(&mut cursor)
                        .map(|item| self.value(item).known())
                        .collect(),
                )
            }
            "object" => Json::Object(
                self.object(node)
                    .into_iter()
                    .map(|(name, value)| (name, self.value(value).known()))
                    .collect(),
            ),
            "identifier" => return self.symbol(self.raw(node)),
            "parenthesized_expression" => return self.value(node.named_child(0).unwrap()),
            "member_expression" => {
                let name = self.raw(node.child_by_field_name("property").unwrap()).to_owned();
                return self.of(node.child_by_field_name("object").unwrap(), name);
            }
            "subscript_expression" => {
                let name = self.value(node.child_by_field_name("index").unwrap()).text();
                return self.of(node.child_by_field_name("object").unwrap(), name);
            }
            "call_expression" => return self.call(node),
            other => panic!("a {other} is not expected: {}", self.raw(node)),
        })
    }

    fn symbol(&self, name: &str) -> Value {
        let node = self
            .declarations
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not declared"));
        match node.kind() {
            "parameter_declaration" => Value::Known(self.parameters[name].clone()),
            "resource_declaration" => Value::Asked {
                id: self.identify(*node).2,
                path: Vec::new(),
            },
            _ => Value::Known(Json::Object(vec![("outputs".to_owned(), self.module(name))])),
        }
    }

    fn of(&self, object: Node<'t>, name: String) -> Value {
        match self.value(object) {
            Value::Known(json) => Value::Known(super::member(&json, &name).clone()),
            Value::Asked { id, mut path } => {
                path.push(name);
                Value::Asked { id, path }
            }
            Value::Place(place) => Value::Known(string(match (name.as_str(), place.kind()) {
                ("id", _) => place.id(),
                ("tenantId", "tenant") => place.tenant,
                ("subscriptionId", "subscription") => place.subscription.unwrap(),
                ("name", "resourceGroup") => place.group.unwrap(),
                other => panic!("{other:?} is not known"),
            })),
        }
    }

    fn call(&self, node: Node<'t>) -> Value {
        let function = self.raw(node.child_by_field_name("function").unwrap());
        let list = node.child_by_field_name("arguments").unwrap();
        let mut cursor = list.walk();
        let arguments: Vec<String> = list
            .named_children(&mut cursor)
            .map(|node| self.value(node).text())
            .collect();
        let own = self.place.clone();
        Value::Place(match (function, &arguments[..]) {
            ("json", [json]) => {
                return Value::Known(if json.starts_with('«') {
                    string(json.as_str())
                } else {
                    Json::parse(json.as_bytes()).unwrap()
                });
            }
            ("readEnvironmentVariable", [name]) => {
                return Value::Known(string(not_given(&name.to_lowercase())));
            }
            ("tenant", []) => Place {
                tenant: own.tenant,
                ..Place::default()
            },
            ("subscription", []) => Place { group: None, ..own },
            ("subscription", [guid]) => Place {
                group: None,
                subscription: Some(guid.clone()),
                ..own
            },
            ("resourceGroup", []) => own,
            ("resourceGroup", [name]) => Place {
                group: Some(name.clone()),
                ..own
            },
            ("resourceGroup", [guid, name]) => Place {
                group: Some(name.clone()),
                subscription: Some(guid.clone()),
                ..own
            },
            ("managementGroup", [name]) => Place {
                tenant: own.tenant,
                management_group: Some(name.clone()),
                ..Place::default()
            },
            other => panic!("{other:?} is not known"),
        })
    }

    fn string(&self, node: Node<'t>) -> String {
        let mut out = String::new();
        let mut at = node.start_byte() + 1;
        let mut cursor = node.walk();
        for part in node.named_children(&mut cursor) {
            match part.kind() {
                // The grammar takes `\$` for content, so escapes are read here.
                "string_content" | "escape_sequence" => {}
                "interpolation" => {
                    unescape(&self.text[at..part.start_byte()], &mut out);
                    at = part.end_byte();
                    out.push_str(&self.value(part.named_child(0).unwrap()).text());
                }
                other => panic!("a {other} in a string"),
            }
        }
        unescape(&self.text[at..node.end_byte() - 1], &mut out);
        out
    }
}

/// The last part of a declaration: its value.
fn last(node: Node<'_>) -> Node<'_> {
    let mut cursor = node.walk();
    node.named_children(&mut cursor).last().unwrap()
}

fn unescape(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let mut length = at + 2;
        out.push(match rest.as_bytes()[at + 1] {
            b'\\' => '\\',
            b'\'' => '\'',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'$' => '$',
            b'u' => {
                let end = rest[at..].find('}').unwrap();
                length = at + end + 1;
                char::from_u32(u32::from_str_radix(&rest[at + 3..at + end], 16).unwrap()).unwrap()
            }
            other => panic!("\\{} is no escape", char::from(other)),
        });
        rest = &rest[length..];
    }
    out.push_str(rest);
}

fn below(scope: &str, resource_type: &str, names: &[&str]) -> String {
    if resource_type == "Microsoft.Resources/resourceGroups" {
        return format!("{scope}/resourceGroups/{}", names[0]);
    }
    let (provider, types) = resource_type.split_once('/').unwrap();
    let types: Vec<_> = types.split('/').collect();
    assert_eq!(types.len(), names.len(), "{resource_type} {names:?}");
    let mut id = format!("{scope}/providers/{provider}");
    for (kind, name) in types.iter().zip(names) {
        id.push_str(&format!("/{kind}/{name}"));
    }
    id
}
