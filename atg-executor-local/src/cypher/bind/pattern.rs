//! `MATCH`: the parts of a pattern become one graph of nodes and relationships with their conditions.

use std::{collections::HashSet, sync::Arc};

use super::{Binder, optional::refuse_lost_rows, plan, scope::Scope, types::Type};
use crate::cypher::{
    Refusal, Span,
    ast::{self, Comparison, ExprKind, LabelExpr, Length},
    eval::Ex,
};

/// A property map or condition of the pattern, bound when all names of the clause are known.
enum Pending<'a> {
    Properties(usize, &'a ast::Expr),
    ChainProperties(usize, &'a ast::Expr),
    Condition(&'a ast::Expr),
}

struct Builder<'a> {
    plan: plan::Match,
    pending: Vec<Pending<'a>>,
    /// Relationship names of this clause: each may stand there once.
    relationships: HashSet<&'a str>,
}

impl Binder<'_> {
    pub(super) fn match_clause(
        &self,
        clause: &ast::Match,
        scope: &mut Scope,
    ) -> Result<plan::Match, Refusal> {
        let before = scope.clone();
        let mut builder = Builder {
            plan: plan::Match {
                optional: clause.optional,
                nodes: Vec::new(),
                relationships: Vec::new(),
                paths: Vec::new(),
                predicates: Vec::new(),
            },
            pending: Vec::new(),
            relationships: HashSet::new(),
        };
        for pattern in &clause.patterns {
            self.pattern(pattern, &before, scope, &mut builder)?;
        }
        let Builder {
            mut plan,
            mut pending,
            ..
        } = builder;
        pending.extend(clause.predicate.as_ref().map(Pending::Condition));
        for pending in pending {
            match pending {
                Pending::Properties(slot, map) => {
                    for (name, value) in self.entries(map, scope)? {
                        let property = Box::new(Ex::Property(Box::new(Ex::Slot(slot)), name));
                        plan.predicates
                            .push(Ex::Compare(property, vec![(Comparison::Equal, value)]));
                    }
                }
                Pending::ChainProperties(index, map) => {
                    plan.relationships[index].properties = self.entries(map, scope)?;
                }
                Pending::Condition(condition) => {
                    conjuncts(self.condition(condition, scope)?, &mut plan.predicates);
                }
            }
        }
        if clause.optional && !before.is_empty() {
            let condition = clause.predicate.as_ref().map(|condition| condition.span);
            let span = condition.or_else(|| clause.patterns.first().map(|pattern| pattern.span));
            refuse_lost_rows(&plan, span.unwrap_or_default())?;
        }
        let shortest = plan
            .relationships
            .iter()
            .any(|relationship| relationship.shortest.is_some());
        if shortest && plan.relationships.len() > 1 {
            let span = clause
                .patterns
                .iter()
                .find(|pattern| pattern.shortest.is_some())
                .map_or(Span::default(), |p| p.span);
            let message =
                "shortestPath beside other relationships is not supported: put it into a MATCH of its own";
            return Err(Refusal::unsupported(span, message));
        }
        Ok(plan)
    }

    fn entries(&self, map: &ast::Expr, scope: &Scope) -> Result<Vec<(Arc<str>, Ex)>, Refusal> {
        let ExprKind::Map(entries) = &map.kind else {
            return Err(Refusal::unsupported(
                map.span,
                "write the properties as {name: value}",
            ));
        };
        entries
            .iter()
            .map(|(name, value)| Ok((Arc::from(name.text.as_str()), self.expr(value, scope)?.0)))
            .collect()
    }

    fn pattern<'a>(
        &self,
        pattern: &'a ast::Pattern,
        before: &Scope,
        scope: &mut Scope,
        builder: &mut Builder<'a>,
    ) -> Result<(), Refusal> {
        let start = self.node(&pattern.start, before, scope, builder)?;
        let mut left = start;
        let mut hops = Vec::new();
        for (relationship, node) in &pattern.hops {
            Self::refuse_repeated_types(relationship)?;
            // Declared in the order of the text, so that a name used twice is blamed at its second place.
            let slot = self.relationship_slot(relationship, before, scope, builder)?;
            let right = self.node(node, before, scope, builder)?;
            let index = builder.plan.relationships.len();
            hops.push(index);
            let bound = relationship
                .name
                .as_ref()
                .is_some_and(|name| before.find(&name.text).is_some());
            let length = match (pattern.shortest, relationship.length) {
                (Some(_), None) => Some(Length { min: 1, max: Some(1) }),
                (_, length) => length,
            };
            if pattern.shortest.is_some() && length.is_some_and(|length| length.min > 1) {
                let message = "shortestPath does not support a minimal length different from 0 or 1";
                return Err(Refusal::invalid(relationship.span, message));
            }
            builder.plan.relationships.push(plan::Relationship {
                slot,
                name: relationship.name.as_ref().map(|name| name.text.clone()),
                bound,
                left,
                right,
                direction: relationship.direction,
                types: relationship.types.clone(),
                length,
                shortest: pattern.shortest,
                properties: Vec::new(),
            });
            if let Some(map) = &relationship.properties {
                builder.pending.push(match length {
                    Some(_) => Pending::ChainProperties(index, map),
                    None => Pending::Properties(slot, map),
                });
            }
            if let Some(predicate) = &relationship.predicate {
                if length.is_some() {
                    let message = "WHERE inside of a relationship with a length is not supported: use all(r IN relationships(p) WHERE …)";
                    return Err(Refusal::unsupported(predicate.span, message));
                }
                builder.pending.push(Pending::Condition(predicate));
            }
            left = right;
        }
        if let Some(name) = &pattern.name {
            let known = |node: usize| builder.plan.nodes[node].bound;
            let old = hops
                .iter()
                .map(|hop| &builder.plan.relationships[*hop])
                .all(|hop| hop.bound && known(hop.right));
            if builder.plan.optional && old && known(start) {
                // Neo4j gives such a path even where the pattern is not there.
                let message = "a path of known parts only is not supported in OPTIONAL MATCH: use MATCH, or nodes and relationships";
                return Err(Refusal::unsupported(name.span, message));
            }
            let slot = self.slot();
            scope.declare(name, slot, Type::PATH)?;
            builder.plan.paths.push(plan::Path { slot, start, hops });
        }
        Ok(())
    }

    fn node<'a>(
        &self,
        node: &'a ast::NodePattern,
        before: &Scope,
        scope: &mut Scope,
        builder: &mut Builder<'a>,
    ) -> Result<usize, Refusal> {
        let known = node.name.as_ref().and_then(|name| scope.find(&name.text));
        let (slot, bound) = match (&node.name, known) {
            (Some(name), Some(variable)) => {
                if !variable.kind.may_be(Type::NODE) {
                    return Err(conflict(name, variable.kind, Type::NODE));
                }
                (variable.slot, before.find(&name.text).is_some())
            }
            (Some(name), None) => {
                let slot = self.slot();
                scope.declare(name, slot, Type::NODE)?;
                (slot, false)
            }
            (None, _) => (self.slot(), false),
        };
        if let Some(map) = &node.properties {
            builder.pending.push(Pending::Properties(slot, map));
        }
        builder
            .pending
            .extend(node.predicate.as_ref().map(Pending::Condition));
        let nodes = &mut builder.plan.nodes;
        if let Some(index) = nodes.iter().position(|other| other.slot == slot) {
            let labels = nodes[index].labels.take();
            nodes[index].labels = match (labels, node.labels.clone()) {
                (Some(a), Some(b)) => Some(LabelExpr::And(Box::new(a), Box::new(b))),
                (a, b) => a.or(b),
            };
            return Ok(index);
        }
        let name = node.name.as_ref().map(|name| name.text.clone());
        nodes.push(plan::Node {
            slot,
            name,
            bound,
            labels: node.labels.clone(),
        });
        Ok(nodes.len() - 1)
    }

    /// Neo4j counts a relationship once for each time its type is named, where it only counts.
    fn refuse_repeated_types(relationship: &ast::RelationshipPattern) -> Result<(), Refusal> {
        let Some(types) = relationship.types.as_ref().filter(|types| types.is_choice()) else {
            return Ok(());
        };
        let mut names = Vec::new();
        types.visit_names(&mut |name| names.push(name));
        for (index, name) in names.iter().enumerate() {
            if names[..index].iter().any(|earlier| earlier.text == name.text) {
                let message = format!("the type {} is there twice: once is enough", name.text);
                return Err(Refusal::unsupported(name.span, message));
            }
        }
        Ok(())
    }

    fn relationship_slot<'a>(
        &self,
        relationship: &'a ast::RelationshipPattern,
        before: &Scope,
        scope: &mut Scope,
        builder: &mut Builder<'a>,
    ) -> Result<usize, Refusal> {
        let Some(name) = &relationship.name else {
            return Ok(self.slot());
        };
        if !builder.relationships.insert(&name.text) {
            let message = format!(
                "the relationship {} stands twice in this MATCH, where each is used once",
                name.text
            );
            return Err(Refusal::unsupported(name.span, message));
        }
        let chain = relationship.length.is_some();
        match scope.find(&name.text) {
            Some(_) if chain && before.find(&name.text).is_some() => {
                let message = "matching a chain of relationships again is not supported";
                Err(Refusal::unsupported(name.span, message))
            }
            Some(variable)
                if !variable.kind.may_be(Type::RELATIONSHIP) || before.find(&name.text).is_none() =>
            {
                Err(conflict(name, variable.kind, Type::RELATIONSHIP))
            }
            Some(variable) => Ok(variable.slot),
            None => {
                let slot = self.slot();
                scope.declare(name, slot, if chain { Type::LIST } else { Type::RELATIONSHIP })?;
                Ok(slot)
            }
        }
    }
}

fn conflict(name: &ast::Name, kind: Type, wanted: Type) -> Refusal {
    let (kind, wanted) = (kind.describe(), wanted.describe());
    Refusal::invalid(
        name.span,
        format!(
            "type mismatch: {} is a {kind} already (expected {wanted})",
            name.text
        ),
    )
}

/// Takes an `AND` apart.
fn conjuncts(condition: Ex, out: &mut Vec<Ex>) {
    match condition {
        Ex::And(a, b) => {
            conjuncts(*a, out);
            conjuncts(*b, out);
        }
        other => out.push(other),
    }
}
