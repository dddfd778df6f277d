//! Telling of how long something took, for measurements that others keep.

use std::{fmt, sync::Arc, time::Duration};

/// Hears of durations. Called in the middle of the work: it should be quick.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(Duration) + Send + Sync>);

impl Observer {
    /// One that calls this.
    pub fn new(hear: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        Self(Arc::new(hear))
    }

    pub(crate) fn tell(&self, took: Duration) {
        (self.0)(took);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer")
    }
}

/// The same is the one that is the same.
impl PartialEq for Observer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Observer {}
