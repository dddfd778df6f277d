//! `WITH` and `RETURN`: columns, implicit grouping, and what `ORDER BY` may see.

use super::{
    Binder,
    check::expect,
    expression::{Aggregates, Context},
    plan::{Column, Operator, SortKey},
    rewrite::{is_simple, leaves, leaves_except, mentions, rewrite, slots_needed},
    scope::Scope,
    types::Type,
};
use crate::cypher::{
    Refusal, Span,
    ast::{self, Expr, ExprKind},
    eval::Ex,
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
