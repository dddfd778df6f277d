//! Operators and `CASE`: what their operands may be.

use std::sync::Arc;

use super::{
    Binder,
    check::{add_type, divided_by_zero, expect, mismatch, number_type, refused, times_type},
    expression::{Context, Typed},
    scope::Scope,
    types::Type,
};
use crate::cypher::{
    Refusal,
    ast::{Binary, Expr, Unary},
    eval::{Arithmetic, Ex, TextTest},
    regex::Pattern,
    value::Value,
};

impl Binder<'_> {
    pub(super) fn unary(
        &self,
        operator: Unary,
        of: &Expr,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        Ok(match operator {
            Unary::Not => (
                Ex::Not(Box::new(self.bind_as(of, Type::BOOL, scope, context)?)),
                Type::BOOL,
            ),
            Unary::IsNull => (
                Ex::IsNull(Box::new(self.bind(of, scope, context)?.0), false),
                Type::BOOL,
            ),
            Unary::IsNotNull => (
                Ex::IsNull(Box::new(self.bind(of, scope, context)?.0), true),
                Type::BOOL,
            ),
            Unary::Minus | Unary::Plus => {
                let (ex, kind) = self.bind(of, scope, context)?;
                if operator == Unary::Plus && kind == Type::DURATION {
                    return Ok((ex, kind));
                }
                expect(of.span, kind, Type::NUMBER)?;
                let result = if kind.is_within(Type::NUMBER) {
                    kind
                } else {
                    Type::NUMBER
                };
                let ex = match (operator, ex) {
                    (Unary::Minus, Ex::Const(Value::Int(value))) if value != i64::MIN => {
                        Ex::Const(Value::Int(-value))
                    }
                    (Unary::Minus, ex) => Ex::Negate(Box::new(ex)),
                    (_, ex) => Ex::Plus(Box::new(ex)),
                };
                (ex, result)
            }
        })
    }

    pub(super) fn binary(
        &self,
        operator: Binary,
        left: &Expr,
        right: &Expr,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        let logical = matches!(operator, Binary::And | Binary::Or | Binary::Xor);
        let wanted = if logical { Type::BOOL } else { Type::ANY };
        let (left_ex, left_kind) = self.bind_operand(left, wanted, scope, context)?;
        let (right_ex, right_kind) = self.bind_operand(right, wanted, scope, context)?;
        let (a, b) = (Box::new(left_ex), Box::new(right_ex));
        if logical {
            expect(left.span, left_kind, Type::BOOL)?;
            expect(right.span, right_kind, Type::BOOL)?;
        }
        let test = |test| (Ex::TextTest(test, a.clone(), b.clone()), Type::BOOL);
        let arithmetic = |operator, kind| Ok((Ex::Arithmetic(operator, a.clone(), b.clone()), kind));
        Ok(match operator {
            Binary::And => (Ex::And(a, b), Type::BOOL),
            Binary::Or => (Ex::Or(a, b), Type::BOOL),
            Binary::Xor => (Ex::Xor(a, b), Type::BOOL),
            Binary::StartsWith => test(TextTest::StartsWith),
            Binary::EndsWith => test(TextTest::EndsWith),
            Binary::Contains => test(TextTest::Contains),
            Binary::In => {
                expect(right.span, right_kind, Type::LIST)?;
                (Ex::In(a, b), Type::BOOL)
            }
            Binary::Matches => {
                expect(left.span, left_kind, Type::TEXT)?;
                expect(right.span, right_kind, Type::TEXT)?;
                match &*b {
                    Ex::Const(Value::Text(pattern)) => {
                        let known = Pattern::new(pattern).map_err(|fault| refused(right.span, fault))?;
                        (Ex::MatchesKnown(a, Arc::new(known)), Type::BOOL)
                    }
                    _ => (Ex::Matches(a, b), Type::BOOL),
                }
            }
            Binary::Add => return arithmetic(Arithmetic::Add, add_type(left, left_kind, right, right_kind)?),
            Binary::Concatenate => {
                let wanted = Type::TEXT.or(Type::LIST);
                expect(left.span, left_kind, wanted)?;
                expect(right.span, right_kind, wanted)?;
                if !left_kind.may_be(right_kind) && right_kind.is_within(wanted) {
                    return Err(mismatch(right.span, left_kind, right_kind));
                }
                return arithmetic(Arithmetic::Concatenate, wanted);
            }
            Binary::Subtract | Binary::Multiply | Binary::Divide | Binary::Modulo | Binary::Power => {
                if left_kind.is_within(Type::TEMPORAL) || right_kind.is_within(Type::TEMPORAL) {
                    let (operator, kind) = times_type(operator, left, left_kind, right, right_kind)?;
                    return arithmetic(operator, kind);
                }
                let computes = matches!(operator, Binary::Modulo | Binary::Power);
                let wanted = if computes {
                    Type::NUMBER
                } else {
                    Type::NUMBER.or(Type::TEMPORAL)
                };
                expect(left.span, left_kind, wanted)?;
                expect(right.span, right_kind, wanted)?;
                if operator == Binary::Divide
                    && let Some(endless) = divided_by_zero(&a, &b)
                {
                    return Ok((Ex::Const(Value::Float(endless)), Type::FLOAT));
                }
                let (operator, kind) = match operator {
                    Binary::Subtract => (Arithmetic::Subtract, number_type(left_kind, right_kind)),
                    Binary::Multiply => (Arithmetic::Multiply, number_type(left_kind, right_kind)),
                    Binary::Divide => (Arithmetic::Divide, number_type(left_kind, right_kind)),
                    Binary::Modulo => (Arithmetic::Modulo, number_type(left_kind, right_kind)),
                    _ => (Arithmetic::Power, Type::FLOAT),
                };
                return arithmetic(operator, kind);
            }
        })
    }

    pub(super) fn case(
        &self,
        subject: Option<&Expr>,
        branches: &[(Expr, Expr)],
        otherwise: Option<&Expr>,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        let subject_ex = subject
            .map(|subject| Ok::<_, Refusal>(Box::new(self.bind(subject, scope, context)?.0)))
            .transpose()?;
        let mut result: Option<Type> = None;
        let mut widen = |kind: Type| result = Some(result.map_or(kind, |result| result.or(kind)));
        let mut bound = Vec::with_capacity(branches.len());
        for (when, then) in branches {
            let when = match subject {
                Some(_) => self.bind(when, scope, context)?.0,
                None => self.bind_as(when, Type::BOOL, scope, context)?,
            };
            let (then, kind) = self.bind(then, scope, context)?;
            widen(kind);
            bound.push((when, then));
        }
        let otherwise = match otherwise {
            Some(otherwise) => {
                let (otherwise, kind) = self.bind(otherwise, scope, context)?;
                widen(kind);
                Some(Box::new(otherwise))
            }
            None => None,
        };
        Ok((
            Ex::Case {
                subject: subject_ex,
                branches: bound,
                otherwise,
            },
            result.unwrap_or(Type::ANY),
        ))
    }
}
