//! Read-only Cypher: the gate that every store shares, the parser, the binder that gives names and types a meaning, and
//! the evaluation of expressions.
//!
//! The rule of this module is: refuse, or answer exactly as Neo4j 5.26 does. Hence three stages that may only refuse
//! (gate, parser, binder) and one that computes. What a store does is to find patterns; everything that a value can do
//! happens here, in one place, so that no database's own idea of equality, order or arithmetic leaks into an answer.

pub(crate) mod ast;
pub(crate) mod bind;
pub(crate) mod eval;
pub(crate) mod functions;
mod gate;
mod lexer;
mod parser;
mod refusal;
pub(crate) mod regex;
pub(crate) mod temporal;
pub(crate) mod value;

pub use gate::gate;
pub use refusal::{Refusal, RefusalKind};

pub(crate) use lexer::Span;

/// Parses a query that the gate has let through.
pub(crate) fn parse(text: &str) -> Result<ast::Statement, Refusal> {
    parser::statement(text, lexer::tokens(text)?)
}
