//! Rows that do not fit a data map, in stores that work row by row.

use async_trait::async_trait;
use client_lifecycle::domain::{DataMap, Fault, Kind, Record, RecordId, Reference};
use client_lifecycle::memory::{MemoryRecords, MemoryStore};
use client_lifecycle::store::{Batch, BatchError, ByRow, Page, Records, Store, StoreError};
use serde_json::{Value, json};

fn map() -> DataMap {
    serde_json::from_value(json!({
        "kinds": { "clients": { "fields": { "role": "text" }, "personal": { "email": "placeholder_email" } }, "debts": {} },
        "references": [ { "from": "debts.client_id", "to": "clients" } ]
    }))
    .unwrap()
}

fn checked(store: &impl Store, map: &DataMap) -> Vec<Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(store.check(map)).unwrap()
}

#[allow(clippy::needless_pass_by_value, reason = "cases are written shorter so")]
fn rows(data: Value) -> Vec<Fault> {
    checked(&MemoryStore::from_json(&map(), &data).unwrap(), &map())
}

/// Returns the faults of a store with the tables `there` and a data map with the kinds `map`.
fn tables(there: &[&str], map: &[&str]) -> Vec<Fault> {
    let records = MemoryRecords::new();
    for name in there {
        records.insert(*name, []);
    }
    let map = DataMap::new(map.iter().map(|name| Kind::named(*name)), []).unwrap();
    checked(&ByRow::new(records), &map)
}

/// Records that lack one of the library's tables.
struct Forgotten(MemoryRecords);

#[async_trait]
impl Records for Forgotten {
    async fn get(&self, kind: &Kind, ids: &[RecordId]) -> Result<Vec<Record>, StoreError> {
        if kind.name == "lifecycle_marks" {
            return Err(StoreError::Unknown { what: "kind", name: kind.name.to_string() });
        }
        self.0.get(kind, ids).await
    }

    async fn referrers(
        &self,
        kind: &Kind,
        reference: &Reference,
        ids: &[RecordId],
        page: Page<'_>,
    ) -> Result<Vec<Record>, StoreError> {
        self.0.referrers(kind, reference, ids, page).await
    }

    async fn write(&self, batch: &Batch) -> Result<(), BatchError> {
        self.0.write(batch).await
    }
}

fn forgotten() -> Vec<Fault> {
    checked(&ByRow::new(Forgotten(MemoryRecords::new())), &DataMap::new([], []).unwrap())
}

#[allow(clippy::needless_pass_by_value, reason = "cases are written shorter so")]
fn copies(data: Value) -> Vec<Fault> {
    let map: DataMap = serde_json::from_value(json!({
        "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.mail", "to": "clients.mail", "compare": "ignore_ascii_case" } ]
    }))
    .unwrap();
    checked(&MemoryStore::from_json(&map, &data).unwrap(), &map)
}

/// Returns the faults of debts with these lists of owners.
#[allow(clippy::needless_pass_by_value, reason = "cases are written shorter so")]
fn lists(owners: Value) -> Vec<Fault> {
    let map: DataMap = serde_json::from_value(json!({
        "kinds": { "clients": {}, "debts": {} },
        "references": [ { "from": "debts.owners", "to": "clients", "each": true } ]
    }))
    .unwrap();
    let debts =
        owners.as_array().unwrap().iter().zip(1..).map(|(list, id)| json!({ "id": id, "owners": list }));
    let data = json!({ "clients": [{ "id": 1 }], "debts": debts.collect::<Value>() });
    checked(&MemoryStore::from_json(&map, &data).unwrap(), &map)
}

faulty! {
    two_records_that_differ_only_in_case_are_reported_where_a_reference_ignores_it:
        copies(json!({ "clients": [ { "id": 1, "mail": "a@B.org" }, { "id": 2, "mail": "A@b.org" } ], "debts": [ { "id": 1, "mail": "c@d.org" } ] }))
        => "references.debts.mail", "there are 2 rows (`1`, `2`) with the same `mail`", "correct the rows, so that every row belongs to one record";
    lists_that_cannot_be_read_are_reported:
        lists(json!([[1, 2], "1,2", 1, [[1]], [1.5], null]))
        => "references.debts.owners", "there are 4 rows (`2`, `3`, `4`, `5`) whose `owners` is not a list of ids",
           "store a JSON array of integers or text, or remove `each`";
    lists_of_ids_of_another_type_are_reported:
        lists(json!([[1, 2], ["1"], [1, "x"], []]))
        => "references.debts.owners", "the ids of `clients` are integers, but there are 2 rows (`2`, `3`) with another type",
           "store references in the same form as the ids they refer to";
    a_missing_list_is_reported_unless_the_reference_is_nullable:
        lists(json!([[1], null]))
        => "references.debts.owners", "the reference is not nullable, but there is 1 row (`2`) without a value",
           "declare it nullable, or correct the rows";
    a_missing_system_table_is_reported:
        forgotten()
        => "kinds.lifecycle_marks", "the store has no kind `lifecycle_marks`", "create it: this crate stores its own records there";
    ids_of_two_types_are_reported:
        rows(json!({ "clients": [{ "id": 1, "role": "", "email": "" }, { "id": "x" }], "debts": [] }))
        => "kinds.clients.id", "1 of 2 ids are integers, the others are text", "use one type for the ids of all rows";
    a_missing_field_is_reported:
        rows(json!({ "clients": [{ "id": 1, "email": "" }], "debts": [] }))
        => "kinds.clients.fields.role", "no row of `clients` has the field `role`", "correct the name, or declare the field nullable";
    a_missing_personal_field_is_reported:
        rows(json!({ "clients": [{ "id": 1, "role": "" }], "debts": [] }))
        => "kinds.clients.personal.email", "no row of `clients` has the field `email`", "correct the name, or declare the field nullable";
    a_missing_mandatory_reference_is_reported:
        rows(json!({ "clients": [{ "id": 1, "role": "", "email": "" }], "debts": [{ "id": 1, "client_id": 1 }, { "id": 2 }] }))
        => "references.debts.client_id", "the reference is not nullable, but there is 1 row (`2`) without a value", "declare it nullable, or correct the rows";
    a_reference_that_is_not_an_id_is_reported:
        rows(json!({ "clients": [{ "id": 1, "role": "", "email": "" }], "debts": [{ "id": 1, "client_id": "one" }] }))
        => "references.debts.client_id", "the ids of `clients` are integers, but there is 1 row (`1`) with another type",
           "store references in the same form as the ids they refer to";
    a_missing_kind_is_reported:
        tables(&[], &["ghosts"]) => "kinds.ghosts", "the store has no kind `ghosts`", "create it, or correct the name";
    a_system_table_as_a_kind_is_reported:
        tables(&[], &["lifecycle_audit"])
        => "kinds.lifecycle_audit", "the name is reserved for a table of this crate", "choose another name for the kind, and set `table` to its table";
}
