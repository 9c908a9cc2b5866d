//! Faults of rows in JSON.

use std::io::{Error, Read};

use client_lifecycle::domain::{DataMap, Fault};
use client_lifecycle::memory::MemoryStore;
use serde_json::{Value, json};

use crate::case;

fn map() -> DataMap {
    serde_json::from_value(json!({ "kinds": { "clients": { "id": "user_id" } } })).unwrap()
}

#[track_caller]
#[allow(clippy::needless_pass_by_value, reason = "cases are written shorter so")]
fn rows(data: Value) -> Vec<Fault> {
    case::of(MemoryStore::from_json(&map(), &data))
}

#[track_caller]
fn read(reader: impl Read) -> Vec<Fault> {
    case::of(MemoryStore::from_reader(&map(), reader))
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(Error::other("the disk is gone"))
    }
}

faulty! {
    data_that_is_not_an_object_is_reported:
        rows(json!([])) => "data", "not an object of arrays", "write `{\"clients\": [{…}]}`";
    a_system_table_as_a_kind_is_reported:
        rows(json!({ "lifecycle_audit": [] }))
        => "lifecycle_audit", "the name is reserved for a table of this crate", "leave it out";
    rows_that_are_not_a_list_are_reported:
        rows(json!({ "clients": { "user_id": 1 } })) => "clients", "not an array of rows", "write `[{…}]`, or leave it out";
    a_row_that_is_not_an_object_is_reported:
        rows(json!({ "clients": [7] })) => "clients[0]", "not an object", "write a row as `{…}`";
    a_row_without_an_id_is_reported:
        rows(json!({ "clients": [{ "id": 1 }] }))
        => "clients[0].user_id", "the row has no id", "give every row its own id: text or a 64-bit integer";
    a_row_whose_id_is_null_is_reported:
        rows(json!({ "clients": [{ "user_id": 1 }, { "user_id": null }] }))
        => "clients[1].user_id", "the row has no id", "give every row its own id: text or a 64-bit integer";
    a_row_whose_id_is_empty_is_reported:
        rows(json!({ "clients": [{ "user_id": "" }] }))
        => "clients[0].user_id", "an id cannot be empty", "give every row its own id: text or a 64-bit integer";
    an_id_that_is_a_fraction_is_reported:
        rows(json!({ "clients": [{ "user_id": 1.5 }] }))
        => "clients[0].user_id", "an id must be text or a 64-bit integer",
           "give every row its own id: text or a 64-bit integer";
    an_id_that_is_a_list_is_reported:
        rows(json!({ "clients": [{ "user_id": [1] }] }))
        => "clients[0].user_id", "an id must be text or a 64-bit integer",
           "give every row its own id: text or a 64-bit integer";
    two_rows_with_one_id_are_reported:
        rows(json!({ "clients": [{ "user_id": 1 }, { "user_id": 2 }, { "user_id": 1 }] }))
        => "clients[2].user_id", "another row has the id `1`", "give every row its own id";
    a_file_that_cannot_be_read_is_reported:
        read(Broken) => "data", "it cannot be read", "check that it exists and is UTF-8";
    a_syntax_error_is_reported_with_its_line:
        read(&b"{\"clients\":\n [}"[..]) => "line 2, column 3", "not JSON", "correct the syntax here";
    a_duplicate_key_is_reported:
        read(&b"{\"clients\": [], \"clients\": []}"[..])
        => "line 1, column 30", "duplicate key", "merge the values under one key";
}
