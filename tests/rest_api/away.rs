//! The database becomes unavailable and then recovers.

use std::thread;

use serde_json::json;

use crate::database::Database;
use crate::own_server::OwnServer;
use crate::service::{Call, Service, agent, send};
use crate::shape::Shape;

#[test]
fn an_unavailable_database_is_reported_by_every_system_and_recovers() {
    let Some(server) = OwnServer::start() else { return };
    let service = Service::on(Database::on(&server.address()));
    let before = service.rows();
    let client = format!("/api/clients/{}", service.id("client"));
    let calls = [
        (service.staff("DELETE", &client), Shape::Clinic),
        (service.staff("GET", "/api/clients"), Shape::Clinic),
        (service.staff("PUT", &client).json(&json!({ "city": "Soria" })), Shape::Clinic),
        (Call::new("DELETE", &format!("/api/v1/users/{}", service.id("user"))), Shape::Notifications),
        (service.with_token("ADMIN", "DELETE", "/customer/user123"), Shape::Success),
        (
            service.with_token("ADMIN", "DELETE", &format!("/api/unions/{}", service.id("union"))),
            Shape::Success,
        ),
    ];
    server.crash();
    let listen = service.listen();
    let answers: Vec<_> = thread::scope(|scope| {
        let asked = calls.iter().map(|(call, _)| scope.spawn(move || send(&agent(), listen, call)));
        let asked: Vec<_> = asked.collect();
        asked.into_iter().map(|asked| asked.join().unwrap()).collect()
    });
    for (answer, (call, shape)) in answers.iter().zip(&calls) {
        assert_eq!(answer.status, 503, "{call:?}: {answer:?}");
        assert!(answer.headers["retry-after"].to_str().unwrap().parse::<u32>().is_ok(), "{answer:?}");
        shape.of_error(answer);
    }
    assert_eq!(service.send(&Call::new("GET", "/healthz")).status, 503);
    server.start_again();
    assert_eq!(service.send(&Call::new("GET", "/healthz")).status, 200);
    assert_eq!((service.rows(), service.entries()), (before, 0));
    for (call, _) in &calls {
        let answer = service.send(call);
        assert!(answer.status < 300 || answer.status == 404, "{call:?}: {answer:?}");
    }
}
