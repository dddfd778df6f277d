//! Who gets which job.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
};

use atg_sdk::{JobId, JobRequest, JobStatus, Operation};
use futures::future;

use super::{
    super::{Lane, PerLane, Policy, WorkerId},
    Bench, Fixture, completed, question, scan_of, seconds, self_test, somebody, tenant,
};

pub(crate) async fn a_claim_says_all_that_a_worker_needs(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    assert!(bench.claim().await.is_none());
    let request = JobRequest {
        confined_to: Some(vec![tenant(1), tenant(2)]),
        trace: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
            .parse()
            .ok(),
        ..scan_of(1).with_owner(somebody("a"))
    };
    bench.submit(&request).await;
    bench.pass(seconds(5));
    let claim = bench.claim().await.unwrap();
    assert_eq!((claim.lease.job, claim.lease.attempt), (request.id, 1));
    assert_eq!(
        (&claim.owner, &claim.operation),
        (&request.owner, &request.operation)
    );
    assert_eq!(claim.confined_to, request.confined_to);
    assert!(claim.trace.is_some() && claim.trace == request.trace);
    // Under another trace it is the same request.
    let again = JobRequest {
        trace: None,
        ..request.clone()
    };
    assert_eq!(bench.submit(&again).await.trace, request.trace);
    assert_eq!((claim.failures, claim.progress_events, claim.warnings), (0, 0, 0));
    let job = bench.job(request.id).await;
    assert_eq!((job.status, job.attempt), (JobStatus::Running, 1));
    assert_eq!(bench.names(request.id).await, ["submitted", "started"]);
    let depth = bench.queue.depth().await.unwrap();
    assert_eq!((depth.pending, depth.running), (0, 1));
}

pub(crate) async fn many_claimers_get_each_job_once(fixture: &dyn Fixture) {
    let policy = Policy {
        running_per_owner: PerLane {
            long: 100,
            short: 100,
        },
        running_per_tenant: PerLane {
            long: 100,
            short: 100,
        },
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy.clone()).await;
    let clients = [
        Arc::clone(&bench.queue),
        fixture.open(policy.clone(), Arc::clone(&bench.clock)).await,
        fixture.open(policy, Arc::clone(&bench.clock)).await,
    ];
    let mut submitted = HashSet::new();
    for number in 0..20 {
        submitted.insert(bench.submit(&scan_of(number)).await.id);
    }
    let claimers = (0..30).map(|number| {
        let queue = Arc::clone(&clients[number % 3]);
        tokio::spawn(async move {
            queue
                .claim(WorkerId::new(), Lane::Long, Operation::NAMES)
                .await
                .unwrap()
        })
    });
    let mut claimed = Vec::new();
    for claim in future::join_all(claimers).await {
        claimed.extend(claim.unwrap().map(|claim| claim.lease));
    }
    assert_eq!(claimed.len(), 20);
    assert_eq!(
        claimed.iter().map(|lease| lease.job).collect::<HashSet<_>>(),
        submitted
    );
    assert_eq!(
        claimed
            .iter()
            .map(|lease| lease.fence)
            .collect::<HashSet<_>>()
            .len(),
        20
    );
}

pub(crate) async fn tokens_only_grow(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let mut last = None;
    for _ in 0..5 {
        let lease = bench.running().await;
        assert!(Some(lease.fence) > last);
        last = Some(lease.fence);
        bench.append(lease, [completed()]).await.unwrap();
    }
}

pub(crate) async fn a_short_job_never_waits_behind_long_ones(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    for number in 0..5 {
        bench.submit(&scan_of(number)).await;
    }
    while bench.claim().await.is_some() {}
    let waiting = bench.queue.depth().await.unwrap();
    assert_eq!(
        (waiting.running, waiting.pending),
        (3, 2),
        "three at once is the default"
    );
    for request in [question(), self_test()] {
        let id = bench.submit_next(&request).await;
        assert_eq!(bench.claim_in(Lane::Short).await.unwrap().lease.job, id);
    }
    assert!(bench.claim_in(Lane::Short).await.is_none());
}

pub(crate) async fn urgent_jobs_come_first_and_then_the_oldest(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let mut ids = Vec::new();
    for priority in [0, -1, 5, 0, 5] {
        let request = question();
        bench.pass(seconds(1));
        ids.push(bench.queue.submit(request, priority).await.unwrap().id);
    }
    let mut order = Vec::new();
    while let Some(claim) = bench.claim_in(Lane::Short).await {
        order.push(claim.lease.job);
    }
    assert_eq!(order, [ids[2], ids[4], ids[0], ids[3], ids[1]]);
}

pub(crate) async fn owners_take_turns(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    for owner in ["a", "a", "a", "a", "b", "b", "c"] {
        bench.submit_next(&question().with_owner(somebody(owner))).await;
    }
    let mut served = Vec::new();
    while let Some(claim) = bench.claim_in(Lane::Short).await {
        served.push(claim.owner.as_str().to_owned());
    }
    assert_eq!(
        served,
        ["a", "b", "c", "a", "b", "a", "a"],
        "while all of them run"
    );
    // The same when each is over before the next begins.
    let bench = Bench::new(fixture).await;
    for owner in ["a", "a", "a", "b", "b", "c"] {
        bench.submit_next(&scan_of(1).with_owner(somebody(owner))).await;
    }
    let mut served = Vec::new();
    while let Some(claim) = bench.claim().await {
        served.push(claim.owner.as_str().to_owned());
        bench.append(claim.lease, [completed()]).await.unwrap();
    }
    assert_eq!(served, ["a", "b", "c", "a", "b", "a"]);
}

pub(crate) async fn an_owner_and_a_tenant_have_so_many_at_a_time(fixture: &dyn Fixture) {
    let policy = Policy {
        running_per_owner: PerLane { long: 2, short: 8 },
        running_per_tenant: PerLane { long: 1, short: 8 },
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy).await;
    let mut ids = Vec::new();
    for (owner, number) in [("a", 1), ("a", 1), ("b", 1), ("a", 2), ("a", 3), ("b", 4)] {
        ids.push(
            bench
                .submit_next(&scan_of(number).with_owner(somebody(owner)))
                .await,
        );
    }
    let mut running = Vec::new();
    while let Some(claim) = bench.claim().await {
        running.push(claim.lease);
    }
    let started: Vec<_> = running.iter().map(|lease| lease.job).collect();
    assert_eq!(
        started,
        [ids[0], ids[5], ids[3]],
        "tenant 1 is busy for all, and a has two"
    );
    bench.append(running[0], [completed()]).await.unwrap();
    // Both have one each now, and b was served longer ago.
    assert_eq!(bench.claim().await.unwrap().lease.job, ids[2]);
    assert_eq!(bench.claim().await.unwrap().lease.job, ids[4]);
    assert!(bench.claim().await.is_none());
}

/// A job that waits, for [`Order`].
struct Waits {
    id: JobId,
    priority: i32,
    owner: usize,
    tenant: u128,
}

/// The rule by which jobs are taken, in the plainest words.
#[derive(Default)]
struct Order {
    /// In the order of their submission.
    waiting: Vec<Waits>,
    running: Vec<Waits>,
    /// For each owner, the claim that served it last.
    served: HashMap<usize, usize>,
    claims: usize,
}

impl Order {
    fn take(&mut self, policy: &Policy) -> Option<JobId> {
        let running =
            |test: &dyn Fn(&Waits) -> bool| self.running.iter().filter(|job| test(job)).count() as u64;
        let of_owner = |owner: usize| running(&|job| job.owner == owner);
        let startable = self.waiting.iter().enumerate().filter(|(_, job)| {
            of_owner(job.owner) < policy.running_per_owner.long
                && running(&|other| other.tenant == job.tenant) < policy.running_per_tenant.long
        });
        let (at, _) = startable.min_by_key(|(at, job)| {
            let served = self.served.get(&job.owner).copied().unwrap_or_default();
            (Reverse(job.priority), of_owner(job.owner), served, *at)
        })?;
        let job = self.waiting.remove(at);
        self.claims += 1;
        self.served.insert(job.owner, self.claims);
        let id = job.id;
        self.running.push(job);
        Some(id)
    }
}

pub(crate) async fn many_at_a_time_are_those_of_one_by_one(fixture: &dyn Fixture) {
    let policy = Policy {
        running_per_owner: PerLane { long: 6, short: 8 },
        running_per_tenant: PerLane { long: 4, short: 8 },
        max_open_per_owner: 1_000,
        ..Policy::default()
    };
    let bench = Bench::with(fixture, policy.clone()).await;
    let mut dice = fastrand::Rng::with_seed(2026);
    let mut order = Order::default();
    let mut leases = HashMap::new();
    for _ in 0..40 {
        for _ in 0..dice.usize(0..25) {
            let (priority, owner, tenant) = (dice.i32(0..2), dice.usize(0..20), dice.u128(0..20));
            let request = scan_of(tenant).with_owner(somebody(&format!("owner {owner}")));
            bench.pass(seconds(1));
            let id = bench.queue.submit(request, priority).await.unwrap().id;
            order.waiting.push(Waits {
                id,
                priority,
                owner,
                tenant,
            });
        }
        let limit = dice.usize(1..40);
        let claims = bench
            .queue
            .claim_many(bench.worker, Lane::Long, Operation::NAMES, limit)
            .await
            .unwrap();
        let expected: Vec<_> = (0..limit).map_while(|_| order.take(&policy)).collect();
        let claimed: Vec<_> = claims.iter().map(|claim| claim.lease.job).collect();
        assert_eq!(claimed, expected);
        leases.extend(claims.into_iter().map(|claim| (claim.lease.job, claim.lease)));
        for _ in 0..dice.usize(0..20).min(order.running.len()) {
            let job = order.running.swap_remove(dice.usize(0..order.running.len()));
            bench.append(leases[&job.id], [completed()]).await.unwrap();
        }
    }
    assert!(order.claims > 200, "too little happened to prove anything");
    let depth = bench.queue.depth().await.unwrap();
    let counted = (depth.pending as usize, depth.running as usize);
    assert_eq!(counted, (order.waiting.len(), order.running.len()));
}

pub(crate) async fn a_newer_record_and_an_unknown_operation_are_left_alone(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let newer = bench.submit_next(&scan_of(1)).await;
    fixture.make_newer(newer).await;
    let unknown = bench.submit_next(&scan_of(2)).await;
    let claim = bench
        .queue
        .claim(bench.worker, Lane::Long, &["export", "import"])
        .await;
    assert!(claim.unwrap().is_none());
    assert_eq!(bench.claim().await.unwrap().lease.job, unknown);
    assert!(bench.claim().await.is_none());
    assert_eq!(bench.job(newer).await.status, JobStatus::Pending);
}

pub(crate) async fn a_stopped_job_is_not_claimed(fixture: &dyn Fixture) {
    let bench = Bench::new(fixture).await;
    let id = bench.submit(&scan_of(1)).await.id;
    let job = bench.queue.cancel(id).await.unwrap();
    assert_eq!(job.status, JobStatus::Cancelled);
    assert_eq!(
        bench.queue.cancel(id).await.unwrap(),
        job,
        "an ended job is returned unchanged"
    );
    assert!(bench.claim().await.is_none());
    assert_eq!(
        bench.names(id).await,
        ["submitted", "cancel_requested", "cancelled"]
    );
}
