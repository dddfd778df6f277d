//! A process full of work against Azure's quotas, in virtual time: an hour of waiting takes as long as there is to compute.
//!
//! The other side counts as Azure documents it and knows nothing of our arithmetic.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use atg_azure::{
    budget::{BucketReport, Budget},
    clock::{Clock, RuntimeClock},
    cloud::{Audience, Cloud, CloudName},
    credential::{AccessToken, AuthMethod, Chain, Credential, CredentialError, TokenRequest, TokenSource},
    transport::{Request, TallyReport, Transport},
    wire::{Limits, Wire, WireFailure},
};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use tokio::time::Instant;

/// What is simulated.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    pub(crate) subscriptions: usize,
    pub(crate) calls: usize,
    /// What is called in each.
    pub(crate) work: Work,
    /// How long an answer takes, about.
    pub(crate) latency: Duration,
    /// The same of the first subscription.
    pub(crate) slow: Duration,
    /// What somebody else uses of each quota, 0 to 1.
    pub(crate) stolen: f64,
    /// Whether answers tell what is left.
    pub(crate) tells: bool,
    /// Whether refusals tell how long to wait.
    pub(crate) retry_after: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// Reads of single resources.
    Reads,
    /// Queries of Resource Graph, all of which share one quota.
    Queries,
}

impl Scenario {
    /// What the documentation says, with nobody else around.
    pub(crate) fn plain(name: &'static str) -> Self {
        Self {
            name,
            subscriptions: 30,
            calls: 1_000,
            work: Work::Reads,
            latency: Duration::from_millis(120),
            slow: Duration::from_millis(120),
            stolen: 0.0,
            tells: true,
            retry_after: true,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    /// The shortest time in which it could be done, with what somebody else uses taken off.
    pub(crate) floor: Duration,
    pub(crate) tally: TallyReport,
    pub(crate) buckets: Vec<BucketReport>,
    /// When each subscription was done.
    pub(crate) done: Vec<Duration>,
    /// Of what each bucket had for us until its work was done, how much was used, 0 to 1.
    pub(crate) used: Vec<f64>,
}

impl Outcome {
    /// Refused calls of all calls, in per cent.
    pub(crate) fn refused_percent(&self) -> f64 {
        100.0 * self.tally.refused() as f64 / self.tally.total() as f64
    }

    /// Of what was allowed in the time that it took, how much was used, in per cent: on average, and where it was least.
    pub(crate) fn used_percent(&self) -> (f64, f64) {
        let sum: f64 = self.used.iter().sum();
        let least = self.used.iter().copied().fold(1.0, f64::min);
        (100.0 * sum / self.used.len() as f64, 100.0 * least)
    }
}

/// Runs it. To be called in a runtime whose clock is paused.
pub(crate) async fn run(scenario: &Scenario, seed: u64) -> Outcome {
    // The waits between tries are random too: with a seed the same comes out every time.
    fastrand::seed(seed);
    let clock: Arc<dyn Clock> = Arc::new(RuntimeClock::starting_at(Timestamp::UNIX_EPOCH));
    let azure = Arc::new(Azure::new(scenario.clone(), seed));
    let budget = Budget::in_memory(Arc::clone(&clock));
    let cloud = Cloud::known(&CloudName::Public).expect("the public cloud is known");
    let tokens = TokenSource::new(Chain::of(Arc::new(Anybody)), Arc::clone(&clock));
    let wire: Arc<dyn Wire> = Arc::clone(&azure) as _;
    let transport = Transport::new(cloud, wire, Arc::new(tokens), Arc::clone(&budget), clock);
    let start = Instant::now();
    let work = (0..scenario.subscriptions).map(|subscription| {
        let (transport, scenario) = (transport.clone(), scenario.clone());
        tokio::spawn(async move {
            stream::iter(0..scenario.calls)
                .for_each_concurrent(200, |call| {
                    let request = request(&transport, scenario.work, subscription, call);
                    let transport = transport.clone();
                    async move {
                        transport
                            .send(&request)
                            .await
                            .expect("patience outlasts the quota");
                    }
                })
                .await;
            start.elapsed()
        })
    });
    let done = futures::future::join_all(work).await;
    let done: Vec<_> = done
        .into_iter()
        .map(|done| done.expect("no task panics"))
        .collect();
    let buckets = budget.report();
    let left = 1.0 - scenario.stolen;
    let floor = buckets
        .iter()
        .map(|row| {
            let all = scenario.floor_of(row.limit.burst, row.cost - row.refused);
            all.div_f64(left)
        })
        .max()
        .unwrap_or_default();
    Outcome {
        used: azure.used(),
        took: start.elapsed(),
        floor,
        tally: transport.tally(),
        buckets,
        done,
    }
}

impl Scenario {
    fn floor_of(&self, burst: u32, calls: u64) -> Duration {
        let beyond = calls.saturating_sub(u64::from(burst)) as f64;
        match self.work {
            Work::Reads => Duration::from_secs_f64(beyond / 25.0),
            Work::Queries => Duration::from_secs(5) * (beyond / 15.0).ceil() as u32,
        }
    }
}

fn request(transport: &Transport, work: Work, subscription: usize, call: usize) -> Request {
    let cloud = transport.cloud();
    let made = match work {
        Work::Reads => Request::get(
            cloud,
            &format!("/subscriptions/{subscription}/resourceGroups/{call}"),
        ),
        Work::Queries => {
            let path = "/providers/Microsoft.ResourceGraph/resources?api-version=2024-04-01";
            Request::read(cloud, Audience::ResourceManager, path, &call)
                .map(|request| request.in_lane(subscription.to_string()))
        }
    };
    made.expect("the path is one")
}

/// The other side.
#[derive(Debug)]
struct Azure {
    scenario: Scenario,
    start: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    random: fastrand::Rng,
    buckets: HashMap<String, Bucket>,
    windows: BTreeMap<String, Window>,
}

/// 250 and 25 a second. Somebody else's calls come when they like, at a rate of their own.
#[derive(Debug)]
struct Bucket {
    left: f64,
    at: f64,
    next_theft: f64,
    /// What we got, what others got, and when we had the last.
    ours: f64,
    stolen: f64,
    last: f64,
}

/// 15 in 5 seconds, from the first on.
#[derive(Debug)]
struct Window {
    ends: f64,
    left: f64,
    opened: f64,
    ours: f64,
}

impl Azure {
    fn new(scenario: Scenario, seed: u64) -> Self {
        Self {
            scenario,
            start: Instant::now(),
            state: Mutex::new(State {
                random: fastrand::Rng::with_seed(seed),
                buckets: HashMap::new(),
                windows: BTreeMap::new(),
            }),
        }
    }

    /// Of what there was for us, how much we used.
    fn used(&self) -> Vec<f64> {
        let state = self.state.lock().expect("nobody panics with it");
        let buckets = state
            .buckets
            .values()
            .map(|bucket| bucket.ours / (250.0 + 25.0 * bucket.last - bucket.stolen));
        // The last window need not have been used up.
        let windows = state
            .windows
            .values()
            .map(|window| window.ours / (15.0 * (window.opened / 5.0).floor() + 15.0));
        buckets.chain(windows).collect()
    }

    /// Half to one and a half times as long as usual.
    fn latency(&self, path: &str) -> Duration {
        let usual = if path.starts_with("/subscriptions/0/") {
            self.scenario.slow
        } else {
            self.scenario.latency
        };
        let spread = self.state.lock().expect("nobody panics with it").random.f64();
        usual.mul_f64(0.5 + spread)
    }

    /// Counts the call, and answers.
    fn count(&self, path: &str) -> http::Response<Bytes> {
        let now = self.start.elapsed().as_secs_f64();
        let mut state = self.state.lock().expect("nobody panics with it");
        let state = &mut *state;
        let subscription = path
            .strip_prefix("/subscriptions/")
            .and_then(|rest| rest.split('/').next());
        let (good, names, left, wait) = match subscription {
            Some(id) => {
                let stolen = self.scenario.stolen * 25.0;
                let bucket = state.buckets.entry(id.to_owned()).or_insert(Bucket {
                    left: 250.0,
                    at: now,
                    next_theft: now,
                    ours: 0.0,
                    stolen: 0.0,
                    last: now,
                });
                let (good, left) = bucket.count(now, stolen, &mut state.random);
                (
                    good,
                    ["x-ms-ratelimit-remaining-subscription-reads", ""],
                    left,
                    1.0,
                )
            }
            None => {
                let window = state.windows.entry(String::new()).or_insert(Window {
                    ends: 0.0,
                    left: 0.0,
                    opened: 0.0,
                    ours: 0.0,
                });
                let (good, left, ends) = window.count(now);
                let names = ["x-ms-user-quota-remaining", "x-ms-user-quota-resets-after"];
                (good, names, left, ends)
            }
        };
        let mut answer = http::Response::builder().status(if good { 200 } else { 429 });
        if self.scenario.tells {
            answer = answer.header(names[0], left.floor().to_string());
            if !names[1].is_empty() {
                answer = answer.header(names[1], format!("00:00:{:02}", wait.ceil()));
            }
        }
        if !good && self.scenario.retry_after {
            answer = answer.header("retry-after", wait.ceil().to_string());
        }
        answer
            .body(Bytes::from_static(b"{}"))
            .expect("the headers are such")
    }
}

impl Bucket {
    fn count(&mut self, now: f64, stolen: f64, random: &mut fastrand::Rng) -> (bool, f64) {
        while stolen > 0.0 && self.next_theft <= now {
            self.refill(self.next_theft);
            if self.left >= 1.0 {
                self.left -= 1.0;
                self.stolen += 1.0;
            }
            // Calls of strangers come at random: times between them are distributed exponentially.
            self.next_theft += -(1.0 - random.f64()).ln() / stolen;
        }
        self.refill(now);
        let good = self.left >= 1.0;
        if good {
            self.left -= 1.0;
            self.ours += 1.0;
            self.last = now;
        }
        (good, self.left)
    }

    fn refill(&mut self, now: f64) {
        self.left = (self.left + (now - self.at).max(0.0) * 25.0).min(250.0);
        self.at = self.at.max(now);
    }
}

impl Window {
    fn count(&mut self, now: f64) -> (bool, f64, f64) {
        if now >= self.ends {
            self.ends = now + 5.0;
            self.left = 15.0;
            self.opened = now;
        }
        let good = self.left >= 1.0;
        if good {
            self.left -= 1.0;
            self.ours += 1.0;
        }
        (good, self.left, self.ends - now)
    }
}

#[async_trait]
impl Wire for Azure {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        _limits: Limits,
    ) -> Result<http::Response<Bytes>, WireFailure> {
        let path = request.uri().path().to_owned();
        let there = self.latency(&path) / 2;
        tokio::time::sleep(there).await;
        let answer = self.count(&path);
        let back = self.latency(&path) / 2;
        tokio::time::sleep(back).await;
        Ok(answer)
    }
}

/// Signed in as nobody in particular.
#[derive(Debug)]
struct Anybody;

#[async_trait]
impl Credential for Anybody {
    fn method(&self) -> AuthMethod {
        AuthMethod::Secret
    }

    async fn token(&self, _request: &TokenRequest) -> Result<AccessToken, CredentialError> {
        Ok(AccessToken {
            secret: "opaque".into(),
            expires_on: Timestamp::MAX,
            refresh_on: None,
        })
    }
}

/// What the table shows.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let plain = Scenario::plain;
    vec![
        plain("as documented"),
        Scenario {
            slow: Duration::from_millis(2_500),
            ..plain("one subscription answers in 2.5 s")
        },
        Scenario {
            stolen: 0.5,
            ..plain("somebody else uses half")
        },
        Scenario {
            stolen: 0.5,
            retry_after: false,
            ..plain("… and refusals do not tell how long")
        },
        Scenario {
            stolen: 0.5,
            retry_after: false,
            tells: false,
            ..plain("… nor answers what is left")
        },
        Scenario {
            work: Work::Queries,
            calls: 10,
            ..plain("resource graph, 10 pages each")
        },
    ]
}
