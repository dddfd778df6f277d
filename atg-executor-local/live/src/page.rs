//! A page of objects, as text.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;

/// Which service said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// Azure Resource Graph
    ResourceGraph,
    /// Azure Resource Manager
    ResourceManager,
    /// Microsoft Graph
    MicrosoftGraph,
}

/// Some objects of one list.
#[derive(Debug, Clone)]
pub struct Page {
    /// The collector's name.
    pub collector: Arc<str>,
    /// The list's key, unique within the collector.
    pub listing: Arc<str>,
    /// The scopes that the list covers. An object of a list that covers several belongs to the one that its ID is in.
    pub scopes: Arc<[String]>,
    /// Who said it.
    pub source: Source,
    /// The text that `items` point into.
    pub text: Bytes,
    /// The objects, one JSON text each.
    pub items: Vec<Range<usize>>,
    /// How the list goes on behind this page; the collector's own to read.
    pub cursor: Option<String>,
    /// Whether the list was read to its end with this page, and nothing of it is missing.
    pub last: bool,
    /// Under which Azure logged the call.
    pub request_id: Option<String>,
}

impl Page {
    /// The text of each object.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        // Whoever made the ranges cut them out of valid text.
        let text = |range: &Range<usize>| self.text.get(range.clone()).unwrap_or_default();
        self.items
            .iter()
            .map(move |range| std::str::from_utf8(text(range)).unwrap_or_default())
    }
}

/// Objects that a collector has put together itself.
#[derive(Debug, Default)]
pub struct Made {
    pub(crate) text: Vec<u8>,
    pub(crate) items: Vec<Range<usize>>,
}

impl Made {
    /// Adds an object's text.
    pub fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.extend_from_slice(text.as_bytes());
        self.items.push(start..self.text.len());
        self.text.push(b'\n');
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}
