//! The tenant in parts, each of which can be written by itself: a resource group with what comes before it.

use crate::{Options, cell::Cell, identity, writer::Writer};

/// One part of a tenant: a resource group, and before it whatever has no place in a group (role definitions before the
/// first, a subscription before its first group).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 0.
    pub index: u64,
    /// Rows of the tenant that come before it.
    pub before: u64,
    /// How many rows it has.
    pub rows: u64,
    /// Whether it is the last one, made to size, since a whole group did not fit.
    filled: bool,
}

/// All parts of a tenant in order. They are small, and made one at a time.
#[derive(Debug)]
pub struct Parts {
    options: Options,
    index: u64,
    before: u64,
}

impl Parts {
    /// Those of that tenant.
    #[must_use]
    pub const fn new(options: Options) -> Self {
        Self {
            options,
            index: 0,
            before: 0,
        }
    }
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        let mut writer = Writer::new(&self.options, false);
        self.write_next(&mut writer)
    }
}

impl Parts {
    /// Writes the next part in place of what the writer holds.
    pub(crate) fn write_next(&mut self, writer: &mut Writer) -> Option<Part> {
        let left = self
            .options
            .rows
            .checked_sub(self.before)
            .filter(|left| *left > 0)?;
        let mut part = Part {
            index: self.index,
            before: self.before,
            rows: 0,
            filled: false,
        };
        part.write(&self.options, writer);
        part.rows = writer.rows();
        if part.rows > left {
            // What does not fit whole is not begun: a cut group would point at rows that are not there.
            part.rows = left;
            part.filled = true;
            part.write(&self.options, writer);
        }
        self.index += 1;
        self.before += part.rows;
        Some(part)
    }
}

impl Part {
    /// Writes it in place of what the writer holds.
    pub(crate) fn write(&self, options: &Options, writer: &mut Writer) {
        writer.begin();
        writer.continue_after(self.before);
        let groups = options.groups_per_subscription.max(1);
        let cell = Cell::new(options.seed, groups, self.index);
        if self.filled {
            cell.fill(writer, self.rows);
            return;
        }
        if self.index == 0 {
            identity::role_definitions(writer);
        }
        if self.index.is_multiple_of(groups) {
            cell.subscription(writer);
        }
        cell.write(writer);
    }
}

/// The rows of one part, one a line: what [`generate`](crate::generate) writes at that place.
#[must_use]
pub fn part(options: &Options, part: Part) -> String {
    let mut writer = Writer::new(options, false);
    part.write(options, &mut writer);
    writer.into_text()
}
