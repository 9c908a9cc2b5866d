//! How much memory this program holds, as the system sees it.

use std::fs;

/// The most that was held since [`forget_peak`], and what is held now, in kilobytes; `None` where the system does not say.
pub(crate) fn peak_and_now() -> Option<(u64, u64)> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some((field("VmHWM:")?, field("VmRSS:")?))
}

/// Lets the peak begin with what is held now.
pub(crate) fn forget_peak() {
    // Where that cannot be, the peak is that of the whole run: too much rather than too little.
    drop(fs::write("/proc/self/clear_refs", "5"));
}
