#![doc = include_str!("../README.md")]

mod cell;
mod compute;
mod data;
mod identity;
mod network;
mod parts;
mod platform;
mod random;
mod web;
mod writer;

use std::io::{self, Write};

use random::{Random, guid};
use writer::Writer;

pub use parts::{Part, Parts, part};

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Decides every name and value.
    pub seed: u64,
    /// How many rows; exactly so many are written.
    pub rows: u64,
    /// How many of 1,000 rows are modified against the tenant of the same seed and size with 0 here.
    pub changed_per_mille: u64,
    /// How many resource groups a subscription has; [`Options::GROUPS`] unless told.
    pub groups_per_subscription: u64,
}

impl Options {
    /// Resource groups in a subscription, where nobody says otherwise; Azure allows 980.
    pub const GROUPS: u64 = 64;
}

impl Default for Options {
    fn default() -> Self {
        Self {
            seed: 1,
            rows: 10_000,
            changed_per_mille: 0,
            groups_per_subscription: Self::GROUPS,
        }
    }
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
    let mut parts = Parts::new(*options);
    while parts.write_next(&mut writer).is_some() {
        writer.hand_out(out, edges.as_deref_mut(), &mut summary)?;
    }
    Ok(summary)
}
