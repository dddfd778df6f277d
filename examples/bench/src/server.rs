//! A server as a process.

use std::{
    error::Error,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use crate::Process;

/// A server process that does not outlive this one.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    began: Instant,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts a process and waits until it says where it listens.
    ///
    /// # Errors
    /// When it cannot be started, or ends before it listens.
    pub fn start(command: &mut Command) -> Result<Self, Box<dyn Error>> {
        let began = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().ok_or("the child has no output")?;
        let mut server = Self {
            child,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            began,
        };
        for line in BufReader::new(stdout).lines() {
            if let Some(address) = line?.strip_prefix("listening on http://") {
                server.address = address.parse()?;
                return Ok(server);
            }
        }
        Err("the server ended before it listened: see its log".into())
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How long ago it was started.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// What the system says of it.
    #[must_use]
    pub fn process(&self) -> Process {
        Process::of(self.child.id())
    }

    /// Whether it is still there.
    ///
    /// # Errors
    /// When it ended by itself.
    pub fn check(&mut self) -> Result<(), Box<dyn Error>> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => Err(format!("the server ended by itself: {status}").into()),
        }
    }
}
