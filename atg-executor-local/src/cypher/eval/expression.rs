//! A bound expression.

use std::sync::Arc;

use crate::cypher::{
    ast::{Comparison, LabelExpr, Quantifier, SubqueryKind},
    bind::plan,
    functions::Function,
    regex::Pattern,
    value::Value,
};

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

impl Ex {
    /// Whether this expression or anything in it, subqueries excepted, is like that.
    pub(crate) fn any(&self, mut is_like: impl FnMut(&Self) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |part| found = found || is_like(part));
        found
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
