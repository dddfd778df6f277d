//! Checks of what the writers write, by other means than those that wrote it: the templates are evaluated, and what they
//! would make is compared with the plan and with Azure's own descriptions of its types.

mod arm;
mod arm_types;

mod bicep;
mod expected;
mod hostile;
mod rules;
mod shapes;
mod tenants;

use atg_json::Json;

/// A resource that a template would make.
#[derive(Debug, Clone)]
struct Made {
    id: String,
    resource_type: String,
    api_version: String,
    /// All members but the type, the version, the name and what says where it lies.
    body: Vec<(String, Json)>,
    /// Whether it is put for the second time.
    again: bool,
}

/// What a deployment does not know before it has run: something that Azure answers about a resource.
fn answer(id: &str, path: &[String]) -> String {
    format!("«{}#{}»", id.to_ascii_lowercase(), path.join("."))
}

/// The value of a parameter that nobody gave.
fn not_given(symbol: &str) -> String {
    format!("«{symbol}»")
}

fn string(text: impl Into<String>) -> Json {
    Json::String(text.into())
}

fn member<'a>(json: &'a Json, name: &str) -> &'a Json {
    json.get(name).unwrap_or_else(|| panic!("no `{name}` in {json}"))
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    member(json, name)
        .as_str()
        .unwrap_or_else(|| panic!("`{name}` is no text in {json}"))
}
