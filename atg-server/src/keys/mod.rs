//! API keys: what they look like, who stands behind one, and where the records come from.
//!
//! The service never holds a key. A record has the HMAC-SHA-256 of the key's secret under a pepper that lies elsewhere,
//! so a stolen record file alone opens nothing.

mod record;
mod ring;
mod source;
mod standing;
mod text;

pub use record::{Caller, KeyRecord, KeyState, Scope, TenantAccess};
pub use ring::{KeyRing, Refusal};
pub(crate) use source::hex;
pub use source::{FileKeys, KeySource, PlainKeys, StaticKeys, WithKey, read_file, write_file};
pub use text::{ApiKey, Environment, KeyId, Pepper};
