//! The words of a query.

use serde_json::Value;

use super::parser::Failure;

/// A word, with the place where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Word {
    pub(super) kind: Kind,
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// Names and keywords, those with a `-` (`project-away`, `mv-expand`) and a `!` or `~` (`!contains`, `in~`) whole.
    Name(String),
    Literal(Value),
    /// `1d`, in seconds.
    Timespan(f64),
    Symbol(&'static str),
    End,
}

const SYMBOLS: [&str; 27] = [
    "==", "!=", "=~", "!~", "<=", ">=", "..", "|", "(", ")", "[", "]", "{", "}", ",", ".", "=", "<", ">",
    "+", "-", "*", "/", "%", ";", "$", ":",
];

/// Words that have a sign in front or behind.
const SIGNED: [&str; 12] = [
    "!contains_cs",
    "!contains",
    "!startswith",
    "!endswith",
    "!between",
    "!has",
    "!in~",
    "!in",
    "in~",
    "project-away",
    "project-rename",
    "mv-expand",
];

pub(super) fn words(text: &str) -> Result<Vec<Word>, Failure> {
    let mut found = Vec::new();
    let mut rest = text;
    let (mut line, mut column) = (1, 0);
    loop {
        let skipped = blank(rest);
        advance(&rest[..skipped], &mut line, &mut column);
        rest = &rest[skipped..];
        let Some(first) = rest.chars().next() else {
            found.push(Word {
                kind: Kind::End,
                line,
                column,
            });
            return Ok(found);
        };
        let failure = || Failure {
            line,
            column,
            token: first.to_string(),
        };
        if let Some((value, length)) = datetime(rest) {
            // What stands between these parentheses is no expression.
            found.push(Word {
                kind: Kind::Literal(Value::String(value)),
                line,
                column,
            });
            advance(&rest[..length], &mut line, &mut column);
            rest = &rest[length..];
            continue;
        }
        let (kind, length) = word(rest, first).ok_or_else(failure)?;
        found.push(Word { kind, line, column });
        advance(&rest[..length], &mut line, &mut column);
        rest = &rest[length..];
    }
}

fn advance(text: &str, line: &mut usize, column: &mut usize) {
    for character in text.chars() {
        if character == '\n' {
            *line += 1;
            *column = 0;
        } else {
            *column += 1;
        }
    }
}

/// `datetime(2024-01-31T10:00:00Z)`
fn datetime(text: &str) -> Option<(String, usize)> {
    const NAME: &str = "datetime";
    text.get(..NAME.len())
        .filter(|name| name.eq_ignore_ascii_case(NAME))?;
    let rest = text[NAME.len()..].trim_start();
    let inside = rest.strip_prefix('(')?;
    let end = inside.find(')')?;
    let value = inside[..end].trim().trim_matches(['\'', '"']);
    Some((value.to_owned(), text.len() - inside.len() + end + 1))
}

/// Spaces and comments.
fn blank(text: &str) -> usize {
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        match rest.strip_prefix("//") {
            Some(comment) => rest = comment.find('\n').map_or("", |end| &comment[end..]),
            None => return text.len() - rest.len(),
        }
    }
}

fn word(text: &str, first: char) -> Option<(Kind, usize)> {
    if first == '\'' || first == '"' {
        return quoted(text, first, false);
    }
    if first == '@' {
        let (kind, length) = quoted(&text[1..], text[1..].chars().next()?, true)?;
        return Some((kind, length + 1));
    }
    if first.is_ascii_digit() {
        return number(text);
    }
    for signed in SIGNED {
        let fits = text
            .get(..signed.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(signed));
        let ends = !text[signed.len().min(text.len())..]
            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        if fits && ends {
            return Some((Kind::Name(signed.to_owned()), signed.len()));
        }
    }
    if first.is_alphabetic() || first == '_' {
        let length = text
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(text.len());
        return Some((Kind::Name(text[..length].to_owned()), length));
    }
    let symbol = SYMBOLS.iter().find(|symbol| text.starts_with(**symbol))?;
    Some((Kind::Symbol(symbol), symbol.len()))
}

/// A text; in one that is taken as it stands a doubled quote is one.
fn quoted(text: &str, quote: char, verbatim: bool) -> Option<(Kind, usize)> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == quote {
            if verbatim && characters.next_if(|(_, next)| *next == quote).is_some() {
                value.push(quote);
                continue;
            }
            return Some((Kind::Literal(Value::String(value)), at + character.len_utf8()));
        }
        if character == '\\' && !verbatim {
            let (_, escaped) = characters.next()?;
            value.push(match escaped {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            });
        } else {
            value.push(character);
        }
    }
    None
}

fn number(text: &str) -> Option<(Kind, usize)> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits;
    // `1.5`, but not `1..5`.
    if text[end..].starts_with('.') && text[end + 1..].starts_with(|c: char| c.is_ascii_digit()) {
        end += 1;
        end += text[end..]
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len() - end);
    }
    let unit = text[end..]
        .find(|c: char| !c.is_ascii_alphabetic())
        .unwrap_or(text.len() - end);
    let value: f64 = text[..end].parse().ok()?;
    let seconds = match &text[end..end + unit] {
        "" => {
            let number = serde_json::from_str(&text[..end]).ok()?;
            return Some((Kind::Literal(Value::Number(number)), end));
        }
        "d" => 86_400.0,
        "h" => 3600.0,
        "m" => 60.0,
        "s" => 1.0,
        "ms" => 0.001,
        _ => return None,
    };
    Some((Kind::Timespan(value * seconds), end + unit))
}
