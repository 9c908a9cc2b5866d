//! Values of the wrong form: each message says what was found and what was expected.

use serde_json::json;

use crate::document::{document, text};

faulty! {
    a_mask_that_lacks_its_text_is_reported:
        document([("/kinds/items/personal", json!({"note": "text"}))])
        => "kinds.items.personal.note", "the mask `text` needs its text; expected {\"text\": \"anonymized\"}", "";
    a_mask_that_lacks_its_length_is_reported:
        document([("/kinds/items/personal", json!({"note": "truncate"}))])
        => "kinds.items.personal.note", "the mask `truncate` needs a length; expected {\"truncate\": 3}", "";
    an_unknown_mask_is_reported_with_the_masks_there_are:
        document([("/kinds/items/personal", json!({"note": "sha256"}))])
        => "kinds.items.personal.note", "unknown mask `sha256`; expected `null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"}, {\"value\": 0} or {\"truncate\": 3}", "";
    an_unknown_mask_with_a_value_is_reported:
        document([("/kinds/items/personal", json!({"note": {"redact": 3}}))])
        => "kinds.items.personal.note", "unknown mask `redact`; expected `null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"}, {\"value\": 0} or {\"truncate\": 3}", "";
    a_mask_that_is_a_number_is_reported:
        document([("/kinds/items/personal", json!({"note": 7}))])
        => "kinds.items.personal.note", "found the number 7; expected a mask: `null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"}, {\"value\": 0} or {\"truncate\": 3}", "";
    a_mask_that_is_null_is_reported:
        document([("/kinds/items/personal", json!({"note": null}))])
        => "kinds.items.personal.note", "found null; expected a mask: `null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"}, {\"value\": 0} or {\"truncate\": 3}", "";
    a_mask_that_is_an_empty_object_is_reported:
        document([("/kinds/items/personal", json!({"note": {}}))])
        => "kinds.items.personal.note", "the object is empty; expected a mask: `null`, `year`, `placeholder_email`, `hmac`, {\"text\": \"anonymized\"}, {\"value\": 0} or {\"truncate\": 3}", "";
    a_mask_with_a_value_that_it_does_not_take_is_reported:
        document([("/kinds/items/personal", json!({"note": {"hmac": "key"}}))])
        => "kinds.items.personal.note", "the mask `hmac` takes no argument; write \"hmac\"", "";
    two_masks_in_one_are_reported:
        document([("/kinds/items/personal", json!({"note": {"text": "x", "truncate": 3}}))])
        => "kinds.items.personal.note", "`text` and `truncate` are two masks; a field can have only one", "";
    a_length_that_is_negative_is_reported:
        document([("/kinds/items/personal", json!({"note": {"truncate": -3}}))])
        => "kinds.items.personal.note.truncate", "found the number -3; expected an integer from 0 to 65535", "";
    a_status_that_is_a_number_is_reported:
        document([("/kinds/items/status", json!(7))])
        => "kinds.items.status", "found the number 7; expected the name of a field, or {\"field\": \"active\", \"on\": true, \"off\": false}", "";
    a_status_without_its_values_is_reported:
        document([("/kinds/items/status", json!({"field": "active", "on": true}))])
        => "kinds.items.status", "the key `off` is missing", "";
    an_unknown_key_of_a_status_is_reported:
        document([("/kinds/items/status", json!({"field": "active", "on": 1, "off": 0, "of": 0}))])
        => "kinds.items.status.of", "unknown key `of`; expected `field`, `on` or `off`", "";
    a_field_that_is_a_list_is_reported:
        document([("/kinds/items/fields", json!({"note": ["text"]}))])
        => "kinds.items.fields.note", "found a list; expected a field type such as `text`, or an object such as {\"type\": \"text\", \"unique\": true}", "";
    a_flag_that_is_text_is_reported:
        document([("/kinds/items/tombstone", json!("yes"))])
        => "kinds.items.tombstone", "found the text `yes`; expected `true` or `false`", "";
    a_table_that_is_a_number_is_reported:
        document([("/kinds/items/table", json!(7))])
        => "kinds.items.table", "found the number 7; expected a table such as `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"}", "";
    a_field_name_that_is_a_number_is_reported:
        document([("/kinds/items/updated_at", json!(7))])
        => "kinds.items.updated_at", "found the number 7; expected the name of a field, such as `email`", "";
    a_mark_that_is_a_number_is_reported:
        document([("/kinds/items/deleted_at", json!(7))])
        => "kinds.items.deleted_at", "found the number 7; expected the name of a field, or {\"field\": \"removed\", \"live\": false}", "";
    a_mark_without_a_live_value_is_reported:
        document([("/kinds/items/deleted_at", json!({ "field": "removed" }))])
        => "kinds.items.deleted_at", "the key `live` is missing", "";
    a_calendar_period_that_does_not_exist_is_reported:
        document([("/modes/hard_delete/rules/items.debt_id", json!({ "retain": { "for": "P6Y", "from": "at", "from_end_of": "week", "basis": "law" } }))])
        => "modes.hard_delete.rules.items.debt_id.retain.from_end_of", "unknown calendar period `week`; expected `month`, `quarter` or `year`", "";
    a_kind_that_is_a_list_is_reported:
        document([("/kinds/items", json!([]))])
        => "kinds.items", "found a list; expected a kind: an object such as {\"id\": \"user_id\"}, or {} if there is nothing to declare", "";
    kinds_in_a_list_are_reported:
        document([("/kinds", json!(["clients"]))])
        => "kinds", "found a list; expected an object", "";
    a_subject_that_is_an_object_is_reported:
        document([("/subject", json!({"kind": "clients"}))])
        => "subject", "found an object; expected the name of a kind, such as `clients`", "";
    references_in_an_object_are_reported:
        document([("/references", json!({"debts.client_id": "clients"}))])
        => "references", "found an object; expected a list", "";
    a_reference_that_is_a_name_alone_is_reported:
        document([("/references/-", json!("debts.client_id"))])
        => "references[2]", "found the text `debts.client_id`; expected a reference, such as {\"from\": \"debts.client_id\", \"to\": \"clients\"}", "";
    a_reference_that_refers_to_nothing_is_reported:
        document([("/references/-", json!({"from": "debts.shop"}))])
        => "references[2]", "the key `to` is missing", "";
    a_reference_whose_fields_are_no_names_is_reported:
        document([("/references/-", json!({"from": true, "to": "clients"}))])
        => "references[2].from", "found `true`; expected a name such as `debts.client_id`, or a list of names", "";
    an_id_that_is_no_name_is_reported:
        document([("/kinds/debts/id", json!(7))])
        => "kinds.debts.id", "found the number 7; expected the name of a field, or a list of names such as [\"order_id\", \"line\"]", "";
    an_unknown_comparison_of_keys_is_reported:
        document([("/references/-", json!({"from": "debts.shop", "to": "clients", "compare": "loosely"}))])
        => "references[2].compare", "unknown comparison `loosely`; expected `exact` or `ignore_ascii_case`", "";
    an_unknown_lock_is_reported:
        document([("/references/-", json!({"from": "debts.shop", "to": "clients", "lock": "row"}))])
        => "references[2].lock", "unknown lock `row`; expected `table` or `writer`", "";
    a_table_of_a_schema_alone_is_reported:
        document([("/kinds/debts/table", json!({"schema": "crm"}))])
        => "kinds.debts.table", "the key `table` is missing", "";
    what_is_left_out_without_a_reason_is_reported:
        document([("/excluded", json!([{"table": "logs"}]))])
        => "excluded[0]", "the key `because` is missing", "";
    what_is_left_out_as_a_name_alone_is_reported:
        document([("/excluded", json!(["logs"]))])
        => "excluded[0]", "found the text `logs`; expected what is left out, such as {\"table\": \"logs\", \"because\": \"no person is named there\"}", "";
    a_mode_that_is_a_word_is_reported:
        document([("/modes/anonymize", json!("any"))])
        => "modes.anonymize", "found the text `any`; expected a mode: an object such as {\"allow\": [{\"role\": \"ADMIN\"}], \"rules\": {\"*\": \"cascade\"}}", "";
    an_allow_of_names_alone_is_reported:
        document([("/modes/hard_delete/allow", json!(["ADMIN"]))])
        => "modes.hard_delete.allow[0]", "found the text `ADMIN`; expected an object such as {\"role\": \"ADMIN\"}", "";
    an_allow_that_is_an_object_is_reported:
        document([("/modes/hard_delete/allow", json!({"role": "ADMIN"}))])
        => "modes.hard_delete.allow", "found an object; expected `any`, `authenticated` or a list such as [{\"role\": \"ADMIN\"}]", "";
    a_role_that_is_a_list_is_reported:
        document([("/modes/hard_delete/allow", json!([{"role": ["ADMIN"]}]))])
        => "modes.hard_delete.allow[0].role", "found a list; expected the name of a role, such as `ADMIN`", "";
    an_unknown_rule_for_reasons_is_reported:
        document([("/modes/hard_delete/reason", json!("always"))])
        => "modes.hard_delete.reason", "unknown rule for reasons `always`; expected `optional` or `required`", "";
    a_guard_that_is_a_name_alone_is_reported:
        document([("/modes/hard_delete/guards", json!(["debts"]))])
        => "modes.hard_delete.guards[0]", "found the text `debts`; expected a guard, such as {\"name\": \"open_debts\", \"on\": \"debts\", \"severity\": \"block\"}", "";
    a_guard_without_a_severity_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts"}]))])
        => "modes.hard_delete.guards[0]", "the key `severity` is missing", "";
    a_condition_that_is_text_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": "status = OPEN"}]))])
        => "modes.hard_delete.guards[0].when", "found the text `status = OPEN`; expected a condition, such as {\"field\": \"status\", \"eq\": \"PENDING\"}", "";
    a_condition_that_is_a_list_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": []}]))])
        => "modes.hard_delete.guards[0].when", "found a list; expected a condition, such as {\"field\": \"status\", \"eq\": \"PENDING\"}", "";
    an_unknown_comparison_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "status", "equals": "OPEN"}}]))])
        => "modes.hard_delete.guards[0].when.equals", "unknown key `equals`; expected `all`, `any`, `not`, `unknown`, `field`, `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `in`, `is_null`, `before`, `after`, `within` or `older_than`", "";
    a_period_that_is_a_number_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "at", "within": 30}}]))])
        => "modes.hard_delete.guards[0].when.within", "found the number 30; expected an ISO 8601 period, such as `P6Y`, `P30D` or `PT12H`", "";
    a_moment_that_is_a_number_is_reported:
        document([("/modes/hard_delete/guards", json!([{"name": "g", "on": "debts", "severity": "block", "when": {"field": "at", "before": 30}}]))])
        => "modes.hard_delete.guards[0].when.before", "found the number 30; expected `now` or an RFC 3339 instant, such as `2024-01-20T00:00:00Z`", "";
    an_effect_that_is_a_topic_alone_is_reported:
        document([("/modes/hard_delete/effects", json!(["sessions.revoke"]))])
        => "modes.hard_delete.effects[0]", "found the text `sessions.revoke`; expected an effect, such as {\"topic\": \"sessions.revoke\", \"on\": \"sessions\"}", "";
    rules_in_a_list_are_reported:
        document([("/modes/hard_delete/rules", json!(["cascade"]))])
        => "modes.hard_delete.rules", "found a list; expected an object", "";
    a_rule_that_is_a_number_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!(7))])
        => "modes.hard_delete.rules.debts.client_id", "found the number 7; expected the name of a rule such as `cascade`, an object such as {\"then\": \"cascade\"}, or a list of them", "";
    an_entry_that_is_a_number_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!([7]))])
        => "modes.hard_delete.rules.debts.client_id[0]", "found the number 7; expected the name of a rule such as `cascade`, or an object such as {\"then\": \"cascade\"}", "";
    an_unknown_parent_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!([{"parent": "keep", "then": "keep"}, "cascade"]))])
        => "modes.hard_delete.rules.debts.client_id[0].parent", "unknown parent `keep`; expected `anonymize` or `retain`", "";
    an_unknown_word_for_on_survive_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"then": "keep", "on_survive": "cascade"}))])
        => "modes.hard_delete.rules.debts.client_id.on_survive", "unknown word for `on_survive` `cascade`; expected `set_null`, `set_default`, `reassign` or `tombstone`", "";
    an_on_survive_that_is_a_list_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"then": "keep", "on_survive": []}))])
        => "modes.hard_delete.rules.debts.client_id.on_survive", "found a list; expected `set_null`, `set_default`, `reassign` or `tombstone`, or an object such as {\"reassign\": {\"to\": 7}}", "";
    a_retention_that_is_a_period_alone_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"retain": "P6Y"}))])
        => "modes.hard_delete.rules.debts.client_id.retain", "found the text `P6Y`; expected a retention, such as {\"for\": \"P6Y\", \"from\": \"issued_at\", \"basis\": \"the law and its article\"}", "";
    a_target_that_is_an_id_alone_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"reassign": 7}))])
        => "modes.hard_delete.rules.debts.client_id.reassign", "found the number 7; expected a target, such as {\"to\": 7}", "";
    a_target_that_is_not_an_id_is_reported:
        document([("/modes/hard_delete/rules/debts.client_id", json!({"reassign": {"to": true}}))])
        => "modes.hard_delete.rules.debts.client_id.reassign.to", "found `true`; expected an id: text, an integer, or a list of them", "";
    a_document_that_is_a_list_is_reported:
        text("[]")
        => ".", "found a list; expected a policy: an object with `subject`, `kinds`, `references` and `modes` at line 1 column 2", "";
    a_document_without_a_subject_is_reported:
        text("{}")
        => ".", "the key `subject` is missing at line 1 column 2", "";
    a_key_that_is_said_twice_is_reported:
        text("{\"subject\": \"clients\", \"subject\": \"users\"}")
        => ".", "duplicate key `subject` at line 1 column 32", "";
}
