//! Why a query was not answered, and where.

use std::fmt;

use super::Span;

/// What kind of refusal it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The text is not Cypher, or contradicts itself: Neo4j refuses it too.
    Invalid,
    /// It would write, or reach beyond the graph.
    Forbidden,
    /// Cypher that this store does not answer.
    Unsupported,
}

/// A query that was refused, with the place that is to blame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal it is.
    pub kind: RefusalKind,
    /// What is wrong, and the way to write it if there is one.
    pub message: String,
    /// The place, as bytes of the query.
    pub span: Span,
}

impl Refusal {
    pub(crate) fn invalid(span: Span, message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Invalid,
            message: message.into(),
            span,
        }
    }

    pub(crate) fn forbidden(span: Span, message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Forbidden,
            message: message.into(),
            span,
        }
    }

    pub(crate) fn unsupported(span: Span, message: impl Into<String>) -> Self {
        Self {
            kind: RefusalKind::Unsupported,
            message: message.into(),
            span,
        }
    }

    /// The line and column of the place, both from 1; columns count characters.
    #[must_use]
    pub fn position(&self, query: &str) -> (usize, usize) {
        let before = query.get(..self.span.start).unwrap_or(query);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        (line, column)
    }

    /// The refusal as an error of the SDK: the message, the position, the line, and a caret below the place.
    #[must_use]
    pub fn into_error(self, query: &str) -> atg_sdk::Error {
        let text = self.explain(query);
        match self.kind {
            RefusalKind::Invalid => atg_sdk::Error::invalid(text),
            RefusalKind::Forbidden => atg_sdk::Error::invalid(text).with_code("QueryForbidden"),
            RefusalKind::Unsupported => {
                atg_sdk::Error::new(atg_sdk::ErrorKind::Unsupported, text).with_code("QueryUnsupported")
            }
        }
    }

    fn explain(&self, query: &str) -> String {
        let (line, column) = self.position(query);
        let source: String = query
            .lines()
            .nth(line - 1)
            .unwrap_or("")
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        // A long line is shown around the place, so that the caret stays near it.
        let skip = column.saturating_sub(60);
        let shown: String = source.chars().skip(skip).take(100).collect();
        let caret = " ".repeat(column - 1 - skip);
        format!(
            "{} (line {line}, column {column})\n  {shown}\n  {caret}^",
            self.message
        )
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_below_the_place() {
        let query = "MATCH (ü)\nRETURN ü.x CREATE";
        let at = query.find("CREATE").unwrap();
        let error = Refusal::forbidden(Span::new(at, at + 6), "no").into_error(query);
        assert_eq!(
            error.message(),
            "no (line 2, column 12)\n  RETURN ü.x CREATE\n             ^"
        );
    }

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let query = format!("RETURN {}x", "1 + ".repeat(100));
        let at = query.len() - 1;
        let text = Refusal::invalid(Span::new(at, at + 1), "no").explain(&query);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1].find('x'), lines[2].find('^'));
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        let refusal = Refusal::invalid(Span::new(3, 3), "no");
        assert_eq!(refusal.position("abc"), (1, 4));
    }
}
