//! The tests of the service that run on each database.

mod audit;
mod bad_input;
mod client_deletion;
mod client_update;
mod clients;
mod credentials;
mod customers;
mod description;
#[cfg(feature = "testing")]
mod fuzz;
mod idempotency;
mod races;
mod readme;
mod stop;
mod unions;
mod users;

use super::start;
