//! Subqueries, and patterns inside of expressions, which are the same.

use std::sync::Arc;

use super::{
    Binder,
    expression::{Context, Typed},
    plan,
    scope::Scope,
    types::Type,
};
use crate::cypher::{
    Refusal,
    ast::{self, Clause, Expr, Match, SubqueryKind},
    eval::Ex,
};

impl Binder<'_> {
    pub(super) fn subquery(
        &self,
        kind: SubqueryKind,
        query: &ast::Query,
        scope: &Scope,
    ) -> Result<Typed, Refusal> {
        let returns = |query: &ast::SingleQuery| matches!(query.clauses.last(), Some(Clause::Return(_)));
        let all_return = returns(&query.first) && query.unions.iter().all(|union| returns(&union.query));
        if !all_return && (kind == SubqueryKind::Collect || !query.unions.is_empty()) {
            return Err(Refusal::invalid(query.first.span, "this subquery needs a RETURN"));
        }
        if let Some(Clause::With(projection)) = query.first.clauses.last() {
            return Err(Refusal::invalid(
                projection.span,
                "a subquery cannot end with WITH",
            ));
        }
        let plan = self.query(query, scope, false)?;
        if kind == SubqueryKind::Collect && plan.columns.len() != 1 {
            return Err(Refusal::invalid(
                query.first.span,
                "COLLECT { … } returns exactly one column",
            ));
        }
        let result = match kind {
            SubqueryKind::Exists => Type::BOOL,
            SubqueryKind::Count => Type::INT,
            SubqueryKind::Collect => Type::LIST,
        };
        Ok((Ex::Subquery(kind, Arc::new(plan)), result))
    }

    pub(super) fn pattern_predicate(&self, pattern: &ast::Pattern, scope: &Scope) -> Result<Typed, Refusal> {
        let names = pattern
            .hops
            .iter()
            .flat_map(|(relationship, node)| [&relationship.name, &node.name]);
        for name in names.chain([&pattern.start.name]).flatten() {
            if scope.find(&name.text).is_none() {
                let message = format!(
                    "a pattern in a condition cannot introduce {}: write EXISTS {{ … }}",
                    name.text
                );
                return Err(Refusal::invalid(name.span, message));
            }
        }
        let clause = Match {
            optional: false,
            patterns: vec![pattern.clone()],
            predicate: None,
        };
        let plan = self.pattern_plan(&clause, None, scope)?;
        Ok((Ex::Subquery(SubqueryKind::Exists, Arc::new(plan)), Type::BOOL))
    }

    /// A pattern inside of an expression, as a subquery of one column at most.
    pub(super) fn pattern_plan(
        &self,
        clause: &Match,
        map: Option<&Expr>,
        scope: &Scope,
    ) -> Result<plan::Plan, Refusal> {
        let mut inner = scope.clone();
        let bound = self.match_clause(clause, &mut inner)?;
        let mut operators = vec![plan::Operator::Match(Arc::new(bound))];
        let mut columns = Vec::new();
        if let Some(map) = map {
            let slot = self.slot();
            operators.push(plan::Operator::Project(vec![(
                self.bind(map, &inner, &mut Context::Inner)?.0,
                slot,
            )]));
            columns.push(plan::Column {
                name: String::new(),
                slot,
            });
        }
        Ok(plan::Plan {
            parts: vec![plan::Part { operators }],
            distinct: false,
            columns,
            slots: 0,
        })
    }
}
