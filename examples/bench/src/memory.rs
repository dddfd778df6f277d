//! How much memory this process has needed.

use std::fs;

/// The most resident memory that this process had so far, in bytes (`VmHWM` of Linux); `None` where the system does not
/// say.
#[must_use]
pub fn peak_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
