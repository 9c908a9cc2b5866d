//! The memory of this program, as reported by the system.

use std::fs;

/// Returns the peak since [`forget_peak`] and the current memory, in kilobytes; `None` if the system does not report
/// them.
pub(crate) fn peak_and_now() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((field("VmHWM:")?, field("VmRSS:")?))
}

/// Resets the peak to the current memory.
pub(crate) fn forget_peak() {
    // If that is not possible, the peak is that of the whole run, which is too high rather than too low.
    drop(fs::write("/proc/self/clear_refs", "5"));
}
