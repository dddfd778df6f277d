//! Changes that are wanted on the way: a rules file.

use atg_sdk::Result;

use super::draft::Draft;

/// Rules. The default is none.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rules {}

impl Rules {
    pub(crate) fn apply(
        &self,
        _drafts: &mut [Draft],
        _parents: &[Option<u32>],
        _is_in: impl Fn(u32) -> bool,
    ) -> Result<()> {
        Ok(())
    }
}
