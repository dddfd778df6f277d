//! Texts as literals, and which words are identifiers.

use std::fmt::Write as _;

/// Words that are identifiers to the scanner and something else to the parser, at least as the key of an object.
const KEYWORDS: [&str; 6] = ["true", "false", "null", "for", "if", "in"];

/// Appends a quoted literal whose value is exactly the text.
///
/// Line breaks are escaped rather than put into a heredoc: a heredoc ends where its content says so, cannot hold a text
/// without a final line break, and strips nothing only by rules that depend on indentation.
pub fn push_quoted(text: &str, out: &mut String) {
    out.push('"');
    push_escaped(text, false, out);
    out.push('"');
}

/// Appends what stands between the quotes, or between them and a `${…}` that follows.
pub(super) fn push_escaped(text: &str, before_value: bool, out: &mut String) {
    for (at, char) in text.char_indices() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '$' | '%' => match text[at + 1..].bytes().find(|byte| *byte != char as u8) {
                // `$${` is how a literal `${` is written. What `$$${` means depends on who reads it, so only the last
                // of several is written that way and those before it by number.
                Some(b'{') if text.as_bytes().get(at + 1) == Some(&b'{') => {
                    out.push(char);
                    out.push(char);
                }
                Some(b'{') => push_number(char, out),
                None if before_value => push_number(char, out),
                _ => out.push(char),
            },
            // Line separators and the mark of byte order are legal in a literal, but editors and version control are
            // known to change them.
            '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                push_number(char, out);
            }
            _ => out.push(char),
        }
    }
}

fn push_number(char: char, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\\u{:04x}", u32::from(char));
}

/// Whether the word can stand without quotes as a name, and as the key of an object.
#[must_use]
pub fn is_identifier(word: &str) -> bool {
    let mut bytes = word.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
        && !KEYWORDS.contains(&word)
}

/// The nearest identifier to a word: anything but ASCII letters, digits and `_` becomes `_`, once for a run of them.
#[must_use]
pub fn identifier(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for char in word.chars() {
        if char.is_ascii_alphanumeric() {
            out.push(char.to_ascii_lowercase());
        } else if !out.ends_with('_') && !out.is_empty() {
            out.push('_');
        }
    }
    out.truncate(out.trim_end_matches('_').len());
    if !is_identifier(&out) {
        out.insert(0, '_');
    }
    out
}
