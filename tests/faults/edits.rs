//! Faults of the modes that remove nothing: `create`, `update` and `reassign`.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::Fault;
use serde_json::{Value, json};

use crate::case;

/// Returns the faults of a policy for credit unions with this invalid mode.
#[track_caller]
fn mode(name: &str, policy: &Value) -> Vec<Fault> {
    of(name, policy, &json!({}))
}

/// Returns the faults of a policy for credit unions with this declaration of the kind `unions`.
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
        => "modes.update.rules", "mode update removes nothing, so no reference is reached", "remove the rules";
    guards_on_a_new_record_are_reported:
        mode("create", &json!({ "allow": "any", "guards": [{ "name": "g", "on": "members", "severity": "block" }] }))
        => "modes.create.guards", "no rows depend on a record that does not exist yet", "remove the guards";
    events_about_other_rows_in_a_mode_with_values_are_reported:
        mode("create", &json!({ "allow": "any", "effects": [{ "topic": "t", "on": "members" }] }))
        => "modes.create.effects[0]", "in mode create, an event can only be about the subject itself",
           "remove `on`, `via` and `when`";
    a_rule_that_reassigns_nothing_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": "cascade" } }))
        => "modes.reassign.rules.members.union_id", "`cascade` is not valid in mode reassign",
           "use `reassign` with a target from the request, or `keep`";
    a_target_in_the_policy_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": { "reassign": { "to": "u2" } } } }))
        => "modes.reassign.rules.members.union_id", "`reassign` is not valid in mode reassign",
           "use `reassign` with a target from the request, or `keep`";
    on_survive_in_a_mode_that_removes_nothing_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": { "then": "reassign", "on_survive": "set_null" } } }))
        => "modes.reassign.rules.members.union_id", "`parent` and `on_survive` are not valid in mode reassign",
           "remove them; this mode removes nothing";
    a_reference_far_from_the_subject_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "loans.member_id": "reassign" } }))
        => "modes.reassign.rules.loans.member_id", "`loans.member_id` refers neither to the subject nor from it",
           "reassign it with a policy whose subject is `members` or `loans`";
    qualifies_without_a_target_is_reported:
        mode("reassign", &json!({ "allow": "any", "rules": { "members.union_id": { "then": "keep", "qualifies": { "field": "state", "eq": "A" } } } }))
        => "modes.reassign.rules.members.union_id.qualifies", "`qualifies` needs a reassigned target",
           "remove it, or use the rule `reassign`";
    a_version_field_that_is_also_the_status_is_reported:
        kind(&json!({ "status": "state", "version": "state" }))
        => "kinds.unions.version", "`state` also has another role",
           "use a separate field; the library writes this one";
    an_instant_that_is_text_is_reported:
        kind(&json!({ "updated_at": "at", "fields": { "at": "text" } }))
        => "kinds.unions.updated_at", "`at` is text; expected timestamp", "correct its type under `fields`";
}
