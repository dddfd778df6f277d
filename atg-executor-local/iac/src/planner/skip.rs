//! Why an object is not written as a resource of its own.

use super::{draft::Draft, select::Choice};
use crate::{
    plan::{Reason, Skipped},
    source::{Object, ObjectKind, Standing},
};

/// A reason, with its particular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skip {
    pub(crate) reason: Reason,
    pub(crate) detail: Option<String>,
}

impl Skip {
    pub(crate) const fn new(reason: Reason) -> Self {
        Self { reason, detail: None }
    }

    pub(crate) fn because(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }
}

/// What the subset chose and is not written, ordered by ID.
pub(crate) fn list(drafts: &[Draft], choices: &[Choice], duplicates: Vec<Object>) -> Vec<Skipped> {
    let mut out: Vec<Skipped> = drafts
        .iter()
        .zip(choices)
        .filter(|(draft, choice)| choice.is_in && is_object(draft))
        .filter_map(|(draft, _)| {
            let skip = draft.skip.as_ref()?;
            Some(Skipped {
                id: draft.id.clone(),
                resource_type: Some(draft.what.type_text().to_owned()),
                reason: skip.reason,
                detail: skip.detail.clone(),
            })
        })
        .collect();
    out.extend(duplicates.into_iter().map(|object| Skipped {
        id: object.id,
        resource_type: match object.kind {
            ObjectKind::Arm(resource_type) => Some(resource_type),
            ObjectKind::Entra(_) => None,
        },
        reason: Reason::Duplicate,
        detail: None,
    }));
    out.sort_by_cached_key(|skipped| (super::draft::key_of(&skipped.id), skipped.reason));
    out
}

/// How many objects the subset chose.
pub(crate) fn count(drafts: &[Draft], choices: &[Choice]) -> u64 {
    drafts
        .iter()
        .zip(choices)
        .filter(|(draft, choice)| choice.is_in && is_object(draft))
        .map(|_| 1)
        .sum()
}

/// Whether the source told of it, and not only others' IDs.
fn is_object(draft: &Draft) -> bool {
    draft.standing != Standing::Implied
}
