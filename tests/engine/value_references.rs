//! References to another unique key than the id, and copies of a value such as an e-mail address.

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::protocol::Disposition;
use serde_json::{Value, json};

/// A shop where people sign up and order as guests, with nothing but an e-mail address.
fn shop() -> DeletionPolicy {
    let document = json!({
        "subject": "customers",
        "kinds": {
            "customers": { "personal": { "email": "placeholder_email", "name": "null" },
                           "fields": { "email": { "type": "text", "unique": true } } },
            "signups": {}, "orders": { "personal": { "email": "placeholder_email", "ship_name": "null" } }
        },
        "references": [
            { "from": "signups.email", "to": "customers.email", "compare": "ignore_ascii_case" },
            { "from": "orders.email", "to": "customers.email", "compare": "ignore_ascii_case" },
            { "from": "orders.customer_id", "to": "customers", "nullable": true }
        ],
        "modes": {
            "hard_delete": { "allow": "any", "rules": {
                "signups.email": "cascade", "orders.email": "anonymize", "orders.customer_id": "anonymize" } },
            "anonymize": { "allow": "any", "rules": {
                "signups.email": "delete", "orders.email": "anonymize", "orders.customer_id": "anonymize" } }
        }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "customers": [ { "id": 1, "email": "Mixed.C@example.org", "name": "M" },
                       { "id": 2, "email": "other@example.org", "name": "O" } ],
        "signups": [ { "id": 1, "email": "mixed.c@example.org" }, { "id": 2, "email": "Mixed.C@example.org" },
                     { "id": 3, "email": "other@example.org" } ],
        "orders": [ { "id": 1, "customer_id": 1, "email": "Mixed.C@example.org", "ship_name": "M" },
                    { "id": 2, "customer_id": null, "email": "mixed.c@example.org", "ship_name": "M" },
                    { "id": 3, "customer_id": 2, "email": "other@example.org", "ship_name": "O" } ]
    })
}

/// Checks that the rows of customer 2 are unchanged, and that nothing names customer 1.
async fn only_customer_2_is_named(backend: &Backend, orders: &Value) {
    assert_eq!(backend.rows("signups").await, json!([ { "id": 3, "email": "other@example.org" } ]));
    let left = backend.rows("orders").await;
    assert_eq!(left[2], rows()["orders"][2]);
    let nameless: Vec<Value> = (0..2)
        .map(|at| {
            let mut order = left[at].as_object().unwrap().clone();
            let email = order.remove("email").unwrap().to_string().to_lowercase();
            assert!(!email.contains("mixed"), "{email}");
            Value::Object(order)
        })
        .collect();
    assert_eq!(json!(nameless), *orders);
}

on_every_store! {
    async fn a_guest_is_found_by_an_address_in_other_case(on: On) {
        let backend = Backend::with(on, &shop(), &rows()).await;
        let plan = backend.delete(&shop(), 1).await;
        let masked = plan.steps.iter().filter(|step| step.key.disposition == Disposition::Anonymize);
        assert_eq!(masked.map(|step| step.count).sum::<u64>(), 2, "each order is in one step: {plan}");
        only_customer_2_is_named(&backend, &json!([ { "id": 1 }, { "id": 2 } ])).await;
        assert_eq!(backend.rows("customers").await, json!([rows()["customers"][1]]));
    }

    async fn masking_the_address_of_a_customer_loses_no_guest(on: On) {
        let backend = Backend::with(on, &shop(), &rows()).await;
        let lifecycle = backend.lifecycle(&shop()).await;
        let request = Request::anonymize("customers", 1).by(Actor::new("ana", "ADMIN"));
        let plan = lifecycle.plan(&request).await.unwrap();
        let receipt = lifecycle.apply(&request, &plan).await.unwrap_or_else(|error| panic!("{error:?}\n{plan}"));
        crate::common::agrees(&plan, &receipt);
        only_customer_2_is_named(&backend, &json!([ { "id": 1, "customer_id": 1 }, { "id": 2 } ])).await;
        assert_eq!(backend.rows("customers").await[1], rows()["customers"][1]);
    }

    async fn exact_values_differ_in_case(on: On) {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": { "fields": { "code": { "type": "text", "unique": true } } }, "visits": {} },
            "references": [ { "from": "visits.client_code", "to": "clients.code", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let rows = json!({
            "clients": [ { "id": 1, "code": "AB" }, { "id": 2, "code": "ab" }, { "id": 3, "code": null } ],
            "visits": [ { "id": 1, "client_code": "AB" }, { "id": 2, "client_code": "ab" },
                        { "id": 3, "client_code": null } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.delete(&policy, 1).await;
        assert_eq!(steps(&plan), json!([["visits", "delete", 1], ["clients", "delete", 1]]), "{plan}");
        assert_eq!(backend.rows("visits").await, json!([ { "id": 2, "client_code": "ab" }, { "id": 3 } ]));
        // Without a code, nothing refers to the client, and a visit without one refers to no client.
        let plan = backend.delete(&policy, 3).await;
        assert_eq!(steps(&plan), json!([["clients", "delete", 1]]), "{plan}");
    }

    async fn what_hangs_on_a_row_found_by_another_key_goes_with_it(on: On) {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": { "fields": { "uid": { "type": "text", "unique": true } } }, "reminders": {}, "sent": {} },
            "references": [ { "from": "reminders.client_uid", "to": "clients.uid" },
                            { "from": "sent.reminder_id", "to": "reminders" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let rows = json!({
            "clients": [ { "id": 1, "uid": "c-1" }, { "id": 2, "uid": "1" } ],
            "reminders": [ { "id": 1, "client_uid": "c-1" }, { "id": 2, "client_uid": "1" } ],
            "sent": [ { "id": 1, "reminder_id": 2 }, { "id": 2, "reminder_id": 1 } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.delete(&policy, 1).await;
        assert_eq!(
            steps(&plan),
            json!([["sent", "delete", 1], ["reminders", "delete", 1], ["clients", "delete", 1]]),
            "{plan}"
        );
        assert_eq!(
            backend.all_rows().await,
            json!({ "clients": [rows["clients"][1]], "reminders": [rows["reminders"][1]], "sent": [rows["sent"][0]] })
        );
    }

    async fn an_order_that_comes_while_its_customer_goes_is_never_left_behind(on: On) {
        let mut document = serde_json::to_value(shop()).unwrap();
        document["references"].as_array_mut().unwrap().iter_mut().for_each(|one| one["lock"] = json!("table"));
        document["modes"].as_object_mut().unwrap().remove("anonymize");
        document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let backend = Backend::with(on, &policy, &rows()).await;
        let lifecycle = backend.lifecycle(&policy).await;
        for round in 10..30_i64 {
            backend.insert("customers", json!({ "id": round, "email": format!("Round{round}@x.org"), "name": "x" })).await;
            let order = json!({ "id": round, "email": format!("rOUND{round}@X.org"), "ship_name": "x" });
            let ordering = async {
                tokio::time::sleep(std::time::Duration::from_micros((round.unsigned_abs() - 10) * 400)).await;
                backend.insert("orders", order).await;
                let customers = backend.rows("customers").await;
                customers.as_array().unwrap().iter().any(|customer| customer["id"] == round)
            };
            let request = Request::hard_delete("customers", round).by(Actor::new("ana", "ADMIN"));
            let (deleted, came_first) = tokio::join!(lifecycle.execute(&request), ordering);
            deleted.unwrap_or_else(|error| panic!("{error:?}"));
            let orders = backend.rows("orders").await;
            let is_left = orders.as_array().unwrap().iter().any(|order| order["id"] == round);
            assert!(!(is_left && came_first), "the order of customer {round} is left behind");
        }
    }

    async fn only_the_letters_a_to_z_are_compared_without_case(on: On) {
        let policy = {
            let mut document = serde_json::to_value(shop()).unwrap();
            document["modes"].as_object_mut().unwrap().remove("anonymize");
            document["modes"]["hard_delete"]["rules"] = json!({ "*": "cascade" });
            DeletionPolicy::from_json(&document.to_string()).unwrap()
        };
        let addresses = [
            "\u{c9}A@x.org", "\u{e9}a@x.org", "\u{212a}@x.org", "k@x.org", "i\u{307}@x.org", "\u{130}@x.org", "_a@x.org", "ba@x.org",
        ];
        let rows = |name: fn(&str) -> String| -> Value {
            (1..).zip(addresses).map(|(id, email)| json!({ "id": id, "email": name(email), "name": "x", "ship_name": "x" })).collect()
        };
        let rows = json!({
            "customers": rows(|email| email.into()), "signups": rows(|email| email.to_ascii_uppercase()),
            "orders": [ { "id": 1, "customer_id": null, "email": "\u{1}", "ship_name": "x" } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        for at in 1..=8_i64 {
            let plan = backend.delete(&policy, at).await;
            assert_eq!(steps(&plan), json!([["signups", "delete", 1], ["customers", "delete", 1]]), "{at}: {plan}");
            let left = backend.rows("signups").await;
            assert!(left.as_array().unwrap().iter().all(|row| row["id"].as_i64() > Some(at)), "{at}: {left}");
        }
    }
}
