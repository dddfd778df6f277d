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

use atg_sdk::{Error, ErrorKind, Result};

/// What a query that nests as deeply as it may can need, with room to spare. Only pages that are touched cost memory.
pub(crate) const STACK: usize = 64 << 20;

/// Reads a query as far as no graph is needed for it: most refusals need none. Takes milliseconds and blocks for them.
pub(crate) fn check(text: &str, parameters: &serde_json::Map<String, serde_json::Value>) -> Result<()> {
    let refused = |refusal: Refusal| refusal.into_error(text);
    // Of what is refused here nothing further is looked at.
    gate(text).map_err(refused)?;
    // Parsing and binding recurse as deeply as the query nests, and other threads' stacks are small.
    std::thread::scope(|scope| {
        let read = move || {
            let statement = parse(text).map_err(refused)?;
            bind::bind(text, &statement, parameters)
                .map_err(refused)
                .map(drop)
        };
        let thread = std::thread::Builder::new()
            .name("query-check".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, read)
            .map_err(|error| {
                Error::new(ErrorKind::Unavailable, "the query got no thread").with_source(error)
            })?;
        thread
            .join()
            .map_err(|_| Error::internal("reading the query failed"))?
    })
}

/// Parses a query that the gate has let through.
pub(crate) fn parse(text: &str) -> Result<ast::Statement, Refusal> {
    parser::statement(text, lexer::tokens(text)?)
}
