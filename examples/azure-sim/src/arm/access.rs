//! What the caller may read.

use crate::{
    error,
    tenant::{Row, is_within},
    web::Reply,
};

use super::Ask;

/// How much of a scope the caller sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// All of it.
    Whole,
    /// What lies in the scopes at which it is a Reader.
    Parts,
}

impl Ask<'_> {
    /// Whether the caller may read that scope.
    pub(crate) fn may_read(&self, scope: &str) -> bool {
        let principal = &self.caller.principal;
        principal.reads_all() || principal.may_read(scope, &self.world.tenant.above(scope))
    }

    /// How much of a scope the caller sees; an error where it sees nothing of it.
    pub(crate) fn sight(&self, scope: &str, action: &str) -> Result<Sight, Reply> {
        if self.may_read(scope) {
            return Ok(Sight::Whole);
        }
        let own = &self.caller.principal.scopes;
        if own
            .iter()
            .any(|own| is_within(&own.trim_end_matches('/').to_lowercase(), scope))
        {
            return Ok(Sight::Parts);
        }
        Err(self.forbidden(scope, action))
    }

    /// Whether a row is to be shown under that sight.
    pub(crate) fn sees(&self, sight: Sight, row: &Row) -> bool {
        sight == Sight::Whole || self.may_read(&row.key)
    }

    /// Refuses a caller that may not read that scope.
    pub(crate) fn check(&self, scope: &str, action: &str) -> Result<(), Reply> {
        if self.may_read(scope) {
            return Ok(());
        }
        Err(self.forbidden(scope, action))
    }

    /// Refuses a caller that may not write at that scope.
    pub(crate) fn check_write(&self, scope: &str, action: &str) -> Result<(), Reply> {
        if self.caller.principal.writer && self.may_read(scope) {
            return Ok(());
        }
        Err(self.forbidden(scope, action))
    }

    fn forbidden(&self, scope: &str, action: &str) -> Reply {
        let principal = &self.caller.principal;
        let scope = if scope.is_empty() { "/" } else { scope };
        error::forbidden(&principal.client_id, &principal.object_id, action, scope)
    }
}
