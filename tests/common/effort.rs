//! How much the tests repeat: little by default, more in long runs.
//!
//! | variable | meaning | default | with `LIFECYCLE_LONG=1` |
//! |----------------------|-------------------------------------------------------|---------|-------------------------|
//! | `LIFECYCLE_WORLDS` | number of random worlds on which stores and the model are compared | 2,000 | 20,000 |
//! | `LIFECYCLE_CASES` | number of other random worlds, bodies and calls | 100 | 2,000 |
//! | `LIFECYCLE_RACES` | number of rounds of a race | 25 | 200 |
//! | `LIFECYCLE_LOAD` | seconds of load on a service | 2 | 6 |
//! | `LIFECYCLE_SEED` | seed of random worlds and calls: a number or `random` | 2026 | 2026 |
#![allow(dead_code, reason = "each test binary uses a part")]

use std::time::Duration;

/// Returns the value of a variable, or its default for a short or long run.
fn number(variable: &str, short: u32, long: u32) -> u32 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is a number")),
        Err(_) if std::env::var("LIFECYCLE_LONG").is_ok_and(|long| long == "1") => long,
        Err(_) => short,
    }
}

/// The number of random worlds on which stores and the model are compared.
pub(crate) fn worlds() -> u32 {
    number("LIFECYCLE_WORLDS", 2_000, 20_000)
}

/// The number of other random worlds, bodies and calls.
pub(crate) fn cases() -> u32 {
    number("LIFECYCLE_CASES", 100, 2_000)
}

/// The number of rounds of a race.
pub(crate) fn races() -> u32 {
    number("LIFECYCLE_RACES", 25, 200)
}

/// How long a service is under load.
pub(crate) fn load() -> Duration {
    Duration::from_secs(number("LIFECYCLE_LOAD", 2, 6).into())
}

/// The seed of random worlds, bodies and calls.
pub(crate) fn seed() -> u64 {
    match std::env::var("LIFECYCLE_SEED").as_deref() {
        Ok("random") => uuid::Uuid::new_v4().as_u64_pair().0,
        Ok(text) => text.parse().expect("LIFECYCLE_SEED is a number, or `random`"),
        Err(_) => 2026,
    }
}
