#![doc = include_str!("../README.md")]

mod archives;
mod keys;
mod mutate;
mod queries;
mod ranges;
mod requests;
mod site;
mod stub;

pub use archives::run as archives;
pub use keys::run as keys;
pub use mutate::Mutator;
pub use queries::run as queries;
pub use ranges::run as ranges;
pub use requests::{first_status, run as requests};

/// One thing that reads what strangers send.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As its corpus and its cargo-fuzz target are called.
    pub name: &'static str,
    /// Feeds it with these bytes. Panics when it does what it must never do.
    pub run: fn(&[u8]),
    /// Pieces that inputs are often made of, which chance would not find.
    pub words: &'static [&'static str],
}

/// All of them.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "requests",
        run: requests,
        words: requests::WORDS,
    },
    Target {
        name: "keys",
        run: keys,
        words: keys::WORDS,
    },
    Target {
        name: "ranges",
        run: ranges,
        words: ranges::WORDS,
    },
    Target {
        name: "archives",
        run: archives,
        words: archives::WORDS,
    },
    Target {
        name: "queries",
        run: queries,
        words: queries::WORDS,
    },
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<Target> {
    TARGETS.into_iter().find(|target| target.name == name)
}
