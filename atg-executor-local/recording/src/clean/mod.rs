//! What of an exchange is no secret. Whatever leaves here may be written.

mod address;
mod body;

use std::fmt;

use crate::Redact;

/// Takes secrets out of everything that is recorded.
#[derive(Clone)]
pub(crate) struct Cleaner {
    redact: Redact,
}

impl fmt::Debug for Cleaner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cleaner")
    }
}

impl Cleaner {
    pub(crate) const fn new(redact: Redact) -> Self {
        Self { redact }
    }

    /// Whether an answer's header is kept: only those that decide what is done next, or name the exchange. A list of what is
    /// secret would miss the next one.
    pub(crate) fn keeps_header(name: &str) -> bool {
        const KEPT: [&str; 12] = [
            "content-type",
            "date",
            "request-id",
            "retry-after",
            "retry-after-ms",
            "x-ms-correlation-request-id",
            "x-ms-request-id",
            "x-ms-resource-unit",
            "x-ms-retry-after-ms",
            "x-ms-tenant-subscription-limit-hit",
            "x-ms-user-quota-remaining",
            "x-ms-user-quota-resets-after",
        ];
        KEPT.contains(&name) || name.starts_with("x-ms-ratelimit-") || name.starts_with("x-ms-throttle-")
    }

    /// An address without the signatures and keys that some have in their query. The same each time, and also of one that
    /// went through here before, so that a page's way to the next still leads there.
    #[expect(clippy::unused_self, reason = "whatever is written comes from a cleaner")]
    pub(crate) fn address(&self, address: &str) -> String {
        address::clean(address)
    }

    /// A body, in one line; `None` where it is no JSON.
    pub(crate) fn body(&self, body: &[u8]) -> Option<String> {
        body::clean(body, &*self.redact)
    }
}
