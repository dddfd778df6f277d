//! The programs that are measured.

use std::{
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use atg_bench::{Process, Server};

use crate::Result;

/// How often the memory of a process is looked at, which ends with it.
const LOOK: Duration = Duration::from_millis(2);

pub(crate) struct Programs {
    directory: PathBuf,
    /// Where files go that nobody keeps.
    pub(crate) place: PathBuf,
}

/// A command that has ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ran {
    pub(crate) time: Duration,
    /// The most memory that it had.
    pub(crate) peak: Option<u64>,
}

/// A service with everything in one directory.
pub(crate) struct Service {
    pub(crate) server: Server,
    pub(crate) directory: PathBuf,
    pub(crate) key_file: PathBuf,
}

impl Programs {
    pub(crate) fn new(directory: &Path, place: &Path) -> Self {
        Self {
            directory: directory.to_owned(),
            place: place.to_owned(),
        }
    }

    /// An `atg` that works here, in that directory.
    pub(crate) fn local(&self, directory: &Path) -> Command {
        let mut command = self.atg();
        command.arg("--data-dir").arg(directory);
        command
    }

    /// An `atg` that has the service work, reached under that address.
    pub(crate) fn remote(&self, service: &Service, address: SocketAddr) -> Command {
        let mut command = self.atg();
        command
            .args([
                "--remote",
                "--service-url",
                &format!("http://{address}"),
                "--api-key-file",
            ])
            .arg(&service.key_file)
            .arg("--data-dir")
            .arg(self.place.join("client"));
        command
    }

    fn atg(&self) -> Command {
        let mut command = Command::new(self.directory.join("atg"));
        command.env_clear().env("HOME", &self.place).arg("--quiet");
        command
    }

    pub(crate) fn serve(&self, directory: PathBuf) -> Result<Service> {
        fs::create_dir_all(&directory)?;
        let log = File::create(directory.join("server.log"))?;
        let server = Server::start(
            Command::new(self.directory.join("atg-server"))
                .args(["--port", "0", "--max-input-bytes", "8000000000", "--data-dir"])
                .arg(&directory)
                .stderr(log),
        )?;
        let key_file = directory.join(format!("server-{}.key", server.address().port()));
        Ok(Service {
            server,
            directory,
            key_file,
        })
    }
}

/// Runs a command to its end, which must be a good one.
pub(crate) fn run(command: &mut Command) -> Result<Ran> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let process = Process::of(child.id());
    let mut peak = None;
    let watching = thread::spawn(move || {
        // A process that has ended has no memory.
        while let Some(bytes) = process.peak_bytes() {
            peak = Some(bytes);
            thread::sleep(LOOK);
        }
        peak
    });
    let status = child.wait()?;
    let time = began.elapsed();
    let peak = watching
        .join()
        .map_err(|_| "the watch of a process ended early")?;
    if status.success() {
        Ok(Ran { time, peak })
    } else {
        Err(format!("{command:?} ended with {status}").into())
    }
}
