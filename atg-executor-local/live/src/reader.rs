//! What a collector reads with.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    ops::Range,
    sync::Arc,
};

use atg_azure::{
    AzureError,
    transport::{Page as AzurePage, Request, ResourceGraphQuery, Transport},
};
use atg_sdk::ErrorKind;
use bytes::Bytes;
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::{
    children::says_there_are_none,
    ground::Ground,
    listing::{First, Listing},
    page::{Made, Page, Source},
    run::{Event, Followers},
};

/// What is missing of a list, and why.
#[derive(Debug, Clone)]
pub struct Shortfall {
    /// What machines act on: whether it may pass, whether a permission is missing.
    pub kind: ErrorKind,
    /// In words.
    pub reason: String,
    /// Whether only reading it from its beginning again may help.
    pub(crate) from_beginning: bool,
    /// Nobody listens any more.
    pub(crate) stopped: bool,
}

impl Shortfall {
    /// From its parts.
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> Self {
        Self {
            kind,
            reason: reason.into(),
            from_beginning: false,
            stopped: false,
        }
    }

    /// What came contradicts itself: it is read again from its beginning.
    pub fn contradiction(reason: impl Into<String>) -> Self {
        Self {
            from_beginning: true,
            ..Self::new(ErrorKind::Unavailable, reason)
        }
    }
}

impl From<AzureError> for Shortfall {
    fn from(error: AzureError) -> Self {
        Self::new(error.kind(), error.to_string())
    }
}

/// How far a list was read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    pub(crate) cursor: Option<String>,
    pub(crate) ended: bool,
    pub(crate) pages: u64,
    pub(crate) objects: u64,
    pub(crate) request_ids: Vec<String>,
    /// Hashes of the IDs of a query's rows.
    pub(crate) ids: HashSet<u64>,
}

/// Reads one list for its collector.
#[derive(Debug)]
pub struct Reader {
    pub(crate) transport: Transport,
    pub(crate) ground: Arc<Ground>,
    pub(crate) collector: Arc<str>,
    pub(crate) listing: Arc<str>,
    pub(crate) scopes: Arc<[String]>,
    pub(crate) progress: Progress,
    pub(crate) followers: Arc<Followers>,
    pub(crate) pages: mpsc::Sender<Event>,
}

impl Reader {
    /// What makes calls.
    #[must_use]
    pub fn transport(&self) -> &Transport {
        &self.transport
    }

    /// What was known before.
    #[must_use]
    pub fn ground(&self) -> &Ground {
        &self.ground
    }

    /// Where to go on, as the last page that was handed out said it; `None` at the beginning. A list whose cursor is refused
    /// is begun again.
    #[must_use]
    pub fn cursor(&self) -> Option<&str> {
        self.progress.cursor.as_deref()
    }

    /// Hands out objects that the collector has put together. `cursor` says how to go on behind them; `None` that this was
    /// the end.
    ///
    /// # Errors
    /// When nobody listens any more: pass it on.
    pub async fn hand_out(
        &mut self,
        source: Source,
        made: Made,
        cursor: Option<String>,
        request_id: Option<String>,
    ) -> Result<(), Shortfall> {
        let last = cursor.is_none();
        let Made { text, items } = made;
        self.emit(source, (text.into(), items), cursor, request_id, last)
            .await
    }

    /// Reads everything that the list begins with, page by page, and hands it out as it came.
    ///
    /// # Errors
    /// What is missing, and why.
    pub async fn read_all(&mut self, listing: &Listing) -> Result<(), Shortfall> {
        match &listing.first {
            First::Query { text, subscriptions } => self.read_query(listing, text, subscriptions).await,
            First::List(path) => {
                let request = Request::get(self.transport.cloud(), path)?;
                self.read_list(listing, request, Source::ResourceManager).await
            }
            First::Object(path) => self.read_object(listing, path).await,
            First::Directory(path) => {
                let request = Request::get_graph(self.transport.cloud(), path)?;
                self.read_list(listing, request, Source::MicrosoftGraph).await
            }
            First::Own => Err(Shortfall::new(
                ErrorKind::Internal,
                format!("{}: how to read it is its collector's to know", listing.key),
            )),
        }
    }

    async fn read_query(
        &mut self,
        listing: &Listing,
        text: &str,
        subscriptions: &[String],
    ) -> Result<(), Shortfall> {
        let query = ResourceGraphQuery::new(text).in_subscriptions(subscriptions);
        let mut pages = self.transport.query(query, &listing.key)?;
        if let Some(cursor) = self.cursor() {
            pages = pages.from_cursor(cursor);
        }
        while let Some(page) = pages.next().await {
            let page = page?;
            if page.is_truncated() {
                return Err(Shortfall::contradiction(
                    "Resource Graph left rows out and gave no way to them",
                ));
            }
            let before = self.progress.ids.len();
            for text in page.items() {
                let id = Head::of(text).id;
                self.progress.ids.insert(hash(&id));
            }
            let read = self.progress.ids.len();
            if read == before && !page.is_empty() {
                return Err(Shortfall::contradiction("Resource Graph gave a page twice"));
            }
            let cursor = page.cursor().map(str::to_owned);
            // The last page tells how many rows there were when it was made: fewer came only if some were left out.
            if let (None, Some(total)) = (&cursor, page.total())
                && (read as u64) < total
            {
                return Err(Shortfall::contradiction(format!(
                    "Resource Graph tells of {total} rows and gave {read}"
                )));
            }
            self.emit_answer(Source::ResourceGraph, &page, cursor).await?;
        }
        Ok(())
    }

    async fn read_list(
        &mut self,
        listing: &Listing,
        first: Request,
        source: Source,
    ) -> Result<(), Shortfall> {
        let mut pages = match self.cursor() {
            Some(cursor) => self.transport.pages_from(&first, cursor)?,
            None => self.transport.pages(first),
        };
        while let Some(page) = pages.next().await {
            match page {
                Ok(page) => {
                    let cursor = page.cursor().map(str::to_owned);
                    self.emit_answer(source, &page, cursor).await?;
                }
                Err(error) if is_none(&error) => return self.emit_none(source, &error).await,
                Err(error) if error.status() == Some(404) => {
                    return self.judge_absence(listing, source, error).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    async fn read_object(&mut self, listing: &Listing, path: &str) -> Result<(), Shortfall> {
        let request = Request::get(self.transport.cloud(), path)?;
        match self.transport.send(&request).await {
            Ok(answer) => {
                let request_id = answer.ids().request;
                let body = answer.body().clone();
                let all = 0..body.len();
                let source = Source::ResourceManager;
                self.emit(source, (body, vec![all]), None, request_id, true).await
            }
            // What may or may not lie in a parent is asked for by its name: not found is an answer.
            Err(error) if is_none(&error) || (error.status() == Some(404) && listing.parent.is_some()) => {
                self.emit_none(Source::ResourceManager, &error).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Nothing is there.
    async fn emit_none(&mut self, source: Source, error: &AzureError) -> Result<(), Shortfall> {
        let request_id = error.request_id().map(str::to_owned);
        self.emit(source, (Bytes::new(), Vec::new()), None, request_id, true)
            .await
    }

    /// A list that is not there is empty if what it is a list of is gone too. If that is there, the list is missing.
    async fn judge_absence(
        &mut self,
        listing: &Listing,
        source: Source,
        error: AzureError,
    ) -> Result<(), Shortfall> {
        let Some(parent) = &listing.parent else {
            return Err(error.into());
        };
        let request = Request::get(self.transport.cloud(), parent)?;
        match self.transport.send(&request).await {
            Err(gone) if gone.status() == Some(404) => self.emit_none(source, &error).await,
            Err(other) => Err(other.into()),
            Ok(_) => Err(error.into()),
        }
    }

    async fn emit_answer(
        &mut self,
        source: Source,
        page: &AzurePage,
        cursor: Option<String>,
    ) -> Result<(), Shortfall> {
        let last = cursor.is_none();
        let parts = (page.answer().body().clone(), page.ranges().to_vec());
        self.emit(source, parts, cursor, page.answer().ids().request, last)
            .await
    }

    async fn emit(
        &mut self,
        source: Source,
        (text, items): (Bytes, Vec<Range<usize>>),
        cursor: Option<String>,
        request_id: Option<String>,
        last: bool,
    ) -> Result<(), Shortfall> {
        let page = Page {
            collector: Arc::clone(&self.collector),
            listing: Arc::clone(&self.listing),
            scopes: Arc::clone(&self.scopes),
            source,
            text,
            items,
            cursor,
            last,
            request_id,
        };
        // Before the page: who knows the page knows what follows from it.
        self.followers.tell(&page);
        self.progress.pages += 1;
        self.progress.objects += page.items.len() as u64;
        self.progress.cursor.clone_from(&page.cursor);
        self.progress.request_ids.extend(page.request_id.clone());
        self.pages.send(Event::Page(page)).await.map_err(|_| Shortfall {
            stopped: true,
            ..Shortfall::new(ErrorKind::Cancelled, "nobody listens any more")
        })
    }
}

/// Whether a refusal says that the parent cannot have what was asked for.
fn is_none(error: &AzureError) -> bool {
    let (status, code) = (error.status(), error.code());
    status.is_some_and(|status| says_there_are_none(status, code.unwrap_or_default()))
}

/// What every object of Resource Manager says of itself.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Head {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default, rename = "type")]
    pub(crate) resource_type: String,
    #[serde(default)]
    pub(crate) kind: Option<String>,
}

impl Head {
    /// What has none is nobody's parent; whoever describes it says what is wrong with it.
    pub(crate) fn of(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

/// Of an ID, in whatever spelling.
pub(crate) fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.to_lowercase().hash(&mut hasher);
    hasher.finish()
}
