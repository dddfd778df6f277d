//! Whether `terraform plan` would find anything to change, as far as that can be told without the providers.
//!
//! What is written is evaluated (variables at their defaults, references as what they are imported by) and held against
//! what the source says Azure answers, by the rules of the `azapi` provider: the name and the parent must be those of
//! the imported ID to the letter, tags the same, the region the same but for case and spaces, the identity of the same
//! type, and every member of the body must be in the answer with the same value; arrays have as many elements.

use std::collections::HashMap;

use atg_json::Json;
use hcl_edit::{
    expr::{Expression, ObjectKey, TraversalOperator},
    structure::{Block, Body},
    template::Element,
};

use super::Memory;

/// What an expression evaluates to; `None` for what only Azure knows.
type Known = Option<Json>;

/// What there is to refer to.
pub(super) struct World {
    variables: HashMap<String, Json>,
    /// By type and name of the block: the ID.
    ids: HashMap<(String, String), String>,
    /// By the ID in small letters: what Azure answers.
    rows: HashMap<String, Json>,
}

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) compared: usize,
    pub(super) values: usize,
    pub(super) unknown: usize,
    pub(super) changes: Vec<String>,
}

impl World {
    /// Nothing to refer to.
    pub(super) fn nothing() -> Self {
        Self {
            variables: HashMap::new(),
            ids: HashMap::new(),
            rows: HashMap::new(),
        }
    }

    pub(super) fn new(files: &Memory, rows: &str) -> Self {
        let parse = |name: &str| files.0[name].parse::<Body>().unwrap();
        let mut out = Self {
            variables: HashMap::new(),
            ids: HashMap::new(),
            rows: HashMap::new(),
        };
        for row in rows.lines().filter(|row| !row.is_empty()) {
            let row = Json::parse(row.as_bytes()).unwrap();
            if let Some(id) = row.get("id").and_then(Json::as_str) {
                out.rows.insert(id.to_lowercase(), row);
            }
        }
        for block in parse("variables.tf").blocks() {
            let default = block.body.get_attribute("default");
            let value = default.map_or(Some(Json::Null), |attribute| out.value(&attribute.value));
            out.variables
                .insert(block.labels[0].as_str().to_owned(), value.unwrap());
        }
        for block in parse("imports.tf").blocks() {
            let Some(Json::String(id)) = out.value(&block.body.get_attribute("id").unwrap().value) else {
                panic!("an import without an ID")
            };
            let id = id.split_once("?api-version=").map_or(id.as_str(), |(id, _)| id);
            let to = block.body.get_attribute("to").unwrap().value.to_string();
            let (kind, name) = to.trim().split_once('.').unwrap();
            out.ids.insert((kind.to_owned(), name.to_owned()), id.to_owned());
        }
        out
    }

    pub(super) fn value(&self, expression: &Expression) -> Known {
        Some(match expression {
            Expression::Null(_) => Json::Null,
            Expression::Bool(value) => Json::Bool(*value.value()),
            Expression::Number(number) => Json::Number(number.value().to_string().into()),
            Expression::UnaryOp(operation) => match self.value(&operation.expr)? {
                Json::Number(digits) => Json::Number(format!("-{digits}").into()),
                other => panic!("- {other}"),
            },
            Expression::String(text) => Json::String(text.as_str().to_owned()),
            Expression::StringTemplate(template) => {
                let mut out = String::new();
                for element in template {
                    match element {
                        Element::Literal(text) => out.push_str(text.as_str()),
                        Element::Interpolation(inner) => {
                            out.push_str(self.value(&inner.expr)?.as_str().unwrap());
                        }
                        Element::Directive(_) => panic!("a directive"),
                    }
                }
                Json::String(out)
            }
            Expression::Array(items) => {
                Json::Array(items.iter().map(|item| self.value(item)).collect::<Option<_>>()?)
            }
            Expression::Object(members) => Json::Object(
                members
                    .iter()
                    .map(|(key, value)| {
                        let key = match key {
                            ObjectKey::Ident(name) => name.as_str().to_owned(),
                            ObjectKey::Expression(Expression::Parenthesis(key)) => {
                                self.value(key.inner())?.as_str().unwrap().to_owned()
                            }
                            ObjectKey::Expression(key) => self.value(key)?.as_str().unwrap().to_owned(),
                        };
                        // What is not known stays a hole that fits everything.
                        Some((key, self.value(value.expr()).unwrap_or_else(hole)))
                    })
                    .collect::<Option<_>>()?,
            ),
            Expression::FuncCall(call) if call.name.name.as_str() == "replace" => {
                let mut arguments = call
                    .args
                    .iter()
                    .map(|argument| Some(self.value(argument)?.as_str().unwrap().to_owned()));
                let mut next = || arguments.next().flatten();
                let (text, old, new) = (next()?, next()?, next()?);
                assert!(!old.starts_with('/') && text.contains(&old), "{text} {old}");
                Json::String(text.replace(&old, &new))
            }
            Expression::FuncCall(call) if call.name.name.as_str() == "basename" => {
                let whole = self.value(call.args.iter().next()?)?;
                Json::from(whole.as_str()?.rsplit('/').next()?)
            }
            Expression::Traversal(traversal) => {
                let Expression::Variable(root) = &traversal.expr else {
                    panic!("{expression}")
                };
                let mut words = Vec::new();
                for operator in &traversal.operators {
                    match operator.value() {
                        TraversalOperator::GetAttr(name) => words.push(name.as_str()),
                        TraversalOperator::Index(_) => {}
                        other => panic!("{other:?}"),
                    }
                }
                if root.as_str() == "var" {
                    return self.variables.get(words[0]).cloned();
                }
                let id = self
                    .ids
                    .get(&(root.as_str().to_owned(), words[0].to_owned()))
                    .unwrap_or_else(|| panic!("{expression} is not imported"));
                match words[1] {
                    "id" => Json::from(id.as_str()),
                    "name" | "object_id" => Json::from(id.rsplit('/').next().unwrap()),
                    _ => return None,
                }
            }
            other => panic!("{other}"),
        })
    }

    pub(super) fn compare(&self, main: &Body) -> Findings {
        let mut out = Findings::default();
        for block in main.blocks() {
            if block.labels[0].as_str() == "azapi_resource" {
                self.compare_one(block, &mut out);
            }
        }
        out
    }

    fn compare_one(&self, block: &Block, out: &mut Findings) {
        let name = block.labels[1].as_str();
        let Some(id) = self.ids.get(&("azapi_resource".to_owned(), name.to_owned())) else {
            out.changes.push(format!("{name} is not imported"));
            return;
        };
        let Some(row) = self.rows.get(&id.to_lowercase()) else {
            return;
        };
        out.compared += 1;
        let attribute = |name: &str| {
            block
                .body
                .get_attribute(name)
                .and_then(|it| self.value(&it.value))
        };
        let text = |name: &str| attribute(name).and_then(|value| value.as_str().map(str::to_owned));
        let own = text("name").unwrap();
        let parent = text("parent_id").unwrap();
        let (head, last) = id.rsplit_once('/').unwrap();
        let rest = head.strip_prefix(parent.trim_end_matches('/'));
        if own != last || !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            out.changes.push(format!("{name}: {id} is not {own} in {parent}"));
        }
        let plain = |text: &str| text.replace(' ', "").to_lowercase();
        let there = row.get("location").and_then(Json::as_str).unwrap_or_default();
        // What is not written stays.
        let here = text("location").unwrap_or_else(|| there.to_owned());
        if plain(there) != plain(&here) {
            out.changes.push(format!("{name}: {here} and not {there}"));
        }
        let ignored: Vec<String> = block
            .body
            .get_blocks("lifecycle")
            .filter_map(|lifecycle| lifecycle.body.get_attribute("ignore_changes")?.value.as_array())
            .flat_map(|items| items.iter().map(|item| item.to_string().trim().to_owned()))
            .collect();
        let ignores = |name: &str| ignored.iter().any(|own| own == name);
        let tags = |json: Option<&Json>| {
            let mut tags: Vec<(String, String)> = json
                .and_then(Json::as_object)
                .unwrap_or_default()
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
                .collect();
            tags.sort();
            tags
        };
        if !ignores("tags") && tags(attribute("tags").as_ref()) != tags(row.get("tags")) {
            out.changes.push(format!("{name}: other tags"));
        }
        let there = row.at(&["identity", "type"]).and_then(Json::as_str);
        let here = block
            .body
            .get_blocks("identity")
            .next()
            .and_then(|identity| self.value(&identity.body.get_attribute("type")?.value));
        let here = here.as_ref().and_then(Json::as_str);
        let known = [
            "none",
            "systemassigned",
            "userassigned",
            "systemassigned,userassigned",
        ];
        if there.map(plain) != here.map(plain)
            && there.is_none_or(|there| known.contains(&plain(there).as_str()))
        {
            out.changes
                .push(format!("{name}: identity {here:?} and not {there:?}"));
        }
        if let Some(body) = attribute("body") {
            same(&body, row, &format!("{name}: "), out);
        }
    }
}

/// What stands for a value that only Azure knows.
fn hole() -> Json {
    Json::from("\u{0}unknown")
}

/// Whether all that is said is so.
fn same(said: &Json, answered: &Json, path: &str, out: &mut Findings) {
    if *said == hole() {
        out.unknown += 1;
        return;
    }
    match (said, answered) {
        (Json::Object(members), Json::Object(_)) => {
            for (name, value) in members {
                let path = format!("{path}.{name}");
                match answered.get(name) {
                    Some(there) if !there.is_null() => same(value, there, &path, out),
                    // Nothing, said of nothing.
                    _ if is_zero(value) => {}
                    _ => out.changes.push(format!("{path} is not answered")),
                }
            }
        }
        (Json::Array(said), Json::Array(answered)) if said.len() == answered.len() => {
            for (index, (said, answered)) in said.iter().zip(answered).enumerate() {
                same(said, answered, &format!("{path}[{index}]"), out);
            }
        }
        (Json::Number(said), Json::Number(answered)) if said.parse::<f64>() == answered.parse::<f64>() => {
            out.values += 1;
        }
        _ if said == answered => out.values += 1,
        _ => out.changes.push(
            format!("{path}: {said} and not {answered}")
                .chars()
                .take(300)
                .collect(),
        ),
    }
}

fn is_zero(value: &Json) -> bool {
    match value {
        Json::Null => true,
        Json::Bool(value) => !value,
        Json::Number(digits) => digits.parse::<f64>() == Ok(0.0),
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(members) => members.is_empty(),
    }
}
