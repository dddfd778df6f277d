//! A query as it was written.

use super::Span;

/// A name with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// Whether the plan was asked for instead of the answer.
    pub(crate) explain: bool,
    pub(crate) query: Query,
}

/// Single queries joined by `UNION`.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    pub(crate) first: SingleQuery,
    pub(crate) unions: Vec<Union>,
}

#[derive(Debug, Clone)]
pub(crate) struct Union {
    pub(crate) all: bool,
    pub(crate) query: SingleQuery,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct SingleQuery {
    pub(crate) clauses: Vec<Clause>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum Clause {
    Match(Match),
    Unwind { list: Expr, name: Name },
    With(Projection),
    Return(Projection),
}

#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) optional: bool,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) predicate: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct Projection {
    pub(crate) distinct: bool,
    /// `*`, before any items.
    pub(crate) star: bool,
    pub(crate) items: Vec<Item>,
    pub(crate) order: Vec<SortItem>,
    pub(crate) skip: Option<Expr>,
    pub(crate) limit: Option<Expr>,
    /// `WITH … WHERE`
    pub(crate) predicate: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) expr: Expr,
    pub(crate) alias: Option<Name>,
}

#[derive(Debug, Clone)]
pub(crate) struct SortItem {
    pub(crate) expr: Expr,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// `p = …`
    pub(crate) name: Option<Name>,
    pub(crate) shortest: Option<Shortest>,
    pub(crate) start: NodePattern,
    pub(crate) hops: Vec<(RelationshipPattern, NodePattern)>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortest {
    /// `shortestPath(…)`
    One,
    /// `allShortestPaths(…)`
    All,
}

#[derive(Debug, Clone)]
pub(crate) struct NodePattern {
    pub(crate) name: Option<Name>,
    pub(crate) labels: Option<LabelExpr>,
    pub(crate) properties: Option<Expr>,
    pub(crate) predicate: Option<Expr>,
}

#[derive(Debug, Clone)]
pub(crate) struct RelationshipPattern {
    pub(crate) name: Option<Name>,
    pub(crate) types: Option<LabelExpr>,
    pub(crate) direction: Direction,
    pub(crate) length: Option<Length>,
    pub(crate) properties: Option<Expr>,
    pub(crate) predicate: Option<Expr>,
    pub(crate) span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// `-->`
    Right,
    /// `<--`
    Left,
    /// `--`, and `<-->`, which means the same.
    Either,
}

/// `*2..5`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Length {
    pub(crate) min: u64,
    pub(crate) max: Option<u64>,
}

/// What stands behind `:` in a pattern.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum LabelExpr {
    Name(Name),
    /// `%`
    Any,
    Not(Box<LabelExpr>),
    And(Box<LabelExpr>, Box<LabelExpr>),
    Or(Box<LabelExpr>, Box<LabelExpr>),
}

#[derive(Debug, Clone)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
pub(crate) enum ExprKind {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Parameter(String),
    Variable(String),
    List(Vec<Expr>),
    Map(Vec<(Name, Expr)>),
    Property(Box<Expr>, Name),
    Index(Box<Expr>, Box<Expr>),
    Slice(Box<Expr>, Option<Box<Expr>>, Option<Box<Expr>>),
    Unary(Unary, Box<Expr>),
    Binary(Binary, Box<Expr>, Box<Expr>),
    /// `a < b <= c`: each neighbouring pair.
    Comparison(Box<Expr>, Vec<(Comparison, Expr)>),
    HasLabels(Box<Expr>, LabelExpr),
    /// The function's whole name, dots included, as it was written.
    Call {
        name: Name,
        distinct: bool,
        args: Vec<Expr>,
    },
    CountStar,
    Case {
        subject: Option<Box<Expr>>,
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    ListComprehension {
        name: Name,
        list: Box<Expr>,
        predicate: Option<Box<Expr>>,
        map: Option<Box<Expr>>,
    },
    Reduce {
        accumulator: Name,
        start: Box<Expr>,
        name: Name,
        list: Box<Expr>,
        step: Box<Expr>,
    },
    Quantified {
        quantifier: Quantifier,
        name: Name,
        list: Box<Expr>,
        predicate: Box<Expr>,
    },
    PatternComprehension {
        pattern: Box<Pattern>,
        predicate: Option<Box<Expr>>,
        map: Box<Expr>,
    },
    /// A pattern as a predicate.
    PatternPredicate(Box<Pattern>),
    /// `exists(pattern)`, which may stand anywhere.
    ExistsPattern(Box<Pattern>),
    MapProjection {
        name: Name,
        items: Vec<MapItem>,
    },
    Subquery(SubqueryKind, Box<Query>),
}

#[derive(Debug, Clone)]
pub(crate) enum MapItem {
    /// `.*`
    All,
    /// `.name`
    Property(Name),
    /// `name: expression`
    Entry(Name, Expr),
    /// `name`
    Variable(Name),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SubqueryKind {
    Exists,
    Count,
    Collect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantifier {
    All,
    Any,
    None,
    Single,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unary {
    Not,
    Minus,
    Plus,
    IsNull,
    IsNotNull,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Binary {
    Or,
    Xor,
    And,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Power,
    /// `||`
    Concatenate,
    In,
    StartsWith,
    EndsWith,
    Contains,
    /// `=~`
    Matches,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl LabelExpr {
    /// Calls back for each name, from left to right.
    pub(crate) fn visit_names<'a>(&'a self, visitor: &mut dyn FnMut(&'a Name)) {
        match self {
            Self::Name(name) => visitor(name),
            Self::Any => {}
            Self::Not(inner) => inner.visit_names(visitor),
            Self::And(a, b) | Self::Or(a, b) => {
                a.visit_names(visitor);
                b.visit_names(visitor);
            }
        }
    }

    /// Whether it is a name, or names joined by `|`.
    pub(crate) fn is_choice(&self) -> bool {
        match self {
            Self::Name(_) => true,
            Self::Or(a, b) => a.is_choice() && b.is_choice(),
            Self::Any | Self::Not(_) | Self::And(..) => false,
        }
    }
}
