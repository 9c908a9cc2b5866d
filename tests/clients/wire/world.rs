//! Requests with every outcome that a response must cover.

use std::io;

use client_lifecycle::clients::wire::{Response, Wire};
use client_lifecycle::domain::{Actor, Record, Request, eq, one_of};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::{Allow, Guard, cascade, keep};
use client_lifecycle::protocol::Receipt;
use client_lifecycle::store::StoreError;
use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};

/// The time of all requests.
pub(crate) const NOW: &str = "2024-01-20T14:45:00Z";

pub(crate) fn admin() -> Actor {
    Actor::new("ana", "ADMIN")
}

/// Executes a request on these clients: `free` can be deleted, `owing` has an open and a disputed debt, `seen` was
/// active recently, and `boss` is not a client.
pub(crate) async fn asked(request: Request) -> Result<Receipt, Error> {
    let policy = DeletionPolicy::of("clients")
        .kind("clients", |kind| kind.status("status").deleted_at("deleted_at").filter(eq("role", "USER")))
        .reference("debts.client_id", "clients")
        .reference("sessions.client_id", "clients")
        .hard_delete(|mode| {
            mode.allow("ADMIN")
                .allow(Allow::from("RESALE").scope("managed_by"))
                .reason_required()
                .guard(
                    Guard::block("open_debts", "debts")
                        .when(eq("status", "PENDING"))
                        .message("there are open debts")
                        .remedy("settle the debts"),
                )
                .guard(
                    Guard::block("disputed_debts", "debts")
                        .when(one_of("status", ["DISPUTED"]))
                        .message("there are disputed debts"),
                )
                .guard(Guard::warn("active", "sessions").message("there are sessions").remedy("wait a day"))
                .rule("debts.client_id", cascade())
                .rule("sessions.client_id", cascade())
        })
        .soft_delete(|mode| mode.allow("ADMIN").others(keep()))
        .deactivate(|mode| mode.allow("ADMIN").others(keep()))
        .build()
        .unwrap();
    let client = |id: &str, role: &str| {
        Record::new(id)
            .with("role", role)
            .with("managed_by", "rob")
            .with("status", "ON")
            .with("email", "maria@example.org")
    };
    let row = |id: u32, client: &str, status: &str| {
        Record::new(i64::from(id)).with("client_id", client).with("status", status)
    };
    let store = MemoryStore::new()
        .with("clients", [client("free", "USER"), client("owing", "USER"), client("seen", "USER")])
        .with("clients", [client("boss", "ADMIN")])
        .with("debts", [row(1, "owing", "DISPUTED"), row(2, "owing", "PENDING")])
        .with("sessions", [row(1, "seen", "")]);
    let now = NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    Lifecycle::open(store, policy).await.unwrap().with_clock(now).execute(&request).await
}

/// Returns a response for each outcome, by name.
pub(crate) async fn answers(wire: &Wire) -> Vec<(&'static str, Response)> {
    use client_lifecycle::domain::Reason::Duplicate;
    let hard = |id: &str| Request::hard_delete("clients", id).with_reason(Duplicate);
    let requests = [
        ("done", hard("free").by(admin())),
        ("not found", hard("nobody").by(admin())),
        ("no client", hard("boss").by(admin())),
        ("no id", hard("").by(admin())),
        ("not signed in", hard("free")),
        ("wrong role", hard("free").by(Actor::new("eva", "RECEPTION"))),
        ("wrong scope", hard("free").by(Actor::new("eva", "RESALE"))),
        ("no reason", Request::hard_delete("clients", "free").by(admin())),
        ("blocked", hard("owing").by(admin())),
        ("warned", hard("seen").by(admin())),
        ("soft deleted", Request::soft_delete("clients", "free").by(admin())),
        ("deactivated", Request::deactivate("clients", "free").by(admin())),
    ];
    let mut answers = Vec::new();
    for (what, request) in requests {
        answers.push((what, wire.respond(&asked(request).await)));
    }
    let secret = || Box::new(io::Error::other("maria@example.org"));
    let broken = StoreError::Backend { doing: "writing".into(), source: secret() };
    let busy = StoreError::Contention { source: Some(secret()), retryable: true };
    let objects = StoreError::Refused { kind: "debts".into(), triggers: Vec::new(), source: secret() };
    let wrong_id = StoreError::WrongId { kind: "clients".into(), id: "x".into(), expected: "integers" };
    let away = StoreError::Unavailable { doing: "read".into(), source: secret(), retryable: true };
    for (what, error) in [
        ("broken", broken),
        ("away", away),
        ("busy", busy),
        ("the schema objects", objects),
        ("wrong id", wrong_id),
    ] {
        answers.push((what, wire.error(&error.into())));
    }
    answers.push(("changed", wire.error(&Error::Conflict { changes: Vec::new() })));
    answers
}

pub(crate) async fn answer(wire: &Wire, what: &str) -> Response {
    let found = answers(wire).await.into_iter().find(|(name, _)| *name == what);
    found.unwrap_or_else(|| panic!("nothing is asked about `{what}`")).1
}

/// Returns the status code and the body.
pub(crate) fn response(answer: &Response) -> (u16, String) {
    (answer.status, answer.json())
}
