//! A window onto a text that may be larger than memory.

use std::io::{self, Read};

/// The part of a text that is in memory: what belongs to the batch being made, and a little of what follows.
pub(super) struct Text<R> {
    reader: R,
    /// How much is read at once.
    step: usize,
    /// What is in memory.
    pub buffer: Vec<u8>,
    /// The next byte to look at.
    pub pos: usize,
    /// The line of that byte, from 1.
    pub line: u64,
    /// The white space before that byte, where nothing else precedes it on its line.
    pub indent: Option<Vec<u8>>,
    ended: bool,
    damage: Option<io::Error>,
}

impl<R> std::fmt::Debug for Text<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text")
            .field("line", &self.line)
            .field("in_memory", &self.buffer.len())
            .finish_non_exhaustive()
    }
}

impl<R: Read> Text<R> {
    pub(super) fn new(reader: R, step: usize) -> Self {
        Self {
            reader,
            step,
            buffer: Vec::new(),
            pos: 0,
            line: 1,
            indent: Some(Vec::new()),
            ended: false,
            damage: None,
        }
    }

    /// Brings more of the text into memory. `false` at its end, which is also where it turned out to be damaged.
    pub(super) fn fill(&mut self) -> bool {
        if self.ended {
            return false;
        }
        let length = self.buffer.len();
        self.buffer.resize(length + self.step, 0);
        let read = loop {
            match self.reader.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let count = match read {
            Ok(count) => count,
            Err(error) => {
                self.damage = Some(error);
                0
            }
        };
        self.buffer.truncate(length + count);
        self.ended = count == 0;
        !self.ended
    }

    /// Fills until so much is in memory, or all of it.
    pub(super) fn fill_to(&mut self, length: usize) {
        while self.buffer.len() < length && self.fill() {}
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    /// Why the text ended before its end, once.
    pub(super) fn take_damage(&mut self) -> Option<io::Error> {
        self.damage.take()
    }

    pub(super) fn is_damaged(&self) -> bool {
        self.damage.is_some()
    }

    /// The byte at hand; `None` at the end of the text.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            if let Some(byte) = self.buffer.get(self.pos) {
                return Some(*byte);
            }
            if !self.fill() {
                return None;
            }
        }
    }

    /// The first byte at or after the position that is not white space, and stays there.
    pub(super) fn skip_space(&mut self) -> Option<u8> {
        loop {
            let byte = self.peek()?;
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.indent = Some(Vec::new());
                }
                b' ' | b'\t' | b'\r' => {
                    if let Some(indent) = &mut self.indent {
                        indent.push(byte);
                    }
                }
                _ => return Some(byte),
            }
            self.pos += 1;
        }
    }

    /// Steps over the byte at hand, which is neither white space nor a line end.
    pub(super) fn step(&mut self) {
        self.pos += 1;
        self.indent = None;
    }

    /// Drops what lies between `from` and the position, which is then `from`.
    pub(super) fn forget(&mut self, from: usize) {
        self.buffer.drain(from..self.pos);
        self.pos = from;
    }

    /// Hands out what lies before `from`, and goes on with the rest.
    pub(super) fn take(&mut self, from: usize) -> Vec<u8> {
        let rest = self.buffer[from..].to_vec();
        self.pos = self.pos.saturating_sub(from);
        let mut taken = std::mem::replace(&mut self.buffer, rest);
        taken.truncate(from);
        taken
    }
}
