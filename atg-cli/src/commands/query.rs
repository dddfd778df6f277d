//! `atg query`

mod recipes;
mod sql;

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use atg_sdk::{
    Completeness, Error, Operation, Output, Result, azure::TenantId, model::operations::query::Parameters,
};
use clap::Args;
use serde_json::{Map, Value};

use crate::{
    args::OutputFormat,
    artifacts::Lines,
    exit::{CommandResult, End, FileContext as _},
    printer::RowsPrinter,
    session::Session,
    words,
};

const EXAMPLES: &str = "\
Examples:
  What there is, the most frequent first:
    atg query 'MATCH (r:Resource) RETURN r.type AS type, count(*) AS n ORDER BY n DESC LIMIT 10'
  Machines of one size; a dotted property path stands in back-ticks:
    atg query 'MATCH (m:VirtualMachine) WHERE m.`hardwareProfile.vmSize` = $size RETURN m.name' \\
      -p size=Standard_B2s
  Who uses which subnet, as CSV:
    atg query 'MATCH (a)-[:USES_SUBNET]->(s:Subnet) RETURN a.name, s.id' --output csv > subnets.csv
  A query from a file, parameters from another:
    atg query -f exposed.cypher --params values.json --output json
  How it would be answered: its steps, their SQL and the indexes that serve them:
    atg query 'EXPLAIN MATCH (n {name: $name}) RETURN n.id' -p name=web1
  Questions that are ready to run, and one of them:
    atg query --list
    atg query --recipe who-can-read-vault -p vault=kv-prod
  Plain SQL on this machine's graph, which reads the tables nodes, edges and node_labels:
    atg query --sql 'SELECT type, count(*) AS n FROM nodes GROUP BY type ORDER BY n DESC'

Exit codes: 0 a whole answer; 2 the query was refused, with its place; 6 the answer was cut.";

/// Ask the graph in read-only Cypher
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct QueryArgs {
    /// The query, `-` for standard input
    #[arg(value_name = "CYPHER", required_unless_present_any = ["file", "recipe", "list"])]
    query: Option<String>,
    /// Run a query that is ready, see --list; --param gives its parameters
    #[arg(long, value_name = "NAME", conflicts_with_all = ["query", "file", "sql"])]
    recipe: Option<String>,
    /// Show the queries that are ready to run, with what they ask for
    #[arg(long, conflicts_with_all = ["query", "file", "sql", "recipe", "param", "params", "tenant_id"])]
    list: bool,
    /// Read the query from a file, `-` for standard input
    #[arg(long, short, value_name = "FILE", conflicts_with = "query")]
    file: Option<PathBuf>,
    /// The value of `$NAME`, as JSON, or text where it is not JSON; may be repeated
    #[arg(long = "param", short, value_name = "NAME=VALUE")]
    param: Vec<String>,
    /// A file with one JSON object of parameters; --param wins over it
    #[arg(long, value_name = "FILE")]
    params: Option<PathBuf>,
    /// The query is a SELECT in SQLite's SQL on the tables nodes, edges and node_labels of this machine's graph
    #[arg(long, conflicts_with_all = ["param", "params", "tenant_id"])]
    sql: bool,
    /// Only this tenant's nodes [default: every tenant of the graph]
    #[arg(long, value_name = "GUID")]
    tenant_id: Option<TenantId>,
    /// At most that many rows
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    row_limit: u64,
    /// At most that many seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

pub(crate) async fn run(args: &QueryArgs, session: &Session) -> CommandResult {
    if args.list {
        return recipes::list(session);
    }
    if args.sql {
        return sql::run(args, session).await;
    }
    let (query, values) = match &args.recipe {
        Some(name) => {
            let recipe = atg_sdk::recipes::find(name)?;
            (recipe.query.to_owned(), recipe.values(values(args)?)?)
        }
        None => (text(args)?, values(args)?),
    };
    let parameters = Parameters {
        tenant_id: args.tenant_id,
        query,
        parameters: values,
        row_limit: args.row_limit,
        timeout_seconds: args.timeout,
    };
    let executor = session.executor().await?;
    let finished = session.run(&executor, Operation::Query(parameters)).await?;
    let Some(Output::Query(output)) = &finished.job.output else {
        return Err(Error::internal("read the answer: the job left none").into());
    };
    let mut rows = RowsPrinter::begin(session.printer, output.columns.clone())?;
    let lines = Lines::of(executor.as_ref(), &finished.job, "rows.jsonl").await?;
    lines.for_each(|line| rows.row(line)).await?;
    rows.finish(output.truncated)?;
    let partial = finished.job.completeness == Some(Completeness::Partial);
    Ok(conclude(
        output.row_count,
        output.truncated,
        partial,
        args,
        session,
    ))
}

/// What is to be said of the answer beside its rows.
fn conclude(rows: u64, truncated: bool, partial: bool, args: &QueryArgs, session: &Session) -> End {
    let count = words::count(rows, "row", "rows");
    if truncated {
        let advice = if rows >= args.row_limit {
            "--row-limit takes more"
        } else {
            "it is larger than an answer may be: ask for fewer rows or columns"
        };
        session
            .reporter
            .warn(&format!("the answer was cut after {count}; {advice}"));
        return End::Incomplete;
    }
    if session.printer.rows_format() == OutputFormat::Table {
        session.reporter.note(&session.reporter.style().dim(count));
    }
    if partial { End::Incomplete } else { End::Done }
}

fn text(args: &QueryArgs) -> Result<String> {
    let stdin = Path::new("-");
    let text = match (&args.file, args.query.as_deref()) {
        (Some(path), _) if path != stdin => {
            fs::read_to_string(path).doing(|| format!("read {}", path.display()))?
        }
        (None, Some(query)) if query != "-" => query.to_owned(),
        (Some(_), _) | (None, Some(_)) => {
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .doing(|| "read standard input".to_owned())?;
            text
        }
        (None, None) => String::new(),
    };
    if text.trim().is_empty() {
        return Err(Error::invalid(
            "the query is empty: write one such as 'MATCH (n) RETURN count(*)'",
        ));
    }
    Ok(text)
}

fn values(args: &QueryArgs) -> Result<Map<String, Value>> {
    let mut values = match &args.params {
        Some(path) => {
            let text = fs::read_to_string(path).doing(|| format!("read {}", path.display()))?;
            serde_json::from_str(&text).map_err(|error| {
                Error::invalid(format!(
                    "{} is not a JSON object of parameters: {error}",
                    path.display()
                ))
            })?
        }
        None => Map::new(),
    };
    for text in &args.param {
        let (name, value) = value(text)?;
        values.insert(name, value);
    }
    Ok(values)
}

fn value(text: &str) -> Result<(String, Value)> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => {
            let name = name.strip_prefix('$').unwrap_or(name).to_owned();
            Ok((name, serde_json::from_str(value).unwrap_or_else(|_| value.into())))
        }
        _ => Err(Error::invalid(format!(
            "-p `{}`: write NAME=VALUE",
            text.escape_debug()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_parameter_is_json_or_else_text() {
        assert_eq!(value("n=5").unwrap(), ("n".to_owned(), json!(5)));
        assert_eq!(
            value("$s=West Europe").unwrap(),
            ("s".to_owned(), json!("West Europe"))
        );
        assert_eq!(value("s=\"5\"").unwrap(), ("s".to_owned(), json!("5")));
        assert_eq!(value("l=[1,\"a\"]").unwrap(), ("l".to_owned(), json!([1, "a"])));
        assert_eq!(value("e=").unwrap(), ("e".to_owned(), json!("")));
        assert_eq!(value("q=a=b").unwrap(), ("q".to_owned(), json!("a=b")));
        assert!(value("=5").is_err());
        assert!(value("five").is_err());
    }
}
