//! Policies as documents that do not build.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::Fault;
use serde_json::{Value, json};

use crate::case;

fn base() -> Value {
    json!({
        "subject": "clients",
        "kinds": {
            "clients": { "status": "status", "deleted_at": "deleted_at",
                         "personal": { "email": "placeholder_email" },
                         "fields": { "email": { "type": "text", "unique": true }, "manager": "integer" } },
            "debts": { "fields": { "status": "text", "paid": "boolean", "extra": "json", "at": "timestamp" } },
            "items": {}, "islands": {}
        },
        "references": [
            { "from": "debts.client_id", "to": "clients" },
            { "from": "items.debt_id", "to": "debts", "nullable": true }
        ],
        "modes": { "hard_delete": {
            "allow": [ { "role": "ADMIN" } ],
            "rules": { "debts.client_id": "cascade", "items.debt_id": "cascade" } } }
    })
}

/// The faults of the base document with these places set: a key of an object, or one more element of a list.
#[track_caller]
pub(crate) fn document<const N: usize>(places: [(&str, Value); N]) -> Vec<Fault> {
    let mut document = base();
    for (pointer, value) in places {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(map) => _ = map.insert(key.into(), value),
            Value::Array(list) => list.push(value),
            _ => panic!("{parent} is no container"),
        }
    }
    faults(&document)
}

#[track_caller]
fn faults(document: &Value) -> Vec<Fault> {
    text(&document.to_string())
}

/// What serde finds in a value comes with its line and column, which say nothing here.
#[track_caller]
pub(crate) fn text(text: &str) -> Vec<Fault> {
    let mut faults = case::of(DeletionPolicy::from_json(text));
    for fault in faults.iter_mut().filter(|fault| fault.path != ".") {
        let end = fault.message.find(" at line ").unwrap_or(fault.message.len());
        fault.message.truncate(end);
    }
    faults
}

#[test]
fn the_policy_that_the_others_are_made_from_builds() {
    assert!(DeletionPolicy::from_json(&base().to_string()).is_ok());
}

faulty! {
    an_unknown_key_is_reported_with_its_path:
        document([("/modes/hard_delete/gaurds", json!([]))])
        => "modes.hard_delete.gaurds", "unknown key `gaurds`; expected `allow`, `reason`, `guards`, `rules` or `effects`", "";
    an_unknown_key_of_a_kind_is_reported_with_its_path:
        document([("/kinds/debts/tabel", json!("x"))])
        => "kinds.debts.tabel", "unknown key `tabel`; expected `table`, `id`, `status`, `deleted_at`, `created_at`, `updated_at`, `version`, `tombstone`, `volatile`, `filter`, `fields`, `personal` or `shard_key`", "";
    an_unknown_mode_is_reported_with_the_modes_there_are:
        document([("/modes/destroy", json!({"allow": "any"}))])
        => "modes.destroy", "unknown mode `destroy`; expected `create`, `update`, `reassign`, `deactivate`, `reactivate`, `soft_delete`, `anonymize` or `hard_delete`", "correct the name";
    an_unknown_subject_is_reported:
        document([("/subject", json!("persons"))])
        => "subject", "there is no kind `persons`", "declare it under `kinds`";
    a_reference_to_an_unknown_kind_is_reported:
        document([("/references/-", json!({"from": "debts.shop_id", "to": "shops"}))])
        => "references.debts.shop_id", "there is no kind `shops`", "declare it under `kinds`";
    a_reference_without_a_field_is_reported:
        document([("/references/-", json!({"from": "debts", "to": "clients"}))])
        => "references.debts", "a reference is `kind.field`", "write for example `debts.client_id`";
    a_reference_declared_twice_is_reported:
        document([("/references/-", json!({"from": "debts.client_id", "to": "items"}))])
        => "references.debts.client_id", "the reference is declared twice", "a field refers to one kind; use two fields";
    a_reference_that_is_the_id_is_reported:
        document([("/references/-", json!({"from": "debts.id", "to": "clients"}))])
        => "references.debts.id", "the id of a kind cannot be a reference too", "give the kind an id of its own";
    a_tombstone_without_personal_fields_is_reported:
        document([("/kinds/items/tombstone", json!(true))])
        => "kinds.items.tombstone", "a tombstone needs masked personal fields", "declare `personal`, so that what stays is nobody";
    a_masked_id_is_reported:
        document([("/kinds/items/personal", json!({"id": "null"}))])
        => "kinds.items.personal.id", "an id cannot be masked", "others refer to it; give the kind an id that is not personal";
    a_constant_mask_on_a_unique_field_is_reported:
        document([("/kinds/clients/personal", json!({"email": {"text": "gone"}}))])
        => "kinds.clients.personal.email", "the mask may give two rows the same value and the field is unique", "use `null`, `placeholder_email` or `hmac`";
    a_mask_that_does_not_fit_the_type_is_reported:
        document([("/kinds/clients/personal", json!({"manager": "year"}))])
        => "kinds.clients.personal.manager", "the mask makes no sense for a field of type integer", "`null` fits every nullable field";
    a_pseudonym_of_what_is_no_text_is_reported:
        document([("/kinds/clients/personal", json!({"manager": "hmac"}))])
        => "kinds.clients.personal.manager", "the mask makes no sense for a field of type integer", "`null` fits every nullable field";
    a_narrowed_kind_that_is_not_the_subject_is_reported:
        document([("/kinds/debts/filter", json!({"field": "status", "eq": "PAID"}))])
        => "kinds.debts.filter", "only the subject's kind can be narrowed", "use conditions in the rules";
    a_mode_without_allow_is_reported:
        document([("/modes/deactivate", json!({"rules": {"*": "keep"}}))])
        => "modes.deactivate.allow", "nobody is allowed to ask for this mode", "name roles, or say \"any\" where the host has decided already";
    an_empty_allow_is_reported:
        document([("/modes/hard_delete/allow", json!([]))])
        => "modes.hard_delete.allow", "the list of who may ask is empty", "name a role";
    a_scope_without_a_role_is_reported:
        document([("/modes/hard_delete/allow/-", json!({"scope": "manager"}))])
        => "modes.hard_delete.allow[1]", "an entry needs a `role` or `self`", "a scope narrows a role, it is none";
    an_allow_that_is_no_list_is_reported:
        document([("/modes/hard_delete/allow", json!("all"))])
        => "modes.hard_delete.allow", "found the text `all`; expected `any`, `authenticated` or a list such as [{\"role\": \"ADMIN\"}]", "";
    a_declared_reference_without_a_rule_is_reported:
        document([("/modes/hard_delete/rules", json!({"debts.client_id": "cascade"}))])
        => "modes.hard_delete.rules.items.debt_id", "the reference is declared and not decided", "give it a rule, or give all others one under \"*\"";
    a_rule_for_an_unknown_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.shop", json!("keep"))])
        => "modes.hard_delete.rules.debts.shop", "there is no reference `debts.shop`", "declare it under `references`, or correct the name";
    an_unknown_rule_is_reported_with_the_rules_there_are:
        document([("/modes/hard_delete/rules/debts.client_id", json!("casc"))])
        => "modes.hard_delete.rules.debts.client_id", "unknown rule `casc`; expected `cascade`, `delete`, `soft_delete`, `restrict`, `protect`, `anonymize`, `retain`, `set_null`, `set_default`, `reassign` or `keep`", "";
    an_entry_with_two_rules_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"then": "keep", "set_default": 1}))])
        => "modes.hard_delete.rules.debts.client_id", "an entry needs exactly one rule: `then`, `anonymize`, `retain`, `set_default` or `reassign`", "";
    a_list_without_a_last_word_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!([{"when": {"field": "status", "eq": "PAID"}, "then": "cascade"}]))])
        => "modes.hard_delete.rules.debts.client_id", "rows for which no condition holds are not decided", "end with an entry without `when`";
    an_empty_list_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!([]))])
        => "modes.hard_delete.rules.debts.client_id", "rows for which no condition holds are not decided", "end with an entry without `when`";
    an_entry_after_the_last_word_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!(["cascade", "protect"]))])
        => "modes.hard_delete.rules.debts.client_id[1]", "the entry is never reached", "entry 0 has no `when` and decides for every row";
    set_null_of_a_mandatory_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("set_null"))])
        => "modes.hard_delete.rules.debts.client_id", "`debts.client_id` is mandatory and cannot be emptied", "declare the reference `nullable`, or choose another rule";
    a_link_that_empties_a_mandatory_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"then": "keep", "on_survive": "set_null"}))])
        => "modes.hard_delete.rules.debts.client_id.on_survive", "`debts.client_id` is mandatory and cannot be emptied", "declare the reference `nullable`, or choose another rule";
    a_default_of_nothing_for_a_mandatory_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"set_default": null}))])
        => "modes.hard_delete.rules.debts.client_id", "`debts.client_id` is mandatory and cannot be emptied", "declare the reference `nullable`, or choose another rule";
    set_default_without_a_default_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("set_default"))])
        => "modes.hard_delete.rules.debts.client_id", "`debts.client_id` has no default", "say {\"set_default\": …}, or declare `default` for the field in the data map";
    retain_as_a_bare_word_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("retain"))])
        => "modes.hard_delete.rules.debts.client_id", "`retain` needs a period, a start and a basis; expected {\"retain\": {\"for\": \"P6Y\", \"from\": \"issued_at\", \"basis\": \"the law and its article\"}}", "";
    retain_from_a_field_that_is_no_date_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"retain": {"for": "P1Y", "from": "status", "basis": "law"}}))])
        => "modes.hard_delete.rules.debts.client_id.retain.from", "`status` is text, and a period runs from a date", "name a field of type date or timestamp";
    retain_without_a_ground_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"retain": {"for": "P1Y", "from": "at", "basis": " "}}))])
        => "modes.hard_delete.rules.items.debt_id.retain.basis", "a retention needs a ground", "name the law and article, or the contract";
    retain_for_no_period_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"retain": {"for": "6 years", "from": "at", "basis": "law"}}))])
        => "modes.hard_delete.rules.items.debt_id.retain.for", "`6 years` is not an ISO 8601 period; expected for example `P6Y`, `P30D` or `PT12H`", "";
    a_mandatory_reference_of_a_retained_row_is_reported_with_three_ways_out:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"retain": {"for": "P1Y", "from": "at", "basis": "law"}}))])
        => "modes.hard_delete.rules.debts.client_id", "a row that survives by `retain` must keep referring to a row of `clients` that goes (chain debts.client_id)", "say where the reference goes with `on_survive`, or declare it `nullable`, or let the row stay as `kinds.clients.tombstone`";
    a_mandatory_reference_of_a_kept_row_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("keep"))])
        => "modes.hard_delete.rules.debts.client_id", "a row that survives by `keep` must keep referring to a row of `clients` that goes (chain debts.client_id)", "say where the reference goes with `on_survive`, or declare it `nullable`, or let the row stay as `kinds.clients.tombstone`";
    a_link_that_asks_for_a_tombstone_of_a_kind_without_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"then": "keep", "on_survive": "tombstone"}))])
        => "modes.hard_delete.rules.items.debt_id", "a row that survives by `keep` must keep referring to a row of `debts` that goes (chain debts.client_id <- items.debt_id)", "say where the reference goes with `on_survive`, or declare it `nullable`, or let the row stay as `kinds.debts.tombstone`";
    soft_delete_of_a_kind_without_deleted_at_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!("soft_delete"))])
        => "modes.hard_delete.rules.items.debt_id", "`soft_delete` needs `deleted_at` of `items`", "declare `kinds.items.deleted_at`, or choose `keep`";
    anonymize_of_a_kind_without_personal_fields_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!("anonymize"))])
        => "modes.hard_delete.rules.items.debt_id", "`items` has no personal fields to mask", "declare `personal` for the kind, or give the rule masks";
    a_masked_reference_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"debt_id": "null"}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.debt_id", "ids and references cannot be masked", "use `on_survive`";
    cascade_below_a_parent_that_stays_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!([{"parent": "retain", "then": "cascade"}, "cascade"]))])
        => "modes.hard_delete.rules.items.debt_id[0]", "`cascade` speaks of removed parents, and this parent stays", "use `delete`, `anonymize`, `protect` or `keep`";
    delete_in_a_mode_that_removes_nothing_is_reported:
        document([("/modes/deactivate", json!({"allow": "any", "rules": {"*": "delete"}}))])
        => "modes.deactivate.rules.*", "`delete` makes no sense in mode deactivate", "a switched status removes nothing; use `cascade` or `keep`";
    retain_in_a_mode_that_erases_nothing_is_reported:
        document([("/modes/soft_delete", json!({"allow": "any", "rules": {"*": {"retain": {"for": "P1Y", "from": "at", "basis": "law"}}}}))])
        => "modes.soft_delete.rules.*", "`retain` makes no sense in mode soft_delete", "only what erases needs it; use `keep`";
    cascade_in_anonymize_is_reported:
        document([("/modes/anonymize", json!({"allow": "any", "rules": {"*": "cascade"}}))])
        => "modes.anonymize.rules.*", "`cascade` makes no sense in mode anonymize", "use `delete`, `anonymize` or `keep`";
    cascade_below_a_switched_status_needs_a_status:
        document([("/modes/deactivate", json!({"allow": "any", "rules": {"*": "cascade"}}))])
        => "modes.deactivate.rules.debts.client_id", "`cascade` needs `status` of `debts`", "declare `kinds.debts.status`, or choose `keep`";
    a_comparison_with_null_is_reported:
        document([("/kinds/clients/filter", json!({"field": "role", "eq": null}))])
        => "kinds.clients.filter", "a comparison with null never holds; use `is_null`", "";
    a_condition_with_two_tests_is_reported:
        document([("/kinds/clients/filter", json!({"field": "role", "eq": "USER", "ne": "ADMIN"}))])
        => "kinds.clients.filter", "a condition is `field` with one of eq, ne, lt, le, gt, ge, in, is_null, before, after, within, older_than, or one of all, any, not", "";
    a_condition_without_a_test_is_reported:
        document([("/kinds/clients/filter", json!({"field": "role"}))])
        => "kinds.clients.filter", "a condition is `field` with one of eq, ne, lt, le, gt, ge, in, is_null, before, after, within, older_than, or one of all, any, not", "";
    a_condition_on_the_wrong_type_is_reported:
        document([("/kinds/clients/filter", json!({"field": "manager", "eq": "Ana"}))])
        => "kinds.clients.filter", "\"Ana\" is no value of type integer", "`manager` of `clients` is integer";
    a_condition_with_a_malformed_date_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "at", "lt": "2024-02-30"}}]))])
        => "modes.hard_delete.guards[0].when", "\"2024-02-30\" is no value of type timestamp", "`at` of `debts` is timestamp";
    an_order_of_booleans_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "paid", "lt": true}}]))])
        => "modes.hard_delete.guards[0].when", "true and false have no order; use eq or ne", "`paid` of `debts` is boolean";
    a_comparison_of_json_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "extra", "eq": "x"}}]))])
        => "modes.hard_delete.guards[0].when", "a json field can only be tested for null", "`extra` of `debts` is json";
    a_moment_for_a_field_that_is_no_time_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "warn", "when": {"field": "status", "within": "P1D"}}]))])
        => "modes.hard_delete.guards[0].when", "a field of type text cannot be compared with a moment", "`status` of `debts` is text";
    a_moment_that_is_none_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "warn", "when": {"field": "at", "after": "soon"}}]))])
        => "modes.hard_delete.guards[0].when.after", "`soon` is neither `now` nor an RFC 3339 instant", "";
    a_guard_on_an_unknown_kind_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "loans", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].on", "there is no kind `loans`", "declare it under `kinds`";
    a_guard_that_does_not_hang_on_the_subject_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "islands", "severity": "note"}]))])
        => "modes.hard_delete.guards[0].on", "`islands` does not hang on `clients`", "declare the references between them";
    two_guards_of_one_name_are_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block"}, {"name": "g", "on": "items", "severity": "warn"}]))])
        => "modes.hard_delete.guards[1].name", "there is another guard `g`", "give each a name of its own";
    a_chain_that_does_not_begin_at_the_subject_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "items", "via": ["items.debt_id"], "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "`items.debt_id` does not refer to `clients`", "name the references from the subject outwards, one for each step";
    a_chain_that_ends_elsewhere_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "items", "via": ["debts.client_id"], "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "the chain ends at `debts` and not at `items`", "go on to `items`, or look at `debts`";
    two_effects_of_one_topic_and_kind_are_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": "t"}, {"topic": "t", "on": "clients"}]))])
        => "modes.hard_delete.effects[1].topic", "there is another effect `t` on `clients`", "make one of the two, or another topic";
    an_unknown_severity_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "fatal"}]))])
        => "modes.hard_delete.guards[0].severity", "unknown severity `fatal`; expected `block`, `warn` or `note`", "";
    a_guard_without_a_name_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": " ", "on": "debts", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].name", "a guard needs a name", "name it; a warning is acknowledged by its name";
    a_chain_over_an_unknown_reference_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "via": ["debts.shop"], "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "there is no reference `debts.shop`", "declare it under `references`, or correct the name";
    an_effect_without_a_topic_is_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": ""}]))])
        => "modes.hard_delete.effects[0].topic", "an effect needs a topic", "name it; receivers choose by it what they listen to";
    an_effect_that_sends_json_is_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": "t", "on": "debts", "fields": ["extra"]}]))])
        => "modes.hard_delete.effects[0].fields", "`extra` cannot be sent", "name a field that is no json";
    an_effect_on_an_unknown_kind_is_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": "t", "on": "loans"}]))])
        => "modes.hard_delete.effects[0].on", "there is no kind `loans`", "declare it under `kinds`";
    a_condition_without_a_field_is_reported:
        document([("/kinds/clients/filter", json!({"field": "", "eq": 1}))])
        => "kinds.clients.filter", "a condition names no field", "say which `field` it looks at";
    a_list_with_a_value_of_another_type_is_reported:
        document([("/kinds/clients/filter", json!({"field": "manager", "in": [1, "Ana"]}))])
        => "kinds.clients.filter", "\"Ana\" is no value of type integer", "`manager` of `clients` is integer";
    a_masked_reference_of_a_kind_is_reported:
        document([("/kinds/debts/personal", json!({"client_id": "null"}))])
        => "kinds.debts.personal.client_id", "a reference cannot be masked: what takes its place refers to nobody", "say what becomes of it in the rules, with `on_survive`";
    a_masked_id_in_a_rule_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"id": "null"}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.id", "ids and references cannot be masked", "use `on_survive`";
    a_kind_without_a_name_is_reported:
        document([("/kinds/", json!({}))])
        => "kinds", "a kind needs a name", "call it as its table";
    two_masks_for_one_field_are_reported:
        document([("/kinds/items/personal", json!({"note": "null"})), ("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"note": {"text": "gone"}}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.note", "the kind declares another mask for this field", "use one mask for one field";
    a_constant_mask_on_a_unique_field_in_a_rule_is_reported:
        document([("/kinds/items/fields", json!({"code": {"type": "text", "unique": true}})), ("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"code": {"truncate": 3}}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.code", "the mask may give two rows the same value and the field is unique", "use `null`, `placeholder_email` or `hmac`";
    a_pseudonym_of_what_is_no_text_in_a_rule_is_reported:
        document([("/kinds/items/fields", json!({"count": "integer"})), ("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"count": "hmac"}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.count", "the mask makes no sense for a field of type integer", "`null` fits every nullable field";
    an_entry_for_parents_that_stay_is_reported_on_a_reference_in_a_cycle:
        document([("/references/-", json!({"from": "debts.parent", "to": "debts", "nullable": true})), ("/modes/hard_delete/rules/debts.parent", json!([{"parent": "retain", "then": "delete"}, "cascade"]))])
        => "modes.hard_delete.rules.debts.parent[0]", "`parent` on a reference in a cycle of kinds has no one meaning", "leave `parent` out, or decide by a condition";
    soft_delete_in_reactivate_is_reported:
        document([("/modes/reactivate", json!({"allow": "any", "rules": {"*": "soft_delete"}}))])
        => "modes.reactivate.rules.*", "`soft_delete` makes no sense in mode reactivate", "use `cascade` or `keep`";
    a_policy_without_modes_is_reported:
        document([("/modes", json!({}))])
        => "modes", "a policy needs a mode", "add for example `hard_delete`";
    deactivate_of_a_subject_without_a_status_is_reported:
        document([("/kinds/clients", json!({})), ("/modes", json!({"deactivate": {"allow": "any", "rules": {"*": "keep"}}}))])
        => "modes.deactivate", "the mode needs `status` of `clients`", "declare `kinds.clients.status`";
    soft_delete_of_a_subject_without_deleted_at_is_reported:
        document([("/kinds/clients", json!({})), ("/modes", json!({"soft_delete": {"allow": "any", "rules": {"*": "keep"}}}))])
        => "modes.soft_delete", "the mode needs `deleted_at` of `clients`", "declare `kinds.clients.deleted_at`";
    anonymize_of_a_subject_without_personal_fields_is_reported:
        document([("/kinds/clients", json!({})), ("/modes", json!({"anonymize": {"allow": "any", "rules": {"*": "keep"}}}))])
        => "modes.anonymize", "the mode needs `personal` of `clients`", "declare `kinds.clients.personal`";
    text_that_is_no_json_is_reported_with_its_line:
        text("{\n  oops")
        => ".", "not JSON: key must be a string at line 2 column 3", "correct it at this place";
    text_after_the_document_is_reported_with_its_line:
        text(&format!("{} x", base()))
        => ".", "not JSON: trailing characters at line 1 column 537", "correct it at this place";
    a_rule_that_is_said_twice_is_reported:
        text(&base().to_string().replacen("\"items.debt_id\":", "\"debts.client_id\":", 1))
        => "modes.hard_delete.rules", "`debts.client_id` is said twice", "";
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_their_paths() {
    let mut document = base();
    document["kinds"]["items"]["tombstone"] = json!(true);
    document["modes"]["hard_delete"]["allow"] = json!([]);
    assert_eq!(faults(&document).len(), 1, "faults of the map hide what rests on the map");
    document["kinds"]["items"]["tombstone"] = json!(false);
    document["modes"]["hard_delete"]["rules"] = json!({ "debts.client_id": "set_null", "x.y": "keep" });
    let faults = faults(&document);
    let paths: Vec<_> = faults.iter().map(|fault| fault.path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "modes.hard_delete.allow",
            "modes.hard_delete.rules.debts.client_id",
            "modes.hard_delete.rules.items.debt_id",
            "modes.hard_delete.rules.x.y",
        ]
    );
}

#[test]
fn text_that_is_no_document_is_reported_with_line_and_column() {
    for text in
        ["", "[]", "{\"subject\": 1}", "{\"subject\": \"a\"} x", "{\"subject\": \"a\", \"subject\": \"b\"}"]
    {
        let faults = DeletionPolicy::from_json(text).unwrap_err().to_string();
        assert!(faults.contains("line 1 column"), "{text}: {faults}");
    }
}
