//! From tokens to the tree: recursive descent over clauses and patterns, precedence climbing over expressions.

mod bracket;
mod clause;
mod expression;
mod pattern;
mod primary;
mod special;

use super::{
    Refusal, Span,
    ast::{Name, Statement},
    lexer::{Token, TokenKind},
};

/// How deep expressions, patterns and subqueries may nest: far beyond what a person writes, well within the stack.
const MAX_DEPTH: usize = 128;

/// How many nested parts may be tried: stepping back makes a hostile text take exponentially many.
const MAX_PARTS: usize = 200_000;

/// Parses the whole text.
pub(super) fn statement(text: &str, tokens: Vec<Token>) -> Result<Statement, Refusal> {
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
        parts: 0,
        older_or: None,
        label_bars: Vec::new(),
        map_bar: None,
    };
    let explain = parser.eat_word("EXPLAIN");
    if parser.is_word("PROFILE") {
        return Err(Refusal::unsupported(
            parser.span(),
            "PROFILE is not supported: EXPLAIN shows the plan",
        ));
    }
    let query = parser.query()?;
    parser.eat(";");
    if parser.peek().kind != TokenKind::End {
        return Err(parser.unexpected("the end of the query"));
    }
    Ok(Statement { explain, query })
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    parts: usize,
    /// Where a type was joined by `|:`, which is still read in the simplest patterns.
    older_or: Option<Span>,
    /// Where labels were joined by `|`.
    label_bars: Vec<usize>,
    /// The `|` that ends the condition of a comprehension, whatever else it could be.
    map_bar: Option<usize>,
}

impl Parser<'_> {
    fn peek(&self) -> &Token {
        &self.tokens[self.at]
    }

    /// The token that many places ahead.
    fn ahead(&self, count: usize) -> &Token {
        &self.tokens[(self.at + count).min(self.tokens.len() - 1)]
    }

    fn span(&self) -> Span {
        self.peek().span
    }

    /// The last token that was taken.
    fn last(&self) -> Span {
        self.tokens[self.at.saturating_sub(1)].span
    }

    fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn is(&self, symbol: &str) -> bool {
        self.peek().is_symbol(symbol)
    }

    fn is_word(&self, word: &str) -> bool {
        self.peek().is_word(word)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let there = self.is(symbol);
        if there {
            self.advance();
        }
        there
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let there = self.is_word(word);
        if there {
            self.advance();
        }
        there
    }

    /// Takes all of these words, or none.
    fn eat_words(&mut self, words: &[&str]) -> bool {
        let there = words
            .iter()
            .enumerate()
            .all(|(index, word)| self.ahead(index).is_word(word));
        if there {
            self.at += words.len();
        }
        there
    }

    fn expect(&mut self, symbol: &str) -> Result<Span, Refusal> {
        if self.is(symbol) {
            Ok(self.advance().span)
        } else {
            Err(self.unexpected(&format!("'{symbol}'")))
        }
    }

    fn expect_word(&mut self, word: &str) -> Result<Span, Refusal> {
        if self.is_word(word) {
            Ok(self.advance().span)
        } else {
            Err(self.unexpected(word))
        }
    }

    fn name(&mut self, what: &str) -> Result<Name, Refusal> {
        let span = self.span();
        match &self.peek().kind {
            TokenKind::Word(text) | TokenKind::Quoted(text) => {
                let text = text.clone();
                self.advance();
                Ok(Name { text, span })
            }
            _ => Err(self.unexpected(what)),
        }
    }

    fn unexpected(&self, wanted: &str) -> Refusal {
        let token = self.peek();
        let found = match token.kind {
            TokenKind::End => "the query ends here".to_owned(),
            _ => format!("'{}' is unexpected", &self.text[token.span.start..token.span.end]),
        };
        Refusal::invalid(token.span, format!("{found}: expected {wanted}"))
    }

    /// Runs a part of the grammar that may contain itself.
    fn nested<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.depth += 1;
        self.parts += 1;
        if self.parts > MAX_PARTS {
            return Err(Refusal::unsupported(self.span(), "the query is too long"));
        }
        if self.depth > MAX_DEPTH {
            return Err(Refusal::unsupported(
                self.span(),
                "the query nests too deeply: the limit is 128 levels",
            ));
        }
        let result = part(self);
        self.depth -= 1;
        result
    }

    /// Tries a part of the grammar and steps back if it does not fit.
    fn attempt<T>(&mut self, part: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let (at, depth) = (self.at, self.depth);
        part(self).inspect_err(|_| {
            self.at = at;
            self.depth = depth;
        })
    }
}
