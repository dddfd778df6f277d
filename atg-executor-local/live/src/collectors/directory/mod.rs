//! Microsoft Entra ID, from Microsoft Graph.
//!
//! Objects come in pages of 999 with the properties that are asked for; what hangs on each (members, owners, roles that it
//! gives) is asked for in batches of twenty and put into it, so that an object is handed out whole.

mod changed;
mod kinds;
mod relations;

use std::sync::Arc;

use async_trait::async_trait;
use atg_azure::transport::{Request, Transport};
use serde_json::{Map, Value};

pub(super) use self::changed::ChangedObjects;
pub(crate) use self::changed::{FEEDS, Feed};
pub(super) use self::kinds::KINDS;
use self::kinds::Kind;
use crate::{
    collector::{CallDeclaration, Collector, Declaration, Part},
    ground::Ground,
    listing::{First, Listing},
    page::{Made, Source},
    reader::{Reader, Shortfall},
};

/// What the names of these collectors begin with.
pub(super) const PREFIX: &str = "directory/";

/// An object on its way.
type Object = Map<String, Value>;

/// Reads one kind of object.
#[derive(Debug)]
pub(super) struct Directory {
    declaration: Declaration,
    kind: &'static Kind,
}

/// One collector for each kind.
pub(super) fn all() -> impl Iterator<Item = Arc<dyn Collector>> {
    KINDS
        .iter()
        .map(|kind| Arc::new(Directory::new(kind)) as Arc<dyn Collector>)
}

impl Directory {
    fn new(kind: &'static Kind) -> Self {
        let call = |path: String| CallDeclaration::new(path, "v1.0", kind.permission);
        let mut calls = vec![call(format!("GET /{}", kind.path))];
        if FEEDS.iter().any(|feed| feed.path == kind.path) {
            // Where the feed goes on behind this scan.
            calls.push(call(format!("GET /{}/delta", kind.path)));
        }
        if !kind.relations.is_empty() {
            calls.push(call("POST /$batch".to_owned()));
            calls.push(call(format!("GET /{}/{{id}}", kind.path)));
        }
        for relation in kind.relations {
            calls.push(call(format!("GET /{}/{{id}}/{}", kind.path, relation.list)));
        }
        Self {
            declaration: Declaration {
                name: format!("{PREFIX}{}", kind.path).into(),
                about: kind.about.into(),
                part: Part::Directory,
                calls,
                reads: Vec::new(),
                lists_all: vec![kind.odata_type().to_lowercase().into()],
                optional: true,
                follows: Vec::new(),
            },
            kind,
        }
    }
}

#[async_trait]
impl Collector for Directory {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn begin(&self, _ground: &Ground) -> Vec<Listing> {
        let Kind {
            path, select, top, ..
        } = self.kind;
        let top = if *top { "&$top=999" } else { "" };
        vec![Listing::directory(format!("/v1.0/{path}?$select={select}{top}"))]
    }

    async fn read(&self, listing: &Listing, reader: &mut Reader) -> Result<(), Shortfall> {
        let First::Directory(path) = &listing.first else {
            return reader.read_all(listing).await;
        };
        let transport = reader.transport().clone();
        let first = Request::get_graph(transport.cloud(), path)?;
        let mut pages = match reader.cursor() {
            Some(cursor) => transport.pages_from(&first, cursor)?,
            None => transport.pages(first),
        };
        while let Some(page) = pages.next().await {
            let page = page?;
            let objects: Result<Vec<Object>, Shortfall> =
                page.items().map(|text| object_of(self.kind, text)).collect();
            let made = whole(&transport, self.kind, objects?).await?;
            let cursor = page.cursor().map(str::to_owned);
            reader
                .hand_out(Source::MicrosoftGraph, made, cursor, page.answer().ids().request)
                .await?;
        }
        Ok(())
    }
}

/// An object, which says what it is: lists of one kind do not.
fn object_of(kind: &Kind, text: &str) -> Result<Object, Shortfall> {
    let mut object: Object = serde_json::from_str(text)
        .map_err(|error| Shortfall::contradiction(format!("an object of {} is none: {error}", kind.path)))?;
    object.insert("@odata.type".to_owned(), kind.odata_type().into());
    Ok(object)
}

/// Objects with what hangs on them.
async fn whole(transport: &Transport, kind: &Kind, objects: Vec<Object>) -> Result<Made, Shortfall> {
    let mut made = Made::default();
    for object in relations::complete(transport, kind, objects).await? {
        made.push(&Value::Object(object).to_string());
    }
    Ok(made)
}
