//! From the tree to a plan: which name is which slot, what cannot be of the right kind, what is a grouping key.

mod call;
mod check;
mod detached;
mod expression;
mod operators;
mod optional;
mod pattern;
pub(crate) mod plan;
mod projection;
mod rewrite;
mod scope;
mod subquery;
pub(crate) mod types;

use std::{cell::Cell, rc::Rc, sync::Arc};

use serde_json::{Map as JsonMap, Value as Json};

use self::{
    detached::{is_detached, refuse_early_order},
    plan::{Column, Operator, Part, Plan},
    scope::Scope,
    types::Type,
};
use super::{
    Refusal,
    ast::{self, Clause},
    eval::Ex,
    value::{Map, Value},
};

/// Binds a whole query.
pub(crate) fn bind(
    text: &str,
    statement: &ast::Statement,
    parameters: &JsonMap<String, Json>,
) -> Result<Plan, Refusal> {
    let binder = Binder {
        text,
        parameters,
        slots: Rc::new(Cell::new(0)),
    };
    let mut plan = binder.query(&statement.query, &Scope::default(), true)?;
    plan.slots = binder.slots.get();
    Ok(plan)
}

/// The value of a parameter.
pub(crate) fn parameter_value(json: &Json) -> Option<Value> {
    Some(match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match number.as_i64() {
            Some(integer) => Value::Int(integer),
            // An integer that does not fit must not become another number in silence.
            None if number.is_u64() => return None,
            None => Value::Float(number.as_f64()?),
        },
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(parameter_value).collect::<Option<_>>()?),
        Json::Object(members) => {
            let mut map = Map::default();
            for (name, value) in members {
                map.set(Arc::from(name.as_str()), parameter_value(value)?);
            }
            Value::map(map)
        }
    })
}

struct Binder<'a> {
    text: &'a str,
    parameters: &'a JsonMap<String, Json>,
    /// Slots are never reused within a query, so a row can be changed in place.
    slots: Rc<Cell<usize>>,
}

impl Binder<'_> {
    fn slot(&self) -> usize {
        let slot = self.slots.get();
        self.slots.set(slot + 1);
        slot
    }

    /// Binds a query; `outer` holds the names that a subquery sees.
    fn query(&self, query: &ast::Query, outer: &Scope, top: bool) -> Result<Plan, Refusal> {
        let (operators, columns) = self.single(&query.first, outer, top)?;
        let mut parts = vec![Part { operators }];
        let mut distinct = false;
        for union in &query.unions {
            distinct = !union.all;
            let (mut operators, others) = self.single(&union.query, outer, top)?;
            let fits = others.len() == columns.len()
                && columns
                    .iter()
                    .all(|column| others.iter().any(|other| other.name == column.name));
            if !fits {
                let message = "all parts of a UNION must return columns of the same names";
                return Err(Refusal::invalid(union.span, message));
            }
            let moves = columns.iter().filter_map(|column| {
                let other = others.iter().find(|other| other.name == column.name)?;
                Some((Ex::Slot(other.slot), column.slot))
            });
            operators.push(Operator::Project(moves.collect()));
            parts.push(Part { operators });
        }
        Ok(Plan {
            parts,
            distinct,
            columns,
            slots: 0,
        })
    }

    fn single(
        &self,
        query: &ast::SingleQuery,
        outer: &Scope,
        top: bool,
    ) -> Result<(Vec<Operator>, Vec<Column>), Refusal> {
        let mut scope = outer.clone();
        let mut operators = Vec::new();
        let mut columns = Vec::new();
        let mut detached = false;
        for (index, clause) in query.clauses.iter().enumerate() {
            if let Clause::With(projection) | Clause::Return(projection) = clause
                && std::mem::take(&mut detached)
            {
                refuse_early_order(projection)?;
            }
            match clause {
                Clause::Match(clause) => {
                    detached |= is_detached(clause, &scope);
                    operators.push(Operator::Match(Arc::new(self.match_clause(clause, &mut scope)?)));
                }
                Clause::Unwind { list, name } => {
                    let list_ex = self.expr(list, &scope)?.0;
                    let slot = self.slot();
                    scope.declare(name, slot, Type::ANY)?;
                    operators.push(Operator::Unwind { list: list_ex, slot });
                }
                Clause::With(projection) => {
                    scope = self
                        .projection(projection, &scope, outer, true, &mut operators)?
                        .scope;
                }
                Clause::Return(projection) => {
                    let bound = self.projection(projection, &scope, outer, false, &mut operators)?;
                    columns = bound.columns;
                }
            }
            let last = index + 1 == query.clauses.len();
            if last && top && !matches!(clause, Clause::Return(_)) {
                return Err(Refusal::invalid(
                    query.span,
                    "the query has no RETURN: say what to answer",
                ));
            }
        }
        Ok((operators, columns))
    }
}
