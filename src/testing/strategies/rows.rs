//! The rows of random worlds.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::model::Rows;
use super::seeds::{Declared, KindSeed, RowSeed, name};
use super::shapes::{Shapes, tag};
use crate::domain::{Record, RecordId, Value};

/// The number of a row that exists in no kind.
const GONE: usize = 8;

/// Returns the rows to which the elements of a list refer, `first` among them; `None` for an element that is null.
fn elements(row: &RowSeed, first: usize, count: usize) -> Vec<Option<usize>> {
    let next = Some((first + 1) % count.max(1));
    match (row.state, row.at % 4) {
        (_, 3) if row.marked => Vec::new(),
        (0, _) => vec![Some(first)],
        (1, 0 | 1) => vec![next, None, Some(first), Some(first)],
        (1, _) => vec![Some(first), Some(GONE), next],
        (_, 0) => vec![next, Some(first), next],
        _ => (0..count).chain([first]).map(Some).collect(),
    }
}

pub(super) fn rows(
    kinds: &[KindSeed],
    references: &[Declared],
    shapes: &Shapes,
    document: &Json,
    subjects: usize,
) -> Option<(Rows, Vec<RecordId>)> {
    let mandatory = |name: &str| {
        let declared = document["references"].as_array();
        let found = declared.into_iter().flatten().find(|one| one["name"] == name);
        found.is_some_and(|one| one["nullable"] != json!(true))
    };
    let mut found: BTreeMap<_, BTreeMap<RecordId, Record>> = BTreeMap::new();
    for (kind, seed) in kinds.iter().enumerate() {
        let facts = &document["kinds"][name(kind)];
        let mut table = BTreeMap::new();
        for (at, row) in seed.rows.iter().take(shapes.count(kinds, kind)).enumerate() {
            let is_subject = kind == 0 && at < subjects;
            let state = match row.state {
                0 => Value::from("A"),
                1 => "B".into(),
                2 if !is_subject => "C".into(),
                // With any other status, the kind's filter might exclude the subject.
                _ if is_subject => "B".into(),
                _ => Value::Null,
            };
            let when = match (row.at, row.at % 4) {
                (8, _) => Value::from("infinity"),
                (9, _) => "-infinity".into(),
                (_, 0) => "2020-06-01T00:00:00.000Z".into(),
                (_, 1) => "2025-11-30T08:00:00.000Z".into(),
                (_, 2) => "2027-01-01T00:00:00.000Z".into(),
                _ => Value::Null,
            };
            let mut record = Record::new(shapes.id_of(kind, at))
                .with("state", state)
                .with("at", when)
                .with("note", "private")
                // The same value in many rows of many kinds, and null in some rows.
                .with("code", (row.at < 3).then(|| format!("code {}", row.state)))
                .with("tag", tag(kind, at))
                .with("mail", format!("{}{at}@example.org", name(kind)))
                .with("deleted_at", Value::Null);
            let live = &facts["deleted_at"]["live"];
            // Null counts as live, whatever the form of the mark. A column of numbers is known by its values.
            if row.at != 7 || live.is_number() {
                record = record.with("deleted_at", Value::from(live.clone()));
            }
            if row.marked && !is_subject && !facts["deleted_at"].is_null() {
                let mark = match facts["fields"]["deleted_at"].as_str() {
                    Some("boolean") => Value::from(1),
                    Some("timestamp_ms") => 1_735_689_600_000_i64.into(),
                    _ => "2025-01-01T00:00:00.000Z".into(),
                };
                record = record.with("deleted_at", mark);
            }
            if !facts["version"].is_null() {
                let version = (at % 2 == 0).then_some(7);
                record = record.with("version", version).with("updated_at", "2024-02-29T00:00:00.000Z");
            }
            if !facts["status"].is_null() {
                let is_off = (row.state + row.at) % 3 == 0 && !is_subject;
                record = record.with("status", if is_off { "OFF" } else { "ON" });
            }
            let own = references.iter().filter(|one| one.from == kind);
            for (reference, index) in own.zip(row.references.iter().cycle()) {
                let parents = shapes.count(kinds, reference.to);
                // The index one past the last row means null.
                let choices = if mandatory(&reference.name) { parents } else { parents + 1 };
                let parent = index.index(choices);
                // Some references dangle, but never a reference to the row's own kind: on every write to such a row,
                // SQLite checks the foreign key again and refuses the write.
                let dangles = reference.to != kind && row.at == 1 && (row.marked || parent == parents);
                let parent = match parent {
                    _ if dangles => Some(GONE),
                    parent if parent < parents => Some(parent),
                    _ => None,
                };
                let held = if shapes.is_list(reference) {
                    let list = parent.map(|parent| elements(row, parent, parents));
                    vec![shapes.held_list(reference, list.as_deref())]
                } else {
                    shapes.held(reference, parent)
                };
                for (field, value) in held {
                    // The first of two references that share a field decides.
                    if !record.fields.contains_key(&*field) {
                        record = record.with(field, value);
                    }
                }
            }
            table.insert(record.id.clone(), record);
        }
        found.insert(name(kind).into(), table);
    }
    let rows = kinds.first()?.rows.len().min(subjects);
    Some((found, (0..rows).map(|row| shapes.id_of(0, row)).collect()))
}
