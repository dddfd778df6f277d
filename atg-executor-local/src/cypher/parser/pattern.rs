//! Patterns: `p = (a:Label {name: 1})-[r:TYPE*1..3]->(b)`.

use super::Parser;
use crate::cypher::{
    Refusal, Span,
    ast::{Direction, LabelExpr, Length, NodePattern, Pattern, RelationshipPattern, Shortest},
    lexer::TokenKind,
};

/// What stands between the brackets of a node or a relationship.
struct Filler {
    name: Option<crate::cypher::ast::Name>,
    labels: Option<LabelExpr>,
    length: Option<Length>,
    properties: Option<crate::cypher::ast::Expr>,
    predicate: Option<crate::cypher::ast::Expr>,
}

impl Parser<'_> {
    pub(super) fn patterns(&mut self) -> Result<Vec<Pattern>, Refusal> {
        let mut patterns = Vec::new();
        loop {
            patterns.push(self.pattern()?);
            if !self.eat(",") {
                return Ok(patterns);
            }
        }
    }

    fn pattern(&mut self) -> Result<Pattern, Refusal> {
        let start = self.span();
        let named = matches!(self.peek().kind, TokenKind::Word(_) | TokenKind::Quoted(_))
            && self.ahead(1).is_symbol("=");
        let name = if named {
            let name = self.name("a name")?;
            self.expect("=")?;
            Some(name)
        } else {
            None
        };
        let mut pattern = if self.is_shortest() {
            self.shortest()?
        } else {
            self.chain()?
        };
        pattern.name = name;
        pattern.span = start.to(self.last());
        Ok(pattern)
    }

    pub(super) fn is_shortest(&self) -> bool {
        (self.is_word("shortestPath") || self.is_word("allShortestPaths")) && self.ahead(1).is_symbol("(")
    }

    pub(super) fn shortest(&mut self) -> Result<Pattern, Refusal> {
        let start = self.span();
        let kind = if self.is_word("shortestPath") {
            Shortest::One
        } else {
            Shortest::All
        };
        self.advance();
        self.expect("(")?;
        let mut pattern = self.chain()?;
        self.expect(")")?;
        pattern.span = start.to(self.last());
        if pattern.hops.len() != 1 {
            let message = "shortestPath needs a single relationship between two nodes";
            return Err(Refusal::invalid(pattern.span, message));
        }
        pattern.shortest = Some(kind);
        Ok(pattern)
    }

    /// `(a)-->(b)<--(c)`
    pub(super) fn chain(&mut self) -> Result<Pattern, Refusal> {
        if let TokenKind::Word(word) = &self.peek().kind {
            let selector = ["SHORTEST", "ANY", "ALL"]
                .iter()
                .any(|name| word.eq_ignore_ascii_case(name));
            if selector {
                let message = "path selectors are not supported: write shortestPath((a)-[*]-(b))";
                return Err(Refusal::unsupported(self.span(), message));
            }
        }
        if self.is("(") && self.ahead(1).is_symbol("(") {
            let message = "quantified path patterns are not supported: write a length, as in -[:TYPE*1..3]->";
            return Err(Refusal::unsupported(self.span(), message));
        }
        let begin = self.span();
        let start = self.node()?;
        let mut hops = Vec::new();
        while self.is("-") || self.is("<") {
            let relationship = self.relationship()?;
            hops.push((relationship, self.node()?));
        }
        if self.is("(") {
            let message = "quantified path patterns are not supported: write a length, as in -[:TYPE*1..3]->";
            return Err(Refusal::unsupported(self.span(), message));
        }
        Ok(Pattern {
            name: None,
            shortest: None,
            start,
            hops,
            span: begin.to(self.last()),
        })
    }

    fn node(&mut self) -> Result<NodePattern, Refusal> {
        self.expect("(")?;
        let filler = self.filler(false)?;
        self.expect(")")?;
        let Filler {
            name,
            labels,
            properties,
            predicate,
            ..
        } = filler;
        Ok(NodePattern {
            name,
            labels,
            properties,
            predicate,
        })
    }

    fn relationship(&mut self) -> Result<RelationshipPattern, Refusal> {
        let start = self.span();
        let left = self.eat("<");
        self.expect("-")?;
        let filler = if self.eat("[") {
            let filler = self.filler(true)?;
            self.expect("]")?;
            filler
        } else {
            Filler {
                name: None,
                labels: None,
                length: None,
                properties: None,
                predicate: None,
            }
        };
        self.expect("-")?;
        let right = self.eat(">");
        let direction = match (left, right) {
            (false, true) => Direction::Right,
            (true, false) => Direction::Left,
            _ => Direction::Either,
        };
        if self.is("+") || self.is("*") || self.is("{") {
            let message =
                "quantified relationships are not supported: write the length inside, as in -[:TYPE*1..3]->";
            return Err(Refusal::unsupported(self.span(), message));
        }
        let Filler {
            name,
            labels: types,
            length,
            properties,
            predicate,
        } = filler;
        Ok(RelationshipPattern {
            name,
            types,
            direction,
            length,
            properties,
            predicate,
            span: start.to(self.last()),
        })
    }

    fn filler(&mut self, relationship: bool) -> Result<Filler, Refusal> {
        let name = match &self.peek().kind {
            TokenKind::Quoted(_) => Some(self.name("a name")?),
            TokenKind::Word(word) => {
                let next = self.ahead(1);
                // `(WHERE n.x)` and `(IS Label)` have no name.
                let ends = |symbol: &&str| [")", "]", ":", "{", "*"].contains(symbol);
                let is_name = match &next.kind {
                    TokenKind::Symbol(symbol) => ends(symbol),
                    TokenKind::Parameter(_) | TokenKind::End => true,
                    _ => next.is_word("WHERE") || next.is_word("IS"),
                };
                let keyword =
                    (word.eq_ignore_ascii_case("WHERE") || word.eq_ignore_ascii_case("IS")) && !is_name;
                if keyword { None } else { Some(self.name("a name")?) }
            }
            _ => None,
        };
        let labels = if self.eat(":") || self.eat_word("IS") {
            Some(self.label_expression(relationship)?)
        } else {
            None
        };
        let older_or = self.older_or.take();
        let length = if relationship && self.eat("*") {
            Some(self.length()?)
        } else {
            None
        };
        let properties = match self.peek().kind {
            TokenKind::Symbol("{") => Some(self.map()?),
            TokenKind::Parameter(_) => {
                let message = "a parameter cannot stand for all properties of a pattern: write {name: $name}";
                return Err(Refusal::unsupported(self.span(), message));
            }
            _ => None,
        };
        if length.is_some()
            && let Some(types) = &labels
            && !types.is_choice()
        {
            let message = "a relationship of variable length takes types joined by '|' only";
            return Err(Refusal::invalid(self.last(), message));
        }
        if let Some(span) = older_or
            && (name.is_some() || length.is_some() || properties.is_some())
        {
            return Err(Refusal::invalid(
                span,
                "':' behind '|' is gone from Cypher: write :A|B",
            ));
        }
        let predicate = if self.eat_word("WHERE") {
            Some(self.expression()?)
        } else {
            None
        };
        Ok(Filler {
            name,
            labels,
            length,
            properties,
            predicate,
        })
    }

    fn length(&mut self) -> Result<Length, Refusal> {
        let lower = self.bound()?;
        if self.eat("..") {
            let max = self.bound()?;
            return Ok(Length {
                min: lower.unwrap_or(1),
                max,
            });
        }
        Ok(match lower {
            Some(exact) => Length {
                min: exact,
                max: Some(exact),
            },
            None => Length { min: 1, max: None },
        })
    }

    fn bound(&mut self) -> Result<Option<u64>, Refusal> {
        match self.peek().kind {
            TokenKind::Integer(value) => {
                let span = self.advance().span;
                if value > u64::from(u32::MAX) {
                    return Err(Refusal::unsupported(
                        span,
                        "a path of that length is not supported",
                    ));
                }
                Ok(Some(value))
            }
            _ => Ok(None),
        }
    }

    /// `A|B&!C`, and the older `A:B` (both) and, for types, `A|:B` (either).
    pub(super) fn label_expression(&mut self, relationship: bool) -> Result<LabelExpr, Refusal> {
        let mut left = self.label_and(relationship)?;
        while self.is("|") && self.map_bar != Some(self.at) {
            self.label_bars.push(self.at);
            self.advance();
            if relationship && self.is(":") {
                self.older_or = Some(self.advance().span);
            }
            let right = self.label_and(relationship)?;
            left = LabelExpr::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn label_and(&mut self, relationship: bool) -> Result<LabelExpr, Refusal> {
        let mut left = self.label_not(relationship)?;
        let mut colons: Option<bool> = None;
        while self.is("&") || (self.is(":") && !relationship) {
            let colon = self.is(":");
            let span = self.advance().span;
            if *colons.get_or_insert(colon) != colon {
                return Err(mixed(span));
            }
            let right = self.label_not(relationship)?;
            left = LabelExpr::And(Box::new(left), Box::new(right));
        }
        if colons == Some(true) && self.is("|") {
            return Err(mixed(self.span()));
        }
        Ok(left)
    }

    fn label_not(&mut self, relationship: bool) -> Result<LabelExpr, Refusal> {
        self.nested(|parser| {
            if parser.eat("!") {
                return Ok(LabelExpr::Not(Box::new(parser.label_not(relationship)?)));
            }
            if parser.eat("%") {
                return Ok(LabelExpr::Any);
            }
            if parser.eat("(") {
                let inner = parser.label_expression(relationship)?;
                parser.expect(")")?;
                return Ok(inner);
            }
            if parser.is("$") || matches!(parser.peek().kind, TokenKind::Parameter(_)) {
                let message =
                    "a label or type from a parameter is not supported: compare labels(n) or type(r) instead";
                return Err(Refusal::unsupported(parser.span(), message));
            }
            parser.name("a label or type").map(LabelExpr::Name)
        })
    }
}

fn mixed(span: Span) -> Refusal {
    Refusal::invalid(
        span,
        "':' between labels cannot be mixed with '&' and '|': write A&B",
    )
}
