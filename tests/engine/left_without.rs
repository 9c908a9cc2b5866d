//! Guards against rows that are left without a row that refers to them, on every store.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, RecordId, Request};
use client_lifecycle::lifecycle::Error;
use serde_json::{Value, json};

use crate::common::backend::{Backend, stores};

fn policy() -> DeletionPolicy {
    let document = json!({
        "subject": "users",
        "kinds": { "users": {}, "organisations": {}, "memberships": { "id": ["user_id", "organisation_id"] } },
        "references": [
            { "from": "memberships.user_id", "to": "users" },
            { "from": "memberships.organisation_id", "to": "organisations" }
        ],
        "modes": { "hard_delete": { "allow": "any", "rules": { "*": "cascade" }, "guards": [
            { "name": "sole_owner", "on": "organisations", "left_without": "memberships.organisation_id",
              "when": { "field": "role", "eq": "owner" }, "severity": "block", "message": "no one else owns it" }
        ] } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// 1 is the only owner of 10 and 12. 11 also belongs to 2.
fn rows() -> Value {
    let member = |user: i64, organisation: i64, role: &str| json!({ "user_id": user, "organisation_id": organisation, "role": role });
    json!({
        "users": [{ "id": 1 }, { "id": 2 }, { "id": 3 }],
        "organisations": [{ "id": 10 }, { "id": 11 }, { "id": 12 }],
        "memberships": [
            member(1, 10, "owner"), member(3, 10, "member"), member(1, 11, "owner"), member(2, 11, "owner"),
            member(1, 12, "owner")
        ]
    })
}

fn delete<I: Into<RecordId>>(ids: impl IntoIterator<Item = I>) -> Request {
    Request::batch(client_lifecycle::domain::Mode::HardDelete, "users", ids.into_iter().map(Into::into))
        .by(Actor::new("ana", "ADMIN"))
}

#[tokio::test]
async fn the_last_owner_is_refused_and_the_organisations_are_named() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let plan = lifecycle.plan(&delete([1])).await.unwrap();
        let named: Vec<_> =
            plan.blockers.iter().map(|one| (one.rule.as_str(), one.count, one.sample.clone())).collect();
        assert_eq!(named, [("sole_owner", 2, vec![10.into(), 12.into()])], "{on:?}: {plan}");
        let refused = lifecycle.apply(&delete([1]), &plan).await;
        assert!(matches!(refused, Err(Error::Blocked(_))), "{on:?}: {refused:?}");
        assert_eq!(backend.rows("memberships").await.as_array().unwrap().len(), 5, "{on:?}");
    }
}

#[tokio::test]
async fn one_of_two_owners_may_go_and_so_may_a_member() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        lifecycle.execute(&delete([2])).await.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
        lifecycle.execute(&delete([3])).await.unwrap_or_else(|error| panic!("{on:?}: {error:?}"));
        assert_eq!(backend.rows("memberships").await.as_array().unwrap().len(), 3, "{on:?}");
    }
}

#[tokio::test]
async fn two_owners_who_go_in_one_operation_leave_it_alone() {
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows()).await;
        let plan = backend.lifecycle(&policy()).await.plan(&delete([1, 2])).await.unwrap();
        assert_eq!(plan.blockers[0].sample, [10, 11, 12].map(RecordId::from), "{on:?}: {plan}");
    }
}

#[tokio::test]
async fn of_two_last_owners_who_go_at_once_one_is_stopped() {
    let mut rows = rows();
    rows["memberships"].as_array_mut().unwrap().retain(|row| row["organisation_id"] == 11);
    for on in stores().await {
        let backend = Backend::with(on, &policy(), &rows).await;
        let lifecycle = backend.lifecycle(&policy()).await;
        let (first, second) = tokio::join!(async { lifecycle.execute(&delete([1])).await }, async {
            lifecycle.execute(&delete([2])).await
        },);
        assert_eq!(
            [first.is_ok(), second.is_ok()].iter().filter(|done| **done).count(),
            1,
            "{on:?}: {first:?} {second:?}"
        );
        assert_eq!(backend.rows("memberships").await.as_array().unwrap().len(), 1, "{on:?}");
    }
}
