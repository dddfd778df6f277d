#![doc = include_str!("../README.md")]
#![expect(
    dead_code,
    unused_imports,
    reason = "what Microsoft Graph and Resource Graph answer from"
)]

mod arm;
mod clock;
mod cloud;
mod config;
mod error;
mod login;
mod principal;
mod proxy;
mod routing;
mod server;
mod service;
mod simulator;
mod tenant;
mod tls;
mod web;
mod world;

pub use clock::{Clock, SystemClock, VirtualClock};
pub use config::{Config, Pages, Secret};
pub use principal::{Federated, Principal};
pub use simulator::Simulator;
pub use tenant::{Counts, MadeUp, Shape, Source};
