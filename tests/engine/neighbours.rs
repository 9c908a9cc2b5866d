//! Two clients whose rows lie next to each other: deleting one leaves every row of the other as it was.

use crate::common::backend::{Backend, On, on_every_store};
use client_lifecycle::DeletionPolicy;
use serde_json::{Value, json};

/// Clients with friends, groups, comments on clients and groups, visits by login, and letters by e-mail address.
fn policy() -> DeletionPolicy {
    let about = |kind: &str| json!({ "field": "about", "eq": kind });
    let unique = json!({ "type": "text", "unique": true });
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "fields": { "login": unique, "email": unique } },
            "groups": {}, "members": { "id": ["client_id", "group_id"] }, "friends": { "id": ["one", "other"] },
            "hits": { "id": [] }, "comments": { "fields": { "about": "text" } }, "visits": {}, "letters": {}
        },
        "references": [
            { "from": "members.client_id", "to": "clients" }, { "from": "members.group_id", "to": "groups" },
            { "from": "friends.one", "to": "clients" }, { "from": "friends.other", "to": "clients" },
            { "from": "hits.client_id", "to": "clients" }, { "from": "visits.login", "to": "clients.login" },
            { "from": "letters.email", "to": "clients.email", "compare": "ignore_ascii_case" },
            { "name": "comments.on_client", "from": "comments.id_of", "to": "clients", "if": about("Client") },
            { "name": "comments.on_group", "from": "comments.id_of", "to": "groups", "if": about("Group") }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// Rows of client 1 have `"of": 1`, rows of client 2 have `"of": 2`, and rows of neither have `"of": 0`.
fn rows() -> Value {
    let comment = |id: i64, of: i64, about: &str, id_of: i64| json!({ "id": id, "of": of, "about": about, "id_of": id_of });
    json!({
        "clients": [ { "id": 1, "of": 1, "login": "Ann", "email": "Ann@Example.org" },
                     { "id": 2, "of": 2, "login": "ann", "email": "ann@example.com" },
                     { "id": 3, "of": 0, "login": "ANN", "email": "ann@example.net" } ],
        "groups": [ { "id": 1, "of": 0 }, { "id": 2, "of": 0 } ],
        "members": [ { "client_id": 1, "group_id": 1, "of": 1 }, { "client_id": 1, "group_id": 2, "of": 1 },
                     { "client_id": 2, "group_id": 1, "of": 2 } ],
        "friends": [ { "one": 1, "other": 2, "of": 1 }, { "one": 2, "other": 1, "of": 1 }, { "one": 2, "other": 3, "of": 2 },
                     { "one": 3, "other": 1, "of": 1 } ],
        "hits": [ { "client_id": 1, "of": 1 }, { "client_id": 1, "of": 1 }, { "client_id": 2, "of": 2 }, { "client_id": 2, "of": 2 } ],
        "comments": [ comment(1, 1, "Client", 1), comment(2, 2, "Client", 2), comment(3, 0, "Group", 1), comment(4, 0, "Group", 2),
                      comment(5, 0, "Page", 1), comment(6, 0, "client", 1) ],
        "visits": [ { "id": 1, "of": 1, "login": "Ann" }, { "id": 2, "of": 2, "login": "ann" }, { "id": 3, "of": 0, "login": "ANN" } ],
        "letters": [ { "id": 1, "of": 1, "email": "ann@example.org" }, { "id": 2, "of": 1, "email": "ANN@EXAMPLE.ORG" },
                     { "id": 3, "of": 2, "email": "Ann@Example.Com" }, { "id": 4, "of": 0, "email": "ann@example.net" } ]
    })
}

on_every_store! {
    async fn every_row_of_the_other_client_stays_as_it_was(on: On) {
        for (gone, stays) in [(1, 2), (2, 1)] {
            let backend = Backend::with(on, &policy(), &rows()).await;
            let mut expected = backend.all_rows().await;
            let plan = backend.delete(&policy(), gone).await;
            for rows in expected.as_object_mut().unwrap().values_mut() {
                rows.as_array_mut().unwrap().retain(|row| row["of"] != gone);
            }
            // Both clients are friends, whoever asked.
            let friends = expected["friends"].as_array_mut().unwrap();
            friends.retain(|row| row["one"] != gone && row["other"] != gone);
            let left = backend.all_rows().await;
            assert_eq!(left, expected, "{plan}");
            let planned: u64 = plan.steps.iter().map(|step| step.count).sum();
            let count = |rows: &Value| rows.as_object().unwrap().values().map(|rows| rows.as_array().unwrap().len()).sum::<usize>();
            assert_eq!(usize::try_from(planned).unwrap(), count(&rows()) - count(&left), "{plan}");
            assert!(left["clients"].as_array().unwrap().iter().any(|row| row["id"] == stays));
        }
    }
}
