//! Faults that only a policy built in Rust can have.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Fault, Mask, Mode, Period, eq};
use client_lifecycle::policy::{ModeBuilder, PolicyBuilder, cascade, keep, reassign, retain, set_null};

use crate::case;

/// Returns the faults of a policy that is valid apart from the additions.
#[track_caller]
fn built(add: impl FnOnce(PolicyBuilder) -> PolicyBuilder) -> Vec<Fault> {
    let policy = DeletionPolicy::of("clients");
    case::of(add(policy).hard_delete(|mode| mode.allow("ADMIN").others(cascade())).build())
}

/// Returns the faults of a policy whose only mode is valid apart from the additions.
#[track_caller]
fn mode(add: impl FnOnce(ModeBuilder) -> ModeBuilder) -> Vec<Fault> {
    let policy = DeletionPolicy::of("clients")
        .reference_with("bills.client_id", "clients", |reference| reference.nullable());
    case::of(policy.hard_delete(|mode| add(mode.allow("ADMIN"))).build())
}

faulty! {
    a_reference_without_a_field_is_reported:
        built(|policy| policy.reference("debts", "clients"))
        => "references.debts", "a reference must be `kind.field`", "for example `debts.client_id`";
    a_retention_without_a_start_is_reported:
        mode(|mode| mode.rule("bills.client_id", retain("P6Y").basis("law")))
        => "modes.hard_delete.rules.bills.client_id.retain.from",
           "a retention needs a date from which its period runs", "name a field of type date or timestamp";
    a_retention_without_a_basis_is_reported:
        mode(|mode| mode.rule("bills.client_id", retain(Period::years(6)).from("at")))
        => "modes.hard_delete.rules.bills.client_id.retain.basis",
           "a retention needs a legal basis", "name the law and article, or the contract, in `basis`";
    a_start_outside_a_retention_is_reported:
        mode(|mode| mode.rule("bills.client_id", keep().from("at")))
        => "modes.hard_delete.rules.bills.client_id", "`from` must follow `retain`", "leave it out, or start with `retain`";
    masks_of_something_else_than_anonymize_are_reported:
        mode(|mode| mode.rule("bills.client_id", keep().with([("note", Mask::Null)])))
        => "modes.hard_delete.rules.bills.client_id", "`with` must follow `anonymize`", "leave it out, or start with `anonymize`";
    a_target_of_something_else_than_a_redirect_is_reported:
        mode(|mode| mode.rule("bills.client_id", keep().to(7)))
        => "modes.hard_delete.rules.bills.client_id", "`to` must follow `reassign` or `set_default`", "leave it out, or start with one of the two";
    a_target_that_is_not_an_id_is_reported:
        mode(|mode| mode.rule("bills.client_id", reassign().to(true)))
        => "modes.hard_delete.rules.bills.client_id", "the argument of `to` is not an id", "pass the id of the record";
    a_reference_with_two_rules_is_reported:
        mode(|mode| mode.rule("bills.client_id", cascade()).rule("bills.client_id", keep()))
        => "modes.hard_delete.rules.bills.client_id", "the reference has two rules", "keep one rule; `otherwise` adds entries";
    an_unknown_kind_cannot_be_left_out:
        built(|policy| policy.without("sales"))
        => "kinds.sales", "`sales` cannot be left out", "pass a kind of the policy that is not its subject";
    the_subject_cannot_be_left_out:
        built(|policy| policy.without("clients"))
        => "kinds.clients", "`clients` cannot be left out", "pass a kind of the policy that is not its subject";
    a_mode_that_is_not_offered_cannot_be_left_out:
        built(|policy| policy.without_mode(Mode::Anonymize))
        => "modes.anonymize", "the mode cannot be left out, because it is not offered", "pass a mode that the policy offers";
    a_reference_without_a_rule_cannot_be_overruled:
        mode(|mode| mode.overrule("bills.client_id", keep()))
        => "modes.hard_delete.rules.bills.client_id", "the reference has no rule yet", "use `rule` instead";
    an_unknown_guard_cannot_be_left_out:
        mode(|mode| mode.others(cascade()).without_guard("debts"))
        => "modes.hard_delete.guards", "unknown name `debts`", "correct the name";
    an_invalid_period_is_reported:
        mode(|mode| mode.rule("bills.client_id", retain("six years").from("at").basis("law")))
        => "modes.hard_delete.rules.bills.client_id",
           "`six years` is not an ISO 8601 period; expected a period such as `P6Y`, `P30D` or `PT12H`", "use `P`, a number and a unit";
    an_invalid_period_for_all_others_is_reported:
        mode(|mode| mode.others(retain("6Y").from("at").basis("law")))
        => "modes.hard_delete.rules.*",
           "`6Y` is not an ISO 8601 period; expected a period such as `P6Y`, `P30D` or `PT12H`", "use `P`, a number and a unit";
}

#[test]
fn invalid_builder_calls_are_reported_with_all_other_faults() {
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
    for said in [
        "`kind.field`",
        "`six years` is not an ISO 8601 period",
        "the reference has two rules",
        "the mode has no permissions",
    ] {
        assert!(faults.contains(said), "{said} is missing in\n{faults}");
    }
}
