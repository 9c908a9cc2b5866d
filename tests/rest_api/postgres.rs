//! The service on PostgreSQL, if there is a server.

use crate::database::Database;
use crate::service::Service;

#[path = "suite/mod.rs"]
mod suite;

fn start() -> Option<Service> {
    Some(Service::on(Database::postgres()?))
}
