//! Machines that cannot reach each other: every process in a network namespace of its own, on one bridge, and packets that
//! are dropped without a word in one direction or both.
//!
//! All of it lies within namespaces of the test's own, which end with it: it needs no rights but that of making some.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use jiff::Timestamp;

use super::{Dice, Report, place::Redis, report::Away, run};

/// What it is called in the table.
pub(super) const FAULT: &str = "cut off";
/// Where Redis is.
const HOST: &str = "10.77.0.1";
/// More than there are processes.
const PLACES: usize = 16;
/// From shorter than anybody notices to much longer than a lease.
const LONGEST: Duration = Duration::from_secs(16);

/// The networks, made of `ip` and `iptables`.
pub(super) struct Network {
    /// Places that were cut off since they were joined.
    parted: BTreeSet<usize>,
}

impl Network {
    /// Makes them, in a namespace that nobody else uses.
    fn make() -> Self {
        // Names of networks lie below /run, which is to be ours alone.
        let mut script = format!(
            "mount -t tmpfs tmpfs /run && mkdir -p /run/netns && ip link set lo up && ip link add chaos type bridge && \
             ip addr add {HOST}/16 dev chaos && ip link set chaos up"
        );
        for place in 0..PLACES {
            let _ = write!(
                script,
                " && ip netns add p{place} && ip link add v{place} type veth peer name eth0 netns p{place} && \
                 ip link set v{place} master chaos up && ip -n p{place} link set lo up && \
                 ip -n p{place} addr add 10.77.1.{}/16 dev eth0 && ip -n p{place} link set eth0 up",
                place + 1
            );
        }
        sh(&script);
        Self {
            parted: BTreeSet::new(),
        }
    }

    /// The network of a place, which can reach everything for now.
    pub(super) fn join(&mut self, place: usize) -> PathBuf {
        self.heal_one(place);
        name(place)
    }

    /// Cuts a place off, for a while that is answered.
    pub(super) fn part(&mut self, dice: &mut Dice) -> Away {
        let place = dice.below(PARTED) as usize;
        let lasts = LONGEST.mul_f64(dice.below(1_000) as f64 / 1_000.0);
        // What it says does not arrive, or what it is told, or neither.
        let rules = match dice.below(3) {
            0 => format!("-A OUTPUT -d {HOST} -j DROP"),
            1 => format!("-A INPUT -s {HOST} -j DROP"),
            _ => format!("-A OUTPUT -d {HOST} -j DROP && iptables -A INPUT -s {HOST} -j DROP"),
        };
        // It ends by itself: the harness may be waiting for a process that is cut off.
        let end = format!("(sleep {}; iptables -F) >/dev/null 2>&1 &", lasts.as_secs_f64());
        inside(place, &format!("iptables {rules} || exit 1; {end}"));
        self.parted.insert(place);
        let from = Timestamp::now();
        Away {
            from,
            until: from + lasts,
        }
    }

    /// Ends all of it.
    pub(super) fn heal(&mut self) {
        for place in self.parted.clone() {
            self.heal_one(place);
        }
    }

    fn heal_one(&mut self, place: usize) {
        if self.parted.remove(&place) {
            inside(place, "iptables -F");
        }
    }
}

/// The places that are cut off: those of the API processes and of the first workers.
const PARTED: u64 = 5;

fn name(place: usize) -> PathBuf {
    PathBuf::from(format!("/run/netns/p{place}"))
}

fn inside(place: usize, script: &str) {
    sh(&format!(
        "nsenter --net={} sh -c '{script}'",
        name(place).display()
    ));
}

fn sh(script: &str) {
    let ended = Command::new("sh").args(["-c", script]).status().unwrap();
    assert!(ended.success(), "{script}");
}

/// The command that runs another in namespaces of its own.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "--mount"]);
    command
}

#[test]
fn nothing_is_lost_and_nothing_happens_twice_when_the_network_parts() {
    let try_it = "mount -t tmpfs tmpfs /run && ip link add chaos type bridge && iptables -A INPUT -s 10.77.0.1 -j DROP";
    let possible = unshare()
        .args(["sh", "-c", try_it])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !possible.is_ok_and(|ended| ended.success()) {
        let why = "left out: this machine does not let us make networks, or has no `ip` and `iptables`";
        writeln!(std::io::stderr(), "{why}").unwrap();
        return;
    }
    let ended = unshare()
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "chaos::network::parted", "--ignored", "--nocapture"])
        .status()
        .unwrap();
    assert!(ended.success());
}

#[test]
#[ignore = "is a process that another test starts, in namespaces of its own"]
fn parted() {
    let network = Network::make();
    let report: Report = run(
        |runtime| Some(Redis::start_at(runtime, HOST)),
        Some(network),
        false,
    );
    assert!(report.submitted > 20, "too little happened to prove anything");
    assert!(report.faults.contains_key(FAULT), "{:?}", report.faults);
}
