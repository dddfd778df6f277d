//! Lists in pages.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    error,
    login::Caller,
    tenant::{Row, Rows, Tenant, Want},
    web::{Call, Page, Reply, Token},
    world::World,
};

/// One request with who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) world: &'a World,
    pub(crate) call: &'a Call,
    pub(crate) caller: &'a Caller,
}

impl<'a> Ask<'a> {
    /// The tenant.
    pub(crate) const fn tenant(&self) -> &'a Tenant {
        &self.world.tenant
    }

    /// A page of the rows at and below a key that are wanted and kept.
    pub(crate) fn rows(
        &self,
        within: &str,
        want: &Want,
        keep: impl Fn(&Row) -> bool,
        show: impl Fn(&Row) -> Value,
    ) -> Result<Reply, Reply> {
        let token = self.token()?;
        let after = token.as_ref().map(|token| token.after.as_str());
        let rows = self.listed(within, after, want).filter(|row| keep(row));
        let page = Page::take(rows, self.size()?);
        let next = page.items.last().map(|row| row.key.clone()).filter(|_| page.more);
        let value = page.items.iter().map(|row| show(row)).collect();
        Ok(self.page(value, next.as_deref()))
    }

    /// The rows as lists show them: where those lag behind, as they were.
    pub(crate) fn listed(&self, within: &str, after: Option<&str>, want: &Want) -> Rows<'a> {
        let lag = self.world.lag().lists;
        if lag == 0 {
            return self.tenant().rows(within, after, want);
        }
        let time = earlier(self.world.now(), lag);
        self.tenant().rows_at(time, within, after, want)
    }

    /// A page of rows that have been collected; they are put in order here.
    pub(crate) fn collected(
        &self,
        mut rows: Vec<Arc<Row>>,
        show: impl Fn(&Row) -> Value,
    ) -> Result<Reply, Reply> {
        rows.sort_by(|a, b| a.key.cmp(&b.key));
        rows.dedup_by(|a, b| a.key == b.key);
        let token = self.token()?;
        let first = token.map_or(0, |token| rows.partition_point(|row| row.key <= token.after));
        let page = Page::take(rows[first..].iter(), self.size()?);
        let next = page.items.last().map(|row| row.key.clone()).filter(|_| page.more);
        let value = page.items.iter().map(|row| show(row)).collect();
        Ok(self.page(value, next.as_deref()))
    }

    /// `{"value": […], "nextLink": …}`; no link on the last page.
    pub(crate) fn page(&self, value: Vec<Value>, next: Option<&str>) -> Reply {
        let mut body = Map::new();
        body.insert("value".to_owned(), Value::Array(value));
        if let Some(after) = next {
            let token = Token::new(after, 0, &self.listing()).encode();
            body.insert(
                "nextLink".to_owned(),
                json!(self.call.link(&[("$skiptoken", &token)])),
            );
        }
        Reply::json(&Value::Object(body))
    }

    fn token(&self) -> Result<Option<Token>, Reply> {
        let Some(text) = self.call.parameter("$skiptoken") else {
            return Ok(None);
        };
        match Token::decode(text, &self.listing()) {
            Some(token) => Ok(Some(token)),
            None => Err(error::arm(
                400,
                "InvalidSkipToken",
                "The skip token provided in the request is not valid.",
            )),
        }
    }

    /// What a token belongs to: the path and the filter.
    fn listing(&self) -> [&str; 2] {
        [
            &self.call.path,
            self.call.parameter("$filter").unwrap_or_default(),
        ]
    }

    fn size(&self) -> Result<usize, Reply> {
        let largest = self.world.config.pages.arm;
        match self.call.parameter("$top") {
            None => Ok(largest),
            Some(text) => match text.parse::<usize>() {
                Ok(top) if top > 0 => Ok(top.min(largest)),
                _ => Err(error::arm(
                    400,
                    "InvalidTopQueryString",
                    format!(
                        "The value '{text}' of the query string parameter '$top' is not valid: it must be a positive number."
                    ),
                )),
            },
        }
    }
}

/// So many seconds before a time.
pub(crate) fn earlier(time: Timestamp, seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    time.checked_sub(SignedDuration::from_secs(seconds))
        .unwrap_or(Timestamp::MIN)
}
