//! Queries of Azure Resource Graph. Their pages follow a token in the body instead of an address.

use atg_sdk::ErrorKind;
use serde_json::{Value, json};

use super::{Page, Request, Transport, pages::Seen};
use crate::{
    cloud::Audience,
    error::{AzureError, Result},
};

const PATH: &str = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01";
/// The most that a page may hold.
const ROWS: u32 = 1_000;

/// A query. It must project `id` and be ordered by it: otherwise there are no further pages, or not the same ones.
#[derive(Debug, Clone)]
pub struct ResourceGraphQuery {
    query: String,
    subscriptions: Vec<String>,
    management_groups: Vec<String>,
    rows: u32,
}

impl ResourceGraphQuery {
    /// Over everything that the caller may see.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            subscriptions: Vec::new(),
            management_groups: Vec::new(),
            rows: ROWS,
        }
    }

    /// Over these subscriptions only.
    #[must_use]
    pub fn in_subscriptions(mut self, ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.subscriptions = ids.into_iter().map(Into::into).collect();
        self
    }

    /// Over these management groups only, with all below them.
    #[must_use]
    pub fn in_management_groups(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.management_groups = names.into_iter().map(Into::into).collect();
        self
    }

    /// With so many rows a page, at most 1,000.
    #[must_use]
    pub fn with_rows(mut self, rows: u32) -> Self {
        self.rows = rows.clamp(1, ROWS);
        self
    }

    fn body(&self, token: Option<&str>) -> Value {
        let mut body = json!({
            "query": self.query,
            "options": {"resultFormat": "objectArray", "$top": self.rows},
        });
        if !self.subscriptions.is_empty() {
            body["subscriptions"] = json!(self.subscriptions);
        }
        if !self.management_groups.is_empty() {
            body["managementGroups"] = json!(self.management_groups);
        }
        if let Some(token) = token {
            body["options"]["$skipToken"] = json!(token);
        }
        body
    }
}

/// The pages of a query.
#[derive(Debug)]
pub struct QueryPages {
    transport: Transport,
    query: ResourceGraphQuery,
    request: Request,
    /// The token of the next page; `None` before the first.
    token: Option<String>,
    ended: bool,
    seen: Seen,
}

impl Transport {
    /// The pages of a query. `lane` is whom it is for: queries of all lanes share one quota and take turns.
    ///
    /// # Errors
    /// `Internal`, for a query that cannot be written.
    pub fn query(&self, query: ResourceGraphQuery, lane: &str) -> Result<QueryPages> {
        let request =
            Request::read(self.cloud(), Audience::ResourceManager, PATH, &query.body(None))?.in_lane(lane);
        Ok(QueryPages {
            transport: self.clone(),
            query,
            request,
            token: None,
            ended: false,
            seen: Seen::default(),
        })
    }
}

impl QueryPages {
    /// From the cursor of an earlier page on.
    #[must_use]
    pub fn from_cursor(mut self, cursor: impl Into<String>) -> Self {
        self.token = Some(cursor.into());
        self
    }

    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// What the call answers, and `Unavailable` for a token that was there already.
    pub async fn next(&mut self) -> Option<Result<Page>> {
        if self.ended {
            return None;
        }
        let body = self.query.body(self.token.as_deref()).to_string();
        let page = match self.transport.page(&self.request.with_body(body.into())).await {
            Ok(page) => page,
            Err(error) => return Some(Err(error)),
        };
        match page.cursor() {
            None => self.ended = true,
            Some(token) if self.seen.insert(token) => self.token = Some(token.to_owned()),
            Some(_) => {
                self.ended = true;
                return Some(Err(AzureError::new(
                    ErrorKind::Unavailable,
                    "go on to the next page: its token leads back to one that was read already, so the list is not complete",
                )));
            }
        }
        Some(Ok(page))
    }
}
