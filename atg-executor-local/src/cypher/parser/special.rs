//! Expressions with a grammar of their own: `CASE`, quantifiers, `reduce`, subqueries.

use super::Parser;
use crate::cypher::{
    Refusal,
    ast::{Clause, ExprKind, Match, Name, Quantifier, Query, SingleQuery, SubqueryKind},
    lexer::TokenKind,
};

impl Parser<'_> {
    pub(super) fn case(&mut self) -> Result<ExprKind, Refusal> {
        self.nested(|parser| {
            parser.expect_word("CASE")?;
            let subject = if parser.is_word("WHEN") {
                None
            } else {
                Some(Box::new(parser.expression()?))
            };
            let mut branches = Vec::new();
            while parser.eat_word("WHEN") {
                if matches!(
                    parser.peek().kind,
                    TokenKind::Symbol("<" | ">" | "<=" | ">=" | "<>" | "=" | "=~")
                ) {
                    let message = "an operator behind WHEN is not supported: write CASE WHEN x > 1 THEN …";
                    return Err(Refusal::unsupported(parser.span(), message));
                }
                let when = parser.expression()?;
                if parser.is(",") {
                    let message = "several values behind WHEN are not supported: write one WHEN for each";
                    return Err(Refusal::unsupported(parser.span(), message));
                }
                parser.expect_word("THEN")?;
                branches.push((when, parser.expression()?));
            }
            if branches.is_empty() {
                return Err(parser.unexpected("WHEN"));
            }
            let otherwise = if parser.eat_word("ELSE") {
                Some(Box::new(parser.expression()?))
            } else {
                None
            };
            parser.expect_word("END")?;
            Ok(ExprKind::Case {
                subject,
                branches,
                otherwise,
            })
        })
    }

    pub(super) fn quantified(&mut self, quantifier: Quantifier) -> Result<ExprKind, Refusal> {
        self.advance();
        self.expect("(")?;
        let name = self.name("a name")?;
        self.expect_word("IN")?;
        let list = Box::new(self.expression()?);
        self.expect_word("WHERE")?;
        let predicate = Box::new(self.expression()?);
        self.expect(")")?;
        Ok(ExprKind::Quantified {
            quantifier,
            name,
            list,
            predicate,
        })
    }

    pub(super) fn reduce(&mut self) -> Result<ExprKind, Refusal> {
        self.advance();
        self.expect("(")?;
        let accumulator = self.name("a name")?;
        self.expect("=")?;
        let start = Box::new(self.expression()?);
        self.expect(",")?;
        let name = self.name("a name")?;
        self.expect_word("IN")?;
        let list = Box::new(self.expression()?);
        self.expect("|")?;
        let step = Box::new(self.expression()?);
        self.expect(")")?;
        Ok(ExprKind::Reduce {
            accumulator,
            start,
            name,
            list,
            step,
        })
    }

    /// Whether `trim(` goes on as `BOTH …`, `'x' FROM …` or `FROM …`.
    pub(super) fn is_trim_of(&self) -> bool {
        let (first, second) = (self.ahead(2), self.ahead(3));
        let side = ["BOTH", "LEADING", "TRAILING"]
            .iter()
            .any(|side| first.is_word(side));
        // A variable may have such a name.
        let ends = ["(", ")", ".", "[", "+", "|", "||"]
            .iter()
            .any(|symbol| second.is_symbol(symbol));
        (side && !ends) || second.is_word("FROM") || (first.is_word("FROM") && !ends)
    }

    /// `trim(BOTH 'x' FROM text)`: one character, or blanks where none is named.
    pub(super) fn trim_of(&mut self) -> Result<ExprKind, Refusal> {
        let mut name = Name {
            text: "btrim".to_owned(),
            span: self.advance().span,
        };
        self.expect("(")?;
        for (side, function) in [("BOTH", "btrim"), ("LEADING", "ltrim"), ("TRAILING", "rtrim")] {
            if self.eat_word(side) {
                function.clone_into(&mut name.text);
                break;
            }
        }
        let mut character = None;
        if !self.is_word("FROM") {
            let named = self.expression()?;
            match &named.kind {
                ExprKind::Text(text) if text.chars().count() == 1 => {}
                ExprKind::Null => {}
                ExprKind::Text(_) => {
                    return Err(Refusal::invalid(named.span, "trim() takes one character to trim"));
                }
                _ => {
                    let message =
                        "trim() of a computed character is not supported: write btrim(text, characters)";
                    return Err(Refusal::unsupported(named.span, message));
                }
            }
            character = Some(named);
        }
        self.expect_word("FROM")?;
        let args = std::iter::once(self.expression()?).chain(character).collect();
        self.expect(")")?;
        Ok(ExprKind::Call {
            name,
            distinct: false,
            args,
        })
    }

    /// `exists((a)-->(b))`; of a property it is no longer Cypher.
    pub(super) fn exists_call(&mut self) -> Result<ExprKind, Refusal> {
        let start = self.advance().span;
        self.expect("(")?;
        let pattern = self.chain();
        match pattern {
            Ok(pattern) if !pattern.hops.is_empty() && self.is(")") => {
                self.advance();
                Ok(ExprKind::ExistsPattern(Box::new(pattern)))
            }
            _ => {
                let message = "exists() takes a pattern: for a property write n.name IS NOT NULL";
                Err(Refusal::invalid(start, message))
            }
        }
    }

    /// `EXISTS { … }`, `COUNT { … }`, `COLLECT { … }`: a whole query, or only patterns.
    pub(super) fn subquery(&mut self, kind: SubqueryKind) -> Result<ExprKind, Refusal> {
        self.advance();
        self.expect("{")?;
        let start = self.span();
        let begins = ["MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN", "CALL"]
            .iter()
            .any(|word| self.is_word(word));
        let named_pattern = self.ahead(1).is_symbol("=");
        let query = if begins && !named_pattern {
            self.query()?
        } else {
            let patterns = self.patterns()?;
            let predicate = if self.eat_word("WHERE") {
                Some(self.expression()?)
            } else {
                None
            };
            let clause = Clause::Match(Match {
                optional: false,
                patterns,
                predicate,
            });
            let first = SingleQuery {
                clauses: vec![clause],
                span: start.to(self.last()),
            };
            Query {
                first,
                unions: Vec::new(),
            }
        };
        self.expect("}")?;
        Ok(ExprKind::Subquery(kind, Box::new(query)))
    }
}
