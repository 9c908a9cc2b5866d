//! Invalid rows in JSON.

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
        => "clients[0].user_id", "the row has no id", "give every row an id of its own: text, or an integer of 64 bits";
    a_row_whose_id_is_null_is_reported:
        rows(json!({ "clients": [{ "user_id": 1 }, { "user_id": null }] }))
        => "clients[1].user_id", "the row has no id", "give every row an id of its own: text, or an integer of 64 bits";
    a_row_whose_id_is_empty_is_reported:
        rows(json!({ "clients": [{ "user_id": "" }] }))
        => "clients[0].user_id", "an id cannot be empty", "give every row an id of its own: text, or an integer of 64 bits";
    an_id_that_is_a_fraction_is_reported:
        rows(json!({ "clients": [{ "user_id": 1.5 }] }))
        => "clients[0].user_id", "an id is text or an integer of 64 bits",
           "give every row an id of its own: text, or an integer of 64 bits";
    an_id_that_is_a_list_is_reported:
        rows(json!({ "clients": [{ "user_id": [1] }] }))
        => "clients[0].user_id", "an id is text or an integer of 64 bits",
           "give every row an id of its own: text, or an integer of 64 bits";
    two_rows_with_one_id_are_reported:
        rows(json!({ "clients": [{ "user_id": 1 }, { "user_id": 2 }, { "user_id": 1 }] }))
        => "clients[2].user_id", "there is another row with the id `1`", "give every row an id of its own";
    a_file_that_cannot_be_read_is_reported:
        read(Broken) => "data", "it could not be read", "see that it is there and UTF-8";
    a_syntax_error_is_reported_with_its_line:
        read(&b"{\"clients\":\n [}"[..]) => "line 2, column 3", "not JSON", "correct it at this place";
    a_duplicate_key_is_reported:
        read(&b"{\"clients\": [], \"clients\": []}"[..])
        => "line 1, column 30", "duplicate key", "put what belongs together under one key";
}
