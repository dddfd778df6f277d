#![doc = include_str!("../README.md")]

mod address;
mod connection;
mod failure;
mod pack;
mod pool;
mod tls;
mod unpack;
mod value;

pub use address::{Address, Encryption};
pub use connection::{Answer, Connection, Limits, Mode, Pending, Transaction};
pub use failure::{Failure, ServerFailure};
pub use pack::Packer;
pub use pool::{Lease, Options, Pool};
pub use tls::check_authorities;
pub use value::{Structure, Value};
