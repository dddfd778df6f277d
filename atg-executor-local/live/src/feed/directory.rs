//! The feeds of Microsoft Graph: `delta`.

use std::collections::BTreeSet;

use atg_azure::transport::{Page, Request, Transport};
use atg_sdk::ErrorKind;
use serde::Deserialize;

use crate::{
    collectors::{FEEDS, Feed},
    reader::{Head, Shortfall},
};

#[derive(Deserialize)]
struct Round {
    #[serde(rename = "@odata.deltaLink")]
    link: Option<String>,
}

/// The collections whose feeds tell of everything that is read of their objects.
pub fn collections() -> impl Iterator<Item = &'static str> {
    FEEDS.iter().map(|feed| feed.path)
}

/// A link that tells what changes from now on.
///
/// # Errors
/// What the call answers.
pub async fn begin(transport: &Transport, collection: &str) -> Result<String, Shortfall> {
    let feed = feed(collection)?;
    let request = Request::get_graph(transport.cloud(), &feed.latest())?;
    let mut pages = transport.pages(request);
    let mut link = None;
    while let Some(page) = pages.next().await {
        link = link_of(&page?)?.or(link);
    }
    link.ok_or_else(|| Shortfall::contradiction("the feed gives no link to go on with"))
}

/// The IDs of the objects that changed since a link was given, those that are gone among them, and the next link.
///
/// # Errors
/// What the call answers: `Gone` for a link that is too old.
pub async fn changes(
    transport: &Transport,
    collection: &str,
    link: &str,
) -> Result<(String, Vec<String>), Shortfall> {
    let first = Request::get_graph(transport.cloud(), &feed(collection)?.latest())?;
    let mut pages = transport.pages_from(&first, link)?;
    let (mut ids, mut next) = (BTreeSet::new(), None);
    while let Some(page) = pages.next().await {
        let page = page?;
        for text in page.items() {
            let id = Head::of(text).id;
            if id.is_empty() {
                return Err(Shortfall::contradiction("a change names no object"));
            }
            ids.insert(id);
        }
        next = link_of(&page)?.or(next);
    }
    let next = next.ok_or_else(|| Shortfall::contradiction("the feed gives no link to go on with"))?;
    Ok((next, ids.into_iter().collect()))
}

fn link_of(page: &Page) -> Result<Option<String>, Shortfall> {
    let round: Round = page.answer().json()?;
    Ok(round.link)
}

fn feed(collection: &str) -> Result<&'static Feed, Shortfall> {
    FEEDS
        .iter()
        .find(|own| own.path == collection)
        .ok_or_else(|| Shortfall::new(ErrorKind::Internal, format!("{collection} has no change feed")))
}
