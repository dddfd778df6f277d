//! The scripts: every change of the queue is one of them, which Redis carries out as a whole or not at all.
//!
//! They are sent once per connection and called by their digest, so that processes of different versions use one Redis side
//! by side, each with its own. A library of functions has one version for all.

use std::sync::LazyLock;

use redis::{Pipeline, Script};

macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident = $($part:literal)+;)+) => {
        $(
            $(#[$doc])*
            pub(super) static $name: LazyLock<Script> = LazyLock::new(|| {
                Script::new(concat!(include_str!("lua/prelude.lua"), $(include_str!(concat!("lua/", $part, ".lua"))),+))
            });
        )+

        /// Sends all of them.
        pub(super) fn load_all() -> Pipeline {
            let mut pipeline = Pipeline::new();
            for code in [$(concat!(include_str!("lua/prelude.lua"), $(include_str!(concat!("lua/", $part, ".lua"))),+)),+] {
                pipeline.cmd("SCRIPT").arg("LOAD").arg(code).ignore();
            }
            pipeline
        }
    };
}

scripts! {
    GREET = "greet";
    IDENTIFY = "identify";
    SUBMIT = "index" "submit";
    RESERVE = "index" "fields" "reserve";
    RELEASE = "index" "put_back" "release";
    SAVE = "index" "save";
    RENEW = "renew";
    LOST = "index" "put_back" "fields" "lost";
    READ = "fields" "read";
    LIST = "fields" "list";
    EVENTS = "fields" "events";
    DELETE = "forget" "delete";
    EXPIRE = "forget" "expire";
    MARK = "mark";
    DUE = "due";
    DEPTH = "depth";
    PUT_INPUT = "put_input";
    FIND_INPUT = "find_input";
    RATE = "rate";
    SWAP = "swap";
}
