//! Comma-separated values, as RFC 4180 has them (with `\n` as the line end, like every other output).

use std::io::{self, Write};

use serde_json::Value;

pub(super) fn write_header(out: &mut impl Write, columns: &[String]) -> io::Result<()> {
    write_fields(out, columns.iter().map(|name| quote(name)))
}

/// Null is an empty field, an empty text is `""`; lists and objects are JSON.
pub(super) fn write_row<'a>(
    out: &mut impl Write,
    values: impl Iterator<Item = Option<&'a Value>>,
) -> io::Result<()> {
    write_fields(
        out,
        values.map(|value| match value {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => quote(text),
            Some(other) => quote(&other.to_string()),
        }),
    )
}

fn write_fields(out: &mut impl Write, fields: impl Iterator<Item = String>) -> io::Result<()> {
    for (index, field) in fields.enumerate() {
        if index > 0 {
            out.write_all(b",")?;
        }
        out.write_all(field.as_bytes())?;
    }
    out.write_all(b"\n")
}

fn quote(text: &str) -> String {
    let needs = text.is_empty()
        || text.contains([',', '"', '\n', '\r'])
        || text.starts_with(char::is_whitespace)
        || text.ends_with(char::is_whitespace);
    if needs {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quotes_what_needs_it_and_keeps_null_apart_from_empty() {
        let row = [
            json!("a,b"),
            json!("say \"hi\""),
            json!(null),
            json!(""),
            json!(1.5),
            json!(["x"]),
        ];
        let mut out = Vec::new();
        write_row(&mut out, row.iter().map(Some)).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "\"a,b\",\"say \"\"hi\"\"\",,\"\",1.5,\"[\"\"x\"\"]\"\n"
        );
    }
}
