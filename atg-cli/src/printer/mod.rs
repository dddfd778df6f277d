//! The only way to stdout.

mod cell;
mod csv;
mod rows;
mod table;

use std::io::{self, BufWriter, IsTerminal as _, StdoutLock, Write};

use atg_sdk::{Error, ErrorKind};
use serde::Serialize;

pub(crate) use self::{
    rows::RowsPrinter,
    table::{Align, Cell, Table},
};
use crate::{
    args::{ColorWhen, OutputFormat},
    exit::Stop,
    style::Style,
};

/// Prints answers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Printer {
    format: Option<OutputFormat>,
    style: Style,
    /// The terminal's columns; `None` where stdout is not a terminal, and nothing is wrapped or cut.
    width: Option<usize>,
}

impl Printer {
    pub(crate) fn new(format: Option<OutputFormat>, color: ColorWhen) -> Self {
        let stdout = io::stdout();
        let is_terminal = stdout.is_terminal();
        // A terminal that does not know its size (a serial line) is taken for the one that everybody once had.
        let width = is_terminal
            .then(|| terminal_size::terminal_size_of(&stdout).map_or(80, |(width, _)| usize::from(width.0)));
        Self {
            format,
            style: Style::new(match color {
                ColorWhen::Auto => is_terminal,
                ColorWhen::Always => true,
                ColorWhen::Never => false,
            }),
            width,
        }
    }

    /// How rows are to be printed.
    pub(crate) fn rows_format(self) -> OutputFormat {
        self.format.unwrap_or(OutputFormat::Table)
    }

    /// Whether an answer that is one object is to be printed as JSON.
    ///
    /// # Errors
    /// `InvalidArgument` for the formats of rows. Ask before doing any work.
    pub(crate) fn wants_json(self) -> Result<bool, Error> {
        match self.rows_format() {
            OutputFormat::Table => Ok(false),
            OutputFormat::Json => Ok(true),
            OutputFormat::Jsonl | OutputFormat::Csv => Err(Error::new(
                ErrorKind::InvalidArgument,
                "this answer has no rows: use --output table or --output json",
            )),
        }
    }

    pub(crate) const fn style(self) -> Style {
        self.style
    }

    pub(crate) const fn width(self) -> Option<usize> {
        self.width
    }

    /// Prints a value as indented JSON.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), Stop> {
        let text = serde_json::to_string_pretty(value)
            .map_err(|error| Error::internal("write the answer as JSON").with_source(error))?;
        let mut out = self.open();
        writeln!(out, "{text}")?;
        Ok(out.flush()?)
    }

    /// Prints a table.
    pub(crate) fn table(self, table: &Table) -> Result<(), Stop> {
        let mut out = self.open();
        table.write(&mut out, self.style, self.width)?;
        Ok(out.flush()?)
    }

    /// Prints text as it is.
    pub(crate) fn text(self, text: &str) -> Result<(), Stop> {
        let mut out = self.open();
        out.write_all(text.as_bytes())?;
        Ok(out.flush()?)
    }

    /// A buffered writer to stdout. Flush it: an error at drop goes unseen.
    pub(crate) fn open(self) -> BufWriter<StdoutLock<'static>> {
        BufWriter::with_capacity(64 * 1024, io::stdout().lock())
    }
}
