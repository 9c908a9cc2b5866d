//! Policies built in Rust: what only the builder can be told wrong.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Fault, Mask, Mode, Period, eq};
use client_lifecycle::policy::{ModeBuilder, PolicyBuilder, cascade, keep, reassign, retain, set_null};

use crate::case;

/// The faults of a policy that is right but for what is added to it.
#[track_caller]
fn built(add: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> Vec<Fault> {
    let policy = DeletionPolicy::of("clients");
    case::of(add(policy).hard_delete(|mode| mode.allow("ADMIN").others(cascade())).build())
}

/// The same for its only mode.
#[track_caller]
fn mode(add: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Vec<Fault> {
    let policy = DeletionPolicy::of("clients")
        .reference_with("bills.client_id", "clients", |reference| reference.nullable());
    case::of(policy.hard_delete(|mode| add(mode.allow("ADMIN"))).build())
}

faulty! {
    a_reference_without_a_field_is_reported:
        built(|policy| policy.reference("debts", "clients"))
        => "references.debts", "a reference is `kind.field`", "write for example `debts.client_id`";
    a_retention_without_a_start_is_reported:
        mode(|mode| mode.rule("bills.client_id", retain("P6Y").basis("law")))
        => "modes.hard_delete.rules.bills.client_id.retain.from",
           "a retention needs the date from which its period runs", "name a field of type date or timestamp";
    a_retention_without_a_basis_is_reported:
        mode(|mode| mode.rule("bills.client_id", retain(Period::years(6)).from("at")))
        => "modes.hard_delete.rules.bills.client_id.retain.basis",
           "a retention needs a ground", "name the law and article, or the contract";
    a_start_of_something_else_than_a_retention_is_reported:
        mode(|mode| mode.rule("bills.client_id", keep().from("at")))
        => "modes.hard_delete.rules.bills.client_id", "`from` needs `retain` before it", "leave it out, or begin with `retain`";
    masks_of_something_else_than_anonymize_are_reported:
        mode(|mode| mode.rule("bills.client_id", keep().with([("note", Mask::Null)])))
        => "modes.hard_delete.rules.bills.client_id", "`with` needs `anonymize` before it", "leave it out, or begin with `anonymize`";
    a_target_of_something_else_than_a_redirect_is_reported:
        mode(|mode| mode.rule("bills.client_id", keep().to(7)))
        => "modes.hard_delete.rules.bills.client_id", "`to` needs `reassign` or `set_default` before it", "leave it out, or begin with one of the two";
    a_target_that_is_not_an_id_is_reported:
        mode(|mode| mode.rule("bills.client_id", reassign().to(true)))
        => "modes.hard_delete.rules.bills.client_id", "what `to` names is not an id", "name the record by its id";
    a_reference_that_is_decided_twice_is_reported:
        mode(|mode| mode.rule("bills.client_id", cascade()).rule("bills.client_id", keep()))
        => "modes.hard_delete.rules.bills.client_id", "the reference is decided twice", "give it one rule; `otherwise` adds entries";
    a_kind_that_is_not_there_cannot_be_left_out:
        built(|policy| policy.without("sales"))
        => "kinds.sales", "`sales` cannot be left out", "name a kind that the policy has and that is not its subject";
    the_subject_cannot_be_left_out:
        built(|policy| policy.without("clients"))
        => "kinds.clients", "`clients` cannot be left out", "name a kind that the policy has and that is not its subject";
    a_mode_that_is_not_offered_cannot_be_left_out:
        built(|policy| policy.without_mode(Mode::Anonymize))
        => "modes.anonymize", "the mode is not offered and cannot be left out", "name a mode that the policy offers";
    a_reference_that_is_not_decided_cannot_be_overruled:
        mode(|mode| mode.overrule("bills.client_id", keep()))
        => "modes.hard_delete.rules.bills.client_id", "the reference is not decided yet", "say `rule` instead";
    a_guard_that_is_not_there_cannot_be_left_out:
        mode(|mode| mode.others(cascade()).without_guard("debts"))
        => "modes.hard_delete.guards", "there is no `debts` to leave out", "correct the name";
    a_period_that_is_none_is_reported:
        mode(|mode| mode.rule("bills.client_id", retain("six years").from("at").basis("law")))
        => "modes.hard_delete.rules.bills.client_id",
           "`six years` is not an ISO 8601 period; expected for example `P6Y`, `P30D` or `PT12H`", "write `P`, then a number and a unit";
    a_period_that_is_none_for_all_others_is_reported:
        mode(|mode| mode.others(retain("6Y").from("at").basis("law")))
        => "modes.hard_delete.rules.*",
           "`6Y` is not an ISO 8601 period; expected for example `P6Y`, `P30D` or `PT12H`", "write `P`, then a number and a unit";
}

#[test]
fn what_the_builder_cannot_read_is_reported_with_everything_else() {
    let faults = DeletionPolicy::of("clients")
        .reference("debts", "clients")
        .reference("bills.client_id", "clients")
        .hard_delete(|mode| {
            mode.rule(
                "bills.client_id",
                retain("six years").from("at").basis("law").when(eq("paid", true)).otherwise(set_null()),
            )
            .rule("bills.client_id", cascade())
        })
        .build()
        .unwrap_err()
        .to_string();
    for said in
        ["`kind.field`", "`six years` is not an ISO 8601 period", "decided twice", "nobody is allowed"]
    {
        assert!(faults.contains(said), "{said} is missing in\n{faults}");
    }
}
