#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod clean;
mod header;
mod line;
mod recorder;
mod recording;
mod replay;
mod stage;

use std::sync::Arc;

use atg_json::Json;

pub use header::{FORMAT, Header, RecordedCloud, RecordedIdentity, VERSION, is_recording};
pub use recorder::Recorder;
pub use recording::{Recorded, Recording};

/// The artifact's name.
pub const NAME: &str = "recording.jsonl.zst";

/// Takes the secrets out of one object, in place. It must leave alone what it has put in their place: what is recorded is
/// redacted again when it is replayed, and has to come out as it would have the first time.
pub type Redact = Arc<dyn Fn(&mut Json) + Send + Sync>;
