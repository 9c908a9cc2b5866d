//! What the audit entry keeps of a subject: in a mode that erases, only what the policy lists.

use crate::common::backend::{Backend, On, on_every_store};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Mode, Request, eq};
use client_lifecycle::policy::restrict;
use serde_json::{Value, json};

fn policy(before: &[&str]) -> DeletionPolicy {
    let mode = json!({ "allow": "any", "rules": { "*": "keep" } });
    let mut erasing = mode.clone();
    if !before.is_empty() {
        erasing["before"] = json!(before);
    }
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "deleted_at": "deleted_at", "personal": { "name": "null" },
                                "fields": { "plan": "text", "note": "text" } } },
        "modes": { "hard_delete": erasing, "anonymize": erasing, "soft_delete": mode }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

async fn kept(on: On, policy: &DeletionPolicy, mode: Mode) -> Value {
    let row = json!({ "id": 1, "name": "Ana", "plan": "gold", "note": "has a dog", "deleted_at": null });
    let backend = Backend::with(on, policy, &json!({ "clients": [row] })).await;
    let request = Request::new(mode, "clients", 1).by(Actor::new("ana", "ADMIN"));
    backend.lifecycle(policy).await.execute(&request).await.unwrap();
    json!(backend.audit().await[0].before)
}

on_every_store! {
    async fn a_mode_that_erases_keeps_only_what_the_policy_lists(on: On) {
        for mode in [Mode::HardDelete, Mode::Anonymize] {
            assert_eq!(kept(on, &policy(&[]), mode).await, json!({}), "{on:?} {mode}");
            assert_eq!(kept(on, &policy(&["plan"]), mode).await, json!({ "plan": "gold" }), "{on:?} {mode}");
        }
        let soft = kept(on, &policy(&["plan"]), Mode::SoftDelete).await;
        assert_eq!(soft, json!({ "plan": "gold", "note": "has a dog", "deleted_at": null }), "{on:?}");
    }
}

#[test]
fn the_builder_and_the_document_list_the_same_fields() {
    let built = DeletionPolicy::of("clients")
        .reference("debts.client_id", "clients")
        .hard_delete(|mode| {
            mode.allow_any()
                .before("plan")
                .rule("debts.client_id", restrict().when(eq("open", "yes")).otherwise(restrict()))
        })
        .build()
        .unwrap();
    assert_eq!(built.mode(Mode::HardDelete).unwrap().before, ["plan"]);
    let again = DeletionPolicy::from_json(&serde_json::to_string(&built).unwrap()).unwrap();
    assert_eq!(again.mode(Mode::HardDelete).unwrap().before, ["plan"]);
    assert_eq!(again.version(), built.version());
}

#[test]
fn what_is_kept_is_part_of_the_version() {
    assert_ne!(policy(&[]).version(), policy(&["plan"]).version());
    assert_eq!(policy(&["plan", "note"]).version(), policy(&["note", "plan"]).version());
}
