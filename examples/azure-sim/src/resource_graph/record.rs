//! A row on its way through a query.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::tenant::{Class, Row};

/// The columns of every table, in their order.
pub(super) const COLUMNS: [&str; 16] = [
    "id",
    "name",
    "type",
    "tenantId",
    "kind",
    "location",
    "resourceGroup",
    "subscriptionId",
    "managedBy",
    "sku",
    "plan",
    "properties",
    "tags",
    "identity",
    "zones",
    "extendedLocation",
];

/// A column that can be asked for and is not shown unasked.
pub(super) const HIDDEN: &str = "systemData";

/// A row: as it stands in its table, or as steps have made it.
#[derive(Debug, Clone)]
pub(super) struct Record {
    row: Option<Arc<Row>>,
    tenant: Arc<str>,
    /// Columns that steps have made; they hide those of the row.
    made: Map<String, Value>,
}

impl Record {
    /// A row of a table.
    pub(super) fn of(row: Arc<Row>, tenant: &Arc<str>) -> Self {
        Self {
            row: Some(row),
            tenant: Arc::clone(tenant),
            made: Map::new(),
        }
    }

    /// A row that steps have made.
    pub(super) fn made(columns: Map<String, Value>) -> Self {
        Self {
            row: None,
            tenant: Arc::from(""),
            made: columns,
        }
    }

    /// The row's key, where it still is a row of a table.
    pub(super) fn row(&self) -> Option<&Arc<Row>> {
        self.row.as_ref()
    }

    /// The value of a column.
    pub(super) fn get(&self, name: &str) -> Value {
        if let Some(value) = self.made.get(name) {
            return value.clone();
        }
        match &self.row {
            Some(row) => column(row, &self.tenant, name),
            None => self
                .made
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map_or(Value::Null, |(_, value)| value.clone()),
        }
    }

    /// Sets a column.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.made.insert(name.to_owned(), value);
    }

    /// Only these columns.
    pub(super) fn project(&self, columns: Vec<(String, Value)>) -> Self {
        Self {
            // The row stays known, for the cursor of the next page.
            row: self.row.clone(),
            tenant: Arc::clone(&self.tenant),
            made: columns.into_iter().collect(),
        }
    }

    /// As it is shown. What steps have made is moved, not copied: properties are large.
    pub(super) fn show(mut self, columns: &[String]) -> Value {
        let mut shown = Map::with_capacity(columns.len());
        for name in columns {
            let value = match self.made.get_mut(name) {
                Some(made) => made.take(),
                None => self.get(name),
            };
            shown.insert(name.clone(), value);
        }
        Value::Object(shown)
    }
}

/// A column of a row as Resource Graph has it: types and regions in small letters, empty texts for missing ones.
fn column(row: &Row, tenant: &str, name: &str) -> Value {
    let text = |value: &Value| json!(value.as_str().unwrap_or_default());
    let lower = |value: &Value| json!(value.as_str().unwrap_or_default().to_lowercase());
    match name {
        "id" => json!(row.id),
        "type" => json!(kind(row)),
        "subscriptionId" => json!(row.subscription().unwrap_or_default()),
        "resourceGroup" => json!(row.group().unwrap_or_default().to_lowercase()),
        "tenantId" => match &row.body()["tenantId"] {
            Value::String(own) => json!(own),
            _ => json!(tenant),
        },
        "location" => match lower(&row.body()["location"]) {
            Value::String(location) => json!(location.replace(' ', "")),
            other => other,
        },
        "name" => text(&row.body()["name"]),
        "kind" | "managedBy" => text(&row.body()[name]),
        _ => {
            let body = row.body();
            let found = body.get(name).or_else(|| {
                let members = body.as_object()?;
                let found = members.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                found.map(|(_, value)| value)
            });
            // What other names spell in other casing.
            match (
                found,
                COLUMNS.iter().find(|known| known.eq_ignore_ascii_case(name)),
            ) {
                (_, Some(known)) if *known != name => column(row, tenant, known),
                (Some(found), _) => found.clone(),
                (None, _) => Value::Null,
            }
        }
    }
}

/// The type in small letters, as Resource Graph spells those of containers.
pub(super) fn kind(row: &Row) -> String {
    match row.class {
        Class::ResourceGroup => "microsoft.resources/subscriptions/resourcegroups".to_owned(),
        _ => row.kind.to_lowercase(),
    }
}
