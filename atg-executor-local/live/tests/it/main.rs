//! Against the simulated Azure.

mod inventory;
mod support;
