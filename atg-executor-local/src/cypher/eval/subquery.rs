//! `EXISTS { … }`, `COUNT { … }`, `COLLECT { … }`, and patterns inside of expressions, which are the same.

use super::{Graph, Outcome, Row};
use crate::cypher::{ast::SubqueryKind, bind::plan::Plan, value::Value};

pub(super) fn eval(kind: SubqueryKind, plan: &Plan, row: &mut Row, graph: &dyn Graph) -> Outcome<Value> {
    match kind {
        SubqueryKind::Exists => {
            let mut found = false;
            graph.subquery(plan, row, &mut |_| {
                found = true;
                Ok(false)
            })?;
            Ok(Value::Bool(found))
        }
        SubqueryKind::Count => {
            let mut count = 0;
            graph.subquery(plan, row, &mut |_| {
                count += 1;
                Ok(true)
            })?;
            Ok(Value::Int(count))
        }
        SubqueryKind::Collect => {
            let mut items = Vec::new();
            let mut size = 0;
            let column = plan.columns.first().map_or(0, |column| column.slot);
            graph.subquery(plan, row, &mut |row| {
                size += row[column].weight();
                graph.check_size(size)?;
                items.push(row[column].clone());
                Ok(true)
            })?;
            Ok(Value::list(items))
        }
    }
}
