//! `WITH` and `RETURN`: columns, implicit grouping, and what `ORDER BY` may see.

use super::{
    Binder,
    expression::{Aggregates, Context, expect},
    plan::{Column, Operator, SortKey},
    scope::Scope,
    types::Type,
};
use crate::cypher::{
    Refusal, Span,
    ast::{self, Expr, ExprKind},
    eval::{Ex, MapEntry},
    value::Value,
};

/// What a projection leaves.
pub(super) struct Projected {
    pub(super) scope: Scope,
    pub(super) columns: Vec<Column>,
}

struct Item {
    name: String,
    span: Span,
    /// As bound to the rows before the projection.
    ex: Ex,
    kind: Type,
    slot: usize,
    aggregates: bool,
}

impl Binder<'_> {
    pub(super) fn projection(
        &self,
        projection: &ast::Projection,
        scope: &Scope,
        outer: &Scope,
        with: bool,
        operators: &mut Vec<Operator>,
    ) -> Result<Projected, Refusal> {
        let mut aggregates = Aggregates::default();
        let mut items = self.items(projection, scope, outer, with, &mut aggregates)?;
        let grouped = !aggregates.calls.is_empty();
        let narrow = grouped || projection.distinct;

        for item in &mut items {
            let reuse = match item.ex {
                Ex::Slot(slot) if !grouped || item.aggregates => Some(slot),
                _ => None,
            };
            item.slot = reuse.unwrap_or_else(|| self.slot());
        }
        let mut visible = if narrow { outer.clone() } else { scope.clone() };
        let mut result = outer.clone();
        for item in &items {
            visible.set(&item.name, item.slot, item.kind);
            result.set(&item.name, item.slot, item.kind);
        }

        // Bound before the operators are written: a sort key may need an aggregate of its own.
        let keys = projection
            .order
            .iter()
            .map(|sort| {
                let expr = self.sort_key(&sort.expr, &items, scope, &mut aggregates, narrow)?;
                Ok(SortKey {
                    expr,
                    descending: sort.descending,
                })
            })
            .collect::<Result<Vec<_>, Refusal>>()?;
        if grouped {
            self.group(&items, aggregates, scope, operators)?;
        } else if let Some(first) = projection.order.first()
            && !aggregates.calls.is_empty()
        {
            let message = "ORDER BY cannot aggregate where RETURN or WITH does not";
            return Err(Refusal::invalid(first.expr.span, message));
        } else {
            let computed = items.iter().filter(|item| item.ex != Ex::Slot(item.slot));
            let computed: Vec<_> = computed.map(|item| (item.ex.clone(), item.slot)).collect();
            if !computed.is_empty() {
                operators.push(Operator::Project(computed));
            }
        }
        if projection.distinct {
            operators.push(Operator::Distinct(items.iter().map(|item| item.slot).collect()));
        }

        let predicate = projection
            .predicate
            .as_ref()
            .map(|predicate| self.condition(predicate, &visible))
            .transpose()?;
        let skip = projection
            .skip
            .as_ref()
            .map(|skip| self.count(skip))
            .transpose()?;
        let limit = projection
            .limit
            .as_ref()
            .map(|limit| self.count(limit))
            .transpose()?;
        if !keys.is_empty() {
            let mut live: Vec<usize> = items.iter().map(|item| item.slot).collect();
            if let Some(predicate) = &predicate {
                live.extend(slots_needed(predicate, &visible));
            }
            live.sort_unstable();
            live.dedup();
            let top = match &limit {
                Some(limit) => skip.iter().chain([limit]).cloned().collect(),
                None => Vec::new(),
            };
            operators.push(Operator::Sort { keys, live, top });
        }
        operators.extend(skip.map(Operator::Skip));
        operators.extend(limit.map(Operator::Limit));
        operators.extend(predicate.map(Operator::Filter));
        let columns = items
            .into_iter()
            .map(|item| Column {
                name: item.name,
                slot: item.slot,
            })
            .collect();
        Ok(Projected {
            scope: result,
            columns,
        })
    }

    fn items(
        &self,
        projection: &ast::Projection,
        scope: &Scope,
        outer: &Scope,
        with: bool,
        aggregates: &mut Aggregates,
    ) -> Result<Vec<Item>, Refusal> {
        let mut items: Vec<Item> = Vec::new();
        if projection.star {
            if scope.is_empty() && !with {
                return Err(Refusal::invalid(
                    projection.span,
                    "RETURN * has nothing to return: no variable is in scope",
                ));
            }
            items.extend(scope.iter().map(|variable| Item {
                name: variable.name.clone(),
                span: projection.span,
                ex: Ex::Slot(variable.slot),
                kind: variable.kind,
                slot: 0,
                aggregates: false,
            }));
        }
        for item in &projection.items {
            let name = item.column(self.text);
            if with && item.alias.is_none() && !matches!(item.expr.kind, ExprKind::Variable(_)) {
                return Err(Refusal::invalid(
                    item.expr.span,
                    "an expression in WITH needs a name: write … AS name",
                ));
            }
            if items.iter().any(|other| other.name == name.text) {
                return Err(Refusal::invalid(
                    name.span,
                    format!("there are two columns named {}", name.text),
                ));
            }
            let (ex, kind) = self.bind(&item.expr, scope, &mut Context::Projection(aggregates))?;
            let slots: Vec<usize> = aggregates.calls.iter().map(|call| call.slot).collect();
            let shadows = outer
                .find(&name.text)
                .is_some_and(|variable| ex != Ex::Slot(variable.slot));
            if shadows {
                let message = format!(
                    "{} is a name outside of this subquery already: choose another",
                    name.text
                );
                return Err(Refusal::invalid(name.span, message));
            }
            let aggregates = mentions(&ex, &slots);
            items.push(Item {
                name: name.text,
                span: item.expr.span,
                ex,
                kind,
                slot: 0,
                aggregates,
            });
        }
        Ok(items)
    }

    /// Grouping: every item without an aggregate is a key, constants too.
    fn group(
        &self,
        items: &[Item],
        aggregates: Aggregates,
        scope: &Scope,
        operators: &mut Vec<Operator>,
    ) -> Result<(), Refusal> {
        let keys: Vec<(Ex, usize)> = items
            .iter()
            .filter(|item| !item.aggregates)
            .map(|item| (item.ex.clone(), item.slot))
            .collect();
        // Only variables and properties are known again inside of an aggregating expression, as in Neo4j.
        let simple: Vec<(Ex, usize)> = keys.iter().filter(|(ex, _)| is_simple(ex)).cloned().collect();
        let mut computed = Vec::new();
        for item in items.iter().filter(|item| item.aggregates) {
            let ex = rewrite(item.ex.clone(), &simple);
            if leaves(&ex, scope) {
                let message =
                    "what stands beside the aggregate is no grouping key: return it as a column of its own";
                return Err(Refusal::invalid(item.span, message));
            }
            if ex != Ex::Slot(item.slot) {
                computed.push((ex, item.slot));
            }
        }
        operators.push(Operator::Aggregate {
            keys,
            aggregates: aggregates.calls,
        });
        if !computed.is_empty() {
            operators.push(Operator::Project(computed));
        }
        Ok(())
    }

    /// What a sort key means: first a column, then an expression that is a column, then whatever is still visible.
    fn sort_key(
        &self,
        expr: &Expr,
        items: &[Item],
        scope: &Scope,
        aggregates: &mut Aggregates,
        narrow: bool,
    ) -> Result<Ex, Refusal> {
        if let ExprKind::Variable(name) = &expr.kind
            && let Some(item) = items.iter().find(|item| item.name == *name)
        {
            return Ok(Ex::Slot(item.slot));
        }
        let grouped = !aggregates.calls.is_empty();
        let known = aggregates.calls.len();
        let before = self.bind(expr, scope, &mut Context::Projection(aggregates));
        if let Ok((ex, _)) = &before
            && let Some(item) = items.iter().find(|item| item.ex == *ex)
        {
            return Ok(Ex::Slot(item.slot));
        }
        aggregates.calls.truncate(known);

        let mut combined = scope.clone();
        for item in items {
            combined.set(&item.name, item.slot, item.kind);
        }
        let (ex, _) = if grouped {
            self.bind(expr, &combined, &mut Context::Projection(aggregates))?
        } else {
            self.bind(expr, &combined, &mut Context::Plain)?
        };
        if aggregates.calls.len() > known {
            let message = "an aggregate in ORDER BY must be one of the columns";
            return Err(Refusal::invalid(expr.span, message));
        }
        if !narrow {
            return Ok(ex);
        }
        let columns: Vec<(Ex, usize)> = items.iter().map(|item| (item.ex.clone(), item.slot)).collect();
        let ex = rewrite(ex, &columns);
        let outputs: Vec<usize> = items.iter().map(|item| item.slot).collect();
        if leaves_except(&ex, scope, &outputs) {
            let message = "after DISTINCT or an aggregate, ORDER BY sees only the columns";
            return Err(Refusal::invalid(expr.span, message));
        }
        Ok(ex)
    }

    /// `SKIP` and `LIMIT`: a number of rows that no row decides.
    fn count(&self, expr: &Expr) -> Result<Ex, Refusal> {
        let (ex, kind) = self.expr(expr, &Scope::default())?;
        let wrong = || {
            Refusal::invalid(
                expr.span,
                "SKIP and LIMIT need a whole number that is not negative",
            )
        };
        expect(expr.span, kind, Type::INT).map_err(|_| wrong())?;
        match &ex {
            Ex::Const(Value::Int(count)) if *count < 0 => Err(wrong()),
            Ex::Const(Value::Int(_)) => Ok(ex),
            Ex::Const(_) => Err(wrong()),
            _ => Ok(ex),
        }
    }
}

/// Whether an expression uses one of these slots.
fn mentions(ex: &Ex, slots: &[usize]) -> bool {
    let mut found = false;
    ex.visit(&mut |part| found |= matches!(part, Ex::Slot(slot) if slots.contains(slot)));
    found
}

/// A variable, or a property of one.
fn is_simple(ex: &Ex) -> bool {
    match ex {
        Ex::Slot(_) => true,
        Ex::Property(of, _) => is_simple(of),
        _ => false,
    }
}

/// Whether an expression still uses a name of the scope. What a subquery uses is not known here, so one counts.
fn leaves(ex: &Ex, scope: &Scope) -> bool {
    leaves_except(ex, scope, &[])
}

fn leaves_except(ex: &Ex, scope: &Scope, except: &[usize]) -> bool {
    let mut found = false;
    ex.visit(&mut |part| {
        found |= match part {
            Ex::Slot(slot) => scope.owns_slot(*slot) && !except.contains(slot),
            Ex::Subquery(..) => true,
            _ => false,
        };
    });
    found
}

/// The slots of the scope that a condition needs.
fn slots_needed(ex: &Ex, scope: &Scope) -> Vec<usize> {
    let mut slots = Vec::new();
    let mut all = false;
    ex.visit(&mut |part| match part {
        Ex::Slot(slot) if scope.owns_slot(*slot) => slots.push(*slot),
        Ex::Subquery(..) => all = true,
        _ => {}
    });
    if all {
        scope.iter().map(|variable| variable.slot).collect()
    } else {
        slots
    }
}

/// Replaces whatever equals a key by the slot that holds its value, from the outside in.
fn rewrite(ex: Ex, keys: &[(Ex, usize)]) -> Ex {
    if let Some((_, slot)) = keys.iter().find(|(key, _)| *key == ex) {
        return Ex::Slot(*slot);
    }
    let go = |part: Box<Ex>| Box::new(rewrite(*part, keys));
    let maybe = |part: Option<Box<Ex>>| part.map(|part| Box::new(rewrite(*part, keys)));
    let all = |parts: Vec<Ex>| parts.into_iter().map(|part| rewrite(part, keys)).collect();
    match ex {
        Ex::Const(_) | Ex::Slot(_) | Ex::Subquery(..) => ex,
        Ex::Property(of, name) => Ex::Property(go(of), name),
        Ex::Index(a, b) => Ex::Index(go(a), go(b)),
        Ex::Slice(of, from, to) => Ex::Slice(go(of), maybe(from), maybe(to)),
        Ex::List(items) => Ex::List(all(items)),
        Ex::Map(entries) => Ex::Map(
            entries
                .into_iter()
                .map(|(name, value)| (name, rewrite(value, keys)))
                .collect(),
        ),
        Ex::Not(of) => Ex::Not(go(of)),
        Ex::And(a, b) => Ex::And(go(a), go(b)),
        Ex::Or(a, b) => Ex::Or(go(a), go(b)),
        Ex::Xor(a, b) => Ex::Xor(go(a), go(b)),
        Ex::Compare(first, rest) => Ex::Compare(
            go(first),
            rest.into_iter()
                .map(|(comparison, operand)| (comparison, rewrite(operand, keys)))
                .collect(),
        ),
        Ex::IsNull(of, negated) => Ex::IsNull(go(of), negated),
        Ex::Arithmetic(operator, a, b) => Ex::Arithmetic(operator, go(a), go(b)),
        Ex::Negate(of) => Ex::Negate(go(of)),
        Ex::Plus(of) => Ex::Plus(go(of)),
        Ex::In(a, b) => Ex::In(go(a), go(b)),
        Ex::TextTest(test, a, b) => Ex::TextTest(test, go(a), go(b)),
        Ex::Matches(a, b) => Ex::Matches(go(a), go(b)),
        Ex::MatchesKnown(of, pattern) => Ex::MatchesKnown(go(of), pattern),
        Ex::HasLabels(of, labels) => Ex::HasLabels(go(of), labels),
        Ex::Call(function, args) => Ex::Call(function, all(args)),
        Ex::Case {
            subject,
            branches,
            otherwise,
        } => Ex::Case {
            subject: maybe(subject),
            branches: branches
                .into_iter()
                .map(|(when, then)| (rewrite(when, keys), rewrite(then, keys)))
                .collect(),
            otherwise: maybe(otherwise),
        },
        Ex::ListComprehension {
            slot,
            list,
            predicate,
            map,
        } => Ex::ListComprehension {
            slot,
            list: go(list),
            predicate: maybe(predicate),
            map: maybe(map),
        },
        Ex::Reduce {
            accumulator,
            start,
            slot,
            list,
            step,
        } => Ex::Reduce {
            accumulator,
            start: go(start),
            slot,
            list: go(list),
            step: go(step),
        },
        Ex::Quantified {
            quantifier,
            slot,
            list,
            predicate,
        } => Ex::Quantified {
            quantifier,
            slot,
            list: go(list),
            predicate: go(predicate),
        },
        Ex::MapProjection { of, items } => Ex::MapProjection {
            of: go(of),
            items: items
                .into_iter()
                .map(|item| match item {
                    MapEntry::Entry(name, value) => MapEntry::Entry(name, rewrite(value, keys)),
                    other => other,
                })
                .collect(),
        },
    }
}
