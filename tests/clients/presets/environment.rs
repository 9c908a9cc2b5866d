//! Deletions of test data are refused in production.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, AuditOutcome, Reason, Request};
use client_lifecycle::lifecycle::{Environment, Error};
use client_lifecycle::plan::Plan;
use client_lifecycle::policy::{ModeBuilder, Refusal};
use serde_json::json;

use crate::common::backend::{Backend, On, on_every_store};

fn policy() -> DeletionPolicy {
    DeletionPolicy::of("clients").hard_delete(ModeBuilder::allow_authenticated).build().unwrap()
}

fn request() -> Request {
    Request::hard_delete("clients", "c1").by(Actor::with_roles("ana", [])).with_reason(Reason::TestData)
}

async fn backend(on: On) -> Backend {
    Backend::with(on, &policy(), &json!({ "clients": [ { "id": "c1" } ] })).await
}

fn is_refused(planned: Result<Plan, Error>) -> bool {
    matches!(planned, Err(Error::Refused(Refusal::Invalid { remedy, .. })) if remedy.contains("real reason"))
}

on_every_store! {
    // R39 R56 R211
    async fn test_data_is_refused_in_production_and_recorded(on: On) {
        let backend = backend(on).await;
        let production = backend.lifecycle(&policy()).await;
        assert!(is_refused(production.plan(&request()).await));
        assert!(production.execute(&request()).await.is_err());
        let entry = backend.audit().await.pop().unwrap();
        assert_eq!((entry.outcome, entry.reason), (AuditOutcome::Invalid, Some(Reason::TestData)));
        let elsewhere = backend.lifecycle(&policy()).await.with_environment(Environment::NonProduction);
        elsewhere.execute(&request()).await.unwrap();
        assert_eq!(backend.rows("clients").await, json!([]));
    }

    async fn a_plan_from_another_environment_is_not_applied_in_production(on: On) {
        let backend = backend(on).await;
        let elsewhere = backend.lifecycle(&policy()).await.with_environment(Environment::NonProduction);
        let plan = elsewhere.plan(&request()).await.unwrap();
        let production = backend.lifecycle(&policy()).await;
        assert!(production.apply(&request(), &plan).await.is_err());
        assert!(production.confirm(&request(), &plan.digest).await.is_err());
        assert_eq!(backend.rows("clients").await.as_array().unwrap().len(), 1);
    }

    async fn a_denied_actor_learns_nothing_else(on: On) {
        let backend = backend(on).await;
        let production = backend.lifecycle(&policy()).await;
        let anonymous = Request::hard_delete("clients", "c1").with_reason(Reason::TestData);
        let refused = production.execute(&anonymous).await.unwrap_err();
        assert_eq!(refused.code(), "unauthenticated");
    }
}

#[test]
fn environments_are_read_by_their_names() {
    for environment in Environment::ALL {
        assert_eq!(environment.as_str().parse(), Ok(*environment));
    }
    assert_eq!(Environment::default(), Environment::Production);
    let unknown = "prod".parse::<Environment>().unwrap_err();
    assert_eq!(unknown.to_string(), "unknown environment `prod`; expected `production` or `non-production`");
}
