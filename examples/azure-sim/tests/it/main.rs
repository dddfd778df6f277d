//! What the simulator promises, asked over the wire.

mod arm;
mod client;
mod control;
mod directory;
mod faults;
mod generated;
mod login;
mod managed_identity;
mod proxy;
mod quotas;
mod resource_graph;
mod vault;
