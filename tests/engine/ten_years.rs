//! A host's property test of its own policy: invoices stay for ten years.
#![cfg(feature = "testing")]

use std::cell::Cell;

use chrono::{DateTime, Months, NaiveDate, Utc};
use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Actor, Request};
use client_lifecycle::testing::{Population, Scenario, rows_for};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use serde_json::json;

/// The number of populations within which the wrong period must be found.
const CASES: u32 = 100;

fn now() -> DateTime<Utc> {
    "2026-02-28T12:00:00Z".parse().unwrap()
}

fn policy(period: &str, field_type: &str) -> DeletionPolicy {
    let document = json!({
        "subject": "clients",
        "kinds": {
            "clients": { "fields": { "email": { "type": "text", "unique": true } },
                         "personal": { "email": "placeholder_email" }, "tombstone": true },
            "invoices": { "fields": { "issued": field_type, "state": "text" } },
            "lines": { "id": ["invoice_id", "line"] },
            "sessions": {}
        },
        "references": [
            { "from": "invoices.client_id", "to": "clients" },
            { "from": "lines.invoice_id", "to": "invoices" },
            { "from": "sessions.client_id", "to": "clients" }
        ],
        "modes": { "hard_delete": { "allow": [{ "role": "ADMIN" }], "rules": {
            "invoices.client_id": [
                { "when": { "field": "state", "eq": "DRAFT" }, "then": "cascade" },
                { "retain": { "for": period, "from": "issued", "basis": "Código de Comercio art. 30" } } ],
            "lines.invoice_id": "cascade",
            "sessions.client_id": "delete" } } }
    });
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// No invoice younger than ten years is ever deleted, unless it is a draft.
fn keeps_invoices_for_ten_years(policy: &DeletionPolicy, rows: &Population) -> Result<(), TestCaseError> {
    for client in rows.subjects() {
        let request = Request::hard_delete("clients", client).by(Actor::new("ana", "ADMIN"));
        let result = Scenario::of(policy).given_all(rows).when(request).then_done().then_matches_model();
        let left = result.store().rows("invoices");
        for invoice in rows.rows("invoices").filter(|row| row.get("state").as_text() != Some("DRAFT")) {
            let issued = &invoice.get("issued").as_text().unwrap()[..10];
            let issued: NaiveDate = issued.parse().unwrap();
            let is_due = issued + Months::new(120) <= now().date_naive();
            let is_left = left.iter().any(|row| row.id == invoice.id);
            prop_assert!(is_due || is_left, "deleted the invoice of {issued}");
        }
    }
    Ok(())
}

/// Runs the property with this seed. Returns the number of populations until the first failure.
fn run(policy: &DeletionPolicy, seed: u8) -> (u32, Result<(), TestError<Population>>) {
    let config = Config { failure_persistence: None, cases: CASES, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let (tried, failed) = (Cell::new(0), Cell::new(false));
    let outcome = TestRunner::new_with_rng(config, rng).run(&rows_for(policy, now()), |rows| {
        tried.set(tried.get() + u32::from(!failed.get()));
        let outcome = keeps_invoices_for_ten_years(policy, &rows);
        failed.set(failed.get() || outcome.is_err());
        outcome
    });
    (tried.get(), outcome)
}

#[test]
fn a_policy_of_ten_years_keeps_every_young_invoice() {
    for field_type in ["date", "timestamp"] {
        for seed in 0..3 {
            let (_, outcome) = run(&policy("P10Y", field_type), seed);
            outcome.unwrap_or_else(|error| panic!("{error}"));
        }
    }
}

#[test]
fn nine_years_written_for_ten_are_found_and_shown_with_one_invoice() {
    for field_type in ["date", "timestamp"] {
        let wrong = policy("P9Y", field_type);
        for seed in 0..11 {
            let (tried, outcome) = run(&wrong, seed);
            let Err(TestError::Fail(_, rows)) = outcome else { panic!("not found with seed {seed}") };
            assert!(tried <= 30, "found only in population {tried} of seed {seed}");
            assert_eq!(
                (rows.subjects().len(), rows.rows("invoices").count(), rows.count()),
                (1, 1, 2),
                "{rows:?}"
            );
            let invoice = rows.rows("invoices").next().unwrap();
            let issued: NaiveDate = invoice.get("issued").as_text().unwrap()[..10].parse().unwrap();
            let years = |years: u32| now().date_naive() - Months::new(12 * years);
            assert!(years(10) < issued && issued <= years(9), "{rows:?}");
            // The other values are the simplest.
            assert_eq!(invoice.get("state").as_text(), Some("a"), "{rows:?}");
            assert_eq!(rows.subjects()[0].to_string(), "clients-1", "{rows:?}");
        }
    }
}

/// A few days less than ten years are as wrong as a year less, and are found at the boundary only.
#[test]
fn a_period_that_is_a_few_days_too_short_is_found() {
    for wrong in ["P3650D", "P9Y11M26D"] {
        for seed in 0..3 {
            let (tried, outcome) = run(&policy(wrong, "date"), seed);
            assert!(
                matches!(outcome, Err(TestError::Fail(..))),
                "{wrong} was not found in {tried} populations"
            );
        }
    }
}
