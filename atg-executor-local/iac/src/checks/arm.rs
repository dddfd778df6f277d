//! Evaluates a template as Azure would.

use std::collections::{BTreeMap, BTreeSet};

use atg_json::Json;

use super::{Made, answer, member, not_given, string, text};
use crate::{deployment::Deployment, plan::Plan};

/// Where a template is deployed to.
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

    fn group_id(&self) -> String {
        let group = self.group.as_deref().expect("in no resource group");
        format!("{}/resourceGroups/{group}", self.subscription_id())
    }

    /// The ID of the scope, to be put before `/providers/`.
    fn id(&self) -> String {
        if self.group.is_some() {
            self.group_id()
        } else if self.subscription.is_some() {
            self.subscription_id()
        } else if let Some(name) = &self.management_group {
            format!("/providers/Microsoft.Management/managementGroups/{name}")
        } else {
            String::new()
        }
    }
}

/// The resources that the files would make, in an order that `dependsOn` allows.
pub(super) fn evaluate(plan: &Plan, template: &str, parameters: &str) -> Vec<Made> {
    let template = Json::parse(template.as_bytes()).unwrap();
    let given = Json::parse(parameters.as_bytes()).unwrap();
    let given = member(&given, "parameters");
    let mut values = BTreeMap::new();
    if let Some(declared) = template.get("parameters") {
        for (name, declaration) in declared.as_object().unwrap() {
            let value = match (given.get(name), declaration.get("defaultValue")) {
                (Some(given), default) => {
                    let mut given = member(given, "value").clone();
                    if let Json::Object(members) = &mut given {
                        let empty = members.iter_mut().filter(|(_, value)| *value == string(""));
                        empty.for_each(|(name, value)| *value = string(not_given(name)));
                    }
                    if let Some(Json::String(default)) = default {
                        assert_eq!(Json::String(unescape(default).to_owned()), given, "{name}");
                    }
                    given
                }
                (None, Some(Json::String(default))) => string(unescape(default)),
                (None, Some(default)) => default.clone(),
                (None, None) => string(not_given(name)),
            };
            values.insert(name.clone(), value);
        }
    }
    let deployment = Deployment::of(plan);
    let subscription = deployment
        .subscription(deployment.root().scope)
        .map(|key| plan.external(key).id.rsplit('/').next().unwrap().to_owned());
    let place = Place {
        tenant: plan.tenant.to_string(),
        subscription,
        ..Place::default()
    };
    let mut made = Vec::new();
    Template::new(&template, place, values).run(&mut made);
    made
}

/// One template while it is deployed.
struct Template<'t> {
    json: &'t Json,
    place: Place,
    parameters: BTreeMap<String, Json>,
    /// The IDs of resources that are there, by symbol.
    done: BTreeMap<String, String>,
    /// What nested deployments handed out.
    outputs: BTreeMap<String, Json>,
}

/// A value of an expression: known, or something that Azure answers.
#[derive(Debug, Clone)]
enum Value {
    Known(Json),
    Asked { id: String, path: Vec<String> },
}

impl<'t> Template<'t> {
    fn new(json: &'t Json, place: Place, parameters: BTreeMap<String, Json>) -> Self {
        assert_eq!(text(json, "languageVersion"), "2.0");
        Self {
            json,
            place,
            parameters,
            done: BTreeMap::new(),
            outputs: BTreeMap::new(),
        }
    }

    /// Deploys all resources, each when what it depends on is there, and gives the outputs.
    fn run(mut self, made: &mut Vec<Made>) -> Json {
        let resources = member(self.json, "resources").as_object().unwrap();
        let mut waiting: Vec<_> = resources.iter().collect();
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut later = Vec::new();
            for entry in waiting {
                let (symbol, resource) = entry;
                let waits = resource
                    .get("dependsOn")
                    .map_or(&[][..], |list| list.as_array().unwrap());
                let is_ready = waits.iter().all(|wait| {
                    let wait = wait.as_str().unwrap();
                    assert!(
                        resources.iter().any(|(name, _)| name == wait),
                        "{symbol} waits for {wait}, which is not there"
                    );
                    self.done.contains_key(wait)
                });
                if is_ready {
                    self.deploy(symbol, resource, made);
                } else {
                    later.push(entry);
                }
            }
            assert!(
                later.len() < before,
                "{} resources wait for each other",
                later.len()
            );
            waiting = later;
        }
        let mut outputs = Vec::new();
        for (name, output) in self
            .json
            .get("outputs")
            .map_or(&[][..], |outputs| outputs.as_object().unwrap())
        {
            outputs.push((
                name.clone(),
                Json::Object(vec![("value".to_owned(), self.value(member(output, "value")))]),
            ));
        }
        Json::Object(vec![("outputs".to_owned(), Json::Object(outputs))])
    }

    fn deploy(&mut self, symbol: &str, resource: &Json, made: &mut Vec<Made>) {
        let resource_type = self.string(text(resource, "type"));
        let name = self.string(text(resource, "name"));
        if resource_type == "Microsoft.Resources/deployments" {
            let outputs = self.nested(resource, made);
            self.outputs.insert(symbol.to_owned(), outputs);
            self.done.insert(symbol.to_owned(), name);
            return;
        }
        let scope = match resource.get("scope") {
            Some(scope) => self.string(scope.as_str().unwrap()),
            None => self.place.id(),
        };
        let names: Vec<_> = name.split('/').collect();
        let id = resource_id(&scope, &resource_type, &names);
        let body = resource
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| {
                !["type", "apiVersion", "name", "scope", "dependsOn"].contains(&name.as_str())
            })
            .map(|(name, value)| (self.string(name), self.value(value)))
            .collect();
        let again = made.iter().any(|other| other.id.eq_ignore_ascii_case(&id));
        made.push(Made {
            id: id.clone(),
            resource_type,
            api_version: self.string(text(resource, "apiVersion")),
            body,
            again,
        });
        assert!(
            self.done.values().all(|other| !other.eq_ignore_ascii_case(&id)),
            "{id} is twice in one template"
        );
        self.done.insert(symbol.to_owned(), id);
    }

    fn nested(&self, resource: &Json, made: &mut Vec<Made>) -> Json {
        let properties = member(resource, "properties");
        let options = member(properties, "expressionEvaluationOptions");
        assert_eq!(text(options, "scope"), "inner");
        let mut place = self.place.clone();
        if let Some(subscription) = resource.get("subscriptionId") {
            place.subscription = Some(self.string(subscription.as_str().unwrap()));
            place.group = None;
        }
        match resource.get("resourceGroup") {
            Some(group) => {
                place.group = Some(self.string(group.as_str().unwrap()));
                assert_eq!(
                    resource.get("location"),
                    None,
                    "a deployment into a group has no location"
                );
            }
            None => {
                assert!(
                    resource.get("location").is_some(),
                    "a deployment needs a location"
                );
                place.group = None;
            }
        }
        if let Some(scope) = resource.get("scope") {
            let scope = self.string(scope.as_str().unwrap());
            place = Place {
                tenant: place.tenant,
                management_group: scope
                    .strip_prefix("Microsoft.Management/managementGroups/")
                    .map(str::to_owned),
                ..Place::default()
            };
        }
        let template = member(properties, "template");
        let mut parameters = BTreeMap::new();
        for (name, given) in properties
            .get("parameters")
            .map_or(&[][..], |given| given.as_object().unwrap())
        {
            parameters.insert(name.clone(), self.value(member(given, "value")));
        }
        let declared: BTreeSet<_> = template
            .get("parameters")
            .map_or(&[][..], |declared| declared.as_object().unwrap())
            .iter()
            .map(|(name, _)| name)
            .collect();
        assert_eq!(
            declared,
            parameters.keys().collect(),
            "what is handed in is not what is taken"
        );
        Template::new(template, place, parameters).run(made)
    }

    fn value(&self, json: &Json) -> Json {
        match json {
            Json::String(text) => self.text(text),
            Json::Array(items) => Json::Array(items.iter().map(|item| self.value(item)).collect()),
            Json::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(name, value)| (self.string(name), self.value(value)))
                    .collect(),
            ),
            other => other.clone(),
        }
    }

    fn string(&self, text: &str) -> String {
        match self.text(text) {
            Json::String(text) => text,
            other => panic!("{text} is no text but {other}"),
        }
    }

    fn text(&self, text: &str) -> Json {
        if text.starts_with('[') && text.ends_with(']') && !text.starts_with("[[") {
            let mut parser = Parser {
                text: &text[1..text.len() - 1],
                template: self,
            };
            let value = parser.expression();
            assert_eq!(parser.text, "", "{text}");
            known(value)
        } else {
            string(unescape(text))
        }
    }
}

fn unescape(text: &str) -> &str {
    if text.starts_with("[[") && text.ends_with(']') {
        &text[1..]
    } else {
        text
    }
}

fn known(value: Value) -> Json {
    match value {
        Value::Known(json) => json,
        Value::Asked { id, path } => string(answer(&id, &path)),
    }
}

/// The ID of a resource below a scope.
fn resource_id(scope: &str, resource_type: &str, names: &[&str]) -> String {
    if resource_type == "Microsoft.Resources/resourceGroups" {
        return format!("{scope}/resourceGroups/{}", names[0]);
    }
    let mut types = resource_type.split('/');
    let mut id = format!("{scope}/providers/{}", types.next().unwrap());
    let types: Vec<_> = types.collect();
    assert_eq!(types.len(), names.len(), "{resource_type} {names:?}");
    for (kind, name) in types.iter().zip(names) {
        id.push_str(&format!("/{kind}/{name}"));
    }
    id
}

struct Parser<'a, 't> {
    text: &'a str,
    template: &'a Template<'t>,
}

impl Parser<'_, '_> {
    fn skip(&mut self) {
        self.text = self.text.trim_start_matches(' ');
    }

    fn take(&mut self, c: char) -> bool {
        self.skip();
        let rest = self.text.strip_prefix(c);
        self.text = rest.unwrap_or(self.text);
        rest.is_some()
    }

    fn word(&mut self) -> &str {
        let end = self
            .text
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.text.len());
        let (word, rest) = self.text.split_at(end);
        assert_ne!(word, "", "a word is missing before {rest}");
        self.text = rest;
        word
    }

    fn literal(&mut self) -> String {
        let mut out = String::new();
        loop {
            let end = self.text.find('\'').expect("a string does not end");
            out.push_str(&self.text[..end]);
            self.text = &self.text[end + 1..];
            if !self.text.starts_with('\'') {
                return out;
            }
            out.push('\'');
            self.text = &self.text[1..];
        }
    }

    fn expression(&mut self) -> Value {
        self.skip();
        let mut value = if self.take('\'') {
            Value::Known(string(self.literal()))
        } else {
            let function = self.word().to_owned();
            assert!(self.take('('), "{function} is no call");
            let mut arguments = Vec::new();
            if !self.take(')') {
                loop {
                    arguments.push(known(self.expression()));
                    if self.take(')') {
                        break;
                    }
                    assert!(self.take(','), "a comma is missing at {}", self.text);
                }
            }
            self.call(&function, &arguments)
        };
        loop {
            let name = if self.take('.') {
                self.word().to_owned()
            } else if self.take('[') {
                assert!(self.take('\''));
                let name = self.literal();
                assert!(self.take(']'));
                name
            } else {
                return value;
            };
            value = match value {
                Value::Known(json) => Value::Known(member(&json, &name).clone()),
                Value::Asked { id, mut path } => {
                    path.push(name);
                    Value::Asked { id, path }
                }
            };
        }
    }

    fn call(&self, function: &str, arguments: &[Json]) -> Value {
        let texts: Vec<&str> = arguments
            .iter()
            .map(|json| json.as_str().expect("a text"))
            .collect();
        let place = &self.template.place;
        let object = |members: &[(&str, String)]| {
            Json::Object(
                members
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), string(value.as_str())))
                    .collect(),
            )
        };
        Value::Known(match (function, &texts[..]) {
            ("concat", parts) => string(parts.concat()),
            ("parameters", [name]) => self.template.parameters[*name].clone(),
            ("json", [json]) => {
                if json.starts_with('«') {
                    string(*json)
                } else {
                    Json::parse(json.as_bytes()).unwrap()
                }
            }
            ("tenant", []) => object(&[("tenantId", place.tenant.clone())]),
            ("subscription", []) => object(&[
                ("id", place.subscription_id()),
                ("subscriptionId", place.subscription.clone().unwrap()),
            ]),
            ("resourceGroup", []) => {
                object(&[("id", place.group_id()), ("name", place.group.clone().unwrap())])
            }
            ("managementGroup", []) => object(&[("id", place.id())]),
            ("deployment", []) => object(&[("location", "westeurope".to_owned())]),
            ("resourceId", [resource_type, names @ ..]) => {
                string(resource_id(&place.group_id(), resource_type, names))
            }
            ("subscriptionResourceId", [resource_type, names @ ..]) => {
                string(resource_id(&place.subscription_id(), resource_type, names))
            }
            ("tenantResourceId", [resource_type, names @ ..]) => {
                string(resource_id("", resource_type, names))
            }
            ("extensionResourceId", [scope, resource_type, names @ ..]) => {
                string(resource_id(scope, resource_type, names))
            }
            ("reference", [symbol]) if self.template.outputs.contains_key(*symbol) => {
                self.template.outputs[*symbol].clone()
            }
            ("reference", [what, rest @ ..]) => {
                let id = match self.template.done.get(*what) {
                    Some(id) => id.clone(),
                    None => {
                        assert!(
                            what.starts_with('/') && !rest.is_empty(),
                            "{what} is asked before it is there"
                        );
                        (*what).to_owned()
                    }
                };
                let path = if rest.last() == Some(&"full") {
                    vec![]
                } else {
                    vec!["properties".to_owned()]
                };
                return Value::Asked { id, path };
            }
            _ => panic!("{function} of {texts:?} is not known"),
        })
    }
}
