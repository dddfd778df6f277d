//! Some cases of each kind; a thousand are a step of their own.

use atg_faults::{
    run::{Tally, run},
    stage::Stage,
};

fn cases(first: u64, end: u64, stage: Stage) -> Tally {
    let directory = tempfile::tempdir().unwrap();
    run(first..end, directory.path(), stage, |_| ()).unwrap()
}

#[test]
fn nothing_is_lost_without_a_word_whatever_goes_wrong() {
    let mut tally = cases(10, 20, Stage::new().unwrap());
    tally.add(cases(90, 100, Stage::new().unwrap()));
    assert_eq!(tally.violations, Default::default());
    assert_eq!(tally.cases, 20);
    assert!(
        tally.killed > 0 && tally.complete > 0 && tally.partial > 0,
        "{tally:?}"
    );
}

#[test]
fn a_scanner_that_takes_refusals_for_empty_lists_is_caught() {
    let mut tally = Tally::default();
    for first in [10, 20, 30] {
        tally.add(cases(first, first + 10, Stage::careless().unwrap()));
    }
    assert!(tally.violations().next().is_some(), "{tally:?}");
}
