//! What a server answers, as the JSON of an answer: the same that the embedded store gives.

use atg_bolt::{Structure, Value};
use jiff::{Timestamp, civil, tz::Offset};
use serde_json::{Map, Value as Json, json};

use super::stored::{NODE_LABEL, OWN, read_note};
use crate::cypher::{
    temporal::{self, DateTime, Duration},
    value::float_text,
};

/// The JSON of a value. A float that JSON cannot write is a text, and so are times.
pub(super) fn json(value: Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(value),
        Value::Int(value) => Json::from(value),
        Value::Float(float) => {
            serde_json::Number::from_f64(float).map_or_else(|| Json::String(float_text(float)), Json::Number)
        }
        Value::Bytes(bytes) => Json::Array(bytes.into_iter().map(Json::from).collect()),
        Value::String(text) => Json::String(text),
        Value::List(items) => Json::Array(items.into_iter().map(json).collect()),
        Value::Map(members) => map(members),
        Value::Structure(structure) => self::structure(structure),
    }
}

/// What `properties(n)` gives holds the store's own too.
fn map(members: Vec<(String, Value)>) -> Json {
    Json::Object(
        members
            .into_iter()
            .filter(|(name, _)| !name.starts_with(OWN))
            .map(|(name, value)| (name, json(value)))
            .collect(),
    )
}

fn structure(structure: Structure) -> Json {
    let Structure { tag, fields } = structure;
    let mut fields = fields.into_iter();
    let mut next = || fields.next().unwrap_or(Value::Null);
    match tag {
        b'N' => {
            let (_, labels, properties) = (next(), next(), next());
            node(labels, properties)
        }
        b'R' => {
            let (_, _, _, kind, properties) = (next(), next(), next(), next(), next());
            relationship(kind, properties)
        }
        b'r' => {
            let (_, kind, properties) = (next(), next(), next());
            relationship(kind, properties)
        }
        b'P' => {
            let (nodes, relationships, way) = (next(), next(), next());
            path(nodes, relationships, &way)
        }
        _ => Json::String(time(tag, &fields.collect::<Vec<_>>()).unwrap_or_else(|| "?".to_owned())),
    }
}

/// Without what the store keeps there for itself, and with the labels in the order in which they were given.
fn node(labels: Value, properties: Value) -> Json {
    let mut labels: Vec<Json> = match labels {
        Value::List(labels) => labels
            .into_iter()
            .filter(|label| label.as_str() != Some(NODE_LABEL))
            .map(json)
            .collect(),
        _ => Vec::new(),
    };
    let known = properties
        .get(OWN)
        .and_then(Value::as_str)
        .and_then(|note| read_note(note).ok())
        .and_then(|noted| serde_json::from_str::<Vec<Json>>(&noted.labels).ok())
        .unwrap_or_default();
    labels.sort_by_key(|label| {
        known
            .iter()
            .position(|other| other == label)
            .unwrap_or(usize::MAX)
    });
    json!({ "labels": labels, "properties": without_own(properties) })
}

fn relationship(kind: Value, properties: Value) -> Json {
    json!({ "type": json(kind), "properties": without_own(properties) })
}

fn without_own(properties: Value) -> Json {
    let members = properties.into_map().unwrap_or_default();
    let shown: Map<String, Json> = members
        .into_iter()
        .filter(|(name, _)| !name.starts_with(OWN))
        .map(|(name, value)| (name, json(value)))
        .collect();
    Json::Object(shown)
}

/// Nodes and relationships come once each, then the way through them.
fn path(nodes: Value, relationships: Value, way: &Value) -> Json {
    let items = |value: Value| match value {
        Value::List(items) => items.into_iter().map(json).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let (nodes, relationships) = (items(nodes), items(relationships));
    let steps: Vec<i64> = way
        .as_list()
        .unwrap_or_default()
        .iter()
        .filter_map(Value::as_int)
        .collect();
    let at = |list: &[Json], index: u64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| list.get(index).cloned())
            .unwrap_or(Json::Null)
    };
    let mut walked = vec![at(&nodes, 0)];
    let mut taken = Vec::new();
    for step in steps.chunks_exact(2) {
        // From one, and negative against the direction.
        taken.push(at(&relationships, step[0].unsigned_abs().saturating_sub(1)));
        walked.push(at(&nodes, step[1].unsigned_abs()));
    }
    json!({ "nodes": walked, "relationships": taken })
}

/// As `toString` writes them.
fn time(tag: u8, fields: &[Value]) -> Option<String> {
    let number = |at: usize| fields.get(at).and_then(Value::as_int);
    let nanos = |at: usize| number(at).and_then(|nanos| i32::try_from(nanos).ok());
    let clock = |since_midnight: i64| -> Option<String> {
        let (seconds, nanos) = (
            since_midnight.div_euclid(1_000_000_000),
            since_midnight.rem_euclid(1_000_000_000),
        );
        let time = local(seconds, i32::try_from(nanos).ok()?)?;
        text_after_date(&DateTime {
            local: time,
            offset: 0,
        })
    };
    Some(match tag {
        b'D' => temporal::date_text(local(number(0)?.checked_mul(86_400)?, 0)?.date()),
        // Since Bolt 5 seconds are those of UTC.
        b'I' => {
            let offset = i32::try_from(number(2)?).ok()?;
            let local = local(number(0)?.checked_add(offset.into())?, nanos(1)?)?;
            temporal::time_text(&DateTime { local, offset })
        }
        b'i' => {
            let moment = Timestamp::new(number(0)?, nanos(1)?).ok()?;
            let zone = fields.get(2)?.as_str()?;
            let zoned = moment.in_tz(zone).ok();
            let (local, offset) = match &zoned {
                Some(zoned) => (zoned.datetime(), zoned.offset().seconds()),
                None => (Offset::UTC.to_datetime(moment), 0),
            };
            format!("{}[{zone}]", temporal::time_text(&DateTime { local, offset }))
        }
        b'd' => {
            let local = local(number(0)?, nanos(1)?)?;
            temporal::time_text(&DateTime { local, offset: 0 })
                .trim_end_matches('Z')
                .to_owned()
        }
        b't' => clock(number(0)?)?.trim_end_matches('Z').to_owned(),
        b'T' => {
            let offset = i32::try_from(number(1)?).ok()?;
            let text = clock(number(0)?)?;
            let zone = temporal::time_text(&DateTime {
                local: local(0, 0)?,
                offset,
            });
            format!("{}{}", text.trim_end_matches('Z'), zone.get(19..)?)
        }
        b'E' => temporal::duration_text(&Duration {
            months: number(0)?,
            days: number(1)?,
            seconds: number(2)?,
            nanos: nanos(3)?,
        }),
        b'X' | b'Y' => {
            let parts: Vec<String> = fields
                .iter()
                .map(|field| json(field.clone()).to_string())
                .collect();
            format!("point({})", parts.join(", "))
        }
        _ => return None,
    })
}

fn local(seconds: i64, nanos: i32) -> Option<civil::DateTime> {
    Timestamp::new(seconds, nanos)
        .ok()
        .map(|moment| Offset::UTC.to_datetime(moment))
}

/// What stands behind the `T`.
fn text_after_date(time: &DateTime) -> Option<String> {
    temporal::time_text(time).get(11..).map(str::to_owned)
}
