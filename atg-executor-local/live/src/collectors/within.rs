//! A collector that is confined to some subscriptions.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use crate::{
    collector::{Collector, Declaration, Found},
    feed::Changed,
    ground::Ground,
    listing::Listing,
    reader::{Reader, Shortfall},
};

/// Begins with the lists of those subscriptions alone that the change feed was not asked for.
#[derive(Debug)]
pub(super) struct Within {
    inner: Arc<dyn Collector>,
    without: BTreeSet<String>,
}

impl Within {
    /// Those subscriptions of which the feed tells nothing.
    pub(super) fn others(inner: Arc<dyn Collector>, changed: &Changed) -> Self {
        Self {
            inner,
            without: changed.subscriptions.clone(),
        }
    }
}

#[async_trait]
impl Collector for Within {
    fn declaration(&self) -> &Declaration {
        self.inner.declaration()
    }

    fn begin(&self, ground: &Ground) -> Vec<Listing> {
        let mut ground = ground.clone();
        ground.subscriptions.retain(|own| !self.without.contains(&own.id));
        if ground.subscriptions.is_empty() {
            return Vec::new();
        }
        self.inner.begin(&ground)
    }

    fn follow(&self, ground: &Ground, found: &Found<'_>) -> Vec<Listing> {
        self.inner.follow(ground, found)
    }

    async fn read(&self, listing: &Listing, reader: &mut Reader) -> Result<(), Shortfall> {
        self.inner.read(listing, reader).await
    }
}
