//! The suite, and what only this store must do.

mod crash;
mod opening;
mod processes;
mod upkeep;

use std::time::Duration;

use tempfile::TempDir;

use super::{EmbeddedStore, Options};
use crate::graph::{
    Described, GraphStore, Said,
    suite::{
        fixture::{Build, Graph, thing},
        graph_store_suite,
    },
};

pub(super) struct Made {
    pub(super) store: EmbeddedStore,
    pub(super) directory: TempDir,
}

impl Made {
    pub(super) fn store(&self) -> &dyn GraphStore {
        &self.store
    }
}

pub(super) async fn make() -> Made {
    make_with(Options::default())
}

pub(super) fn make_with(options: Options) -> Made {
    let directory = TempDir::new().unwrap();
    Made {
        store: EmbeddedStore::open(directory.path().join("graph.db"), options).unwrap(),
        directory,
    }
}

/// Each row in a transaction of its own.
pub(super) fn every_row() -> Options {
    Options {
        slice: Duration::ZERO,
        ..Options::default()
    }
}

/// A chain of things in groups, with everything that edges can be.
pub(crate) fn chain(graph: &Graph<'_>, length: usize, version: usize) -> Vec<Described> {
    let mut nodes = Vec::new();
    for index in 0..length {
        let group = format!("/subscriptions/s/resourceGroups/g{}", index % 3);
        nodes.push(
            graph
                .group(&group)
                .from("CONTAINS", "/subscriptions/s", "id", Said::Assumed),
        );
        nodes.push(
            graph
                .resource(&thing(&format!("n{index}")))
                .properties(&format!(r#"{{"version":{}}}"#, version * (index % 2)))
                .to(
                    "DEPENDS_ON",
                    &thing(&format!("n{}", (index + version) % length)),
                    "properties.next",
                )
                .to(
                    "SECURED_BY",
                    &thing(&format!("n{}", (index * 5) % length)),
                    "properties.nsg",
                )
                .from(
                    "SECURED_BY",
                    &thing(&format!("n{}", (index * 2) % length)),
                    "properties.nics",
                    Said::AtFarEnd,
                )
                .to(
                    "REFERENCES",
                    &format!("/outside/{}", (index + version) % 4),
                    "properties.other",
                )
                .from("CONTAINS", &group, "id", Said::Here),
        );
    }
    nodes
}

graph_store_suite!(make);
