//! A bound query: what a store carries out.

use std::sync::Arc;

use crate::cypher::{
    ast::{Direction, LabelExpr, Length, Shortest},
    eval::Ex,
    functions::Aggregate,
};

/// A whole query, or a subquery in the row of another.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(crate) parts: Vec<Part>,
    /// Whether equal rows of several parts are one row.
    pub(crate) distinct: bool,
    pub(crate) columns: Vec<Column>,
    /// How many slots a row needs, those of all subqueries included.
    pub(crate) slots: usize,
}

impl Plan {
    /// Calls back for every expression that stands in a clause, but not for what is in it.
    pub(crate) fn visit(&self, visitor: &mut dyn FnMut(&Ex)) {
        let operators = self.parts.iter().flat_map(|part| &part.operators);
        for operator in operators {
            match operator {
                Operator::Match(clause) => {
                    let chains = clause.relationships.iter().flat_map(|chain| &chain.properties);
                    clause.predicates.iter().for_each(&mut *visitor);
                    chains.for_each(|(_, value)| visitor(value));
                }
                Operator::Unwind { list: ex, .. }
                | Operator::Filter(ex)
                | Operator::Skip(ex)
                | Operator::Limit(ex) => visitor(ex),
                Operator::Project(columns) => columns.iter().for_each(|(ex, _)| visitor(ex)),
                Operator::Aggregate { keys, aggregates } => {
                    keys.iter().for_each(|(ex, _)| visitor(ex));
                    aggregates
                        .iter()
                        .flat_map(|call| &call.args)
                        .for_each(&mut *visitor);
                }
                Operator::Distinct(_) => {}
                Operator::Sort { keys, top, .. } => {
                    keys.iter().for_each(|key| visitor(&key.expr));
                    top.iter().for_each(&mut *visitor);
                }
            }
        }
    }
}

/// A column and the slot in which every part leaves its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) slot: usize,
}

/// One side of a `UNION`: operators, each working on the rows of the one before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    pub(crate) operators: Vec<Operator>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operator {
    Match(Arc<Match>),
    Unwind {
        list: Ex,
        slot: usize,
    },
    Filter(Ex),
    /// Computes new slots. All expressions see the row as it was.
    Project(Vec<(Ex, usize)>),
    Aggregate {
        keys: Vec<(Ex, usize)>,
        aggregates: Vec<AggregateCall>,
    },
    /// Keeps the first row of each combination of these slots; later operators see only them.
    Distinct(Vec<usize>),
    /// Later operators see only the slots in `live`, and only as many first rows as the sum of `top`, if it is not empty.
    Sort {
        keys: Vec<SortKey>,
        live: Vec<usize>,
        top: Vec<Ex>,
    },
    Skip(Ex),
    Limit(Ex),
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AggregateCall {
    pub(crate) aggregate: Aggregate,
    pub(crate) distinct: bool,
    pub(crate) args: Vec<Ex>,
    pub(crate) slot: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) expr: Ex,
    pub(crate) descending: bool,
}

/// One `MATCH` with its `WHERE`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Match {
    pub(crate) optional: bool,
    pub(crate) nodes: Vec<Node>,
    pub(crate) relationships: Vec<Relationship>,
    pub(crate) paths: Vec<Path>,
    /// All must hold.
    pub(crate) predicates: Vec<Ex>,
}

/// A node of the pattern; the same variable is the same node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    pub(crate) slot: usize,
    /// For `EXPLAIN`.
    pub(crate) name: Option<String>,
    /// Whether an earlier clause has given it a value.
    pub(crate) bound: bool,
    pub(crate) labels: Option<LabelExpr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Relationship {
    pub(crate) slot: usize,
    pub(crate) name: Option<String>,
    pub(crate) bound: bool,
    /// Indexes into the nodes, as written from left to right.
    pub(crate) left: usize,
    pub(crate) right: usize,
    pub(crate) direction: Direction,
    pub(crate) types: Option<LabelExpr>,
    /// Where it stands for a chain of relationships; its value is then a list.
    pub(crate) length: Option<Length>,
    pub(crate) shortest: Option<Shortest>,
    /// What each relationship of a chain must have.
    pub(crate) properties: Vec<(Arc<str>, Ex)>,
}

/// A named path: what to put together when all its parts are found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Path {
    pub(crate) slot: usize,
    pub(crate) start: usize,
    /// Indexes into the relationships, in the order of the path.
    pub(crate) hops: Vec<usize>,
}
