//! Two lanes, so that a question never waits behind a scan.

/// Where a job waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Minutes to hours.
    Long,
    /// Answers that somebody waits for.
    Short,
}

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Long, Self::Short];

    /// The lane of the operation of that name.
    #[must_use]
    pub fn of(operation: &str) -> Self {
        match operation {
            "query" | "diff" | "self-test" => Self::Short,
            _ => Self::Long,
        }
    }

    /// The name in records.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Long => "long",
            Self::Short => "short",
        }
    }
}

/// A number for each lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerLane<T> {
    /// For long operations.
    pub long: T,
    /// For short ones.
    pub short: T,
}

impl<T: Copy> PerLane<T> {
    /// The number of that lane.
    #[must_use]
    pub const fn of(&self, lane: Lane) -> T {
        match lane {
            Lane::Long => self.long,
            Lane::Short => self.short,
        }
    }
}
