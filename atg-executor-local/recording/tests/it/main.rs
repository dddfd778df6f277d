//! A scan's calls, recorded from the simulated Azure and replayed without it.

mod replay;
mod support;
