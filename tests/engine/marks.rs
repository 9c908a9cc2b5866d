//! The forms of deleted marks, on every store.

use chrono::{DateTime, Utc};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, DeletedField, Mode, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::policy::Refusal;
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;

/// A form of a mark: the declaration, the type of its field, a live value, a marked value, and the mark of an operation
/// at [`NOW`].
type Form = (Value, Option<&'static str>, Value, Value, Value);

const NOW: &str = "2026-11-20T10:00:00Z";

fn forms() -> Vec<Form> {
    let mark = |live: Value| json!({ "field": "gone", "live": live });
    let at = "2025-01-01T00:00:00.000Z";
    let now = "2026-11-20T10:00:00.000Z";
    vec![
        (json!("gone"), None, json!(null), json!(at), json!(now)),
        (mark(json!(0)), Some("boolean"), json!(0), json!(1), json!(1)),
        (mark(json!(1)), Some("boolean"), json!(1), json!(0), json!(0)),
        (mark(json!(0)), Some("integer"), json!(0), json!(1), json!(1)),
        (mark(json!("infinity")), None, json!("infinity"), json!(at), json!(now)),
        (mark(json!("-infinity")), None, json!("-infinity"), json!(at), json!(now)),
        (mark(json!("9999-12-31")), None, json!("9999-12-31T00:00:00.000Z"), json!(at), json!(now)),
        (
            mark(json!("9999-12-31 23:59:59.999999")),
            None,
            json!("9999-12-31T23:59:59.999Z"),
            json!(at),
            json!(now),
        ),
        (mark(json!(0)), None, json!(0), json!(1_700_000_000), json!(1_795_168_800)),
        (
            mark(json!(0)),
            Some("timestamp_ms"),
            json!(0),
            json!(1_700_000_000_000_i64),
            json!(1_795_168_800_000_i64),
        ),
    ]
}

fn policy(mark: &Value, field_type: Option<&str>) -> DeletionPolicy {
    let kind = || {
        let fields = field_type.map_or(json!({}), |field_type| json!({ "gone": field_type }));
        json!({ "deleted_at": mark, "fields": fields })
    };
    let document = json!({
        "subject": "accounts",
        "kinds": { "accounts": kind(), "notes": kind(), "files": kind() },
        "references": [
            { "from": "notes.account_id", "to": "accounts" },
            { "from": "notes.file_id", "to": "files", "nullable": true, "owned": true } ],
        "modes": {
            "soft_delete": { "allow": "any", "rules": { "notes.account_id": "soft_delete", "notes.file_id": "keep" } },
            "hard_delete": { "allow": "any", "rules": { "notes.account_id": "cascade", "notes.file_id": "keep" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

on_every_store! {
    async fn every_form_of_a_mark_tells_live_rows_from_deleted_ones(on: On) {
        for (mark, field_type, live, deleted, now) in forms() {
            // The end of the last day is rounded up to the next millisecond, which is not in the rows of this test.
            let (live, is_sentinel) = match live.as_str() {
                Some("9999-12-31T23:59:59.999Z") => (json!("9999-12-31T23:59:59.999999Z"), true),
                _ => (live, false),
            };
            let policy = policy(&mark, field_type);
            let rows = json!({
                "accounts": [{ "id": 1, "gone": live }, { "id": 2, "gone": deleted }, { "id": 3, "gone": live }],
                "notes": [{ "id": 10, "account_id": 1, "file_id": 5, "gone": live },
                          { "id": 11, "account_id": 1, "file_id": 5, "gone": deleted },
                          { "id": 12, "account_id": 1, "file_id": 6 },
                          { "id": 13, "account_id": 3, "file_id": 6, "gone": live }],
                "files": [{ "id": 5, "gone": live }, { "id": 6, "gone": live }]
            });
            let backend = Backend::with(on, &policy, &rows).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let lifecycle = lifecycle.with_clock(NOW.parse::<DateTime<Utc>>().unwrap());
            let request = |id: i64| Request::batch(Mode::SoftDelete, "accounts", [RecordId::from(id)]).by(Actor::new("ana", "ADMIN"));
            let error = lifecycle.plan(&request(2)).await.unwrap_err();
            assert!(matches!(error, Error::Refused(Refusal::NotFound { .. })), "{mark}: {error:?}");
            let plan = lifecycle.plan(&request(1)).await.unwrap_or_else(|error| panic!("{mark}: {error:?}"));
            assert_eq!(
                steps(&plan),
                json!([["notes", "soft_delete", 2], ["files", "soft_delete", 1], ["accounts", "soft_delete", 1]]),
                "{mark}: {plan}"
            );
            lifecycle.apply(&request(1), &plan).await.unwrap_or_else(|error| panic!("{mark}: {error:?}"));
            let marks = async |kind: &str| -> Value {
                let rows = backend.rows(kind).await;
                rows.as_array().unwrap().iter().map(|row| row["gone"].clone()).collect()
            };
            if is_sentinel {
                // The stores print the microseconds differently.
                assert_eq!(marks("notes").await.as_array().unwrap()[..2], [now.clone(), deleted.clone()], "{mark}");
                continue;
            }
            assert_eq!(marks("notes").await, json!([now, deleted, now, live]), "{mark}");
            assert_eq!(marks("files").await, json!([now, live]), "{mark}");
            assert_eq!(marks("accounts").await, json!([now, deleted, live]), "{mark}");
            // The account is gone now.
            assert!(matches!(lifecycle.plan(&request(1)).await, Err(Error::Refused(Refusal::NotFound { .. }))), "{mark}");
        }
    }

    async fn flags_that_are_booleans_are_written_as_booleans(on: On) {
        let policy = policy(&json!({ "field": "gone", "live": false }), None);
        let rows = json!({
            "accounts": [{ "id": 1, "gone": false }], "files": [{ "id": 5, "gone": false }],
            "notes": [{ "id": 10, "account_id": 1, "gone": false }, { "id": 11, "account_id": 1, "gone": true }]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let request = Request::batch(Mode::SoftDelete, "accounts", [RecordId::from(1)]).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        assert_eq!(steps(&plan), json!([["notes", "soft_delete", 1], ["accounts", "soft_delete", 1]]), "{plan}");
        lifecycle.apply(&request, &plan).await.unwrap();
        let rows = backend.rows("notes").await;
        let truth: Vec<bool> = rows.as_array().unwrap().iter().map(|row| row["gone"] == json!(true) || row["gone"] == json!(1)).collect();
        assert_eq!(truth, [true, true]);
    }
}

/// Marks that their fields cannot hold, and what is wrong with them.
#[test]
fn a_mark_that_its_field_cannot_hold_does_not_build() {
    let null = "`gone` is boolean, but a mark that is null on live records is an instant";
    for (mark, field_type, message) in [
        (json!("gone"), "boolean", null),
        (json!({ "field": "gone", "live": null }), "boolean", null),
        (json!("gone"), "text", "`gone` is text, but"),
        (json!({ "field": "gone", "live": false }), "timestamp", "false is not a value of live records"),
        (json!({ "field": "gone", "live": false }), "integer", "false is not a value of live records"),
        (json!({ "field": "gone", "live": 2 }), "boolean", "2 is not a value of live records"),
        (json!({ "field": "gone", "live": 7 }), "integer", "7 is not a value of live records"),
        (json!({ "field": "gone", "live": "no" }), "text", "\"no\" is not a value of live records"),
        (
            json!({ "field": "gone", "live": "never" }),
            "timestamp",
            "\"never\" is not a value of live records",
        ),
        (
            json!({ "field": "gone", "live": 253_402_300_799_999_i64 }),
            "timestamp",
            "is not a value of live records",
        ),
        (
            json!({ "field": "gone", "live": 253_402_300_800_000_i64 }),
            "timestamp_ms",
            "is not a value of live records",
        ),
    ] {
        let document = json!({
            "subject": "accounts", "references": [], "modes": { "soft_delete": { "allow": "any" } },
            "kinds": { "accounts": { "deleted_at": mark, "fields": { "gone": field_type } } }
        });
        let faults = DeletionPolicy::from_json(&document.to_string()).unwrap_err();
        let fault = faults.iter().find(|fault| fault.path == "kinds.accounts.deleted_at");
        let fault = fault.unwrap_or_else(|| panic!("{mark} as {field_type}: {faults}"));
        assert!(fault.message.contains(message), "{mark} as {field_type}: {fault}");
        assert!(!fault.remedy.is_empty());
    }
}

#[test]
fn documents_and_the_builder_give_the_same_marks() {
    let read = |json: Value| serde_json::from_value::<DeletedField>(json).unwrap();
    for (json, built) in [
        (json!("gone"), DeletedField::from("gone")),
        (json!({ "field": "gone", "live": false }), DeletedField::new("gone", false)),
        (json!({ "field": "gone", "live": 0 }), DeletedField::new("gone", 0)),
        (json!({ "field": "gone", "live": "infinity" }), DeletedField::new("gone", "infinity")),
    ] {
        assert_eq!(read(json.clone()), built);
        assert_eq!(serde_json::to_value(&built).unwrap(), json);
    }
    assert_eq!(read(json!({ "field": "gone", "live": null })), DeletedField::from("gone"));
}

/// A store in memory has no columns, so it looks at its rows.
#[tokio::test]
async fn rows_in_memory_with_another_mark_are_refused_when_the_store_is_opened() {
    for wrong in
        [json!(false), json!(0), json!("9999-12-31"), json!("infinity"), json!("-infinity"), json!("no")]
    {
        let policy = policy(&json!("gone"), None);
        let rows = json!({ "accounts": [{ "id": 1 }], "files": [], "notes": [{ "id": 10, "account_id": 1, "gone": wrong }] });
        let store = client_lifecycle::MemoryStore::from_json(policy.map(), &rows).unwrap();
        let error = client_lifecycle::Lifecycle::open(store, policy).await.unwrap_err().to_string();
        assert!(error.contains("kinds.notes.deleted_at"), "{wrong}: {error}");
    }
}
