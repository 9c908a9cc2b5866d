//! `verify` finds rows that refer to records that do not exist, and anonymized records with values that are not masked.

use crate::common::backend::{Backend, On, on_every_store};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::protocol::Inconsistent;
use serde_json::{Value, json};

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "personal": { "name": { "text": "anonymized" }, "phone": "null" } },
            "debts": {}, "notes": {}, "teams": {} },
        "references": [
            { "from": "debts.client_id", "to": "clients", "nullable": true },
            { "from": "notes.owner_id", "to": "clients", "if": { "field": "owner_type", "eq": "Client" }, "nullable": true },
            { "from": "teams.member_ids", "to": "clients", "each": true } ],
        "modes": { "anonymize": { "allow": "any", "rules": { "*": "keep" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

fn rows() -> Value {
    json!({
        "clients": [ { "id": 1, "name": "Ana", "phone": "1" }, { "id": 2, "name": "Eva", "phone": "2" } ],
        "debts": [ { "id": 1, "client_id": 1 }, { "id": 2, "client_id": null }, { "id": 3, "client_id": 7 }, { "id": 4, "client_id": 8 } ],
        "notes": [ { "id": 1, "owner_id": 9, "owner_type": "Client" }, { "id": 2, "owner_id": 9, "owner_type": "Shop" } ],
        "teams": [ { "id": 1, "member_ids": [1, 2] }, { "id": 2, "member_ids": [2, 5] } ]
    })
}

on_every_store! {
    async fn rows_without_their_record_are_found(on: On) {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let found = lifecycle.verify(100).await.unwrap();
        let found: Vec<(String, usize, bool, Vec<String>)> = found
            .iter()
            .map(|one| {
                let Inconsistent::Dangling(reference) = &one.what else { panic!("{one}") };
                let ids = one.sample.iter().map(ToString::to_string).collect();
                (reference.to_string(), one.count, one.more, ids)
            })
            .collect();
        let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(found, [
            ("debts.client_id".into(), 2, false, ids(&["3", "4"])),
            ("notes.owner_id".into(), 1, false, ids(&["1"])),
            ("teams.member_ids".into(), 1, false, ids(&["2"])),
        ]);
        let bounded = lifecycle.verify(1).await.unwrap();
        assert_eq!((bounded[0].count, bounded[0].more), (1, true));
    }

    async fn values_that_should_be_masked_are_found(on: On) {
        let backend = Backend::with(on, &policy(), &json!({
            "clients": [ { "id": 1, "name": "Ana", "phone": "1" }, { "id": 2, "name": "Eva", "phone": "2" } ],
            "debts": [], "notes": [], "teams": [] })).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        lifecycle.execute(&Request::anonymize("clients", 1).by(Actor::new("ana", "ADMIN"))).await.unwrap();
        assert_eq!(lifecycle.verify(100).await.unwrap(), []);
        backend.set("clients", "1", "phone", json!("1")).await;
        let found = lifecycle.verify(100).await.unwrap();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].to_string(), "1 row of `clients` is anonymized, but `phone` is not masked: `1`");
    }
}
