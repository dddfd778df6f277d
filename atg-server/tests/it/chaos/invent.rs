//! The jobs of a run, each made from a number, so that a run of a million of them keeps only the numbers.

use atg_sdk::{
    Operation,
    model::operations::rehearsal::{Parameters, Step},
};

use super::Dice;

/// What a job is expected to come to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Writes files and completes.
    Works,
    /// Fails once and then completes.
    Stumbles,
    /// Hangs until somebody stops it.
    Hangs,
}

/// The job of that number: always the same.
pub(super) fn invent(number: u64, in_memory: bool) -> (Kind, Operation) {
    let mut dice = Dice(number);
    let text = format!("{:016x}\n", dice.below(u64::MAX));
    let repeat = if dice.below(4) == 0 { 400_000 } else { 1_000 };
    let file = |name: &str, repeat| Step::Artifact {
        name: name.to_owned(),
        text: text.clone(),
        repeat,
    };
    // Those that hang take room until they are stopped, one at a time.
    let one_of = if in_memory { 5_000 } else { 10 };
    let (kind, middle) = match dice.below(one_of) {
        0..2 => (Kind::Hangs, Step::Hang),
        2..4 | 100..200 => {
            let fail = Step::FailUntil {
                attempt: 2,
                kind: "Unavailable".to_owned(),
            };
            (Kind::Stumbles, fail)
        }
        _ => (
            Kind::Works,
            Step::Warn {
                message: "half".to_owned(),
            },
        ),
    };
    let steps = if in_memory {
        vec![middle]
    } else {
        vec![file("first", repeat), middle, file("a/second", repeat)]
    };
    let script = Parameters {
        steps,
        ..Parameters::default()
    };
    (kind, Operation::Rehearsal(script))
}
