#![doc = include_str!("../README.md")]

mod cell;
mod compute;
mod data;
mod identity;
mod network;
mod platform;
mod random;
mod web;
mod writer;

use std::io::{self, Write};

use cell::Cell;
use random::{Random, guid};
use writer::Writer;

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Decides every name and value.
    pub seed: u64,
    /// How many rows; exactly so many are written.
    pub rows: u64,
    /// How many of 1,000 rows are modified against the tenant of the same seed and size with 0 here.
    pub changed_per_mille: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows.
    pub rows: u64,
    /// Rows that differ from those of the unmodified tenant.
    pub changed: u64,
    /// Edges handed out; 0 where nobody asked for them.
    pub edges: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Receives one edge: from, relationship, to.
pub type EdgeSink<'a> = dyn FnMut(&str, &str, &str) -> io::Result<()> + 'a;

/// The id of the tenant that a seed makes.
#[must_use]
pub fn tenant_id(seed: u64) -> String {
    guid(Random::new(seed, 0))
}

/// Resource groups in a subscription; Azure allows 980.
const CELLS_IN_A_SUBSCRIPTION: u64 = 64;

/// Writes a tenant, and tells its edges where `edges` is given.
///
/// # Errors
/// Those of `out` and of `edges`.
pub fn generate(
    options: &Options,
    out: &mut dyn Write,
    mut edges: Option<&mut EdgeSink<'_>>,
) -> io::Result<Summary> {
    let mut summary = Summary::default();
    let mut writer = Writer::new(options, edges.is_some());
    let mut index = 0;
    while summary.rows < options.rows {
        writer.begin();
        if index == 0 {
            identity::role_definitions(&mut writer);
        }
        let cell = Cell::new(options.seed, index);
        if index.is_multiple_of(CELLS_IN_A_SUBSCRIPTION) {
            cell.subscription(&mut writer);
        }
        cell.write(&mut writer);
        let left = options.rows - summary.rows;
        if writer.rows() > left {
            // What does not fit whole is not begun: a cut cell would point at rows that are not there.
            writer.begin();
            cell.fill(&mut writer, left);
        }
        writer.hand_out(out, edges.as_deref_mut(), &mut summary)?;
        index += 1;
    }
    Ok(summary)
}
