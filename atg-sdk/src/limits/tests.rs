use super::*;

fn offer(throttle: &mut EventThrottle, now: Instant, fraction: f64) -> Option<f64> {
    match throttle.progress(now, fraction, None, Counters::default())? {
        EventKind::Progress { progress, .. } => Some(progress),
        other => panic!("{other:?}"),
    }
}

#[test]
fn four_progress_events_fit_into_a_second() {
    let start = Instant::now();
    let mut throttle = EventThrottle::new();
    let passed = (0..3_000)
        .filter(|ms| offer(&mut throttle, start + Duration::from_millis(*ms), 0.1).is_some())
        .count();
    assert_eq!(passed, 12);
}

#[test]
fn the_newest_progress_is_held_back_until_it_is_due() {
    let start = Instant::now();
    let mut throttle = EventThrottle::new();
    assert_eq!(throttle.due(), None);
    assert_eq!(offer(&mut throttle, start, 0.1), Some(0.1));
    assert_eq!(throttle.due(), None, "nothing is held back");
    assert_eq!(offer(&mut throttle, start, 0.2), None);
    assert_eq!(offer(&mut throttle, start, 0.3), None);
    let due = throttle.due().unwrap();
    assert_eq!(due, start + EventThrottle::INTERVAL);
    assert_eq!(throttle.flush(due - Duration::from_millis(1)), None);
    assert!(matches!(
        throttle.flush(due),
        Some(EventKind::Progress { progress: 0.3, .. })
    ));
    assert_eq!(
        (throttle.due(), throttle.flush(due + Duration::from_secs(9))),
        (None, None)
    );
}

#[test]
fn fractions_are_put_right() {
    let start = Instant::now();
    let mut throttle = EventThrottle::new();
    let fractions = [-1.0, 0.4, 0.2, f64::NAN, 7.0, f64::INFINITY];
    let shown: Vec<_> = (0..)
        .zip(fractions)
        .map(|(second, fraction)| {
            offer(&mut throttle, start + Duration::from_secs(second), fraction).unwrap()
        })
        .collect();
    assert_eq!(shown, [0.0, 0.4, 0.4, 0.4, 1.0, 1.0]);
    throttle.begin_attempt();
    assert_eq!(
        offer(&mut throttle, start + Duration::from_secs(60), 0.2),
        Some(0.2)
    );
}

#[test]
fn a_job_has_ten_thousand_progress_events_and_they_last_for_two_days() {
    let start = Instant::now();
    let mut now = start;
    let mut throttle = EventThrottle::new();
    let mut passed = 0;
    assert!(offer(&mut throttle, now, 0.1).is_some());
    loop {
        passed += 1;
        assert_eq!(offer(&mut throttle, now, 0.1), None);
        let Some(due) = throttle.due() else { break };
        now = due;
        assert!(throttle.flush(now).is_some());
    }
    assert_eq!(passed, 10_000);
    assert!(now - start > Duration::from_secs(2 * 24 * 3_600));
    assert_eq!(offer(&mut throttle, now + Duration::from_secs(99_999), 0.9), None);
}

#[test]
fn what_earlier_attempts_used_up_counts() {
    let start = Instant::now();
    let mut throttle = EventThrottle::resume(9_999, 999);
    assert!(offer(&mut throttle, start, 0.1).is_some());
    assert!(offer(&mut throttle, start + Duration::from_secs(9_999), 0.2).is_none());
    assert!(throttle.warning("one").is_some());
    assert!(throttle.warning("two").is_none());
}

#[test]
fn a_thousand_warnings_pass_and_then_their_number() {
    let mut throttle = EventThrottle::new();
    assert_eq!(throttle.finish(), None);
    let passed = (0..1_234)
        .filter(|n| throttle.warning(format!("warning {n}")).is_some())
        .count();
    assert_eq!(passed, 1_000);
    let Some(EventKind::Warning { suppressed, message }) = throttle.finish() else {
        panic!("the number is missing");
    };
    assert_eq!(suppressed, 234);
    assert!(message.starts_with("234 further warnings"));
    assert_eq!(throttle.finish(), None, "it is said once");
}
