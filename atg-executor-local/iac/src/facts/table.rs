//! The table's text. This is its format, and this module and `shape` its only readers:
//!
//! ```text
//! # PACKAGE==VERSION
//! @types
//! TYPE v=API-VERSION o=OTHER,… s=SCOPES b=BODY f=NAME|NAME l=MIN..MAX p=PATTERN
//! @shapes
//! ?DISCRIMINATOR:VALUE=SHAPE|… * FLAGS NAME:TYPE …
//! @values
//! VALUE|VALUE
//! ```
//!
//! Types are ordered without regard to case. `s` has a letter for each scope: tenant, management group, subscription,
//! group, `x` for extensions. `b` is the number of a shape, a line below `@shapes` counted from nought; only types that can
//! be written have one. `*` says that an object takes members that it does not name. A member's flags are `!` required,
//! `-` read-only, `+` never returned, `$` secret. Its type is `s` text (when there is none), `i` integer, `n` number, `b`
//! boolean, `a` anything, `e7` one of a line below `@values` (`E7`: and
//! nothing else), `#7` an object of that shape, `[` and `{` before another
//! type a list and a map of it. In names and values, what this syntax uses is written `%41`.

use std::{borrow::Cow, cmp::Ordering, io::Read, sync::OnceLock};

use flate2::read::GzDecoder;

use super::shape::Parsed;

static PACKED: &[u8] = include_bytes!("../../facts/table.txt.gz");

/// The unpacked table, and where in it the lines are.
#[derive(Debug)]
pub(super) struct Table {
    text: &'static str,
    types: Vec<&'static str>,
    shapes: Vec<(&'static str, OnceLock<Parsed>)>,
    values: Vec<&'static str>,
}

impl Table {
    /// Unpacks the table. It is never given back: everything in it is handed out for as long as the program runs.
    #[expect(
        clippy::expect_used,
        reason = "the bytes are part of the program, and a test unpacks them"
    )]
    pub(super) fn load() -> Self {
        let mut text = String::new();
        GzDecoder::new(PACKED)
            .read_to_string(&mut text)
            .expect("the table was packed by its generator");
        let text: &'static str = text.leak();
        let (_, rest) = text.split_once("\n@types\n").unwrap_or_default();
        let (types, rest) = rest.split_once("\n@shapes\n").unwrap_or_default();
        let (shapes, values) = rest.split_once("\n@values\n").unwrap_or_default();
        Self {
            text,
            types: types.lines().collect(),
            shapes: shapes.split('\n').map(|line| (line, OnceLock::new())).collect(),
            values: values.lines().collect(),
        }
    }

    /// The line of a type.
    pub(super) fn line(&self, resource_type: &str) -> Option<&'static str> {
        let found = self
            .types
            .binary_search_by(|line| compare(first_word(line), resource_type));
        Some(self.types[found.ok()?])
    }

    pub(super) fn lines(&self) -> impl Iterator<Item = &'static str> {
        self.types.iter().copied()
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &'static str> {
        self.text
            .lines()
            .map_while(|line| line.strip_prefix("# "))
            .filter(|line| line.contains("=="))
    }

    /// A shape, parsed at the first question for it.
    pub(super) fn shape(&self, number: u32) -> &Parsed {
        let (line, parsed) = &self.shapes[number as usize];
        parsed.get_or_init(|| Parsed::parse(line))
    }

    pub(super) fn shape_count(&self) -> usize {
        self.shapes.len()
    }

    pub(super) fn values(&self, number: usize) -> &'static str {
        self.values.get(number).copied().unwrap_or_default()
    }
}

/// Orders as the generator did: by bytes, in small letters.
fn compare(a: &str, b: &str) -> Ordering {
    let small = |byte: u8| byte.to_ascii_lowercase();
    a.bytes().map(small).cmp(b.bytes().map(small))
}

pub(super) fn first_word(line: &'static str) -> &'static str {
    line.split(' ').next().unwrap_or_default()
}

/// Undoes `%41`.
pub(super) fn unescape(text: &'static str) -> Cow<'static, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(value) if byte == b'%' => {
                out.push(value);
                rest = &tail[2..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}
