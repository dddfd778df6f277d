#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod budget;
pub mod clock;
pub mod cloud;
pub mod credential;
pub mod key_vault;
pub mod transport;
pub mod wire;

mod connect;
mod error;
mod headers;
mod retry;

pub use connect::{Azure, AzureOptions, BadVariable, Pacing};
pub use error::{AzureError, RequestIds, Result};
pub use retry::RetryPolicy;
