//! Processes that share a data directory and are killed at random: nothing is lost, nothing happens twice, everything ends.
//!
//! Over a file, and over a Redis that dies, stands still, loses connections and leases, and delivers twice, with workers whose
//! clocks are half a minute wrong.
//!
//! Seeded. `ATG_CHAOS_SEED`, `ATG_CHAOS_SECONDS` (how long processes are killed), `ATG_CHAOS_JOBS` (not before that many are
//! submitted) and `ATG_CHAOS_WORKERS` make other and bigger runs of it; with `--nocapture` it prints its table.
//! `ATG_CHAOS_OTHER` names another build of this binary, which every second process is then of: an old version beside a new.

mod check;
mod invent;
mod memory;
mod network;
mod place;
mod process;
mod report;

use std::{
    collections::{BTreeMap, HashMap},
    env,
    time::{Duration, Instant},
};

use atg_sdk::JobId;
use jiff::Timestamp;

use invent::{Kind, invent};
use network::Network;
use place::{Place, Redis};
use process::{Process, Setup};
use report::{Away, Report};

/// Jobs submitted at once in a run that does next to nothing for each.
const BATCH: usize = 200;
const API_PROCESSES: usize = 2;

fn setting(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

#[test]
fn nothing_is_lost_and_nothing_happens_twice_when_processes_are_killed() {
    let report = run(|_| None, None, false);
    assert!(report.submitted > 20, "too little happened to prove anything");
}

#[test]
fn nothing_is_lost_and_nothing_happens_twice_when_redis_fails_too() {
    let report = run(|runtime| Some(Redis::start(runtime)), None, false);
    assert!(report.submitted > 20, "too little happened to prove anything");
    assert_eq!(report.faults.len(), place::FAULTS.len(), "{:?}", report.faults);
}

/// Of any size: a million jobs take a while, and a build with `--release`.
#[test]
fn nothing_is_lost_and_nothing_happens_twice_among_many_small_jobs() {
    let report = run(|runtime| Some(Redis::start(runtime)), None, true);
    assert!(report.submitted > 1_000, "too little happened to prove anything");
}

fn run(
    redis: impl FnOnce(&tokio::runtime::Runtime) -> Option<Redis>,
    network: Option<Network>,
    in_memory: bool,
) -> Report {
    let seed = setting("ATG_CHAOS_SEED", 2026);
    let chaos = Duration::from_secs(setting("ATG_CHAOS_SECONDS", 20));
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place = Place {
        data_dir: directory.path().to_owned(),
        redis: redis(&runtime),
        network,
    };
    let mut run = Run::new(place, seed, setting("ATG_CHAOS_WORKERS", 3) as usize, in_memory);
    run.kill_at_random(chaos, setting("ATG_CHAOS_JOBS", 0) as usize);
    if let Some(network) = &mut run.place.network {
        network.heal();
    }
    run.stop_what_hangs();
    let report = runtime.block_on(run.check());
    report.print(seed, chaos);
    assert_eq!((report.lost(), report.ended_twice), (0, 0));
    assert!(report.worker_kills > 2 && report.api_kills > 1);
    report
}

/// Small and good enough: SplitMix64.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}

struct Run {
    place: Place,
    /// Jobs are small, and many are submitted at once.
    in_memory: bool,
    started: usize,
    faults: BTreeMap<&'static str, usize>,
    dice: Dice,
    apis: Vec<Process>,
    workers: Vec<Process>,
    /// From what number each job was made.
    submitted: BTreeMap<JobId, u64>,
    /// Hanging jobs that nobody has stopped yet.
    hanging: Vec<JobId>,
    /// For each job, when a worker that held it was killed.
    struck: HashMap<JobId, Vec<Timestamp>>,
    /// What workers said that they brought to its end.
    ended: Vec<JobId>,
    api_kills: usize,
    worker_kills: usize,
    resent: usize,
    begun: Instant,
    away: Vec<Away>,
}

impl Run {
    fn new(place: Place, seed: u64, workers: usize, in_memory: bool) -> Self {
        let mut run = Self {
            place,
            in_memory,
            started: 0,
            faults: BTreeMap::new(),
            dice: Dice(seed),
            apis: Vec::new(),
            workers: Vec::new(),
            submitted: BTreeMap::new(),
            hanging: Vec::new(),
            struck: HashMap::new(),
            ended: Vec::new(),
            api_kills: 0,
            worker_kills: 0,
            resent: 0,
            begun: Instant::now(),
            away: Vec::new(),
        };
        run.apis = (0..API_PROCESSES).map(|place| run.start("api", place)).collect();
        run.workers = (0..workers)
            .map(|place| run.start("worker", API_PROCESSES + place))
            .collect();
        run.begun = Instant::now();
        run
    }

    /// Starts a process at one of the places, the first of which are those of API processes.
    fn start(&mut self, role: &'static str, place: usize) -> Process {
        self.started += 1;
        let network = self.place.network.as_mut();
        Process::start(&Setup {
            data_dir: self.place.data_dir.clone(),
            redis: self.place.redis.as_ref().map(Redis::url),
            role,
            in_memory: self.in_memory,
            number: self.started,
            // One that comes up has to reach what it needs.
            network: network.map(|network| network.join(place)),
        })
    }

    fn kill_at_random(&mut self, chaos: Duration, jobs: usize) {
        let begun = Instant::now();
        let mut next_kill = begun + Duration::from_millis(1_500);
        while begun.elapsed() < chaos
            || self.submitted.len() < jobs
            || (self.lacks_something() && begun.elapsed() < 12 * chaos)
        {
            match self.dice.below(10) {
                0..7 => self.submit(),
                7 if !self.hanging.is_empty() => self.stop_one(),
                _ => std::thread::sleep(Duration::from_millis(self.dice.below(100))),
            }
            if Instant::now() >= next_kill {
                match self.dice.below(6) {
                    0 => self.kill_api(),
                    1..4 => self.kill_worker(),
                    4 => self.part(),
                    _ => self.disturb(),
                }
                next_kill = Instant::now() + Duration::from_millis(500 + self.dice.below(1_500));
            }
        }
    }

    /// Whether something has not happened yet that a run is to survive.
    fn lacks_something(&self) -> bool {
        self.faults.len() < self.place.faults().len() || self.worker_kills < 3 || self.api_kills < 2
    }

    /// Does something to Redis, or to a worker where there is none.
    fn disturb(&mut self) {
        let Some(redis) = &self.place.redis else {
            return self.kill_worker();
        };
        // In turns, so that a short run meets all of them; one that finds nothing to be done to leaves it to the next.
        let faults = place::FAULTS;
        let begin = faults
            .iter()
            .filter_map(|fault| self.faults.get(fault))
            .sum::<usize>();
        for turn in 0..faults.len() {
            let fault = faults[(begin + turn) % faults.len()];
            let from = Timestamp::now();
            if redis.disturb(fault, &mut self.dice) {
                let until = Timestamp::now();
                self.away.push(Away { from, until });
                *self.faults.entry(fault).or_default() += 1;
                return;
            }
        }
    }

    /// Cuts a process off for a while, where there is a network to do it in.
    fn part(&mut self) {
        let Some(network) = &mut self.place.network else {
            return self.disturb();
        };
        self.away.push(network.part(&mut self.dice));
        *self.faults.entry(network::FAULT).or_default() += 1;
    }

    /// Submits to an API process, which may die meanwhile: then again to another, as a client would.
    fn submit(&mut self) {
        let count = if self.in_memory { BATCH } else { 1 };
        let numbers: Vec<_> = (0..count)
            .map(|_| (JobId::new(), self.dice.below(u64::MAX)))
            .collect();
        let requests: Vec<_> = numbers
            .iter()
            .map(|(id, number)| (id, invent(*number, self.in_memory).1.parameters()))
            .collect();
        let line = format!("submit {}", serde_json::to_string(&requests).unwrap());
        loop {
            let chosen = self.dice.below(API_PROCESSES as u64) as usize;
            // Some are killed while they accept: whatever they have answered by then counts.
            let strike = self.dice.below(12 * count as u64) == 0;
            self.apis[chosen].say(&line);
            if strike {
                self.kill_api_number(chosen);
                self.resent += 1;
                continue;
            }
            match self.apis[chosen].answer_alive() {
                answer if answer == format!("accepted {count}") => break,
                answer => assert_eq!(answer, "again"),
            }
            self.resent += 1;
        }
        for (id, number) in numbers {
            if invent(number, self.in_memory).0 == Kind::Hangs {
                self.hanging.push(id);
            }
            self.submitted.insert(id, number);
        }
    }

    fn stop_one(&mut self) {
        let chosen = self.dice.below(self.hanging.len() as u64) as usize;
        let job = self.hanging.swap_remove(chosen);
        self.stop(job);
    }

    fn stop_what_hangs(&mut self) {
        for job in std::mem::take(&mut self.hanging) {
            self.stop(job);
        }
    }

    fn stop(&mut self, job: JobId) {
        loop {
            let chosen = self.dice.below(API_PROCESSES as u64) as usize;
            self.apis[chosen].say(&format!("cancel {job}"));
            match self.apis[chosen].answer_alive() {
                answer if answer == format!("cancelled {job}") => return,
                answer => assert_eq!(answer, "again"),
            }
        }
    }

    fn kill_api(&mut self) {
        let chosen = self.dice.below(API_PROCESSES as u64) as usize;
        self.kill_api_number(chosen);
    }

    fn kill_api_number(&mut self, chosen: usize) {
        self.apis[chosen].kill();
        self.apis[chosen] = self.start("api", chosen);
        self.api_kills += 1;
    }

    fn kill_worker(&mut self) {
        let chosen = self.dice.below(self.workers.len() as u64) as usize;
        let held = self.place.held_by(&self.workers[chosen].name);
        let struck_at = Timestamp::now();
        let said = self.workers[chosen].kill();
        for job in held {
            self.struck.entry(job).or_default().push(struck_at);
        }
        self.note_ends(&said);
        self.workers[chosen] = self.start("worker", API_PROCESSES + chosen);
        self.worker_kills += 1;
    }

    fn note_ends(&mut self, said: &[String]) {
        let ends = said.iter().filter_map(|line| line.strip_prefix("ended "));
        self.ended.extend(ends.map(|id| id.parse::<JobId>().unwrap()));
    }
}
