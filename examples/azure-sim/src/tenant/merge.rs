//! Two ordered listings as one.

use std::{iter::Peekable, sync::Arc};

use super::row::Row;

/// Both in the order of their keys.
pub(crate) fn in_order<A, B>(left: A, right: B) -> InOrder<A, B>
where
    A: Iterator<Item = Arc<Row>>,
    B: Iterator<Item = Arc<Row>>,
{
    InOrder {
        left: left.peekable(),
        right: right.peekable(),
    }
}

/// See [`in_order`].
pub(crate) struct InOrder<A: Iterator<Item = Arc<Row>>, B: Iterator<Item = Arc<Row>>> {
    left: Peekable<A>,
    right: Peekable<B>,
}

impl<A: Iterator<Item = Arc<Row>>, B: Iterator<Item = Arc<Row>>> Iterator for InOrder<A, B> {
    type Item = Arc<Row>;

    fn next(&mut self) -> Option<Arc<Row>> {
        match (self.left.peek(), self.right.peek()) {
            (Some(left), Some(right)) if left.key <= right.key => self.left.next(),
            (_, Some(_)) => self.right.next(),
            _ => self.left.next(),
        }
    }
}
