//! The service on SQLite.

use crate::database::Database;
use crate::service::Service;

#[path = "suite/mod.rs"]
mod suite;

#[allow(clippy::unnecessary_wraps, reason = "without a server there is no service")]
fn start() -> Option<Service> {
    Some(Service::on(Database::sqlite()))
}
