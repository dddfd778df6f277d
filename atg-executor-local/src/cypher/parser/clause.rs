//! Clauses and queries.

use super::Parser;
use crate::cypher::{
    Refusal,
    ast::{Clause, Item, Match, Name, Projection, Query, SingleQuery, SortItem, Union},
    lexer::TokenKind,
};

/// Clauses that read, and that this subset does not have, with the way to write it.
const UNSUPPORTED: &[(&str, &str)] = &[
    (
        "CALL",
        "CALL { … } subqueries are not supported: use WITH, COLLECT { … } or COUNT { … }",
    ),
    ("FINISH", "FINISH is not supported: end the query with RETURN"),
    ("FILTER", "FILTER is not supported: write WITH * WHERE …"),
    ("LET", "LET is not supported: write WITH *, … AS …"),
    ("FOR", "FOR is not supported: write UNWIND"),
    ("START", "START is not supported: write MATCH"),
];

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Result<Query, Refusal> {
        self.nested(|parser| {
            let first = parser.single_query()?;
            let mut unions: Vec<Union> = Vec::new();
            while parser.is_word("UNION") {
                let span = parser.advance().span;
                let all = parser.eat_word("ALL");
                if !all {
                    parser.eat_word("DISTINCT");
                }
                if unions.first().is_some_and(|union| union.all != all) {
                    return Err(Refusal::invalid(
                        span,
                        "UNION and UNION ALL cannot be mixed in one query",
                    ));
                }
                let query = parser.single_query()?;
                unions.push(Union { all, query, span });
            }
            Ok(Query { first, unions })
        })
    }

    fn single_query(&mut self) -> Result<SingleQuery, Refusal> {
        let start = self.span();
        let mut clauses = Vec::new();
        loop {
            let clause = if self.is_word("MATCH") || self.is_word("OPTIONAL") {
                Clause::Match(self.match_clause()?)
            } else if self.eat_word("UNWIND") {
                let list = self.expression()?;
                self.expect_word("AS")?;
                Clause::Unwind {
                    list,
                    name: self.name("a name")?,
                }
            } else if self.is_word("WITH") {
                Clause::With(self.projection(true)?)
            } else if self.is_word("RETURN") {
                Clause::Return(self.projection(false)?)
            } else {
                break;
            };
            let last = matches!(clause, Clause::Return(_));
            clauses.push(clause);
            if last {
                break;
            }
        }
        if let TokenKind::Word(word) = &self.peek().kind
            && let Some((_, message)) = UNSUPPORTED
                .iter()
                .find(|(name, _)| word.eq_ignore_ascii_case(name))
        {
            return Err(Refusal::unsupported(self.span(), *message));
        }
        if clauses.is_empty() {
            return Err(self.unexpected("MATCH, OPTIONAL MATCH, UNWIND, WITH or RETURN"));
        }
        Ok(SingleQuery {
            clauses,
            span: start.to(self.last()),
        })
    }

    fn match_clause(&mut self) -> Result<Match, Refusal> {
        let optional = self.eat_word("OPTIONAL");
        self.expect_word("MATCH")?;
        for mode in ["REPEATABLE", "DIFFERENT"] {
            if self.is_word(mode) && matches!(self.ahead(1).kind, TokenKind::Word(_)) {
                return Err(Refusal::unsupported(
                    self.span(),
                    format!("{mode} is not supported: leave it out"),
                ));
            }
        }
        let patterns = self.patterns()?;
        if self.is_word("USING") {
            return Err(Refusal::unsupported(
                self.span(),
                "USING hints are not supported: leave the hint out",
            ));
        }
        let predicate = if self.eat_word("WHERE") {
            Some(self.expression()?)
        } else {
            None
        };
        Ok(Match {
            optional,
            patterns,
            predicate,
        })
    }

    fn projection(&mut self, with: bool) -> Result<Projection, Refusal> {
        let span = self.advance().span;
        // `RETURN distinct` alone could be a variable of that name.
        let distinct = self.is_word("DISTINCT")
            && !matches!(self.ahead(1).kind, TokenKind::End | TokenKind::Symbol("," | "."));
        if distinct {
            self.advance();
        }
        let star = self.eat("*");
        let mut items = Vec::new();
        if !star || self.eat(",") {
            loop {
                items.push(self.item()?);
                if !self.eat(",") {
                    break;
                }
            }
        }
        let mut order = Vec::new();
        if self.eat_words(&["ORDER", "BY"]) {
            loop {
                let expr = self.expression()?;
                let descending = if self.eat_word("DESC") || self.eat_word("DESCENDING") {
                    true
                } else {
                    let _ = self.eat_word("ASC") || self.eat_word("ASCENDING");
                    false
                };
                order.push(SortItem { expr, descending });
                if !self.eat(",") {
                    break;
                }
            }
        }
        let skip = if self.eat_word("SKIP") || self.eat_word("OFFSET") {
            Some(self.expression()?)
        } else {
            None
        };
        let limit = if self.eat_word("LIMIT") {
            Some(self.expression()?)
        } else {
            None
        };
        let predicate = if with && self.eat_word("WHERE") {
            Some(self.expression()?)
        } else {
            None
        };
        Ok(Projection {
            distinct,
            star,
            items,
            order,
            skip,
            limit,
            predicate,
            span,
        })
    }

    fn item(&mut self) -> Result<Item, Refusal> {
        let expr = self.expression()?;
        let alias = if self.eat_word("AS") {
            Some(self.name("a name")?)
        } else {
            None
        };
        Ok(Item { expr, alias })
    }
}

impl Item {
    /// The column's name: the alias, or the expression as it was written.
    pub(crate) fn column(&self, text: &str) -> Name {
        match &self.alias {
            Some(alias) => alias.clone(),
            None => match &self.expr.kind {
                crate::cypher::ast::ExprKind::Variable(name) => Name {
                    text: name.clone(),
                    span: self.expr.span,
                },
                _ => Name {
                    text: text[self.expr.span.start..self.expr.span.end].to_owned(),
                    span: self.expr.span,
                },
            },
        }
    }
}
