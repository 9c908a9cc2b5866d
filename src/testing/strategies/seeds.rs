//! What random worlds are made of, before they are documents and rows.

use proptest::sample::Index;
use serde_json::{Value as Json, json};

#[derive(Debug, Clone)]
pub(super) struct KindSeed {
    pub(super) tombstone: bool,
    pub(super) bare: bool,
    pub(super) identity: u8,
    pub(super) rows: Vec<RowSeed>,
}

impl KindSeed {
    /// Returns the form of the kind's deleted mark, and the type of its field. Like [`is_keyed`](Self::is_keyed), it
    /// depends on other random parts.
    pub(super) fn mark(&self) -> (Json, &'static str) {
        let form = |live: Json| json!({ "field": "deleted_at", "live": live });
        match (self.identity, self.rows.len()) {
            (5 | 6, ..=2) => (form(json!(0)), "boolean"),
            (5 | 6, _) => (form(json!("infinity")), "timestamp"),
            (7, ..=2) => (form(json!("9999-12-31T00:00:00.000Z")), "timestamp"),
            (7, _) => (form(json!(0)), "timestamp_ms"),
            _ => (json!("deleted_at"), "timestamp"),
        }
    }

    /// Returns whether the kind has a keyed mask. It depends on the number of rows and is therefore random.
    pub(super) fn is_keyed(&self) -> bool {
        self.rows.len().is_multiple_of(2)
    }
}

#[derive(Debug, Clone)]
pub(super) struct RowSeed {
    pub(super) references: Vec<Index>,
    pub(super) state: u8,
    pub(super) at: u8,
    pub(super) marked: bool,
}

#[derive(Debug, Clone)]
pub(super) struct ReferenceSeed {
    pub(super) from: Index,
    pub(super) to: Index,
    pub(super) nullable: bool,
    pub(super) shape: u8,
    pub(super) owned: bool,
    pub(super) entries: Vec<EntrySeed>,
}

#[derive(Debug, Clone)]
pub(super) struct EntrySeed {
    pub(super) when: Option<u8>,
    pub(super) parent: u8,
    pub(super) rule: u8,
    pub(super) link: u8,
}

/// A reference of a world under construction.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) name: String,
    pub(super) nullable: bool,
    pub(super) shape: u8,
    /// Whether a row that refers owns the other row, if the reference allows it.
    pub(super) owned: bool,
    pub(super) entries: Vec<EntrySeed>,
}

/// Returns the name of a kind.
pub(super) fn name(index: usize) -> String {
    char::from(b'a' + u8::try_from(index).unwrap_or(0)).to_string()
}
