//! Expressions, from the tree and by names.

use super::{
    super::random,
    Env, Naive,
    operators::{binary, compared, conjunction},
};
use crate::cypher::{
    ast::{Binary, Expr, ExprKind, MapItem, Match, Quantifier, SubqueryKind, Unary},
    bind::parameter_value,
    eval::{Fault, Graph as _, Outcome, labels_fit, truth},
    functions::{Accumulator, Aggregate, Function},
    temporal,
    value::{Map, Value, equal},
};

/// Whether an aggregate is called anywhere in an expression.
pub(super) fn contains_aggregate(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::CountStar => true,
        ExprKind::Call { name, args, .. } => {
            Aggregate::find(&name.text).is_some() || args.iter().any(contains_aggregate)
        }
        ExprKind::Binary(_, a, b) => contains_aggregate(a) || contains_aggregate(b),
        // The grammar puts aggregates nowhere else.
        _ => false,
    }
}

impl Naive<'_> {
    pub(super) fn holds(&self, predicate: &Expr, env: &Env) -> Outcome<bool> {
        Ok(truth(&self.eval(predicate, env)?)? == Some(true))
    }

    /// With aggregates over the rows of a group.
    pub(super) fn eval_in_group(&self, expr: &Expr, env: &Env, group: &[Env]) -> Outcome<Value> {
        let aggregate = match &expr.kind {
            ExprKind::CountStar => return Ok(Value::Int(group.len() as i64)),
            ExprKind::Call { name, .. } => Aggregate::find(&name.text),
            _ => None,
        };
        match (&expr.kind, aggregate) {
            (ExprKind::Call { distinct, args, .. }, Some(aggregate)) => {
                let mut accumulator = Accumulator::new(aggregate, *distinct);
                for row in group {
                    let argument = args.get(1).map(|argument| self.eval(argument, row)).transpose()?;
                    accumulator.add(self.eval(&args[0], row)?, argument.as_ref())?;
                }
                accumulator.finish()
            }
            (ExprKind::Call { name, args, .. }, None) if contains_aggregate(expr) => {
                let args = args
                    .iter()
                    .map(|arg| self.eval_in_group(arg, env, group))
                    .collect::<Outcome<Vec<_>>>()?;
                Function::find(&name.text).unwrap().call(&args, self.graph)
            }
            (ExprKind::Binary(operator, a, b), _) if contains_aggregate(expr) => binary(
                *operator,
                &self.eval_in_group(a, env, group)?,
                &self.eval_in_group(b, env, group)?,
            ),
            _ => self.eval(expr, env),
        }
    }

    pub(super) fn property(&self, of: &Value, name: &str) -> Outcome<Value> {
        match of {
            Value::Null => Ok(Value::Null),
            Value::Node(node) => self.graph.node_property(node, name),
            Value::Relationship(relationship) => self.graph.relationship_property(relationship, name),
            Value::Map(map) => Ok(map.get(name).cloned().unwrap_or(Value::Null)),
            Value::Date(date) => Ok(temporal::date_field(*date, name).map_or(Value::Null, Value::Int)),
            Value::DateTime(time) => Ok(temporal::time_field(time, name).unwrap_or(Value::Null)),
            Value::Duration(duration) => {
                Ok(temporal::duration_field(duration, name).map_or(Value::Null, Value::Int))
            }
            _ => Err(Fault::invalid("no properties")),
        }
    }

    fn items(&self, expr: &Expr, env: &Env) -> Outcome<Option<Vec<Value>>> {
        match self.eval(expr, env)? {
            Value::Null => Ok(None),
            Value::List(items) => Ok(Some(items.to_vec())),
            _ => Err(Fault::invalid("no list")),
        }
    }

    pub(super) fn eval(&self, expr: &Expr, env: &Env) -> Outcome<Value> {
        let with = |name: &str, value: &Value| {
            let mut env = env.clone();
            env.insert(name.to_owned(), value.clone());
            env
        };
        Ok(match &expr.kind {
            ExprKind::Null => Value::Null,
            ExprKind::Bool(value) => Value::Bool(*value),
            ExprKind::Int(value) => Value::Int(*value),
            ExprKind::Float(value) => Value::Float(*value),
            ExprKind::Text(text) => Value::text(text.as_str()),
            ExprKind::Variable(name) => env
                .get(name)
                .cloned()
                .ok_or_else(|| Fault::invalid(format!("no {name}")))?,
            ExprKind::List(items) => Value::list(
                items
                    .iter()
                    .map(|item| self.eval(item, env))
                    .collect::<Outcome<_>>()?,
            ),
            ExprKind::Map(entries) => {
                let mut map = Map::default();
                for (name, value) in entries {
                    map.set(name.text.as_str().into(), self.eval(value, env)?);
                }
                Value::map(map)
            }
            ExprKind::Property(of, name) => self.property(&self.eval(of, env)?, &name.text)?,
            ExprKind::Index(of, index) => match (self.eval(of, env)?, self.eval(index, env)?) {
                (Value::Null, _) | (_, Value::Null) => Value::Null,
                (Value::List(items), Value::Int(index)) => {
                    let index = if index < 0 {
                        index + items.len() as i64
                    } else {
                        index
                    };
                    usize::try_from(index)
                        .ok()
                        .and_then(|index| items.get(index).cloned())
                        .unwrap_or(Value::Null)
                }
                (of, Value::Text(name)) => self.property(&of, &name)?,
                _ => return Err(Fault::invalid("no index")),
            },
            ExprKind::Slice(of, from, to) => {
                let Some(items) = self.items(of, env)? else {
                    return Ok(Value::Null);
                };
                let length = items.len() as i64;
                let bound = |bound: &Option<Box<Expr>>, default| match bound {
                    None => Ok(Some(default)),
                    Some(bound) => match self.eval(bound, env)? {
                        Value::Null => Ok(None),
                        Value::Int(index) if index < 0 => Ok(Some((index + length).max(0))),
                        Value::Int(index) => Ok(Some(index.min(length))),
                        _ => Err(Fault::invalid("no bound")),
                    },
                };
                let (Some(from), Some(to)) = (bound(from, 0)?, bound(to, length)?) else {
                    return Ok(Value::Null);
                };
                let kept = items
                    .into_iter()
                    .enumerate()
                    .filter(|(index, _)| (from..to).contains(&(*index as i64)));
                Value::list(kept.map(|(_, item)| item).collect())
            }
            ExprKind::Unary(operator, of) => {
                let of = self.eval(of, env)?;
                match operator {
                    Unary::Not => Value::truth(truth(&of)?.map(|truth| !truth)),
                    Unary::IsNull => Value::Bool(of.is_null()),
                    Unary::IsNotNull => Value::Bool(!of.is_null()),
                    Unary::Plus => of,
                    Unary::Minus => binary(Binary::Subtract, &Value::Int(0), &of)?,
                }
            }
            ExprKind::Binary(operator @ (Binary::And | Binary::Or), a, b) => {
                let decisive = *operator == Binary::Or;
                let a = truth(&self.eval(a, env)?)?;
                if a == Some(decisive) {
                    return Ok(Value::Bool(decisive));
                }
                let b = truth(&self.eval(b, env)?)?;
                Value::truth(if b == Some(decisive) {
                    b
                } else {
                    a.zip(b).map(|_| !decisive)
                })
            }
            ExprKind::Binary(operator, a, b) => binary(*operator, &self.eval(a, env)?, &self.eval(b, env)?)?,
            ExprKind::Comparison(first, rest) => {
                let mut left = self.eval(first, env)?;
                let mut truths = Vec::new();
                for (comparison, right) in rest {
                    let right = self.eval(right, env)?;
                    truths.push(compared(*comparison, &left, &right)?);
                    left = right;
                }
                Value::truth(conjunction(&truths))
            }
            ExprKind::HasLabels(of, labels) => match self.eval(of, env)? {
                Value::Null => Value::Null,
                Value::Node(node) => {
                    let has = &self.graph.node_data(&node).labels;
                    Value::Bool(labels_fit(
                        labels,
                        &|name| has.iter().any(|label| **label == *name),
                        !has.is_empty(),
                    ))
                }
                _ => return Err(Fault::invalid("no labels")),
            },
            ExprKind::Call { name, args, .. } => {
                let function =
                    Function::find(&name.text).ok_or_else(|| Fault::invalid("no such function"))?;
                let args = args
                    .iter()
                    .map(|arg| self.eval(arg, env))
                    .collect::<Outcome<Vec<_>>>()?;
                function.call(&args, self.graph)?
            }
            ExprKind::Case {
                subject,
                branches,
                otherwise,
            } => {
                let subject = subject
                    .as_ref()
                    .map(|subject| self.eval(subject, env))
                    .transpose()?;
                for (when, then) in branches {
                    let when = self.eval(when, env)?;
                    let fits = match &subject {
                        Some(subject) => equal(subject, &when),
                        None => truth(&when)?,
                    };
                    if fits == Some(true) {
                        return self.eval(then, env);
                    }
                }
                otherwise
                    .as_ref()
                    .map_or(Ok(Value::Null), |otherwise| self.eval(otherwise, env))?
            }
            ExprKind::ListComprehension {
                name,
                list,
                predicate,
                map,
            } => {
                let Some(items) = self.items(list, env)? else {
                    return Ok(Value::Null);
                };
                let mut kept = Vec::new();
                for item in items {
                    let env = with(&name.text, &item);
                    let holds = predicate
                        .as_ref()
                        .map_or(Ok(true), |predicate| self.holds(predicate, &env))?;
                    if holds {
                        kept.push(map.as_ref().map_or(Ok(item), |map| self.eval(map, &env))?);
                    }
                }
                Value::list(kept)
            }
            ExprKind::Reduce {
                accumulator,
                start,
                name,
                list,
                step,
            } => {
                let mut result = self.eval(start, env)?;
                let Some(items) = self.items(list, env)? else {
                    return Ok(Value::Null);
                };
                for item in items {
                    let mut env = with(&name.text, &item);
                    env.insert(accumulator.text.clone(), result);
                    result = self.eval(step, &env)?;
                }
                result
            }
            ExprKind::Quantified {
                quantifier,
                name,
                list,
                predicate,
            } => {
                let Some(items) = self.items(list, env)? else {
                    return Ok(Value::Null);
                };
                let truths = items
                    .iter()
                    .map(|item| truth(&self.eval(predicate, &with(&name.text, item))?));
                let truths = truths.collect::<Outcome<Vec<_>>>()?;
                let count = |wanted| truths.iter().filter(|truth| **truth == wanted).count();
                let (yes, no, unknown) = (count(Some(true)), count(Some(false)), count(None));
                let undecided = |value| {
                    if unknown > 0 {
                        Value::Null
                    } else {
                        Value::Bool(value)
                    }
                };
                match quantifier {
                    Quantifier::All if no > 0 => Value::Bool(false),
                    Quantifier::All => undecided(true),
                    Quantifier::Any if yes > 0 => Value::Bool(true),
                    Quantifier::Any => undecided(false),
                    Quantifier::None if yes > 0 => Value::Bool(false),
                    Quantifier::None => undecided(true),
                    Quantifier::Single if yes > 1 => Value::Bool(false),
                    Quantifier::Single => undecided(yes == 1),
                }
            }
            ExprKind::ExistsPattern(pattern) | ExprKind::PatternPredicate(pattern) => {
                let clause = Match {
                    optional: false,
                    patterns: vec![(**pattern).clone()],
                    predicate: None,
                };
                Value::Bool(!self.matches(&clause, env)?.is_empty())
            }
            ExprKind::Subquery(kind, query) => {
                let rows = self.query(query, env)?.1;
                match kind {
                    SubqueryKind::Exists => Value::Bool(!rows.is_empty()),
                    SubqueryKind::Count => Value::Int(rows.len() as i64),
                    SubqueryKind::Collect => {
                        Value::list(rows.into_iter().map(|mut row| row.remove(0)).collect())
                    }
                }
            }
            ExprKind::Parameter(name) => random::parameters()
                .get(name)
                .and_then(parameter_value)
                .ok_or_else(|| Fault::invalid("no such parameter"))?,
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
                let found = self.matches(&clause, env)?;
                Value::list(
                    found
                        .iter()
                        .map(|env| self.eval(map, env))
                        .collect::<Outcome<_>>()?,
                )
            }
            ExprKind::MapProjection { name, items } => {
                let of = env.get(&name.text).cloned().unwrap_or(Value::Null);
                if of.is_null() {
                    return Ok(Value::Null);
                }
                let mut map = Map::default();
                // What is named wins, so it is set last.
                if items.iter().any(|item| matches!(item, MapItem::All)) {
                    let all = match &of {
                        Value::Node(node) => self.graph.node_properties(node)?,
                        Value::Relationship(relationship) => {
                            self.graph.relationship_properties(relationship)?
                        }
                        Value::Map(map) => (**map).clone(),
                        _ => return Err(Fault::invalid("no properties")),
                    };
                    all.iter()
                        .for_each(|(name, value)| map.set(name.clone(), value.clone()));
                }
                for item in items {
                    match item {
                        MapItem::All => {}
                        MapItem::Property(name) => {
                            map.set(name.text.as_str().into(), self.property(&of, &name.text)?);
                        }
                        MapItem::Entry(name, value) => {
                            map.set(name.text.as_str().into(), self.eval(value, env)?);
                        }
                        MapItem::Variable(name) => {
                            let value = env.get(&name.text).cloned().unwrap_or(Value::Null);
                            map.set(name.text.as_str().into(), value);
                        }
                    }
                }
                Value::map(map)
            }
            ExprKind::CountStar => return Err(Fault::invalid("an aggregate outside of a projection")),
        })
    }
}
