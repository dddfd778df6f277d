//! What a text is, told by its first million bytes and never by a file's name.

use std::io::Read;

use atg_sdk::{Error, Result};
use memchr::memchr;

use super::{document::is_answer, text::Text};
use crate::{graph::record, json::Json};

/// How much may be looked at before the first object is handed out.
const SNIFF_BYTES: usize = 1024 * 1024;

/// How a text holds its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Each line is an object.
    Lines,
    /// Arrays, answers or objects, one after the other, wherever their lines break.
    Documents,
}

impl Layout {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Lines => "json_lines",
            Self::Documents => "json",
        }
    }
}

/// Tells the layout; the text is then at its first byte that is not a byte order mark or white space.
///
/// # Errors
/// `InvalidArgument` where there is nothing, or nothing that is JSON, or ATG's own export.
pub(super) fn sniff<R: Read>(text: &mut Text<R>) -> Result<Layout> {
    text.fill_to(SNIFF_BYTES);
    if text.buffer.starts_with(b"\xef\xbb\xbf") {
        text.pos = 3;
    }
    // Blank space costs no memory, however much of it there is.
    let first = loop {
        let at = text.pos;
        let found = text.skip_space();
        text.forget(at.min(text.pos));
        if found.is_some() || text.has_ended() {
            break found;
        }
    };
    text.fill_to(SNIFF_BYTES);
    let seen = &text.buffer[text.pos..];
    let first_end = memchr(b'\n', seen);
    let line = &seen[..first_end.unwrap_or(seen.len())];
    let whole_line = first_end.is_some() || text.has_ended();
    match first {
        None if text.is_damaged() => Err(Error::invalid("read the input: it is damaged at its begin")),
        None => Err(Error::invalid("read the input: there is nothing in it")),
        Some(b'[') => Ok(Layout::Documents),
        Some(b'{') => {
            if is_answer(line) {
                return Ok(Layout::Documents);
            }
            if !whole_line {
                return Ok(Layout::Lines);
            }
            match Json::parse(line) {
                Ok(object) if is_export(&object) => Err(Error::invalid(
                    "read the input: it is an export of ATG; use `atg import FILE` to read it back",
                )),
                Ok(_) => Ok(Layout::Lines),
                Err(error) if error.offset() >= line.trim_ascii_end().len() => {
                    Ok(layout_of_lines(seen, &seen[line.len()..]))
                }
                Err(error) => lines_or_nothing(seen, line, &error),
            }
        }
        Some(_) => match Json::parse(line) {
            Ok(_) => lines_or_nothing(seen, line, "it is not an object"),
            Err(error) => lines_or_nothing(seen, line, &error),
        },
    }
}

/// Whether a first line that ends within an object goes on in the next ones (it is pretty-printed), or was cut.
fn layout_of_lines(seen: &[u8], rest: &[u8]) -> Layout {
    let goes_on = match Json::parse(seen) {
        Ok(_) => true,
        Err(error) => error.is_trailing() || error.offset() >= seen.len(),
    };
    // Where the whole is damaged too: no second line of a pretty-printed object is an object itself.
    let next = rest
        .split(|b| *b == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    if goes_on || is_answer(seen) || !next.is_some_and(object_among_lines) {
        Layout::Documents
    } else {
        Layout::Lines
    }
}

/// One bad line at the begin is a bad line; nothing but bad lines is not JSON.
fn lines_or_nothing(seen: &[u8], first: &[u8], error: impl std::fmt::Display) -> Result<Layout> {
    if object_among_lines(&seen[first.len()..]) {
        return Ok(Layout::Lines);
    }
    Err(Error::invalid(format!(
        "read the input: it is not JSON ({error} of its first line); JSON Lines, an array of resources and the answers \
         of `az resource list` and `az graph query` are"
    )))
}

fn object_among_lines(text: &[u8]) -> bool {
    text.split(|b| *b == b'\n')
        .filter(|line| line.trim_ascii_start().starts_with(b"{"))
        .any(|line| matches!(Json::parse(line), Ok(Json::Object(_))))
}

/// The first line of what `atg export` writes.
fn is_export(object: &Json) -> bool {
    object.get("format").and_then(Json::as_str) == Some(record::FORMAT)
}
