//! JSON values as text in a table.

use serde_json::Value;
use unicode_width::UnicodeWidthChar as _;

use super::{Align, Cell};

/// A value as a cell. Null, the empty text and a text that reads like another value stay distinguishable.
pub(super) fn of_value(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::faint("null"),
        Some(Value::Bool(value)) => Cell::new(value.to_string()),
        Some(Value::Number(number)) => Cell::new(number.to_string()).aligned(Align::Right),
        Some(Value::String(text)) if reads_otherwise(text) => Cell::new(format!("\"{text}\"")),
        Some(Value::String(text)) => Cell::new(text),
        Some(other) => Cell::new(other.to_string()),
    }
}

/// The same for a terminal, where a whole node would fill the screen: nodes and relationships by what they are.
pub(super) fn brief(value: &Value) -> Cell {
    match sketch(value) {
        Some(sketch) => Cell::new(sketch),
        None => of_value(Some(value)),
    }
}

fn sketch(value: &Value) -> Option<String> {
    let members = value.as_object()?;
    let properties = members.get("properties").and_then(Value::as_object);
    match (
        members.get("labels"),
        members.get("type"),
        properties,
        members.get("nodes"),
    ) {
        (Some(Value::Array(labels)), None, Some(properties), None) => {
            // The last label is the most telling one.
            let label = labels.last().and_then(Value::as_str).unwrap_or_default();
            let name = properties.get("name").and_then(Value::as_str).unwrap_or_default();
            Some(format!("(:{label} {name})"))
        }
        (None, Some(Value::String(kind)), Some(_), None) => Some(format!("[:{kind}]")),
        (None, None, None, Some(Value::Array(nodes))) => {
            let nodes: Vec<_> = nodes.iter().filter_map(sketch).collect();
            Some(nodes.join(" – "))
        }
        _ => None,
    }
}

fn reads_otherwise(text: &str) -> bool {
    text.is_empty() || text == "null"
}

/// Text from a tenant, made harmless: a control character could repaint the terminal, and a bidirectional override
/// could make one name look like another.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let is_bidi =
            matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
        if c.is_control() || is_bidi {
            out.extend(c.escape_debug());
        } else {
            out.push(c);
        }
    }
    out
}

/// The columns of a terminal that the text takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// Cuts text into lines of at most that many columns, at spaces and slashes where there are any; at most `height`
/// lines, the last one ending in `…` where something is left out.
pub(super) fn wrap(text: &str, columns: usize, height: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = line_end(rest, columns);
        let is_last = lines.len() + 1 == height;
        if is_last && end < rest.len() {
            let short = line_end_hard(rest, columns.saturating_sub(1));
            lines.push(format!("{}…", &rest[..short]));
            return lines;
        }
        lines.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

/// Where a line of at most that many columns ends, preferring the last break in its second half.
fn line_end(text: &str, columns: usize) -> usize {
    let hard = line_end_hard(text, columns);
    if hard == text.len() {
        return hard;
    }
    let soft = text[..hard]
        .char_indices()
        .rev()
        .find(|(_, c)| matches!(c, ' ' | '/' | ',' | '-' | '.'))
        .map(|(at, c)| at + c.len_utf8());
    soft.filter(|soft| *soft > hard / 2).unwrap_or(hard)
}

fn line_end_hard(text: &str, columns: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        // At least one character a line, however narrow the column, or wrapping would never end.
        if used > columns && at > 0 {
            return at;
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_the_word_null_and_nothing_differ() {
        let shown = |value| of_value(Some(&value)).text().to_owned();
        assert_eq!(shown(json!(null)), "null");
        assert_eq!(shown(json!("null")), "\"null\"");
        assert_eq!(shown(json!("")), "\"\"");
        assert_eq!(shown(json!("a")), "a");
        assert_eq!(of_value(None).text(), "null");
    }

    #[test]
    fn on_a_terminal_nodes_are_shown_by_what_they_are() {
        let node = json!({"labels": ["Resource", "Disk"], "properties": {"name": "d1", "properties": "{}"}});
        let edge = json!({"type": "CONTAINS", "properties": {"path": "id"}});
        assert_eq!(brief(&node).text(), "(:Disk d1)");
        assert_eq!(brief(&edge).text(), "[:CONTAINS]");
        assert_eq!(
            brief(&json!({"nodes": [node, node], "relationships": [edge]})).text(),
            "(:Disk d1) – (:Disk d1)"
        );
        assert_eq!(brief(&json!({"a": 1})).text(), "{\"a\":1}");
    }

    #[test]
    fn numbers_keep_their_digits() {
        let value: Value = serde_json::from_str("9007199254740993").unwrap();
        assert_eq!(of_value(Some(&value)).text(), "9007199254740993");
    }

    #[test]
    fn escape_sequences_in_data_are_shown_and_not_obeyed() {
        assert_eq!(printable("a\u{1b}[2Jb\nc\u{202e}d"), "a\\u{1b}[2Jb\\nc\\u{202e}d");
    }

    #[test]
    fn wrapping_breaks_at_slashes_and_ends_in_an_ellipsis() {
        assert_eq!(
            wrap("Microsoft.Compute/virtualMachines", 20, 4),
            ["Microsoft.Compute/", "virtualMachines"]
        );
        assert_eq!(wrap("abcdefghij", 4, 2), ["abcd", "efg…"]);
        assert_eq!(wrap("", 4, 2), [""]);
        assert_eq!(wrap("日本語", 4, 9), ["日本", "語"]);
        assert_eq!(wrap("日本", 1, 9), ["日", "本"]);
    }
}
