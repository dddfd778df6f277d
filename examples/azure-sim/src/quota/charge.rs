//! Which bucket a request is taken from, and the headers that tell of it.

use http::Method;

use crate::{
    cloud::Part,
    error,
    login::Caller,
    web::{Call, Reply},
    world::World,
};

use super::{Count, Limits, Quotas, Rate, State, bucket::Bucket, units, window::Window};

type Headers = Vec<(&'static str, String)>;

/// Takes a request from its buckets. The headers go with the answer; a refusal is the answer.
pub(crate) fn charge(world: &World, call: &Call, part: Part, caller: &Caller) -> Result<Headers, Reply> {
    let quotas = world.quotas();
    let Quotas::Faithful(limits) = &*quotas else {
        return Ok(Vec::new());
    };
    match part {
        Part::Arm if is_query(call) => resource_graph(world, limits, caller),
        Part::Arm => resource_manager(world, limits, call, caller),
        Part::Graph => microsoft_graph(world, limits, call, caller),
        _ => Ok(Vec::new()),
    }
}

fn is_query(call: &Call) -> bool {
    call.method == Method::POST
        && call
            .segments
            .get(1)
            .is_some_and(|name| name.eq_ignore_ascii_case("Microsoft.ResourceGraph"))
}

/// What a call does to its subscription, as headers and keys name it.
fn kind(call: &Call) -> &'static str {
    match call.method {
        Method::GET | Method::HEAD => "reads",
        Method::DELETE => "deletes",
        _ => "writes",
    }
}

fn resource_manager(world: &World, limits: &Limits, call: &Call, caller: &Caller) -> Result<Headers, Reply> {
    let client = &caller.principal.client_id;
    let kind = kind(call);
    let lower = call.lower();
    let subscription = match lower.as_slice() {
        [first, id, ..] if first == "subscriptions" => Some(id.clone()),
        _ => None,
    };
    let by_resource_graph = call
        .parameter("useResourceGraph")
        .is_some_and(|text| text.eq_ignore_ascii_case("true"));
    if let (Some(id), true, "reads") = (&subscription, by_resource_graph, kind) {
        let key = format!("arm/{client}/{id}/resource-graph-reads");
        return window(world, limits, limits.resource_graph_reads, &key, 1)
            .map(|left| vec![("x-ms-user-quota-remaining", left.to_string())])
            .map_err(|wait| refused(world, limits, wait, id, client, "read"));
    }
    let rate = match (kind, &subscription) {
        ("reads", None) => limits.tenant_reads,
        ("reads", _) => limits.reads,
        ("deletes", _) => limits.deletes,
        _ => limits.writes,
    };
    let verb = &kind[..kind.len() - 1];
    let Some(id) = subscription else {
        let key = format!("arm/{client}/tenant/{kind}");
        let left = take(world, limits, &[(key, rate)])
            .map_err(|wait| refused(world, limits, wait, &world.tenant.id, client, verb))?;
        let name = match kind {
            "reads" => "x-ms-ratelimit-remaining-tenant-reads",
            "deletes" => "x-ms-ratelimit-remaining-tenant-deletes",
            _ => "x-ms-ratelimit-remaining-tenant-writes",
        };
        return Ok(vec![(name, left[0].to_string())]);
    };
    if let Some(limit) = provider(limits, &lower).filter(|_| kind == "reads") {
        let key = format!("arm/{client}/{id}/{}", limit.namespace.to_lowercase());
        window(world, limits, limit.reads, &key, 1).map_err(|wait| {
            let message = format!("The request is being throttled as the limit has been reached for operation type - Read_ObservationWindow_00:0{}:00.", limit.reads.seconds / 60);
            let reply = error::arm(429, "TooManyRequests", message);
            with_wait(world, limits, reply, wait)
        })?;
    }
    let all = Rate {
        size: rate.size * limits.subscription_factor,
        per_second: rate.per_second * limits.subscription_factor,
    };
    let keys = [
        (format!("arm/{client}/{id}/{kind}"), rate),
        (format!("arm/*/{id}/{kind}"), all),
    ];
    let left = take(world, limits, &keys).map_err(|wait| refused(world, limits, wait, &id, client, verb))?;
    let names = match kind {
        "reads" => [
            "x-ms-ratelimit-remaining-subscription-reads",
            "x-ms-ratelimit-remaining-subscription-global-reads",
        ],
        "deletes" => [
            "x-ms-ratelimit-remaining-subscription-deletes",
            "x-ms-ratelimit-remaining-subscription-global-deletes",
        ],
        _ => [
            "x-ms-ratelimit-remaining-subscription-writes",
            "x-ms-ratelimit-remaining-subscription-global-writes",
        ],
    };
    Ok(vec![
        (names[0], left[0].to_string()),
        (names[1], left[1].to_string()),
    ])
}

/// The limit of the provider that a path is for.
fn provider<'a>(limits: &'a Limits, path: &[String]) -> Option<&'a super::Provider> {
    let at = path.iter().rposition(|segment| segment == "providers")?;
    let namespace = path.get(at + 1)?;
    limits
        .providers
        .iter()
        .find(|limit| limit.namespace.eq_ignore_ascii_case(namespace))
}

fn refused(world: &World, limits: &Limits, wait: u64, scope: &str, client: &str, verb: &str) -> Reply {
    let reply = error::too_many_requests(&format!(
        "Number of '{verb}' requests for subscription '{scope}' actor '{client}' exceeded. Please try again after '{wait}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
    ));
    let name = match verb {
        "read" => "x-ms-ratelimit-remaining-subscription-reads",
        "delete" => "x-ms-ratelimit-remaining-subscription-deletes",
        _ => "x-ms-ratelimit-remaining-subscription-writes",
    };
    with_wait(world, limits, reply.with(name, "0"), wait)
}

fn with_wait(world: &World, limits: &Limits, mut reply: Reply, wait: u64) -> Reply {
    if let Some(value) = limits.retry_after.header(world.now(), wait) {
        reply.set("retry-after", value);
    }
    reply
}

fn resource_graph(world: &World, limits: &Limits, caller: &Caller) -> Result<Headers, Reply> {
    let key = format!("resource-graph/{}", caller.principal.client_id);
    let count = limits.resource_graph;
    let headers = |left: u64, wait: u64| {
        vec![
            ("x-ms-user-quota-remaining", left.to_string()),
            (
                "x-ms-user-quota-resets-after",
                format!("{:02}:{:02}:{:02}", wait / 3600, wait / 60 % 60, wait % 60),
            ),
            ("x-ms-tenant-subscription-limit-hit", "false".to_owned()),
        ]
    };
    match window(world, limits, count, &key, 1) {
        Ok(left) => {
            let wait = world.used.with(|state| {
                let window = state.windows.get(&key);
                window.map_or(count.seconds, |window| window.wait(count, world.now()))
            });
            Ok(headers(left, wait))
        }
        Err(wait) => {
            let detail = serde_json::json!({
                "code": "RateLimiting",
                "message": "Client application has been throttled and should not attempt to repeat the request until an amount of time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help.",
            });
            let mut reply = error::resource_graph(429, "RateLimiting", &[detail], world.now());
            for (name, value) in headers(0, wait) {
                reply.set(name, value);
            }
            Err(with_wait(world, limits, reply, wait))
        }
    }
}

fn microsoft_graph(world: &World, limits: &Limits, call: &Call, caller: &Caller) -> Result<Headers, Reply> {
    let cost = units::units(call);
    let key = format!("graph/{}", caller.principal.client_id);
    let count = limits
        .graph_units
        .unwrap_or_else(|| units::allowed(world.users()));
    match window(world, limits, count, &key, cost) {
        Ok(left) => {
            let mut headers = vec![("x-ms-resource-unit", cost.to_string())];
            let used = 1.0 - as_share(left, count.count);
            if used >= 0.8 {
                headers.push(("x-ms-throttle-limit-percentage", format!("{used:.2}")));
            }
            Ok(headers)
        }
        Err(wait) => {
            let reply = error::graph(429, "TooManyRequests", "Too many requests.", world.now())
                .with("x-ms-resource-unit", cost.to_string())
                .with("x-ms-throttle-information", "ResourceUnitLimitExceeded")
                .with(
                    "x-ms-throttle-scope",
                    format!(
                        "Tenant_Application/ReadWrite/{}/{}",
                        caller.principal.client_id, world.tenant.id
                    ),
                );
            Err(with_wait(world, limits, reply, wait))
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of calls")]
fn as_share(part: u64, whole: u64) -> f64 {
    part as f64 / (whole as f64).max(1.0)
}

/// Takes one token of each bucket or none of any: what is left, or the seconds to wait.
fn take(world: &World, limits: &Limits, keys: &[(String, Rate)]) -> Result<Vec<u64>, u64> {
    let now = world.now();
    world.used.with(|state| {
        let mut left = Vec::new();
        let mut refused = None;
        for (key, rate) in keys {
            let bucket = state
                .buckets
                .entry(key.clone())
                .or_insert_with(|| Bucket::full(*rate, now));
            bucket.refill(*rate, limits.stolen, now);
            if !bucket.take() {
                refused = Some(bucket.wait(*rate, limits.stolen));
                break;
            }
            left.push(bucket.left());
        }
        if refused.is_some() {
            for (key, _) in &keys[..left.len()] {
                if let Some(bucket) = state.buckets.get_mut(key) {
                    bucket.put_back();
                }
            }
        }
        tally(state, &keys[0].0, refused.is_none(), 1);
        refused.map_or(Ok(left), Err)
    })
}

/// Takes so many of a window: what is left, or the seconds to wait.
fn window(world: &World, limits: &Limits, count: Count, key: &str, amount: u64) -> Result<u64, u64> {
    let now = world.now();
    world.used.with(|state| {
        let window = state
            .windows
            .entry(key.to_owned())
            .or_insert_with(|| Window::new(now));
        let fits = window.take(count, limits.stolen, amount, now);
        let answer = if fits {
            Ok(window.left(count, limits.stolen))
        } else {
            Err(window.wait(count, now))
        };
        tally(state, key, fits, amount);
        answer
    })
}

fn tally(state: &mut State, key: &str, allowed: bool, cost: u64) {
    let tally = state.tallies.entry(key.to_owned()).or_default();
    if allowed {
        tally.allowed += 1;
        tally.used += cost;
    } else {
        tally.refused += 1;
    }
}
