//! Numbers.

use super::{Lexer, TokenKind, is_word_part};
use crate::cypher::Refusal;

impl Lexer<'_> {
    pub(super) fn number(&mut self) -> Result<TokenKind, Refusal> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |mut at: usize| {
            while bytes.get(at).is_some_and(|b| b.is_ascii_digit() || *b == b'_') {
                at += 1;
            }
            at
        };
        if bytes[start] == b'0' && matches!(bytes.get(start + 1), Some(b'x' | b'X' | b'o' | b'O')) {
            return self.radix_number(start);
        }
        let whole = digits(start);
        self.at = whole;
        let mut float = false;
        if bytes.get(self.at) == Some(&b'.') && bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit) {
            self.at = digits(self.at + 1);
            float = true;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(self.at + 1), Some(b'+' | b'-')));
            if bytes.get(self.at + 1 + sign).is_some_and(u8::is_ascii_digit) {
                self.at = digits(self.at + 1 + sign);
                float = true;
            }
        }
        let end = self.at;
        // As in Java, a letter may say which kind of float it is; it changes nothing.
        if float && matches!(self.peek(), Some('f' | 'F' | 'd' | 'D')) {
            self.at += 1;
        }
        if self.peek().is_some_and(is_word_part) {
            self.word();
            return self.refuse(start, "a number cannot go over into a name");
        }
        let written = &self.text[start..end];
        if written.contains("__")
            || written.ends_with('_')
            || written.contains("_.")
            || written.contains("._")
        {
            return self.refuse(start, "an underscore in a number stands between two digits");
        }
        let plain = written.replace('_', "");
        if float {
            return match plain.parse::<f64>() {
                Ok(value) if value.is_finite() => Ok(TokenKind::Float(value)),
                _ => self.refuse(start, "floating point number is too large"),
            };
        }
        if plain.len() > 1 && plain.starts_with('0') {
            return self.refuse(
                start,
                "a number cannot begin with 0: octal numbers are written 0o17",
            );
        }
        match plain.parse::<u64>() {
            Ok(value) if value <= 1 << 63 => Ok(TokenKind::Integer(value)),
            _ => self.refuse(start, "integer is too large"),
        }
    }

    fn radix_number(&mut self, start: usize) -> Result<TokenKind, Refusal> {
        let word = self.word();
        let radix = match &word[..2] {
            "0x" => 16,
            "0o" => 8,
            _ => return self.refuse(start, "write 0x1f or 0o17, with a small letter"),
        };
        match u64::from_str_radix(&word[2..], radix) {
            Ok(value) if value <= 1 << 63 => Ok(TokenKind::Integer(value)),
            Ok(_) => self.refuse(start, "integer is too large"),
            Err(_) => self.refuse(start, "this is not a number"),
        }
    }
}
