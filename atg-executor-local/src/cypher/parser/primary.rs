//! What an expression is made of: literals, names, calls, brackets of every kind, CASE, subqueries.

use super::Parser;
use crate::cypher::{
    Refusal,
    ast::{Expr, ExprKind, MapItem, Name, Quantifier, SubqueryKind},
    lexer::TokenKind,
};

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Result<Expr, Refusal> {
        let start = self.span();
        let kind = match self.peek().kind.clone() {
            TokenKind::Integer(value) => {
                let Ok(value) = i64::try_from(value) else {
                    return Err(Refusal::invalid(start, "integer is too large"));
                };
                self.advance();
                ExprKind::Int(value)
            }
            TokenKind::Float(value) => {
                self.advance();
                ExprKind::Float(value)
            }
            TokenKind::Text(text) => {
                self.advance();
                ExprKind::Text(text)
            }
            TokenKind::Parameter(name) => {
                self.advance();
                ExprKind::Parameter(name)
            }
            TokenKind::Symbol("[") => self.bracket()?,
            TokenKind::Symbol("{") => self.map()?.kind,
            TokenKind::Symbol("(") => return self.parenthesis(),
            TokenKind::Word(word) => self.word(&word)?,
            TokenKind::Quoted(_) => self.variable_or_call()?,
            TokenKind::Symbol(_) | TokenKind::End => return Err(self.unexpected("an expression")),
        };
        Ok(Expr {
            kind,
            span: start.to(self.last()),
        })
    }

    /// `( … )`: a pattern if it can be one, else an expression. Neo4j decides alike: `(a)` alone is an expression, and
    /// `(a)-(b)` a subtraction, since a pattern needs its brackets or a second dash.
    fn parenthesis(&mut self) -> Result<Expr, Refusal> {
        let start = self.span();
        let pattern = self.attempt(|parser| {
            let pattern = parser.chain()?;
            if pattern.hops.is_empty() {
                Err(parser.unexpected("a relationship"))
            } else {
                Ok(pattern)
            }
        });
        match pattern {
            Ok(pattern) => Ok(Expr {
                kind: ExprKind::PatternPredicate(Box::new(pattern)),
                span: start.to(self.last()),
            }),
            Err(refused) => {
                self.expect("(")?;
                // Of the two readings, the one that went further explains more.
                let inner = self
                    .expression()
                    .and_then(|inner| self.expect(")").map(|_| inner));
                let mut inner = inner.map_err(|other| {
                    if refused.span.start > other.span.start {
                        refused
                    } else {
                        other
                    }
                })?;
                inner.span = start.to(self.last());
                // `a < (b < c)` is not the chain `a < b < c`; the parser keeps them apart by the tree alone.
                Ok(inner)
            }
        }
    }

    fn word(&mut self, word: &str) -> Result<ExprKind, Refusal> {
        let next = self.ahead(1);
        let (call, brace) = (next.is_symbol("("), next.is_symbol("{"));
        let upper = word.to_ascii_uppercase();
        match upper.as_str() {
            "NULL" if !call => self.take(ExprKind::Null),
            "TRUE" if !call => self.take(ExprKind::Bool(true)),
            "FALSE" if !call => self.take(ExprKind::Bool(false)),
            "INF" | "INFINITY" if !call => self.take(ExprKind::Float(f64::INFINITY)),
            "NAN" if !call => self.take(ExprKind::Float(f64::NAN)),
            "CASE"
                if !matches!(
                    next.kind,
                    TokenKind::End | TokenKind::Symbol("," | ")" | "]" | "}" | "." | "=")
                ) =>
            {
                self.case()
            }
            "EXISTS" if brace => self.subquery(SubqueryKind::Exists),
            "COUNT" if brace => self.subquery(SubqueryKind::Count),
            "COLLECT" if brace => self.subquery(SubqueryKind::Collect),
            "EXISTS" if call => self.exists_call(),
            "COUNT" if call && self.ahead(2).is_symbol("*") && self.ahead(3).is_symbol(")") => {
                self.at += 4;
                Ok(ExprKind::CountStar)
            }
            "ALL" if call => self.quantified(Quantifier::All),
            "ANY" if call => self.quantified(Quantifier::Any),
            "NONE" if call => self.quantified(Quantifier::None),
            "SINGLE" if call => self.quantified(Quantifier::Single),
            "REDUCE" if call => self.reduce(),
            "TRIM" if call && self.is_trim_of() => self.trim_of(),
            "SHORTESTPATH" | "ALLSHORTESTPATHS" if call => {
                let message =
                    "shortestPath inside of an expression is not supported: write MATCH p = shortestPath(…)";
                Err(Refusal::unsupported(self.span(), message))
            }
            "EXTRACT" | "FILTER" if call => {
                let message = format!("{word}() is not Cypher any more: write [x IN list WHERE … | …]");
                Err(Refusal::invalid(self.span(), message))
            }
            _ => self.variable_or_call(),
        }
    }

    fn take(&mut self, kind: ExprKind) -> Result<ExprKind, Refusal> {
        self.advance();
        Ok(kind)
    }

    /// `name`, `name(…)`, `namespace.name(…)` or `name {…}`.
    fn variable_or_call(&mut self) -> Result<ExprKind, Refusal> {
        let dotted = |parser: &Self| {
            let mut at = 1;
            while parser.ahead(at).is_symbol(".")
                && matches!(
                    parser.ahead(at + 1).kind,
                    TokenKind::Word(_) | TokenKind::Quoted(_)
                )
            {
                at += 2;
            }
            parser.ahead(at).is_symbol("(")
        };
        let first = self.name("an expression")?;
        self.at -= 1;
        if dotted(self) {
            return self.call();
        }
        self.advance();
        if self.is("{") {
            return self.map_projection(first);
        }
        Ok(ExprKind::Variable(first.text))
    }

    fn call(&mut self) -> Result<ExprKind, Refusal> {
        let mut name = self.name("a function")?;
        while self.eat(".") {
            let part = self.name("a function")?;
            name.text = format!("{}.{}", name.text, part.text);
            name.span = name.span.to(part.span);
        }
        self.expect("(")?;
        let distinct =
            self.is_word("DISTINCT") && !matches!(self.ahead(1).kind, TokenKind::Symbol(")" | "," | "."));
        if distinct {
            self.advance();
        }
        let mut args = Vec::new();
        if !self.is(")") {
            loop {
                args.push(self.expression()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.expect(")")?;
        Ok(ExprKind::Call { name, distinct, args })
    }

    pub(super) fn map(&mut self) -> Result<Expr, Refusal> {
        let start = self.expect("{")?;
        let mut entries: Vec<(Name, Expr)> = Vec::new();
        if !self.is("}") {
            loop {
                let name = self.name("a key")?;
                self.expect(":")?;
                if entries.iter().any(|(other, _)| other.text == name.text) {
                    let message = format!("the key {} is there twice", name.text);
                    return Err(Refusal::unsupported(name.span, message));
                }
                entries.push((name, self.expression()?));
                if !self.eat(",") {
                    break;
                }
            }
        }
        let end = self.expect("}")?;
        Ok(Expr {
            kind: ExprKind::Map(entries),
            span: start.to(end),
        })
    }

    fn map_projection(&mut self, name: Name) -> Result<ExprKind, Refusal> {
        self.expect("{")?;
        let mut items = Vec::new();
        if !self.is("}") {
            loop {
                if self.eat(".") {
                    items.push(if self.eat("*") {
                        MapItem::All
                    } else {
                        MapItem::Property(self.name("a property")?)
                    });
                } else {
                    let key = self.name("a key")?;
                    items.push(if self.eat(":") {
                        MapItem::Entry(key, self.expression()?)
                    } else {
                        MapItem::Variable(key)
                    });
                }
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.expect("}")?;
        Ok(ExprKind::MapProjection { name, items })
    }
}
