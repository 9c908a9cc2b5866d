//! The service on PostgreSQL. Skipped without a server.

use crate::database::Database;
use crate::service::Service;

#[path = "suite/mod.rs"]
mod suite;

fn start() -> Option<Service> {
    Some(Service::on(Database::postgres()?))
}
