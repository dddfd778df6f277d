//! What came of it, in figures.

use std::{collections::BTreeMap, io::Write as _, time::Duration};

use atg_sdk::{EventKind, Job, JobEvent};
use jiff::Timestamp;

#[derive(Default)]
pub(super) struct Report {
    pub(super) submitted: usize,
    pub(super) resent: usize,
    pub(super) api_kills: usize,
    pub(super) worker_kills: usize,
    /// Ends of jobs that workers told of a second time.
    pub(super) ended_twice: usize,
    /// What was done to Redis.
    pub(super) faults: BTreeMap<&'static str, usize>,
    pub(super) ends: BTreeMap<&'static str, usize>,
    pub(super) attempts: BTreeMap<u32, usize>,
    /// From the kill of a worker to the end of its attempt in the log.
    pub(super) reclaim: Vec<f64>,
    /// From the wish to the end of a running job whose worker lived, while it could reach Redis.
    pub(super) cancel: Vec<f64>,
    /// The same where Redis or the network was away for a part of it.
    pub(super) cancel_away: Vec<f64>,
    /// From the first submission to the last end.
    pub(super) took: Duration,
    /// What Redis held at the end.
    pub(super) redis_bytes: Option<u64>,
}

/// When a Redis, or the way to it, was away.
#[derive(Clone, Copy)]
pub(super) struct Away {
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
}

impl Report {
    pub(super) fn add(&mut self, job: &Job, log: &[JobEvent], struck: &[Timestamp], away: &[Away]) {
        *self.ends.entry(job.status.name()).or_default() += 1;
        *self.attempts.entry(job.attempt).or_default() += 1;
        for kill in struck {
            // The first that says so after the kill: an attempt, or the job with its last one.
            let reclaimed = log.iter().find(|event| {
                let lost = match &event.kind {
                    EventKind::AttemptFailed { error, .. } | EventKind::Failed { error, .. } => {
                        error.code() == "WorkerLost"
                    }
                    EventKind::Cancelled => true,
                    _ => false,
                };
                lost && event.time > *kill
            });
            self.reclaim
                .extend(reclaimed.map(|event| seconds(*kill, event.time)));
        }
        let wish = log.iter().find(|event| event.kind == EventKind::CancelRequested);
        let end = log.iter().find(|event| event.kind == EventKind::Cancelled);
        let started = log.iter().rfind(|event| {
            matches!(
                event.kind,
                EventKind::Started { .. } | EventKind::AttemptFailed { .. }
            )
        });
        if let (Some(wish), Some(end), Some(started)) = (wish, end, started) {
            let ran = matches!(started.kind, EventKind::Started { .. });
            let died = struck.iter().any(|kill| *kill > started.time && *kill < end.time);
            if ran && !died {
                let met = |away: &Away| away.from < end.time && away.until > wish.time;
                let times = if away.iter().any(met) {
                    &mut self.cancel_away
                } else {
                    &mut self.cancel
                };
                times.push(seconds(wish.time, end.time));
            }
        }
    }

    /// Accepted jobs of which no end was found.
    pub(super) fn lost(&self) -> usize {
        self.submitted - self.ends.values().sum::<usize>()
    }

    pub(super) fn print(&self, seed: u64, chaos: Duration) {
        let mut out = std::io::stdout();
        let mut row = |name: &str, value: &str| writeln!(out, "| {name:<35} | {value:<44} |").unwrap();
        row("chaos", &format!("seed {seed}, {} s of kills", chaos.as_secs()));
        row("jobs accepted", &self.submitted.to_string());
        row("submissions sent again", &self.resent.to_string());
        let kills = format!("{} API processes, {} workers", self.api_kills, self.worker_kills);
        row("killed with SIGKILL", &kills);
        if !self.faults.is_empty() {
            row("done to Redis", &format!("{:?}", self.faults));
            let wrong = if super::process::clocks_can_be_wrong() {
                "by 30 s, of two in three"
            } else {
                "none (no faketime here)"
            };
            row("wrong clocks", wrong);
        }
        row("ends", &format!("{:?}", self.ends));
        row("jobs by attempts", &format!("{:?}", self.attempts));
        let counted = format!("{}, {}", self.lost(), self.ended_twice);
        row("lost or without an end, ended twice", &counted);
        row("reclaim after a kill", &quantiles(&self.reclaim));
        row("cancel of a running job", &quantiles(&self.cancel));
        if !self.faults.is_empty() {
            row("the same while Redis was away", &quantiles(&self.cancel_away));
        }
        let rate = self.submitted as f64 / self.took.as_secs_f64();
        row(
            "until the last end",
            &format!("{:.1} s, {rate:.0} jobs/s", self.took.as_secs_f64()),
        );
        let mut memory = vec![format!("of the harness {}", megabytes(peak()))];
        memory.extend(self.redis_bytes.map(|bytes| {
            let each = bytes / self.submitted.max(1) as u64;
            format!("of Redis {}, {each} bytes a job", megabytes(Some(bytes)))
        }));
        row("memory", &memory.join("; "));
    }
}

fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64()
}

fn megabytes(bytes: Option<u64>) -> String {
    bytes.map_or_else(|| "unknown".to_owned(), |bytes| format!("{} MB", bytes >> 20))
}

/// The most memory that this process has had.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes << 10)
}

fn quantiles(values: &[f64]) -> String {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let at = |part: f64| values[((values.len() as f64 * part).ceil() as usize).clamp(1, values.len()) - 1];
    if values.is_empty() {
        return "none".to_owned();
    }
    format!(
        "n {}, p50 {:.2} s, p99 {:.2} s, max {:.2} s",
        values.len(),
        at(0.5),
        at(0.99),
        at(1.0)
    )
}
