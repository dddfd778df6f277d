//! Rows, as they arrive, in any of the formats.

use std::io::{BufWriter, StdoutLock, Write as _};

use atg_sdk::Error;
use serde_json::{Map, Value};

use super::{Printer, Table, cell, csv};
use crate::{args::OutputFormat, exit::Stop};

/// Prints rows that come one by one, each as a JSON text of an object keyed by column.
///
/// The texts go out as they came in where the format is JSON, so no number loses a digit. Only a table waits for all
/// rows: its columns are as wide as their widest cell.
#[derive(Debug)]
pub(crate) struct RowsPrinter {
    printer: Printer,
    columns: Vec<String>,
    out: BufWriter<StdoutLock<'static>>,
    table: Table,
    rows: u64,
}

impl RowsPrinter {
    pub(crate) fn begin(printer: Printer, columns: Vec<String>) -> Result<Self, Stop> {
        let mut out = printer.open();
        match printer.rows_format() {
            OutputFormat::Table | OutputFormat::Jsonl => {}
            OutputFormat::Json => {
                let names = Value::from(columns.clone());
                write!(out, "{{\"columns\":{names},\"rows\":[")?;
            }
            OutputFormat::Csv => csv::write_header(&mut out, &columns)?,
        }
        Ok(Self {
            printer,
            table: Table::new(&columns),
            columns,
            out,
            rows: 0,
        })
    }

    pub(crate) fn row(&mut self, line: &str) -> Result<(), Stop> {
        match self.printer.rows_format() {
            OutputFormat::Table => {
                let row = parse(line)?;
                let is_terminal = self.printer.width().is_some();
                self.table
                    .push(self.columns.iter().map(|name| match row.get(name) {
                        Some(value) if is_terminal => cell::brief(value),
                        value => cell::of_value(value),
                    }));
            }
            OutputFormat::Json => {
                self.out.write_all(if self.rows == 0 { b"\n" } else { b",\n" })?;
                self.out.write_all(line.as_bytes())?;
            }
            OutputFormat::Jsonl => writeln!(self.out, "{line}")?,
            OutputFormat::Csv => {
                let row = parse(line)?;
                csv::write_row(&mut self.out, self.columns.iter().map(|name| row.get(name)))?;
            }
        }
        self.rows += 1;
        Ok(())
    }

    /// Lets out what was printed, for rows that somebody waits for.
    pub(crate) fn flush(&mut self) -> Result<(), Stop> {
        Ok(self.out.flush()?)
    }

    /// Ends the answer. `truncated` says whether there were more rows than were let through.
    pub(crate) fn finish(mut self, truncated: bool) -> Result<(), Stop> {
        match self.printer.rows_format() {
            OutputFormat::Table if self.table.is_empty() => {}
            OutputFormat::Table => {
                self.table
                    .write(&mut self.out, self.printer.style(), self.printer.width())?;
            }
            OutputFormat::Json => {
                let end = if self.rows == 0 { "" } else { "\n" };
                writeln!(
                    self.out,
                    "{end}],\"row_count\":{},\"truncated\":{truncated}}}",
                    self.rows
                )?;
            }
            OutputFormat::Jsonl | OutputFormat::Csv => {}
        }
        Ok(self.out.flush()?)
    }
}

fn parse(line: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(line).map_err(|error| Error::internal("read a row of the answer").with_source(error))
}
