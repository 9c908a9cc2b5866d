//! The `Scenario` API: how a host tests its policy, and how such a test fails.
#![cfg(feature = "testing")]

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::testing::{Scenario, ScenarioResult};
use serde_json::json;

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "id": "user_id", "deleted_at": "deleted_at", "tombstone": true,
                         "fields": { "email": "text" }, "personal": { "email": "placeholder_email" } },
            "debts": { "fields": { "status": "text" } },
            "sessions": {}, "notes": { "deleted_at": "deleted_at" },
            "invoices": { "fields": { "issued_at": "timestamp" } }
        },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "sessions.client_id", "to": "clients" },
            { "from": "notes.client_id", "to": "clients", "nullable": true },
            { "from": "invoices.client_id", "to": "clients" }
        ],
        "modes": {
            "hard_delete": {
                "allow": [ { "role": "ADMIN" } ],
                "guards": [
                    { "name": "outstanding_debts", "on": "debts", "severity": "block", "when": { "field": "status", "eq": "PENDING" } },
                    { "name": "signed_in", "on": "sessions", "severity": "warn" } ],
                "rules": {
                    "debts.client_id": "cascade", "sessions.client_id": "delete", "notes.client_id": "set_null",
                    "invoices.client_id": { "retain": { "for": "P6Y", "from": "issued_at", "basis": "law" } } },
                "effects": [ { "topic": "account.deleted" } ]
            },
            "soft_delete": { "allow": "any", "rules": { "*": "keep", "notes.client_id": "cascade" } }
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn given() -> Scenario {
    Scenario::of(&policy())
        .at("2026-03-01T00:00:00Z")
        .given(
            "clients",
            [json!({ "user_id": "c1", "email": "ana@example.org" }), json!({ "user_id": "c2" })],
        )
        .given("debts", [1, 2, 3].map(|id| json!({ "id": id, "client_id": "c1", "status": "PAID" })))
        .given("notes", [json!({ "id": "n1", "client_id": "c1", "deleted_at": null })])
}

fn hard_delete(id: &str) -> Request {
    Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"))
}

#[test]
fn deleted_rows_kept_rows_and_events() {
    given()
        .when(hard_delete("c1"))
        .then_done()
        .then_deletes("debts", 3)
        .then_deletes("clients", 1)
        .then_redirects("notes.client_id", 1)
        .then_holds("notes", "n1", &json!({ "client_id": null }))
        .then_keeps("debts", 0)
        .then_left("clients", ["c2"])
        .then_tells("account.deleted", 1);
}

#[test]
fn rows_that_have_to_stay() {
    let invoice = |id: u32, year: u32| json!({ "id": id, "client_id": "c1", "issued_at": format!("{year}-01-01T00:00:00Z") });
    let decided = given()
        .given("invoices", [invoice(1, 2025), invoice(2, 2026), invoice(3, 2010)])
        .when(hard_delete("c1"))
        .then_retains("invoices", 2)
        .then_deletes("invoices", 1)
        .then_left("invoices", [1, 2])
        .then_entombs("clients", 1)
        .then_holds("clients", "c1", &json!({ "email": "c1@anonymized.invalid" }));
    assert!(!decided.receipt().unwrap().complete);
}

#[test]
fn blockers_and_warnings() {
    let signed_in = given().given("sessions", [json!({ "id": "s1", "client_id": "c1" })]);
    signed_in
        .clone()
        .given("debts", [json!({ "id": 4, "client_id": "c1", "status": "PENDING" })])
        .when(hard_delete("c1").acknowledge("signed_in"))
        .then_blocked_by("outstanding_debts", 1)
        .then_keeps("debts", 4);
    signed_in
        .clone()
        .when(hard_delete("c1"))
        .then_warns_of("signed_in", 1)
        .then_blocked_by("outstanding_debts", 0)
        .then_left("clients", ["c1", "c2"]);
    signed_in
        .when(hard_delete("c1").acknowledge("signed_in"))
        .then_warns_of("signed_in", 1)
        .then_deletes("sessions", 1);
}

#[test]
fn denied_and_missing() {
    given().when(hard_delete("c3")).then_refused("not_found").then_keeps("clients", 2);
    let stranger = hard_delete("c1").by(Actor::new("bob", "USER"));
    given().when(stranger).then_refused("missing_role");
    given().when(Request::anonymize("clients", "c1")).then_refused("invalid");
}

#[test]
fn several_requests_in_turn() {
    let soft = given()
        .when(Request::soft_delete("clients", "c1"))
        .then_soft_deletes("clients", 1)
        .then_soft_deletes("notes", 1)
        .then_holds("clients", "c1", &json!({ "deleted_at": "2026-03-01T00:00:00.000Z" }));
    soft.when(Request::soft_delete("clients", "c1")).then_refused("not_found");
}

/// Returns the panic message of a failing test.
fn failure(test: impl FnOnce() -> ScenarioResult + std::panic::UnwindSafe) -> String {
    let panicked = std::panic::catch_unwind(test).expect_err("the test fails");
    let message = panicked.downcast_ref::<String>();
    message.expect("a text").clone()
}

#[test]
fn a_failing_test_shows_the_plan() {
    let message = failure(|| given().when(hard_delete("c1")).then_deletes("debts", 2));
    let (first, plan) = message.split_once("\n\n").unwrap();
    assert_eq!(first, "delete of `debts`: expected 2, found 3");
    assert!(plan.starts_with("Plan: hard_delete of `clients` `c1`"), "{plan}");

    let message = failure(|| given().when(hard_delete("c1")).then_left("notes", ["n1", "n2"]));
    assert!(
        message.starts_with("rows of `notes` that are left: expected `n1`, `n2`, found `n1`\n"),
        "{message}"
    );

    let message = failure(|| given().when(hard_delete("c3")).then_done());
    assert_eq!(message, "expected the request to be carried out, found `not_found`\n\nno `clients` `c3`");

    let message = failure(|| given().when(hard_delete("c1")).then_refused("not_found"));
    assert!(message.starts_with("the refusal: expected not_found, found a plan\n"), "{message}");

    let message = failure(|| given().when(hard_delete("c1")).then_holds("debts", 1, &json!({})));
    assert!(message.starts_with("`debts` `1` no longer exists\n"), "{message}");
}

/// On PostgreSQL, the column exists and is null.
#[test]
fn a_personal_field_that_no_row_has_is_null() {
    let client =
        |row: serde_json::Value| Scenario::of(&policy()).given("clients", [row]).when(hard_delete("c1"));
    client(json!({ "user_id": "c1" })).then_deletes("clients", 1);
    let message = failure(move || client(json!({ "user_id": "c1", "e_mail": "ana@example.org" })));
    assert!(message.contains("no row of `clients` has the field `email`"), "{message}");
}

#[test]
fn keyed_masks_have_a_key() {
    let policy = DeletionPolicy::of("clients")
        .kind("clients", |kind| kind.personal("email", client_lifecycle::domain::Mask::Hmac))
        .anonymize(|mode| mode.allow("ADMIN"))
        .build()
        .unwrap();
    Scenario::of(&policy)
        .given(
            "clients",
            [json!({ "id": "c1", "email": "ana@example.org" }), json!({ "id": "c2", "email": null })],
        )
        .when(Request::anonymize("clients", "c1").by(Actor::new("ana", "ADMIN")))
        .then_anonymizes("clients", 1)
        .then_left("clients", ["c1", "c2"]);
}

#[test]
fn a_plan_of_another_policy_differs_from_the_model() {
    use client_lifecycle::testing::{model, rows_for};
    use proptest::strategy::{Strategy, ValueTree};
    let policy_of = |period: &str| {
        let document = serde_json::to_string(&policy()).unwrap().replace("P6Y", period);
        DeletionPolicy::from_json(&document).unwrap()
    };
    let (six, five) = (policy_of("P6Y"), policy_of("P5Y"));
    let strategy = rows_for(&six, "2026-03-01T00:00:00Z".parse().unwrap());
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut equal, mut different) = (0, 0);
    for _ in 0..100 {
        let rows = strategy.new_tree(&mut runner).unwrap().current();
        let request =
            Request::hard_delete("clients", rows.subjects()[0].clone()).by(Actor::new("ana", "ADMIN"));
        let result = Scenario::of(&six).given_all(&rows).when(&request).then_matches_model();
        let verdict = model::judge(&five, rows.all(), &request, rows.now(), None).unwrap();
        match verdict.difference(&five, result.plan().unwrap()) {
            None => equal += 1,
            Some(difference) => {
                assert!(difference.starts_with("steps: the model has"), "{difference}");
                different += 1;
            }
        }
    }
    assert!(equal > 10 && different > 10, "{equal} {different}");
}

#[test]
fn rows_for_another_policy_fail_the_test() {
    use client_lifecycle::testing::rows_for;
    use proptest::strategy::{Strategy, ValueTree};
    let other = DeletionPolicy::of("users").hard_delete(|mode| mode.allow("ADMIN")).build().unwrap();
    let strategy = rows_for(&other, "2026-03-01T00:00:00Z".parse().unwrap());
    let rows = strategy.new_tree(&mut proptest::test_runner::TestRunner::deterministic()).unwrap().current();
    let message = failure(move || Scenario::of(&policy()).given_all(&rows).when(hard_delete("c1")));
    assert_eq!(message, "the policy has no kind `users`");
}

#[test]
fn a_misspelt_name_fails_the_test() {
    let message = failure(|| given().when(hard_delete("c1")).then_keeps("depts", 0));
    assert_eq!(message, "the policy has no kind `depts`");
    let message = failure(|| given().given("depts", []).when(hard_delete("c1")));
    assert_eq!(message, "the policy has no kind `depts`");
    let message = failure(|| given().given("debts", [json!({ "name": "no id" })]).when(hard_delete("c1")));
    assert!(message.contains("debts[3].id: the row has no id"), "{message}");
    let message = failure(|| given().at("yesterday").when(hard_delete("c1")));
    assert!(message.starts_with("`yesterday` is not an instant"), "{message}");
}
