//! How much memory this process has needed.

/// The most resident memory that this process had so far, in bytes (`VmHWM` of Linux); `None` where the system does not
/// say.
#[must_use]
pub fn peak_bytes() -> Option<u64> {
    crate::process::memory("/proc/self/status", "VmHWM:")
}
