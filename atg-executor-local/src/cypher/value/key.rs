//! The bytes under which `DISTINCT` and grouping take two values for one.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Node, Path, Relationship, Value};
use crate::cypher::temporal;

/// Appends the key of a value: equal bytes if and only if the values are equivalent. `1` and `1.0` are, and so are two
/// nulls, of which equality knows nothing; two NaNs never are.
pub(crate) fn group_key(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.push(0),
        Value::Bool(value) => out.extend([1, u8::from(*value)]),
        Value::Int(value) => int_key(*value, out),
        Value::Float(value) => float_key(*value, out),
        Value::Text(text) => {
            out.push(4);
            length(text.len(), out);
            out.extend(text.as_bytes());
        }
        Value::List(items) => {
            out.push(5);
            length(items.len(), out);
            for item in items.iter() {
                group_key(item, out);
            }
        }
        Value::Map(map) => {
            out.push(6);
            length(map.len(), out);
            for (name, value) in map.sorted() {
                length(name.len(), out);
                out.extend(name.as_bytes());
                group_key(value, out);
            }
        }
        Value::Node(node) => node_key(node, out),
        Value::Date(date) => {
            out.push(10);
            out.extend(temporal::epoch_day(*date).to_le_bytes());
        }
        Value::DateTime(time) => {
            out.push(11);
            out.extend(temporal::local_nanos(time.local).to_le_bytes());
            out.extend(time.offset.to_le_bytes());
        }
        Value::Duration(duration) => {
            out.push(12);
            for part in [
                duration.months,
                duration.days,
                duration.seconds,
                duration.nanos.into(),
            ] {
                out.extend(part.to_le_bytes());
            }
        }
        Value::Relationship(relationship) => relationship_key(relationship, out),
        Value::Path(path) => {
            let Path { nodes, relationships } = &**path;
            out.push(9);
            length(nodes.len(), out);
            nodes.iter().for_each(|node| node_key(node, out));
            relationships
                .iter()
                .for_each(|relationship| relationship_key(relationship, out));
        }
    }
}

fn int_key(value: i64, out: &mut Vec<u8>) {
    out.push(2);
    out.extend(value.to_le_bytes());
}

static NANS: AtomicU64 = AtomicU64::new(0);

fn float_key(value: f64, out: &mut Vec<u8>) {
    const TWO_63: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() == 0.0 && (-TWO_63..TWO_63).contains(&value) {
        return int_key(value as i64, out);
    }
    out.push(3);
    out.extend(value.to_bits().to_le_bytes());
    if value.is_nan() {
        // No NaN is another one, not even for DISTINCT.
        out.extend(NANS.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    }
}

fn node_key(node: &Node, out: &mut Vec<u8>) {
    out.push(7);
    out.extend(node.id.to_le_bytes());
}

fn relationship_key(relationship: &Relationship, out: &mut Vec<u8>) {
    out.push(8);
    out.extend(relationship.id.to_le_bytes());
}

fn length(length: usize, out: &mut Vec<u8>) {
    out.extend((length as u64).to_le_bytes());
}
