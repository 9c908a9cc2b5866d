//! Fields that hold a list of ids, on every store. On PostgreSQL, `ids` is an array, `r1` is jsonb, `r2` is text with
//! JSON, and `r3` is json.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request};
use client_lifecycle::lifecycle::Error;
use client_lifecycle::store::StoreError;
use serde_json::{Value, json};

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::{request, steps};

const FIELDS: [&str; 4] = ["ids", "r1", "r2", "r3"];

/// A policy about users whose ids the threads list in a field.
fn policy(field: &str, rule: &Value) -> DeletionPolicy {
    with_reference(&json!({ "from": format!("threads.{field}"), "to": "users" }), rule)
}

fn with_reference(reference: &Value, rule: &Value) -> DeletionPolicy {
    built(&document(reference, rule))
}

fn built(document: &Value) -> DeletionPolicy {
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn document(reference: &Value, rule: &Value) -> Value {
    let mut reference = reference.clone();
    reference["each"] = json!(true);
    reference["nullable"] = json!(true);
    json!({
        "subject": "users",
        "kinds": { "users": { "fields": { "mail": { "type": "text", "unique": true } } }, "threads": { "version": "version" } },
        "references": [reference],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": rule } } }
    })
}

fn users() -> Value {
    [1, 2, 3, 12].map(|id| json!({ "id": id, "mail": format!("User{id}@x") })).into()
}

fn thread(id: i64, field: &str, list: &Value) -> Value {
    json!({ "id": id, field: list, "version": 1 })
}

/// Threads with these lists.
fn rows(field: &str, lists: &[Value]) -> Value {
    let threads = (1..).zip(lists).map(|(id, list)| thread(id, field, list));
    json!({ "users": users(), "threads": threads.collect::<Value>() })
}

/// Returns the lists of the threads by their ids, and how often each was written.
async fn lists(backend: &Backend, field: &str) -> Vec<(Value, i64)> {
    let rows = backend.rows("threads").await;
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| (row[field].clone(), row["version"].as_i64().unwrap() - 1)).collect()
}

/// Deletes user 12, and returns the lists that threads with these lists have then.
async fn after(on: On, field: &str, rule: &Value, before: &[Value]) -> Vec<(Value, i64)> {
    let policy = policy(field, rule);
    let backend = Backend::with(on, &policy, &rows(field, before)).await;
    backend.delete(&policy, 12).await;
    lists(&backend, field).await
}

on_every_store! {
    async fn set_null_takes_the_id_out_wherever_it_occurs(on: On) {
        for field in FIELDS {
            let before = [json!([1, 2, 12]), json!([12]), json!([2]), json!([12, 3, null, 12, 1]), json!([]), Value::Null];
            let after = after(on, field, &json!("set_null"), &before).await;
            let expected = [
                (json!([1, 2]), 1), (json!([]), 1), (json!([2]), 0), (json!([3, null, 1]), 1), (json!([]), 0),
                (Value::Null, 0),
            ];
            assert_eq!(after, expected, "{on:?}, {field}");
        }
    }

    async fn reassign_puts_the_new_id_in_the_place_of_the_first_and_never_twice(on: On) {
        for field in FIELDS {
            let before = [json!([1, 12, 2, 12]), json!([12, 1, 3]), json!([3, 3, 12]), json!([2])];
            let after = after(on, field, &json!({ "reassign": { "to": 3 } }), &before).await;
            let expected = [(json!([1, 3, 2]), 1), (json!([1, 3]), 1), (json!([3, 3]), 1), (json!([2]), 0)];
            assert_eq!(after, expected, "{on:?}, {field}");
        }
    }

    async fn cascade_deletes_every_row_whose_list_has_the_id(on: On) {
        for field in FIELDS {
            let policy = policy(field, &json!("cascade"));
            let before = [json!([1, 2, 12]), json!([2]), json!([12, 12])];
            let backend = Backend::with(on, &policy, &rows(field, &before)).await;
            let plan = backend.delete(&policy, 12).await;
            assert_eq!(steps(&plan), json!([["threads", "delete", 2], ["users", "delete", 1]]), "{plan}");
            assert_eq!(lists(&backend, field).await, [(json!([2]), 0)], "{on:?}, {field}");
        }
    }

    async fn a_row_blocks_once_and_is_shown_by_its_id(on: On) {
        for (field, rule) in FIELDS.into_iter().zip(["restrict", "protect", "restrict", "protect"]) {
            let policy = policy(field, &json!(rule));
            let backend = Backend::with(on, &policy, &rows(field, &[json!([2]), json!([12, 12]), json!([1, 12])])).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let plan = lifecycle.plan(&request("users", "12")).await.unwrap();
            let blockers: Vec<_> =
                plan.blockers.iter().map(|one| (one.rule.as_str(), one.count, one.sample.clone())).collect();
            assert_eq!(blockers, [(rule, 2, vec![2.into(), 3.into()])], "{on:?}: {plan}");
        }
    }

    async fn a_row_that_lists_several_removed_records_is_written_once(on: On) {
        for field in FIELDS {
            let policy = policy(field, &json!("set_null"));
            let backend = Backend::with(on, &policy, &rows(field, &[json!([1, 2, 3, 12])])).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let both = Request::batch(Mode::HardDelete, "users", [2, 12]).by(Actor::new("ana", "ADMIN"));
            let plan = lifecycle.plan(&both).await.unwrap();
            #[cfg(feature = "sql")]
            for dialect in [client_lifecycle::sql::Dialect::Sqlite, client_lifecycle::sql::Dialect::Postgres] {
                let statements = plan.sql(dialect).unwrap_or_else(|error| panic!("{dialect:?}: {error}"));
                assert!(statements.iter().any(|one| one.sql.starts_with("UPDATE") || one.sql.contains("AS (UPDATE")));
            }
            assert_eq!(steps(&plan), json!([["threads", "set_null", 1], ["users", "delete", 2]]), "{plan}");
            lifecycle.apply(&both, &plan).await.unwrap();
            assert_eq!(lists(&backend, field).await, [(json!([1, 3]), 1)], "{on:?}, {field}");
        }
    }

    async fn a_row_that_stays_by_another_rule_loses_the_id_of_the_deleted_record(on: On) {
        let after = after(on, "ids", &json!("keep"), &[json!([1, 12]), json!([1])]).await;
        assert_eq!(after, [(json!([1]), 1), (json!([1]), 0)], "{on:?}");
    }

    async fn a_tombstone_keeps_its_id_in_the_list(on: On) {
        let rule = json!({ "then": "keep", "on_survive": "tombstone" });
        let mut document = document(&json!({ "from": "threads.ids", "to": "users" }), &rule);
        document["kinds"]["users"]["tombstone"] = json!(true);
        document["kinds"]["users"]["personal"] = json!({ "mail": "placeholder_email" });
        let policy = built(&document);
        let backend = Backend::with(on, &policy, &rows("ids", &[json!([1, 12])])).await;
        let plan = backend.delete(&policy, 12).await;
        assert_eq!(steps(&plan), json!([["threads", "keep", 1], ["users", "tombstone", 1]]), "{on:?}: {plan}");
        assert_eq!(lists(&backend, "ids").await, [(json!([1, 12]), 0)], "{on:?}");
    }

    async fn a_list_may_hold_another_unique_key_in_any_case(on: On) {
        for field in FIELDS {
            let from = format!("threads.{field}");
            let before = [json!(["user12@X", "other@x", "USER12@x"]), json!(["User1@x"]), json!([null])];
            let folding = json!({ "from": from, "to": "users.mail", "compare": "ignore_ascii_case" });
            let exact = json!({ "from": from, "to": "users.mail" });
            for (reference, left) in [(folding, json!(["other@x"])), (exact, before[0].clone())] {
                let policy = with_reference(&reference, &json!("set_null"));
                let backend = Backend::with(on, &policy, &rows(field, &before)).await;
                backend.delete(&policy, 12).await;
                let found = lists(&backend, field).await;
                let writes = i64::from(left != before[0]);
                assert_eq!(found, [(left, writes), (before[1].clone(), 0), (before[2].clone(), 0)], "{on:?}, {field}");
            }
        }
    }

    async fn ids_may_be_text_or_uuids(on: On) {
        let uuid = |number: u128| uuid::Uuid::from_u128(number << 100).to_string();
        for ids in [["a\"b\\", "it's", "ñ,{}"].map(str::to_owned), [uuid(1), uuid(2), uuid(3)]] {
            for field in FIELDS {
                let [one, two, three] = &ids;
                let policy = policy(field, &json!({ "reassign": { "to": three } }));
                let users: Value = ids.iter().map(|id| json!({ "id": id, "mail": id })).collect();
                let threads = [thread(1, field, &json!([one, two, one])), thread(2, field, &json!([two]))];
                let backend = Backend::with(on, &policy, &json!({ "users": users, "threads": threads })).await;
                backend.delete(&policy, one.as_str()).await;
                let expected = [(json!([three, two]), 1), (json!([two]), 0)];
                assert_eq!(lists(&backend, field).await, expected, "{on:?}, {field}");
            }
        }
    }

    async fn a_condition_decides_which_lists_count(on: On) {
        for field in FIELDS {
            let when = json!({ "field": "sort", "eq": "users" });
            let policy =
                with_reference(&json!({ "from": format!("threads.{field}"), "to": "users", "if": when }), &json!("set_null"));
            let mut rows = rows(field, &[json!([1, 12]), json!([1, 12])]);
            rows["threads"][0]["sort"] = json!("users");
            rows["threads"][1]["sort"] = json!("groups");
            let backend = Backend::with(on, &policy, &rows).await;
            backend.delete(&policy, 12).await;
            assert_eq!(lists(&backend, field).await, [(json!([1]), 1), (json!([1, 12]), 0)], "{on:?}, {field}");
        }
    }

    async fn a_list_of_ids_of_its_own_kind_is_walked(on: On) {
        for field in FIELDS {
            let document = json!({
                "subject": "tasks", "kinds": { "tasks": {} },
                "references": [{ "from": format!("tasks.{field}"), "to": "tasks", "each": true, "nullable": true }],
                "modes": { "hard_delete": { "allow": "any", "rules": { "*": [
                    { "when": { "field": "state", "eq": "firm" }, "then": "set_null" }, "cascade"
                ] } } }
            });
            let policy = built(&document);
            let task = |id: i64, needs: &[i64], state: &str| json!({ "id": id, field: needs, "state": state });
            let rows = json!({ "tasks": [
                task(1, &[], "loose"), task(2, &[1, 5], "loose"), task(3, &[2, 3], "loose"), task(4, &[3, 5, 2], "firm"),
                task(5, &[], "loose"), task(6, &[4], "loose")
            ] });
            let backend = Backend::with(on, &policy, &rows).await;
            let plan = backend.delete(&policy, 1).await;
            let left = json!([task(4, &[5], "firm"), task(5, &[], "loose"), task(6, &[4], "loose")]);
            assert_eq!(backend.rows("tasks").await, left, "{on:?}, {field}: {plan}");
        }
    }

    async fn events_hold_the_list_as_it_was(on: On) {
        for field in FIELDS {
            let mut document = serde_json::to_value(policy(field, &json!("set_null"))).unwrap();
            document["modes"]["hard_delete"]["effects"] =
                json!([{ "topic": "left", "on": "threads", "fields": [field] }]);
            let policy = built(&document);
            let backend = Backend::with(on, &policy, &rows(field, &[json!([12, 1])])).await;
            backend.delete(&policy, 12).await;
            let events: Vec<Value> =
                backend.events().await.iter().map(|event| json!(event.fields)).collect();
            assert_eq!(events, [json!({ field: [12, 1] })], "{on:?}, {field}");
        }
    }

    async fn one_list_may_hold_ids_of_several_kinds_told_apart_by_another_field(on: On) {
        for field in FIELDS {
            let to = |kind: &str| json!({
                "name": format!("shares.{kind}"), "from": format!("shares.{field}"), "to": kind, "each": true,
                "nullable": true, "if": { "field": "sort", "eq": kind }
            });
            let document = json!({
                "subject": "users", "kinds": { "users": {}, "groups": {}, "shares": { "fields": { "sort": "text" } } },
                "references": [{ "from": "groups.owner_id", "to": "users" }, to("users"), to("groups")],
                "modes": { "hard_delete": { "allow": "any", "rules": {
                    "groups.owner_id": "cascade", "shares.users": "set_null", "shares.groups": { "reassign": { "to": 8 } }
                } } }
            });
            let policy = built(&document);
            let share = |id: i64, sort: &str, list: &[i64]| json!({ "id": id, "sort": sort, field: list });
            let rows = json!({
                "users": [{ "id": 1 }, { "id": 2 }],
                "groups": [{ "id": 1, "owner_id": 2 }, { "id": 7, "owner_id": 1 }, { "id": 8, "owner_id": 2 }],
                "shares": [share(1, "users", &[1, 7, 2]), share(2, "groups", &[1, 7]), share(3, "others", &[1, 7])]
            });
            let backend = Backend::with(on, &policy, &rows).await;
            let plan = backend.delete(&policy, 1).await;
            let left = json!([share(1, "users", &[7, 2]), share(2, "groups", &[1, 8]), share(3, "others", &[1, 7])]);
            assert_eq!(backend.rows("shares").await, left, "{on:?}, {field}: {plan}");
        }
    }

    async fn elements_below_removed_and_retained_parents_each_follow_their_own_entry(on: On) {
        for field in FIELDS {
            let document = json!({
                "subject": "users",
                "kinds": { "users": {}, "bills": { "fields": { "at": "timestamp" } }, "letters": { "version": "version" } },
                "references": [
                    { "from": "bills.user_id", "to": "users", "nullable": true },
                    { "from": format!("letters.{field}"), "to": "bills", "each": true }
                ],
                "modes": { "hard_delete": { "allow": "any", "rules": {
                    "bills.user_id": { "retain": { "for": "P6Y", "from": "at", "basis": "law" }, "on_survive": "set_null" },
                    format!("letters.{field}"): [
                        { "parent": "retain", "reassign": { "to": 9 } }, { "then": "keep", "on_survive": "set_null" }
                    ]
                } } }
            });
            let policy = built(&document);
            let bill = |id: i64, user: Option<i64>, at: &str| json!({ "id": id, "user_id": user, "at": at });
            let letter = |id: i64, bills: &[i64], version: i64| json!({ "id": id, field: bills, "version": version });
            let now = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let rows = json!({
                "users": [{ "id": 1 }, { "id": 2 }],
                "bills": [bill(1, Some(1), "2001-01-01T00:00:00.000Z"), bill(2, Some(1), &now), bill(9, Some(2), &now)],
                "letters": [letter(1, &[1, 9], 1), letter(2, &[2, 1, 2], 1), letter(3, &[2, 9], 1), letter(4, &[9], 1)]
            });
            let backend = Backend::with(on, &policy, &rows).await;
            let plan = backend.delete(&policy, 1).await;
            let left = json!([letter(1, &[9], 2), letter(2, &[9], 3), letter(3, &[9], 2), letter(4, &[9], 1)]);
            assert_eq!(backend.rows("letters").await, left, "{on:?}, {field}: {plan}");
        }
    }

    async fn the_audit_log_holds_the_list_of_a_deleted_subject(on: On) {
        for field in FIELDS {
            let document = json!({
                "subject": "threads", "kinds": { "users": {}, "threads": {} },
                "references": [{ "from": format!("threads.{field}"), "to": "users", "each": true, "nullable": true }],
                "modes": { "hard_delete": { "allow": "any", "rules": {}, "before": [field] } }
            });
            let policy = built(&document);
            let backend = Backend::with(on, &policy, &rows(field, &[json!([12, null, 1]), Value::Null])).await;
            backend.delete(&policy, 1).await;
            backend.delete(&policy, 2).await;
            let before: Vec<Value> = backend.audit().await.iter().map(|entry| json!(entry.before)[field].clone()).collect();
            assert_eq!(before, [json!([12, null, 1]), Value::Null], "{on:?}, {field}");
            assert_eq!(backend.rows("users").await.as_array().unwrap().len(), 4, "{on:?}, {field}");
        }
    }

    async fn the_audit_log_holds_no_list_of_other_values_than_ids(on: On) {
        let document = json!({
            "subject": "threads",
            "kinds": { "users": { "fields": { "mail": { "type": "text", "unique": true } } }, "threads": {} },
            "references": [{ "from": "threads.ids", "to": "users.mail", "each": true, "nullable": true }],
            "modes": { "hard_delete": { "allow": "any", "rules": {} } }
        });
        let policy = built(&document);
        let backend = Backend::with(on, &policy, &rows("ids", &[json!(["User1@x"])])).await;
        backend.delete(&policy, 1).await;
        assert!(!json!(backend.audit().await).to_string().contains("User1@x"), "{on:?}");
    }

    async fn a_record_that_no_list_names_any_more_is_guarded(on: On) {
        for field in FIELDS {
            let document = json!({
                "subject": "users", "kinds": { "users": {}, "rooms": {}, "keys": {} },
                "references": [
                    { "from": "keys.user_id", "to": "users" },
                    { "from": format!("keys.{field}"), "to": "rooms", "each": true, "nullable": true }
                ],
                "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" }, "guards": [
                    { "name": "locked", "on": "rooms", "left_without": format!("keys.{field}"), "severity": "block" }
                ] } }
            });
            let policy = built(&document);
            let key = |id: i64, user: i64, rooms: &[i64]| json!({ "id": id, "user_id": user, field: rooms });
            let rows = json!({
                "users": [{ "id": 1 }, { "id": 2 }], "rooms": [{ "id": 10 }, { "id": 11 }, { "id": 13 }],
                "keys": [key(1, 1, &[10, 11]), key(2, 2, &[11, 13]), key(3, 1, &[10])]
            });
            let backend = Backend::with(on, &policy, &rows).await;
            let plan = backend.lifecycle(&policy).await.plan(&request("users", "1")).await.unwrap();
            let blockers: Vec<_> =
                plan.blockers.iter().map(|one| (one.rule.as_str(), one.count, one.sample.clone())).collect();
            assert_eq!(blockers, [("locked", 1, vec![10.into()])], "{on:?}, {field}: {plan}");
        }
    }

    async fn lists_that_cannot_be_read_are_an_error_and_nothing_changes(on: On) {
        // The row is found neither by the id that it seems to have, nor is it taken for a row without ids.
        for bad in ["1,12", "[12", "{\"a\": 12}", "[[12]]", "[12.5]", "[\"12\"]", "[true]", "12", ""] {
            for rule in ["set_null", "cascade", "restrict", "keep"] {
                let policy = policy("r2", &json!(rule));
                let backend = Backend::with(on, &policy, &rows("r2", &[json!([1]), json!([12])])).await;
                let lifecycle = backend.lifecycle(&policy).await;
                if matches!(on, On::Memory) {
                    let list: Value = serde_json::from_str(bad).unwrap_or_else(|_| json!(bad));
                    backend.insert("threads", json!({ "id": 1, "r2": list, "version": 1 })).await;
                } else {
                    backend.set("threads", "1", "r2", json!(bad)).await;
                }
                let before = backend.all_rows().await;
                let error = lifecycle.execute(&request("users", "12")).await.unwrap_err();
                let Error::Store(StoreError::BadValue { kind, id, field, expected }) = &error else {
                    panic!("{on:?}, {bad}, {rule}: {error:?}")
                };
                assert_eq!(
                    (kind.as_str(), id.clone(), field.as_str(), expected.as_str()),
                    ("threads", Some(1.into()), "r2", "list of ids"), "{on:?}, {bad}, {rule}"
                );
                assert_eq!(backend.all_rows().await, before, "{on:?}, {bad}, {rule}");
            }
        }
    }

    async fn a_row_that_refers_to_nothing_may_hold_anything_in_place_of_a_list(on: On) {
        let when = json!({ "field": "sort", "eq": "users" });
        let policy = with_reference(&json!({ "from": "threads.r2", "to": "users", "if": when }), &json!("set_null"));
        let mut rows = rows("r2", &[json!([1, 12]), json!([12])]);
        rows["threads"][0]["sort"] = json!("users");
        rows["threads"][1]["sort"] = json!("text");
        rows["threads"][1]["r2"] = json!("12 and more");
        let backend = Backend::with(on, &policy, &rows).await;
        backend.delete(&policy, 12).await;
        assert_eq!(lists(&backend, "r2").await, [(json!([1]), 1), (json!("12 and more"), 0)], "{on:?}");
    }

    async fn a_request_may_move_all_list_entries_of_its_subject(on: On) {
        for field in FIELDS {
            let mut document = serde_json::to_value(policy(field, &json!("set_null"))).unwrap();
            document["modes"]["reassign"] = json!({ "allow": "any", "rules": { format!("threads.{field}"): "reassign" } });
            let policy = built(&document);
            let backend = Backend::with(on, &policy, &rows(field, &[json!([1, 12]), json!([12, 2]), json!([3])])).await;
            let request = Request::new(Mode::Reassign, "users", 12).by(Actor::new("ana", "ADMIN"));
            let request = request.reassign(format!("threads.{field}"), 2);
            backend.lifecycle(&policy).await.execute(&request).await.unwrap();
            let expected = [(json!([1, 2]), 1), (json!([2]), 1), (json!([3]), 0)];
            assert_eq!(lists(&backend, field).await, expected, "{on:?}, {field}");
        }
    }
}
