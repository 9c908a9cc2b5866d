//! Faults of personal ids: rows that would stay without the person under an id that names the person.

use serde_json::json;

use crate::document::document;

faulty! {
    an_anonymized_subject_with_a_personal_id_is_reported:
        document([("/kinds/clients", json!({"id": "mail", "personal": {"mail": "hmac", "name": "null"}})),
                  ("/modes/anonymize", json!({"allow": "any", "rules": {"*": "keep"}}))])
        => "modes.anonymize", "an anonymized row keeps its id, but `mail` of `clients` is a personal id",
           "use the mode `hard_delete`, or give the kind another id";
    an_anonymized_row_with_a_personal_id_is_reported:
        document([("/kinds/debts", json!({"id": "iban", "personal": {"iban": "hmac"}})),
                  ("/modes/hard_delete/rules/debts.client_id", json!({"anonymize": {"note": "null"}, "on_survive": "set_null"}))])
        => "modes.hard_delete.rules.debts.client_id.anonymize", "an anonymized row keeps its id, but `iban` of `debts` is a personal id",
           "use the rule `delete`, or give the kind another id";
    a_tombstone_with_a_personal_id_is_reported:
        document([("/kinds/islands", json!({"id": "mail", "tombstone": true, "personal": {"mail": "hmac", "name": "null"}}))])
        => "kinds.islands.tombstone", "a tombstone keeps its id, but `mail` of `islands` is a personal id", "remove it";
    an_id_that_refers_to_a_personal_id_is_personal_too:
        document([("/kinds/debts", json!({"id": "iban", "personal": {"iban": "hmac"}})),
                  ("/kinds/items", json!({"id": "iban", "personal": {"note": "null"}})),
                  ("/references/-", json!({"from": "items.iban", "to": "debts"})),
                  ("/modes/hard_delete/rules/items.iban", json!([{"parent": "retain", "then": {"anonymize": {}}}, {"then": "cascade"}]))])
        => "modes.hard_delete.rules.items.iban[0].anonymize", "an anonymized row keeps its id, but `iban` of `items` is a personal id",
           "use the rule `delete`, or give the kind another id";
    an_owned_row_with_a_personal_id_that_would_be_masked_is_reported:
        document([("/kinds/islands", json!({"id": "mail", "personal": {"mail": "hmac", "name": "null"}})),
                  ("/references/-", json!({"from": "clients.island", "to": "islands", "owned": true})),
                  ("/modes/hard_delete/rules/*", json!("cascade")),
                  ("/modes/anonymize", json!({"allow": "any", "rules": {"*": "keep"}}))])
        => "modes.anonymize.rules.clients.island", "a row masked with its owner keeps its id, but `mail` of `islands` is a personal id",
           "use the rule `leave`, or give the kind another id";
    an_event_with_a_personal_id_among_its_fields_is_reported:
        document([("/kinds/clients", json!({"id": "mail", "personal": {"mail": "hmac"}})),
                  ("/modes/hard_delete/effects", json!([{"topic": "debts.gone", "on": "debts", "fields": ["client_id"]}]))])
        => "modes.hard_delete.effects[0].fields", "`client_id` holds a personal id, which an event may hold only as a pseudonym",
           "leave it out; the event holds the pseudonym of its record as `record`";
    rows_that_reactivate_cannot_find_by_their_pseudonym_are_reported:
        document([("/kinds/debts", json!({"id": "iban", "status": "state", "personal": {"iban": "hmac"}})),
                  ("/modes/reactivate", json!({"allow": "any", "rules": {"debts.client_id": "cascade", "*": "keep"}}))])
        => "modes.reactivate.rules.debts.client_id",
           "`reactivate` finds rows by the ids that `deactivate` recorded, but it recorded pseudonyms, because `iban` of `debts` is a personal id",
           "use the rule `keep`";
    a_personal_field_that_the_audit_log_should_keep_is_reported:
        document([("/modes/hard_delete/before", json!(["email"]))])
        => "modes.hard_delete.before", "`email` is personal, and the audit log keeps no personal values",
           "leave it out; the audit log outlives what is erased";
    an_id_that_the_audit_log_should_keep_is_reported:
        document([("/modes/hard_delete/before", json!(["id"]))])
        => "modes.hard_delete.before", "`id` is the id, which every audit entry holds", "leave it out; the audit log outlives what is erased";
    fields_that_another_mode_keeps_anyway_are_reported:
        document([("/modes/soft_delete", json!({"allow": "any", "rules": {"*": "keep"}, "before": ["manager"]}))])
        => "modes.soft_delete.before", "`before` has no meaning in mode `soft_delete`",
           "remove it; only `hard_delete` and `anonymize` leave out what is not listed";
}
