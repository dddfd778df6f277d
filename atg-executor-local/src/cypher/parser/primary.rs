//! What an expression is made of: literals, names, calls, brackets of every kind, CASE, subqueries.

use super::Parser;
use crate::cypher::{
    Refusal,
    ast::{Clause, Expr, ExprKind, MapItem, Match, Name, Quantifier, Query, SingleQuery, SubqueryKind},
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
            "CASE" => self.case(),
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

    /// `[…]`: a list, a list comprehension or a pattern comprehension.
    fn bracket(&mut self) -> Result<ExprKind, Refusal> {
        self.expect("[")?;
        if matches!(self.peek().kind, TokenKind::Word(_) | TokenKind::Quoted(_))
            && self.ahead(1).is_word("IN")
        {
            let comprehension = self.attempt(Self::list_comprehension);
            // `[x IN list, y]` is a list of a test and a value.
            if comprehension.is_ok() || !self.is_list_of_tests() {
                return comprehension;
            }
        }
        let named = matches!(self.peek().kind, TokenKind::Word(_) | TokenKind::Quoted(_))
            && self.ahead(1).is_symbol("=");
        if (self.is("(") || (named && self.ahead(2).is_symbol("(")))
            && let Some(kind) = self.pattern_comprehension()?
        {
            return Ok(kind);
        }
        let mut items = Vec::new();
        if !self.is("]") {
            loop {
                items.push(self.expression()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        self.expect("]")?;
        Ok(ExprKind::List(items))
    }

    /// Whether the elements that follow can be read as plain expressions up to the bracket.
    fn is_list_of_tests(&mut self) -> bool {
        let (at, depth) = (self.at, self.depth);
        let fits = self.expression().is_ok() && self.is(",");
        (self.at, self.depth) = (at, depth);
        fits
    }

    fn list_comprehension(&mut self) -> Result<ExprKind, Refusal> {
        let name = self.name("a name")?;
        self.expect_word("IN")?;
        let list = Box::new(self.expression()?);
        let predicate = if self.eat_word("WHERE") {
            Some(Box::new(self.comprehension_condition()?))
        } else {
            None
        };
        let map = if self.eat("|") {
            Some(Box::new(self.expression()?))
        } else {
            None
        };
        self.expect("]")?;
        Ok(ExprKind::ListComprehension {
            name,
            list,
            predicate,
            map,
        })
    }

    /// The condition of a comprehension. In `[n IN list WHERE n:A|B | n.name]` the last bar begins the result, and so it
    /// does in `[n IN list WHERE n:A | n]`, where it could join two labels as well.
    fn comprehension_condition(&mut self) -> Result<Expr, Refusal> {
        let (start, bars) = (self.at, self.label_bars.len());
        let greedy = self.attempt(Self::expression);
        if greedy.is_ok() && self.is("|") {
            return greedy;
        }
        let end = self.at;
        let mut candidates = self.label_bars.split_off(bars);
        candidates.sort_unstable();
        candidates.dedup();
        for bar in candidates.into_iter().rev() {
            self.at = start;
            let outer = self.map_bar.replace(bar);
            let condition = self.attempt(Self::expression);
            self.map_bar = outer;
            if condition.is_ok() && self.at == bar {
                return condition;
            }
        }
        self.at = end;
        greedy
    }

    /// `None` where the brackets turn out to hold something else than a pattern with a bar.
    fn pattern_comprehension(&mut self) -> Result<Option<ExprKind>, Refusal> {
        let (at, depth) = (self.at, self.depth);
        let name = if self.ahead(1).is_symbol("=") {
            let name = self.name("a name")?;
            self.expect("=")?;
            Some(name)
        } else {
            None
        };
        let pattern = self.chain();
        let fits = matches!(&pattern, Ok(pattern) if !pattern.hops.is_empty())
            && (self.is("|") || self.is_word("WHERE"));
        if !fits {
            (self.at, self.depth) = (at, depth);
            return Ok(None);
        }
        let mut pattern = pattern?;
        pattern.name = name;
        let predicate = if self.eat_word("WHERE") {
            Some(Box::new(self.comprehension_condition()?))
        } else {
            None
        };
        self.expect("|")?;
        let map = Box::new(self.expression()?);
        self.expect("]")?;
        Ok(Some(ExprKind::PatternComprehension {
            pattern: Box::new(pattern),
            predicate,
            map,
        }))
    }

    fn case(&mut self) -> Result<ExprKind, Refusal> {
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

    fn quantified(&mut self, quantifier: Quantifier) -> Result<ExprKind, Refusal> {
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

    fn reduce(&mut self) -> Result<ExprKind, Refusal> {
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

    /// `exists((a)-->(b))`; of a property it is no longer Cypher.
    fn exists_call(&mut self) -> Result<ExprKind, Refusal> {
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
    fn subquery(&mut self, kind: SubqueryKind) -> Result<ExprKind, Refusal> {
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
