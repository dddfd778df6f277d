//! Bound expressions and their values.

mod arithmetic;
mod expression;
mod operators;
mod subquery;

use std::sync::Arc;

use atg_sdk::{Error, ErrorKind};

pub(crate) use self::{
    expression::{Arithmetic, Ex, MapEntry, TextTest},
    operators::labels_fit,
};

use super::{
    bind::plan,
    value::{Map, Node, Relationship, Uncertain, Value},
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

    pub(crate) fn is_unsupported(&self) -> bool {
        self.0.kind() == ErrorKind::Unsupported
    }

    /// Neo4j answers, this store does not.
    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self(Box::new(Error::new(ErrorKind::Unsupported, message)))
    }
}

impl From<Uncertain> for Fault {
    fn from(uncertain: Uncertain) -> Self {
        let Uncertain(value) = uncertain;
        Self::unsupported(format!(
            "{value:e} as a text is not supported: its last digits depend on the version of Java"
        ))
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

/// How deeply values may nest, so that whatever walks through them stays within the stack. The text of a query bounds
/// every way to nest them but `reduce`.
const MAX_NESTING: usize = 256;

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
    /// When the query began: one moment for all of it.
    fn now(&self) -> jiff::Timestamp;
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
                grown(Value::list(items), graph)
            }
            Self::Map(entries) => {
                let mut map = Map::default();
                for (name, value) in entries {
                    map.set(Arc::clone(name), value.eval(row, graph)?);
                }
                grown(Value::map(map), graph)
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
                    if !result.is_flatter_than(MAX_NESTING) {
                        return Err(Fault::unsupported(
                            "lists and maps nested that deeply are not supported",
                        ));
                    }
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
}

/// A value that was put together of others. What it shares with them counts each time that it is reached: whatever walks
/// through a value, to compare it or to write it, meets it as often.
fn grown(value: Value, graph: &dyn Graph) -> Outcome<Value> {
    graph.check_size(value.weight())?;
    Ok(value)
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
