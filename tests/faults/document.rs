//! Faults of policy documents.

use client_lifecycle::DeletionPolicy;
use client_lifecycle::domain::Fault;
use serde_json::{Value, json};

use crate::case;

pub(crate) fn base() -> Value {
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

/// Returns the faults of the base document after setting these JSON pointers. A pointer to a list appends an element.
#[track_caller]
pub(crate) fn document<const N: usize>(places: [(&str, Value); N]) -> Vec<Fault> {
    let mut document = base();
    for (pointer, value) in places {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(map) => _ = map.insert(key.into(), value),
            Value::Array(list) => list.push(value),
            _ => panic!("{parent} is not a container"),
        }
    }
    faults(&document)
}

#[track_caller]
fn faults(document: &Value) -> Vec<Fault> {
    text(&document.to_string())
}

/// Returns the faults of a text, without the line and column in messages of serde.
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
fn the_base_policy_builds() {
    assert!(DeletionPolicy::from_json(&base().to_string()).is_ok());
}

/// Returns the faults of a rule for debts that deletes duplicates.
#[track_caller]
fn clashing<const N: usize>(places: [(&str, Value); N]) -> Vec<Fault> {
    let mut document = base();
    let clash =
        json!({ "then": "reassign", "on_clash": { "then": "delete", "unique": ["client_id", "note"] } });
    document["modes"]["hard_delete"]["rules"]["debts.client_id"] = clash;
    document["references"] = json!([{ "from": "debts.client_id", "to": "clients" }]);
    document["modes"]["hard_delete"]["rules"].as_object_mut().unwrap().remove("items.debt_id");
    for (pointer, value) in places {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Object(map) => _ = map.insert(key.into(), value),
            Value::Array(list) => list.push(value),
            _ => panic!("{parent} is not a container"),
        }
    }
    faults(&document)
}

const CLASH: &str = "/modes/hard_delete/rules/debts.client_id";

faulty! {
    a_clash_without_a_new_target_is_reported:
        clashing([(CLASH, json!({ "then": "cascade", "on_clash": { "then": "delete", "unique": ["client_id"] } }))])
        => "modes.hard_delete.rules.debts.client_id.on_clash", "`cascade` gives the reference no new target", "remove `on_clash`, or use the rule `reassign` or `set_default`";
    a_clash_with_another_rule_is_reported:
        clashing([(CLASH, json!({ "then": "reassign", "on_clash": { "then": "keep", "unique": ["client_id"] } }))])
        => "modes.hard_delete.rules.debts.client_id.on_clash.then", "unknown rule for equal rows `keep`; expected `delete`", "";
    a_clash_that_is_a_word_is_reported:
        clashing([(CLASH, json!({ "then": "reassign", "on_clash": "delete" }))])
        => "modes.hard_delete.rules.debts.client_id.on_clash", "found the text `delete`; expected what happens to equal rows, such as {\"then\": \"delete\", \"unique\": [\"user_id\", \"case_id\"]}", "";
    a_unique_key_without_the_reference_is_reported:
        clashing([(CLASH, json!({ "then": "reassign", "on_clash": { "then": "delete", "unique": ["note"] } }))])
        => "modes.hard_delete.rules.debts.client_id.on_clash.unique", "the unique key does not contain `client_id`, which gets the new value", "list all fields of the unique key";
    a_unique_key_that_names_a_field_twice_is_reported:
        clashing([(CLASH, json!({ "then": "reassign", "on_clash": { "then": "delete", "unique": ["client_id", "note", "note"] } }))])
        => "modes.hard_delete.rules.debts.client_id.on_clash.unique", "`note` is listed twice", "list every field once";
    a_unique_key_that_the_operation_changes_is_reported:
        clashing([("/kinds/debts/status", json!("note"))])
        => "modes.hard_delete.rules.debts.client_id.on_clash.unique", "`note` is the status, so it is not known which rows become equal", "choose another unique key, or remove `on_clash`";
    a_clash_in_two_entries_is_reported:
        clashing([(CLASH, json!([
            { "when": { "field": "status", "eq": "A" }, "reassign": { "to": 1 }, "on_clash": { "then": "delete", "unique": ["client_id"] } },
            { "then": "reassign", "on_clash": { "then": "delete", "unique": ["client_id"] } }]))])
        => "modes.hard_delete.rules.debts.client_id[1].on_clash", "another entry of the reference has `on_clash` too", "give it to one entry, so that it is clear which rows are compared first";
    duplicates_to_which_others_refer_are_reported:
        clashing([("/references/-", json!({ "from": "items.debt_id", "to": "debts" })), ("/modes/hard_delete/rules/items.debt_id", json!("cascade"))])
        => "modes.hard_delete.rules.debts.client_id.on_clash", "rows of `debts` cannot be deleted on a clash: other rows refer to them over `items.debt_id`", "remove `on_clash`, so that such rows block the operation";
    duplicates_without_an_id_are_reported:
        clashing([("/kinds/debts/id", json!([]))])
        => "modes.hard_delete.rules.debts.client_id.on_clash", "rows of `debts` cannot be deleted on a clash: they have no id, so it is not clear which of them is the first", "remove `on_clash`, so that such rows block the operation";
    duplicates_that_own_records_are_reported:
        clashing([("/references/-", json!({ "from": "debts.item_id", "to": "items", "owned": true })), ("/modes/hard_delete/rules/debts.item_id", json!("cascade"))])
        => "modes.hard_delete.rules.debts.client_id.on_clash", "rows of `debts` cannot be deleted on a clash: they own records over `debts.item_id`", "remove `on_clash`, so that such rows block the operation";
    an_unknown_key_is_reported_with_its_path:
        document([("/modes/hard_delete/gaurds", json!([]))])
        => "modes.hard_delete.gaurds", "unknown key `gaurds`; expected `allow`, `reason`, `guards`, `rules`, `effects` or `before`", "";
    an_unknown_key_of_a_kind_is_reported_with_its_path:
        document([("/kinds/debts/tabel", json!("x"))])
        => "kinds.debts.tabel", "unknown key `tabel`; expected `table`, `id`, `status`, `deleted_at`, `created_at`, `updated_at`, `version`, `tombstone`, `volatile`, `filter`, `fields`, `personal` or `shard_key`", "";
    an_unknown_mode_is_reported_with_all_modes:
        document([("/modes/destroy", json!({"allow": "any"}))])
        => "modes.destroy", "unknown mode `destroy`; expected `create`, `update`, `reassign`, `deactivate`, `reactivate`, `soft_delete`, `restore`, `anonymize` or `hard_delete`", "correct the name";
    an_unknown_subject_is_reported:
        document([("/subject", json!("persons"))])
        => "subject", "unknown kind `persons`", "declare it under `kinds`";
    a_reference_to_an_unknown_kind_is_reported:
        document([("/references/-", json!({"from": "debts.shop_id", "to": "shops"}))])
        => "references.debts.shop_id", "unknown kind `shops`", "declare it under `kinds`";
    a_reference_without_a_field_is_reported:
        document([("/references/-", json!({"from": "debts", "to": "clients"}))])
        => "references.debts", "a reference must be `kind.field`", "for example `debts.client_id`, or a list of fields of one kind";
    a_reference_declared_twice_is_reported:
        document([("/references/-", json!({"from": "debts.client_id", "to": "items"}))])
        => "references.debts.client_id", "the reference is declared twice", "give one of them another `name`, and both an `if` if they have the same fields";
    a_rule_that_would_change_an_id_is_reported:
        document([("/references/-", json!({"from": "debts.id", "to": "clients"})),
                  ("/modes/hard_delete/rules/debts.id", json!({"reassign": {"to": "c2"}}))])
        => "modes.hard_delete.rules.debts.id", "`id` is part of the id of `debts` and cannot be changed", "choose another rule";
    a_tombstone_without_personal_fields_is_reported:
        document([("/kinds/items/tombstone", json!(true))])
        => "kinds.items.tombstone", "a tombstone needs masked personal fields", "declare `personal` fields, so that the row that stays is anonymous";
    a_masked_id_is_reported:
        document([("/kinds/items/personal", json!({"id": "null"}))])
        => "kinds.items.personal.id", "an id cannot be masked", "other records refer to it; give the kind an id that is not personal, or use `hmac` if the records of the library should hold only its pseudonym";
    a_constant_mask_on_a_unique_field_is_reported:
        document([("/kinds/clients/personal", json!({"email": {"text": "gone"}}))])
        => "kinds.clients.personal.email", "the field is unique, and the mask may give two rows the same value", "use `null`, `placeholder_email` or `hmac`";
    a_mask_that_does_not_fit_the_type_is_reported:
        document([("/kinds/clients/personal", json!({"manager": "year"}))])
        => "kinds.clients.personal.manager", "the mask does not fit a field of type integer", "use another mask; `null` fits every nullable field";
    a_pseudonym_of_another_type_than_text_is_reported:
        document([("/kinds/clients/personal", json!({"manager": "hmac"}))])
        => "kinds.clients.personal.manager", "the mask does not fit a field of type integer", "use another mask; `null` fits every nullable field";
    a_table_with_an_empty_schema_is_reported:
        document([("/kinds/debts/table", json!(".debts"))])
        => "kinds.debts.table", "`.debts` names no table: its schema or its table is empty",
           "write `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"} with every part filled in";
    a_schema_without_a_table_is_reported:
        document([("/kinds/debts/table", json!("crm."))])
        => "kinds.debts.table", "`crm.` names no table: its schema or its table is empty",
           "write `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"} with every part filled in";
    an_empty_part_of_a_table_is_reported:
        document([("/kinds/debts/table", json!({"schema": "", "table": "debts"}))])
        => "kinds.debts.table", "`.debts` names no table: its schema or its table is empty",
           "write `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"} with every part filled in";
    an_empty_name_in_quotes_is_reported:
        document([("/kinds/debts/table", json!("crm.\"\""))])
        => "kinds.debts.table", "`crm.` names no table: its schema or its table is empty",
           "write `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"} with every part filled in";
    a_table_without_a_name_that_is_left_out_is_reported:
        document([("/excluded", json!([{"table": "crm.", "because": "gone"}]))])
        => "excluded[0].table", "`crm.` names no table: its schema or its table is empty",
           "write `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"} with every part filled in";
    a_reference_to_a_table_in_place_of_its_kind_is_reported:
        document([("/kinds/islands", json!({"table": "crm.islands"})), ("/references/-", json!({"from": "debts.at", "to": "crm.islands"}))])
        => "references.debts.at", "unknown kind `crm`", "references name kinds, not tables: write `islands`, the kind of that table";
    a_reference_from_a_table_in_place_of_its_kind_is_reported:
        document([("/kinds/islands", json!({"table": "crm.islands"})), ("/references/-", json!({"from": "crm.islands.owner", "to": "clients"}))])
        => "references.crm.islands.owner", "unknown kind `crm.islands`", "references name kinds, not tables: write `islands`, the kind of that table";
    two_kinds_of_one_table_whose_filters_overlap_are_reported:
        document([("/kinds/debts/filter", json!({"field": "status", "eq": "PAID"})),
                  ("/kinds/items", json!({"table": "debts", "filter": {"field": "status", "in": ["PAID", "DUE"]}}))])
        => "kinds.items.table", "a row of the table could be a record of `debts` and of `items`",
           "give both kinds a `filter` with different values of one field (`eq` or `in`)";
    two_kinds_of_one_table_without_filters_are_reported:
        document([("/kinds/items", json!({"table": "debts"}))])
        => "kinds.items.table", "a row of the table could be a record of `debts` and of `items`",
           "give both kinds a `filter` with different values of one field (`eq` or `in`)";
    two_kinds_of_one_table_with_one_filter_are_reported:
        document([("/kinds/items", json!({"table": "debts", "filter": {"field": "status", "eq": "PAID"}}))])
        => "kinds.items.table", "a row of the table could be a record of `debts` and of `items`",
           "give both kinds a `filter` with different values of one field (`eq` or `in`)";
    two_references_over_one_field_whose_conditions_overlap_are_reported:
        document([("/references/-", json!({"name": "debts.item", "from": "debts.client_id", "to": "items",
                                           "if": {"field": "status", "eq": "ITEM"}}))])
        => "references.debts.item", "a row could refer over `debts.client_id` and over `debts.item`",
           "give both an `if` with different values of one field (`eq` or `in`)";
    a_reference_with_fewer_fields_than_the_key_is_reported:
        document([("/kinds/debts/id", json!(["client_id", "number"]))])
        => "references.items.debt_id", "the reference has 1 fields, but the key of `debts` has 2",
           "list one field for each field of the key, in the same order";
    a_reference_to_a_kind_without_an_id_is_reported:
        document([("/kinds/debts/id", json!([]))])
        => "references.items.debt_id", "`debts` has no id, so nothing can refer to its rows",
           "declare `kinds.debts.id`, or refer to unique fields";
    a_subject_without_an_id_is_reported:
        document([("/kinds/clients/id", json!([])), ("/kinds/clients/personal", json!({})),
                  ("/references", json!([])), ("/modes/hard_delete/rules", json!({}))])
        => "subject", "the subject must find its rows again, but rows of `clients` have no id",
           "declare `kinds.clients.id`, or choose another rule";
    a_rule_that_must_find_rows_without_an_id_again_is_reported:
        document([("/kinds/items/id", json!([])), ("/kinds/items/deleted_at", json!("gone_at")),
                  ("/modes/hard_delete/rules/items.debt_id", json!("soft_delete"))])
        => "modes.hard_delete.rules.items.debt_id", "`soft_delete` must find its rows again, but rows of `items` have no id",
           "declare `kinds.items.id`, or choose another rule";
    a_placeholder_for_rows_without_an_id_is_reported:
        document([("/kinds/items/id", json!([])), ("/kinds/items/personal", json!({"email": "placeholder_email"}))])
        => "kinds.items.personal.email", "the placeholder is made of the id, but rows of `items` have none",
           "use another mask, such as `null`";
    an_event_about_rows_without_an_id_is_reported:
        document([("/kinds/items/id", json!([])),
                  ("/modes/hard_delete/effects", json!([{"topic": "item", "on": "items"}]))])
        => "modes.hard_delete.effects[0].on", "an event names a record by its id, but rows of `items` have none",
           "declare `kinds.items.id`";
    a_guard_that_names_no_reference_to_its_kind_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "clients", "left_without": "items.debt_id", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].left_without", "`items.debt_id` does not refer to `clients`", "set `on` to `debts`";
    a_guard_that_names_an_unknown_reference_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "left_without": "items.debt", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].left_without", "unknown reference `items.debt`", "declare it under `references`, or correct the name";
    a_guard_over_rows_that_never_go_is_reported:
        document([("/references/-", json!({"from": "islands.debt_id", "to": "items"})), ("/references/-", json!({"from": "seas.island", "to": "islands"})),
                  ("/kinds/seas", json!({})), ("/kinds/lands", json!({})), ("/references/-", json!({"from": "lands.sea", "to": "lands"})),
                  ("/modes/hard_delete/rules/*", json!("keep")),
                  ("/modes/hard_delete/guards", json!([{"name": "g", "on": "lands", "left_without": "lands.sea", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].left_without", "`lands` does not depend on `clients`, so none of its rows goes",
           "name a reference of a kind that depends on the subject";
    a_guard_with_two_kinds_of_paths_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "via": ["debts.client_id"], "left_without": "items.debt_id", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "`via` has no meaning together with `left_without`", "remove it";
    a_guard_over_another_key_than_the_id_is_reported:
        document([("/references/-", json!({"from": "items.mail", "to": "clients.email"})), ("/modes/hard_delete/rules/items.mail", json!("cascade")),
                  ("/modes/hard_delete/guards", json!([{"name": "g", "on": "clients", "left_without": "items.mail", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].left_without", "`items.mail` does not hold ids, compared exactly", "name a reference that holds an id";
    an_owner_that_depends_on_what_it_owns_is_reported:
        document([("/references/-", json!({"from": "clients.debt_id", "to": "debts", "nullable": true, "owned": true})),
                  ("/modes/hard_delete/rules/clients.debt_id", json!("keep"))])
        => "references.clients.debt_id", "`debts` is in a cycle of references with `debts.client_id`, so its rows would decide about themselves",
           "leave out `owned`, or the reference that closes the cycle";
    rows_that_own_rows_of_their_own_kind_are_reported:
        document([("/references/-", json!({"from": "debts.part_of", "to": "debts", "nullable": true, "owned": true})),
                  ("/modes/hard_delete/rules/debts.part_of", json!("keep"))])
        => "references.debts.part_of", "`debts` is in a cycle of references, so its rows would decide about themselves",
           "leave out `owned`, or the reference that closes the cycle";
    an_owned_kind_in_a_cycle_is_reported:
        document([("/references/-", json!({"from": "debts.island_id", "to": "islands", "owned": true})),
                  ("/references/-", json!({"from": "islands.part_of", "to": "islands", "nullable": true})),
                  ("/modes/hard_delete/rules/*", json!("cascade"))])
        => "references.debts.island_id", "`islands` is in a cycle of references with `islands.part_of`, so its rows would decide about themselves",
           "leave out `owned`, or the reference that closes the cycle";
    an_owned_reference_to_another_key_is_reported:
        document([("/references/-", json!({"from": "debts.island", "to": "islands.code", "owned": true})),
                  ("/modes/hard_delete/rules/*", json!("cascade"))])
        => "references.debts.island", "an owned reference must hold ids of `islands`, compared exactly",
           "refer to the id, or leave out `owned`";
    a_rule_that_leaves_what_is_not_owned_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!("leave"))])
        => "modes.hard_delete.rules.items.debt_id", "`leave` is for owned references, and `items.debt_id` is not one",
           "use `keep`, or declare the reference `owned`";
    owned_rows_that_cannot_be_marked_are_reported:
        document([("/references/-", json!({"from": "clients.island_id", "to": "islands", "owned": true})),
                  ("/modes/soft_delete", json!({"allow": "any", "rules": {"*": "keep"}})),
                  ("/modes/hard_delete/rules/*", json!("cascade"))])
        => "modes.soft_delete.rules.clients.island_id", "rows of `islands` are marked as deleted with the rows that own them",
           "declare `kinds.islands.deleted_at`, or use the rule `leave`";
    owned_rows_that_cannot_be_masked_are_reported:
        document([("/references/-", json!({"from": "clients.island_id", "to": "islands", "owned": true})),
                  ("/modes/anonymize", json!({"allow": "any", "rules": {"*": "keep"}})),
                  ("/modes/hard_delete/rules/*", json!("cascade"))])
        => "modes.anonymize.rules.clients.island_id", "rows of `islands` are masked with the rows that own them",
           "declare `kinds.islands.personal`, or use the rule `leave`";
    an_owned_reference_without_a_rule_is_reported:
        document([("/references/-", json!({"from": "clients.island_id", "to": "islands", "owned": true}))])
        => "modes.hard_delete.rules.clients.island_id", "the reference has no rule",
           "add a rule for it, or a rule for all other references under \"*\"";
    a_list_in_several_fields_is_reported:
        document([("/references/-", json!({"from": ["items.shop", "items.number"], "to": "clients", "each": true}))])
        => "references.items.shop+number", "a list is one field, but the reference has several", "name one field, or remove `each`";
    a_list_in_an_id_is_reported:
        document([("/references/-", json!({"from": "items.id", "to": "clients", "each": true}))])
        => "references.items.id", "`id` is part of the id of `items`, so it cannot be a list", "remove `each`, or choose another id";
    a_list_that_is_also_a_single_value_is_reported:
        document([("/references/-", json!({"name": "debts.client_ids", "from": "debts.client_id", "to": "items", "each": true}))])
        => "references.debts.client_ids", "`client_id` is a list here, but a single value in `debts.client_id`", "declare `each` for both, or use separate fields";
    a_list_with_another_role_is_reported:
        document([("/references/-", json!({"from": "clients.deleted_at", "to": "items", "each": true}))])
        => "references.clients.deleted_at", "`deleted_at` also has another role", "use a separate field";
    a_list_that_is_declared_as_text_is_reported:
        document([("/references/-", json!({"from": "debts.status", "to": "items", "each": true}))])
        => "references.debts.status", "`status` holds a list of ids, but is declared as text", "remove its type under `fields`, or set it to `json`";
    a_reference_to_a_list_is_reported:
        document([("/references/-", json!({"from": "debts.owners", "to": "clients", "each": true})),
                  ("/references/-", json!({"from": "items.owners", "to": "debts.owners"}))])
        => "references.items.owners", "`debts.owners` is a list of ids, so it identifies no record", "refer to the id, or to a unique field that holds one value";
    a_list_of_ids_of_several_fields_is_reported:
        document([("/kinds/islands", json!({"id": ["sea", "number"]})),
                  ("/references/-", json!({"from": "items.islands", "to": "islands", "each": true}))])
        => "references.items.islands", "the reference has 1 fields, but the key of `islands` has 2", "list one field for each field of the key, in the same order";
    a_mask_of_a_list_is_reported:
        document([("/references/-", json!({"from": "clients.mails", "to": "clients.email", "each": true})),
                  ("/kinds/clients/personal", json!({"mails": "null"}))])
        => "kinds.clients.personal.mails", "a reference cannot be masked: the mask would not refer to any record", "set `on_survive` in the rule of the reference";
    a_default_of_a_list_is_reported:
        document([("/references/-", json!({"from": "debts.owners", "to": "clients", "each": true})),
                  ("/modes/hard_delete/rules/debts.owners", json!({"set_default": 7}))])
        => "modes.hard_delete.rules.debts.owners", "`debts.owners` is a list, and a default is one value",
           "use `set_null`, which takes the ids out of the list, or `reassign`";
    a_default_on_survival_of_a_list_is_reported:
        document([("/references/-", json!({"from": "debts.owners", "to": "clients", "each": true})),
                  ("/modes/hard_delete/rules/debts.owners", json!({"then": "keep", "on_survive": {"set_default": null}}))])
        => "modes.hard_delete.rules.debts.owners.on_survive", "`debts.owners` is a list, and a default is one value",
           "use `set_null`, which takes the ids out of the list, or `reassign`";
    a_reassigned_list_of_the_subject_is_reported:
        document([("/references/-", json!({"from": "clients.items", "to": "islands", "each": true})),
                  ("/modes/reassign", json!({"allow": "any", "rules": {"clients.items": "reassign"}}))])
        => "modes.reassign.rules.clients.items", "`clients.items` is a list of the subject, so one new target cannot replace it",
           "use `keep`, and write the list as another field";
    a_list_with_several_ids_in_a_new_target_is_reported:
        document([("/references/-", json!({"from": "debts.owners", "to": "clients", "each": true})),
                  ("/modes/hard_delete/rules/debts.owners", json!({"reassign": {"to": ["c2", "c3"]}}))])
        => "modes.hard_delete.rules.debts.owners", "the new target needs 1 values", "give one value for each field of the reference";
    a_field_of_an_id_that_is_listed_twice_is_reported:
        document([("/kinds/items/id", json!(["a", "a"]))])
        => "kinds.items.id", "a field of the id is listed twice", "list each field once";
    a_new_target_for_another_key_than_the_id_is_reported:
        document([("/references/-", json!({"from": "items.mail", "to": "clients.email"})),
                  ("/modes/hard_delete/rules/items.mail", json!({"reassign": {"to": "c2"}}))])
        => "modes.hard_delete.rules.items.mail", "`items.mail` holds another key than an id, so it cannot get a new target",
           "use `set_null`, or choose another rule";
    a_default_for_a_reference_of_several_fields_is_reported:
        document([("/kinds/debts/id", json!(["a", "b"])),
                  ("/references", json!([{"from": "debts.client_id", "to": "clients"},
                                         {"from": ["items.x", "items.y"], "to": "debts"}])),
                  ("/modes/hard_delete/rules", json!({"debts.client_id": "cascade", "items.x+y": {"set_default": "d"}}))])
        => "modes.hard_delete.rules.items.x+y", "`items.x+y` has several fields, but a default has one value",
           "use {\"reassign\": […]} with one value for each field, or choose another rule";
    a_new_target_with_too_few_values_is_reported:
        document([("/kinds/debts/id", json!(["a", "b"])),
                  ("/references", json!([{"from": "debts.client_id", "to": "clients"},
                                         {"from": ["items.x", "items.y"], "to": "debts"}])),
                  ("/modes/hard_delete/rules", json!({"debts.client_id": "cascade", "items.x+y": {"reassign": {"to": "[7,8,9]"}}}))])
        => "modes.hard_delete.rules.items.x+y", "the new target needs 2 values", "give one value for each field of the reference";
    a_new_target_that_would_change_another_reference_is_reported:
        document([("/kinds/debts/id", json!(["a", "b"])),
                  ("/references", json!([{"from": "debts.client_id", "to": "clients"}, {"from": "items.x", "to": "clients"},
                                         {"from": ["items.x", "items.y"], "to": "debts"}])),
                  ("/modes/hard_delete/rules", json!({"*": "cascade", "items.x+y": {"reassign": {"to": [7, 8]}}}))])
        => "modes.hard_delete.rules.items.x+y", "a new target would also change `x`, which belongs to `items.x`",
           "use `set_null`, or choose another rule";
    a_new_target_that_would_change_the_shard_key_is_reported:
        document([("/kinds/debts/id", json!(["a", "b"])), ("/kinds/items/shard_key", json!("x")),
                  ("/references", json!([{"from": "debts.client_id", "to": "clients"}, {"from": ["items.x", "items.y"], "to": "debts"}])),
                  ("/modes/hard_delete/rules", json!({"*": "cascade", "items.x+y": {"reassign": {"to": [7, 8]}}}))])
        => "modes.hard_delete.rules.items.x+y", "a new target would also change `x`, which is the shard key",
           "use `set_null`, or choose another rule";
    a_reference_of_several_fields_none_of_which_can_be_null_is_reported:
        document([("/kinds/debts/id", json!(["a", "b"])), ("/kinds/items/shard_key", json!("x")), ("/kinds/items/fields", json!({"x": {"nullable": true}})),
                  ("/references", json!([{"from": "debts.client_id", "to": "clients"},
                                         {"from": ["items.x", "items.y"], "to": "debts", "nullable": true}])),
                  ("/modes/hard_delete/rules", json!({"*": "cascade", "items.x+y": "set_null"}))])
        => "modes.hard_delete.rules.items.x+y", "`items.x+y` is mandatory and cannot be emptied",
           "declare under `kinds.items.fields` which of its fields are `nullable`, or choose another rule";
    conditions_that_write_one_value_in_two_ways_do_not_exclude_each_other:
        document([("/kinds/items/fields", json!({"paid": "boolean"})),
                  ("/references", json!([{"from": "debts.client_id", "to": "clients"},
                      {"name": "items.a", "from": "items.x", "to": "debts", "if": {"field": "paid", "eq": 1}},
                      {"name": "items.b", "from": "items.x", "to": "clients", "if": {"field": "paid", "eq": true}}])),
                  ("/modes/hard_delete/rules", json!({"*": "cascade"}))])
        => "references.items.b", "a row could refer over `items.a` and over `items.b`",
           "give both an `if` with different values of one field (`eq` or `in`)";
    a_mode_without_allow_is_reported:
        document([("/modes/deactivate", json!({"rules": {"*": "keep"}}))])
        => "modes.deactivate.allow", "the mode has no permissions", "list roles, or use \"any\" if the host has already checked permissions";
    an_undecided_entry_without_a_place_is_reported:
        document([("/undecided", json!([{ "because": "?" }]))])
        => "undecided[0]", "the entry names neither a table nor a reference, or both", "set `table` or `reference`";
    a_scope_without_exact_text_is_reported:
        document([("/kinds/clients/fields/since", json!("timestamp")),
                  ("/modes/hard_delete/allow", json!([{ "role": "RESALE", "scope": "since" }]))])
        => "modes.hard_delete.allow[0].scope", "`since` of `clients` is timestamp; a scope is compared as text, uuid or integer",
           "name a field of one of these types, such as the id of a tenant";
    an_empty_allow_is_reported:
        document([("/modes/hard_delete/allow", json!([]))])
        => "modes.hard_delete.allow", "the list of permissions is empty", "list at least one role";
    a_scope_without_a_role_is_reported:
        document([("/modes/hard_delete/allow/-", json!({"scope": "manager"}))])
        => "modes.hard_delete.allow[1]", "a permission needs a `role` or `self`", "add a role; a scope only narrows a role";
    an_invalid_allow_is_reported:
        document([("/modes/hard_delete/allow", json!("all"))])
        => "modes.hard_delete.allow", "found the text `all`; expected `any`, `authenticated` or a list such as [{\"role\": \"ADMIN\"}]", "";
    a_declared_reference_without_a_rule_is_reported:
        document([("/modes/hard_delete/rules", json!({"debts.client_id": "cascade"}))])
        => "modes.hard_delete.rules.items.debt_id", "the reference has no rule", "add a rule for it, or a rule for all other references under \"*\"";
    a_rule_for_an_unknown_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.shop", json!("keep"))])
        => "modes.hard_delete.rules.debts.shop", "unknown reference `debts.shop`", "declare it under `references`, or correct the name";
    an_unknown_rule_is_reported_with_all_rules:
        document([("/modes/hard_delete/rules/debts.client_id", json!("casc"))])
        => "modes.hard_delete.rules.debts.client_id", "unknown rule `casc`; expected `cascade`, `delete`, `soft_delete`, `restrict`, `protect`, `anonymize`, `retain`, `set_null`, `set_default`, `reassign`, `keep` or `leave`", "";
    an_entry_with_two_rules_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"then": "keep", "set_default": 1}))])
        => "modes.hard_delete.rules.debts.client_id", "an entry needs exactly one rule: `then`, `anonymize`, `retain`, `set_default` or `reassign`", "";
    a_list_without_a_final_entry_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!([{"when": {"field": "status", "eq": "PAID"}, "then": "cascade"}]))])
        => "modes.hard_delete.rules.debts.client_id", "no entry applies to rows that meet none of the conditions", "add a final entry without `when`";
    an_empty_list_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!([]))])
        => "modes.hard_delete.rules.debts.client_id", "no entry applies to rows that meet none of the conditions", "add a final entry without `when`";
    an_entry_after_the_final_one_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!(["cascade", "protect"]))])
        => "modes.hard_delete.rules.debts.client_id[1]", "the entry is never reached", "entry 0 has no `when`, so it applies to every row";
    set_null_of_a_mandatory_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("set_null"))])
        => "modes.hard_delete.rules.debts.client_id", "`debts.client_id` is mandatory and cannot be emptied", "declare the reference `nullable`, or choose another rule";
    on_survive_that_empties_a_mandatory_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"then": "keep", "on_survive": "set_null"}))])
        => "modes.hard_delete.rules.debts.client_id.on_survive", "`debts.client_id` is mandatory and cannot be emptied", "declare the reference `nullable`, or choose another rule";
    a_default_of_nothing_for_a_mandatory_reference_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"set_default": null}))])
        => "modes.hard_delete.rules.debts.client_id", "`debts.client_id` is mandatory and cannot be emptied", "declare the reference `nullable`, or choose another rule";
    set_default_without_a_default_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("set_default"))])
        => "modes.hard_delete.rules.debts.client_id", "`debts.client_id` has no default", "use {\"set_default\": …}, or declare `default` for the field in the data map";
    retain_as_a_bare_word_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("retain"))])
        => "modes.hard_delete.rules.debts.client_id", "`retain` needs a period, a start and a basis; expected {\"retain\": {\"for\": \"P6Y\", \"from\": \"issued_at\", \"basis\": \"the law and its article\"}}", "";
    retain_from_a_field_that_is_not_a_date_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"retain": {"for": "P1Y", "from": "status", "basis": "law"}}))])
        => "modes.hard_delete.rules.debts.client_id.retain.from", "`status` is text; expected a date or timestamp", "name a field of type date or timestamp";
    retain_without_a_basis_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"retain": {"for": "P1Y", "from": "at", "basis": " "}}))])
        => "modes.hard_delete.rules.items.debt_id.retain.basis", "a retention needs a legal basis", "name the law and article, or the contract, in `basis`";
    retain_with_an_invalid_period_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"retain": {"for": "6 years", "from": "at", "basis": "law"}}))])
        => "modes.hard_delete.rules.items.debt_id.retain.for", "`6 years` is not an ISO 8601 period; expected a period such as `P6Y`, `P30D` or `PT12H`", "";
    a_mandatory_reference_of_a_retained_row_is_reported_with_three_remedies:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"retain": {"for": "P1Y", "from": "at", "basis": "law"}}))])
        => "modes.hard_delete.rules.debts.client_id", "a row that survives by `retain` must keep referring to a deleted row of `clients` (chain debts.client_id)", "set `on_survive`, or declare the reference `nullable`, or let the row stay as `kinds.clients.tombstone`";
    a_mandatory_reference_of_a_kept_row_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!("keep"))])
        => "modes.hard_delete.rules.debts.client_id", "a row that survives by `keep` must keep referring to a deleted row of `clients` (chain debts.client_id)", "set `on_survive`, or declare the reference `nullable`, or let the row stay as `kinds.clients.tombstone`";
    on_survive_tombstone_without_a_tombstone_kind_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"then": "keep", "on_survive": "tombstone"}))])
        => "modes.hard_delete.rules.items.debt_id", "a row that survives by `keep` must keep referring to a deleted row of `debts` (chain debts.client_id <- items.debt_id)", "set `on_survive`, or declare the reference `nullable`, or let the row stay as `kinds.debts.tombstone`";
    soft_delete_of_a_kind_without_deleted_at_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!("soft_delete"))])
        => "modes.hard_delete.rules.items.debt_id", "`soft_delete` needs `deleted_at` of `items`", "declare `kinds.items.deleted_at`, or choose `keep`";
    anonymize_of_a_kind_without_personal_fields_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!("anonymize"))])
        => "modes.hard_delete.rules.items.debt_id", "`items` has no personal fields to mask", "declare `personal` for the kind, or add masks to the rule";
    a_masked_reference_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"debt_id": "null"}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.debt_id", "ids and references cannot be masked", "use `on_survive`";
    cascade_below_a_parent_that_stays_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!([{"parent": "retain", "then": "cascade"}, "cascade"]))])
        => "modes.hard_delete.rules.items.debt_id[0]", "`cascade` applies to removed parents, but this parent stays", "use `delete`, `anonymize`, `protect` or `keep`";
    delete_in_a_mode_that_removes_nothing_is_reported:
        document([("/modes/reactivate", json!({"allow": "any", "rules": {"*": "delete"}}))])
        => "modes.reactivate.rules.*", "`delete` is not valid in mode reactivate", "use `cascade` or `keep`";
    a_status_of_another_type_than_its_field_is_reported:
        document([("/kinds/clients/status", json!({"field": "flag", "on": true, "off": "no"}))])
        => "kinds.clients.status", "\"no\" is not a value of type boolean", "`flag` of `clients` is boolean";
    retain_in_a_mode_that_erases_nothing_is_reported:
        document([("/modes/soft_delete", json!({"allow": "any", "rules": {"*": {"retain": {"for": "P1Y", "from": "at", "basis": "law"}}}}))])
        => "modes.soft_delete.rules.*", "`retain` is not valid in mode soft_delete", "use `keep`; this mode erases nothing";
    cascade_in_anonymize_is_reported:
        document([("/modes/anonymize", json!({"allow": "any", "rules": {"*": "cascade"}}))])
        => "modes.anonymize.rules.*", "`cascade` is not valid in mode anonymize", "use `delete`, `anonymize` or `keep`";
    cascade_below_a_switched_status_needs_a_status:
        document([("/modes/deactivate", json!({"allow": "any", "rules": {"*": "cascade"}}))])
        => "modes.deactivate.rules.debts.client_id", "`cascade` needs `status` of `debts`", "declare `kinds.debts.status`, or choose `keep`";
    a_comparison_with_null_is_reported:
        document([("/kinds/clients/filter", json!({"field": "role", "eq": null}))])
        => "kinds.clients.filter", "a comparison with null never holds; use `is_null`", "";
    a_condition_with_two_tests_is_reported:
        document([("/kinds/clients/filter", json!({"field": "role", "eq": "USER", "ne": "ADMIN"}))])
        => "kinds.clients.filter", "a condition is `field` with one of eq, ne, lt, le, gt, ge, in, is_null, before, after, within, older_than, or one of all, any, not, unknown", "";
    a_condition_without_a_test_is_reported:
        document([("/kinds/clients/filter", json!({"field": "role"}))])
        => "kinds.clients.filter", "a condition is `field` with one of eq, ne, lt, le, gt, ge, in, is_null, before, after, within, older_than, or one of all, any, not, unknown", "";
    a_condition_on_the_wrong_type_is_reported:
        document([("/kinds/clients/filter", json!({"field": "manager", "eq": "Ana"}))])
        => "kinds.clients.filter", "\"Ana\" is not a value of type integer", "`manager` of `clients` is integer";
    a_condition_with_a_malformed_date_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "at", "lt": "2024-02-30"}}]))])
        => "modes.hard_delete.guards[0].when", "\"2024-02-30\" is not a value of type timestamp", "`at` of `debts` is timestamp";
    an_order_of_booleans_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "paid", "lt": true}}]))])
        => "modes.hard_delete.guards[0].when", "booleans have no order; use eq or ne", "`paid` of `debts` is boolean";
    a_comparison_of_json_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "extra", "eq": "x"}}]))])
        => "modes.hard_delete.guards[0].when", "a json field can only be tested for null", "`extra` of `debts` is json";
    a_moment_for_a_field_that_is_not_a_time_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "warn", "when": {"field": "status", "within": "P1D"}}]))])
        => "modes.hard_delete.guards[0].when", "a field of type text cannot be compared with a moment", "`status` of `debts` is text";
    an_invalid_moment_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "warn", "when": {"field": "at", "after": "soon"}}]))])
        => "modes.hard_delete.guards[0].when.after", "`soon` is neither `now` nor an RFC 3339 instant", "";
    a_guard_on_an_unknown_kind_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "loans", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].on", "unknown kind `loans`", "declare it under `kinds`";
    a_guard_on_an_independent_kind_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "islands", "severity": "note"}]))])
        => "modes.hard_delete.guards[0].on", "`islands` does not depend on `clients`", "declare the references between them";
    two_guards_with_one_name_are_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block"}, {"name": "g", "on": "items", "severity": "warn"}]))])
        => "modes.hard_delete.guards[1].name", "duplicate guard `g`", "give each guard its own name";
    a_chain_that_does_not_start_at_the_subject_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "items", "via": ["items.debt_id"], "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "`items.debt_id` does not refer to `clients`", "list the references from the subject outwards, one for each step";
    a_chain_that_ends_elsewhere_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "items", "via": ["debts.client_id"], "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "the chain ends at `debts`, not at `items`", "continue to `items`, or set `on` to `debts`";
    two_effects_of_one_topic_and_kind_are_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": "t"}, {"topic": "t", "on": "clients"}]))])
        => "modes.hard_delete.effects[1].topic", "duplicate effect `t` on `clients`", "merge the two effects, or use another topic";
    an_unknown_severity_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "fatal"}]))])
        => "modes.hard_delete.guards[0].severity", "unknown severity `fatal`; expected `block`, `warn` or `note`", "";
    a_guard_without_a_name_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": " ", "on": "debts", "severity": "block"}]))])
        => "modes.hard_delete.guards[0].name", "a guard needs a name", "set `name`; requests acknowledge a warning by its name";
    a_chain_over_an_unknown_reference_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "via": ["debts.shop"], "severity": "block"}]))])
        => "modes.hard_delete.guards[0].via", "unknown reference `debts.shop`", "declare it under `references`, or correct the name";
    an_effect_without_a_topic_is_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": ""}]))])
        => "modes.hard_delete.effects[0].topic", "an effect needs a topic", "set `topic`; receivers subscribe by it";
    an_effect_that_sends_json_is_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": "t", "on": "debts", "fields": ["extra"]}]))])
        => "modes.hard_delete.effects[0].fields", "`extra` cannot be sent", "send a field that is not of type json";
    an_effect_on_an_unknown_kind_is_reported:
        document([("/modes/hard_delete/effects", json!([{"topic": "t", "on": "loans"}]))])
        => "modes.hard_delete.effects[0].on", "unknown kind `loans`", "declare it under `kinds`";
    a_condition_without_a_field_is_reported:
        document([("/kinds/clients/filter", json!({"field": "", "eq": 1}))])
        => "kinds.clients.filter", "a condition needs a field", "set `field`";
    a_list_with_a_value_of_another_type_is_reported:
        document([("/kinds/clients/filter", json!({"field": "manager", "in": [1, "Ana"]}))])
        => "kinds.clients.filter", "\"Ana\" is not a value of type integer", "`manager` of `clients` is integer";
    a_masked_reference_of_a_kind_is_reported:
        document([("/kinds/debts/personal", json!({"client_id": "null"}))])
        => "kinds.debts.personal.client_id", "a reference cannot be masked: the mask would not refer to any record", "set `on_survive` in the rule of the reference";
    a_masked_id_in_a_rule_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"id": "null"}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.id", "ids and references cannot be masked", "use `on_survive`";
    a_kind_without_a_name_is_reported:
        document([("/kinds/", json!({}))])
        => "kinds", "a kind needs a name", "use the name of its table";
    two_masks_for_one_field_are_reported:
        document([("/kinds/items/personal", json!({"note": "null"})), ("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"note": {"text": "gone"}}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.note", "the kind declares a different mask for this field", "use one mask for each field";
    a_constant_mask_on_a_unique_field_in_a_rule_is_reported:
        document([("/kinds/items/fields", json!({"code": {"type": "text", "unique": true}})), ("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"code": {"truncate": 3}}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.code", "the field is unique, and the mask may give two rows the same value", "use `null`, `placeholder_email` or `hmac`";
    a_pseudonym_of_another_type_than_text_in_a_rule_is_reported:
        document([("/kinds/items/fields", json!({"count": "integer"})), ("/modes/hard_delete/rules/items.debt_id", json!({"anonymize": {"count": "hmac"}}))])
        => "modes.hard_delete.rules.items.debt_id.anonymize.count", "the mask does not fit a field of type integer", "use another mask; `null` fits every nullable field";
    an_entry_for_parents_that_stay_is_reported_on_a_reference_in_a_cycle:
        document([("/references/-", json!({"from": "debts.parent", "to": "debts", "nullable": true})), ("/modes/hard_delete/rules/debts.parent", json!([{"parent": "retain", "then": "delete"}, "cascade"]))])
        => "modes.hard_delete.rules.debts.parent[0]", "`parent` is ambiguous on a reference in a cycle of kinds", "remove `parent`, or use a condition";
    soft_delete_in_reactivate_is_reported:
        document([("/modes/reactivate", json!({"allow": "any", "rules": {"*": "soft_delete"}}))])
        => "modes.reactivate.rules.*", "`soft_delete` is not valid in mode reactivate", "use `cascade` or `keep`";
    a_policy_without_modes_is_reported:
        document([("/modes", json!({}))])
        => "modes", "a policy needs at least one mode", "add one, for example `hard_delete`";
    deactivate_of_a_subject_without_a_status_is_reported:
        document([("/kinds/clients", json!({})), ("/modes", json!({"deactivate": {"allow": "any", "rules": {"*": "keep"}}}))])
        => "modes.deactivate", "the mode needs `status` of `clients`", "declare `kinds.clients.status`";
    soft_delete_of_a_subject_without_deleted_at_is_reported:
        document([("/kinds/clients", json!({})), ("/modes", json!({"soft_delete": {"allow": "any", "rules": {"*": "keep"}}}))])
        => "modes.soft_delete", "the mode needs `deleted_at` of `clients`", "declare `kinds.clients.deleted_at`";
    anonymize_of_a_subject_without_personal_fields_is_reported:
        document([("/kinds/clients", json!({})), ("/modes", json!({"anonymize": {"allow": "any", "rules": {"*": "keep"}}}))])
        => "modes.anonymize", "the mode needs `personal` of `clients`", "declare `kinds.clients.personal`";
    a_syntax_error_is_reported_with_its_line:
        text("{\n  oops")
        => ".", "not JSON: key must be a string at line 2 column 3", "correct the syntax there";
    text_after_the_document_is_reported_with_its_line:
        text(&format!("{} x", base()))
        => ".", "not JSON: trailing characters at line 1 column 537", "correct the syntax there";
    a_duplicate_rule_is_reported:
        text(&base().to_string().replacen("\"items.debt_id\":", "\"debts.client_id\":", 1))
        => "modes.hard_delete.rules", "duplicate key `debts.client_id`", "";
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
fn a_syntax_error_is_reported_with_line_and_column() {
    for text in
        ["", "[]", "{\"subject\": 1}", "{\"subject\": \"a\"} x", "{\"subject\": \"a\", \"subject\": \"b\"}"]
    {
        let faults = DeletionPolicy::from_json(text).unwrap_err().to_string();
        assert!(faults.contains("line 1 column"), "{text}: {faults}");
    }
}
