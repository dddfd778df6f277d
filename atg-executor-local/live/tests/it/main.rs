//! Against the simulated Azure.

mod children;
mod directory;
mod inventory;
mod permissions;
mod support;
