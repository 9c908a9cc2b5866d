//! Clause 4: unknown kinds, fields and references are errors, never ignored.

use super::Host;
use super::change::{Change, all, branch, referrers, update, when};
use super::observed::Observed;
use super::world::{load_all, world};
use crate::domain::{DataMap, Kind, eq};
use crate::protocol::{Branch, Source, Write};
use crate::store::StoreError;

fn assert_unknown(error: Option<StoreError>) {
    let Some(error) = error else {
        panic!("an unknown name was ignored");
    };
    let source = std::error::Error::source(&error);
    assert!(
        matches!(error, StoreError::Unknown { .. }),
        "expected an unknown name, found: {error} ({source:?})"
    );
    assert!(!error.is_retryable(), "a retry cannot help");
}

async fn is_unknown(host: &dyn Host, change: Change) {
    load_all(host).await;
    let before = Observed::by(host).await;
    let result = host.store().apply(&change.build()).await;
    assert_unknown(result.err());
    before.assert_same(&Observed::by(host).await, "after an unknown name");
}

async fn survey_is_unknown(host: &dyn Host, change: &Change) {
    let result = host.store().survey(&change.query()).await;
    assert_unknown(result.err());
}

fn with_ghosts() -> DataMap {
    let kinds = world().kinds().cloned().collect::<Vec<_>>();
    let ghosts = ["ghosts", "spirits"].map(Kind::named);
    let references = world().references().cloned().collect::<Vec<_>>();
    DataMap::new(kinds.into_iter().chain(ghosts), references).expect("a map")
}

/// The data map has the kind, but the store does not.
pub async fn clause_4_a_kind_the_store_does_not_have(host: &dyn Host) {
    let change = Change::of(&["c1"])
        .map(with_ghosts())
        .set("ghosts", vec![branch(Source::Ids(vec!["g1".into()]))])
        .ask(all(1))
        .step(1, Write::Keep)
        .step(0, Write::Delete);
    survey_is_unknown(host, &change).await;
    is_unknown(host, change).await;
}

/// Neither the data map nor the store has the kind.
pub async fn clause_4_a_kind_the_map_does_not_have(host: &dyn Host) {
    let change = Change::of(&["c3"])
        .set("ghosts", vec![branch(Source::Ids(vec!["g1".into()]))])
        .ask(all(1))
        .step(1, Write::Delete)
        .step(0, Write::Delete);
    survey_is_unknown(host, &change).await;
    is_unknown(host, change).await;
}

/// A set follows a reference that the data map does not declare.
pub async fn clause_4_an_undeclared_reference(host: &dyn Host) {
    let change = Change::of(&["c3"])
        .set("debts", vec![branch(referrers("debts.ghost_id", all(0)))])
        .ask(all(1))
        .step(1, Write::Delete)
        .step(0, Write::Delete);
    survey_is_unknown(host, &change).await;
    is_unknown(host, change).await;
}

/// An unknown field in a condition is an error, not null.
pub async fn clause_4_a_field_in_a_condition(host: &dyn Host) {
    load_all(host).await;
    let haunted = Branch {
        cases: vec![when(eq("ghost_field", "boo"), 0)],
        ..branch(referrers("debts.client_id", all(0)))
    };
    let change = Change::of(&["c1"]).set("debts", vec![haunted]).ask(all(1)).step(1, Write::Delete);
    survey_is_unknown(host, &change).await;
    let before = Observed::by(host).await;
    let result = host.store().apply(&change.build()).await;
    assert_unknown(result.err());
    before.assert_same(&Observed::by(host).await, "after an unknown field");
}

/// A step writes an unknown field.
pub async fn clause_4_a_field_in_an_update(host: &dyn Host) {
    let change = Change::of(&["c1"]).step(0, update("name", "x")).step(0, update("ghost_field", "boo"));
    is_unknown(host, change).await;
}

/// An event contains an unknown field.
pub async fn clause_4_a_field_in_an_event(host: &dyn Host) {
    let change =
        Change::of(&["c1"]).event("client.changed", 0, &["name", "ghost_field"]).step(0, update("name", "x"));
    is_unknown(host, change).await;
}

/// `check` names all missing kinds at once, and finds no fault in the suite's own data map.
pub async fn clause_4_check_names_all_missing_kinds_at_once(host: &dyn Host) {
    load_all(host).await;
    let check = |map: DataMap| async move { host.store().check(&map).await.expect("it answers") };
    let of_kinds = |faults: Vec<crate::domain::Fault>| -> Vec<String> {
        let paths = faults.into_iter().map(|fault| fault.path);
        paths.filter(|path| path.starts_with("kinds.")).collect()
    };
    assert_eq!(of_kinds(check(world()).await), Vec::<String>::new());
    assert_eq!(of_kinds(check(with_ghosts()).await), ["kinds.ghosts", "kinds.spirits"]);
}
