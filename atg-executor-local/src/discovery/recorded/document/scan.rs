//! Finds the end of a JSON value by its brackets and quotes alone. Whether what lies between is JSON is for the parser
//! to say, of that one value.

use std::io::Read;

use memchr::memchr3;

use super::Stop;
use crate::discovery::recorded::text::Text;

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// It is in memory, from its begin up to the position.
    Whole,
    /// It was larger than the limit, and nothing of it was kept.
    TooLong,
}

/// Moves from a value's first byte, at the position, to behind its last one.
pub(super) fn scan_value<R: Read>(text: &mut Text<R>, start: usize, limit: usize) -> Result<Scanned, Stop> {
    text.indent = None;
    let mut too_long = false;
    let mut open = Open::default();
    let mut in_string = false;
    loop {
        let ended = if in_string {
            string(text, &mut in_string).map_err(lost_if(too_long))?;
            !in_string && open.is_empty()
        } else {
            between(text, &mut open, &mut in_string).map_err(lost_if(too_long))?
        };
        if ended {
            break;
        }
        if text.pos - start > limit {
            too_long = true;
        }
        if text.pos < text.buffer.len() {
            continue;
        }
        // Only where nothing stands behind it, or each string of a large object would move all that follows.
        if too_long {
            text.forget(start);
        }
        if !text.fill() {
            // A bare number or word may end where the text does.
            if open.is_empty() && !in_string && (text.pos > start || too_long) {
                break;
            }
            return Err(Stop::End);
        }
    }
    if too_long || text.pos - start > limit {
        text.forget(start);
        return Ok(Scanned::TooLong);
    }
    if text.pos == start {
        return Err(Stop::Broken(format!(
            "`{}` where a value was expected",
            text.buffer[start].escape_ascii()
        )));
    }
    Ok(Scanned::Whole)
}

/// Of an object that is not in memory any more nothing can be looked at again.
fn lost_if(too_long: bool) -> impl Fn(Stop) -> Stop {
    move |stop| match stop {
        Stop::Broken(detail) if too_long => Stop::Lost(detail),
        other => other,
    }
}

/// The brackets that are open. Past any sensible depth only their number is known, so that a text of nothing but opening
/// brackets costs no memory.
#[derive(Default)]
struct Open {
    kinds: Vec<u8>,
    deeper: u64,
}

impl Open {
    fn is_empty(&self) -> bool {
        self.kinds.is_empty()
    }

    fn push(&mut self, bracket: u8) {
        if self.kinds.len() < 100_000 {
            self.kinds.push(bracket);
        } else {
            self.deeper += 1;
        }
    }

    /// Whether the bracket closes the one that was opened last.
    fn pop(&mut self, bracket: u8) -> bool {
        if self.deeper > 0 {
            self.deeper -= 1;
            return true;
        }
        // `{` and `}`, `[` and `]` are two apart.
        self.kinds.pop().is_some_and(|open| open + 2 == bracket)
    }
}

/// What lies outside of strings, up to the next string, the end of the value or the end of what is in memory.
/// `true` at the end of the value.
fn between<R>(text: &mut Text<R>, open: &mut Open, in_string: &mut bool) -> Result<bool, Stop> {
    while let Some(byte) = text.buffer.get(text.pos) {
        match byte {
            b'"' => {
                *in_string = true;
                text.pos += 1;
                return Ok(false);
            }
            b'{' | b'[' => open.push(*byte),
            b'}' | b']' if open.is_empty() => return Ok(true),
            b'}' | b']' => {
                if !open.pop(*byte) {
                    return Err(Stop::Broken(format!(
                        "`{}` where the other kind of bracket is open",
                        byte.escape_ascii()
                    )));
                }
                if open.is_empty() {
                    text.pos += 1;
                    return Ok(true);
                }
            }
            b',' | b' ' | b'\t' | b'\r' | b'\n' if open.is_empty() => return Ok(true),
            b'\n' => text.line += 1,
            _ => {}
        }
        text.pos += 1;
    }
    Ok(false)
}

/// The rest of a string, or as much as is in memory.
fn string<R: Read>(text: &mut Text<R>, in_string: &mut bool) -> Result<(), Stop> {
    while let Some(at) = memchr3(b'"', b'\\', b'\n', &text.buffer[text.pos..]) {
        text.pos += at;
        match text.buffer[text.pos] {
            b'"' => {
                text.pos += 1;
                *in_string = false;
                return Ok(());
            }
            b'\\' => {
                if text.pos + 1 == text.buffer.len() && !text.fill() {
                    return Err(Stop::End);
                }
                text.pos += 2;
            }
            // JSON allows no line end within a string: a quote is missing, and the next line may be sound.
            _ => return Err(Stop::Broken("a string that does not end on its line".to_owned())),
        }
    }
    text.pos = text.buffer.len();
    Ok(())
}
