//! The processor time of this process, as the system reports it.

use std::fs;
use std::time::Duration;

/// Returns the processor time since the process began, without that of the database server; zero if the system does not
/// report it.
pub(crate) fn used() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program comes first, in parentheses; it may contain spaces.
    let numbers = stat.rsplit_once(')').map_or("", |(_, numbers)| numbers).split_whitespace();
    let hundredths: u64 = numbers.skip(11).take(2).filter_map(|number| number.parse::<u64>().ok()).sum();
    Duration::from_millis(10 * hundredths)
}
