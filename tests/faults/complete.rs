//! Every fault code has a test case.

use std::collections::BTreeSet;

use client_lifecycle::domain::FaultCode;

use crate::case::{Case, Expected};

fn cases() -> impl Iterator<Item = &'static Case> {
    let lists = [
        crate::builder::CASES,
        crate::data::CASES,
        crate::document::CASES,
        crate::edits::CASES,
        crate::forms::CASES,
        crate::map::CASES,
        crate::memory::CASES,
        crate::personal_ids::CASES,
    ];
    lists.into_iter().flatten()
}

#[test]
fn every_code_has_a_case() {
    let mut found = BTreeSet::new();
    for (expected, faults) in cases() {
        found.extend(expected.find(&faults()).map(|fault| fault.code));
    }
    // `SchemaMismatch` needs a database; its cases are in `sqlite` and `postgres`.
    found.insert(FaultCode::SchemaMismatch);
    let lacking: Vec<_> = FaultCode::ALL.iter().filter(|code| !found.contains(code)).collect();
    assert!(lacking.is_empty(), "codes without a case: {lacking:?}");
}

#[test]
fn every_fault_has_a_remedy() {
    // These faults need no separate remedy, because their messages say what was expected.
    let by_serde = [
        "expected",
        "exactly one rule",
        "one of",
        "use `is_null`",
        "needs {",
        "nor",
        "such as",
        "duplicate",
        "is missing",
        "two masks",
        "takes no argument",
    ];
    #[allow(unused_mut, reason = "stores add cases only where their features are on")]
    let mut all: Vec<Expected> = cases().map(|(expected, _)| *expected).collect();
    #[cfg(feature = "sqlite")]
    all.extend(crate::sqlite::CASES.iter().map(|(expected, _)| *expected));
    #[cfg(feature = "postgres")]
    all.extend(crate::postgres::EXPECTED);
    for case in all {
        let said = by_serde.iter().any(|words| case.message.contains(words));
        assert!(!case.remedy.is_empty() || said, "{case:?}");
    }
}
