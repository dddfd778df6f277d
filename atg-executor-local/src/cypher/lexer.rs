//! The tokens of a query.
//!
//! Neo4j replaces `\uXXXX` everywhere before it reads a query, so an escape can end a comment, open a string or spell a
//! keyword. Here an escape is read inside of a string, where it stands for one harmless character, and refused
//! everywhere else: what the gate sees is then what the server sees.

mod number;

use super::Refusal;

/// A part of the query, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last one.
    pub end: usize,
}

impl Span {
    pub(crate) const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// From the beginning of this one to the end of the other.
    pub(crate) const fn to(self, other: Self) -> Self {
        Self {
            start: self.start,
            end: other.end,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A word without back-ticks: a keyword or a name.
    Word(String),
    /// A name in back-ticks.
    Quoted(String),
    /// `$name`
    Parameter(String),
    /// Digits; may be one more than the largest integer, for the sake of `-9223372036854775808`.
    Integer(u64),
    Float(f64),
    Text(String),
    /// An operator or a bracket.
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) span: Span,
}

impl Token {
    /// Whether it is this keyword, in any case.
    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.kind, TokenKind::Word(text) if text.eq_ignore_ascii_case(word))
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(&self.kind, TokenKind::Symbol(text) if *text == symbol)
    }
}

/// Longest first: the first that fits is taken.
const SYMBOLS: &[&str] = &[
    "...", "..", "<>", "<=", ">=", "=~", "+=", "||", "::", "(", ")", "[", "]", "{", "}", ",", ".", ":", ";",
    "|", "&", "!", "%", "+", "-", "*", "/", "^", "=", "<", ">", "?",
];

/// Splits a query; the last token is always [`TokenKind::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut lexer = Lexer { text, at: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_space()?;
        let start = lexer.at;
        let kind = lexer.token()?;
        let end = kind == TokenKind::End;
        tokens.push(Token {
            kind,
            span: Span::new(start, lexer.at),
        });
        if end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn refuse<T>(&self, start: usize, message: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal::invalid(
            Span::new(start, self.at.max(start + 1).min(self.text.len())),
            message,
        ))
    }

    fn refuse_escape<T>(&self, start: usize, message: &str) -> Result<T, Refusal> {
        Err(Refusal::unsupported(Span::new(start, start + 2), message))
    }

    fn skip_space(&mut self) -> Result<(), Refusal> {
        loop {
            let rest = self.rest();
            let skip = if let Some(c) = rest.chars().next().filter(|c| is_space(*c)) {
                c.len_utf8()
            } else if rest.starts_with("//") {
                rest.find(['\n', '\r']).unwrap_or(rest.len())
            } else if let Some(comment) = rest.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => end + 4,
                    None => return self.refuse(self.at, "this comment has no end: close it with */"),
                }
            } else {
                return Ok(());
            };
            if let Some(escape) = rest[..skip].find("\\u") {
                return self.refuse_escape(
                    self.at + escape,
                    "a unicode escape cannot stand in a comment: write the character",
                );
            }
            self.at += skip;
        }
    }

    fn token(&mut self) -> Result<TokenKind, Refusal> {
        let Some(c) = self.peek() else {
            return Ok(TokenKind::End);
        };
        match c {
            '\'' | '"' => self.text(c),
            '`' => self.quoted().map(TokenKind::Quoted),
            '$' => self.parameter(),
            '0'..='9' => self.number(),
            '.' if self.rest()[1..].starts_with(|c: char| c.is_ascii_digit()) && !self.after_name() => {
                self.number()
            }
            '\\' => self.refuse_escape(
                self.at,
                "a unicode escape stands for a character in a string only: write the character",
            ),
            _ if is_word_start(c) => Ok(TokenKind::Word(self.word())),
            _ => match SYMBOLS.iter().find(|symbol| self.rest().starts_with(**symbol)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(TokenKind::Symbol(symbol))
                }
                None => self.refuse(self.at, format!("the character {c:?} cannot stand here")),
            },
        }
    }

    /// Whether the character before is part of a name or closes something: then a point asks for a property.
    fn after_name(&self) -> bool {
        let before = self.text[..self.at].chars().next_back();
        before.is_some_and(|c| is_word_part(c) || matches!(c, ')' | ']' | '}' | '`' | '.'))
    }

    fn word(&mut self) -> String {
        let length = self
            .rest()
            .find(|c| !is_word_part(c))
            .unwrap_or(self.rest().len());
        let word = self.rest()[..length].to_owned();
        self.at += length;
        word
    }

    fn quoted(&mut self) -> Result<String, Refusal> {
        let start = self.at;
        self.at += 1;
        let mut name = String::new();
        loop {
            match self.peek() {
                None => return self.refuse(start, "this name has no end: close it with a back-tick"),
                Some('`') if self.rest().starts_with("``") => {
                    name.push('`');
                    self.at += 2;
                }
                Some('`') => {
                    self.at += 1;
                    break;
                }
                Some('\\') if self.rest().starts_with("\\u") => {
                    return self.refuse_escape(
                        self.at,
                        "a unicode escape cannot stand in a name: write the character",
                    );
                }
                Some(c) => {
                    name.push(c);
                    self.at += c.len_utf8();
                }
            }
        }
        if name.is_empty() {
            return self.refuse(start, "a name cannot be empty");
        }
        Ok(name)
    }

    fn parameter(&mut self) -> Result<TokenKind, Refusal> {
        let start = self.at;
        self.at += 1;
        let name = match self.peek() {
            Some('`') => self.quoted()?,
            Some(c) if is_word_part(c) => self.word(),
            _ => return self.refuse(start, "a parameter needs a name, as in $name"),
        };
        Ok(TokenKind::Parameter(name))
    }

    fn text(&mut self, quote: char) -> Result<TokenKind, Refusal> {
        let start = self.at;
        self.at += 1;
        let mut text = String::new();
        loop {
            let Some(c) = self.peek() else {
                return self.refuse(start, format!("this text has no end: close it with {quote}"));
            };
            self.at += c.len_utf8();
            if c == quote {
                return Ok(TokenKind::Text(text));
            }
            if c != '\\' {
                text.push(c);
                continue;
            }
            let escape = self.at - 1;
            let Some(escaped) = self.peek() else { continue };
            self.at += escaped.len_utf8();
            match escaped {
                't' => text.push('\t'),
                'b' => text.push('\u{8}'),
                'n' => text.push('\n'),
                'r' => text.push('\r'),
                'f' => text.push('\u{c}'),
                '\\' | '\'' | '"' => text.push(escaped),
                'u' => text.push(self.unicode(escape)?),
                other => {
                    text.push('\\');
                    text.push(other);
                }
            }
        }
    }

    /// The character of `\uXXXX`, a surrogate pair included.
    fn unicode(&mut self, escape: usize) -> Result<char, Refusal> {
        let first = self.hex4(escape)?;
        let code = if (0xd800..0xdc00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = self.hex4(escape)?;
            if (0xdc00..0xe000).contains(&second) {
                0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)
            } else {
                first
            }
        } else {
            first
        };
        match char::from_u32(code) {
            // The server replaces escapes before it looks for the end of the text.
            Some('\'' | '"' | '\\' | '`') => self.refuse_escape(
                escape,
                "this escape would end the text or begin another escape: write \\' or \\\" or \\\\",
            ),
            Some(c) => Ok(c),
            None => self.refuse_escape(escape, "half of a surrogate pair is not a character"),
        }
    }

    fn hex4(&mut self, escape: usize) -> Result<u32, Refusal> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        match digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
            Some(code) => {
                self.at += 4;
                Ok(code)
            }
            None => self.refuse(
                escape,
                "\\u needs four hexadecimal digits; a backslash itself is written \\\\",
            ),
        }
    }
}

/// What Neo4j skips between tokens: Java's white space, and the spaces that do not break.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{1c}'..='\u{1f}')
}

fn is_word_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn is_word_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests;
