//! Classes of characters: `[…]` and `\\d` with its kin.

use super::{SPACES, Translator};
use crate::cypher::eval::Fault;

impl Translator {
    /// `[…]`, whose bracket is read. Nested classes and `&&` are refused.
    pub(super) fn class(&mut self) -> Result<String, Fault> {
        let mut out = String::from(if self.eat('^') { "[^" } else { "[" });
        let mut first = true;
        loop {
            let Some(c) = self.peek() else {
                return Err(self.invalid("a '[' has no ']'"));
            };
            self.at += 1;
            match c {
                ']' if !first => break,
                ']' => return Err(self.unsupported("a ']' at the beginning of a class")),
                '[' => return Err(self.unsupported("a class inside of a class")),
                '&' if self.peek() == Some('&') => return Err(self.unsupported("&& inside of a class")),
                _ => {}
            }
            first = false;
            if c == '\\'
                && let Some(class) = self.peek().and_then(shorthand)
            {
                self.at += 1;
                if self.peek() == Some('-') && self.chars.get(self.at + 1) != Some(&']') {
                    return Err(self.unsupported("a range that begins with a class"));
                }
                out.push_str(&class);
                continue;
            }
            let low = self.member(c)?;
            let range = self.peek() == Some('-') && !matches!(self.chars.get(self.at + 1), Some(']') | None);
            if !range {
                out.push_str(&self.one(low)?.replace(['[', ']'], ""));
                continue;
            }
            self.at += 1;
            let Some(end) = self.peek() else {
                return Err(self.invalid("a range has no end"));
            };
            self.at += 1;
            if end == '[' || (end == '\\' && self.peek().and_then(shorthand).is_some()) {
                return Err(self.unsupported("a range that ends with a class"));
            }
            let high = self.member(end)?;
            if high < low {
                return Err(self.invalid("a range is the wrong way round"));
            }
            self.range(low, high, &mut out);
        }
        out.push(']');
        Ok(out)
    }

    fn member(&mut self, c: char) -> Result<char, Fault> {
        if c != '\\' {
            return Ok(c);
        }
        let Some(c) = self.peek() else {
            return Err(self.invalid("a backslash ends it"));
        };
        self.at += 1;
        if c == 'Q' {
            Err(self.unsupported("\\Q inside of a class"))
        } else {
            self.escaped(c)
        }
    }

    fn range(&self, low: char, high: char, out: &mut String) {
        let mut push = |low: u32, high: u32| out.push_str(&format!(r"\x{{{low:X}}}-\x{{{high:X}}}"));
        let (low, high) = (u32::from(low), u32::from(high));
        push(low, high);
        if self.flags.ignore_case {
            for (from, to) in [(b'a', b'A'), (b'A', b'a')] {
                let (from, to) = (u32::from(from), u32::from(to));
                let (first, last) = (low.max(from), high.min(from + 25));
                if first <= last {
                    push(first - from + to, last - from + to);
                }
            }
        }
    }
}

/// The class of `\d` and its kin. ASCII only, as in Java without `UNICODE_CHARACTER_CLASS`.
pub(super) fn shorthand(c: char) -> Option<String> {
    Some(match c {
        'd' => "[0-9]".to_owned(),
        'D' => "[^0-9]".to_owned(),
        'w' => "[0-9A-Za-z_]".to_owned(),
        'W' => "[^0-9A-Za-z_]".to_owned(),
        's' => format!("[{SPACES}]"),
        'S' => format!("[^{SPACES}]"),
        _ => return None,
    })
}
