//! The functions, as one table: name, what they take, what they give, how.

mod aggregate;
mod collections;
mod conversions;
mod entities;
mod numbers;
mod texts;
mod times;

use std::fmt;

pub(crate) use aggregate::{Accumulator, Aggregate};
pub(crate) use times::out_of_range;

use super::{
    bind::types::Type,
    eval::{Fault, Graph, Outcome},
    value::Value,
};

/// A function of values.
pub(crate) struct Function {
    /// As Neo4j spells it; calls are matched without regard to case.
    pub(crate) name: &'static str,
    /// What each argument may be; the binder refuses what can never fit.
    pub(crate) args: &'static [Type],
    /// How many of them must be given.
    pub(crate) required: usize,
    /// Whether the last one may be repeated.
    pub(crate) variadic: bool,
    pub(crate) result: Type,
    /// Whether a null among the arguments makes the result null without a call.
    pub(crate) strict: bool,
    pub(crate) body: fn(&[Value], &dyn Graph) -> Outcome<Value>,
}

impl Function {
    pub(crate) fn find(name: &str) -> Option<&'static Self> {
        let tables = [
            collections::TABLE,
            conversions::TABLE,
            entities::TABLE,
            numbers::TABLE,
            texts::TABLE,
            times::TABLE,
        ];
        tables
            .into_iter()
            .flatten()
            .find(|function| function.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn call(&self, args: &[Value], graph: &dyn Graph) -> Outcome<Value> {
        if self.strict && args.iter().any(Value::is_null) {
            return Ok(Value::Null);
        }
        (self.body)(args, graph)
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A strict function with a fixed number of arguments.
const fn function(
    name: &'static str,
    args: &'static [Type],
    result: Type,
    body: fn(&[Value], &dyn Graph) -> Outcome<Value>,
) -> Function {
    Function {
        name,
        args,
        required: args.len(),
        variadic: false,
        result,
        strict: true,
        body,
    }
}

fn wrong(function: &str, wanted: &str, got: &Value) -> Fault {
    Fault::invalid(format!("{function}() needs {wanted}, not {}", got.kind_name()))
}
