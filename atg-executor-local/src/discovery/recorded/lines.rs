//! JSON Lines: every line is one object, whatever the lines around it are.

use std::io::Read;

use memchr::memchr;

use super::{Limits, text::Text};
use crate::discovery::{Batch, Element, Place, Problem};

/// The next batch of lines; `None` at the end.
pub(super) fn next_batch<R: Read>(text: &mut Text<R>, limits: &Limits) -> Option<Batch> {
    let mut batch = Batch::default();
    // The position is at the begin of a line here and whenever a line is done.
    let mut start = text.pos;
    let mut searched = start;
    while batch.elements.len() < limits.batch_elements && start < limits.batch_bytes {
        if let Some(at) = memchr(b'\n', &text.buffer[searched..]) {
            let end = searched + at;
            take_line(text, start..end, limits, &mut batch);
            text.line += 1;
            start = end + 1;
            searched = start;
            continue;
        }
        searched = text.buffer.len();
        if searched - start > limits.element_bytes {
            batch.problems.push(too_long(text.line, limits));
            skip_line(text, start);
            searched = start;
            continue;
        }
        if !text.fill() {
            // The last line of a damaged file is cut: the damage is what is reported.
            if !text.is_damaged() {
                take_line(text, start..searched, limits, &mut batch);
            }
            start = searched;
            break;
        }
    }
    text.pos = start;
    if start == 0 && batch.is_empty() {
        return None;
    }
    batch.text = text.take(start);
    Some(batch)
}

fn take_line<R>(text: &Text<R>, range: std::ops::Range<usize>, limits: &Limits, batch: &mut Batch) {
    let line = &text.buffer[range.clone()];
    let trimmed = line.trim_ascii_start();
    let begin = range.end - trimmed.len();
    let length = trimmed.trim_ascii_end().len();
    if length > limits.element_bytes {
        batch.problems.push(too_long(text.line, limits));
    } else if length > 0 {
        batch.elements.push(Element {
            range: begin..begin + length,
            place: Place {
                line: text.line,
                element: None,
            },
        });
    }
}

/// Drops the rest of a line without holding it, up to the begin of the next one.
fn skip_line<R: Read>(text: &mut Text<R>, start: usize) {
    loop {
        let found = memchr(b'\n', &text.buffer[start..]);
        text.pos = found.map_or(text.buffer.len(), |at| start + at + 1);
        text.forget(start);
        if found.is_some() {
            text.line += 1;
            return;
        }
        if !text.fill() {
            return;
        }
    }
}

fn too_long(line: u64, limits: &Limits) -> Problem {
    Problem::at(Place { line, element: None }, limits.too_long())
}
