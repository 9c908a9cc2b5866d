//! Rows that go with the last row that owns them, on every store.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, RecordId, Request};
use serde_json::{Value, json};

use crate::common::backend::{Backend, stores};

/// Clients own their address and their picture; memberships own the organisation. An organisation has invoices.
fn policy(rules: &Value) -> DeletionPolicy {
    let kind = || {
        json!({ "deleted_at": "deleted_at", "personal": { "name": "null" },
                "fields": { "name": { "type": "text", "nullable": true } } })
    };
    let modes = ["hard_delete", "soft_delete", "anonymize"].map(|mode| {
        let mut all = json!({ "*": if mode == "anonymize" { "delete" } else { "cascade" } });
        all.as_object_mut().unwrap().extend(rules.as_object().unwrap().clone());
        (mode.to_owned(), json!({ "allow": "any", "rules": all }))
    });
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": kind(), "files": kind(), "organisations": kind(), "invoices": kind(),
            "memberships": { "id": ["client_id", "organisation_id"], "deleted_at": "deleted_at" }
        },
        "references": [
            { "from": "clients.picture_id", "to": "files", "nullable": true, "owned": true },
            { "from": "clients.contract_id", "to": "files", "nullable": true, "owned": true },
            { "from": "memberships.client_id", "to": "clients" },
            { "from": "memberships.organisation_id", "to": "organisations", "owned": true },
            { "from": "invoices.organisation_id", "to": "organisations" }
        ],
        "modes": modes.into_iter().collect::<serde_json::Map<_, _>>()
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// File 1 belongs to client 1 alone, file 2 to both, file 3 to no one. Organisation 10 has two members, 11 one.
fn rows() -> Value {
    let client = |id: i64, picture: Value, contract: Value| json!({ "id": id, "picture_id": picture, "contract_id": contract, "name": "a" });
    let member =
        |client: i64, organisation: i64| json!({ "client_id": client, "organisation_id": organisation });
    json!({
        "clients": [client(1, json!(1), json!(2)), client(2, json!(null), json!(2)), client(3, json!(null), json!(null))],
        "files": [{ "id": 1, "name": "b" }, { "id": 2, "name": "c" }, { "id": 3, "name": "d" }],
        "memberships": [member(1, 10), member(2, 10), member(1, 11)],
        "organisations": [{ "id": 10, "name": "e" }, { "id": 11, "name": "f" }],
        "invoices": [{ "id": 20, "organisation_id": 10 }, { "id": 21, "organisation_id": 11 }]
    })
}

fn request<I: Into<RecordId>>(mode: Mode, ids: impl IntoIterator<Item = I>) -> Request {
    Request::batch(mode, "clients", ids.into_iter().map(Into::into)).by(Actor::new("ana", "ADMIN"))
}

async fn ids(backend: &Backend, kind: &str) -> Vec<i64> {
    let rows = backend.rows(kind).await;
    let mut ids: Vec<i64> = rows.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    ids
}

/// Carries out a request on every store, and then looks at the rows.
async fn after(policy: DeletionPolicy, rows: Value, request: Request, look: impl AsyncFn(&Backend, &str)) {
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let plan = lifecycle.plan(&request).await.unwrap();
        let done = lifecycle.apply(&request, &plan).await;
        assert!(done.is_ok(), "{on:?}: {done:?}\n{plan}");
        look(&backend, &format!("{on:?}: {plan}")).await;
    }
}

#[tokio::test]
async fn a_row_goes_with_its_last_owner_and_with_it_the_rows_that_refer_to_it() {
    after(policy(&json!({})), rows(), request(Mode::HardDelete, [1]), async |backend, plan| {
        assert_eq!(ids(backend, "files").await, [2, 3], "{plan}");
        assert_eq!(ids(backend, "organisations").await, [10], "{plan}");
        assert_eq!(ids(backend, "invoices").await, [20], "{plan}");
        assert!(plan.contains("clients.picture_id (owned)"), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn all_owners_may_go_in_one_operation() {
    after(policy(&json!({})), rows(), request(Mode::HardDelete, [1, 2]), async |backend, plan| {
        assert_eq!(ids(backend, "files").await, [3], "{plan}");
        assert!(ids(backend, "organisations").await.is_empty(), "{plan}");
        assert!(ids(backend, "invoices").await.is_empty(), "{plan}");
    })
    .await;
}

#[tokio::test]
async fn a_rule_may_leave_what_a_row_owns() {
    let rules = json!({ "clients.picture_id": "leave", "memberships.organisation_id": "leave" });
    after(policy(&rules), rows(), request(Mode::HardDelete, [1, 2]), async |backend, plan| {
        assert_eq!(ids(backend, "files").await, [1, 3], "only the contract goes: {plan}");
        assert_eq!(ids(backend, "organisations").await, [10, 11], "{plan}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_was_marked_earlier_leaves_what_it_owns_too() {
    let mut rows = rows();
    let client =
        json!({ "id": 1, "picture_id": 1, "contract_id": 1, "deleted_at": "2025-01-01T00:00:00.000Z" });
    rows["clients"].as_array_mut().unwrap()[0] = client;
    let rules = json!({ "clients.picture_id": "leave" });
    after(policy(&rules), rows, request(Mode::HardDelete, [1]), async |backend, plan| {
        let files = backend.rows("files").await;
        assert!(files.as_array().unwrap().iter().all(|file| file["deleted_at"].is_null()), "{plan}");
        assert_eq!(ids(backend, "files").await, [1, 2, 3], "{plan}");
    })
    .await;
}

#[tokio::test]
async fn what_a_marked_or_masked_row_owns_is_marked_or_masked() {
    for mode in [Mode::SoftDelete, Mode::Anonymize] {
        after(policy(&json!({})), rows(), request(mode, [1]), async |backend, plan| {
            let files = backend.rows("files").await;
            let files = files.as_array().unwrap();
            let is_marked = |id: i64| {
                let file = files.iter().find(|file| file["id"] == id).unwrap();
                (!file["deleted_at"].is_null(), file["name"].is_null())
            };
            assert_eq!(is_marked(1), (true, mode == Mode::Anonymize), "{plan}");
            assert_eq!(is_marked(2), (false, false), "{plan}");
        })
        .await;
    }
}

/// Carries out requests one after the other on every store, and then looks at the rows.
async fn after_each(
    policy: DeletionPolicy,
    rows: Value,
    requests: &[Request],
    look: impl AsyncFn(&Backend, &str),
) {
    for on in stores().await {
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for request in requests {
            let done = lifecycle.execute(request).await;
            assert!(done.is_ok(), "{on:?}: {done:?}");
        }
        look(&backend, &format!("{on:?}")).await;
    }
}

#[tokio::test]
async fn what_masked_rows_own_is_masked_also_if_they_are_masked_one_after_the_other() {
    let requests = [1, 2].map(|id| request(Mode::Anonymize, [id]));
    after_each(policy(&json!({})), rows(), &requests, async |backend, on| {
        let files = backend.rows("files").await;
        let shared = files.as_array().unwrap().iter().find(|file| file["id"] == 2).unwrap();
        assert!(shared["name"].is_null() && !shared["deleted_at"].is_null(), "{on}: {shared}");
    })
    .await;
}

#[tokio::test]
async fn what_rows_own_is_off_with_the_last_of_them_and_on_with_the_same() {
    let kinds = json!({ "clients": { "status": "status" }, "cards": { "status": "status" } });
    let mode = json!({ "allow": "any", "rules": { "*": "cascade" } });
    let document = json!({
        "subject": "clients", "kinds": kinds,
        "references": [ { "from": "clients.card_id", "to": "cards", "owned": true } ],
        "modes": { "deactivate": mode, "reactivate": mode }
    });
    let policy = || DeletionPolicy::from_json(&document.to_string()).unwrap();
    let rows = json!({
        "clients": [{ "id": 1, "card_id": 7, "status": "ON" }, { "id": 2, "card_id": 7, "status": "ON" }],
        "cards": [{ "id": 7, "status": "ON" }]
    });
    let [off_1, off_2] = [1, 2].map(|id| request(Mode::Deactivate, [id]));
    let [on_1, on_2] = [1, 2].map(|id| request(Mode::Reactivate, [id]));
    let cases = [
        (vec![off_1.clone()], "ON"),
        (vec![off_1.clone(), off_2.clone()], "OFF"),
        // The deactivation of the second client switched the card.
        (vec![off_1.clone(), off_2.clone(), on_1], "OFF"),
        (vec![off_1, off_2, on_2], "ON"),
    ];
    for (requests, expected) in cases {
        after_each(policy(), rows.clone(), &requests, async |backend, on| {
            let cards = backend.rows("cards").await;
            assert_eq!(cards[0]["status"], expected, "{on}: after {} requests", requests.len());
        })
        .await;
    }
}

#[tokio::test]
async fn an_owner_that_was_marked_earlier_keeps_the_row_from_being_deleted_but_not_from_being_marked() {
    let mut rows = rows();
    rows["clients"][1]["deleted_at"] = json!("2025-01-01T00:00:00.000Z");
    after(policy(&json!({})), rows, request(Mode::HardDelete, [1]), async |backend, plan| {
        let files = backend.rows("files").await;
        let shared = files.as_array().unwrap().iter().find(|file| file["id"] == 2).unwrap();
        assert!(!shared["deleted_at"].is_null(), "{plan}");
        assert_eq!(ids(backend, "files").await, [2, 3], "{plan}");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_stays_keeps_what_it_owns() {
    let rules = json!({ "memberships.client_id": [
        { "when": { "field": "role", "eq": "owner" }, "then": "keep", "on_survive": "tombstone" },
        { "then": "cascade" }
    ] });
    let mut document = serde_json::to_value(policy(&json!({}))).unwrap();
    document["kinds"]["clients"]["tombstone"] = json!(true);
    document["modes"]["hard_delete"]["rules"]["memberships.client_id"] =
        rules["memberships.client_id"].clone();
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let mut rows = rows();
    rows["memberships"][0]["role"] = json!("owner");
    after(policy, rows, request(Mode::HardDelete, [1]), async |backend, plan| {
        assert_eq!(ids(backend, "organisations").await, [10], "{plan}");
        assert_eq!(ids(backend, "clients").await, [1, 2, 3], "{plan}");
    })
    .await;
}

#[tokio::test]
async fn a_drawing_of_a_plan_leads_from_owners_to_what_they_own() {
    let backend = Backend::with(stores().await[0], &policy(&json!({})), &rows()).await;
    let lifecycle = backend.lifecycle(&policy(&json!({}))).await;
    let drawn = lifecycle.plan(&request(Mode::HardDelete, [1])).await.unwrap().mermaid();
    let node = |kind: &str| {
        drawn.lines().find(|line| line.contains(&format!("[\"{kind}<"))).unwrap().trim()[..2].to_owned()
    };
    for (from, reference, to) in [
        ("clients", "clients.picture_id", "files"),
        ("memberships", "memberships.organisation_id", "organisations"),
        ("organisations", "invoices.organisation_id", "invoices"),
    ] {
        let edge = format!("{} -->|\"{reference}\"| {}", node(from), node(to));
        assert!(drawn.contains(&edge), "{edge}: {drawn}");
    }
}

#[tokio::test]
async fn rows_that_no_one_owns_stay() {
    after(policy(&json!({})), rows(), request(Mode::HardDelete, [3]), async |backend, plan| {
        assert_eq!(ids(backend, "files").await, [1, 2, 3], "{plan}");
    })
    .await;
}
