//! Whose a job was that is gone.

use std::{error::Error as StdError, fmt};

use crate::{Error, ErrorKind, Owner, azure::TenantId};

/// Whose a job was, and about which tenant: inside of a `Gone` error, for whoever decides who may hear that there was
/// one. It does not travel: over the wire a job that was somebody else's was never there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerJob {
    /// Its owner.
    pub owner: Owner,
    /// The tenant that it was about, where it was about one.
    pub tenant_id: Option<TenantId>,
}

impl FormerJob {
    /// What a `Gone` error says of the job; `None` for other errors, and where nobody remembers.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        if error.kind() != ErrorKind::Gone {
            return None;
        }
        error.source()?.downcast_ref()
    }
}

/// In words for everybody, so without names.
impl fmt::Display for FormerJob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job was deleted")
    }
}

impl StdError for FormerJob {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_in_an_error_and_never_written() {
        let former = FormerJob {
            owner: Owner::new("somebody"),
            tenant_id: None,
        };
        let error = Error::new(ErrorKind::Gone, "find job 1").with_source(former.clone());
        assert_eq!(FormerJob::of(&error), Some(&former));
        let shown = format!("{error} {}", serde_json::to_string(&error).unwrap());
        assert!(!shown.contains("somebody"), "{shown}");
        assert_eq!(FormerJob::of(&error.clone()), None);
        assert_eq!(FormerJob::of(&Error::internal("x").with_source(former)), None);
    }
}
