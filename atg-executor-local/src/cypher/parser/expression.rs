//! Expressions by precedence, from `OR` down to unary operators.

use super::Parser;
use crate::cypher::{
    Refusal,
    ast::{Binary, Comparison, Expr, ExprKind, Unary},
    lexer::TokenKind,
};

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expr, Refusal> {
        self.nested(Self::or)
    }

    fn left_associative(
        &mut self,
        operand: fn(&mut Self) -> Result<Expr, Refusal>,
        operator: fn(&mut Self) -> Option<Binary>,
    ) -> Result<Expr, Refusal> {
        let mut left = operand(self)?;
        while let Some(operator) = operator(self) {
            let right = operand(self)?;
            left = binary(operator, left, right);
        }
        Ok(left)
    }

    fn or(&mut self) -> Result<Expr, Refusal> {
        self.left_associative(Self::xor, |parser| parser.eat_word("OR").then_some(Binary::Or))
    }

    fn xor(&mut self) -> Result<Expr, Refusal> {
        self.left_associative(Self::and, |parser| parser.eat_word("XOR").then_some(Binary::Xor))
    }

    fn and(&mut self) -> Result<Expr, Refusal> {
        self.left_associative(Self::not, |parser| parser.eat_word("AND").then_some(Binary::And))
    }

    fn not(&mut self) -> Result<Expr, Refusal> {
        // `not` could be a variable, but only where an operand cannot follow.
        if self.is_word("NOT")
            && !matches!(
                self.ahead(1).kind,
                TokenKind::Symbol("," | ")" | "." | "]" | "}") | TokenKind::End
            )
        {
            return self.nested(|parser| {
                let span = parser.advance().span;
                let operand = parser.not()?;
                Ok(Expr {
                    span: span.to(operand.span),
                    kind: ExprKind::Unary(Unary::Not, Box::new(operand)),
                })
            });
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Expr, Refusal> {
        let first = self.predicate()?;
        let mut rest = Vec::new();
        loop {
            let comparison = match self.peek().kind {
                TokenKind::Symbol("=") => Comparison::Equal,
                TokenKind::Symbol("<>") => Comparison::NotEqual,
                TokenKind::Symbol("<") => Comparison::Less,
                TokenKind::Symbol("<=") => Comparison::LessOrEqual,
                TokenKind::Symbol(">") => Comparison::Greater,
                TokenKind::Symbol(">=") => Comparison::GreaterOrEqual,
                _ => break,
            };
            self.advance();
            rest.push((comparison, self.predicate()?));
        }
        let Some((_, last)) = rest.last() else {
            return Ok(first);
        };
        Ok(Expr {
            span: first.span.to(last.span),
            kind: ExprKind::Comparison(Box::new(first), rest),
        })
    }

    /// String and list operators, `IS NULL` and label tests, which bind tighter than comparisons.
    fn predicate(&mut self) -> Result<Expr, Refusal> {
        let left = self.sum()?;
        // Neo4j takes one such operator: `x IN a IN b` needs parentheses.
        self.predicate_on(left)
    }

    fn predicate_on(&mut self, left: Expr) -> Result<Expr, Refusal> {
        let operator = if self.eat("=~") {
            Binary::Matches
        } else if self.eat_words(&["STARTS", "WITH"]) {
            Binary::StartsWith
        } else if self.eat_words(&["ENDS", "WITH"]) {
            Binary::EndsWith
        } else if self.eat_word("CONTAINS") {
            Binary::Contains
        } else if self.eat_word("IN") {
            Binary::In
        } else if self.is_word("IS") {
            return self.is_predicate(left);
        } else if self.is("::") {
            return Err(Refusal::unsupported(
                self.span(),
                "type predicates are not supported",
            ));
        } else {
            return Ok(left);
        };
        let right = self.sum()?;
        Ok(binary(operator, left, right))
    }

    fn is_predicate(&mut self, operand: Expr) -> Result<Expr, Refusal> {
        let start = self.advance().span;
        let not = self.eat_word("NOT");
        let operator = match not {
            true => Unary::IsNotNull,
            false => Unary::IsNull,
        };
        if self.eat_word("NULL") {
            let span = operand.span.to(self.last());
            return Ok(Expr {
                kind: ExprKind::Unary(operator, Box::new(operand)),
                span,
            });
        }
        let unsupported = ["TYPED", "NORMALIZED", "NFC", "NFD", "NFKC", "NFKD"]
            .iter()
            .any(|word| self.is_word(word));
        if unsupported || self.is("::") {
            let message =
                "type and normalisation predicates are not supported: only IS NULL and IS NOT NULL are";
            return Err(Refusal::unsupported(start.to(self.span()), message));
        }
        if not {
            return Err(self.unexpected("NULL"));
        }
        // `n IS Label` means `n:Label`.
        let labels = self.label_expression(false)?;
        let span = operand.span.to(self.last());
        Ok(Expr {
            kind: ExprKind::HasLabels(Box::new(operand), labels),
            span,
        })
    }

    fn sum(&mut self) -> Result<Expr, Refusal> {
        self.left_associative(Self::product, |parser| {
            if parser.eat("+") {
                Some(Binary::Add)
            } else if parser.eat("-") {
                Some(Binary::Subtract)
            } else if parser.eat("||") {
                Some(Binary::Concatenate)
            } else {
                None
            }
        })
    }

    fn product(&mut self) -> Result<Expr, Refusal> {
        self.left_associative(Self::power, |parser| {
            if parser.eat("*") {
                Some(Binary::Multiply)
            } else if parser.eat("/") {
                Some(Binary::Divide)
            } else if parser.eat("%") {
                Some(Binary::Modulo)
            } else {
                None
            }
        })
    }

    /// Left-associative, and looser than a sign: `2^3^2` is 64.0, `-2^2` is 4.0.
    fn power(&mut self) -> Result<Expr, Refusal> {
        self.left_associative(Self::sign, |parser| parser.eat("^").then_some(Binary::Power))
    }

    fn sign(&mut self) -> Result<Expr, Refusal> {
        let operator = if self.is("-") {
            Unary::Minus
        } else if self.is("+") {
            Unary::Plus
        } else {
            return self.postfix();
        };
        self.nested(|parser| {
            let span = parser.advance().span;
            if operator == Unary::Minus
                && let TokenKind::Integer(value) = parser.peek().kind
                && value == 1 << 63
            {
                let end = parser.advance().span;
                return Ok(Expr {
                    kind: ExprKind::Int(i64::MIN),
                    span: span.to(end),
                });
            }
            // A number with its sign is written as one: `-0.0` is a zero of its own, `-(0.0)` is not.
            if operator == Unary::Minus
                && let TokenKind::Float(value) = parser.peek().kind
            {
                let end = parser.advance().span;
                return Ok(Expr {
                    kind: ExprKind::Float(-value),
                    span: span.to(end),
                });
            }
            // Behind a sign, another one belongs to a number: `- -5`, but not `- -x`.
            let is_number = matches!(parser.ahead(1).kind, TokenKind::Integer(_) | TokenKind::Float(_));
            if parser.is("+") || (parser.is("-") && !is_number) {
                return Err(parser.unexpected("a number or, in parentheses, an expression"));
            }
            let operand = parser.sign()?;
            Ok(Expr {
                span: span.to(operand.span),
                kind: ExprKind::Unary(operator, Box::new(operand)),
            })
        })
    }

    /// Properties, indexes, slices and label tests behind a value.
    fn postfix(&mut self) -> Result<Expr, Refusal> {
        let mut value = self.primary()?;
        loop {
            if self.eat(".") {
                let name = self.name("a property's name")?;
                let span = value.span.to(name.span);
                value = Expr {
                    kind: ExprKind::Property(Box::new(value), name),
                    span,
                };
            } else if self.eat("[") {
                value = self.index(value)?;
            } else if self.is(":")
                && matches!(
                    self.ahead(1).kind,
                    TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Symbol("!" | "%" | "(")
                )
            {
                self.advance();
                let labels = self.label_expression(false)?;
                let span = value.span.to(self.last());
                value = Expr {
                    kind: ExprKind::HasLabels(Box::new(value), labels),
                    span,
                };
            } else {
                return Ok(value);
            }
        }
    }

    fn index(&mut self, value: Expr) -> Result<Expr, Refusal> {
        let span = value.span;
        let from = if self.is("..") {
            None
        } else {
            Some(Box::new(self.expression()?))
        };
        let kind = if self.eat("..") {
            let to = if self.is("]") && from.is_some() {
                None
            } else {
                Some(Box::new(self.expression()?))
            };
            ExprKind::Slice(Box::new(value), from, to)
        } else {
            match from {
                Some(index) => ExprKind::Index(Box::new(value), index),
                None => return Err(self.unexpected("an index")),
            }
        };
        let end = self.expect("]")?;
        Ok(Expr {
            kind,
            span: span.to(end),
        })
    }
}

fn binary(operator: Binary, left: Expr, right: Expr) -> Expr {
    let span = left.span.to(right.span);
    Expr {
        kind: ExprKind::Binary(operator, Box::new(left), Box::new(right)),
        span,
    }
}
