//! Ids of several fields, and references that hold them.

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};

/// Clients of tenants, who have orders with lines. Every key begins with the tenant.
fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "tenants": {}, "clients": { "id": ["tenant_id", "number"] },
            "orders": { "id": ["tenant_id", "order_no"], "fields": { "client_no": { "type": "integer", "nullable": true } } },
            "lines": { "fields": { "order_no": { "type": "integer", "nullable": true } } }
        },
        "references": [
            { "from": "clients.tenant_id", "to": "tenants" },
            { "from": ["orders.tenant_id", "orders.client_no"], "to": "clients", "nullable": true },
            { "from": ["lines.tenant_id", "lines.order_no"], "to": "orders", "nullable": true }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    let client = |tenant: i64, number: i64| json!({ "tenant_id": tenant, "number": number, "name": "x" });
    let order = |tenant: i64, order: i64, client: Value| json!({ "tenant_id": tenant, "order_no": order, "client_no": client });
    let line =
        |id: i64, tenant: i64, order: Value| json!({ "id": id, "tenant_id": tenant, "order_no": order });
    json!({
        "tenants": [ { "id": 7 }, { "id": 8 } ],
        "clients": [ client(7, 8), client(8, 7), client(7, 7) ],
        "orders": [ order(7, 1, json!(8)), order(7, 2, json!(7)), order(8, 1, json!(7)), order(7, 3, Value::Null) ],
        "lines": [ line(1, 7, json!(1)), line(2, 7, json!(1)), line(3, 8, json!(1)), line(4, 7, json!(2)), line(5, 7, Value::Null) ]
    })
}

/// Returns the message of the store's error.
fn cause(error: &Error) -> String {
    match error {
        Error::Store(error) => error.to_string(),
        other => other.to_string(),
    }
}

on_every_store! {
    async fn rows_are_told_apart_by_all_fields_of_the_key(on: On) {
        for id in [(7, 8).into(), ("7", 8).into(), "[7,8]".into(), RecordId::from("[ 7, \"8\" ]")] {
            let backend = Backend::with(on, &policy(), &rows()).await;
            let before = backend.all_rows().await;
            let plan = backend.delete(&policy(), id).await;
            assert_eq!(plan.subjects, [(7, 8).into()]);
            assert_eq!(
                steps(&plan),
                json!([["lines", "delete", 2], ["orders", "delete", 1], ["clients", "delete", 1]]),
                "{plan}"
            );
            let mut after = before;
            after["clients"].as_array_mut().unwrap().retain(|row| row["tenant_id"] != 7 || row["number"] != 8);
            after["orders"].as_array_mut().unwrap().retain(|row| row["tenant_id"] != 7 || row["order_no"] != 1);
            after["lines"].as_array_mut().unwrap().retain(|row| row["tenant_id"] != 7 || row["order_no"] != 1);
            assert_eq!(backend.all_rows().await, after);
        }
    }

    async fn a_reference_with_a_null_in_it_refers_to_nothing(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        for id in [(7, 7), (7, 8), (8, 7)] {
            backend.delete(&policy(), id).await;
        }
        let left = backend.all_rows().await;
        assert_eq!(left["orders"], json!([ { "tenant_id": 7, "order_no": 3 } ]));
        assert_eq!(left["lines"], json!([ { "id": 5, "tenant_id": 7 } ]));
    }

    async fn an_id_of_another_form_is_refused_and_changes_nothing(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let before = backend.all_rows().await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let wrong = [
            RecordId::from(7), "[7]".into(), (7, 8, 9).into(), "[7,8,9]".into(), "seven".into(), "7".into(), "[]".into(),
            "[7,".into(), "{}".into(), "[7,[8]]".into(), "[7,null]".into(), "[7,8.5]".into(), (7, "eight").into(),
            ("seven", 8).into(), (7, "08").into(), "[7,\"\"]".into(),
        ];
        for id in wrong {
            let request = Request::hard_delete("clients", id.clone()).by(Actor::new("ana", "ADMIN"));
            let error = lifecycle.execute(&request).await.expect_err("no such client");
            let expected =
                format!("`{id}` is not an id of `clients`, whose ids are lists with one value of its type for each field");
            assert_eq!(cause(&error), expected);
            assert_eq!(backend.all_rows().await, before, "{id}");
        }
        let request = Request::hard_delete("clients", (7, 9)).by(Actor::new("ana", "ADMIN"));
        let error = lifecycle.execute(&request).await.unwrap_err();
        assert_eq!(error.to_string(), "no `clients` `[7,9]`");
    }

    async fn text_with_other_digits_than_the_integer_is_no_id(on: On) {
        let document = json!({
            "subject": "clients", "kinds": { "clients": {} },
            "modes": { "hard_delete": { "allow": "any", "rules": {} } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let backend = Backend::with(on, &policy, &json!({ "clients": [ { "id": 7 } ] })).await;
        for id in ["007", "+7", " 7", "7.0", "seven"] {
            let request = Request::hard_delete("clients", id).by(Actor::new("ana", "ADMIN"));
            let error = backend.lifecycle(&policy).await.execute(&request).await.unwrap_err();
            assert_eq!(cause(&error), format!("`{id}` is not an id of `clients`, whose ids are integers"));
        }
        assert_eq!(backend.rows("clients").await, json!([ { "id": 7 } ]));
        backend.delete(&policy, "7").await;
        assert_eq!(backend.rows("clients").await, json!([]));
    }

    async fn integers_are_found_among_text_of_the_same_digits(on: On) {
        let document = json!({
            "subject": "places", "kinds": { "shops": {}, "places": { "id": ["country", "code"] } },
            "modes": { "hard_delete": { "allow": "any", "rules": {} } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let place = |country: &str, code: &str| json!({ "country": country, "code": code });
        let rows = json!({ "places": [ place("de", "7"), place("7", "7"), place("de", "007") ], "shops": [] });
        let backend = Backend::with(on, &policy, &rows).await;
        for id in [RecordId::from(("de", 7)), "[7,7]".into()] {
            backend.delete(&policy, id).await;
        }
        assert_eq!(backend.rows("places").await, json!([ place("de", "007") ]));
    }

    async fn parts_of_text_are_kept_apart(on: On) {
        let document = json!({
            "subject": "places", "kinds": { "places": { "id": ["country", "code"] }, "visits": {} },
            "references": [ { "from": ["visits.country", "visits.code"], "to": "places" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" },
                       "effects": [ { "topic": "gone" }, { "topic": "visit", "on": "visits", "fields": ["country"] } ] } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let keys = [("a", "b,c"), ("a,b", "c"), ("a\"", "b"), ("a", "\"b"), ("[", "]"), ("a'", "\\"), ("A", "b,c"), ("7", "1")];
        let places: Value = keys.iter().map(|(country, code)| json!({ "country": country, "code": code })).collect();
        let visits: Value = (1..).zip(keys)
            .map(|(id, (country, code))| json!({ "id": id, "country": country, "code": code })).collect();
        let backend = Backend::with(on, &policy, &json!({ "places": places, "visits": visits })).await;
        for (at, key) in keys.into_iter().enumerate() {
            let plan = backend.delete(&policy, key).await;
            assert_eq!(steps(&plan), json!([["visits", "delete", 1], ["places", "delete", 1]]), "{plan}");
            let left: Vec<i64> =
                backend.rows("visits").await.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
            assert_eq!(left, (2..=8).skip(at).collect::<Vec<i64>>());
            // The log and the events hold the id as text.
            let id = RecordId::from(key).to_string();
            assert_eq!(backend.audit().await.pop().unwrap().subjects[0].to_string(), id);
            let events = backend.events().await;
            assert!(events.iter().any(|event| event.topic == "gone" && event.record.to_string() == id));
        }
    }

    async fn a_batch_of_ids_of_several_fields_is_deleted_at_once(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let request =
            Request::batch(Mode::HardDelete, "clients", [(7, 8), (8, 7)].map(RecordId::from)).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        let receipt = lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
        crate::common::agrees(&plan, &receipt);
        assert_eq!(backend.rows("clients").await, json!([ { "tenant_id": 7, "number": 7, "name": "x" } ]));
        assert_eq!(plan.subjects, [(7, 8), (8, 7)].map(RecordId::from));
        // Written as text, and in another order, it is the same plan.
        let ids = ["[8,7]", "[7,8]"].map(RecordId::from);
        let again = Backend::with(on, &policy(), &rows()).await;
        let request = Request::batch(Mode::HardDelete, "clients", ids).by(Actor::new("ana", "ADMIN"));
        assert_eq!(again.lifecycle(&policy()).await.plan(&request).await.unwrap().digest, plan.digest);
    }

    async fn a_reference_of_several_fields_loses_only_those_that_can_be_null(on: On) {
        let mut document = serde_json::to_value(policy()).unwrap();
        document["modes"]["hard_delete"]["rules"]["orders.tenant_id+client_no"] = json!("set_null");
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        let backend = Backend::with(on, &policy, &rows()).await;
        backend.delete(&policy, (7, 8)).await;
        let orders = backend.rows("orders").await;
        let order = orders.as_array().unwrap().iter().find(|order| order["tenant_id"] == 7 && order["order_no"] == 1);
        assert_eq!(order, Some(&json!({ "tenant_id": 7, "order_no": 1 })));
        assert_eq!(orders.as_array().unwrap().len(), 4);
        assert_eq!(backend.rows("lines").await.as_array().unwrap().len(), 5);
    }

    async fn a_reference_of_several_fields_gets_a_new_target(on: On) {
        let document = json!({
            "subject": "clients", "kinds": { "clients": { "id": ["country", "number"] }, "orders": {} },
            "references": [ { "from": ["orders.country", "orders.client_no"], "to": "clients" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": { "reassign": { "to": ["de", 8] } } } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        let client = |country: &str, number: i64| json!({ "country": country, "number": number });
        let order = |id: i64, country: &str, number: i64| json!({ "id": id, "country": country, "client_no": number });
        let rows = json!({
            "clients": [ client("at", 8), client("de", 8), client("at", 7) ],
            "orders": [ order(1, "at", 8), order(2, "at", 7), order(3, "de", 8) ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.delete(&policy, ("at", 8)).await;
        assert_eq!(steps(&plan), json!([["orders", "reassign", 1], ["clients", "delete", 1]]), "{plan}");
        assert_eq!(plan.steps[0].to, Some(("de", 8).into()));
        assert_eq!(backend.rows("orders").await, json!([ order(1, "de", 8), order(2, "at", 7), order(3, "de", 8) ]));
        let lifecycle = backend.lifecycle(&policy).await;
        let request = Request::hard_delete("clients", ("de", 8)).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await;
        assert!(plan.map_or(true, |plan| !plan.is_executable()), "the new target is the client that goes");
    }

    async fn a_new_target_of_several_fields_may_be_text(on: On) {
        let document = json!({
            "subject": "clients", "kinds": { "clients": { "id": ["country", "number"] }, "orders": {} },
            "references": [ { "from": ["orders.country", "orders.client_no"], "to": "clients" } ],
            "modes": {
                "hard_delete": { "allow": "any", "rules": { "*": { "reassign": { "to": "[\"de\",8]" } } } },
                "reassign": { "allow": "any", "rules": { "*": "reassign" } }
            }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        let client = |country: &str, number: i64| json!({ "country": country, "number": number });
        let order = |country: &str, number: i64| json!({ "id": 1, "country": country, "client_no": number });
        let rows = json!({ "clients": [ client("at", 8), client("de", 8) ], "orders": [ order("at", 8) ] });

        let backend = Backend::with(on, &policy, &rows).await;
        backend.delete(&policy, ("at", 8)).await;
        assert_eq!(backend.rows("orders").await, json!([ order("de", 8) ]));

        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        let to = |target: RecordId| {
            let request = Request::reassigning("clients", ("at", 8)).by(Actor::new("ana", "ADMIN"));
            request.reassign("orders.country+client_no", target)
        };
        for wrong in [RecordId::from("de"), 8.into(), "[\"de\"]".into(), ("de", 8, 1).into(), "[".into()] {
            let error = lifecycle.execute(&to(wrong.clone())).await.unwrap_err();
            assert_eq!(error.code(), "invalid", "{wrong}: {error}");
            assert_eq!(backend.rows("orders").await, json!([ order("at", 8) ]));
        }
        let request = to("[\"de\",8]".into());
        let plan = lifecycle.plan(&request).await.unwrap();
        assert_eq!(plan.steps[0].to, Some(("de", 8).into()));
        lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(backend.rows("orders").await, json!([ order("de", 8) ]));
    }

    async fn a_record_outside_the_filter_of_its_kind_is_no_target(on: On) {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": {}, "orders": {}, "desks": { "table": "staff", "filter": { "field": "role", "eq": "DESK" }, "fields": { "role": "text" } } },
            "references": [ { "from": "desks.client_id", "to": "clients", "nullable": true },
                            { "from": "orders.desk_id", "to": "desks", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "desks.client_id": "cascade", "orders.desk_id": { "reassign": { "to": 2 } } } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        let rows = json!({
            "clients": [ { "id": 1 } ], "orders": [ { "id": 1, "desk_id": 1 } ],
            "desks": [ { "id": 1, "role": "DESK", "client_id": 1 }, { "id": 2, "role": "BOSS", "client_id": null } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.lifecycle(&policy).await.plan(&Request::hard_delete("clients", 1).by(Actor::new("ana", "ADMIN"))).await.unwrap();
        assert_eq!(plan.blockers.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["reassign"], "{plan}");
    }

    async fn a_placeholder_address_of_a_row_with_several_ids_is_an_address(on: On) {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": { "id": ["country", "number"], "personal": { "email": "placeholder_email" } } },
            "modes": { "anonymize": { "allow": "any", "rules": {} } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
        let rows = json!({ "clients": [ { "country": "de", "number": 7, "email": "a@example.org" },
                                        { "country": "d", "number": 77, "email": "b@example.org" } ] });
        let backend = Backend::with(on, &policy, &rows).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for id in [("de", 7), ("d", 77)] {
            lifecycle.execute(&Request::anonymize("clients", id).by(Actor::new("ana", "ADMIN"))).await.unwrap();
        }
        let left = backend.rows("clients").await;
        let addresses: Vec<_> = left.as_array().unwrap().iter().map(|client| client["email"].clone()).collect();
        assert_eq!(addresses, ["d-77@anonymized.invalid", "de-7@anonymized.invalid"]);
    }
}
