//! Calls: functions, aggregates, and the projection of a map.

use super::{
    Binder,
    check::{expect, refuse_torn_projection},
    expression::{Context, ENTITY, Typed},
    plan,
    scope::Scope,
    types::Type,
};
use crate::cypher::{
    Refusal, Span,
    ast::{self, Expr},
    eval::{Ex, MapEntry},
    functions::{Aggregate, Function},
    value::Value,
};

impl Binder<'_> {
    pub(super) fn call(
        &self,
        name: &ast::Name,
        distinct: bool,
        args: &[Expr],
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        if let Some(aggregate) = Aggregate::find(&name.text) {
            return self.aggregate(aggregate, distinct, args, name.span, scope, context);
        }
        let Some(function) = Function::find(&name.text) else {
            let message = format!(
                "the function {}() is not supported{}",
                name.text,
                instead(&name.text)
            );
            return Err(Refusal::unsupported(name.span, message));
        };
        if distinct {
            return Err(Refusal::invalid(
                name.span,
                format!("DISTINCT is for aggregates, and {}() is none", function.name),
            ));
        }
        let most = if function.variadic {
            usize::MAX
        } else {
            function.args.len()
        };
        if args.len() < function.required || args.len() > most {
            let message = format!(
                "{}() takes {} arguments, not {}",
                function.name,
                arity(function),
                args.len()
            );
            return Err(Refusal::invalid(name.span, message));
        }
        let mut bound = Vec::with_capacity(args.len());
        for (index, arg) in args.iter().enumerate() {
            let wanted = function
                .args
                .get(index)
                .or(function.args.last())
                .copied()
                .unwrap_or(Type::ANY);
            // Integers go where floats are wanted.
            let wanted = if wanted.may_be(Type::FLOAT) {
                wanted.or(Type::INT)
            } else {
                wanted
            };
            bound.push(self.bind_as(arg, wanted, scope, context)?);
        }
        if function.name == "nullIf" {
            // Neo4j writes it as a CASE, that holds its first argument twice.
            for argument in &bound {
                refuse_torn_projection(name.span, argument)?;
            }
        }
        Ok((Ex::Call(function, bound), function.result))
    }

    pub(super) fn aggregate(
        &self,
        aggregate: Aggregate,
        distinct: bool,
        args: &[Expr],
        span: Span,
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        if !matches!(context, Context::Projection(_)) {
            let message = match context {
                Context::Aggregate => "an aggregate cannot stand inside of an aggregate",
                Context::Inner => "an aggregate cannot stand inside of a comprehension",
                _ => "an aggregate cannot stand here: put it into WITH or RETURN",
            };
            return Err(Refusal::invalid(span, message));
        }
        let wanted = aggregate.args();
        if args.len() != wanted.len() {
            return Err(Refusal::invalid(
                span,
                format!(
                    "this aggregate takes {} arguments, not {}",
                    wanted.len(),
                    args.len()
                ),
            ));
        }
        let mut bound = Vec::with_capacity(args.len());
        for (arg, wanted) in args.iter().zip(wanted) {
            bound.push(self.bind_as(arg, *wanted, scope, &mut Context::Aggregate)?);
        }
        if let Some(percentile) = bound.get(1)
            && !matches!(percentile, Ex::Const(_))
        {
            let message = "the percentile must be a number or a parameter";
            return Err(Refusal::unsupported(span, message));
        }
        let Context::Projection(aggregates) = context else {
            return Ok((Ex::Const(Value::Null), Type::ANY));
        };
        let same = aggregates
            .calls
            .iter()
            .find(|call| call.aggregate == aggregate && call.distinct == distinct && call.args == bound);
        let slot = match same {
            Some(call) => call.slot,
            None => {
                let slot = self.slot();
                aggregates.calls.push(plan::AggregateCall {
                    aggregate,
                    distinct,
                    args: bound,
                    slot,
                });
                slot
            }
        };
        Ok((Ex::Slot(slot), aggregate.result()))
    }

    pub(super) fn map_projection(
        &self,
        name: &ast::Name,
        items: &[ast::MapItem],
        scope: &Scope,
        context: &mut Context<'_>,
    ) -> Result<Typed, Refusal> {
        let variable = |name: &ast::Name| match scope.find(&name.text) {
            Some(variable) => Ok(variable),
            None => Err(Refusal::invalid(
                name.span,
                format!("the variable {} is not defined", name.text),
            )),
        };
        let of = variable(name)?;
        expect(name.span, of.kind, ENTITY.or(Type::MAP).or(Type::TEMPORAL))?;
        let mut entries = Vec::with_capacity(items.len());
        for item in items {
            entries.push(match item {
                ast::MapItem::All => MapEntry::All,
                ast::MapItem::Property(name) => MapEntry::Property(name.text.as_str().into()),
                ast::MapItem::Entry(name, value) => {
                    MapEntry::Entry(name.text.as_str().into(), self.bind(value, scope, context)?.0)
                }
                ast::MapItem::Variable(name) => {
                    MapEntry::Entry(name.text.as_str().into(), Ex::Slot(variable(name)?.slot))
                }
            });
        }
        Ok((
            Ex::MapProjection {
                of: Box::new(Ex::Slot(of.slot)),
                items: entries,
            },
            Type::MAP,
        ))
    }
}

fn arity(function: &Function) -> String {
    match (function.required, function.args.len()) {
        (required, _) if function.variadic => format!("{required} or more"),
        (required, most) if required == most => required.to_string(),
        (required, most) => format!("{required} to {most}"),
    }
}

/// The way to write it without that function.
fn instead(function: &str) -> &'static str {
    const PLATFORM: &str = ": the last digit of its result depends on the platform";
    const TIMES: &str =
        ": use datetime(), date() or duration(), or compare texts, as in n.changed_at > '2026-01-01'";
    match function.to_ascii_lowercase().as_str() {
        "cot" | "acos" | "atan2" | "haversin" | "sinh" | "cosh" | "tanh" | "coth" => PLATFORM,
        "time" | "localdatetime" | "localtime" => TIMES,
        name if name.starts_with("datetime.") || name.starts_with("date.") => TIMES,
        "rand" | "randomuuid" => ": it would answer differently each time",
        _ => "",
    }
}
