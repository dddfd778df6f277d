//! `EXPLAIN`: the steps of the answer, with their SQL and SQLite's plan for it.

use atg_sdk::Result;
use serde_json::Value as Json;

use super::{
    Execution, chain, counting,
    planner::{Chain, Step, Steps},
    statements::sql,
};
use crate::{
    cypher::{
        bind::plan::{Operator, Plan},
        eval::Outcome,
    },
    graph::{QuerySummary, RowSink},
};

/// One row a line of the explanation: what is done, and how.
pub(super) fn answer(execution: &Execution<'_>, plan: &Plan, rows: &mut dyn RowSink) -> Result<QuerySummary> {
    let mut lines = Vec::new();
    for (index, part) in plan.parts.iter().enumerate() {
        if index > 0 {
            let kind = if plan.distinct {
                "union of distinct rows"
            } else {
                "union of all rows"
            };
            lines.push((kind.to_owned(), String::new()));
        }
        let mut operators = part.operators.iter().peekable();
        while let Some(operator) = operators.next() {
            match operator {
                Operator::Match(pattern) => {
                    let name = if pattern.optional {
                        "optional match"
                    } else {
                        "match"
                    };
                    lines.push((name.to_owned(), String::new()));
                    let steps = execution.steps(pattern)?;
                    if let Some(next) = operators.peek()
                        && counting::counts(pattern, &steps, next).is_some()
                        && let Some(find) = counting::only_find(&steps)
                    {
                        explain_sql(execution, "  count", &find.count_sql, &mut lines)?;
                        operators.next();
                        continue;
                    }
                    explain_steps(execution, &steps, &mut lines)?;
                }
                other => lines.push((name_of(other).to_owned(), String::new())),
            }
        }
    }
    rows.columns(&["step".to_owned(), "detail".to_owned()])?;
    let mut summary = QuerySummary::default();
    for (step, detail) in lines {
        rows.row(vec![Json::String(step), Json::String(detail)])?;
        summary.rows += 1;
    }
    Ok(summary)
}

fn name_of(operator: &Operator) -> &'static str {
    match operator {
        Operator::Match(_) => "match",
        Operator::Unwind { .. } => "unwind",
        Operator::Filter(_) => "filter",
        Operator::Project(_) => "project",
        Operator::Aggregate { .. } => "aggregate",
        Operator::Distinct(_) => "distinct",
        Operator::Sort { top, .. } if top.is_empty() => "sort",
        Operator::Sort { .. } => "sort, first rows only",
        Operator::Skip(_) => "skip",
        Operator::Limit(_) => "limit",
    }
}

fn explain_steps(execution: &Execution<'_>, steps: &Steps, lines: &mut Vec<(String, String)>) -> Outcome<()> {
    for step in &steps.steps {
        match step {
            Step::Check(conditions) => {
                lines.push(("  check".to_owned(), format!("{} conditions", conditions.len())));
            }
            Step::Find(find) => explain_sql(execution, "  find", &find.sql, lines)?,
            Step::Chain(chain) => explain_chain(execution, "  walk", chain, lines)?,
            Step::Shortest(shortest) => explain_chain(execution, "  shortest path", &shortest.chain, lines)?,
            Step::Path(_) => lines.push(("  path".to_owned(), String::new())),
        }
    }
    Ok(())
}

fn explain_chain(
    execution: &Execution<'_>,
    name: &str,
    chain: &Chain,
    lines: &mut Vec<(String, String)>,
) -> Outcome<()> {
    let max = chain
        .max
        .map_or("any number of".to_owned(), |max| max.to_string());
    lines.push((name.to_owned(), format!("{} to {max} steps, each", chain.min)));
    for statement in chain::statements(execution, chain, chain.direction) {
        explain_sql(execution, "    step", &statement, lines)?;
    }
    Ok(())
}

fn explain_sql(
    execution: &Execution<'_>,
    name: &str,
    text: &str,
    lines: &mut Vec<(String, String)>,
) -> Outcome<()> {
    lines.push((name.to_owned(), text.to_owned()));
    let indent = &name[..name.len() - name.trim_start().len()];
    let mut plan = sql(execution
        .connection
        .prepare(&format!("EXPLAIN QUERY PLAN {text}")))?;
    let mut found = plan.raw_query();
    while let Some(row) = sql(found.next())? {
        lines.push((format!("{indent}  plan"), sql(row.get("detail"))?));
    }
    Ok(())
}
