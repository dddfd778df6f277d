//! Lists in pages.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::{
    arm::Filter,
    tenant::Object,
    web::{Page, Reply, Token},
};

use super::{
    Ask,
    collections::Collection,
    relations,
    select::{show, show_typed},
};

/// The largest page.
const LARGEST: usize = 999;

/// The objects of a collection.
pub(super) fn list(ask: &Ask<'_>, collection: Collection) -> Result<Reply, Reply> {
    let filter = filter(ask)?;
    let search = search(ask)?;
    let keep = |object: &Arc<Object>| {
        filter.as_ref().is_none_or(|filter| filter.admits(object.body()))
            && search.as_ref().is_none_or(|search| matches(object, search))
    };
    let select = ask.select();
    let show = |object: &Arc<Object>| {
        let mut shown = show(object, select.as_deref());
        relations::expand(ask, object, &mut shown);
        shown
    };
    let count = counted(ask).then(|| ask.tenant().objects(collection.kind, None).filter(keep).count());
    let size = ask.size()?;
    let token = ask.token(collection.name)?;
    let (page, next) = if let Some(order) = ask.call.parameter("$orderby") {
        let mut all: Vec<_> = ask.tenant().objects(collection.kind, None).filter(keep).collect();
        sort(&mut all, order);
        let first = token.map_or(0, |token| usize::try_from(token.seen).unwrap_or(usize::MAX));
        let page = Page::take(all.into_iter().skip(first), size);
        let next = page
            .more
            .then(|| Token::new("", (first + size) as u64, &ask.listing(collection.name)));
        (page, next)
    } else {
        let after = token.as_ref().map(|token| token.after.as_str());
        let page = Page::take(ask.tenant().objects(collection.kind, after).filter(keep), size);
        let last = page.items.last().filter(|_| page.more);
        let next = last.map(|last| Token::new(last.id.clone(), 0, &ask.listing(collection.name)));
        (page, next)
    };
    let value = page.items.iter().map(show).collect();
    Ok(ask.page(collection.name, value, next.as_ref(), count))
}

/// A list of mixed kinds that has been collected, such as the members of a group.
pub(super) fn collected(ask: &Ask<'_>, objects: Vec<Arc<Object>>) -> Result<Reply, Reply> {
    const NAME: &str = "directoryObjects";
    let filter = filter(ask)?;
    let objects: Vec<_> = objects
        .into_iter()
        .filter(|object| filter.as_ref().is_none_or(|filter| filter.admits(object.body())))
        .collect();
    let count = counted(ask).then_some(objects.len());
    let size = ask.size()?;
    let first = ask
        .token(NAME)?
        .map_or(0, |token| usize::try_from(token.seen).unwrap_or(usize::MAX));
    let page = Page::take(objects.into_iter().skip(first), size);
    let next = page
        .more
        .then(|| Token::new("", (first + size) as u64, &ask.listing(NAME)));
    let select = ask.select();
    let value = page
        .items
        .iter()
        .map(|object| show_typed(object, select.as_deref()))
        .collect();
    Ok(ask.page(NAME, value, next.as_ref(), count))
}

/// A list of values that fits a page.
pub(super) fn plain(ask: &Ask<'_>, name: &str, value: Vec<Value>) -> Reply {
    ask.page(name, value, None, None)
}

/// How many a collection has, as text.
pub(super) fn count(ask: &Ask<'_>, collection: Collection) -> Reply {
    let count = ask.tenant().objects(collection.kind, None).count();
    Reply {
        status: 200,
        headers: vec![("content-type", "text/plain".to_owned())],
        body: count.to_string().into(),
    }
}

fn counted(ask: &Ask<'_>) -> bool {
    ask.call
        .parameter("$count")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

fn filter(ask: &Ask<'_>) -> Result<Option<Filter>, Reply> {
    let Some(text) = ask.call.parameter("$filter") else {
        return Ok(None);
    };
    let filter = Filter::parse(text);
    filter
        .map(Some)
        .ok_or_else(|| ask.bad_request(format!("Invalid filter clause: {text}")))
}

/// `$search="displayName:text"`, for which the client has to say that it accepts what is not quite new.
fn search(ask: &Ask<'_>) -> Result<Option<(String, String)>, Reply> {
    let Some(text) = ask.call.parameter("$search") else {
        return Ok(None);
    };
    if !ask
        .call
        .header("consistencylevel")
        .is_some_and(|level| level.eq_ignore_ascii_case("eventual"))
    {
        return Err(ask.bad_request("Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'"));
    }
    let (name, value) = text
        .trim_matches('"')
        .split_once(':')
        .unwrap_or(("displayName", text));
    Ok(Some((name.to_owned(), value.trim_matches('"').to_lowercase())))
}

fn matches(object: &Object, (name, text): &(String, String)) -> bool {
    object.body()[name]
        .as_str()
        .is_some_and(|value| value.to_lowercase().contains(text))
}

fn sort(objects: &mut [Arc<Object>], order: &str) {
    let (name, direction) = order.split_once(' ').unwrap_or((order, "asc"));
    let key = |object: &Arc<Object>| object.body()[name].as_str().unwrap_or_default().to_lowercase();
    objects.sort_by_key(key);
    if direction.trim().eq_ignore_ascii_case("desc") {
        objects.reverse();
    }
}

impl Ask<'_> {
    /// A page: context, link, values, in the order in which Azure has them.
    pub(super) fn page(
        &self,
        name: &str,
        value: Vec<Value>,
        next: Option<&Token>,
        count: Option<usize>,
    ) -> Reply {
        let mut body = Map::new();
        body.insert("@odata.context".to_owned(), json!(self.context(name)));
        if let Some(count) = count {
            body.insert("@odata.count".to_owned(), json!(count));
        }
        if let Some(token) = next {
            let link = self.call.link(&[("$skiptoken", &token.encode())]);
            body.insert("@odata.nextLink".to_owned(), json!(link));
        }
        body.insert("value".to_owned(), Value::Array(value));
        Reply::json(&Value::Object(body)).with(
            "content-type",
            "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        )
    }

    /// How many items the page has at most.
    pub(super) fn size(&self) -> Result<usize, Reply> {
        let Some(text) = self.call.parameter("$top") else {
            return Ok(self.world.config.pages.graph);
        };
        match text.parse::<usize>() {
            Ok(size @ 1..=LARGEST) => Ok(size),
            _ => Err(self.bad_request(format!(
                "Invalid page size specified: '{text}'. Must be between 1 and {LARGEST} inclusive."
            ))),
        }
    }

    /// Where the page begins.
    pub(super) fn token(&self, name: &str) -> Result<Option<Token>, Reply> {
        let Some(text) = self.call.parameter("$skiptoken") else {
            return Ok(None);
        };
        match Token::decode(text, &self.listing(name)) {
            Some(token) => Ok(Some(token)),
            None => Err(self.bad_request("Invalid skip token.")),
        }
    }

    /// What a token belongs to.
    pub(super) fn listing<'b>(&'b self, name: &'b str) -> [&'b str; 3] {
        [
            name,
            &self.call.path,
            self.call.parameter("$filter").unwrap_or_default(),
        ]
    }
}
