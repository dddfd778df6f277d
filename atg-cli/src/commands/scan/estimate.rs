//! `atg scan --estimate`: what a scan will cost.

use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

use atg_executor_local::{Estimate, Expected};
use atg_sdk::model::operations::scan::Parameters;

use crate::{
    executor,
    exit::{CommandResult, End},
    session::Session,
    words,
};

pub(super) async fn run(parameters: &Parameters, session: &Session) -> CommandResult {
    let wants_json = session.printer.wants_json()?;
    let local = executor::local(&session.settings)?;
    let estimate = local.estimate(parameters).await?;
    if wants_json {
        session.printer.json(&estimate)?;
    } else {
        session.printer.text(&render(&estimate))?;
    }
    Ok(End::Done)
}

fn seconds(seconds: f64) -> String {
    words::duration(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// One line for each kind of quota; of many subscriptions the slowest.
fn render(estimate: &Estimate) -> String {
    let mut text = format!(
        "{} in {}: at least {}, probably about {}\n",
        words::count(estimate.resources, "resource", "resources"),
        words::count(estimate.subscriptions, "subscription", "subscriptions"),
        seconds(estimate.floor_seconds),
        seconds(estimate.expected_seconds),
    );
    let mut kinds: BTreeMap<&str, Vec<&Expected>> = BTreeMap::new();
    for own in &estimate.buckets {
        kinds.entry(own.kind.name()).or_default().push(own);
    }
    let _ = writeln!(
        text,
        "  {:<22} {:>9} {:>10} {:>10}",
        "quota", "calls", "floor", "expected"
    );
    for (kind, buckets) in kinds {
        let longest = |time: fn(&Expected) -> f64| buckets.iter().map(|own| time(own)).fold(0.0, f64::max);
        let calls: u64 = buckets.iter().map(|own| own.calls).sum();
        let many = match buckets.len() {
            1 => String::new(),
            count => format!("  the longest of {count}"),
        };
        let _ = writeln!(
            text,
            "  {kind:<22} {:>9} {:>10} {:>10}{many}",
            words::thousands(calls),
            seconds(longest(|own| own.floor_seconds)),
            seconds(longest(|own| own.expected_seconds)),
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use atg_sdk::quota::CallKind;

    use super::*;

    #[test]
    fn quotas_of_one_kind_are_one_line_with_the_slowest() {
        let expected = |within: Option<&str>, kind, calls, floor_seconds| Expected {
            kind,
            within: within.map(str::to_owned),
            calls,
            cost: calls,
            floor_seconds,
            expected_seconds: floor_seconds * 1.5,
        };
        let estimate = Estimate {
            resources: 10_000,
            subscriptions: 2,
            buckets: vec![
                expected(Some("b"), CallKind::SubscriptionRead, 1_250, 40.0),
                expected(Some("a"), CallKind::SubscriptionRead, 250, 0.0),
                expected(None, CallKind::ResourceGraphQuery, 12, 0.0),
            ],
            calls: 1_512,
            floor_seconds: 40.0,
            expected_seconds: 60.0,
        };
        let text = render(&estimate);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(
            lines[0].starts_with("10,000 resources in 2 subscriptions: at least 40"),
            "{text}"
        );
        assert!(
            lines[3].contains("1,500") && lines[3].ends_with("the longest of 2"),
            "{text}"
        );
    }
}
