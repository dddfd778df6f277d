//! Change feeds: everything in pages, then a link that brings what changed since.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::{
    error,
    tenant::Object,
    web::{Page, Reply, Token},
};

use super::{Ask, collections::Collection, select::show};

/// How long a link may be used.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Lists whose changes the feed tells beside those of properties.
const LISTS: [&str; 2] = ["members", "owners"];

/// `COLLECTION/delta`
pub(super) fn answer(ask: &Ask<'_>, collection: Collection) -> Result<Reply, Reply> {
    if !collection.delta {
        return Err(ask.unknown_segment("delta"));
    }
    match ask.call.parameter("$deltatoken") {
        Some("latest") => Ok(ask.page_of_changes(collection, Vec::new(), None)),
        Some(text) => since(ask, collection, text),
        None => all(ask, collection),
    }
}

/// The first round: every object, page by page. What changes meanwhile is told by the link at its end, which goes back
/// to where the round began.
fn all(ask: &Ask<'_>, collection: Collection) -> Result<Reply, Reply> {
    let token = ask.token(collection.name)?;
    let begun = token
        .as_ref()
        .map_or_else(|| ask.tenant().history().last(), |token| token.seen);
    let after = token.as_ref().map(|token| token.after.as_str());
    let page = Page::take(ask.tenant().objects(collection.kind, after), ask.size()?);
    let select = ask.select();
    let value: Vec<Value> = page
        .items
        .iter()
        .map(|object| whole(ask, object, select.as_deref()))
        .collect();
    let last = page.items.last().filter(|_| page.more);
    match last {
        Some(last) => {
            let next = Token::new(last.id.clone(), begun, &ask.listing(collection.name));
            Ok(ask.page(collection.name, value, Some(&next), None))
        }
        None => Ok(ask.page_of_changes(collection, value, Some(begun))),
    }
}

/// What changed since a link was given.
fn since(ask: &Ask<'_>, collection: Collection, text: &str) -> Result<Reply, Reply> {
    let Some(token) = Token::decode(text, &["delta", collection.name]) else {
        return Err(ask.bad_request("Badly formed token."));
    };
    let given: Option<Timestamp> = token.after.parse().ok();
    if given.is_none_or(|given| ask.world.now().duration_since(given) > KEPT) {
        let start = format!("{}/{}/delta", ask.root(), collection.name);
        return Err(error::graph(
            410,
            "syncStateNotFound",
            "The sync state generation is not found; a full sync is needed.",
            ask.world.now(),
        )
        .with("location", start));
    }
    let history = ask.tenant().history();
    let mut first = BTreeMap::<&str, (Option<&Arc<Object>>, Option<&Arc<Object>>)>::new();
    for change in history.objects.iter().filter(|change| change.number > token.seen) {
        let Some(subject) = change.subject().filter(|subject| subject.kind == collection.kind) else {
            continue;
        };
        let entry = first.entry(&subject.id).or_insert((change.before.as_ref(), None));
        entry.1 = change.after.as_ref();
    }
    let select = ask.select();
    let value = first
        .into_iter()
        .filter_map(|(id, (before, after))| match (before, after) {
            (_, Some(after)) => Some(changed(ask, before, after, select.as_deref())),
            (Some(_), None) => Some(json!({"id": id, "@removed": {"reason": "changed"}})),
            (None, None) => None,
        })
        .collect();
    Ok(ask.page_of_changes(collection, value, None))
}

/// An object of the first round, with its lists in the form of changes.
fn whole(ask: &Ask<'_>, object: &Object, select: Option<&[String]>) -> Value {
    let mut shown = show(object, select);
    for list in told(select) {
        let ids: Vec<Value> = object.linked(list).map(|id| reference(ask, id)).collect();
        if !ids.is_empty() {
            shown[format!("{list}@delta")] = Value::Array(ids);
        }
    }
    shown
}

/// An object that changed, with those who came and went.
fn changed(ask: &Ask<'_>, before: Option<&Arc<Object>>, after: &Object, select: Option<&[String]>) -> Value {
    let Some(before) = before else {
        return whole(ask, after, select);
    };
    let mut shown = show(after, select);
    for list in told(select) {
        let ids = |object: &Object| {
            object
                .linked(list)
                .map(str::to_lowercase)
                .collect::<BTreeSet<_>>()
        };
        let (old, new) = (ids(before), ids(after));
        let came = new.difference(&old).map(|id| reference(ask, id));
        let went = old.difference(&new).map(|id| {
            let mut gone = reference(ask, id);
            gone["@removed"] = json!({"reason": "deleted"});
            gone
        });
        let changes: Vec<Value> = came.chain(went).collect();
        if !changes.is_empty() {
            shown[format!("{list}@delta")] = Value::Array(changes);
        }
    }
    shown
}

/// The lists that are told: those selected, or all where nothing is.
fn told(select: Option<&[String]>) -> impl Iterator<Item = &'static str> {
    LISTS
        .into_iter()
        .filter(move |list| select.is_none_or(|select| select.iter().any(|name| name == list)))
}

fn reference(ask: &Ask<'_>, id: &str) -> Value {
    let kind = ask
        .tenant()
        .object(id)
        .map_or_else(|| "directoryObject".to_owned(), |object| object.kind.clone());
    json!({"@odata.type": format!("#microsoft.graph.{kind}"), "id": id})
}

impl Ask<'_> {
    /// The last page of a round, with the link to the next round.
    fn page_of_changes(&self, collection: Collection, value: Vec<Value>, begun: Option<u64>) -> Reply {
        let number = begun.unwrap_or_else(|| self.tenant().history().last());
        let token = Token::new(self.world.now().to_string(), number, &["delta", collection.name]).encode();
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(self.context(collection.name)));
        let link = self
            .call
            .link_without(&["$skiptoken"], &[("$deltatoken", &token)]);
        body.insert("@odata.deltaLink".to_owned(), json!(link));
        body.insert("value".to_owned(), Value::Array(value));
        Reply::json(&Value::Object(body))
    }
}
