//! Java's regular expressions, as far as an automaton means the same by them.
//!
//! Every construct is translated one by one, so that nothing passes that the two languages read differently: `\d`, `\w`
//! and `(?i)` are ASCII in Java, `.` stops at five kinds of line ends, and `=~` matches the whole text. What an
//! automaton cannot do (look-around, back-references, possessive quantifiers) is refused. In return no pattern takes
//! more than linear time.

mod class;

use regex::RegexBuilder;

use self::class::shorthand;
use super::eval::Fault;

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    source: String,
    regex: regex::Regex,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

impl Pattern {
    /// Reads a pattern as Java would.
    pub(crate) fn new(source: &str) -> Result<Self, Fault> {
        let mut translator = Translator {
            chars: source.chars().collect(),
            at: 0,
            out: String::new(),
            flags: Flags::default(),
            depth: 0,
        };
        translator.alternatives()?;
        if translator.at < translator.chars.len() {
            return Err(translator.invalid("a ')' has no '('"));
        }
        let translated = format!(r"\A(?:{})\z", translator.out);
        let regex = RegexBuilder::new(&translated)
            .size_limit(1 << 22)
            .build()
            .map_err(|_| {
                Fault::invalid(format!(
                    "the regular expression {source:?} is invalid or too large"
                ))
            })?;
        Ok(Self {
            source: source.to_owned(),
            regex,
        })
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    dot_all: bool,
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    flags: Flags,
    depth: usize,
}

const LINE_ENDS: &str = r"\n\r\x{85}\x{2028}\x{2029}";
const SPACES: &str = r"\t\n\x0B\x0C\r ";

impl Translator {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn eat(&mut self, c: char) -> bool {
        let there = self.peek() == Some(c);
        self.at += usize::from(there);
        there
    }

    fn follows(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(index, c)| self.chars.get(self.at + index) == Some(&c))
    }

    fn invalid(&self, what: &str) -> Fault {
        Fault::invalid(format!(
            "the regular expression is invalid near character {}: {what}",
            self.at + 1
        ))
    }

    fn unsupported(&self, what: &str) -> Fault {
        Fault::unsupported(format!(
            "{what} (near character {} of the regular expression) is not supported",
            self.at + 1
        ))
    }

    fn alternatives(&mut self) -> Result<(), Fault> {
        self.depth += 1;
        if self.depth > 50 {
            return Err(self.unsupported("nesting of more than 50 groups"));
        }
        let flags = self.flags;
        loop {
            while let Some(c) = self.peek() {
                if matches!(c, '|' | ')') {
                    break;
                }
                self.quantified()?;
            }
            if !self.eat('|') {
                break;
            }
            self.out.push('|');
        }
        self.flags = flags;
        self.depth -= 1;
        Ok(())
    }

    fn quantified(&mut self) -> Result<(), Fault> {
        let start = self.out.len();
        if !self.atom()? {
            return Ok(());
        }
        let quantifier = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                c.to_string()
            }
            Some('{') => self.counted()?,
            _ => return Ok(()),
        };
        // The atom may have become several characters.
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        self.out.push_str(&quantifier);
        match self.peek() {
            Some('+') => Err(self.unsupported("a possessive quantifier")),
            // For a match of the whole text it does not matter how eager a part is.
            Some('?') => {
                self.at += 1;
                Ok(())
            }
            Some('*' | '{') => Err(self.invalid("a quantifier has nothing to repeat")),
            _ => Ok(()),
        }
    }

    fn counted(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let min = self.digits();
        let max = if self.eat(',') { Some(self.digits()) } else { None };
        if !self.eat('}') || min.is_empty() {
            return Err(self.invalid("a '{' needs numbers, as in {2,3}; the character itself is written \\{"));
        }
        let number = |digits: &str| digits.parse::<u32>().ok().filter(|count| *count <= 1000);
        let (low, high) = (
            number(&min),
            max.as_deref()
                .map_or(Some(0), |max| if max.is_empty() { Some(0) } else { number(max) }),
        );
        let (Some(low), Some(high)) = (low, high) else {
            return Err(self.unsupported("repeating more than 1000 times"));
        };
        match max {
            None => Ok(format!("{{{low}}}")),
            Some(max) if max.is_empty() => Ok(format!("{{{low},}}")),
            Some(_) if high < low => Err(self.invalid("the bounds of a quantifier are the wrong way round")),
            Some(_) => Ok(format!("{{{low},{high}}}")),
        }
    }

    fn digits(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        self.chars[start..self.at].iter().collect()
    }

    /// One thing that can be repeated; false for something that cannot, such as a change of flags.
    fn atom(&mut self) -> Result<bool, Fault> {
        let Some(c) = self.peek() else { return Ok(false) };
        self.at += 1;
        match c {
            '(' => return self.group(),
            '[' => {
                let class = self.class()?;
                self.out.push_str(&class);
            }
            '.' if self.flags.dot_all => self.out.push_str(r"[\x{0}-\x{10FFFF}]"),
            '.' => {
                self.out.push_str("[^");
                self.out.push_str(LINE_ENDS);
                self.out.push(']');
            }
            '^' if self.out.is_empty() => return Ok(false),
            '$' if self.at == self.chars.len() => {
                // Java's `$` also holds before a last line end, which `matches()` then leaves over.
                return Ok(false);
            }
            '^' | '$' => return Err(self.unsupported("an anchor inside of the expression")),
            '*' | '+' | '?' => return Err(self.invalid("a quantifier has nothing to repeat")),
            '{' => {
                return Err(self.invalid("a '{' has nothing to repeat; the character itself is written \\{"));
            }
            '\\' => self.escape()?,
            c => self.literal(c)?,
        }
        Ok(true)
    }

    fn group(&mut self) -> Result<bool, Fault> {
        if self.eat('?') {
            if self.eat(':') {
                return self.rest_of_group();
            }
            for (start, what) in [
                ("=", "look-ahead"),
                ("!", "look-ahead"),
                ("<=", "look-behind"),
                ("<!", "look-behind"),
                (">", "an atomic group"),
            ] {
                if self.follows(start) {
                    return Err(self.unsupported(what));
                }
            }
            if self.eat('<') {
                let name: String = self.chars[self.at..]
                    .iter()
                    .take_while(|c| c.is_ascii_alphanumeric())
                    .collect();
                self.at += name.len();
                if !name.starts_with(|c: char| c.is_ascii_alphabetic()) || !self.eat('>') {
                    return Err(self.invalid("a group's name needs letters and a '>'"));
                }
                return self.rest_of_group();
            }
            return self.flags_group();
        }
        self.rest_of_group()
    }

    fn rest_of_group(&mut self) -> Result<bool, Fault> {
        self.out.push_str("(?:");
        self.alternatives()?;
        if !self.eat(')') {
            return Err(self.invalid("a '(' has no ')'"));
        }
        self.out.push(')');
        Ok(true)
    }

    /// `(?i)`, `(?s)`, `(?i-s:…)`
    fn flags_group(&mut self) -> Result<bool, Fault> {
        let outer = self.flags;
        let mut value = true;
        loop {
            match self.peek() {
                Some('i') => self.flags.ignore_case = value,
                Some('s') => self.flags.dot_all = value,
                Some('-') if value => value = false,
                Some(')') => {
                    self.at += 1;
                    return Ok(false);
                }
                Some(':') => {
                    self.at += 1;
                    let result = self.rest_of_group();
                    self.flags = outer;
                    return result;
                }
                Some('m' | 'u' | 'x' | 'd' | 'U') => {
                    return Err(self.unsupported("a flag other than i and s"));
                }
                _ => return Err(self.invalid("this is not a group")),
            }
            self.at += 1;
        }
    }

    fn literal(&mut self, c: char) -> Result<(), Fault> {
        let literal = self.one(c)?;
        self.out.push_str(&literal);
        Ok(())
    }

    /// A class of one character, and of its other case where that does not matter.
    fn one(&self, c: char) -> Result<String, Fault> {
        if self.flags.ignore_case && c.is_ascii_alphabetic() {
            return Ok(format!("[{}{}]", c.to_ascii_lowercase(), c.to_ascii_uppercase()));
        }
        Ok(format!(r"\x{{{:X}}}", u32::from(c)))
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let Some(c) = self.peek() else {
            return Err(self.invalid("a backslash ends it"));
        };
        self.at += 1;
        if let Some(class) = shorthand(c) {
            self.out.push_str(&class);
            return Ok(());
        }
        if c == 'Q' {
            let rest: String = self.chars[self.at..].iter().collect();
            let quoted: Vec<char> = rest.split("\\E").next().unwrap_or("").chars().collect();
            self.at = (self.at + quoted.len() + 2).min(self.chars.len());
            // A quantifier behind it is about its last character alone.
            if matches!(self.peek(), Some('*' | '+' | '?' | '{')) {
                return Err(self.unsupported("a quantifier behind \\E"));
            }
            for c in quoted {
                self.literal(c)?;
            }
            return Ok(());
        }
        let c = self.escaped(c)?;
        self.literal(c)
    }

    /// The character that an escape stands for.
    fn escaped(&mut self, c: char) -> Result<char, Fault> {
        match c {
            't' => Ok('\t'),
            'n' => Ok('\n'),
            'r' => Ok('\r'),
            'f' => Ok('\u{c}'),
            'a' => Ok('\u{7}'),
            'e' => Ok('\u{1b}'),
            'x' | 'u' => {
                let length = if c == 'x' { 2 } else { 4 };
                let digits: String = self.chars[self.at..].iter().take(length).collect();
                let code = u32::from_str_radix(&digits, 16)
                    .ok()
                    .filter(|_| digits.len() == length);
                self.at += length;
                match code.map(char::from_u32) {
                    Some(Some(c)) => Ok(c),
                    _ => Err(self.unsupported("this escape")),
                }
            }
            c if c.is_ascii_alphanumeric() => {
                self.at -= 1;
                Err(self.unsupported(&format!("\\{c}")))
            }
            c => Ok(c),
        }
    }
}

#[cfg(test)]
mod tests;
