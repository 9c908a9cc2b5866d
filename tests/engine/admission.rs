//! Which records an actor may create: the policy decides this without a store.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, FieldType, Mode, Record, Request, eq};
use client_lifecycle::policy::{Allow, Refusal};

fn admitted(actor: Actor, role: &str, shop: &str) -> Result<(), Refusal> {
    let policy = DeletionPolicy::of("customers")
        .kind("customers", |kind| {
            kind.field("role", FieldType::Text).field("shop", FieldType::Text).filter(eq("role", "USER"))
        })
        .create(|mode| mode.allow("MASTER").allow(Allow::from("RESALE").scope("shop")))
        .build()
        .unwrap_or_else(|faults| panic!("{faults}"));
    let record = Record::new("c1").with("role", role).with("shop", shop);
    let request = Request::new(Mode::Create, "customers", "c1").by(actor);
    policy.inquire(&request, "2026-11-24T09:00:00Z".parse().unwrap())?.admit(&record)
}

#[test]
fn an_allowed_actor_creates_records_within_its_scope() {
    assert_eq!(admitted(Actor::new("ana", "MASTER"), "USER", "north"), Ok(()));
    assert_eq!(admitted(Actor::new("bo", "RESALE").scope("north"), "USER", "north"), Ok(()));
    let refused = admitted(Actor::new("bo", "RESALE").scope("south"), "USER", "north").unwrap_err();
    assert!(
        matches!(&refused, Refusal::WrongScope { mode: Mode::Create, ids, .. } if *ids == ["c1".into()]),
        "{refused:?}"
    );
    let refused = admitted(Actor::new("cy", "GUEST"), "USER", "north").unwrap_err();
    assert_eq!(refused.code(), "missing_role", "{refused:?}");
}

#[test]
fn a_record_excluded_by_the_filter_is_not_created() {
    let refused = admitted(Actor::new("ana", "MASTER"), "ADMIN", "north").unwrap_err();
    assert_eq!(refused.code(), "invalid", "{refused:?}");
    assert!(refused.to_string().contains("`customers`") && refused.to_string().contains("role"), "{refused}");
}
