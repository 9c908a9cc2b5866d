//! The memory of this process, as the system reports it.

use std::fs;

/// Returns the peak memory since [`forget_peak`] and the current memory, in kilobytes; `None` if the system reports
/// neither.
pub(crate) fn peak_and_now() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((field("VmHWM:")?, field("VmRSS:")?))
}

/// Resets the peak memory to the current memory.
pub(crate) fn forget_peak() {
    // If the reset fails, the peak of the whole run is reported: too high rather than too low.
    drop(fs::write("/proc/self/clear_refs", "5"));
}
