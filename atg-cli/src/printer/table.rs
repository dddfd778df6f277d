//! Tables that read well in a narrow terminal and without colour.

use std::io::{self, Write};

use serde_json::Value;

use super::cell;
use crate::style::Style;

const GAP: &str = "  ";
/// Below that many columns a cell cannot be read any more; the rows are then written one member a line.
const NARROWEST: usize = 8;
/// Long enough to be seen.
const LONGEST_RULE: usize = 60;
/// How many lines a wrapped cell may have on a terminal.
const TALLEST: usize = 4;

/// Where a cell's text stands in its column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// One cell.
#[derive(Debug, Clone)]
pub(crate) struct Cell {
    text: String,
    align: Align,
    is_faint: bool,
}

impl Cell {
    pub(crate) fn new(text: impl AsRef<str>) -> Self {
        Self {
            text: cell::printable(text.as_ref()),
            align: Align::Left,
            is_faint: false,
        }
    }

    /// A number, with its thousands apart.
    pub(crate) fn number(number: u64) -> Self {
        Self::new(crate::words::thousands(number)).aligned(Align::Right)
    }

    /// Something that is not there.
    pub(crate) fn faint(text: &str) -> Self {
        Self {
            is_faint: true,
            ..Self::new(text)
        }
    }

    /// A JSON value; null, the empty text and the text `null` differ.
    pub(crate) fn json(value: &Value) -> Self {
        cell::of_value(Some(value))
    }

    pub(crate) fn aligned(self, align: Align) -> Self {
        Self { align, ..self }
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl<T: AsRef<str>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text)
    }
}

/// Rows under a header.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(crate) fn new<T: AsRef<str>>(header: impl IntoIterator<Item = T>) -> Self {
        Self {
            header: header
                .into_iter()
                .map(|name| cell::printable(name.as_ref()))
                .collect(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, row: impl IntoIterator<Item = Cell>) {
        self.rows.push(row.into_iter().collect());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the table into that many columns; as wide as it is where `None`.
    pub(crate) fn write(&self, out: &mut impl Write, style: Style, columns: Option<usize>) -> io::Result<()> {
        let natural = self.natural_widths();
        match columns {
            None => self.write_grid(out, style, &natural, usize::MAX),
            Some(columns) => match fit(&natural, columns) {
                Some(widths) => self.write_grid(out, style, &widths, TALLEST),
                None => self.write_records(out, style, columns),
            },
        }
    }

    fn natural_widths(&self) -> Vec<usize> {
        let mut widths: Vec<_> = self.header.iter().map(|name| cell::width(name)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(cell::width(&cell.text));
            }
        }
        widths
    }

    fn write_grid(
        &self,
        out: &mut impl Write,
        style: Style,
        widths: &[usize],
        height: usize,
    ) -> io::Result<()> {
        let header: Vec<_> = self
            .header
            .iter()
            .enumerate()
            .map(|(column, name)| Cell::new(name).aligned(self.column_align(column)))
            .collect();
        write_row(out, &header, widths, height, |text, _| style.bold(text))?;
        let mut rule: Vec<_> = widths.iter().map(|width| "─".repeat(*width)).collect();
        if let (Some(last), Some(width)) = (rule.last_mut(), widths.last()) {
            // Nothing stands right of the last column, so its rule need not be as long as one very long cell.
            *last = "─".repeat((*width).min(LONGEST_RULE));
        }
        writeln!(out, "{}", style.dim(rule.join(GAP)))?;
        for row in &self.rows {
            write_row(out, row, widths, height, |text, cell| {
                if cell.is_faint {
                    style.dim(text)
                } else {
                    text.to_owned()
                }
            })?;
        }
        Ok(())
    }

    /// A header stands over its numbers.
    fn column_align(&self, column: usize) -> Align {
        let mut cells = self
            .rows
            .iter()
            .filter_map(|row| row.get(column))
            .filter(|cell| !cell.is_faint);
        match cells.next() {
            Some(first) if first.align == Align::Right && cells.all(|cell| cell.align == Align::Right) => {
                Align::Right
            }
            _ => Align::Left,
        }
    }

    fn write_records(&self, out: &mut impl Write, style: Style, columns: usize) -> io::Result<()> {
        for (number, row) in self.rows.iter().enumerate() {
            writeln!(out, "{}", style.dim(format!("── {} ──", number + 1)))?;
            for (name, cell) in self.header.iter().zip(row) {
                let room = columns.saturating_sub(cell::width(name) + 2).max(NARROWEST);
                for (line, text) in cell::wrap(&cell.text, room, TALLEST).iter().enumerate() {
                    if line == 0 {
                        writeln!(out, "{}: {text}", style.bold(name))?;
                    } else {
                        writeln!(out, "{}{text}", " ".repeat(cell::width(name) + 2))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Takes from the widest columns until all of them fit; `None` when that leaves one too narrow to read.
fn fit(natural: &[usize], columns: usize) -> Option<Vec<usize>> {
    let gaps = GAP.len() * natural.len().saturating_sub(1);
    let room = columns.checked_sub(gaps)?;
    let mut widths = natural.to_vec();
    while widths.iter().sum::<usize>() > room {
        let widest = *widths.iter().max()?;
        let next = widths
            .iter()
            .copied()
            .filter(|width| *width < widest)
            .max()
            .unwrap_or(0);
        let count = widths.iter().filter(|width| **width == widest).count();
        let excess = widths.iter().sum::<usize>() - room;
        // Level the widest down to the next one, or by just as much as is needed.
        let level = next.max(widest.saturating_sub(excess.div_ceil(count)));
        if level < NARROWEST {
            return None;
        }
        for width in widths.iter_mut().filter(|width| **width == widest) {
            *width = level;
        }
    }
    Some(widths)
}

fn write_row(
    out: &mut impl Write,
    row: &[Cell],
    widths: &[usize],
    height: usize,
    paint: impl Fn(&str, &Cell) -> String,
) -> io::Result<()> {
    let wrapped: Vec<_> = row
        .iter()
        .zip(widths)
        .map(|(cell, width)| cell::wrap(&cell.text, *width, height))
        .collect();
    for line in 0..wrapped.iter().map(Vec::len).max().unwrap_or(0) {
        let mut pending = String::new();
        for ((cell, lines), width) in row.iter().zip(&wrapped).zip(widths) {
            let text = lines.get(line).map_or("", String::as_str);
            let padding = " ".repeat(width.saturating_sub(cell::width(text)));
            if !text.is_empty() {
                let shown = paint(text, cell);
                match cell.align {
                    Align::Left => write!(out, "{pending}{shown}")?,
                    Align::Right => write!(out, "{pending}{padding}{shown}")?,
                }
                pending.clear();
            }
            // Blanks are written only before text, so no line ends in them.
            if text.is_empty() || cell.align == Align::Left {
                pending.push_str(&padding);
            }
            pending.push_str(GAP);
        }
        writeln!(out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["type", "n"]);
        table.push(["Microsoft.Compute/virtualMachines".into(), Cell::number(1234)]);
        table.push([Cell::faint("null"), Cell::number(7)]);
        table
    }

    fn shown(table: &Table, columns: Option<usize>) -> String {
        let mut out = Vec::new();
        table.write(&mut out, Style::new(false), columns).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_stand_right_and_no_line_ends_in_blanks() {
        let text = shown(&table(), None);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], format!("{:<33}  {:>5}", "type", "n"));
        assert_eq!(lines[2], "Microsoft.Compute/virtualMachines  1,234");
        assert_eq!(lines[3], format!("{:<33}  {:>5}", "null", "7"));
        assert!(lines.iter().all(|line| !line.ends_with(' ')));
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        for columns in 4..60 {
            for line in shown(&table(), Some(columns)).lines() {
                let room = columns.max(NARROWEST + 6);
                assert!(cell::width(line) <= room, "{columns}: {line}");
            }
        }
    }

    #[test]
    fn a_very_narrow_terminal_gets_one_member_a_line() {
        assert!(shown(&table(), Some(12)).starts_with("── 1 ──\ntype: "));
    }

    #[test]
    fn without_a_terminal_nothing_is_cut() {
        let mut table = Table::new(["long"]);
        table.push([Cell::new("x".repeat(5_000))]);
        assert!(shown(&table, None).contains(&"x".repeat(5_000)));
    }
}
