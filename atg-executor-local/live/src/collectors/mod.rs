//! All collectors.

mod hierarchy;
mod resources;

use std::sync::Arc;

pub use self::{hierarchy::Hierarchy, resources::Resources};
use crate::collector::Collector;

/// Every collector, in the order in which manifests and tables show them.
#[must_use]
pub fn all() -> Vec<Arc<dyn Collector>> {
    vec![Arc::new(Hierarchy::new()), Arc::new(Resources::new())]
}
