//! Expressions: names become slots, parameters values, and what can never be of the right kind is refused.

use std::sync::Arc;

use super::{
    Binder,
    check::{expect, refuse_torn_projection, refuse_two_zeros},
    parameter_value, plan,
    scope::Scope,
    types::Type,
};
use crate::cypher::{
    Refusal, Span,
    ast::{Expr, ExprKind, Match, SubqueryKind},
    eval::Ex,
    functions::Aggregate,
    value::Value,
};

pub(super) type Typed = (Ex, Type);

pub(super) const ENTITY: Type = Type::NODE.or(Type::RELATIONSHIP);

/// Where the calls of aggregates inside of an expression go.
#[derive(Debug, Default)]
pub(super) struct Aggregates {
    pub(super) calls: Vec<plan::AggregateCall>,
}

/// What an expression may contain besides values.
#[derive(Debug)]
pub(super) enum Context<'a> {
    /// No aggregates, for example in `WHERE`.
    Plain,
    /// The items of a projection.
    Projection(&'a mut Aggregates),
    /// Inside of an aggregate.
    Aggregate,
    /// Inside of a comprehension or a subquery.
    Inner,
}

impl Binder<'_> {
    /// Binds an expression that cannot aggregate.
    pub(super) fn expr(&self, expr: &Expr, scope: &Scope) -> Result<Typed, Refusal> {
        self.bind(expr, scope, &mut Context::Plain)
    }

    /// Binds a condition.
    pub(super) fn condition(&self, expr: &Expr, scope: &Scope) -> Result<Ex, Refusal> {
        self.bind_as(expr, Type::BOOL, scope, &mut Context::Plain)
    }

    /// Binds an expression whose value must be of a type.
    pub(super) fn bind_as(
        &self,
        expr: &Expr,
        wanted: Type,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Ex, Refusal> {
        let (ex, kind) = self.bind_operand(expr, wanted, scope, context)?;
        expect(expr.span, kind, wanted)?;
        Ok(ex)
    }

    /// A pattern is a value in places that want a condition only.
    pub(super) fn bind_operand(
        &self,
        expr: &Expr,
        wanted: Type,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        match &expr.kind {
            ExprKind::PatternPredicate(pattern) if wanted == Type::BOOL => {
                self.pattern_predicate(pattern, scope)
            }
            _ => self.bind(expr, scope, context),
        }
    }

    pub(super) fn bind(
        &self,
        expr: &Expr,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        Ok(match &expr.kind {
            ExprKind::Null => (Ex::Const(Value::Null), Type::ANY),
            ExprKind::Bool(value) => (Ex::Const(Value::Bool(*value)), Type::BOOL),
            ExprKind::Int(value) => (Ex::Const(Value::Int(*value)), Type::INT),
            ExprKind::Float(value) => (Ex::Const(Value::Float(*value)), Type::FLOAT),
            ExprKind::Text(text) => (Ex::Const(Value::text(text.as_str())), Type::TEXT),
            ExprKind::Parameter(name) => self.parameter(name, expr.span)?,
            ExprKind::Variable(name) => match scope.find(name) {
                Some(variable) => (Ex::Slot(variable.slot), variable.kind),
                None => {
                    return Err(Refusal::invalid(
                        expr.span,
                        format!("the variable {name} is not defined"),
                    ));
                }
            },
            ExprKind::List(items) => {
                let items = items
                    .iter()
                    .map(|item| Ok(self.bind(item, scope, context)?.0))
                    .collect::<Result<_, Refusal>>()?;
                (Ex::List(items), Type::LIST)
            }
            ExprKind::Map(entries) => {
                let entries = entries.iter().map(|(name, value)| {
                    Ok((Arc::from(name.text.as_str()), self.bind(value, scope, context)?.0))
                });
                (Ex::Map(entries.collect::<Result<_, Refusal>>()?), Type::MAP)
            }
            ExprKind::Property(of, name) => {
                let of_ex = self.bind_as(of, ENTITY.or(Type::MAP).or(Type::TEMPORAL), scope, context)?;
                (
                    Ex::Property(Box::new(of_ex), name.text.as_str().into()),
                    Type::ANY,
                )
            }
            ExprKind::Index(of, index) => self.index(of, index, scope, context)?,
            ExprKind::Slice(of, from, to) => {
                places_in(of, [from, to].into_iter().flatten().map(|bound| &**bound))?;
                let of = self.bind_as(of, Type::LIST, scope, context)?;
                let mut bound = |bound: &Option<Box<Expr>>| {
                    bound
                        .as_ref()
                        .map(|b| Ok(Box::new(self.bind_as(b, Type::INT, scope, context)?)))
                        .transpose()
                };
                let (from, to) = (bound(from)?, bound(to)?);
                (Ex::Slice(Box::new(of), from, to), Type::LIST)
            }
            ExprKind::Unary(operator, of) => self.unary(*operator, of, scope, context)?,
            ExprKind::Binary(operator, left, right) => self.binary(*operator, left, right, scope, context)?,
            ExprKind::Comparison(first, rest) => {
                let span = expr.span;
                let first = Box::new(self.bind(first, scope, context)?.0);
                let rest = rest
                    .iter()
                    .map(|(comparison, operand)| Ok((*comparison, self.bind(operand, scope, context)?.0)));
                let rest = rest.collect::<Result<Vec<_>, Refusal>>()?;
                refuse_two_zeros(span, &first, &rest)?;
                (Ex::Compare(first, rest), Type::BOOL)
            }
            ExprKind::HasLabels(of, labels) => {
                let of = self.bind_as(of, ENTITY, scope, context)?;
                (Ex::HasLabels(Box::new(of), labels.clone()), Type::BOOL)
            }
            ExprKind::Call { name, distinct, args } => self.call(name, *distinct, args, scope, context)?,
            ExprKind::CountStar => {
                self.aggregate(Aggregate::CountRows, false, &[], expr.span, scope, context)?
            }
            ExprKind::Case {
                subject,
                branches,
                otherwise,
            } => {
                let case = self.case(subject.as_deref(), branches, otherwise.as_deref(), scope, context)?;
                refuse_torn_projection(expr.span, &case.0)?;
                case
            }
            ExprKind::ListComprehension {
                name,
                list,
                predicate,
                map,
            } => {
                let list = self.bind_as(list, Type::LIST, scope, context)?;
                let slot = self.slot();
                let inner = scope.with(&name.text, slot, Type::ANY);
                let predicate = predicate
                    .as_ref()
                    .map(|p| self.inner_condition(p, &inner))
                    .transpose()?;
                let map = map
                    .as_ref()
                    .map(|map| Ok::<_, Refusal>(Box::new(self.bind(map, &inner, &mut Context::Inner)?.0)));
                let (list, predicate, map) = (Box::new(list), predicate.map(Box::new), map.transpose()?);
                for part in predicate.iter().chain(&map) {
                    refuse_torn_projection(expr.span, part)?;
                }
                (
                    Ex::ListComprehension {
                        slot,
                        list,
                        predicate,
                        map,
                    },
                    Type::LIST,
                )
            }
            ExprKind::Reduce {
                accumulator,
                start,
                name,
                list,
                step,
            } => {
                let (start, kind) = self.bind(start, scope, context)?;
                let list = Box::new(self.bind_as(list, Type::LIST, scope, context)?);
                let (of, slot) = (self.slot(), self.slot());
                let inner = scope
                    .with(&accumulator.text, of, Type::ANY)
                    .with(&name.text, slot, Type::ANY);
                let step = Box::new(self.bind(step, &inner, &mut Context::Inner)?.0);
                refuse_torn_projection(expr.span, &step)?;
                let _ = kind;
                (
                    Ex::Reduce {
                        accumulator: of,
                        start: Box::new(start),
                        slot,
                        list,
                        step,
                    },
                    Type::ANY,
                )
            }
            ExprKind::Quantified {
                quantifier,
                name,
                list,
                predicate,
            } => {
                let list = Box::new(self.bind_as(list, Type::LIST, scope, context)?);
                let slot = self.slot();
                let inner = scope.with(&name.text, slot, Type::ANY);
                let predicate = Box::new(self.inner_condition(predicate, &inner)?);
                refuse_torn_projection(expr.span, &predicate)?;
                (
                    Ex::Quantified {
                        quantifier: *quantifier,
                        slot,
                        list,
                        predicate,
                    },
                    Type::BOOL,
                )
            }
            ExprKind::PatternComprehension {
                pattern,
                predicate,
                map,
            } => {
                let clause = Match {
                    optional: false,
                    patterns: vec![(**pattern).clone()],
                    predicate: predicate.as_deref().cloned(),
                };
                let plan = self.pattern_plan(&clause, Some(map), scope)?;
                (Ex::Subquery(SubqueryKind::Collect, Arc::new(plan)), Type::LIST)
            }
            ExprKind::ExistsPattern(pattern) => self.pattern_predicate(pattern, scope)?,
            ExprKind::PatternPredicate(_) => {
                let message =
                    "a pattern is a condition here: write EXISTS { … }, COUNT { … } or [pattern | value]";
                return Err(Refusal::invalid(expr.span, message));
            }
            ExprKind::MapProjection { name, items } => self.map_projection(name, items, scope, context)?,
            ExprKind::Subquery(kind, query) => self.subquery(*kind, query, scope)?,
        })
    }

    fn inner_condition(&self, expr: &Expr, scope: &Scope) -> Result<Ex, Refusal> {
        self.bind_as(expr, Type::BOOL, scope, &mut Context::Inner)
    }

    fn parameter(&self, name: &str, span: Span) -> Result<Typed, Refusal> {
        let Some(json) = self.parameters.get(name) else {
            let message = format!("the parameter ${name} has no value: pass -p {name}=…");
            return Err(Refusal::invalid(span, message));
        };
        match parameter_value(json) {
            Some(value) => Ok((Ex::Const(value), Type::ANY)),
            None => Err(Refusal::invalid(
                span,
                format!("a number in ${name} is beyond 64 bits"),
            )),
        }
    }

    fn index(
        &self,
        of: &Expr,
        index: &Expr,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        places_in(of, std::iter::once(index))?;
        let (of_ex, of_kind) = self.bind(of, scope, context)?;
        expect(
            of.span,
            of_kind,
            Type::LIST.or(Type::MAP).or(ENTITY).or(Type::TEMPORAL),
        )?;
        let (index_ex, index_kind) = self.bind(index, scope, context)?;
        if !of_kind.may_be(Type::LIST) {
            expect(index.span, index_kind, Type::TEXT)?;
        } else if of_kind.is_within(Type::LIST) {
            expect(index.span, index_kind, Type::INT)?;
        } else {
            expect(index.span, index_kind, Type::INT.or(Type::TEXT))?;
        }
        Ok((Ex::Index(Box::new(of_ex), Box::new(index_ex)), Type::ANY))
    }
}

/// Of what a subquery collects, Neo4j turns places into skipping so many rows, and answers something else where they are
/// counted from the end.
fn places_in<'a>(of: &Expr, mut places: impl Iterator<Item = &'a Expr>) -> Result<(), Refusal> {
    let is_found = matches!(
        of.kind,
        ExprKind::PatternComprehension { .. } | ExprKind::Subquery(SubqueryKind::Collect, _)
    );
    match places.find(|place| is_found && !matches!(place.kind, ExprKind::Int(0..))) {
        None => Ok(()),
        Some(place) => {
            let message =
                "only 0, 1, 2 … can be asked of what a subquery collects: give it a name with WITH first";
            Err(Refusal::unsupported(place.span, message))
        }
    }
}
