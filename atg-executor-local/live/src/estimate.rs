//! What a plan will cost, before anything of it is read.

use std::{collections::BTreeMap, time::Duration};

use atg_azure::transport::{Request, ResourceGraphQuery, Transport};
use atg_sdk::quota::{CallKind, QuotaLimit};
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    collector::Found,
    collectors::Resources,
    listing::{First, Lane, Listing},
    run::{Plan, side_by_side},
};

/// How long an answer takes, as far as nobody has measured it: what Resource Manager's lists mostly do.
const ANSWER: Duration = Duration::from_millis(250);
/// Of a query that gives a full page.
const QUERY: Duration = Duration::from_millis(1_500);
/// Rows of a page of Resource Graph, and objects of one of Microsoft Graph.
const ROWS: u64 = 1_000;
const OBJECTS: u64 = 999;
/// Calls in one call of Microsoft Graph.
const BATCH: u64 = 20;

/// What a scan will cost.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Estimate {
    /// How many resources Resource Graph has.
    pub resources: u64,
    /// In how many subscriptions.
    pub subscriptions: u64,
    /// By quota, the one that takes longest first.
    pub buckets: Vec<Expected>,
    /// All calls together.
    pub calls: u64,
    /// The shortest time in which the quotas allow it, in seconds.
    pub floor_seconds: f64,
    /// The time that it will probably take, in seconds: the floor, or the answers one after another where these are slower.
    pub expected_seconds: f64,
}

/// What one quota will be asked for.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expected {
    /// What kind of call.
    pub kind: CallKind,
    /// In which subscription.
    pub within: Option<String>,
    /// Calls.
    pub calls: u64,
    /// What they cost together: one each, but for Microsoft Graph.
    pub cost: u64,
    /// In seconds.
    pub floor_seconds: f64,
    /// In seconds.
    pub expected_seconds: f64,
}

#[derive(Deserialize)]
struct Counted {
    #[serde(rename = "type", default)]
    resource_type: String,
    #[serde(default)]
    kind: Option<String>,
    rows: u64,
}

/// Calls and what they cost, by lane.
type Costs = BTreeMap<Lane, (u64, u64)>;

impl Plan {
    /// What it will cost. Asks Resource Graph how many resources of each type there are, and Microsoft Graph how many
    /// objects: lists of children are as many as their parents. What only children have is not known before, and not counted.
    ///
    /// # Errors
    /// When Resource Graph does not count.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate: shares of counts"
    )]
    pub async fn estimate(&self, transport: &Transport) -> atg_sdk::Result<Estimate> {
        let mut costs = Costs::new();
        let mut add = |lane: &Lane, calls: u64, cost: u64| {
            let sums = costs.entry(lane.clone()).or_default();
            sums.0 += calls;
            sums.1 += cost;
        };
        // What was asked to get here: the list of subscriptions, and the count of their rows.
        add(&Lane::Tenant, 1, 1);
        add(&Lane::ResourceGraph, 1, 1);
        for (collector, listing) in self.listings() {
            let declaration = collector.declaration();
            match listing.lane {
                Lane::MicrosoftGraph => {
                    let objects = self.objects(transport, listing).await;
                    let pages = objects.div_ceil(OBJECTS).max(1);
                    let of_each = declaration
                        .calls
                        .iter()
                        .filter(|call| call.call.contains('{'))
                        .count() as u64;
                    let batches = (objects * of_each).div_ceil(BATCH);
                    add(&listing.lane, pages + batches, pages + objects * of_each * 2);
                }
                Lane::ResourceGraph if declaration.name == Resources::NAME => {
                    let pages = self.rows(listing).div_ceil(ROWS).max(1);
                    add(&listing.lane, pages, pages);
                }
                _ => add(&listing.lane, 1, 1),
            }
        }
        let counted = self.count(transport).await?;
        let total: u64 = self
            .ground()
            .subscriptions
            .iter()
            .filter_map(|own| own.rows)
            .sum();
        let types: u64 = counted.iter().map(|own| own.rows).sum();
        for counted in &counted {
            let text = json!({ "kind": counted.kind }).to_string();
            for own in &self.ground().subscriptions {
                let share = own.rows.unwrap_or_default() as f64 / total.max(1) as f64;
                let id = format!(
                    "{}/resourceGroups/g/providers/{}/x",
                    own.scope(),
                    counted.resource_type
                );
                let found = Found {
                    id: &id,
                    resource_type: &counted.resource_type.to_lowercase(),
                    kind: counted.kind.as_deref().filter(|kind| !kind.is_empty()),
                    text: &text,
                };
                for listing in self.followed_by(&found) {
                    let calls = (counted.rows as f64 * share).round() as u64;
                    add(&listing.lane, calls, calls);
                }
            }
        }
        let mut buckets: Vec<Expected> = costs
            .iter()
            .map(|(lane, (calls, cost))| expected(transport, lane, *calls, *cost))
            .collect();
        buckets.sort_by(|a, b| {
            b.expected_seconds
                .total_cmp(&a.expected_seconds)
                .then_with(|| a.within.cmp(&b.within))
        });
        let longest = |time: fn(&Expected) -> f64| buckets.iter().map(time).fold(0.0, f64::max);
        Ok(Estimate {
            resources: types,
            subscriptions: self.ground().subscriptions.len() as u64,
            calls: buckets.iter().map(|own| own.calls).sum(),
            floor_seconds: longest(|own| own.floor_seconds),
            expected_seconds: longest(|own| own.expected_seconds),
            buckets,
        })
    }

    /// The rows of the subscriptions that a list of resources covers.
    fn rows(&self, listing: &Listing) -> u64 {
        let First::Query { subscriptions, .. } = &listing.first else {
            return 0;
        };
        let own = self.ground().subscriptions.iter();
        own.filter(|own| subscriptions.contains(&own.id))
            .filter_map(|own| own.rows)
            .sum()
    }

    async fn count(&self, transport: &Transport) -> atg_sdk::Result<Vec<Counted>> {
        let ids: Vec<&str> = self
            .ground()
            .subscriptions
            .iter()
            .map(|own| own.id.as_str())
            .collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = ResourceGraphQuery::new("resources | summarize rows = count() by type, kind")
            .in_subscriptions(ids);
        let mut counted = Vec::new();
        if let Some(page) = transport.query(query, "estimate")?.next().await {
            counted.extend(page?.items().filter_map(|text| serde_json::from_str(text).ok()));
        }
        Ok(counted)
    }

    /// How many objects a list of Microsoft Graph has; none where it does not say.
    async fn objects(&self, transport: &Transport, listing: &Listing) -> u64 {
        let First::Directory(path) = &listing.first else {
            return 0;
        };
        let path = format!("{}/$count", path.split('?').next().unwrap_or_default());
        let Ok(request) = Request::get_graph(transport.cloud(), &path) else {
            return 0;
        };
        let eventual = HeaderValue::from_static("eventual");
        let answer = transport
            .send(&request.with_header("consistencylevel", eventual))
            .await;
        answer
            .ok()
            .and_then(|answer| {
                std::str::from_utf8(answer.body())
                    .ok()?
                    .trim_start_matches('\u{feff}')
                    .trim()
                    .parse()
                    .ok()
            })
            .unwrap_or(0)
    }
}

fn expected(transport: &Transport, lane: &Lane, calls: u64, cost: u64) -> Expected {
    let (kind, within) = match lane {
        Lane::ResourceGraph => (CallKind::ResourceGraphQuery, None),
        Lane::Subscription(id) => (CallKind::SubscriptionRead, Some(id.clone())),
        Lane::Tenant => (CallKind::TenantRead, None),
        Lane::MicrosoftGraph => (CallKind::MicrosoftGraph, None),
    };
    let limit: QuotaLimit = transport.budget().limit(kind);
    let floor = limit.floor(cost);
    let answer = if *lane == Lane::ResourceGraph {
        QUERY
    } else {
        ANSWER
    };
    let rounds = calls.div_ceil(side_by_side(lane) as u64);
    let one_after_another = answer.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX));
    Expected {
        kind,
        within,
        calls,
        cost,
        floor_seconds: floor.as_secs_f64(),
        expected_seconds: floor.max(one_after_another).as_secs_f64(),
    }
}
