use super::*;
use crate::quota::CallKind;

/// Seconds since nothing in particular.
fn at(seconds: f64) -> Timestamp {
    Timestamp::UNIX_EPOCH + Duration::from_secs_f64(seconds)
}

fn reads() -> Allowance {
    Allowance::new(CallKind::SubscriptionRead.documented(), at(0.0))
}

fn answer() -> QuotaReading {
    QuotaReading {
        cost: 1,
        answered: true,
        latency: Duration::from_millis(100),
        ..QuotaReading::default()
    }
}

/// Takes whenever it may, each call answered at once with what `reading` says, until that time. Tells how many.
fn greedy(allowance: &mut Allowance, until: f64, reading: QuotaReading) -> u32 {
    let (mut now, mut granted) = (0.0, 0);
    while now < until {
        match allowance.take(at(now), 1) {
            QuotaVerdict::Granted => {
                granted += 1;
                allowance.settle(at(now), &reading);
            }
            QuotaVerdict::Wait(wait) => now += wait.as_secs_f64(),
        }
    }
    granted
}

#[test]
fn a_bucket_gives_its_burst_and_then_its_rate() {
    let granted = greedy(&mut reads(), 30.0, answer());
    assert!((995..=1001).contains(&granted), "250 + 30 × 25, not {granted}");
}

#[test]
fn a_burst_is_not_sent_all_at_once() {
    let told = QuotaReading {
        remaining: Some(200.0),
        ..answer()
    };
    let granted = greedy(&mut reads(), 0.5, told);
    assert!((45..=55).contains(&granted), "{granted}");
    // Slower still where answers do not say whether anybody else is there.
    let granted = greedy(&mut reads(), 0.5, answer());
    assert!((18..=24).contains(&granted), "{granted}");
}

#[test]
fn what_an_answer_says_is_left_is_believed_when_it_is_less() {
    let mut allowance = reads();
    assert_eq!(allowance.take(at(0.0), 1), QuotaVerdict::Granted);
    let reading = QuotaReading {
        remaining: Some(0.0),
        ..answer()
    };
    allowance.settle(at(0.1), &reading);
    assert!(
        matches!(allowance.take(at(0.1), 1), QuotaVerdict::Wait(wait) if wait > Duration::from_millis(30))
    );
}

#[test]
fn what_was_granted_since_is_taken_off_what_an_answer_says() {
    let mut allowance = reads();
    for call in 0..10 {
        assert_eq!(
            allowance.take(at(f64::from(call) / 10.0), 1),
            QuotaVerdict::Granted
        );
    }
    let reading = QuotaReading {
        remaining: Some(500.0),
        ..answer()
    };
    allowance.settle(at(1.0), &reading);
    assert!((allowance.left - 491.0).abs() < 1e-9, "{}", allowance.left);
}

#[test]
fn a_refusal_stops_everybody_for_as_long_as_it_says() {
    let mut allowance = reads();
    assert_eq!(allowance.take(at(0.0), 1), QuotaVerdict::Granted);
    let refused = QuotaReading {
        refused: true,
        retry_after: Some(Duration::from_secs(7)),
        ..answer()
    };
    allowance.settle(at(0.0), &refused);
    assert_eq!(
        allowance.take(at(1.0), 1),
        QuotaVerdict::Wait(Duration::from_secs(6))
    );
    assert_eq!(allowance.take(at(7.0), 1), QuotaVerdict::Granted);
}

#[test]
fn refusals_that_say_nothing_wait_longer_each_time() {
    let mut allowance = reads();
    let refused = QuotaReading {
        refused: true,
        ..answer()
    };
    let mut now = 0.0;
    let mut waits = Vec::new();
    for _ in 0..10 {
        while let QuotaVerdict::Wait(wait) = allowance.take(at(now), 1) {
            now += wait.as_secs_f64();
        }
        allowance.settle(at(now), &refused);
        waits.push(allowance.blocked_until - now);
    }
    let bounded = waits.iter().all(|wait| *wait <= LONGEST_GUESS + 1e-6);
    let growing = waits.windows(2).all(|pair| pair[1] > pair[0] - 1e-6);
    assert!(growing && waits[9] > 20.0 && bounded, "{waits:?}");
}

#[test]
fn a_refusal_with_enough_left_is_somebody_elses_quota() {
    let mut allowance = reads();
    assert_eq!(allowance.take(at(0.0), 1), QuotaVerdict::Granted);
    let refused = QuotaReading {
        refused: true,
        retry_after: Some(Duration::from_secs(60)),
        remaining: Some(200.0),
        ..answer()
    };
    allowance.settle(at(0.1), &refused);
    assert_eq!(allowance.take(at(0.2), 1), QuotaVerdict::Granted);
}

#[test]
fn a_window_is_used_up_and_then_waited_for() {
    let mut allowance = Allowance::new(CallKind::ResourceGraphQuery.documented(), at(0.0));
    let at_once = QuotaReading {
        latency: Duration::ZERO,
        ..answer()
    };
    let granted = greedy(&mut allowance, 20.0, at_once);
    assert_eq!(granted, 60);
}

#[test]
fn a_reset_in_whole_seconds_corrects_only_what_rounding_cannot_explain() {
    let mut allowance = Allowance::new(CallKind::ResourceGraphQuery.documented(), at(0.0));
    assert_eq!(allowance.take(at(0.0), 15), QuotaVerdict::Granted);
    let told = |seconds| QuotaReading {
        cost: 15,
        resets_after: Some(Duration::from_secs(seconds)),
        ..answer()
    };
    allowance.settle(at(0.1), &told(5));
    assert!((allowance.window_ends.unwrap() - 5.12).abs() < 0.01);
    // Somebody else had opened the window three seconds ago.
    allowance.settle(at(0.2), &told(2));
    assert!((allowance.window_ends.unwrap() - 3.2).abs() < 0.01);
}

#[test]
fn a_cost_beyond_the_whole_quota_gets_the_whole() {
    let mut allowance = Allowance::new(CallKind::ResourceGraphQuery.documented(), at(0.0));
    assert_eq!(allowance.take(at(0.0), 100), QuotaVerdict::Granted);
}

#[test]
fn a_limit_that_nobody_documents_is_learned_from_refusals() {
    let mut allowance = Allowance::new(QuotaLimit::unknown(), at(0.0));
    // The other side: a bucket of 20 that regains 10 a second, and tells nothing but no.
    let (mut now, mut left, mut filled) = (0.0_f64, 20.0_f64, 0.0_f64);
    let (mut made, mut refused) = (0, 0);
    while now < 300.0 {
        match allowance.take(at(now), 1) {
            QuotaVerdict::Wait(wait) => now += wait.as_secs_f64(),
            QuotaVerdict::Granted => {
                left = (left + (now - filled) * 10.0).min(20.0);
                filled = now;
                let good = left >= 1.0;
                if good {
                    left -= 1.0;
                    made += 1;
                } else {
                    refused += 1;
                }
                allowance.settle(
                    at(now),
                    &QuotaReading {
                        refused: !good,
                        ..answer()
                    },
                );
                now += 0.01;
            }
        }
    }
    assert!(made > 2700, "{made} of 3,020");
    assert!(refused * 100 < made, "{refused} refused of {made}");
}

#[test]
fn refusals_that_have_nothing_to_do_with_the_pace_do_not_bring_it_to_a_halt() {
    for every in [4, 5, 7] {
        let mut allowance = Allowance::new(QuotaLimit::unknown(), at(0.0));
        let (mut now, mut calls) = (0.0, 0);
        while calls < 500 {
            match allowance.take(at(now), 1) {
                QuotaVerdict::Wait(wait) => now += wait.as_secs_f64(),
                QuotaVerdict::Granted => {
                    calls += 1;
                    let reading = QuotaReading {
                        refused: calls % every == 0,
                        retry_after: (calls % every == 0).then(|| Duration::from_secs(20)),
                        ..answer()
                    };
                    allowance.settle(at(now), &reading);
                    now += 0.01;
                }
            }
        }
        // The waits that the refusals ask for, and at most a few seconds for each call.
        let asked = f64::from(500 / every) * 20.0;
        assert!(
            now < asked + 500.0 * 4.0,
            "every {every}th: {now:.0} s, {asked:.0} s asked for"
        );
    }
}

#[test]
fn whatever_is_refused_leave_comes_again_within_minutes() {
    let unknown = Allowance::new(QuotaLimit::unknown(), at(0.0));
    let graph = Allowance::new(CallKind::MicrosoftGraph.documented(), at(0.0));
    for (mut allowance, cost) in [(unknown, 1), (graph, 60), (reads(), 1)] {
        let mut now = 0.0;
        for call in 0..2_000 {
            let asked = now;
            while let QuotaVerdict::Wait(wait) = allowance.take(at(now), cost) {
                now += wait.as_secs_f64();
            }
            assert!(now - asked < 130.0, "{call}: {}", now - asked);
            let reading = QuotaReading {
                cost,
                refused: call % 2 == 0,
                ..answer()
            };
            now += 0.1;
            allowance.settle(at(now), &reading);
        }
    }
}

#[test]
fn a_call_that_was_cut_is_no_longer_in_flight_and_says_nothing() {
    let mut allowance = reads();
    assert_eq!(allowance.take(at(0.0), 1), QuotaVerdict::Granted);
    let cut = QuotaReading {
        cost: 1,
        ..QuotaReading::default()
    };
    allowance.settle(at(1.0), &cut);
    assert_eq!(allowance.in_flight, 0.0);
}

/// When leave is given again, as one finds out who asks and waits.
fn next(allowance: &mut Allowance, mut now: f64) -> f64 {
    for _ in 0..10_000 {
        match allowance.take(at(now), 1) {
            QuotaVerdict::Granted => return now,
            QuotaVerdict::Wait(wait) => now += wait.as_secs_f64(),
        }
    }
    panic!("no leave is ever given again");
}

#[test]
fn a_window_of_which_nothing_is_heard_ends_too() {
    let cut = QuotaReading {
        cost: 1,
        ..QuotaReading::default()
    };
    let mut allowance = Allowance::new(CallKind::ResourceGraphQuery.documented(), at(0.0));
    for _ in 0..15 {
        assert_eq!(allowance.take(at(0.0), 1), QuotaVerdict::Granted);
    }
    for _ in 0..15 {
        allowance.settle(at(1.0), &cut);
    }
    let again = next(&mut allowance, 1.0);
    assert!((6.0..6.5).contains(&again), "one period after the last: {again}");
    // Whoever had the others has died.
    for _ in 0..14 {
        assert_eq!(allowance.take(at(again), 1), QuotaVerdict::Granted);
    }
    let last = next(&mut allowance, again);
    assert!(
        (again + ABANDONED..again + ABANDONED + 6.0).contains(&last),
        "{last}"
    );
    // Answers of the window before say nothing of this one.
    for _ in 0..14 {
        assert_eq!(allowance.take(at(last), 1), QuotaVerdict::Granted);
    }
    for _ in 0..15 {
        allowance.settle(at(last + 1.0), &cut);
    }
    let late = QuotaReading {
        latency: Duration::from_secs(30),
        ..answer()
    };
    allowance.settle(at(last + 2.0), &late);
    assert!(next(&mut allowance, last + 2.0) < last + 8.0);
}

#[test]
fn a_refusal_of_a_window_that_is_over_does_not_stop_the_next_for_ever() {
    let mut allowance = Allowance::new(CallKind::ResourceGraphQuery.documented(), at(0.0));
    for _ in 0..2 {
        assert_eq!(allowance.take(at(0.0), 1), QuotaVerdict::Granted);
    }
    allowance.settle(at(0.1), &answer());
    // The other one takes longer than its window.
    assert_eq!(allowance.take(at(6.0), 1), QuotaVerdict::Granted);
    allowance.settle(
        at(6.1),
        &QuotaReading {
            cost: 1,
            ..QuotaReading::default()
        },
    );
    let refused = QuotaReading {
        refused: true,
        latency: Duration::from_secs(20),
        ..answer()
    };
    allowance.settle(at(20.0), &refused);
    assert!(next(&mut allowance, 20.0) < 26.0);
}

#[test]
fn it_survives_being_stored() {
    let mut allowance = reads();
    greedy(&mut allowance, 3.0, answer());
    let text = serde_json::to_string(&allowance).unwrap();
    assert_eq!(serde_json::from_str::<Allowance>(&text).unwrap(), allowance);
}
