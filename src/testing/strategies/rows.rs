//! The rows of random worlds.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::model::Rows;
use super::{Declared, KindSeed, name};
use crate::domain::{Record, RecordId, Value};

/// The number of a row that exists in no kind.
const GONE: usize = 8;

fn id_of(kind: usize, row: usize) -> RecordId {
    match kind % 3 {
        0 => RecordId::from(format!("{}{}", name(kind), row + 1)),
        1 => i64::try_from(row + 1).unwrap_or_default().into(),
        _ => uuid::Uuid::from_u128(u128::from(row as u64 + 1) << 64 | kind as u128).into(),
    }
}

pub(super) fn rows(
    kinds: &[KindSeed],
    references: &[Declared],
    document: &Json,
    subjects: usize,
) -> Option<(Rows, Vec<RecordId>)> {
    let mandatory = |name: &str| {
        let declared = document["references"].as_array();
        let found = declared.into_iter().flatten().find(|one| one["from"] == name);
        found.is_some_and(|one| one["nullable"] != json!(true))
    };
    let mut found: BTreeMap<_, BTreeMap<RecordId, Record>> = BTreeMap::new();
    for (kind, seed) in kinds.iter().enumerate() {
        let facts = &document["kinds"][name(kind)];
        let mut table = BTreeMap::new();
        for (at, row) in seed.rows.iter().enumerate() {
            let is_subject = kind == 0 && at < subjects;
            let state = match row.state {
                0 => Value::from("A"),
                1 => "B".into(),
                2 if !is_subject => "C".into(),
                // With any other status, the kind's filter might exclude the subject.
                _ if is_subject => "B".into(),
                _ => Value::Null,
            };
            let when = match row.at {
                0 => Value::from("2020-06-01T00:00:00.000Z"),
                1 => "2025-11-30T08:00:00.000Z".into(),
                2 => "2027-01-01T00:00:00.000Z".into(),
                _ => Value::Null,
            };
            let mut record = Record::new(id_of(kind, at))
                .with("state", state)
                .with("at", when)
                .with("note", "private")
                // The same value in many rows of many kinds, and null in some rows.
                .with("code", (row.at < 3).then(|| format!("code {}", row.state)))
                .with("mail", format!("{}{at}@example.org", name(kind)))
                .with("deleted_at", Value::Null);
            if row.marked && !is_subject && !facts["deleted_at"].is_null() {
                record = record.with("deleted_at", "2025-01-01T00:00:00.000Z");
            }
            if !facts["version"].is_null() {
                let version = (at % 2 == 0).then_some(7);
                record = record.with("version", version).with("updated_at", "2024-02-29T00:00:00.000Z");
            }
            if !facts["status"].is_null() {
                record = record.with("status", "ON");
            }
            let own = references.iter().filter(|one| one.from == kind);
            for (reference, index) in own.zip(row.references.iter().cycle()) {
                let parents = kinds.get(reference.to)?.rows.len();
                // The index one past the last row means null.
                let choices = if mandatory(&reference.name) { parents } else { parents + 1 };
                let parent = index.index(choices);
                // Some references dangle, but never a reference to the row's own kind: on every write to such a row,
                // SQLite checks the foreign key again and refuses the write.
                let dangles = reference.to != kind && row.at == 1 && (row.marked || parent == parents);
                let value = match parent {
                    _ if dangles => id_of(reference.to, GONE).into(),
                    parent if parent < parents => id_of(reference.to, parent).into(),
                    _ => Value::Null,
                };
                record = record.with(reference.name.split('.').nth(1)?, value);
            }
            table.insert(record.id.clone(), record);
        }
        found.insert(name(kind).into(), table);
    }
    let rows = kinds.first()?.rows.len().min(subjects);
    Some((found, (0..rows).map(|row| id_of(0, row)).collect()))
}
