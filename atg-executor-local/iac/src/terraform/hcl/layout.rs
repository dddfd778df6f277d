//! From the tree to text, laid out as `terraform fmt` does.
//!
//! Its rules, as far as this tree can meet them: two spaces a level; in a run of lines that each hold a whole `name =
//! value`, the signs stand below each other, counted in grapheme clusters; a value of several lines ends the run and
//! has one space before its sign; anything between two lines, an empty line or a comment, ends the run too.

use unicode_segmentation::UnicodeSegmentation;

use super::{
    Block, Body, Expression, Item, Key, Part, Reference, Step, is_identifier, push_quoted, text::push_escaped,
};

/// A list of plain values up to this wide stands on one line.
const WIDTH: usize = 80;

pub(super) fn write_body(body: &Body, level: usize, out: &mut String) {
    let mut run = 0;
    for (index, item) in body.items.iter().enumerate() {
        match item {
            Item::Attribute(name, value) => {
                if index == 0 || starts_run(value, &body.items[index - 1]) {
                    let names = body.items[index..].iter().map_while(|item| match item {
                        Item::Attribute(name, value) if !spans_lines(value) => Some(name_width(name)),
                        Item::Attribute(..) | Item::Block(_) | Item::Comment(_) | Item::Blank => None,
                    });
                    run = names.max().unwrap_or(0);
                }
                push_indent(level, out);
                push_name(name, out);
                push_sign(name_width(name), run, out);
                write_expression(value, level, out);
                out.push('\n');
            }
            Item::Block(block) => write_block(block, level, out),
            Item::Comment(text) => {
                push_indent(level, out);
                push_comment(text, out);
            }
            Item::Blank => out.push('\n'),
        }
    }
}

/// Whether a run of one-line values begins, or none is going on, at a value that stands behind `before`.
fn starts_run(value: &Expression, before: &Item) -> bool {
    spans_lines(value) || !matches!(before, Item::Attribute(_, before) if !spans_lines(before))
}

fn write_block(block: &Block, level: usize, out: &mut String) {
    push_indent(level, out);
    out.push_str(&block.kind);
    for label in &block.labels {
        out.push(' ');
        push_quoted(label, out);
    }
    if block.body.is_empty() {
        out.push_str(" {}\n");
        return;
    }
    out.push_str(" {\n");
    write_body(&block.body, level + 1, out);
    push_indent(level, out);
    out.push_str("}\n");
}

fn name_width(name: &str) -> usize {
    if is_identifier(name) {
        return name.len();
    }
    let mut quoted = String::new();
    push_escaped(name, false, &mut quoted);
    2 + quoted.graphemes(true).count()
}

fn push_name(name: &str, out: &mut String) {
    if is_identifier(name) {
        out.push_str(name);
    } else {
        push_quoted(name, out);
    }
}

fn push_sign(width: usize, run: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', run.saturating_sub(width) + 1));
    out.push_str("= ");
}

fn write_expression(value: &Expression, level: usize, out: &mut String) {
    match value {
        Expression::Null => out.push_str("null"),
        Expression::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Expression::Number(digits) => out.push_str(digits),
        Expression::Text(text) => push_quoted(text, out),
        Expression::Template(parts) => {
            out.push('"');
            for (index, part) in parts.iter().enumerate() {
                match part {
                    Part::Text(text) => push_escaped(text, index + 1 < parts.len(), out),
                    Part::Value(value) => {
                        out.push_str("${");
                        write_expression(value, level, out);
                        out.push('}');
                    }
                }
            }
            out.push('"');
        }
        Expression::Reference(reference) => write_reference(reference, out),
        Expression::List(items) => write_list(items, spans_lines(value), level, out),
        Expression::Object(members) => write_object(members, level, out),
        Expression::Call(function, arguments) => {
            out.push_str(function);
            out.push('(');
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write_expression(argument, level, out);
            }
            out.push(')');
        }
        Expression::AnyNull(values) => {
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push_str(" || ");
                }
                write_expression(value, level, out);
                out.push_str(" == null");
            }
        }
        Expression::Conditional(branches) => {
            let [condition, then, otherwise] = branches.as_ref();
            write_expression(condition, level, out);
            out.push_str(" ? ");
            write_expression(then, level, out);
            out.push_str(" : ");
            write_expression(otherwise, level, out);
        }
    }
}

fn write_reference(reference: &Reference, out: &mut String) {
    out.push_str(&reference.root);
    for step in &reference.steps {
        match step {
            Step::Name(name) if is_identifier(name) => {
                out.push('.');
                out.push_str(name);
            }
            Step::Name(name) => {
                out.push('[');
                push_quoted(name, out);
                out.push(']');
            }
            Step::Index(index) => {
                out.push('[');
                out.push_str(&index.to_string());
                out.push(']');
            }
        }
    }
}

fn write_list(items: &[Expression], lines: bool, level: usize, out: &mut String) {
    out.push('[');
    if lines {
        out.push('\n');
        for item in items {
            push_indent(level + 1, out);
            write_expression(item, level + 1, out);
            out.push_str(",\n");
        }
        push_indent(level, out);
    } else {
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            write_expression(item, level, out);
        }
    }
    out.push(']');
}

fn write_object(members: &[(Key, Expression)], level: usize, out: &mut String) {
    if members.is_empty() {
        out.push_str("{}");
        return;
    }
    out.push_str("{\n");
    let mut run = 0;
    for (index, (key, value)) in members.iter().enumerate() {
        if spans_lines(value) || index == 0 || spans_lines(&members[index - 1].1) {
            run = members[index..]
                .iter()
                .take_while(|(_, value)| !spans_lines(value))
                .map(|(key, _)| key_width(key, level))
                .max()
                .unwrap_or(0);
        }
        push_indent(level + 1, out);
        match key {
            Key::Text(name) => push_name(name, out),
            Key::Value(value) => push_computed(value, level, out),
        }
        push_sign(key_width(key, level), run, out);
        write_expression(value, level + 1, out);
        out.push('\n');
    }
    push_indent(level, out);
    out.push('}');
}

fn push_computed(value: &Expression, level: usize, out: &mut String) {
    out.push('(');
    write_expression(value, level, out);
    out.push(')');
}

fn key_width(key: &Key, level: usize) -> usize {
    match key {
        Key::Text(name) => name_width(name),
        Key::Value(value) => {
            let mut text = String::new();
            push_computed(value, level, &mut text);
            text.graphemes(true).count()
        }
    }
}

/// Whether a value is written on more than one line.
fn spans_lines(value: &Expression) -> bool {
    match value {
        Expression::Null
        | Expression::Bool(_)
        | Expression::Number(_)
        | Expression::Text(_)
        | Expression::Template(_)
        | Expression::Reference(_) => false,
        Expression::Object(members) => !members.is_empty(),
        Expression::List(items) => {
            items.iter().any(spans_lines)
                || (items.len() > 1 && items.iter().map(|item| flat_width(item) + 2).sum::<usize>() > WIDTH)
        }
        Expression::Call(_, arguments) | Expression::AnyNull(arguments) => arguments.iter().any(spans_lines),
        Expression::Conditional(branches) => branches.iter().any(spans_lines),
    }
}

/// About how wide a value is on one line. Escapes are not counted: it decides about beauty only.
fn flat_width(value: &Expression) -> usize {
    match value {
        Expression::Null | Expression::Bool(_) => 4,
        Expression::Number(digits) => digits.len(),
        Expression::Text(text) => text.len() + 2,
        Expression::Template(parts) => parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => text.len(),
                Part::Value(value) => flat_width(value) + 3,
            })
            .sum(),
        Expression::Reference(reference) => reference
            .steps
            .iter()
            .map(|step| match step {
                Step::Name(name) => name.len() + 1,
                Step::Index(_) => 3,
            })
            .sum::<usize>()
            .saturating_add(reference.root.len()),
        Expression::Object(_) => 2,
        Expression::List(items) | Expression::Call(_, items) | Expression::AnyNull(items) => {
            items.iter().map(|item| flat_width(item) + 2).sum()
        }
        Expression::Conditional(branches) => branches.iter().map(|branch| flat_width(branch) + 3).sum(),
    }
}

fn push_indent(level: usize, out: &mut String) {
    out.extend(std::iter::repeat_n("  ", level));
}

fn push_comment(text: &str, out: &mut String) {
    out.push('#');
    if !text.is_empty() {
        out.push(' ');
    }
    out.extend(text.trim_end().chars().map(|char| {
        if char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') {
            ' '
        } else {
            char
        }
    }));
    out.push('\n');
}
