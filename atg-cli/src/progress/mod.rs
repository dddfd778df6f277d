//! What people see on stderr while a job runs.

mod pace;

use std::{
    cell::{Cell, RefCell},
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use atg_sdk::{Counters, EventKind};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::pace::{Pace, Snapshot};
use crate::{args::ColorWhen, stderr, style::Style};

/// So many warnings are shown in words; the others are counted, and the report has them all.
const WARNINGS_SHOWN: u64 = 10;
/// A bar that vanishes as soon as it appears only flickers.
const BAR_DELAY: Duration = Duration::from_millis(300);

/// Tells people what happens, as loudly as they asked for.
#[derive(Debug)]
pub(crate) struct Reporter {
    is_quiet: bool,
    style: Style,
    view: View,
    pace: RefCell<Pace>,
    warnings: Cell<u64>,
    begun: Instant,
}

#[derive(Debug)]
enum View {
    /// stderr is a terminal.
    Bar(ProgressBar),
    /// It is a file, a pipe or a build log: a line now and then.
    Lines,
    /// Nobody wants to know.
    Nothing,
}

impl Reporter {
    pub(crate) fn new(is_quiet: bool, color: ColorWhen) -> Self {
        let is_terminal = io::stderr().is_terminal();
        let style = Style::new(match color {
            ColorWhen::Auto => is_terminal,
            ColorWhen::Always => true,
            ColorWhen::Never => false,
        });
        let view = if is_quiet {
            View::Nothing
        } else if is_terminal {
            View::Bar(ProgressBar::hidden())
        } else {
            View::Lines
        };
        Self {
            is_quiet,
            style,
            view,
            pace: RefCell::new(Pace::new(Instant::now())),
            warnings: Cell::new(0),
            begun: Instant::now(),
        }
    }

    pub(crate) const fn style(&self) -> Style {
        self.style
    }

    /// A sentence that is good to know.
    pub(crate) fn note(&self, text: &str) {
        if !self.is_quiet {
            self.line(text);
        }
    }

    /// Something that is wrong and does not end the command.
    pub(crate) fn warn(&self, text: &str) {
        if !self.is_quiet {
            self.line(&format!("{} {text}", self.style.yellow("warning:")));
        }
    }

    /// One event of the job that is being watched.
    pub(crate) fn event(&self, event: &EventKind) {
        match event {
            EventKind::Progress {
                progress,
                step,
                counters,
            } => {
                self.progress(*progress, step.as_deref().unwrap_or("working"), *counters);
            }
            EventKind::Warning { message, suppressed } => self.job_warning(message, *suppressed),
            EventKind::AttemptFailed { attempt, error } => {
                self.warn(&format!("attempt {attempt} failed and will be repeated: {error}"));
            }
            EventKind::Submitted { .. }
            | EventKind::Started { .. }
            | EventKind::CancelRequested
            | EventKind::Completed { .. }
            | EventKind::Failed { .. }
            | EventKind::Cancelled
            | EventKind::Unknown { .. } => {}
        }
    }

    /// The job ended: the bar goes, and what was left unsaid is said.
    pub(crate) fn finish(&self) {
        if let View::Bar(bar) = &self.view {
            bar.finish_and_clear();
        }
        let hidden = self.warnings.get().saturating_sub(WARNINGS_SHOWN);
        if hidden > 0 {
            self.warn(&format!(
                "{} not shown here: the job's report lists them",
                crate::words::count(hidden, "further warning", "further warnings")
            ));
        }
        self.warnings.set(0);
    }

    fn job_warning(&self, message: &str, suppressed: u64) {
        let before = self.warnings.get();
        self.warnings.set(before + 1 + suppressed);
        if before < WARNINGS_SHOWN {
            self.warn(message);
        }
    }

    fn progress(&self, fraction: f64, step: &str, counters: Counters) {
        let now = Instant::now();
        let snapshot = self.pace.borrow_mut().take(now, fraction, step, counters);
        match &self.view {
            View::Bar(bar) => {
                if bar.is_hidden() && self.begun.elapsed() >= BAR_DELAY {
                    show(bar, self.style);
                }
                bar.set_position((snapshot.fraction * 1_000.0) as u64);
                bar.set_message(snapshot.step.clone());
                bar.set_prefix(snapshot.figures());
            }
            View::Lines => {
                if self.pace.borrow_mut().is_line_due(now, &snapshot) {
                    stderr::write(&format!("{}\n", plain_line(&snapshot)));
                }
            }
            View::Nothing => {}
        }
    }

    fn line(&self, text: &str) {
        match &self.view {
            View::Bar(bar) if !bar.is_hidden() => bar.suspend(|| stderr::write(&format!("{text}\n"))),
            View::Bar(_) | View::Lines | View::Nothing => stderr::write(&format!("{text}\n")),
        }
    }
}

fn show(bar: &ProgressBar, style: Style) {
    let line = if style == Style::new(true) {
        "{bar:24.cyan/dim}"
    } else {
        "{bar:24}"
    };
    // Two lines, each cut at the terminal's edge: what is being done, and how fast.
    let template = format!("{{spinner}} {line} {{percent:>3}}%  {{wide_msg}}\n  {{prefix}}");
    // The template is a constant of ours; were it wrong, the default style would do.
    if let Ok(look) = ProgressStyle::with_template(&template) {
        bar.set_style(look.progress_chars("━━─"));
    }
    bar.set_length(1_000);
    bar.set_draw_target(ProgressDrawTarget::stderr());
    bar.enable_steady_tick(Duration::from_millis(100));
}

fn plain_line(snapshot: &Snapshot) -> String {
    format!(
        "{:>3.0}%  {}  {}",
        snapshot.fraction * 100.0,
        snapshot.step,
        snapshot.figures()
    )
    .trim_end()
    .to_owned()
}
