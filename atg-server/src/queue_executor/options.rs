//! How a queue executor is set up.

use std::{collections::HashMap, fmt, path::PathBuf, sync::Arc};

use atg_sdk::{Operation, Owner, Result};

use crate::queue::Policy;

/// Looks at an operation before it is accepted.
pub(super) type Validate = Arc<dyn Fn(&Operation) -> Result<()> + Send + Sync>;

/// How a [`QueueExecutor`](super::QueueExecutor) is set up. Whoever makes one has read the environment; nothing here does.
#[derive(Clone)]
#[non_exhaustive]
pub struct QueueOptions {
    /// Where the embedded queue and its store of objects are.
    pub data_dir: PathBuf,
    /// The directory of the store of objects; `objects` in the data directory where `None`.
    pub objects_dir: Option<PathBuf>,
    /// The numbers of the queue.
    pub policy: Policy,
    /// The largest input that is taken.
    pub max_input_bytes: u64,
    /// Owners whose jobs come earlier (above 0) or later (below) than those of everybody else.
    pub priorities: HashMap<Owner, i32>,
    /// What the executor behind the workers would refuse at submission, so that callers hear of it at once.
    pub validate: Option<Validate>,
}

impl QueueOptions {
    /// The defaults, with everything in that directory.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            objects_dir: None,
            policy: Policy::default(),
            max_input_bytes: 2 << 30,
            priorities: HashMap::new(),
            validate: None,
        }
    }

    /// With those numbers.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// With the store of objects in that directory.
    #[must_use]
    pub fn with_objects_dir(mut self, directory: Option<PathBuf>) -> Self {
        self.objects_dir = directory;
        self
    }

    /// With these owners earlier (above 0) or later (below) than everybody else.
    #[must_use]
    pub fn with_priorities(mut self, priorities: HashMap<Owner, i32>) -> Self {
        self.priorities = priorities;
        self
    }

    /// With inputs up to that size.
    #[must_use]
    pub fn with_max_input_bytes(mut self, bytes: u64) -> Self {
        self.max_input_bytes = bytes;
        self
    }

    /// With that look at operations.
    #[must_use]
    pub fn with_validate(mut self, validate: Validate) -> Self {
        self.validate = Some(validate);
        self
    }

    pub(super) fn priority_of(&self, owner: &Owner) -> i32 {
        self.priorities.get(owner).copied().unwrap_or_default()
    }
}

impl fmt::Debug for QueueOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QueueOptions")
            .field("data_dir", &self.data_dir)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
