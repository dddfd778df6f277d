//! Strings and names.

/// Appends the content of a string: everything that could end it, or begin an expression in it, is escaped.
pub(crate) fn escape(text: &str, out: &mut String) {
    let mut chars = text.chars().peekable();
    // Whether the character before is written as itself, and means nothing.
    let mut plain = false;
    while let Some(c) = chars.next() {
        let next = chars.peek().copied();
        let was_plain = std::mem::replace(&mut plain, false);
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // `\${` would do, were it not that other tools than Bicep's own read two of them in a string amiss.
            '$' if next == Some('{') => out.push_str("\\u{24}"),
            // Right after an escape and the like, other tools than Bicep's own take it for a comment.
            '/' if !was_plain && matches!(next, Some('/' | '*')) => out.push_str("\\u{2f}"),
            // What an editor would not show, or would show elsewhere.
            c if c.is_control() || is_invisible(c) => {
                out.push_str(&format!("\\u{{{:x}}}", u32::from(c)));
            }
            c => {
                out.push(c);
                plain = !c.is_whitespace() && !matches!(c, '$' | '#');
            }
        }
    }
}

/// Line and paragraph separators, byte order marks, and marks that change the direction of text.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A whole string.
pub(crate) fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    escape(text, &mut out);
    out.push('\'');
    out
}

/// Whether a member may be named without quotes.
pub(crate) fn is_identifier(text: &str) -> bool {
    const WORDS: [&str; 5] = ["true", "false", "null", "if", "for"];
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !WORDS.contains(&text)
}

/// The name of a member.
pub(crate) fn key(text: &str) -> String {
    if is_identifier(text) {
        text.to_owned()
    } else {
        string(text)
    }
}

/// A comment on one line.
pub(crate) fn comment(text: &str) -> String {
    let mut line: String = text
        .chars()
        .map(|c| if c.is_control() || is_invisible(c) { ' ' } else { c })
        .collect();
    // Some tools go on to the next line after a back-slash.
    if line.ends_with('\\') {
        line.push('.');
    }
    format!("// {line}")
}
