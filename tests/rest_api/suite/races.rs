//! Two concurrent requests about the same client.

use std::sync::Barrier;
use std::thread;

use client_lifecycle::domain::AuditOutcome;
use serde_json::json;

use super::start;
use crate::effort;
use crate::service::{Call, Service, agent, send};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Wish {
    Update,
    Deactivate,
    Delete,
}

const PAIRS: [[Wish; 2]; 6] = [
    [Wish::Update, Wish::Update],
    [Wish::Update, Wish::Deactivate],
    [Wish::Update, Wish::Delete],
    [Wish::Deactivate, Wish::Deactivate],
    [Wish::Deactivate, Wish::Delete],
    [Wish::Delete, Wish::Delete],
];

/// R22, R162: no response is 500, no update is lost, and each request has one audit entry.
#[test]
fn concurrent_requests_are_serialized_or_refused() {
    let Some(service) = start() else { return };
    let agents = [agent(), agent()];
    for round in 0..effort::races() {
        let pair = PAIRS[round as usize % PAIRS.len()];
        let id = service.new_client(&format!("round{round}@example.com"));
        let calls = [call(&service, &id, pair[0], "city"), call(&service, &id, pair[1], "address")];
        let start = Barrier::new(2);
        let [one, two] = thread::scope(|scope| {
            let threads = [0, 1].map(|which| {
                let (start, agent, call, listen) = (&start, &agents[which], &calls[which], service.listen());
                scope.spawn(move || {
                    start.wait();
                    send(agent, listen, call)
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        let details = format!("round {round}, {pair:?}: {one:?} {two:?}");
        let statuses = [one.status, two.status];
        let deletes = pair.iter().filter(|wish| **wish == Wish::Delete).count();
        for (wish, status) in pair.iter().zip(statuses) {
            let lost_to_a_deletion = deletes > usize::from(*wish == Wish::Delete) && status == 404;
            assert!(status == 200 || lost_to_a_deletion, "{details}");
        }
        let found = service.send(&service.staff("GET", &format!("/api/clients/{id}")));
        if deletes > 0 {
            assert_eq!(found.status, 404, "{details}");
            let done =
                pair.iter().zip(statuses).filter(|(wish, status)| **wish == Wish::Delete && *status == 200);
            assert_eq!(done.count(), 1, "{details}");
        } else {
            let client = found.json();
            for (wish, field) in pair.iter().zip(["city", "address"]) {
                match wish {
                    Wish::Update => assert_eq!(client[field], "written", "{details}"),
                    _ => assert_eq!(client["status"], "OFF", "{details}"),
                }
            }
        }
        let mut outcomes: Vec<_> = service.audit("clients", &id).iter().map(|entry| entry.outcome).collect();
        let mut expected = vec![AuditOutcome::Done];
        expected.extend(
            statuses.map(|status| if status == 200 { AuditOutcome::Done } else { AuditOutcome::NotFound }),
        );
        outcomes.sort();
        expected.sort();
        assert_eq!(outcomes, expected, "{details}");
    }
}

fn call(service: &Service, id: &str, wish: Wish, field: &str) -> Call {
    let path = format!("/api/clients/{id}");
    match wish {
        Wish::Update => service.staff("PUT", &path).json(&json!({ field: "written" })),
        Wish::Deactivate => service.staff("PUT", &path).json(&json!({ "status": "OFF" })),
        Wish::Delete => service.staff("DELETE", &path),
    }
}

/// R120: when two clients are updated to the same address, one update succeeds.
#[test]
fn one_of_two_requests_gets_an_address() {
    let Some(service) = start() else { return };
    let agents = [agent(), agent()];
    for round in 0..20 {
        let ids = [0, 1].map(|which| service.new_client(&format!("r{round}w{which}@example.com")));
        let body = json!({ "email": format!("wanted{round}@example.com") });
        let start = Barrier::new(2);
        let mut statuses = thread::scope(|scope| {
            let threads = [0, 1].map(|which| {
                let call = service.staff("PUT", &format!("/api/clients/{}", ids[which])).json(&body);
                let (start, agent, listen) = (&start, &agents[which], service.listen());
                scope.spawn(move || {
                    start.wait();
                    send(agent, listen, &call).status
                })
            });
            threads.map(|thread| thread.join().unwrap())
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "round {round}");
    }
}
