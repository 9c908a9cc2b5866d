//! Many concurrent callers of the service on PostgreSQL, while the service or the database is restarted.

mod verdict;
mod worker;

use std::net::TcpListener;
use std::sync::{Arc, RwLock};
use std::thread;
use std::time::Instant;

use verdict::{Figures, clients, verdict};
use worker::{Attempt, Scene};

use crate::database::Database;
use crate::effort;
use crate::own_server::OwnServer;
use crate::service::Service;

/// The number of concurrent workers, and the number of clients in the database.
const WORKERS: u64 = 64;
const CLIENTS: u32 = 300;

/// Runs all workers, and calls `disturb` twice while they run.
fn run(database: &Arc<Database>, mut disturb: impl FnMut(&mut Service)) -> Figures {
    // Choose the port here, so it stays the same when the service restarts.
    let listen = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let mut service = Service::listening(database.clone(), &listen);
    service.execute(&format!(
        "INSERT INTO clients (user_id, role, status, email, name, surname, phone, address, city, country, postal_code,
             gender, birth_date, avatar, document_type, document_number, created_at, updated_at)
         SELECT gen_random_uuid(), 'USER', 'ON', 'load' || n || '@example.com', 'Zoe', 'Ruiz', '+34600000000', '', '', '', '',
             'female', '1990-02-28', '', 'DNI', '12345678A', now(), now() FROM generate_series(1, {CLIENTS}) AS n;
         INSERT INTO consents (client_id, signed_at) SELECT user_id, now() FROM clients WHERE email LIKE 'load%';
         INSERT INTO debts (client_id, cents, status)
             SELECT user_id, 100, 'PAID' FROM clients WHERE email LIKE 'load%';
         INSERT INTO bookings (client_id, starts_at, status, comment)
             SELECT user_id, now() - interval '1 day', 'BOOKED', 'late' FROM clients WHERE email LIKE 'load%'"
    ));
    let before = clients(database);
    let used = before.iter().filter(|(_, client)| client["email"].as_str().unwrap().starts_with("load"));
    let scene = Scene {
        listen,
        cookie: service.cookie().to_owned(),
        clients: used.map(|(id, _)| RwLock::new(id.clone())).collect(),
        end: Instant::now() + effort::load(),
    };
    let attempts: Vec<Attempt> = thread::scope(|scope| {
        let scene = &scene;
        let workers: Vec<_> = (0..WORKERS).map(|number| scope.spawn(move || scene.work(number))).collect();
        for _ in 0..2 {
            thread::sleep(effort::load() / 3);
            disturb(&mut service);
        }
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let figures = verdict(database, &before, &attempts);
    eprintln!("{figures}");
    assert!(figures.attempts > 64, "hardly anything was done");
    figures
}

/// R22, R162: no response is 500, no update is lost, and each attempt has one audit entry.
#[test]
fn responses_under_load_match_the_data_and_the_audit_log() {
    let Some(database) = Database::postgres() else { return };
    let figures = run(&Arc::new(database), |_| ());
    assert_eq!((figures.lost, figures.away), (0, 0), "nothing was disturbed");
    assert_eq!(figures.entries, figures.attempts);
}

#[test]
fn requests_repeated_after_a_crash_of_the_service_are_done_once() {
    let Some(database) = Database::postgres() else { return };
    let figures = run(&Arc::new(database), |service| {
        service.child.kill().unwrap();
        service.child.wait().unwrap();
        let again = Service::listening(service.database.clone(), service.listen());
        *service = again;
    });
    assert!(figures.lost > 0, "the service was away");
    assert!(figures.entries >= figures.attempts);
    assert!(figures.entries <= figures.attempts + figures.lost as usize, "{figures}");
}

/// While the database restarts, most requests only take longer. The service tells some callers to retry.
#[test]
fn requests_repeated_after_a_crash_of_the_database_are_done_once() {
    let Some(server) = OwnServer::start() else { return };
    let figures = run(&Arc::new(Database::on(&server.address())), |_| {
        server.crash();
        server.start_again();
    });
    assert_eq!(figures.lost, 0, "the service was not");
    assert!(figures.entries >= figures.attempts);
}
