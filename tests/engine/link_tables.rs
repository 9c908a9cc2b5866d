//! Link tables, order lines, tables without a key, and tables that share the key of another table.

use crate::common::backend::{Backend, On, on_every_store};
use crate::common::steps;
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};

/// A policy for people with tags, seats and a profile. `tags` is the id of the link table.
fn policy(tags: &Value) -> DeletionPolicy {
    let document = json!({
        "subject": "people",
        "kinds": {
            "people": {}, "tags": {}, "people_tags": { "id": tags },
            "seats": { "id": ["person_id", "show_no"] }, "profiles": { "id": "person_id" }
        },
        "references": [
            { "from": "people_tags.person_id", "to": "people" }, { "from": "people_tags.tag_id", "to": "tags" },
            { "from": "seats.person_id", "to": "people" }, { "from": "profiles.person_id", "to": "people" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "people": [ { "id": 1, "name": "one" }, { "id": 2, "name": "two" } ],
        "tags": [ { "id": 1, "label": "a" }, { "id": 2, "label": "b" } ],
        "people_tags": [ { "person_id": 1, "tag_id": 1 }, { "person_id": 1, "tag_id": 2 }, { "person_id": 2, "tag_id": 1 } ],
        "seats": [ { "person_id": 1, "show_no": 10, "note": "x" }, { "person_id": 1, "show_no": 11, "note": "y" },
                   { "person_id": 2, "show_no": 10, "note": "z" } ],
        "profiles": [ { "person_id": 1, "bio": "hello" }, { "person_id": 2, "bio": "there" } ]
    })
}

/// Deletes person 1, and checks that everything of person 2 stays.
async fn deletes_one_person(on: On, tags: Value) {
    let policy = policy(&tags);
    let backend = Backend::with(on, &policy, &rows()).await;
    let plan = backend.delete(&policy, 1).await;
    assert_eq!(
        steps(&plan),
        json!([
            ["seats", "delete", 2],
            ["profiles", "delete", 1],
            ["people_tags", "delete", 2],
            ["people", "delete", 1]
        ]),
        "{plan}"
    );
    assert_eq!(
        backend.all_rows().await,
        json!({
            "people": [ { "id": 2, "name": "two" } ],
            "tags": [ { "id": 1, "label": "a" }, { "id": 2, "label": "b" } ],
            "people_tags": [ { "person_id": 2, "tag_id": 1 } ],
            "seats": [ { "person_id": 2, "show_no": 10, "note": "z" } ],
            "profiles": [ { "person_id": 2, "bio": "there" } ]
        }),
        "{plan}"
    );
}

on_every_store! {
    async fn the_rows_of_a_link_table_go_with_either_side(on: On) {
        deletes_one_person(on, json!(["person_id", "tag_id"])).await;
    }

    async fn the_rows_of_a_table_without_a_key_go_with_what_they_refer_to(on: On) {
        deletes_one_person(on, json!([])).await;
    }

    async fn equal_rows_without_a_key_are_all_counted_and_deleted(on: On) {
        let document = json!({
            "subject": "clients", "kinds": { "clients": {}, "hits": { "id": [] } },
            "references": [ { "from": "hits.client_id", "to": "clients" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let hit = json!({ "client_id": 1, "page": "/" });
        let rows = json!({
            "clients": [ { "id": 1 }, { "id": 2 } ],
            "hits": [ hit, hit, hit, { "client_id": 2, "page": "/" } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.delete(&policy, 1).await;
        assert_eq!(steps(&plan), json!([["hits", "delete", 3], ["clients", "delete", 1]]), "{plan}");
        assert_eq!(backend.rows("hits").await, json!([ { "client_id": 2, "page": "/" } ]));
    }

    async fn rows_without_a_key_are_shown_by_what_they_refer_to(on: On) {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": {}, "hits": { "id": [], "fields": { "at": "timestamp" } } },
            "references": [ { "from": "hits.client_id", "to": "clients" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "hits.client_id": [
                { "when": { "field": "at", "within": "P30D" }, "then": "restrict" }, { "then": "cascade" } ] } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let hit = |at: &str| json!({ "client_id": 77, "at": at });
        let rows = json!({ "clients": [ { "id": 77 } ], "hits": [ hit("2099-01-01T00:00:00.000Z"), hit("2001-01-01T00:00:00.000Z") ] });
        let backend = Backend::with(on, &policy, &rows).await;
        let request = Request::hard_delete("clients", 77).by(Actor::new("ana", "ADMIN"));
        let plan = backend.lifecycle(&policy).await.plan(&request).await.unwrap();
        assert_eq!((plan.blockers[0].count, &*plan.blockers[0].sample), (1, &[77.into()][..]), "{plan}");
        #[cfg(feature = "postgres")]
        if matches!(on, On::Postgres) {
            // A column of PostgreSQL holds only instants.
            return;
        }
        backend.insert("hits", hit("yesterday")).await;
        let error = backend.lifecycle(&policy).await.plan(&request).await.unwrap_err();
        let Error::Store(error) = error else { panic!("{error:?}") };
        assert_eq!(error.to_string(), "`hits` `?`: the value of `at` is not of type timestamp");
    }

    async fn rows_without_a_key_are_masked_and_redirected(on: On) {
        let document = json!({
            "subject": "clients",
            "kinds": { "clients": {}, "hits": { "id": [], "personal": { "address": "null" } } },
            "references": [ { "from": "hits.client_id", "to": "clients", "nullable": true } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "anonymize" } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let hit = json!({ "client_id": 1, "address": "::1", "page": "/" });
        let other = json!({ "client_id": 2, "address": "::2", "page": "/" });
        let rows = json!({ "clients": [ { "id": 1 }, { "id": 2 } ], "hits": [ hit, hit, other ] });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.delete(&policy, 1).await;
        assert_eq!(
            steps(&plan),
            json!([["hits", "anonymize", 2], ["hits", "set_null", 2], ["clients", "delete", 1]]),
            "{plan}"
        );
        assert_eq!(backend.rows("hits").await, json!([ other, { "page": "/" }, { "page": "/" } ]));
    }

    async fn what_refers_to_a_shared_key_goes_with_the_row_that_shares_it(on: On) {
        let document = json!({
            "subject": "accounts", "kinds": { "accounts": {}, "profiles": {}, "comments": {} },
            "references": [
                { "from": "profiles.id", "to": "accounts" }, { "from": "comments.profile_id", "to": "profiles" } ],
            "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
        });
        let policy = DeletionPolicy::from_json(&document.to_string()).unwrap();
        let rows = json!({
            "accounts": [ { "id": 1 }, { "id": 2 }, { "id": 3 } ],
            "profiles": [ { "id": 1, "phone": "1" }, { "id": 2, "phone": "2" } ],
            "comments": [ { "id": 1, "profile_id": 2 }, { "id": 2, "profile_id": 1 } ]
        });
        let backend = Backend::with(on, &policy, &rows).await;
        let plan = backend.delete(&policy, 1).await;
        assert_eq!(
            steps(&plan),
            json!([["comments", "delete", 1], ["profiles", "delete", 1], ["accounts", "delete", 1]]),
            "{plan}"
        );
        assert_eq!(
            backend.all_rows().await,
            json!({
                "accounts": [ { "id": 2 }, { "id": 3 } ], "profiles": [ { "id": 2, "phone": "2" } ],
                "comments": [ { "id": 1, "profile_id": 2 } ]
            })
        );
        let plan = backend.delete(&policy, 3).await;
        assert_eq!(steps(&plan), json!([["accounts", "delete", 1]]), "{plan}");
    }
}
