//! Which columns a query has in the end, and whether everything that it names is there.

use super::{
    ast::{Aggregate, Expr, Query, Step},
    functions,
    record::{COLUMNS, HIDDEN},
    tables::{self, Table},
};

/// The columns of the result, or what is wrong, as Azure words it.
pub(super) fn columns(query: &Query) -> Result<Vec<String>, String> {
    let Some(table) = tables::find(&query.table) else {
        return Err(format!(
            "Table {} was not found in the selected scope.",
            query.table
        ));
    };
    let mut known = Known {
        columns: COLUMNS.iter().map(|name| (*name).to_owned()).collect(),
        hidden: !matches!(table, Table::Changes(_)),
    };
    for step in &query.steps {
        known.step(step)?;
    }
    Ok(known.columns)
}

struct Known {
    columns: Vec<String>,
    /// Whether the row of the table is still there, with what it does not show unasked.
    hidden: bool,
}

impl Known {
    fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|known| known.eq_ignore_ascii_case(name))
            || (self.hidden && name.eq_ignore_ascii_case(HIDDEN))
    }

    fn needs(&self, operator: &str, expr: &Expr) -> Result<(), String> {
        let mut names = Vec::new();
        expr.columns(&mut names);
        if let Some(missing) = names.into_iter().find(|name| !self.has(name)) {
            return Err(format!(
                "'{operator}' operator: Failed to resolve column or scalar expression named '{missing}'"
            ));
        }
        unknown_function(expr).map_or(Ok(()), |name| Err(format!("Unknown function: '{name}'.")))
    }

    fn add(&mut self, name: &str) {
        if !self.columns.iter().any(|known| known == name) {
            self.columns.push(name.to_owned());
        }
    }

    fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Where(condition) => self.needs("where", condition)?,
            Step::Order(keys) => {
                for (key, _) in keys {
                    self.needs("order", key)?;
                }
            }
            Step::Extend(columns) => {
                for (name, value) in columns {
                    self.needs("extend", value)?;
                    self.add(name);
                }
            }
            Step::Project(columns) | Step::Distinct(columns) => {
                for (_, value) in columns {
                    self.needs("project", value)?;
                }
                self.only(columns.iter().map(|(name, _)| name.clone()).collect());
            }
            Step::ProjectAway(patterns) => {
                self.columns
                    .retain(|name| !patterns.iter().any(|pattern| fits(name, pattern)));
                self.hidden = false;
            }
            Step::ProjectRename(renames) => {
                for (new, old) in renames {
                    self.needs("project-rename", &Expr::Column(old.clone()))?;
                    for column in &mut self.columns {
                        if column.eq_ignore_ascii_case(old) {
                            column.clone_from(new);
                        }
                    }
                }
            }
            Step::Take(_) => {}
            Step::Count => self.only(vec!["Count".to_owned()]),
            Step::Summarize { aggregates, by } => {
                let values = aggregates.iter().filter_map(|(_, aggregate)| argument(aggregate));
                for value in values.chain(by.iter().map(|(_, value)| value)) {
                    self.needs("summarize", value)?;
                }
                let names = by
                    .iter()
                    .map(|(name, _)| name)
                    .chain(aggregates.iter().map(|(name, _)| name));
                self.only(names.cloned().collect());
            }
            Step::MvExpand(name, value) => {
                self.needs("mv-expand", value)?;
                self.add(name);
            }
            Step::Join { right, on, .. } => {
                let others = columns(right)?;
                for (left, right) in on {
                    self.needs("join", &Expr::Column(left.clone()))?;
                    if !others.iter().any(|known| known.eq_ignore_ascii_case(right)) {
                        return Err(format!(
                            "'join' operator: Failed to resolve column named '{right}'"
                        ));
                    }
                }
                for name in others {
                    let name = joined_name(&self.columns, &name);
                    self.add(&name);
                }
            }
            Step::Union(queries) => {
                for query in queries {
                    for name in columns(query)? {
                        self.add(&name);
                    }
                }
            }
        }
        Ok(())
    }

    fn only(&mut self, columns: Vec<String>) {
        self.columns = columns;
        self.hidden = false;
    }
}

/// The name that a column of the right side has after a join: with a number where the left side has it too.
pub(super) fn joined_name(left: &[String], name: &str) -> String {
    if left.iter().any(|known| known == name) {
        format!("{name}1")
    } else {
        name.to_owned()
    }
}

/// Whether a name is meant by `tag*` or by itself.
pub(super) fn fits(name: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.to_lowercase().starts_with(&start.to_lowercase()),
        None => name.eq_ignore_ascii_case(pattern),
    }
}

fn argument(aggregate: &Aggregate) -> Option<&Expr> {
    match aggregate {
        Aggregate::Count => None,
        Aggregate::CountIf(value)
        | Aggregate::CountDistinct(value)
        | Aggregate::Sum(value)
        | Aggregate::Min(value)
        | Aggregate::Max(value)
        | Aggregate::Avg(value)
        | Aggregate::List(value)
        | Aggregate::Set(value)
        | Aggregate::Any(value) => Some(value),
    }
}

fn unknown_function(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(_) | Expr::Column(_) => None,
        Expr::Member(of, _) => unknown_function(of),
        Expr::Index(of, at) => unknown_function(of).or_else(|| unknown_function(at)),
        Expr::Call(name, arguments) => {
            if functions::is_known(name) {
                arguments.iter().find_map(unknown_function)
            } else {
                Some(name)
            }
        }
        Expr::Binary(_, left, right) => unknown_function(left).or_else(|| unknown_function(right)),
        Expr::In { value, list, .. } => {
            unknown_function(value).or_else(|| list.iter().find_map(unknown_function))
        }
        Expr::Between(value, low, high) => unknown_function(value)
            .or_else(|| unknown_function(low))
            .or_else(|| unknown_function(high)),
    }
}
