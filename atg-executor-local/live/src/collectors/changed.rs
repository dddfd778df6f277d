//! Resources that changed, by their IDs.

use std::collections::BTreeSet;

use async_trait::async_trait;
use atg_azure::budget::subscription_of;

use super::resources::{self, Resources};
use crate::{
    collector::{CallDeclaration, Collector, Declaration, scope_of},
    feed::{Changed, changed_name},
    ground::Ground,
    listing::{First, Lane, Listing},
    page::{Made, Source},
    reader::{Reader, Shortfall, hash},
};

/// So many resources are asked for by name in one query: a query may be 64 KiB long, and an ID a few hundred bytes.
const AT_ONCE: usize = 100;
/// The list that stands for the feed itself.
const FEED: &str = "feed";

/// Reads the resources of which the feed tells something. What it does not tell of is as it was.
#[derive(Debug)]
pub struct ChangedResources {
    declaration: Declaration,
    changed: Changed,
}

impl ChangedResources {
    /// By what the feed told.
    #[must_use]
    pub fn new(changed: Changed) -> Self {
        let whole = Resources::new();
        let mut declaration = whole.declaration().clone();
        declaration.name = changed_name(Resources::NAME).into();
        declaration.about = "resources of which the change feed tells something (`--incremental`)".into();
        declaration.calls = vec![CallDeclaration::new(
            "POST /providers/Microsoft.ResourceGraph/resources (resourcechanges, resources)",
            "2024-04-01",
            "*/read",
        )];
        Self { declaration, changed }
    }
}

#[async_trait]
impl Collector for ChangedResources {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        let own = ground.subscriptions.iter().map(|own| &own.id);
        let asked: Vec<String> = own
            .filter(|id| self.changed.subscriptions.contains(*id))
            .cloned()
            .collect();
        if asked.is_empty() {
            return Vec::new();
        }
        // What the feed told is known already. It is a list of each unit all the same: one without changes was read too.
        let mut listings = vec![Listing {
            first: First::Own,
            lane: Lane::ResourceGraph,
            ..Listing::query(FEED, "", asked)
        }];
        let targets: Vec<&String> = self.changed.targets.keys().collect();
        for some in targets.chunks(AT_ONCE) {
            let scopes: BTreeSet<String> = some.iter().map(|id| scope_of(id)).collect();
            let ids = scopes
                .iter()
                .filter_map(|scope| subscription_of(scope))
                .map(str::to_owned);
            let quoted: Vec<String> = some.iter().map(|id| quoted(id)).collect();
            let text = resources::query_of(&format!("| where id in~ ({}) ", quoted.join(", ")));
            // The same list in another run of this scan is one of the same resources.
            let key = format!("ids/{:016x}", hash(&quoted.concat()));
            listings.push(Listing::query(key, text, ids.collect()));
        }
        listings
    }

    async fn read(&self, listing: &Listing, reader: &mut Reader) -> Result<(), Shortfall> {
        if listing.first != First::Own {
            return reader.read_all(listing).await;
        }
        let mut requests = self.changed.request_ids.iter().cloned();
        let mut request = requests.next();
        loop {
            let next = requests.next();
            let cursor = next.as_ref().map(|_| FEED.to_owned());
            let last = cursor.is_none();
            reader
                .hand_out(Source::ResourceGraph, Made::default(), cursor, request)
                .await?;
            if last {
                return Ok(());
            }
            request = next;
        }
    }
}

/// As a literal of the query language.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_ends_no_literal() {
        assert_eq!(quoted(r"a'b\c"), r"'a\'b\\c'");
    }
}
