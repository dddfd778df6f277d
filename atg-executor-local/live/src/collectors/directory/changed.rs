//! Objects of which a feed tells something, by their IDs.

use async_trait::async_trait;
use atg_azure::transport::BatchRead;

use super::{Directory, KINDS, Kind, object_of, whole};
use crate::{
    collector::{CallDeclaration, Collector, Declaration},
    feed::changed_name,
    ground::Ground,
    listing::{First, Lane, Listing},
    page::Source,
    reader::{Reader, Shortfall},
};

/// So many objects are handed out at a time.
const AT_ONCE: usize = 200;

/// A collection whose feed tells of every change of what is read of it.
///
/// Of service principals and applications it tells what they are, and not who has their roles or owns them; directory roles
/// are few, and matter too much to miss one: these are read whole.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) path: &'static str,
    /// The lists whose changes are told, each behind a comma; `None` where the feed takes no `$select`.
    lists: Option<&'static str>,
}

pub(crate) const FEEDS: &[Feed] = &[
    Feed {
        path: "users",
        lists: Some(""),
    },
    Feed {
        path: "groups",
        lists: Some(",members,owners"),
    },
    Feed {
        path: "oauth2PermissionGrants",
        lists: None,
    },
];

impl Feed {
    /// What gives a link to the changes from now on.
    pub(crate) fn latest(&self) -> String {
        let Self { path, lists } = self;
        let select = lists.and_then(|lists| Some(format!("&$select={}{lists}", kind(path)?.select)));
        format!(
            "/v1.0/{path}/delta?$deltatoken=latest{}",
            select.unwrap_or_default()
        )
    }
}

fn kind(path: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.path == path)
}

/// Reads objects of one kind.
#[derive(Debug)]
pub(in crate::collectors) struct ChangedObjects {
    declaration: Declaration,
    kind: &'static Kind,
    ids: Vec<String>,
}

impl ChangedObjects {
    /// These objects of a collection, if it has a feed.
    pub(in crate::collectors) fn of(path: &str, ids: Vec<String>) -> Option<Self> {
        let feed = FEEDS.iter().find(|feed| feed.path == path)?;
        let kind = kind(feed.path)?;
        let mut declaration = Directory::new(kind).declaration;
        declaration.name = changed_name(&declaration.name).into();
        declaration.about = format!(
            "{} of which the change feed tells something (`--incremental`)",
            kind.path
        )
        .into();
        let calls = declaration.calls.drain(1..);
        let mut calls: Vec<CallDeclaration> = calls.collect();
        let call = |call: String| CallDeclaration::new(call, "v1.0", kind.permission);
        for own in ["POST /$batch".to_owned(), format!("GET /{}/{{id}}", kind.path)].map(call) {
            if !calls.contains(&own) {
                calls.push(own);
            }
        }
        declaration.calls = calls;
        Some(Self {
            declaration,
            kind,
            ids,
        })
    }
}

#[async_trait]
impl Collector for ChangedObjects {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn begin(&self, _ground: &Ground) -> Vec<Listing> {
        vec![Listing {
            key: "changed".to_owned(),
            scopes: vec!["/".to_owned()],
            lane: Lane::MicrosoftGraph,
            first: First::Own,
            parent: None,
        }]
    }

    async fn read(&self, _listing: &Listing, reader: &mut Reader) -> Result<(), Shortfall> {
        let transport = reader.transport().clone();
        // The cursor is the last ID that was handed out.
        let done = match reader.cursor() {
            Some(cursor) => self.ids.partition_point(|id| id.as_str() <= cursor),
            None => 0,
        };
        let mut rest = self.ids.get(done..).unwrap_or_default();
        loop {
            let (some, further) = rest.split_at(rest.len().min(AT_ONCE));
            let path = |id: &String| format!("/{}/{id}?$select={}", self.kind.path, self.kind.select);
            let reads: Vec<BatchRead> = some
                .iter()
                .map(|id| BatchRead {
                    path: path(id),
                    cost: 1,
                })
                .collect();
            let mut objects = Vec::with_capacity(reads.len());
            for answer in transport.batch(&reads).await? {
                match answer {
                    Ok(body) => {
                        let mut object = object_of(self.kind, &String::from_utf8_lossy(&body))?;
                        // Says what the answer is, which in lists the list says.
                        object.remove("@odata.context");
                        objects.push(object);
                    }
                    // Whether it is gone is asked of the directory once more, as of whatever was not seen.
                    Err(error) if error.status() == Some(404) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            let made = whole(&transport, self.kind, objects).await?;
            rest = further;
            let cursor = some.last().filter(|_| !rest.is_empty()).cloned();
            let last = cursor.is_none();
            reader
                .hand_out(Source::MicrosoftGraph, made, cursor, None)
                .await?;
            if last {
                return Ok(());
            }
        }
    }
}
