//! Tables: what small policies compile to. A `?` after a reference makes it nullable.

use serde_json::{Value as Json, json};

use super::outcomes::KindOutcomes;
use super::{CompileContext, CompiledMode, CompiledStep};
use crate::domain::{KindName, Mode};
use crate::policy::DeletionPolicy;
use crate::protocol::Stratum;

/// A reference, the kind it refers to, and its rule in `hard_delete`.
type Rule<'a> = (&'a str, &'a str, Json);

fn policy(rules: &[Rule<'_>], guards: &Json) -> DeletionPolicy {
    let kind = json!({
        "deleted_at": "deleted_at",
        "tombstone": true,
        "personal": { "name": { "text": "anonymized" } },
        "fields": { "state": "text", "issued_at": "timestamp" }
    });
    let mut document = json!({
        "subject": "clients", "kinds": { "clients": kind }, "references": [],
        "modes": { "hard_delete": { "allow": "any", "rules": {}, "guards": guards } }
    });
    for (reference, to, rule) in rules {
        let name = reference.trim_end_matches('?');
        let from = name.split('.').next().unwrap();
        document["kinds"][from] = kind.clone();
        let declared = json!({ "from": name, "to": to, "nullable": name != *reference });
        document["references"].as_array_mut().unwrap().push(declared);
        document["modes"]["hard_delete"]["rules"][name] = rule.clone();
    }
    DeletionPolicy::from_json(&document.to_string()).unwrap_or_else(|faults| panic!("{faults}"))
}

/// The deciding references of each step, with what happens to the rows. Hidden steps are in parentheses.
fn steps(rules: &[Rule<'_>]) -> Vec<String> {
    let policy = policy(rules, &json!([]));
    let named = |step: &CompiledStep| {
        let by = step.key.path.last().map_or(step.key.kind.as_str(), |name| name.as_str());
        let text = format!("{} {by}", step.key.disposition);
        if step.shown { text } else { format!("({text})") }
    };
    policy.compiled[&Mode::HardDelete].steps.iter().map(named).collect()
}

fn locks(rules: &[Rule<'_>], guards: &Json) -> Vec<String> {
    let policy = policy(rules, guards);
    let mode: &CompiledMode = &policy.compiled[&Mode::HardDelete];
    let name = |id| mode.sets.iter().flat_map(Stratum::sets).find(|set| set.id == id).unwrap().name.clone();
    mode.locks.iter().map(|rows| name(rows.set)).collect()
}

/// The ranks of a kind: the outcome, the deciding reference and the position of its entry.
fn ranks(rules: &[Rule<'_>], kind: &str) -> Vec<String> {
    let policy = policy(rules, &json!([]));
    let (subject, mode) = (policy.subject.clone(), &policy.modes[&Mode::HardDelete]);
    let context = CompileContext::new(&subject, &policy.map, Mode::HardDelete, mode);
    let meanings = KindOutcomes::of_kind(&context, &KindName::from(kind)).meanings.into_iter();
    let named = meanings.map(|meaning| {
        let (reference, entry) = meaning.entry().unwrap();
        format!("{:?} by {reference} [{entry}]", meaning.outcome)
    });
    named.collect()
}

fn cascade() -> Json {
    json!("cascade")
}

fn retain() -> Json {
    json!({ "retain": { "for": "P6Y", "from": "issued_at", "basis": "tax law" } })
}

fn chain() -> [Rule<'static>; 2] {
    [("debts.client_id", "clients", cascade()), ("payments.debt_id", "debts", cascade())]
}

fn diamond() -> [Rule<'static>; 4] {
    [
        ("a.client_id", "clients", cascade()),
        ("b.client_id", "clients", cascade()),
        ("c.a_id", "a", cascade()),
        ("c.b_id", "b", cascade()),
    ]
}

#[test]
fn steps_go_from_the_leaves_to_the_subject() {
    assert_eq!(steps(&chain()), ["delete payments.debt_id", "delete debts.client_id", "delete clients"]);
    assert_eq!(
        steps(&diamond()),
        ["delete c.a_id", "delete c.b_id", "delete b.client_id", "delete a.client_id", "delete clients"],
        "one step for each reference that decides"
    );
}

#[test]
fn steps_of_a_kind_are_deletions_then_kept_rows_then_redirects() {
    let mut rule = retain();
    rule["link"] = json!("set_null");
    assert_eq!(
        steps(&[("invoices.client_id?", "clients", rule)]),
        [
            "delete invoices.client_id",
            "retain invoices.client_id",
            "set_null invoices.client_id",
            "delete clients",
        ]
    );
}

#[test]
fn a_referenced_subject_may_become_a_tombstone() {
    assert_eq!(
        steps(&[("invoices.client_id", "clients", json!("anonymize"))]),
        ["anonymize invoices.client_id", "delete clients", "tombstone clients"]
    );
}

#[test]
fn in_a_cycle_references_are_emptied_before_anything_is_deleted() {
    assert_eq!(
        steps(&[("clients.referrer_id?", "clients", cascade())]),
        ["(set_null clients.referrer_id)", "delete clients", "delete clients.referrer_id"]
    );
    assert_eq!(
        steps(&[
            ("addresses.client_id", "clients", cascade()),
            ("clients.address_id?", "addresses", json!("set_null")),
        ]),
        [
            "set_null clients.address_id",
            "(set_null clients.address_id)",
            "delete addresses.client_id",
            "delete clients",
        ],
        "then rows are deleted along the mandatory reference"
    );
}

#[test]
fn ranks_are_in_the_order_of_precedence() {
    let when = |state: &str, then: &str| json!({ "when": { "field": "state", "eq": state }, "then": then });
    let entries = json!([when("A", "delete"), when("B", "soft_delete"), when("C", "anonymize"), retain()]);
    assert_eq!(
        ranks(&[("invoices.client_id?", "clients", entries)], "invoices"),
        [
            "Retain by invoices.client_id [3]",
            "Anonymize by invoices.client_id [2]",
            "Soft by invoices.client_id [1]",
            "AlreadySoft by invoices.client_id [1]",
            "Delete by invoices.client_id [0]",
            "Delete by invoices.client_id [3]",
        ],
        "a retained row is deleted once its period is over"
    );
}

#[test]
fn of_equal_outcomes_the_reference_nearest_to_the_subject_ranks_first() {
    let rules = [
        ("debts.client_id", "clients", cascade()),
        ("payments.debt_id", "debts", cascade()),
        ("payments.payer_id", "clients", cascade()),
    ];
    assert_eq!(
        ranks(&rules, "payments"),
        ["Delete by payments.payer_id [0]", "Delete by payments.debt_id [0]"]
    );
}

#[test]
fn removed_rows_are_locked_if_other_rows_could_refer_to_them() {
    assert_eq!(locks(&chain(), &json!([])), ["the subjects", "debts: what becomes of them"]);
    let one_condition = json!([
        { "when": { "field": "state", "is_null": true }, "then": "restrict" }, { "then": "cascade" } ]);
    assert_eq!(
        locks(&[("debts.client_id", "clients", one_condition)], &json!([])),
        ["the subjects"],
        "the statement that deletes the debts checks the condition again"
    );
}

#[test]
fn rows_are_locked_if_the_condition_that_protects_them_may_become_unknown() {
    let one_condition = json!([
        { "when": { "field": "state", "eq": "OPEN" }, "then": "restrict" }, { "then": "cascade" } ]);
    assert_eq!(
        locks(&[("debts.client_id", "clients", one_condition)], &json!([])),
        ["the subjects", "debts: what becomes of them"]
    );
}

#[test]
fn rows_that_several_references_decide_about_are_locked() {
    assert_eq!(
        locks(&diamond(), &json!([])),
        ["the subjects", "a: what becomes of them", "b: what becomes of them", "c: what becomes of them"]
    );
}

#[test]
fn rows_that_a_condition_of_a_guard_watches_are_locked_unless_it_only_notes() {
    let guards = |severity: &str| {
        json!([{ "name": "open_debts", "on": "debts", "severity": severity,
                 "when": { "field": "state", "eq": "OPEN" } }])
    };
    let rules = [("debts.client_id", "clients", cascade())];
    assert_eq!(locks(&rules, &guards("block")), ["the subjects", "debts: dependents of the subject"]);
    assert_eq!(locks(&rules, &guards("note")), ["the subjects"]);
}

/// The path of the step about a kind.
fn path(rules: &[Rule<'_>], kind: &str) -> Vec<String> {
    let policy = policy(rules, &json!([]));
    let mut steps = policy.compiled[&Mode::HardDelete].steps.iter().filter(|step| step.shown);
    let of_kind = steps.rfind(|step| step.key.kind.as_str() == kind).unwrap();
    of_kind.key.path.iter().map(ToString::to_string).collect()
}

#[test]
fn a_path_leads_over_references_that_remove() {
    let rules = [
        ("bookings.client_id?", "clients", json!("set_null")),
        ("carts.client_id", "clients", json!("cascade")),
        ("bookings.cart_id", "carts", json!("cascade")),
        ("items.booking_id", "bookings", json!("cascade")),
    ];
    assert_eq!(path(&rules, "items"), ["carts.client_id", "bookings.cart_id", "items.booking_id"]);
    // In a cycle of kinds it is the same.
    let closing = ("carts.item_id?", "items", json!("set_null"));
    let cycle: Vec<_> = rules.into_iter().chain([closing]).collect();
    assert_eq!(path(&cycle, "items"), ["carts.client_id", "bookings.cart_id", "items.booking_id"]);
    // A row that a rule keeps back is a reason only for entries about such rows.
    let kept = [
        (
            "bookings.client_id",
            "clients",
            json!({ "retain": { "for": "P1Y", "from": "issued_at", "basis": "law" } }),
        ),
        ("carts.client_id", "clients", json!("cascade")),
        (
            "carts.booking_id?",
            "bookings",
            json!([{ "parent": "retain", "then": "delete" }, { "then": "keep" }]),
        ),
    ];
    let policy = policy(&kept, &json!([]));
    let steps = policy.compiled[&Mode::HardDelete].steps.iter();
    let deleting = steps.filter(|step| step.key.rule == "delete").map(|step| step.key.path.len());
    assert_eq!(deleting.collect::<Vec<_>>(), [2]);
}
