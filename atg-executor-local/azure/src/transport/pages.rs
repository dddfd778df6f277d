//! Lists that come in pages. Each page names the next by an address; it is followed only within the host that was asked,
//! since the token goes along.

use std::{collections::HashSet, ops::Range};

use atg_sdk::ErrorKind;
use bytes::Bytes;
use ring::digest;
use serde::Deserialize;
use serde_json::value::RawValue;
use url::Url;

use super::{Answer, Request, Transport};
use crate::{
    cloud::origin,
    error::{AzureError, Result},
};

/// One page of a list.
#[derive(Debug, Clone)]
pub struct Page {
    answer: Answer,
    items: Vec<Range<usize>>,
    /// Where the next one is.
    pub(super) next: Option<String>,
    pub(super) truncated: bool,
    pub(super) total: Option<u64>,
}

/// The members that lists have in common, whichever service answers.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    value: Option<Vec<&'a RawValue>>,
    /// Resource Graph's rows.
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(rename = "nextLink", alias = "@odata.nextLink", alias = "odata.nextLink")]
    next_link: Option<String>,
    #[serde(rename = "$skipToken", alias = "skipToken")]
    skip_token: Option<String>,
    #[serde(rename = "resultTruncated")]
    truncated: Option<Truth>,
    #[serde(rename = "totalRecords")]
    total: Option<u64>,
}

/// Resource Graph writes its truths as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Truth {
    Plain(bool),
    Text(String),
}

impl Page {
    /// Finds the items and the way to the next page.
    pub(super) fn read(answer: Answer) -> Result<Self> {
        let body: Bytes = answer.body().clone();
        let envelope: Envelope<'_> = serde_json::from_slice(&body).map_err(|error| {
            AzureError::new(
                ErrorKind::Unavailable,
                format!("read a page: it is not the JSON of a list ({error})"),
            )
        })?;
        let Some(items) = envelope.value.or(envelope.data) else {
            return Err(AzureError::new(
                ErrorKind::Unavailable,
                "read a page: it holds no list",
            ));
        };
        let start = body.as_ptr() as usize;
        let items = items
            .into_iter()
            .map(|item| {
                let at = item.get().as_ptr() as usize - start;
                at..at + item.get().len()
            })
            .collect();
        let next = envelope
            .next_link
            .or(envelope.skip_token)
            .filter(|next| !next.is_empty());
        let truncated = match envelope.truncated {
            Some(Truth::Plain(truth)) => truth,
            Some(Truth::Text(text)) => text.eq_ignore_ascii_case("true"),
            None => false,
        };
        let total = envelope.total;
        Ok(Self {
            answer,
            items,
            next,
            truncated,
            total,
        })
    }

    /// The text of each item, as Azure wrote it.
    pub fn items(&self) -> impl ExactSizeIterator<Item = &str> {
        let body = self.answer.body();
        // The ranges were cut out of text that JSON had proved to be UTF-8.
        self.items
            .iter()
            .map(|range| std::str::from_utf8(&body[range.clone()]).unwrap_or_default())
    }

    /// Where each item lies in the answer's body.
    #[must_use]
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.items
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The answer it came in.
    #[must_use]
    pub fn answer(&self) -> &Answer {
        &self.answer
    }

    /// How to go on from here, in another process too; `None` after the last page.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Of Resource Graph: that rows were left out and no way to them is given. The list is then not complete.
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        self.truncated && self.next.is_none()
    }

    /// Of Resource Graph: how many rows there are in all.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

/// The pages of a list, one after the other.
#[derive(Debug)]
pub struct Pages {
    transport: Transport,
    /// The next call; `None` after the last page.
    next: Option<Request>,
    seen: Seen,
}

impl Transport {
    /// The pages of a list.
    #[must_use]
    pub fn pages(&self, first: Request) -> Pages {
        let mut seen = Seen::default();
        seen.insert(first.url.as_str());
        Pages {
            transport: self.clone(),
            next: Some(first),
            seen,
        }
    }

    /// The pages of a list from the cursor of an earlier [`Page`] on.
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor that leads elsewhere.
    pub fn pages_from(&self, first: &Request, cursor: &str) -> Result<Pages> {
        let mut pages = self.pages(first.clone());
        pages.next = Some(pages.follow(first, cursor)?);
        Ok(pages)
    }
}

impl Pages {
    /// The next page; `None` after the last.
    ///
    /// # Errors
    /// What the call answers, and `Unavailable` for a way to the next page that leads to another host or back.
    pub async fn next(&mut self) -> Option<Result<Page>> {
        let request = self.next.take()?;
        let page = match self.transport.page(&request).await {
            Ok(page) => page,
            Err(error) => {
                // Whoever asks again tries the same page again.
                self.next = Some(request);
                return Some(Err(error));
            }
        };
        if let Some(link) = page.cursor() {
            match self.follow(&request, link) {
                Ok(next) => self.next = Some(next),
                Err(error) => return Some(Err(error.with_call(request.shown()))),
            }
        }
        Some(Ok(page))
    }

    fn follow(&mut self, from: &Request, link: &str) -> Result<Request> {
        let refuse = |why: &str| {
            AzureError::new(
                ErrorKind::Unavailable,
                format!("go on to the next page: its address {why}, so the list is not complete"),
            )
        };
        // Some providers leave the host out.
        let url: Url = from.url.join(link).map_err(|_| refuse("is none"))?;
        if origin(&url) != origin(&from.url) {
            return Err(refuse("leads to another host, where the token must not go"));
        }
        if !self.seen.insert(url.as_str()) {
            return Err(refuse("leads back to a page that was read already"));
        }
        Ok(from.at(url))
    }
}

impl Transport {
    /// A page. One whose JSON is damaged is asked for again: something on the way has cut it.
    pub(super) async fn page(&self, request: &Request) -> Result<Page> {
        let mut made = 0;
        loop {
            made += 1;
            let page =
                Page::read(self.send(request).await?).map_err(|error| error.with_call(request.shown()));
            match (page, self.retry().wait(made, None)) {
                (Err(error), Some(wait)) if request.may_be_repeated && made < 3 => {
                    tracing::debug!(%error, "a page is asked for again");
                    self.pause(wait).await;
                }
                (page, _) => return page,
            }
        }
    }
}

/// What was followed already. Addresses of pages are long, and lists have many.
#[derive(Debug, Default)]
pub(super) struct Seen(HashSet<[u8; 16]>);

impl Seen {
    /// Whether it is new.
    pub(super) fn insert(&mut self, text: &str) -> bool {
        let mut short = [0; 16];
        let digest = digest::digest(&digest::SHA256, text.as_bytes());
        short.copy_from_slice(&digest.as_ref()[..16]);
        self.0.insert(short)
    }
}
