//! What a policy does not decide about yet is said in every plan and every receipt, and may block.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Mode, Request};
use client_lifecycle::lifecycle::Error;
use serde_json::json;

use crate::common::backend::{Backend, On, on_every_store};

fn policy(restrict: bool) -> DeletionPolicy {
    let mode = || json!({ "allow": "any", "rules": {} });
    let document = json!({
        "subject": "clients",
        "kinds": { "clients": { "status": "status", "deleted_at": "deleted_at", "personal": { "name": { "text": "-" } } } },
        "references": [],
        "undecided": [ { "table": "logs", "because": "may hold ids", "restrict": restrict },
                       { "reference": "bills.by", "because": "may hold ids" } ],
        "modes": { "hard_delete": mode(), "soft_delete": mode(), "deactivate": mode(), "anonymize": mode(), "reactivate": mode() }
    });
    let policy = DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"));
    let written = serde_json::to_string(&policy).unwrap();
    assert_eq!(DeletionPolicy::from_json(&written).unwrap(), policy);
    policy
}

fn rows() -> serde_json::Value {
    json!({ "clients": [{ "id": "a", "status": "ON", "deleted_at": null, "name": "Ana" }] })
}

const MODES: [Mode; 4] = [Mode::HardDelete, Mode::SoftDelete, Mode::Deactivate, Mode::Anonymize];

#[cfg(feature = "testing")]
#[test]
fn the_model_blocks_what_is_undecided() {
    use client_lifecycle::domain::{Record, Value};
    use client_lifecycle::testing::model::{Rows, judge};
    let row = Record::new("a").with("status", "ON").with("deleted_at", Value::Null).with("name", "Ana");
    let mut rows = Rows::new();
    rows.entry("clients".into()).or_default().insert(row.id.clone(), row);
    for (restrict, mode) in [false, true].into_iter().flat_map(|restrict| MODES.map(|mode| (restrict, mode)))
    {
        let request = Request::new(mode, "clients", "a");
        let verdict = judge(&policy(restrict), &rows, &request, chrono::DateTime::UNIX_EPOCH, None).unwrap();
        assert_eq!(verdict.executable, !restrict, "{mode}");
        assert_eq!(verdict.blockers.get(&(None, "undecided".into())), restrict.then_some(&1), "{mode}");
    }
}

on_every_store! {
    async fn the_first_line_of_a_plan_and_of_a_receipt_says_how_much_is_undecided(on: On) {
        for mode in MODES {
            let policy = policy(false);
            let backend = Backend::with(on, &policy, &rows()).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let request = Request::new(mode, "clients", "a");
            let plan = lifecycle.plan(&request).await.unwrap();
            let says = "the policy leaves 2 tables or references UNDECIDED";
            for text in [plan.to_string(), plan.markdown()] {
                assert!(text.lines().next().unwrap().ends_with(says), "{text}");
            }
            assert_eq!(serde_json::to_value(&plan).unwrap()["undecided"], 2);
            let receipt = lifecycle.apply(&request, &plan).await.unwrap();
            assert!(receipt.to_string().lines().next().unwrap().ends_with(says), "{receipt}");
            assert_eq!(serde_json::to_value(&receipt).unwrap()["undecided"], 2);
        }
    }

    async fn an_undecided_table_that_restricts_blocks_every_removal(on: On) {
        for mode in MODES {
            let policy = policy(true);
            let backend = Backend::with(on, &policy, &rows()).await;
            let lifecycle = backend.lifecycle(&policy).await;
            let request = Request::new(mode, "clients", "a");
            let before = backend.all_rows().await;
            let plan = lifecycle.plan(&request).await.unwrap();
            assert!(!plan.is_executable(), "{plan}");
            assert_eq!(plan.blockers[0].rule, "undecided");
            assert_eq!(plan.blockers[0].message, "the policy does not decide yet about `logs`");
            let error = lifecycle.execute(&request).await.unwrap_err();
            assert!(matches!(error, Error::Blocked(_)), "{error:?}");
            assert_eq!(backend.all_rows().await, before);
        }
    }
}
