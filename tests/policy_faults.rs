//! Policies that do not build: one test per fault, each with the path it is reported at and a part of the
//! way out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::{Faults, eq};
use client_lifecycle::policy::{cascade, retain, set_null};
use serde_json::{Value, json};

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

fn faults(document: &Value) -> Faults {
    match DeletionPolicy::from_json(&document.to_string()) {
        Ok(_) => panic!("the policy builds"),
        Err(faults) => faults,
    }
}

#[test]
fn the_policy_that_the_others_are_made_from_builds() {
    assert!(DeletionPolicy::from_json(&base().to_string()).is_ok());
}

/// Each test sets one place of the base document and expects one fault: `path: message … (remedy)`.
macro_rules! faulty {
    ($($name:ident: $pointer:literal = $value:tt => $path:literal, $said:literal;)*) => {$(
        #[test]
        fn $name() {
            let mut document = base();
            set(&mut document, $pointer, json!($value));
            let faults = faults(&document);
            let found = faults.iter().find(|fault| fault.path == $path);
            let found = found.unwrap_or_else(|| panic!("no fault at {}:\n{faults}", $path));
            assert!(found.to_string().contains($said), "{found}");
        }
    )*};
}

fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    match document.pointer_mut(parent).unwrap() {
        Value::Object(map) => _ = map.insert(key.into(), value),
        Value::Array(list) => list.push(value),
        _ => panic!("{parent} is no container"),
    }
}

faulty! {
    an_unknown_key_is_reported_with_its_path:
        "/modes/hard_delete/gaurds" = [] => "modes.hard_delete.gaurds", "unknown field `gaurds`";
    an_unknown_key_of_a_kind_is_reported_with_its_path:
        "/kinds/debts/tabel" = "x" => "kinds.debts.tabel", "unknown field `tabel`";
    an_unknown_mode_is_reported_with_the_modes_there_are:
        "/modes/destroy" = {"allow": "any"} => "modes.destroy", "there are create, update, reassign, deactivate";
    an_unknown_subject_is_reported:
        "/subject" = "persons" => "subject", "no kind `persons`";
    a_reference_to_an_unknown_kind_is_reported:
        "/references/-" = {"from": "debts.shop_id", "to": "shops"} => "references.debts.shop_id", "no kind `shops`";
    a_reference_without_a_field_is_reported:
        "/references/-" = {"from": "debts", "to": "clients"} => "references.debts", "`kind.field`";
    a_reference_declared_twice_is_reported:
        "/references/-" = {"from": "debts.client_id", "to": "items"} => "references.debts.client_id", "declared twice";
    a_reference_that_is_the_id_is_reported:
        "/references/-" = {"from": "debts.id", "to": "clients"} => "references.debts.id", "cannot be a reference too";
    a_tombstone_without_personal_fields_is_reported:
        "/kinds/items/tombstone" = true => "kinds.items.tombstone", "needs masked personal fields";
    a_masked_id_is_reported:
        "/kinds/items/personal" = {"id": "null"} => "kinds.items.personal.id", "cannot be masked";
    a_constant_mask_on_a_unique_field_is_reported:
        "/kinds/clients/personal" = {"email": {"text": "gone"}} => "kinds.clients.personal.email", "the field is unique";
    a_mask_that_does_not_fit_the_type_is_reported:
        "/kinds/clients/personal" = {"manager": "year"} => "kinds.clients.personal.manager", "makes no sense for a field of type integer";
    a_pseudonym_of_what_is_no_text_is_reported:
        "/kinds/clients/personal" = {"manager": "hmac"} => "kinds.clients.personal.manager", "makes no sense for a field of type integer";
    a_narrowed_kind_that_is_not_the_subject_is_reported:
        "/kinds/debts/only" = {"field": "status", "eq": "PAID"} => "kinds.debts.only", "only the subject's kind";
    a_mode_without_allow_is_reported:
        "/modes/deactivate" = {"rules": {"*": "keep"}} => "modes.deactivate.allow", "nobody is allowed";
    an_empty_allow_is_reported:
        "/modes/hard_delete/allow" = [] => "modes.hard_delete.allow", "is empty";
    a_scope_without_a_role_is_reported:
        "/modes/hard_delete/allow/-" = {"scope": "manager"} => "modes.hard_delete.allow[1]", "needs a `role` or `self`";
    an_allow_that_is_no_list_is_reported:
        "/modes/hard_delete/allow" = "all" => "modes.hard_delete.allow", "\"any\", \"authenticated\" or a list";
    a_declared_reference_without_a_rule_is_reported:
        "/modes/hard_delete/rules" = {"debts.client_id": "cascade"} => "modes.hard_delete.rules.items.debt_id", "declared and not decided";
    a_rule_for_an_unknown_reference_is_reported:
        "/modes/hard_delete/rules/debts.shop" = "keep" => "modes.hard_delete.rules.debts.shop", "no reference `debts.shop`";
    an_unknown_rule_is_reported_with_the_rules_there_are:
        "/modes/hard_delete/rules/debts.client_id" = "casc" => "modes.hard_delete.rules.debts.client_id", "expected one of `cascade`";
    an_entry_with_two_rules_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = {"then": "keep", "set_default": 1} => "modes.hard_delete.rules.debts.client_id", "exactly one rule";
    a_list_without_a_last_word_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = [{"when": {"field": "status", "eq": "PAID"}, "then": "cascade"}]
        => "modes.hard_delete.rules.debts.client_id", "end with an entry without `when`";
    an_empty_list_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = [] => "modes.hard_delete.rules.debts.client_id", "not decided";
    an_entry_after_the_last_word_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = ["cascade", "protect"]
        => "modes.hard_delete.rules.debts.client_id[1]", "never reached";
    set_null_of_a_mandatory_reference_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = "set_null" => "modes.hard_delete.rules.debts.client_id", "cannot be emptied";
    a_link_that_empties_a_mandatory_reference_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = {"then": "keep", "link": "set_null"}
        => "modes.hard_delete.rules.debts.client_id.link", "cannot be emptied";
    a_default_of_nothing_for_a_mandatory_reference_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = {"set_default": null} => "modes.hard_delete.rules.debts.client_id", "cannot be emptied";
    set_default_without_a_default_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = "set_default" => "modes.hard_delete.rules.debts.client_id", "has no default";
    retain_as_a_bare_word_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = "retain" => "modes.hard_delete.rules.debts.client_id", "`retain` needs";
    retain_from_a_field_that_is_no_date_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = {"retain": {"for": "P1Y", "from": "status", "basis": "law"}}
        => "modes.hard_delete.rules.debts.client_id.retain.from", "runs from a date";
    retain_without_a_ground_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = {"retain": {"for": "P1Y", "from": "at", "basis": " "}}
        => "modes.hard_delete.rules.items.debt_id.retain.basis", "needs a ground";
    retain_for_no_period_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = {"retain": {"for": "6 years", "from": "at", "basis": "law"}}
        => "modes.hard_delete.rules.items.debt_id.retain.for", "no ISO 8601 period";
    a_mandatory_reference_of_a_retained_row_is_reported_with_three_ways_out:
        "/modes/hard_delete/rules/debts.client_id" = {"retain": {"for": "P1Y", "from": "at", "basis": "law"}}
        => "modes.hard_delete.rules.debts.client_id", "with `link`, or declare it `nullable`, or let the row stay as `kinds.clients.tombstone`";
    a_mandatory_reference_of_a_kept_row_is_reported:
        "/modes/hard_delete/rules/debts.client_id" = "keep" => "modes.hard_delete.rules.debts.client_id", "must keep referring to a row of `clients`";
    a_link_that_asks_for_a_tombstone_of_a_kind_without_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = {"then": "keep", "link": "tombstone"}
        => "modes.hard_delete.rules.items.debt_id", "chain debts.client_id <- items.debt_id";
    soft_delete_of_a_kind_without_deleted_at_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = "soft_delete" => "modes.hard_delete.rules.items.debt_id", "needs `deleted_at` of `items`";
    anonymize_of_a_kind_without_personal_fields_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = "anonymize" => "modes.hard_delete.rules.items.debt_id", "no personal fields";
    a_masked_reference_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = {"anonymize": {"debt_id": "null"}}
        => "modes.hard_delete.rules.items.debt_id.anonymize.debt_id", "cannot be masked";
    cascade_below_a_parent_that_stays_is_reported:
        "/modes/hard_delete/rules/items.debt_id" = [{"parent": "retain", "then": "cascade"}, "cascade"]
        => "modes.hard_delete.rules.items.debt_id[0]", "this parent stays";
    delete_in_a_mode_that_removes_nothing_is_reported:
        "/modes/deactivate" = {"allow": "any", "rules": {"*": "delete"}} => "modes.deactivate.rules.*", "makes no sense in mode deactivate";
    retain_in_a_mode_that_erases_nothing_is_reported:
        "/modes/soft_delete" = {"allow": "any", "rules": {"*": {"retain": {"for": "P1Y", "from": "at", "basis": "law"}}}}
        => "modes.soft_delete.rules.*", "makes no sense in mode soft_delete";
    cascade_in_anonymize_is_reported:
        "/modes/anonymize" = {"allow": "any", "rules": {"*": "cascade"}} => "modes.anonymize.rules.*", "makes no sense in mode anonymize";
    cascade_below_a_switched_status_needs_a_status:
        "/modes/deactivate" = {"allow": "any", "rules": {"*": "cascade"}} => "modes.deactivate.rules.debts.client_id", "needs `status` of `debts`";
    a_comparison_with_null_is_reported:
        "/kinds/clients/only" = {"field": "role", "eq": null} => "kinds.clients.only", "use `is_null`";
    a_condition_with_two_tests_is_reported:
        "/kinds/clients/only" = {"field": "role", "eq": "USER", "ne": "ADMIN"} => "kinds.clients.only", "a condition is `field` with one of";
    a_condition_without_a_test_is_reported:
        "/kinds/clients/only" = {"field": "role"} => "kinds.clients.only", "a condition is `field` with one of";
    a_condition_on_the_wrong_type_is_reported:
        "/kinds/clients/only" = {"field": "manager", "eq": "Ana"} => "kinds.clients.only", "\"Ana\" is no value of type integer";
    a_condition_with_a_malformed_date_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "block", "when": {"field": "at", "lt": "2024-02-30"}}]
        => "modes.hard_delete.guards[0].when", "no value of type timestamp";
    an_order_of_booleans_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "block", "when": {"field": "paid", "lt": true}}]
        => "modes.hard_delete.guards[0].when", "no order";
    a_comparison_of_json_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "block", "when": {"field": "extra", "eq": "x"}}]
        => "modes.hard_delete.guards[0].when", "only be tested for null";
    a_moment_for_a_field_that_is_no_time_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "warn", "when": {"field": "status", "within": "P1D"}}]
        => "modes.hard_delete.guards[0].when", "cannot be compared with a moment";
    a_moment_that_is_none_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "warn", "when": {"field": "at", "after": "soon"}}]
        => "modes.hard_delete.guards[0].when", "neither `now` nor an RFC 3339 instant";
    a_guard_on_an_unknown_kind_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "loans", "severity": "block"}] => "modes.hard_delete.guards[0].on", "no kind `loans`";
    a_guard_that_does_not_hang_on_the_subject_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "islands", "severity": "note"}] => "modes.hard_delete.guards[0].on", "does not hang on";
    two_guards_of_one_name_are_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "block"}, {"name": "g", "on": "items", "severity": "warn"}]
        => "modes.hard_delete.guards[1].name", "another guard `g`";
    a_chain_that_does_not_begin_at_the_subject_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "items", "via": ["items.debt_id"], "severity": "block"}]
        => "modes.hard_delete.guards[0].via", "does not refer to `clients`";
    a_chain_that_ends_elsewhere_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "items", "via": ["debts.client_id"], "severity": "block"}]
        => "modes.hard_delete.guards[0].via", "ends at `debts`";
    two_effects_of_one_topic_and_kind_are_reported:
        "/modes/hard_delete/effects" = [{"topic": "t"}, {"topic": "t", "on": "clients"}] => "modes.hard_delete.effects[1].topic", "another effect";
    an_unknown_severity_is_reported:
        "/modes/hard_delete/guards" = [{"name": "g", "on": "debts", "severity": "fatal"}] => "modes.hard_delete.guards[0].severity", "unknown variant `fatal`";
}

#[test]
fn a_policy_without_modes_is_reported() {
    let mut document = base();
    document["modes"] = json!({});
    assert!(faults(&document).to_string().contains("a policy needs a mode"));
}

#[test]
fn a_mode_whose_subject_lacks_the_field_is_reported() {
    for (mode, field) in [("deactivate", "status"), ("soft_delete", "deleted_at"), ("anonymize", "personal")]
    {
        let mut document = base();
        document["kinds"]["clients"] = json!({});
        document["modes"] = json!({ mode: { "allow": "any", "rules": { "*": "keep" } } });
        let faults = faults(&document);
        let found = faults.iter().find(|fault| fault.path == format!("modes.{mode}"));
        assert!(found.unwrap().message.contains(field), "{faults}");
    }
}

#[test]
fn an_entry_for_parents_that_stay_is_reported_on_a_reference_in_a_cycle() {
    let mut document = base();
    set(&mut document, "/references/-", json!({ "from": "debts.parent", "to": "debts", "nullable": true }));
    let entries = json!([{ "parent": "retain", "then": "delete" }, "cascade"]);
    set(&mut document, "/modes/hard_delete/rules/debts.parent", entries);
    let faults = faults(&document);
    let path = "modes.hard_delete.rules.debts.parent[0]";
    let found = faults.iter().find(|fault| fault.path == path).unwrap();
    assert!(found.message.contains("in a cycle of kinds"), "{faults}");
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
fn what_the_builder_cannot_read_is_reported_with_everything_else() {
    let faults = DeletionPolicy::of("clients")
        .reference("debts", "clients")
        .reference("bills.client_id", "clients")
        .hard_delete(|mode| {
            mode.rule(
                "bills.client_id",
                retain("six years", "at", "law").when(eq("paid", true)).otherwise(set_null()),
            )
            .rule("bills.client_id", cascade())
        })
        .build()
        .unwrap_err()
        .to_string();
    for said in ["`kind.field`", "`six years` is no ISO 8601 period", "decided twice", "nobody is allowed"] {
        assert!(faults.contains(said), "{said} is missing in\n{faults}");
    }
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
