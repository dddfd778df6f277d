//! What hangs on objects, in batches.

use atg_azure::transport::{BatchRead, Request, Transport};
use serde::Deserialize;
use serde_json::Value;

use super::{Kind, Object, kinds::Relation};
use crate::reader::Shortfall;

#[derive(Deserialize)]
struct Page {
    value: Vec<Value>,
    #[serde(rename = "@odata.nextLink")]
    next: Option<String>,
}

/// Puts into each object what hangs on it. Objects that are gone meanwhile are left out.
pub(super) async fn complete(
    transport: &Transport,
    kind: &Kind,
    objects: Vec<Object>,
) -> Result<Vec<Object>, Shortfall> {
    if kind.relations.is_empty() {
        return Ok(objects);
    }
    let path = |object: &Object, relation: &Relation| {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        format!("/{}/{id}/{}?{}", kind.path, relation.list, relation.query)
    };
    let mut reads = Vec::with_capacity(objects.len() * kind.relations.len());
    for object in &objects {
        reads.extend(kind.relations.iter().map(|relation| BatchRead {
            path: path(object, relation),
            cost: relation.cost,
        }));
    }
    let mut answers = transport.batch(&reads).await?.into_iter().zip(&reads);
    let mut whole = Vec::with_capacity(objects.len());
    for mut object in objects {
        let mut is_there = true;
        for relation in kind.relations {
            let Some((answer, read)) = answers.next() else {
                return Err(Shortfall::contradiction(
                    "a batch has fewer answers than requests",
                ));
            };
            match answer {
                Ok(body) => {
                    let items = all_pages(transport, &read.path, &body).await?;
                    object.insert(relation.list.to_owned(), relation.shown(items));
                }
                Err(error) if error.status() == Some(404) => {
                    // Gone between its own list and this one? Otherwise something is missing.
                    if is_object(transport, kind, &object).await? {
                        return Err(Shortfall::contradiction(error.to_string()));
                    }
                    is_there = false;
                }
                Err(error) => return Err(error.into()),
            }
        }
        if is_there {
            whole.push(object);
        }
    }
    Ok(whole)
}

/// The items of a list whose first page has come.
async fn all_pages(transport: &Transport, path: &str, first: &[u8]) -> Result<Vec<Value>, Shortfall> {
    let damaged = |error: serde_json::Error| Shortfall::contradiction(format!("{path} is no list: {error}"));
    let page: Page = serde_json::from_slice(first).map_err(damaged)?;
    let mut items = page.value;
    if let Some(next) = page.next {
        let request = Request::get_graph(transport.cloud(), &format!("/v1.0{path}"))?;
        let mut pages = transport.pages_from(&request, &next)?;
        while let Some(page) = pages.next().await {
            for text in page?.items() {
                items.push(serde_json::from_str(text).map_err(damaged)?);
            }
        }
    }
    Ok(items)
}

async fn is_object(transport: &Transport, kind: &Kind, object: &Object) -> Result<bool, Shortfall> {
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let request = Request::get_graph(transport.cloud(), &format!("/v1.0/{}/{id}?$select=id", kind.path))?;
    match transport.send(&request).await {
        Ok(_) => Ok(true),
        Err(error) if error.status() == Some(404) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

impl Relation {
    /// In an order that does not change by itself: Microsoft Graph promises none.
    fn shown(&self, mut items: Vec<Value>) -> Value {
        if self.ids {
            for item in &mut items {
                *item = item["id"].take();
            }
        }
        let key = |item: &Value| match item {
            Value::String(id) => id.clone(),
            other => other["id"].as_str().unwrap_or_default().to_owned(),
        };
        items.sort_by_cached_key(key);
        Value::Array(items)
    }
}
