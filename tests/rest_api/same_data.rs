//! `--demo` creates the same data on SQLite and on PostgreSQL.

use crate::database::Database;
use crate::service::Service;

#[test]
fn the_sample_data_is_the_same_on_each_database() {
    let Some(postgres) = Database::postgres() else { return };
    let seen = [Database::sqlite(), postgres].map(|database| {
        let service = Service::on(database);
        let page = service.send(&service.staff("GET", "/api/clients?limit=100")).json();
        let mut clients = page["clients"].clone();
        for client in clients.as_array_mut().unwrap() {
            // The times are relative to the start of the demo, so compare only the day.
            for moment in ["created_at", "updated_at"] {
                let day = client[moment].as_str().unwrap()[..10].to_owned();
                client[moment] = day.into();
            }
        }
        let tables: Vec<String> =
            service.rows().iter().map(|row| row.split(':').next().unwrap().to_owned()).collect();
        (clients, tables, service.line["ids"].clone())
    });
    assert_eq!(seen[0], seen[1]);
}
