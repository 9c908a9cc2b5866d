//! Faults of modes that remove nothing: `create`, `update` and `reassign`.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::Fault;
use serde_json::{Value, json};

use crate::case;

/// Returns the faults of a policy for unions with an invalid mode.
#[track_caller]
fn mode(name: &str, policy: &Value) -> Vec<Fault> {
    of(name, policy, &json!({}))
}

/// Returns the faults of a policy for unions with another declaration of the unions.
#[track_caller]
fn kind(unions: &Value) -> Vec<Fault> {
    of("update", &json!({ "allow": "any" }), unions)
}

#[track_caller]
fn of(mode: &str, policy: &Value, unions: &Value) -> Vec<Fault> {
    let document = json!({
        "subject": "unions",
        "kinds": { "unions": unions, "members": {}, "loans": {}, "officers": {} },
        "references": [
            { "from": "members.union_id", "to": "unions" },
            { "from": "loans.member_id", "to": "members" },
            { "from": "unions.officer_id", "to": "officers", "nullable": true } ],
        "modes": { mode: policy }
    });
    case::of(DeletionPolicy::from_json(&document.to_string()))
}

faulty! {
    rules_in_a_mode_with_values_are_reported:
        mode("update", &json!({ "allow": "any", "rules": { "*": "keep" } }))
        => "modes.update.rules", "mode update removes nothing, so no reference is reached", "leave the rules out";
    guards_on_a_new_record_are_reported:
        mode("create", &json!({ "allow": "any", "guards": [{ "name": "g", "on": "members", "severity": "block" }] }))
        => "modes.create.guards", "nothing hangs on a record that is not there yet", "leave the guards out";
    events_about_other_rows_in_a_mode_with_values_are_reported:
        mode("create", &json!({ "allow": "any", "effects": [{ "topic": "t", "on": "members" }] }))
        => "modes.create.effects[0]", "in mode create others are told of the subject itself, whatever it holds",
           "leave `on`, `via` and `when` out";
    a_rule_that_reassigns_nothing_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": "cascade" } }))
        => "modes.reassign.rules.members.union_id", "`cascade` makes no sense in mode reassign",
           "use `reassign`, whose target the request names, or `keep`";
    a_target_in_the_policy_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": { "reassign": { "to": "u2" } } } }))
        => "modes.reassign.rules.members.union_id", "`reassign` makes no sense in mode reassign",
           "use `reassign`, whose target the request names, or `keep`";
    on_survive_in_a_mode_that_removes_nothing_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": { "then": "reassign", "on_survive": "set_null" } } }))
        => "modes.reassign.rules.members.union_id", "`parent` and `on_survive` make no sense in mode reassign",
           "leave them out; nothing is removed";
    a_reference_far_from_the_subject_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "loans.member_id": "reassign" } }))
        => "modes.reassign.rules.loans.member_id", "`loans.member_id` leads neither to the subject nor from it",
           "reassign it by a policy whose subject is `members` or `loans`";
    qualifies_without_a_target_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": { "then": "keep", "qualifies": { "field": "state", "eq": "A" } } } }))
        => "modes.reassign.rules.members.union_id.qualifies", "nothing is reassigned whose target could qualify",
           "leave it out, or use the rule `reassign`";
    a_version_field_that_is_also_the_status_is_reported:
        kind(&json!({ "status": "state", "version": "state" }))
        => "kinds.unions.version", "`state` is another thing too",
           "give it a field of its own; the library writes it";
    an_instant_that_is_text_is_reported:
        kind(&json!({ "updated_at": "at", "fields": { "at": "text" } }))
        => "kinds.unions.updated_at", "`at` is text, and has to be timestamp", "correct its type under `fields`";
}
