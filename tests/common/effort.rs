//! How much the tests do that repeat themselves: enough to find what is broken in minutes, or all of it.
//!
//! | variable             | says                                                  | default | with `LIFECYCLE_LONG=1` |
//! |----------------------|-------------------------------------------------------|---------|-------------------------|
//! | `LIFECYCLE_CASES`    | how many random worlds, bodies and calls there are    |     100 |                   2,000 |
//! | `LIFECYCLE_RACES`    | how many rounds a race has                            |      25 |                     200 |
//! | `LIFECYCLE_LOAD`     | how many seconds a service is under load              |       2 |                       6 |
//! | `LIFECYCLE_SEED`     | which worlds and calls: a number, or `random`         |    2026 |                    2026 |
#![allow(dead_code, reason = "each test binary uses a part")]

use std::time::Duration;

/// The number that a variable says, or else the one for a short or a long run.
fn number(variable: &str, short: u32, long: u32) -> u32 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is a number")),
        Err(_) if std::env::var("LIFECYCLE_LONG").is_ok_and(|long| long == "1") => long,
        Err(_) => short,
    }
}

/// How many random worlds, bodies and calls.
pub(crate) fn cases() -> u32 {
    number("LIFECYCLE_CASES", 100, 2_000)
}

/// How many rounds of a race.
pub(crate) fn races() -> u32 {
    number("LIFECYCLE_RACES", 25, 200)
}

/// How long a service is under load.
pub(crate) fn load() -> Duration {
    Duration::from_secs(number("LIFECYCLE_LOAD", 2, 6).into())
}

/// Which random worlds, bodies and calls.
pub(crate) fn seed() -> u64 {
    match std::env::var("LIFECYCLE_SEED").as_deref() {
        Ok("random") => uuid::Uuid::new_v4().as_u64_pair().0,
        Ok(text) => text.parse().expect("LIFECYCLE_SEED is a number, or `random`"),
        Err(_) => 2026,
    }
}
