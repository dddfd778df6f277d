//! `atg query --list`

use atg_sdk::recipes::{self, Parameter};
use serde_json::{Value, json};

use crate::{
    exit::{CommandResult, End},
    printer::{Cell, Table},
    session::Session,
};

/// Shows every recipe. They are the same wherever a query runs, so nobody is asked.
pub(super) fn list(session: &Session) -> CommandResult {
    if session.printer.wants_json()? {
        let recipes: Vec<Value> = recipes::all()
            .iter()
            .map(|recipe| {
                json!({
                    "name": recipe.name,
                    "answers": recipe.answers,
                    "parameters": recipe.parameters.iter().map(|parameter| json!({
                        "name": parameter.name,
                        "meaning": parameter.meaning,
                        "default": parameter.default,
                        "required": parameter.default.is_none(),
                    })).collect::<Vec<_>>(),
                    "query": recipe.query,
                })
            })
            .collect();
        session.printer.json(&json!({ "recipes": recipes }))?;
        return Ok(End::Done);
    }
    let mut table = Table::new(["recipe", "asks for", "answers"]);
    for recipe in recipes::all() {
        let asks: Vec<String> = recipe.parameters.iter().map(asks_for).collect();
        table.push([
            Cell::new(recipe.name),
            Cell::new(asks.join(" ")),
            Cell::new(recipe.answers),
        ]);
    }
    session.printer.table(&table)?;
    Ok(End::Done)
}

/// As it is given: `-p vault=…`, in brackets where it need not be.
fn asks_for(parameter: &Parameter) -> String {
    let name = parameter.name;
    match &parameter.default {
        None => format!("-p {name}=…"),
        Some(Value::String(text)) => format!("[-p {name}={text}]"),
        Some(value) => format!("[-p {name}={value}]"),
    }
}
