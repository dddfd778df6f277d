//! The demo tenant of Norrvik Shipping, a company that does not exist.
//!
//! [`generate`] returns the rows of `demo.jsonl` and the answers in `truth.json`, the same bytes every time. Names,
//! GUIDs, addresses and secrets are invented; only the ids of Azure's built-in roles and policies are real.

mod access;
mod addresses;
mod analytics;
mod builder;
mod compute;
mod containers;
mod data;
mod directory;
mod generic;
mod governance;
mod hierarchy;
mod hub;
mod leftovers;
mod network;
mod operations;
mod sandbox;
mod spokes;
mod truth;
mod web;

use std::collections::BTreeSet;

pub use crate::truth::{Edge, Misconfiguration, Secret, Truth};

/// The demo tenant as two files.
#[derive(Debug, Clone)]
pub struct Demo {
    /// `demo.jsonl`: one ARM resource or Microsoft Graph object a line.
    pub jsonl: String,
    /// `truth.json`, as a value.
    pub truth: Truth,
}

/// Writes the tenant.
#[must_use]
pub fn generate() -> Demo {
    let mut tenant = builder::Tenant::default();
    tenant.truth.tenant_id = tenant.tenant_id();
    tenant.truth.labels.insert("Tenant".to_owned(), 1);
    hierarchy::write(&mut tenant);
    directory::write(&mut tenant);
    hub::write(&mut tenant);
    spokes::write(&mut tenant);
    compute::write(&mut tenant);
    web::write(&mut tenant);
    data::write(&mut tenant);
    containers::write(&mut tenant);
    analytics::write(&mut tenant);
    operations::write(&mut tenant);
    sandbox::write(&mut tenant);
    leftovers::write(&mut tenant);
    governance::write(&mut tenant);
    access::write(&mut tenant);
    addresses::write(&mut tenant);
    generic::write(&mut tenant);

    let rows: BTreeSet<String> = tenant
        .rows
        .iter()
        .filter_map(|row| Some(row["id"].as_str()?.to_lowercase()))
        .collect();
    tenant
        .truth
        .inline
        .retain(|child| !rows.contains(&child.to_lowercase()));

    let mut jsonl = String::new();
    for row in &tenant.rows {
        jsonl.push_str(&row.to_string());
        jsonl.push('\n');
    }
    Demo {
        jsonl,
        truth: tenant.truth,
    }
}
