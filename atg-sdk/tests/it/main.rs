//! Tests of the SDK from outside: its wire format, and its conformance suite against an executor in memory.

mod earlier;
mod faulty;
mod following;
mod golden;
mod recorded;
mod reference;
mod suite;
