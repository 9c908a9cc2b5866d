//! Restores, on every store: exactly what a soft deletion marked and redirected comes back, and every reason against it
//! is named at once.

use client_lifecycle::domain::{Actor, Mode, OperationId, Request};
use client_lifecycle::plan::Plan;
use client_lifecycle::policy::Refusal;
use client_lifecycle::protocol::Receipt;
use client_lifecycle::{DeletionPolicy, Error};
use serde_json::{Value, json};

use crate::common::agrees;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
use crate::common::backend::stores;
use crate::common::backend::{Backend, On, on_every_store};

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "deleted_at": "deleted_at", "updated_at": "changed", "version": "version",
                         "personal": { "name": "null" } },
            "bookings": { "deleted_at": { "field": "gone", "live": false }, "fields": { "gone": "boolean" } },
            "lines": { "id": ["booking_id", "number"], "deleted_at": { "field": "ended", "live": "infinity" } },
            "visits": {},
            "teams": { "fields": { "members": "json" } },
            "rooms": { "deleted_at": "deleted_at" },
            "sessions": {},
            "notes": { "personal": { "text": "null" } }
        },
        "references": [
            { "from": "clients.referrer_id", "to": "clients", "nullable": true },
            { "from": "bookings.client_id", "to": "clients" },
            { "from": "bookings.room_id", "to": "rooms", "nullable": true },
            { "from": "lines.booking_id", "to": "bookings" },
            { "from": "visits.client_id", "to": "clients", "nullable": true },
            { "from": "teams.members", "to": "clients", "each": true },
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "notes.client_id", "to": "clients", "nullable": true }
        ],
        "modes": {
            "soft_delete": { "allow": "any", "rules": {
                "clients.referrer_id": "cascade", "bookings.client_id": "cascade", "bookings.room_id": "keep",
                "lines.booking_id": "cascade", "visits.client_id": "set_null", "teams.members": "set_null",
                "sessions.client_id": "delete", "notes.client_id": { "anonymize": { "text": "null" } } } },
            "restore": { "allow": "any" },
            "anonymize": { "allow": "any", "rules": { "*": "keep" } },
            "hard_delete": { "allow": "any", "rules": {
                "clients.referrer_id": "set_null", "visits.client_id": "set_null", "teams.members": "set_null",
                "notes.client_id": "set_null", "bookings.room_id": "set_null", "*": "cascade" } }
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Client 2 was referred by client 1. Booking 2 was deleted before, and so was line 2 of booking 1.
fn rows() -> Value {
    let long_ago = "2020-01-01T00:00:00.000Z";
    let client = |id: i64, referrer: Option<i64>| json!({ "id": id, "name": "Ana", "referrer_id": referrer, "deleted_at": null, "changed": long_ago, "version": 1 });
    let booking = |id: i64, client: i64, gone: bool| json!({ "id": id, "client_id": client, "room_id": 1, "gone": gone });
    let line = |booking: i64, number: i64, ended: &str| json!({ "booking_id": booking, "number": number, "ended": ended });
    json!({
        "clients": [client(1, None), client(2, Some(1)), client(3, None)],
        "rooms": [{ "id": 1, "deleted_at": null }],
        "bookings": [booking(1, 1, false), booking(2, 1, true), booking(3, 2, false), booking(4, 3, false)],
        "lines": [line(1, 1, "infinity"), line(1, 2, long_ago), line(4, 1, "infinity")],
        "visits": [{ "id": 1, "client_id": 1 }, { "id": 2, "client_id": 2 }, { "id": 3, "client_id": 3 }],
        "teams": [{ "id": 1, "members": [3, 1, 2] }, { "id": 2, "members": [3] }],
        "sessions": [{ "id": 1, "client_id": 1 }],
        "notes": [{ "id": 1, "client_id": 1, "text": "tall" }]
    })
}

fn by_ana(request: Request) -> Request {
    request.by(Actor::new("ana", "ADMIN"))
}

async fn planned(backend: &Backend, request: Request) -> Plan {
    let lifecycle = backend.lifecycle(&policy()).await;
    lifecycle.plan(&by_ana(request)).await.unwrap_or_else(|error| panic!("{error:?}"))
}

async fn applied(backend: &Backend, request: Request) -> (Plan, Receipt) {
    let lifecycle = backend.lifecycle(&policy()).await;
    let request = by_ana(request);
    let plan = lifecycle.plan(&request).await.unwrap_or_else(|error| panic!("{error:?}"));
    let receipt = lifecycle.apply(&request, &plan).await;
    let receipt = receipt.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
    agrees(&plan, &receipt);
    (plan, receipt)
}

async fn refused(backend: &Backend, request: Request) -> String {
    let lifecycle = backend.lifecycle(&policy()).await;
    let request = by_ana(request);
    match lifecycle.execute(&request).await {
        Err(Error::Refused(refusal @ (Refusal::NothingToRestore { .. } | Refusal::Invalid { .. }))) => {
            refusal.to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// Returns all rows without the fields that every write sets.
async fn without_touched(backend: &Backend) -> Value {
    let mut rows = backend.all_rows().await;
    for client in rows["clients"].as_array_mut().unwrap() {
        client.as_object_mut().unwrap().retain(|field, _| field != "changed" && field != "version");
    }
    rows
}

on_every_store! {
    async fn what_was_marked_and_redirected_comes_back_and_nothing_else(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let mut expected = without_touched(&backend).await;
        applied(&backend, Request::soft_delete("clients", 1)).await;
        assert_eq!(backend.rows("visits").await, json!([{ "id": 1 }, { "id": 2 }, { "id": 3, "client_id": 3 }]));
        assert_eq!(backend.rows("teams").await[0]["members"], json!([3]));

        let (plan, receipt) = applied(&backend, Request::restore("clients", 1)).await;
        expected["sessions"] = json!([]);
        expected["notes"] = json!([{ "id": 1, "client_id": 1 }]);
        assert_eq!(without_touched(&backend).await, expected, "{plan}");
        assert_eq!(receipt.mode, Mode::Restore);
        let steps = plan.steps.iter().map(|step| (step.key.kind.as_str(), step.count));
        let mut steps: Vec<_> = steps.collect();
        steps.sort_unstable();
        assert_eq!(
            steps,
            [("bookings", 2), ("clients", 1), ("clients", 1), ("lines", 1), ("teams", 1), ("visits", 2)],
            "{plan}"
        );
        let notes: Vec<_> = plan.notes.iter().map(|note| (note.kind.as_str(), note.count)).collect();
        assert_eq!(notes, [("sessions", 1), ("notes", 1)], "{plan}");
    }

    async fn what_was_changed_since_stays_as_it_is(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        applied(&backend, Request::soft_delete("clients", 1)).await;
        backend.set("visits", "2", "client_id", json!(3)).await;
        backend.set("bookings", "1", "gone", json!(false)).await;
        let is_array = format!("{on:?}") == "Postgres";
        let members = if is_array { json!("{3,3}") } else { json!([3, 3]) };
        backend.set("teams", "1", "members", members).await;
        let (plan, _) = applied(&backend, Request::restore("clients", 1)).await;
        assert_eq!(
            backend.rows("visits").await,
            json!([{ "id": 1, "client_id": 1 }, { "id": 2, "client_id": 3 }, { "id": 3, "client_id": 3 }]),
            "{plan}"
        );
        assert_eq!(backend.rows("teams").await[0]["members"], json!([3, 3]), "{plan}");
        let changed = plan.notes.iter().filter(|note| note.name == "changed_since");
        assert_eq!(changed.map(|note| (note.kind.as_str(), note.count)).collect::<Vec<_>>(), [("bookings", 1)]);
    }

    async fn a_parent_that_is_deleted_or_gone_stops_the_restore_and_every_reason_is_named(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        applied(&backend, Request::soft_delete("clients", 2)).await;
        backend.set("rooms", "1", "deleted_at", json!("2026-01-01T00:00:00.000Z")).await;
        applied(&backend, Request::soft_delete("clients", 1)).await;
        let plan = planned(&backend, Request::restore("clients", 2)).await;
        let mut reasons: Vec<_> = plan.blockers.iter().map(|blocker| {
            (blocker.reference.as_ref().map(ToString::to_string).unwrap_or_default(), blocker.count)
        }).collect();
        reasons.sort_unstable();
        assert_eq!(reasons, [("bookings.room_id".to_owned(), 1), ("clients.referrer_id".to_owned(), 1)], "{plan}");
        let before = backend.all_rows().await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let request = by_ana(Request::restore("clients", 2));
        assert!(matches!(lifecycle.apply(&request, &plan).await, Err(Error::Blocked(_))));
        assert_eq!(backend.all_rows().await, before);
    }

    async fn a_record_that_was_marked_in_another_way_since_stays_deleted(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        applied(&backend, Request::soft_delete("clients", 1)).await;
        backend.set("clients", "1", "deleted_at", json!("2026-02-03T00:00:00.000Z")).await;
        let plan = planned(&backend, Request::restore("clients", 1)).await;
        assert!(plan.blockers.iter().any(|blocker| blocker.rule == "not_marked"), "{plan}");
    }

    async fn there_is_nothing_to_restore_twice_or_after_an_erasure_or_of_what_no_one_marked(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        assert!(refused(&backend, Request::restore("clients", 1)).await.contains("no operation has marked it"));
        let unknown = OperationId::from(uuid::Uuid::from_u128(7));
        let why = refused(&backend, Request::restore_operation("clients", unknown)).await;
        assert!(why.contains(&unknown.to_string()), "{why}");
        let (_, marked) = applied(&backend, Request::soft_delete("clients", 1)).await;
        applied(&backend, Request::restore("clients", 1)).await;
        for request in [Request::restore("clients", 1), Request::restore_operation("clients", marked.operation)] {
            let why = refused(&backend, request).await;
            assert!(why.contains("it was restored by operation"), "{why}");
        }
        let (_, marked) = applied(&backend, Request::soft_delete("clients", 1)).await;
        applied(&backend, Request::anonymize("clients", 1)).await;
        for request in [Request::restore("clients", 1), Request::restore_operation("clients", marked.operation)] {
            let why = refused(&backend, request).await;
            assert!(why.contains("in mode anonymize"), "{why}");
        }
        let (_, erased) = applied(&backend, Request::hard_delete("clients", 1)).await;
        let why = refused(&backend, Request::restore_operation("clients", erased.operation)).await;
        assert!(why.contains("cannot be taken back") || why.contains("no operation"), "{why}");
    }

    async fn a_batch_comes_back_as_a_whole_by_its_operation(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let before = backend.rows("bookings").await;
        let (_, marked) = applied(&backend, Request::batch(Mode::SoftDelete, "clients", [2, 3])).await;
        let why = refused(&backend, Request::restore("clients", 2)).await;
        assert!(why.contains("marked 2 records"), "{why}");
        let request = Request::restore_operation("clients", marked.operation).operation(uuid::Uuid::from_u128(9));
        let (_, receipt) = applied(&backend, request.clone()).await;
        assert_eq!(receipt.subjects.len(), 2);
        assert_eq!(backend.rows("bookings").await, before);
        // The same request again has the same answer and does nothing.
        let lifecycle = backend.lifecycle(&policy()).await;
        let again = lifecycle.execute(&by_ana(request)).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(again.operation, receipt.operation);
        assert_eq!(backend.outcomes().await, ["done", "done", "invalid", "done", "done"]);
    }

    async fn a_plan_made_before_another_restore_is_a_conflict(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        applied(&backend, Request::soft_delete("clients", 1)).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let request = by_ana(Request::restore("clients", 1));
        let plan = lifecycle.plan(&request).await.unwrap();
        lifecycle.apply(&request, &plan).await.unwrap();
        let late = lifecycle.apply(&request, &plan).await;
        assert!(matches!(late, Err(Error::Conflict { .. })), "{late:?}");
    }
}

/// A value that is unique among live records is free after a soft deletion, so another record may have taken it.
#[cfg(all(feature = "sqlite", feature = "postgres"))]
#[tokio::test]
async fn a_unique_value_that_was_taken_since_stops_the_restore() {
    let index = "CREATE UNIQUE INDEX names ON clients (name) WHERE deleted_at IS NULL";
    for on in stores().await {
        let mut data = rows();
        for (client, name) in data["clients"].as_array_mut().unwrap().iter_mut().zip(["Ana", "Eva", "Pep"]) {
            client["name"] = json!(name);
        }
        let backend = Backend::with(on, &policy(), &data).await;
        match &backend {
            Backend::Memory(..) => continue,
            Backend::Sqlite(file) => file.run(index).await,
            Backend::Postgres(tables) => tables.run(index).await,
        }
        applied(&backend, Request::soft_delete("clients", 1)).await;
        backend.set("clients", "3", "name", json!("Ana")).await;
        let plan = planned(&backend, Request::restore("clients", 1)).await;
        let found: Vec<_> =
            plan.blockers.iter().map(|one| (one.rule.as_str(), one.kind.as_str(), one.count)).collect();
        assert_eq!(found, [("restore", "clients", 1)], "{on:?}: {plan}");
        assert!(plan.to_string().contains("`name`"), "{on:?}: {plan}");
        backend.set("clients", "3", "name", json!("Pep")).await;
        applied(&backend, Request::restore("clients", 1)).await;
    }
}

#[tokio::test]
async fn an_actor_without_permission_learns_nothing_of_the_operation() {
    let mut document = serde_json::to_value(policy()).unwrap();
    document["modes"]["restore"] = json!({ "allow": [{ "role": "ADMIN" }] });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
    let backend = Backend::with(On::Memory, &policy, &rows()).await;
    let lifecycle = backend.lifecycle(&policy).await;
    for request in [Request::restore("clients", 1), Request::restore("clients", 99)] {
        let error = lifecycle.execute(&request.by(Actor::new("eva", "USER"))).await.unwrap_err();
        assert_eq!(error.code(), "missing_role");
    }
}

#[test]
fn a_restore_needs_a_mark_and_ids_that_are_not_personal() {
    let faults = |kinds: Value| {
        let document =
            json!({ "subject": "clients", "kinds": kinds, "modes": { "restore": { "allow": "any" } } });
        DeletionPolicy::from_json(&document.to_string()).unwrap_err().to_string()
    };
    let unmarked = faults(json!({ "clients": {} }));
    assert!(unmarked.contains("modes.restore: the mode needs `deleted_at` of `clients`"), "{unmarked}");
    let personal = faults(
        json!({ "clients": { "id": "email", "personal": { "email": "hmac" }, "deleted_at": "gone" } }),
    );
    assert!(personal.contains("modes.restore: `restore` finds rows by the ids"), "{personal}");
}

/// A reference by a personal value is emptied for good: no table of the library may keep the value.
#[tokio::test]
async fn personal_values_are_not_kept_for_a_restore() {
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "deleted_at": "deleted_at", "personal": { "email": "null" },
                                "fields": { "email": { "type": "text", "unique": true, "nullable": true } } }, "sign_ups": {} },
        "references": [{ "from": "sign_ups.email", "to": "clients.email", "nullable": true }],
        "modes": { "soft_delete": { "allow": "any", "rules": { "*": "set_null" } }, "restore": { "allow": "any" } }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let data = json!({ "clients": [{ "id": 1, "email": "ana@x.org", "deleted_at": null }],
                       "sign_ups": [{ "id": 1, "email": "ana@x.org" }] });
    for on in crate::common::backend::stores().await {
        let backend = Backend::with(on, &policy, &data).await;
        let lifecycle = backend.lifecycle(&policy).await;
        lifecycle.execute(&by_ana(Request::soft_delete("clients", 1))).await.unwrap();
        assert_eq!(backend.rows("sign_ups").await, json!([{ "id": 1 }]), "{on:?}");
        let kept = backend.library_tables().await;
        assert!(!kept.contains("ana@x.org"), "{on:?}: {kept}");
        let request = by_ana(Request::restore("clients", 1));
        let plan = lifecycle.plan(&request).await.unwrap();
        assert!(
            plan.to_string().contains("1 row of `sign_ups` keeps the reference that it has now"),
            "{plan}"
        );
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
        assert_eq!(backend.rows("sign_ups").await, json!([{ "id": 1 }]), "{on:?}");
    }
}
