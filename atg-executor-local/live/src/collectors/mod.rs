//! All collectors.

mod children;
mod diagnostics;
mod directory;
mod hierarchy;
mod listings;
mod resources;
mod tables;

use std::sync::Arc;

pub use self::{hierarchy::Hierarchy, resources::Resources};
use crate::collector::Collector;

/// Every collector, in the order in which manifests and tables show them.
#[must_use]
pub fn all() -> Vec<Arc<dyn Collector>> {
    let mut all: Vec<Arc<dyn Collector>> = vec![Arc::new(Hierarchy::new()), Arc::new(Resources::new())];
    all.extend(tables::all());
    all.extend(children::all());
    all.extend(listings::all());
    all.push(Arc::new(diagnostics::Diagnostics::new()));
    all.extend(directory::all());
    all
}
