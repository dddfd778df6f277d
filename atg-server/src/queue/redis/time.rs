//! What time it is: Redis says, so that workers whose clocks differ agree about everything.
//!
//! What a script stores it times itself. Where a time has to be known before, it is reckoned from the last one that Redis
//! told and the time that passed since, as a clock counts that nobody sets: never ahead of Redis, and behind it by no more
//! than an answer takes.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jiff::Timestamp;

use crate::queue::Clock;

/// How long to reckon from one answer.
const TRUSTED: Duration = Duration::from_secs(1);

#[derive(Debug)]
pub(super) struct Time {
    /// A test's.
    fixed: Option<Arc<dyn Clock>>,
    told: Mutex<Option<(i64, Instant)>>,
}

impl Time {
    pub(super) fn new(fixed: Option<Arc<dyn Clock>>) -> Self {
        Self {
            fixed,
            told: Mutex::default(),
        }
    }

    /// The first argument of every script: the time where a test says it.
    pub(super) fn argument(&self) -> String {
        let fixed = self.fixed.as_ref();
        fixed.map_or_else(String::new, |clock| clock.now().as_microsecond().to_string())
    }

    /// Takes in what Redis said just now.
    pub(super) fn told(&self, microseconds: i64) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        *told = Some((microseconds, Instant::now()));
    }

    /// The time, unless Redis has to be asked again.
    pub(super) fn fresh(&self) -> Option<Timestamp> {
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match (&self.fixed, told) {
            (Some(clock), _) => Some(moment(clock.now().as_microsecond())),
            (None, Some((_, at))) if at.elapsed() > TRUSTED => None,
            (None, told) => told.map(reckoned),
        }
    }

    /// The time, however old the last answer is; this machine's before there was any.
    pub(super) fn reckoned(&self) -> Timestamp {
        let told = *self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match (&self.fixed, told) {
            (Some(clock), _) => moment(clock.now().as_microsecond()),
            (None, Some(told)) => reckoned(told),
            (None, None) => Timestamp::now(),
        }
    }
}

fn reckoned((microseconds, at): (i64, Instant)) -> Timestamp {
    let passed = i64::try_from(at.elapsed().as_micros()).unwrap_or(i64::MAX);
    moment(microseconds.saturating_add(passed))
}

/// Redis counts microseconds, and so does everything that this backend stores.
pub(super) fn moment(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(microseconds).unwrap_or(Timestamp::MAX)
}
