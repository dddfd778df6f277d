//! A query, read.

use serde_json::Value;

/// A table and what is done to its rows, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Query {
    pub(super) table: String,
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    Where(Expr),
    /// Names and what they are.
    Project(Vec<(String, Expr)>),
    ProjectAway(Vec<String>),
    /// New name and old.
    ProjectRename(Vec<(String, String)>),
    Extend(Vec<(String, Expr)>),
    /// Keys and whether they descend.
    Order(Vec<(Expr, bool)>),
    Take(u64),
    Count,
    Distinct(Vec<(String, Expr)>),
    Summarize {
        aggregates: Vec<(String, Aggregate)>,
        by: Vec<(String, Expr)>,
    },
    MvExpand(String, Expr),
    Join {
        kind: JoinKind,
        right: Query,
        /// Left column and right column.
        on: Vec<(String, String)>,
    },
    Union(Vec<Query>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JoinKind {
    /// The first row of each left key, with each match.
    InnerUnique,
    Inner,
    LeftOuter,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Aggregate {
    Count,
    CountIf(Expr),
    CountDistinct(Expr),
    Sum(Expr),
    Min(Expr),
    Max(Expr),
    Avg(Expr),
    List(Expr),
    Set(Expr),
    Any(Expr),
}

/// What has a value for a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Literal(Value),
    Column(String),
    Member(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    Call(String, Vec<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// Whether it is one of these; whether casing counts; whether it is asked the other way round.
    In {
        value: Box<Expr>,
        list: Vec<Expr>,
        exact: bool,
        negated: bool,
    },
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Like,
    NotLike,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Text(TextTest),
    NotText(TextTest),
}

/// Tests of texts; without regard to casing unless said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    Contains,
    ContainsExact,
    StartsWith,
    EndsWith,
    Has,
}

impl Expr {
    /// The columns that it needs.
    pub(super) fn columns<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Literal(_) => {}
            Self::Column(name) => found.push(name),
            Self::Member(of, _) => of.columns(found),
            Self::Index(of, at) => {
                of.columns(found);
                at.columns(found);
            }
            Self::Call(_, arguments) => arguments.iter().for_each(|argument| argument.columns(found)),
            Self::Binary(_, left, right) => {
                left.columns(found);
                right.columns(found);
            }
            Self::In { value, list, .. } => {
                value.columns(found);
                list.iter().for_each(|item| item.columns(found));
            }
            Self::Between(value, low, high) => {
                value.columns(found);
                low.columns(found);
                high.columns(found);
            }
        }
    }
}
