//! The crate against scripted answers, real sockets and faked tools.

mod certificates;
mod chain;
mod connections;
mod key_vault;
mod logins;
mod paging;
mod quota;
mod secure;
mod simulated_trouble;
mod simulator;
mod support;
mod tools;
mod transport;
