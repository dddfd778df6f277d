//! Pages of Azure, parsed, filtered and described, and what a checkpoint keeps of them. Pure and on any thread.

use std::{io, sync::Arc};

use atg_live::{
    collector::scope_of,
    feed::Basis,
    page::{Page, Source as Said},
};
use atg_sdk::{Error, Result, azure::TenantId};
use serde::{Deserialize, Serialize};

use super::{
    filter::Filters,
    portion::{Of, Portion},
    unit::{Collector, UnitKey},
};
use crate::{
    describe::{Describer, redact},
    graph::Source,
    json::Json,
};

/// Quick: what is kept is read once, if ever.
const LEVEL: i32 = 1;

/// What became of some pages.
#[derive(Debug)]
pub(crate) struct Worked {
    pub(crate) portion: Portion,
    /// For a scan that goes on later; empty where there is nothing to remember.
    pub(crate) checkpoint: Vec<u8>,
}

/// What a checkpoint says of a page. The objects follow it, one a line.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    collector: String,
    listing: String,
    scopes: Vec<String>,
    source: String,
    objects: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    last: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

const fn source(said: Said) -> Source {
    match said {
        Said::ResourceGraph => Source::ResourceGraph,
        Said::ResourceManager => Source::Arm,
        Said::MicrosoftGraph => Source::MicrosoftGraph,
    }
}

/// Works through pages, and keeps their objects without what may be a secret.
///
/// # Errors
/// When memory cannot be written to.
pub(crate) fn work_through(pages: &[Page], filters: &Filters, tenant: TenantId) -> Result<Worked> {
    let mut portion = Portion::default();
    let mut kept = Vec::new();
    let name = tenant.to_string();
    for page in pages {
        let head = Kept {
            collector: page.collector.to_string(),
            listing: page.listing.to_string(),
            scopes: page.scopes.to_vec(),
            source: source(page.source).name().to_owned(),
            objects: page.items.len(),
            cursor: page.cursor.clone(),
            last: page.last,
            request_id: page.request_id.clone(),
        };
        push_line(&mut kept, &serde_json::to_string(&head).unwrap_or_default());
        // One a page, for the reason that a file has one a batch.
        let describer = Describer::new(tenant, source(page.source));
        for text in page.texts() {
            let mut of = Of {
                place: None,
                bytes: text.len() as u64,
                unit: Some(UnitKey {
                    scope: page.scopes.first().cloned().unwrap_or_default(),
                    collector: Collector::Live(Arc::clone(&page.collector)),
                }),
            };
            match Json::parse(text.as_bytes()) {
                Ok(mut object) => {
                    redact::apply(&mut object);
                    let line = object.to_string();
                    // As long as what is kept of it: a scan that goes on counts the same.
                    of.bytes = line.len() as u64;
                    push_line(&mut kept, &line);
                    portion.parsed += 1;
                    if let (true, Some(id), Some(unit)) = (
                        page.scopes.len() > 1,
                        object.get("id").and_then(Json::as_str),
                        &mut of.unit,
                    ) {
                        unit.scope = scope_of(id);
                    }
                    portion.take(object, &of, (filters, &describer, &name));
                }
                Err(error) => {
                    // What cannot be read cannot be searched for secrets either.
                    push_line(&mut kept, "null");
                    portion.unread(&of, &error.to_string());
                }
            }
        }
    }
    let checkpoint =
        zstd::encode_all(&kept[..], LEVEL).map_err(|error| failed("keep a checkpoint", error))?;
    Ok(Worked { portion, checkpoint })
}

/// The first checkpoint of a scan: what it goes by.
#[derive(Serialize, Deserialize)]
struct KeptBasis {
    basis: Basis,
}

/// Keeps what a scan goes by, for the run of it that goes on.
///
/// # Errors
/// When memory cannot be written to.
pub(crate) fn keep_basis(basis: &Basis) -> Result<Vec<u8>> {
    let basis = KeptBasis { basis: basis.clone() };
    let text =
        serde_json::to_vec(&basis).map_err(|error| failed("keep a checkpoint", io::Error::from(error)))?;
    zstd::encode_all(&text[..], LEVEL).map_err(|error| failed("keep a checkpoint", error))
}

/// What a scan goes by, if that checkpoint keeps it.
///
/// # Errors
/// `Internal` for one that is damaged.
pub(crate) fn read_basis(content: &[u8]) -> Result<Option<Basis>> {
    let text = zstd::decode_all(content).map_err(|error| failed("read a checkpoint", error))?;
    let kept: Option<KeptBasis> = serde_json::from_slice(&text).ok();
    Ok(kept.map(|kept| kept.basis))
}

/// The pages that a checkpoint holds.
///
/// # Errors
/// `Internal` for one that is damaged.
pub(crate) fn read_checkpoint(content: &[u8]) -> Result<Vec<Page>> {
    let doing = "read a checkpoint";
    let text = zstd::decode_all(content).map_err(|error| failed(doing, error))?;
    let mut rest = &text[..];
    let mut pages = Vec::new();
    while !rest.is_empty() {
        let head: Kept = serde_json::from_slice(take_line(&mut rest))
            .map_err(|error| failed(doing, io::Error::from(error)))?;
        let (mut body, mut items) = (Vec::new(), Vec::with_capacity(head.objects));
        for _ in 0..head.objects {
            let start = body.len();
            body.extend_from_slice(take_line(&mut rest));
            items.push(start..body.len());
        }
        pages.push(Page {
            collector: head.collector.into(),
            listing: head.listing.into(),
            scopes: head.scopes.into(),
            source: match head.source.as_str() {
                "resource_graph" => Said::ResourceGraph,
                "microsoft_graph" => Said::MicrosoftGraph,
                _ => Said::ResourceManager,
            },
            text: body.into(),
            items,
            cursor: head.cursor,
            last: head.last,
            request_id: head.request_id,
        });
    }
    Ok(pages)
}

/// JSON that we write ourselves holds no line ends.
fn push_line(out: &mut Vec<u8>, line: &str) {
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
}

fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let (line, behind) = rest.split_at(end);
    *rest = behind.get(1..).unwrap_or_default();
    line
}

fn failed(doing: &str, error: io::Error) -> Error {
    Error::internal(format!("{doing} of the scan")).with_source(error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(texts: &[&str], last: bool) -> Page {
        let (mut text, mut items) = (String::new(), Vec::new());
        for object in texts {
            let start = text.len();
            text.push_str(object);
            items.push(start..text.len());
        }
        Page {
            collector: "resources".into(),
            listing: "share/0".into(),
            scopes: vec!["/subscriptions/a".to_owned(), "/subscriptions/b".to_owned()].into(),
            source: Said::ResourceGraph,
            text: text.into(),
            items,
            cursor: (!last).then(|| "next".to_owned()),
            last,
            request_id: Some("r".to_owned()),
        }
    }

    #[test]
    fn a_checkpoint_holds_its_pages_and_no_secret() {
        let one = json!({"id": "/subscriptions/A/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            "type": "microsoft.compute/virtualmachines", "properties": {"osProfile": {"adminPassword": "canary-1"}}});
        let pages = [
            page(&[&one.to_string(), "{\"id\": 1,\n \"type\":"], false),
            page(&[], true),
        ];
        let filters = Filters::new(&serde_json::from_value(json!({})).unwrap()).unwrap();
        let tenant = "00000000-0000-0000-0000-0000000000aa".parse().unwrap();
        let worked = work_through(&pages, &filters, tenant).unwrap();
        assert_eq!((worked.portion.rows.len(), worked.portion.problems.len()), (1, 1));
        let scopes: Vec<_> = worked
            .portion
            .tallies
            .keys()
            .map(|key| key.scope.as_str())
            .collect();
        assert_eq!(scopes, ["/subscriptions/a"]);
        assert_eq!(worked.portion.rows[0].description.redacted.len(), 1);

        let kept = read_checkpoint(&worked.checkpoint).unwrap();
        let shown = format!("{kept:?}") + &kept[0].texts().collect::<String>();
        assert!(!shown.contains("canary"), "{shown}");
        let facts: Vec<_> = kept
            .iter()
            .map(|page| (page.items.len(), page.last, page.cursor.as_deref()))
            .collect();
        assert_eq!(facts, [(2, false, Some("next")), (0, true, None)]);
        let again = work_through(&kept, &filters, tenant).unwrap();
        assert_eq!(
            again.portion.rows[0].description,
            worked.portion.rows[0].description
        );
        assert_eq!(
            again.portion.tallies.values().map(|tally| tally.bad).sum::<u64>(),
            1
        );
    }

    #[test]
    fn what_a_scan_goes_by_is_kept_and_pages_are_no_such_thing() {
        let basis = Basis {
            at: Some("now".to_owned()),
            links: [("users".to_owned(), "https://link".to_owned())].into(),
            ..Basis::default()
        };
        let kept = keep_basis(&basis).unwrap();
        assert_eq!(read_basis(&kept).unwrap(), Some(basis.clone()));
        assert!(!format!("{basis:?}").contains("https"), "{basis:?}");
        let filters = Filters::new(&serde_json::from_value(json!({})).unwrap()).unwrap();
        let tenant = "00000000-0000-0000-0000-0000000000aa".parse().unwrap();
        let pages = work_through(&[page(&["{}"], true)], &filters, tenant).unwrap();
        assert_eq!(read_basis(&pages.checkpoint).unwrap(), None);
        assert!(read_basis(b"no checkpoint").is_err());
    }

    #[test]
    fn a_damaged_checkpoint_is_refused() {
        assert!(read_checkpoint(b"no checkpoint").is_err());
        let bad = zstd::encode_all(&b"{}\n"[..], LEVEL).unwrap();
        assert!(read_checkpoint(&bad).is_err());
    }
}
