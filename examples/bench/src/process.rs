//! What the system says of a process.

use std::{fs, time::Duration};

/// Ticks of a second in which Linux counts CPU time for everybody to read, on every architecture.
const TICKS: u64 = 100;

/// Another process of this machine. What the system does not say is `None`.
#[derive(Debug, Clone, Copy)]
pub struct Process(u32);

impl Process {
    /// The process of that id.
    #[must_use]
    pub fn of(id: u32) -> Self {
        Self(id)
    }

    /// The memory that it has now, in bytes.
    #[must_use]
    pub fn resident_bytes(self) -> Option<u64> {
        self.memory("VmRSS:")
    }

    /// The most memory that it had so far, in bytes.
    #[must_use]
    pub fn peak_bytes(self) -> Option<u64> {
        self.memory("VmHWM:")
    }

    fn memory(self, field: &str) -> Option<u64> {
        memory(&format!("/proc/{}/status", self.0), field)
    }

    /// The time that its threads have computed, also within the system.
    #[must_use]
    pub fn cpu_time(self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        // The second field is the name, which may hold anything.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut times = fields.split_whitespace().skip(11).map(str::parse::<u64>);
        let (user, system) = (times.next()?.ok()?, times.next()?.ok()?);
        Some(Duration::from_millis((user + system) * 1000 / TICKS))
    }
}

/// A field of a `status` file, which counts in kilobytes.
pub(crate) fn memory(file: &str, field: &str) -> Option<u64> {
    let status = fs::read_to_string(file).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(field))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory_and_has_computed() {
        let this = Process::of(std::process::id());
        let (now, peak) = (this.resident_bytes().unwrap(), this.peak_bytes().unwrap());
        assert!(now > 1 << 20 && now <= peak, "{now} of {peak}");
        while this.cpu_time().unwrap().is_zero() {}
        assert_eq!(Process::of(u32::MAX).resident_bytes(), None);
    }
}
