#![doc = include_str!("../README.md")]

mod action;
mod arm;
mod clock;
mod cloud;
mod config;
mod control;
mod error;
mod faults;
mod imds;
mod keyvault;
mod login;
mod msgraph;
mod principal;
mod proxy;
mod quota;
mod resource_graph;
mod routing;
mod server;
mod service;
mod simulator;
mod tenant;
mod tls;
mod web;
mod world;

pub use clock::{Clock, SystemClock, VirtualClock};
pub use config::{Config, Lag, Pages, Secret};
pub use control::{Change, Entry, Outcome, Requests};
pub use faults::{Applied, Fault, Matching, Rule, Schedule};
pub use imds::IDENTITY_HEADER;
pub use principal::{Federated, Principal};
pub use quota::{Count, Limits, Provider, Quotas, Rate, RetryAfter, Tally};
pub use simulator::Simulator;
pub use tenant::{Counts, MadeUp, Shape, Source};
