//! Indented JSON, written as it comes: a template of a hundred thousand resources is never a tree.

use atg_json::write_string;

/// Writes one value after another.
#[derive(Debug, Default)]
pub(super) struct Writer {
    out: String,
    /// For each open object or array, whether something is in it.
    open: Vec<bool>,
    /// Whether the name of a member has just been written.
    named: bool,
}

impl Writer {
    pub(super) fn finish(mut self) -> String {
        self.out.push('\n');
        self.out
    }

    /// A line of its own, unless a member's name stands before.
    fn place(&mut self) {
        if std::mem::take(&mut self.named) {
            return;
        }
        if let Some(filled) = self.open.last_mut() {
            if std::mem::replace(filled, true) {
                self.out.push(',');
            }
            self.line();
        }
    }

    fn line(&mut self) {
        self.out.push('\n');
        for _ in 0..self.open.len() {
            self.out.push_str("  ");
        }
    }

    pub(super) fn name(&mut self, name: &str) {
        self.place();
        write_string(name, &mut self.out);
        self.out.push_str(": ");
        self.named = true;
    }

    pub(super) fn string(&mut self, text: &str) {
        self.place();
        write_string(text, &mut self.out);
    }

    /// `null`, `true`, a number: as it is.
    pub(super) fn raw(&mut self, text: &str) {
        self.place();
        self.out.push_str(text);
    }

    pub(super) fn member(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    pub(super) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.bracket('{', '}', fill);
    }

    pub(super) fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.bracket('[', ']', fill);
    }

    fn bracket(&mut self, begin: char, end: char, fill: impl FnOnce(&mut Self)) {
        self.place();
        self.out.push(begin);
        self.open.push(false);
        fill(self);
        if self.open.pop() == Some(true) {
            self.line();
        }
        self.out.push(end);
    }
}
