//! What the command line says.

use std::{env, path::PathBuf, time::Duration};

pub(crate) const USAGE: &str = "usage: atg-load [--server PATH] [--seconds N] [--rounds N] [--connections N] [--pollers N] \
     [--rate N] [--submitters N] [--streams N] [--only start|saturation|polling|submissions|streams[,…]]";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Start,
    Saturation,
    Polling,
    Submissions,
    Streams,
}

const STAGES: [(&str, Stage); 5] = [
    ("start", Stage::Start),
    ("saturation", Stage::Saturation),
    ("polling", Stage::Polling),
    ("submissions", Stage::Submissions),
    ("streams", Stage::Streams),
];

#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) server: PathBuf,
    /// How long each measurement lasts.
    pub(crate) time: Duration,
    /// How often saturation is measured.
    pub(crate) rounds: u32,
    /// Connections that ask without a pause.
    pub(crate) connections: usize,
    /// Connections that poll.
    pub(crate) pollers: usize,
    /// Calls a second of all pollers together.
    pub(crate) rate: u32,
    /// Connections that submit without a pause.
    pub(crate) submitters: usize,
    /// Event streams at once.
    pub(crate) streams: usize,
    stages: Vec<Stage>,
    /// Set for the process that is the bare server: its database.
    pub(crate) bare: Option<PathBuf>,
}

impl Arguments {
    pub(crate) fn parse(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let beside = env::current_exe()
            .map_err(|error| format!("cannot tell where this program is: {error}"))?
            .with_file_name("atg-server");
        let mut arguments = Self {
            server: beside,
            time: Duration::from_secs(10),
            rounds: 3,
            connections: 64,
            pollers: 1_000,
            rate: 5_000,
            submitters: 64,
            streams: 10_000,
            stages: STAGES.map(|(_, stage)| stage).to_vec(),
            bare: None,
        };
        while let Some(flag) = given.next() {
            let value = given.next().ok_or_else(|| format!("{flag} needs a value"))?;
            let number = || value.parse().map_err(|_| format!("{value} is no number"));
            match flag.as_str() {
                "--server" => arguments.server = value.into(),
                "--seconds" => arguments.time = Duration::from_secs(number()?),
                "--rounds" => {
                    arguments.rounds = value.parse().map_err(|_| format!("{value} is no number"))?;
                }
                "--connections" => arguments.connections = count(&value)?,
                "--pollers" => arguments.pollers = count(&value)?,
                "--rate" => arguments.rate = value.parse().map_err(|_| format!("{value} is no number"))?,
                "--submitters" => arguments.submitters = count(&value)?,
                "--streams" => arguments.streams = count(&value)?,
                "--only" => arguments.stages = value.split(',').map(stage).collect::<Result<_, _>>()?,
                "--bare" => arguments.bare = Some(value.into()),
                other => return Err(format!("{other} is no option")),
            }
        }
        if arguments.rate == 0 || arguments.rounds == 0 || arguments.time.is_zero() {
            return Err("rate, rounds and seconds must not be 0".to_owned());
        }
        Ok(arguments)
    }

    pub(crate) fn has(&self, stage: Stage) -> bool {
        self.stages.contains(&stage)
    }
}

fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(format!("{text} is no number above 0")),
    }
}

fn stage(name: &str) -> Result<Stage, String> {
    STAGES
        .into_iter()
        .find_map(|(known, stage)| (known == name).then_some(stage))
        .ok_or_else(|| format!("{name} is no stage"))
}
