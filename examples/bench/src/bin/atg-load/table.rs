//! The figures, for people.

use std::time::Duration;

use crate::{polling::Polling, quantile, saturation::Saturation, streams::Streams, submissions::Submissions};

/// One row for each figure: what it is, of the bare server, of the service, and what to say of it.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    fn row(&mut self, what: &str, bare: String, ours: String, remark: String) {
        self.rows.push([what.to_owned(), bare, ours, remark]);
    }

    pub(crate) fn start(&mut self, times: &[Duration], idle: Option<u64>) {
        let (first, last) = (quantile(times, 0.0), quantile(times, 1.0));
        let remark = format!("{} to {} in {} starts", ms(first), ms(last), times.len());
        self.row(
            "start to /health 200",
            String::new(),
            ms(quantile(times, 0.5)),
            remark,
        );
        self.row("idle memory", String::new(), megabytes(idle), String::new());
    }

    pub(crate) fn saturation(&mut self, rounds: &[(Saturation, Saturation)]) {
        let median = |mut values: Vec<f64>| {
            values.sort_unstable_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let of = |pick: fn(&(Saturation, Saturation)) -> f64| median(rounds.iter().map(pick).collect());
        let ratios: Vec<_> = rounds
            .iter()
            .map(|(bare, ours)| format!("{:.0} %", 100.0 * ours.calls_per_second / bare.calls_per_second))
            .collect();
        let ratio = of(|(bare, ours)| 100.0 * ours.calls_per_second / bare.calls_per_second);
        self.row(
            "status calls/s, saturated",
            format!("{:.0}", of(|(bare, _)| bare.calls_per_second)),
            format!("{:.0}", of(|(_, ours)| ours.calls_per_second)),
            format!("{ratio:.0} % of the bare server (rounds: {})", ratios.join(", ")),
        );
        let cost = |pick: fn(&(Saturation, Saturation)) -> &Saturation| {
            let times = rounds
                .iter()
                .filter_map(|round| pick(round).server_time)
                .map(|time| time.as_secs_f64() * 1e6)
                .collect::<Vec<_>>();
            if times.is_empty() {
                return "?".to_owned();
            }
            format!("{:.1} µs", median(times))
        };
        self.row(
            "server's CPU a call",
            cost(|(bare, _)| bare),
            cost(|(_, ours)| ours),
            String::new(),
        );
    }

    pub(crate) fn polling(&mut self, bare: &Polling, ours: &Polling, busy: &Polling) {
        let times = |polling: &Polling| {
            let [p50, p95, p99] = [0.5, 0.95, 0.99].map(|share| ms(quantile(&polling.times, share)));
            format!("{p50} / {p95} / {p99}")
        };
        let rate = |polling: &Polling| format!("{:.0} calls/s", polling.calls_per_second);
        self.row("polling, p50 / p95 / p99", times(bare), times(ours), rate(ours));
        self.row(
            "the same beside 20 submissions/s",
            String::new(),
            times(busy),
            rate(busy),
        );
    }

    pub(crate) fn submissions(&mut self, connections: usize, found: &Submissions) {
        let [p50, p99] = [0.5, 0.99].map(|share| ms(quantile(&found.times, share)));
        self.row(
            &format!("submissions/s, {connections} connections"),
            String::new(),
            format!("{:.0}", found.per_second),
            format!("p50 {p50}, p99 {p99}"),
        );
    }

    pub(crate) fn streams(&mut self, found: &Streams) {
        let mut remark = format!(
            "{} before; opened in {:.1} s",
            megabytes(found.before),
            found.opening.as_secs_f64()
        );
        if let Some(load) = found.idle_load {
            remark.push_str(&format!("; silent they take {:.1} % of a core", load * 100.0));
        }
        if found.open < found.wanted {
            remark.push_str(&format!(
                "; {} were wanted, and `ulimit -n` is too low",
                found.wanted
            ));
        }
        self.row(
            &format!("memory with {} event streams", found.open),
            String::new(),
            megabytes(found.after),
            remark,
        );
    }

    #[expect(clippy::print_stdout, reason = "the table is what the bench is for")]
    pub(crate) fn print(&self) {
        let head = ["", "bare", "service", ""].map(str::to_owned);
        let widths: Vec<_> = (0..3)
            .map(|column| {
                let cells = self.rows.iter().chain([&head]);
                cells
                    .map(|row| row[column].chars().count())
                    .max()
                    .unwrap_or_default()
            })
            .collect();
        for [what, bare, ours, remark] in [&head].into_iter().chain(&self.rows) {
            let line = format!(
                "{what:<0$}  {bare:>1$}  {ours:>2$}  {remark}",
                widths[0], widths[1], widths[2]
            );
            println!("{}", line.trim_end());
        }
    }
}

fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn megabytes(bytes: Option<u64>) -> String {
    match bytes {
        None => "?".to_owned(),
        #[expect(clippy::cast_precision_loss, reason = "shown with one digit after the point")]
        Some(bytes) => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
