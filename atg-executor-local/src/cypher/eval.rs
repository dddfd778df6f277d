//! Bound expressions and their values.

mod arithmetic;
mod operators;
mod subquery;

use std::sync::Arc;

use atg_sdk::{Error, ErrorKind};

pub(crate) use operators::labels_fit;

use super::{
    ast::{Comparison, LabelExpr, Quantifier, SubqueryKind},
    bind::plan,
    functions::Function,
    regex::Pattern,
    value::{Map, Node, Relationship, Value},
};

/// Why a value could not be computed. Boxed, since almost every value can.
#[derive(Debug)]
pub(crate) struct Fault(Box<Error>);

pub(crate) type Outcome<T> = Result<T, Fault>;

impl Fault {
    /// Neo4j fails here too.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self(Box::new(Error::invalid(message)))
    }

    /// Neo4j answers, this store does not.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self(Box::new(Error::new(ErrorKind::Unsupported, message)))
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(Box::new(error))
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        *fault.0
    }
}

/// An expression whose names are slots of the row and whose parameters are values.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ex {
    Const(Value),
    Slot(usize),
    Property(Box<Ex>, Arc<str>),
    Index(Box<Ex>, Box<Ex>),
    Slice(Box<Ex>, Option<Box<Ex>>, Option<Box<Ex>>),
    List(Vec<Ex>),
    Map(Vec<(Arc<str>, Ex)>),
    Not(Box<Ex>),
    And(Box<Ex>, Box<Ex>),
    Or(Box<Ex>, Box<Ex>),
    Xor(Box<Ex>, Box<Ex>),
    Compare(Box<Ex>, Vec<(Comparison, Ex)>),
    /// `IS NULL`, or `IS NOT NULL` where true.
    IsNull(Box<Ex>, bool),
    Arithmetic(Arithmetic, Box<Ex>, Box<Ex>),
    Negate(Box<Ex>),
    Plus(Box<Ex>),
    In(Box<Ex>, Box<Ex>),
    TextTest(TextTest, Box<Ex>, Box<Ex>),
    Matches(Box<Ex>, Box<Ex>),
    /// The pattern was known when the query was bound.
    MatchesKnown(Box<Ex>, Arc<Pattern>),
    HasLabels(Box<Ex>, LabelExpr),
    Call(&'static Function, Vec<Ex>),
    Case {
        subject: Option<Box<Ex>>,
        branches: Vec<(Ex, Ex)>,
        otherwise: Option<Box<Ex>>,
    },
    ListComprehension {
        slot: usize,
        list: Box<Ex>,
        predicate: Option<Box<Ex>>,
        map: Option<Box<Ex>>,
    },
    Reduce {
        accumulator: usize,
        start: Box<Ex>,
        slot: usize,
        list: Box<Ex>,
        step: Box<Ex>,
    },
    Quantified {
        quantifier: Quantifier,
        slot: usize,
        list: Box<Ex>,
        predicate: Box<Ex>,
    },
    MapProjection {
        of: Box<Ex>,
        items: Vec<MapEntry>,
    },
    Subquery(SubqueryKind, Arc<plan::Plan>),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum MapEntry {
    All,
    Property(Arc<str>),
    Entry(Arc<str>, Ex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    Concatenate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextTest {
    StartsWith,
    EndsWith,
    Contains,
}

/// One value a slot.
pub(crate) type Row = [Value];

/// What expressions ask of the store, and of the query that is being answered.
pub(crate) trait Graph {
    fn node_property(&self, node: &Node, name: &str) -> Outcome<Value>;
    fn node_properties(&self, node: &Node) -> Outcome<Map>;
    /// A list of texts.
    fn node_labels(&self, node: &Node) -> Outcome<Value>;
    fn has_label(&self, node: &Node, label: &str) -> Outcome<bool>;
    fn relationship_property(&self, relationship: &Relationship, name: &str) -> Outcome<Value>;
    fn relationship_properties(&self, relationship: &Relationship) -> Outcome<Map>;
    fn relationship_type(&self, relationship: &Relationship) -> Outcome<Arc<str>>;
    /// The node of that row.
    fn node(&self, id: i64) -> Node;
    /// Runs a subquery for a row and hands each of its rows on until told to stop.
    fn subquery(
        &self,
        plan: &plan::Plan,
        row: &mut Row,
        rows: &mut dyn FnMut(&mut Row) -> Outcome<bool>,
    ) -> Outcome<()>;
    /// Called in every loop: fails when the time is over or somebody asked to stop.
    fn tick(&self) -> Outcome<()>;
    /// Called for every value that grows: fails when it is too large.
    fn check_size(&self, bytes: usize) -> Outcome<()>;
}

impl Ex {
    /// The value for a row. The row is changed in the slots of local names only.
    pub(crate) fn eval(&self, row: &mut Row, graph: &dyn Graph) -> Outcome<Value> {
        match self {
            Self::Const(value) => Ok(value.clone()),
            Self::Slot(slot) => Ok(row[*slot].clone()),
            Self::Property(of, name) => match &**of {
                // The common case without a copy of the node.
                Self::Slot(slot) => operators::property(&row[*slot], name, graph),
                of => operators::property(&of.eval(row, graph)?, name, graph),
            },
            Self::Index(of, index) => {
                operators::index(&of.eval(row, graph)?, &index.eval(row, graph)?, graph)
            }
            Self::Slice(of, from, to) => {
                let of = of.eval(row, graph)?;
                let bound = |bound: &Option<Box<Self>>, row: &mut Row| {
                    bound.as_ref().map(|b| b.eval(row, graph)).transpose()
                };
                let from = bound(from, row)?;
                let to = bound(to, row)?;
                operators::slice(&of, from.as_ref(), to.as_ref())
            }
            Self::List(items) => {
                let items = items
                    .iter()
                    .map(|item| item.eval(row, graph))
                    .collect::<Outcome<Vec<_>>>()?;
                Ok(Value::list(items))
            }
            Self::Map(entries) => {
                let mut map = Map::default();
                for (name, value) in entries {
                    map.set(Arc::clone(name), value.eval(row, graph)?);
                }
                Ok(Value::map(map))
            }
            Self::Not(of) => Ok(Value::truth(truth(&of.eval(row, graph)?)?.map(|truth| !truth))),
            Self::And(left, right) => {
                let left = truth(&left.eval(row, graph)?)?;
                if left == Some(false) {
                    return Ok(Value::Bool(false));
                }
                Ok(Value::truth(match (left, truth(&right.eval(row, graph)?)?) {
                    (_, Some(false)) => Some(false),
                    (Some(true), Some(true)) => Some(true),
                    _ => None,
                }))
            }
            Self::Or(left, right) => {
                let left = truth(&left.eval(row, graph)?)?;
                if left == Some(true) {
                    return Ok(Value::Bool(true));
                }
                Ok(Value::truth(match (left, truth(&right.eval(row, graph)?)?) {
                    (_, Some(true)) => Some(true),
                    (Some(false), Some(false)) => Some(false),
                    _ => None,
                }))
            }
            Self::Xor(left, right) => {
                let (left, right) = (truth(&left.eval(row, graph)?)?, truth(&right.eval(row, graph)?)?);
                Ok(Value::truth(left.zip(right).map(|(left, right)| left != right)))
            }
            Self::Compare(first, rest) => operators::comparison(first, rest, row, graph),
            Self::IsNull(of, negated) => Ok(Value::Bool(of.eval(row, graph)?.is_null() != *negated)),
            Self::Arithmetic(operator, left, right) => {
                let (left, right) = (left.eval(row, graph)?, right.eval(row, graph)?);
                arithmetic::binary(*operator, &left, &right, graph)
            }
            Self::Negate(of) => arithmetic::negate(&of.eval(row, graph)?),
            Self::Plus(of) => arithmetic::plus(of.eval(row, graph)?),
            Self::In(item, list) => operators::contained(&item.eval(row, graph)?, &list.eval(row, graph)?),
            Self::TextTest(test, left, right) => Ok(operators::text_test(
                *test,
                &left.eval(row, graph)?,
                &right.eval(row, graph)?,
            )),
            Self::Matches(text, pattern) => {
                let (text, pattern) = (text.eval(row, graph)?, pattern.eval(row, graph)?);
                operators::matches(&text, &pattern)
            }
            Self::MatchesKnown(text, pattern) => Ok(match text.eval(row, graph)? {
                Value::Text(text) => Value::Bool(pattern.matches(&text)),
                _ => Value::Null,
            }),
            Self::HasLabels(of, labels) => operators::has_labels(&of.eval(row, graph)?, labels, graph),
            Self::Call(function, args) => {
                let args = args
                    .iter()
                    .map(|arg| arg.eval(row, graph))
                    .collect::<Outcome<Vec<_>>>()?;
                function.call(&args, graph)
            }
            Self::Case {
                subject,
                branches,
                otherwise,
            } => {
                let subject = subject
                    .as_ref()
                    .map(|subject| subject.eval(row, graph))
                    .transpose()?;
                for (when, then) in branches {
                    let when = when.eval(row, graph)?;
                    let fits = match &subject {
                        Some(subject) => super::value::equal(subject, &when) == Some(true),
                        None => truth(&when)? == Some(true),
                    };
                    if fits {
                        return then.eval(row, graph);
                    }
                }
                otherwise
                    .as_ref()
                    .map_or(Ok(Value::Null), |otherwise| otherwise.eval(row, graph))
            }
            Self::ListComprehension {
                slot,
                list,
                predicate,
                map,
            } => {
                let list = list.eval(row, graph)?;
                let Some(list) = operators::as_list(&list)? else {
                    return Ok(Value::Null);
                };
                let mut items = Vec::new();
                let mut size = 0;
                for item in list.iter() {
                    graph.tick()?;
                    row[*slot] = item.clone();
                    if let Some(predicate) = predicate
                        && !holds(predicate, row, graph)?
                    {
                        continue;
                    }
                    let item = match map {
                        Some(map) => map.eval(row, graph)?,
                        None => item.clone(),
                    };
                    size += item.weight();
                    graph.check_size(size)?;
                    items.push(item);
                }
                Ok(Value::list(items))
            }
            Self::Reduce {
                accumulator,
                start,
                slot,
                list,
                step,
            } => {
                let start = start.eval(row, graph)?;
                let list = list.eval(row, graph)?;
                let Some(list) = operators::as_list(&list)? else {
                    return Ok(Value::Null);
                };
                let mut result = start;
                for item in list.iter() {
                    graph.tick()?;
                    row[*accumulator] = result;
                    row[*slot] = item.clone();
                    result = step.eval(row, graph)?;
                }
                Ok(result)
            }
            Self::Quantified {
                quantifier,
                slot,
                list,
                predicate,
            } => {
                let list = list.eval(row, graph)?;
                let Some(list) = operators::as_list(&list)? else {
                    return Ok(Value::Null);
                };
                operators::quantified(*quantifier, *slot, &list, predicate, row, graph)
            }
            Self::MapProjection { of, items } => {
                let of = of.eval(row, graph)?;
                operators::map_projection(&of, items, row, graph)
            }
            Self::Subquery(kind, plan) => subquery::eval(*kind, plan, row, graph),
        }
    }

    /// Calls back for this expression and everything in it, subqueries excepted.
    pub(crate) fn visit(&self, visitor: &mut dyn FnMut(&Self)) {
        visitor(self);
        match self {
            Self::Const(_) | Self::Slot(_) | Self::Subquery(..) => {}
            Self::Property(of, _)
            | Self::Not(of)
            | Self::IsNull(of, _)
            | Self::Negate(of)
            | Self::Plus(of)
            | Self::MatchesKnown(of, _)
            | Self::HasLabels(of, _) => of.visit(visitor),
            Self::Index(a, b)
            | Self::And(a, b)
            | Self::Or(a, b)
            | Self::Xor(a, b)
            | Self::Arithmetic(_, a, b)
            | Self::In(a, b)
            | Self::TextTest(_, a, b)
            | Self::Matches(a, b) => {
                a.visit(visitor);
                b.visit(visitor);
            }
            Self::Slice(of, from, to) => {
                of.visit(visitor);
                [from, to]
                    .into_iter()
                    .flatten()
                    .for_each(|bound| bound.visit(visitor));
            }
            Self::List(items) | Self::Call(_, items) => items.iter().for_each(|item| item.visit(visitor)),
            Self::Map(entries) => entries.iter().for_each(|(_, value)| value.visit(visitor)),
            Self::Compare(first, rest) => {
                first.visit(visitor);
                rest.iter().for_each(|(_, operand)| operand.visit(visitor));
            }
            Self::Case {
                subject,
                branches,
                otherwise,
            } => {
                [subject, otherwise]
                    .into_iter()
                    .flatten()
                    .for_each(|part| part.visit(visitor));
                for (when, then) in branches {
                    when.visit(visitor);
                    then.visit(visitor);
                }
            }
            Self::ListComprehension {
                list, predicate, map, ..
            } => {
                list.visit(visitor);
                [predicate, map]
                    .into_iter()
                    .flatten()
                    .for_each(|part| part.visit(visitor));
            }
            Self::Reduce {
                start, list, step, ..
            } => [start, list, step]
                .into_iter()
                .for_each(|part| part.visit(visitor)),
            Self::Quantified { list, predicate, .. } => {
                list.visit(visitor);
                predicate.visit(visitor);
            }
            Self::MapProjection { of, items } => {
                of.visit(visitor);
                for item in items {
                    if let MapEntry::Entry(_, value) = item {
                        value.visit(visitor);
                    }
                }
            }
        }
    }
}

/// The truth of a value; `None` for null.
pub(crate) fn truth(value: &Value) -> Outcome<Option<bool>> {
    match value {
        Value::Null => Ok(None),
        Value::Bool(truth) => Ok(Some(*truth)),
        other => Err(Fault::invalid(format!(
            "a condition needs true or false, not {}",
            other.kind_name()
        ))),
    }
}

/// Whether a condition holds: null does not.
pub(crate) fn holds(predicate: &Ex, row: &mut Row, graph: &dyn Graph) -> Outcome<bool> {
    Ok(truth(&predicate.eval(row, graph)?)? == Some(true))
}
