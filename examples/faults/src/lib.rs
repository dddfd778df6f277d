#![doc = include_str!("../README.md")]

pub mod check;
pub mod clock;
pub mod run;
pub mod schedule;
pub mod stage;
pub mod tenant;
pub mod wire;
