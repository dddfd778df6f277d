//! Arrays and answers: the objects within one JSON text (or several, one after the other), found by their brackets
//! without ever holding more than one of them and without knowing where the lines break.

mod answer;
mod scan;

use std::io::Read;

use memchr::memchr;

use self::{
    answer::Answer,
    scan::{Scanned, scan_value},
};
use super::{Limits, text::Text};
use crate::discovery::{Batch, Element, Place, Problem};

/// Where in a document the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first document, between two, or after the last.
    Top,
    /// In an array of objects; `answer` where that is a member of one.
    Array { answer: bool, first: bool },
    /// In an answer, behind its array.
    Tail,
    /// Nothing more can be read.
    Done,
}

/// Splits documents into objects.
#[derive(Debug)]
pub(super) struct Documents {
    state: State,
    /// Objects handed out, of all documents.
    count: u64,
    /// The white space before the first object, where it begins a line: how the begin of a further one is known again
    /// behind a damaged one.
    anchor: Option<Vec<u8>>,
    answer: Answer,
    /// Where the object at hand begins: its place in memory and its line.
    begin: Option<(usize, u64)>,
}

/// Why an object could not be read to its end.
enum Stop {
    /// The text ends.
    End,
    /// What is there cannot be there.
    Broken(String),
    /// The same of an object that was dropped already because it is larger than the limit.
    Lost(String),
}

impl Documents {
    pub(super) fn new() -> Self {
        Self {
            state: State::Top,
            count: 0,
            anchor: None,
            answer: Answer::default(),
            begin: None,
        }
    }

    /// The next batch; `None` at the end.
    ///
    /// # Errors
    /// `InvalidArgument` for an answer in a format that holds no objects.
    pub(super) fn next_batch<R: Read>(
        &mut self,
        text: &mut Text<R>,
        limits: &Limits,
    ) -> atg_sdk::Result<Option<Batch>> {
        let mut batch = Batch::default();
        while self.state != State::Done
            && batch.elements.len() < limits.batch_elements
            && text.pos < limits.batch_bytes
        {
            self.begin = None;
            let stopped = match self.state {
                State::Top => self.top(text, limits, &mut batch)?,
                State::Array { answer, first } => self.array(text, limits, &mut batch, answer, first),
                State::Tail => self.tail(text, limits),
                State::Done => Ok(()),
            };
            if let Err(stop) = stopped {
                self.recover(text, stop, &mut batch);
            }
        }
        if batch.is_empty() && self.state == State::Done {
            return Ok(None);
        }
        batch.text = text.take(text.pos);
        Ok(Some(batch))
    }

    fn top<R: Read>(
        &mut self,
        text: &mut Text<R>,
        limits: &Limits,
        batch: &mut Batch,
    ) -> atg_sdk::Result<Result<(), Stop>> {
        match text.skip_space() {
            None => {
                self.state = State::Done;
                let missing = self.answer.take_missing().filter(|_| !text.is_damaged());
                batch.problems.extend(missing.map(Problem::of_source));
            }
            Some(b'[') => {
                text.step();
                self.anchor = None;
                self.state = State::Array {
                    answer: false,
                    first: true,
                };
            }
            Some(b'{') => {
                self.anchor = None;
                if self.answer.begins(text)? {
                    self.state = State::Array {
                        answer: true,
                        first: true,
                    };
                } else {
                    return Ok(self.object(text, limits, batch));
                }
            }
            Some(other) => return Ok(Err(unexpected(other, "the begin of an object or array"))),
        }
        Ok(Ok(()))
    }

    fn array<R: Read>(
        &mut self,
        text: &mut Text<R>,
        limits: &Limits,
        batch: &mut Batch,
        answer: bool,
        first: bool,
    ) -> Result<(), Stop> {
        match text.skip_space().ok_or(Stop::End)? {
            b']' => {
                text.step();
                self.state = if answer { State::Tail } else { State::Top };
                return Ok(());
            }
            b',' if !first => {
                text.step();
                text.skip_space().ok_or(Stop::End)?;
            }
            _ if first => {}
            other => return Err(unexpected(other, "`,` or the end of the array")),
        }
        self.object(text, limits, batch)?;
        self.state = State::Array { answer, first: false };
        if answer {
            self.answer.rows += 1;
        }
        Ok(())
    }

    /// One object, or whatever stands in its place.
    fn object<R: Read>(
        &mut self,
        text: &mut Text<R>,
        limits: &Limits,
        batch: &mut Batch,
    ) -> Result<(), Stop> {
        if self.anchor.is_none() && text.peek() == Some(b'{') {
            self.anchor.clone_from(&text.indent);
        }
        let start = text.pos;
        self.begin = Some((start, text.line));
        let place = Place {
            line: text.line,
            element: Some(self.count + 1),
        };
        match scan_value(text, start, limits.element_bytes)? {
            Scanned::Whole => batch.elements.push(Element {
                range: start..text.pos,
                place,
            }),
            Scanned::TooLong => batch.problems.push(Problem::at(place, limits.too_long())),
        }
        self.count += 1;
        Ok(())
    }

    fn tail<R: Read>(&mut self, text: &mut Text<R>, limits: &Limits) -> Result<(), Stop> {
        match text.skip_space().ok_or(Stop::End)? {
            b'}' => {
                text.step();
                self.state = State::Top;
                Ok(())
            }
            b',' => {
                text.step();
                self.answer.member(text, limits.element_bytes)
            }
            other => Err(unexpected(other, "`,` or the end of the answer")),
        }
    }

    /// Reports what stopped the reader and looks for the begin of the next object: a line that begins exactly as the
    /// first object's did. Where lines do not tell, what follows is lost, and that is said.
    fn recover<R: Read>(&mut self, text: &mut Text<R>, stop: Stop, batch: &mut Batch) {
        if text.is_damaged() {
            // The damage is what is reported, once.
            self.state = State::Done;
            return;
        }
        let at_end = matches!(stop, Stop::End);
        let begin = self.begin.filter(|_| !matches!(stop, Stop::Lost(_)));
        let place = Place {
            line: self.begin.map_or(text.line, |(_, line)| line),
            element: self.begin.map(|_| self.count + 1),
        };
        let mut detail = match stop {
            Stop::End => "the text ends in the middle of a value".to_owned(),
            Stop::Broken(detail) | Stop::Lost(detail) if text.line == place.line => detail,
            Stop::Broken(detail) | Stop::Lost(detail) => format!("{detail} (noticed in line {})", text.line),
        };
        if let Some((start, line)) = begin {
            // What the reader swallowed on the way to where it noticed is still in memory.
            (text.pos, text.line) = (start, line);
        }
        let found = match &self.anchor {
            // A comma is missing, nothing else: the next object begins right here.
            Some(anchor) if self.begin.is_none() && text.indent.as_ref() == Some(anchor) => {
                text.peek() == Some(b'{') || seek(text, anchor)
            }
            Some(anchor) if self.state != State::Tail => seek(text, anchor),
            _ => false,
        };
        if found {
            self.count += u64::from(self.begin.is_some());
            if let State::Array { first, .. } = &mut self.state {
                *first = true;
            }
        } else {
            self.state = State::Done;
            if !at_end {
                detail.push_str("; what follows could not be read");
            }
        }
        batch.problems.push(Problem::at(place, detail));
    }
}

/// Moves to the next line, behind the current one, that begins with the anchor and `{`.
fn seek<R: Read>(text: &mut Text<R>, anchor: &[u8]) -> bool {
    let start = text.pos;
    loop {
        let Some(at) = memchr(b'\n', &text.buffer[text.pos..]) else {
            text.pos = text.buffer.len();
            text.forget(start);
            if text.fill() {
                continue;
            }
            return false;
        };
        text.pos += at + 1;
        text.line += 1;
        text.fill_to(text.pos + anchor.len() + 1);
        let next = &text.buffer[text.pos..];
        if next.starts_with(anchor) && next.get(anchor.len()) == Some(&b'{') {
            text.pos += anchor.len();
            text.indent = Some(anchor.to_vec());
            return true;
        }
    }
}

/// Whether a text begins as an answer does, up to the begin of its array.
pub(super) fn is_answer(begin: &[u8]) -> bool {
    // A table is an answer too, and is refused by name when it is read.
    Answer::default()
        .begins(&mut Text::new(begin, begin.len().max(1)))
        .unwrap_or(true)
}

fn unexpected(byte: u8, wanted: &str) -> Stop {
    Stop::Broken(format!("`{}` where {wanted} was expected", byte.escape_ascii()))
}
