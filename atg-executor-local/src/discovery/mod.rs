//! Where objects come from: the port [`ResourceSource`], and what is known about them before they are described.
//!
//! Objects travel as text, many at a time, so that reading stays on one thread and parsing, filtering and describing
//! spread over the others.

pub(crate) mod changes;
pub(crate) mod filter;
pub(crate) mod live;
pub(crate) mod portion;
pub(crate) mod recorded;
pub(crate) mod report;
pub(crate) mod unit;

use std::{fmt, ops::Range};

use async_trait::async_trait;
use atg_sdk::Result;
use serde::Serialize;

/// Hands out the objects of a tenant.
#[async_trait]
pub(crate) trait ResourceSource: fmt::Debug + Send {
    /// The next objects, in an order that is the same each time the same source is read; `None` at the end.
    ///
    /// # Errors
    /// Only what makes the whole source unusable. What concerns one object, or cuts the source short, is a [`Problem`]
    /// of the batch, and what was read before stands.
    async fn next(&mut self) -> Result<Option<Batch>>;

    /// How far it is.
    fn position(&self) -> Position;
}

/// Some objects, not yet parsed, and what went wrong while they were read.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The text that `elements` point into.
    pub text: Vec<u8>,
    /// The objects, in the source's order.
    pub elements: Vec<Element>,
    /// What could not be handed out as an element.
    pub problems: Vec<Problem>,
}

impl Batch {
    /// The text of one element.
    pub(crate) fn text_of(&self, element: &Element) -> &[u8] {
        self.text.get(element.range.clone()).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.problems.is_empty()
    }
}

/// One JSON text within a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Where it lies in the batch's text.
    pub range: Range<usize>,
    /// Where it began in the source.
    pub place: Place,
}

/// A place in a source, for people: both numbers count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Place {
    /// The line.
    pub line: u64,
    /// The element of an array or answer; `None` where each line is one object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<u64>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.element {
            Some(element) => write!(f, "line {} (element {element})", self.line),
            None => write!(f, "line {}", self.line),
        }
    }
}

/// Something of the source that is not in the graph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Problem {
    /// Where; `None` for what concerns the whole source.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// The object's ID, as far as it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What is wrong.
    pub detail: String,
}

impl Problem {
    /// Of the whole source.
    pub(crate) fn of_source(detail: impl Into<String>) -> Self {
        Self {
            place: None,
            id: None,
            detail: detail.into(),
        }
    }

    /// At a place.
    pub(crate) fn at(place: Place, detail: impl Into<String>) -> Self {
        Self {
            place: Some(place),
            id: None,
            detail: detail.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.place, &self.id) {
            (Some(place), _) => write!(f, "{place}: {}", self.detail),
            (None, Some(id)) => write!(f, "{id}: {}", self.detail),
            (None, None) => f.write_str(&self.detail),
        }
    }
}

/// How far a source has been read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Position {
    /// Bytes of the file that have been read, compressed where it is.
    pub bytes_read: u64,
    /// Bytes of the whole file.
    pub bytes_total: u64,
}

impl Position {
    /// From 0.0 to 1.0.
    #[expect(clippy::cast_precision_loss, reason = "a fraction for a progress bar")]
    pub(crate) fn fraction(self) -> f64 {
        if self.bytes_total == 0 {
            return 1.0;
        }
        (self.bytes_read as f64 / self.bytes_total as f64).min(1.0)
    }
}
