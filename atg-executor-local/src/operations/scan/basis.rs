//! What a scan of Azure goes by: everything, or what changed since the last one.
//!
//! A complete scan leaves for the next one when it began by Azure's clock, which subscriptions it read and how many rows
//! each had, and where the feeds of the directory go on. Whatever does not fit is read whole, and that is said: other
//! parameters, a feed that does not reach back or is refused, a subscription that is new, or of which the feed cannot
//! explain how many rows it has now. The last is also how it is noticed that somebody may see more than before, of which no
//! feed tells.

use std::collections::{BTreeMap, BTreeSet};

use atg_azure::budget::subscription_of;
use atg_live::{
    collector::scope_of,
    feed::{self, Basis, Changed, changed_name},
    ground::Ground,
    run::{Known, Plan},
};
use atg_sdk::{Result, model::operations::scan::Parameters};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde::{Deserialize, Serialize};
use serde_json::{Value as JsonValue, json};
use tokio::task::JoinSet;

use super::{
    Origin, Scan,
    live::{counters, unless_cancelled},
};
use crate::{
    azure::transport::Transport,
    discovery::{
        live::{keep_basis, read_basis},
        unit::{Collector, Tally, Unit, UnitKey, UnitState},
    },
    graph::Remember,
};

/// Of what is remembered.
const VERSION: u32 = 1;
/// Resource Graph lags: mostly seconds, at worst hours. What happened so long before a scan, the next one asks for again.
const LAG: SignedDuration = SignedDuration::from_hours(6);
/// `resourcechanges` reaches back 14 days; the rest is for clocks, and for a scan that takes its time.
const RESOURCES_REACH: SignedDuration = SignedDuration::from_hours(14 * 24 - 1);
/// Links of Microsoft Graph are good for seven.
const DIRECTORY_REACH: SignedDuration = SignedDuration::from_hours(7 * 24 - 1);
/// More changes than this, and more than a tenth of all, cost more by name than everything does in pages.
const MANY: usize = 1_000;
/// So many things that nobody could tell of are remembered; with more the next scan reads everything.
const DOUBTFUL: usize = 1_000;
/// Resources that are read from the graph at a time.
const PAGE: u64 = 500;

/// What a complete scan leaves for the next one.
#[derive(Serialize, Deserialize)]
struct Last {
    version: u32,
    at: Timestamp,
    /// What the next one has to ask for too.
    parameters: JsonValue,
    /// How many rows of the table `resources` each subscription had.
    subscriptions: BTreeMap<String, u64>,
    /// Where the feeds of the directory go on.
    links: BTreeMap<String, String>,
    /// When each collector last read all it reads.
    read: BTreeMap<String, Timestamp>,
    /// What was not seen and could not be asked for.
    doubtful: BTreeSet<String>,
}

/// What has to be the same for a scan to go by what another one left; `None` for one that does not take everything.
fn comparable(parameters: &Parameters, narrows: bool) -> Option<JsonValue> {
    if narrows || parameters.resource_limit.is_some() {
        return None;
    }
    let subscriptions: BTreeSet<_> = parameters
        .subscription_ids
        .iter()
        .map(ToString::to_string)
        .collect();
    Some(json!({
        "subscriptions": subscriptions, "entra": parameters.include_entra, "rbac": parameters.include_rbac,
    }))
}

/// Decides what the scan goes by, or takes up what an earlier run of it decided.
pub(super) async fn settle(
    scan: &mut Scan<'_>,
    ground: &Ground,
    transport: &Transport,
    from_the_beginning: bool,
) -> Result<Basis> {
    let is_replayed = matches!(&scan.origin, Origin::Azure(facts) if facts.recording.is_some());
    if !is_replayed {
        // Whatever it reads is Azure's word, and newer.
        scan.remember = Remember::AsBefore;
    }
    if let Some((_, content)) = scan.writer().await?.kept(0).await? {
        return Ok(read_basis(&content)?.unwrap_or_default());
    }
    let mut basis = Basis {
        at: ground.date.clone(),
        ..Basis::default()
    };
    let narrows = scan.filters.narrows();
    let Some(parameters) = comparable(&scan.parameters, narrows) else {
        if scan.parameters.incremental {
            say(
                scan,
                "everything is read: a scan with filters cannot go by what changed",
            );
        }
        return Ok(Basis::default());
    };
    if from_the_beginning {
        return Ok(basis);
    }
    let now = basis.at.as_deref().and_then(parse_date);
    let last = match scan.parameters.incremental {
        true => last(scan, &parameters, now).await?,
        false => None,
    };
    if let Some(last) = &last {
        resources(scan, ground, last, now, transport, &mut basis).await?;
    }
    if scan.parameters.include_entra {
        directory(scan, last.as_ref(), now, transport, &mut basis).await?;
    }
    if let (true, Some(last)) = (scan.parameters.fast, &last) {
        carry(scan, last, &mut basis);
    }
    let kept = keep_basis(&basis)?;
    scan.writer()
        .await?
        .write_with_checkpoint(Vec::new(), kept)
        .await?;
    Ok(basis)
}

fn say(scan: &mut Scan<'_>, words: &str) {
    scan.gathered.report.warn(scan.context, words.to_owned());
}

fn parse_date(text: &str) -> Option<Timestamp> {
    Some(rfc2822::parse(text).ok()?.timestamp())
}

/// What the last complete scan left, if this one can go by it.
async fn last(scan: &mut Scan<'_>, parameters: &JsonValue, now: Option<Timestamp>) -> Result<Option<Last>> {
    let found = scan.writer().await?.remembered().await?;
    let last: Option<Last> = found.and_then(|text| serde_json::from_str(&text).ok());
    let obstacle = match &last {
        None => "no complete scan came before, or what came after it was a file or was stopped",
        Some(last) if last.version != VERSION => "the last scan was one of another version",
        Some(last) if last.parameters != *parameters => "the last complete scan asked for something else",
        Some(_) if now.is_none() => "Azure does not tell the time",
        Some(_) => return Ok(last),
    };
    say(scan, &format!("everything is read: {obstacle}"));
    Ok(None)
}

/// What the feed of Resource Graph tells, of the subscriptions of which it can.
async fn resources(
    scan: &mut Scan<'_>,
    ground: &Ground,
    last: &Last,
    now: Option<Timestamp>,
    transport: &Transport,
    basis: &mut Basis,
) -> Result<()> {
    let since = last.at.checked_sub(LAG).unwrap_or(last.at);
    if now.is_none_or(|now| now.duration_since(since) > RESOURCES_REACH) {
        say(
            scan,
            "all resources are read: the last complete scan is longer ago than their changes are kept",
        );
        return Ok(());
    }
    let known: BTreeSet<String> = ground
        .subscriptions
        .iter()
        .map(|own| own.id.clone())
        .filter(|id| last.subscriptions.contains_key(id))
        .collect();
    if known.is_empty() {
        return Ok(());
    }
    scan.context
        .progress(0.0, "asking what changed", counters(scan, transport));
    let since = since.to_string();
    let asked = async { Ok(feed::changed(transport, &since, &known).await) };
    let mut changed = match unless_cancelled(scan.context, asked).await? {
        Ok(changed) => changed,
        Err(shortfall) => {
            say(
                scan,
                &format!(
                    "all resources are read: Azure does not tell which changed: {}",
                    shortfall.reason
                ),
            );
            return Ok(());
        }
    };
    let all: u64 = last.subscriptions.values().sum();
    let count = changed.targets.len();
    if count > MANY && count as u64 > all / 10 {
        say(
            scan,
            &format!("all resources are read: {count} changed, which is quicker"),
        );
        return Ok(());
    }
    leave_unexplained(scan, ground, last, &mut changed).await?;
    if !changed.subscriptions.is_empty() {
        basis.resources = Some(changed);
        basis.doubtful.clone_from(&last.doubtful);
    }
    Ok(())
}

/// Has subscriptions read whole where the feed does not explain how many rows they have now.
async fn leave_unexplained(
    scan: &mut Scan<'_>,
    ground: &Ground,
    last: &Last,
    changed: &mut Changed,
) -> Result<()> {
    let ids: Vec<String> = changed.targets.keys().cloned().collect();
    let held = scan.writer().await?.holds(&ids).await?;
    let mut expected = last.subscriptions.clone();
    for ((key, target), held) in changed.targets.iter().zip(held) {
        let scope = scope_of(key);
        let Some(rows) = subscription_of(&scope).and_then(|id| expected.get_mut(id)) else {
            continue;
        };
        *rows = (*rows + u64::from(!target.deleted)).saturating_sub(u64::from(held));
    }
    for own in &ground.subscriptions {
        let (Some(expected), true) = (expected.get(&own.id), changed.subscriptions.contains(&own.id)) else {
            continue;
        };
        if own.rows != Some(*expected) {
            let has = own
                .rows
                .map_or_else(|| "an unknown number of".to_owned(), |rows| rows.to_string());
            say(
                scan,
                &format!(
                    "all resources of subscription {} are read: it has {has} of them, and by what is told of changes \
                     {expected}",
                    own.id
                ),
            );
            changed.leave(&own.id);
        }
    }
    Ok(())
}

/// What the feeds of the directory tell, and where they go on.
async fn directory(
    scan: &mut Scan<'_>,
    last: Option<&Last>,
    now: Option<Timestamp>,
    transport: &Transport,
    basis: &mut Basis,
) -> Result<()> {
    let in_reach = last.filter(|last| now.is_some_and(|now| now.duration_since(last.at) <= DIRECTORY_REACH));
    if last.is_some() && in_reach.is_none() {
        say(
            scan,
            "the whole directory is read: the last complete scan is longer ago than its changes are kept",
        );
    }
    let mut rounds = JoinSet::new();
    for collection in feed::collections() {
        let link = in_reach.and_then(|last| last.links.get(collection)).cloned();
        let transport = transport.clone();
        rounds.spawn(async move {
            let told = match &link {
                Some(link) => feed::changes(&transport, collection, link).await.map(Some),
                None => Ok(None),
            };
            let (told, obstacle) = match told {
                Ok(told) => (told, None),
                Err(shortfall) => (None, Some(shortfall.reason)),
            };
            match told {
                Some((next, ids)) => (collection, Some(next), Some(ids), None),
                // Without a link the next scan reads it whole again, and is told so.
                None => {
                    let begun = feed::begin(&transport, collection).await;
                    (collection, begun.ok(), None, obstacle)
                }
            }
        });
    }
    let mut told = BTreeMap::new();
    let all = async {
        while let Some(done) = rounds.join_next().await {
            if let Ok((collection, link, ids, obstacle)) = done {
                told.insert(collection, (link, ids, obstacle));
            }
        }
        Ok(())
    };
    unless_cancelled(scan.context, all).await?;
    for (collection, (link, ids, obstacle)) in told {
        if let Some(link) = link {
            basis.links.insert(collection.to_owned(), link);
        }
        if let Some(ids) = ids {
            basis.objects.insert(collection.to_owned(), ids);
        }
        if let Some(obstacle) = obstacle {
            say(
                scan,
                &format!(
                    "all {collection} are read: Microsoft Graph does not tell which changed: {obstacle}"
                ),
            );
        }
    }
    Ok(())
}

/// Leaves out what has no feed. Of what is read whole nothing is carried over.
fn carry(scan: &mut Scan<'_>, last: &Last, basis: &mut Basis) {
    if basis.resources.is_none() {
        return;
    }
    for (collector, at) in &last.read {
        let collection = collector.strip_prefix("directory/");
        let has_feed = feed::collections().any(|own| collection == Some(own));
        if !has_feed && !ALWAYS.contains(&collector.as_str()) {
            basis.carried.insert(collector.clone(), at.to_string());
        }
    }
    if let Some(oldest) = basis.carried.values().min() {
        let words = format!(
            "{} kinds have no change feed and are as an earlier scan read them, the oldest as of {oldest} (see report.json)",
            basis.carried.len()
        );
        say(scan, &words);
    }
}

/// What is read in every scan: it has a feed, or others need it.
const ALWAYS: [&str; 2] = [
    atg_live::collectors::Hierarchy::NAME,
    atg_live::collectors::Resources::NAME,
];

/// How many rows each subscription has, as far as Resource Graph said.
pub(super) fn rows(ground: &Ground) -> BTreeMap<String, u64> {
    let rows = |own: &atg_live::ground::Subscription| Some((own.id.clone(), own.rows?));
    ground.subscriptions.iter().filter_map(rows).collect()
}

/// Has what is not read again followed all the same: its children have no feed.
pub(super) async fn know(scan: &mut Scan<'_>, plan: &mut Plan, basis: &Basis) -> Result<()> {
    let Some(changed) = &basis.resources else {
        return Ok(());
    };
    if !basis.carried.is_empty() {
        return Ok(());
    }
    let types = plan.followed();
    let mut after = String::new();
    loop {
        scan.context.check_cancelled()?;
        let held = scan.writer().await?.held(&types, &after, PAGE).await?;
        let Some(last) = held.last() else {
            return Ok(());
        };
        after.clone_from(&last.key);
        let of_feed = held.into_iter().filter(|own| {
            let scope = scope_of(&own.id);
            let key = own.id.trim_end_matches('/').to_lowercase();
            let is_asked = subscription_of(&scope).is_some_and(|id| changed.subscriptions.contains(id));
            // What changed is read, if it is there.
            is_asked && !changed.targets.contains_key(&key)
        });
        plan.know(of_feed.map(|own| Known {
            id: own.id,
            resource_type: own.resource_type,
            kind: own.kind,
            properties: own.properties,
        }));
    }
}

/// Says of units what was not read again.
pub(super) fn carry_over(scan: &mut Scan<'_>, units: &mut Vec<Unit>, basis: &Basis) {
    let Some(changed) = basis.resources.as_ref().filter(|_| !basis.carried.is_empty()) else {
        return;
    };
    for unit in units.iter_mut() {
        let subscription = subscription_of(&unit.scope);
        let is_new = subscription.is_some_and(|id| !changed.subscriptions.contains(id));
        if unit.state == UnitState::Complete && !is_new && basis.carried.contains_key(&unit.collector) {
            unit.state = UnitState::CarriedOver;
        }
    }
    let named: BTreeSet<String> = units
        .iter()
        .filter(|unit| unit.state == UnitState::CarriedOver)
        .map(|unit| unit.collector.clone())
        .collect();
    for collector in basis.carried.keys().filter(|own| !named.contains(*own)) {
        units.push(Unit {
            scope: "/".to_owned(),
            collector: collector.clone(),
            state: UnitState::CarriedOver,
            reason: None,
            tally: Tally::default(),
            pages: None,
            input: None,
        });
    }
    units.sort_by(|a, b| (&a.scope, &a.collector).cmp(&(&b.scope, &b.collector)));
    if let Origin::Azure(facts) = &mut scan.origin {
        facts.carried_over.clone_from(&basis.carried);
    }
}

/// Leaves for the next scan what it can go by, should this one miss nothing.
pub(super) fn leave(
    scan: &mut Scan<'_>,
    basis: &Basis,
    counted: &BTreeMap<String, u64>,
    units: &[Unit],
    doubtful: Vec<String>,
) {
    let narrows = scan.filters.narrows();
    let (Some(parameters), Some(at)) = (
        comparable(&scan.parameters, narrows),
        basis.at.as_deref().and_then(parse_date),
    ) else {
        return;
    };
    if scan.remember == Remember::Nothing {
        return;
    }
    if doubtful.len() > DOUBTFUL {
        scan.remember = Remember::Nothing;
        return;
    }
    let name = atg_live::collectors::Resources::NAME;
    let by_feed = changed_name(name);
    let mut last = Last {
        version: VERSION,
        at,
        parameters,
        subscriptions: BTreeMap::new(),
        links: basis.links.clone(),
        read: BTreeMap::new(),
        doubtful: doubtful.into_iter().map(|id| id.to_lowercase()).collect(),
    };
    for unit in units {
        let subscription = subscription_of(&unit.scope).map(str::to_owned);
        if let Some(id) = subscription {
            let rows = if unit.collector == name {
                let key = UnitKey {
                    scope: unit.scope.clone(),
                    collector: Collector::Live(name.into()),
                };
                Some(scan.gathered.units.tally(&key).rows)
            } else if unit.collector == by_feed {
                counted.get(&id).copied()
            } else {
                None
            };
            if let Some(rows) = rows {
                last.subscriptions.insert(id, rows);
            }
        }
        let carried = basis.carried.get(&unit.collector).and_then(|at| at.parse().ok());
        match (unit.state, carried) {
            (UnitState::CarriedOver, Some(then)) => drop(last.read.insert(unit.collector.clone(), then)),
            (UnitState::Complete, None) if !feed::is_changed_name(&unit.collector) => {
                last.read.entry(unit.collector.clone()).or_insert(at);
            }
            _ => {}
        }
    }
    if let Ok(text) = serde_json::to_string(&last) {
        scan.remember = Remember::This(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_not_everything_can_be_gone_by_for_nothing() {
        let all = Parameters::default();
        assert!(comparable(&all, true).is_none());
        let limited = Parameters {
            resource_limit: Some(1),
            ..Parameters::default()
        };
        assert!(comparable(&limited, false).is_none());
        let again = Parameters {
            incremental: true,
            fast: true,
            no_wait: true,
            ..Parameters::default()
        };
        assert_eq!(comparable(&all, false), comparable(&again, false));
        let other = Parameters {
            include_rbac: false,
            ..Parameters::default()
        };
        assert_ne!(comparable(&all, false), comparable(&other, false));
    }

    #[test]
    fn azures_date_is_read() {
        let at = parse_date("Mon, 23 Nov 2026 16:22:00 GMT").unwrap();
        assert_eq!(at.to_string(), "2026-11-23T16:22:00Z");
        assert!(parse_date("yesterday").is_none());
    }
}
