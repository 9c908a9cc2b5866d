//! Checking a data map against the rows in memory.

use std::collections::BTreeMap;

use super::table::Table;
use super::tables::Tables;
use chrono::Datelike;

use crate::domain::{
    DataMap, Fault, FaultCode, FieldName, Kind, Record, RecordId, Reference, Value, ids_in_list,
    infinity_text,
};

/// The maximum number of rows that a fault names.
const NAMED: usize = 5;

/// Returns faults for fields that no row has, ids of mixed types, and references that are null or of the wrong type.
///
/// It skips kinds without rows, and nullable fields that no row has.
pub(super) fn describe(tables: &Tables, map: &DataMap) -> Vec<Fault> {
    let mut faults = Vec::new();
    for kind in map.kinds() {
        let Some(table) = tables.get(kind.name.as_str()) else {
            continue;
        };
        if table.is_empty() {
            continue;
        }
        faults.extend(mixed_ids(kind, table));
        faults.extend(missing_fields(map, kind, table));
        faults.extend(wrong_marks(kind, table));
        for reference in map.references_from(&kind.name) {
            faults.extend(missing_targets(kind, reference, table));
            faults.extend(shared_key(map, tables, reference));
            let to = tables.get(reference.to.as_str());
            faults.extend(unreadable_lists(reference, table));
            if let Some(to) = to.filter(|to| !to.has_mixed_ids()) {
                faults.extend(wrong_targets(map, reference, table, to));
            }
        }
    }
    faults
}

fn mixed_ids(kind: &Kind, table: &Table) -> Option<Fault> {
    let integers = table.rows().filter(|row| row.id.as_integer().is_some());
    let all = table.len();
    table.has_mixed_ids().then(|| {
        let integers = integers.count();
        Fault::new(
            FaultCode::MixedIds,
            format!("kinds.{}.id", kind.name),
            format!("{integers} of {all} ids are integers, the others are text"),
        )
        .remedy("use one type for the ids of all rows")
    })
}

fn missing_fields(map: &DataMap, kind: &Kind, table: &Table) -> Vec<Fault> {
    let is_reference = |field: &FieldName| {
        let mut references = map.references_from(&kind.name);
        references.any(|reference| reference.fields.contains(field))
    };
    let may_be_absent = |field: &FieldName| {
        let declared = kind.fields.get(field);
        kind.id.contains(field)
            || kind.status.as_ref().is_some_and(|status| status.field == *field)
            || kind.deleted_at.as_ref().is_some_and(|deleted| deleted.field == *field)
            || declared.is_some_and(|declared| declared.nullable)
            || is_reference(field)
    };
    let fields = map.fields_of(kind).filter(|field| !may_be_absent(field));
    let missing = fields.filter(|field| {
        let mut rows = table.rows();
        !rows.any(|row| row.fields.contains_key(*field))
    });
    missing
        .map(|field| {
            let part = if kind.personal.contains_key(field) { "personal" } else { "fields" };
            Fault::new(
                FaultCode::UnknownField,
                format!("kinds.{}.{part}.{field}", kind.name),
                format!("no row of `{}` has the field `{field}`", kind.name),
            )
            .remedy("correct the name, or declare the field nullable")
        })
        .collect()
}

/// Finds rows whose deleted mark is neither the value of live rows nor a mark.
///
/// Where live rows have null, 1970 and the end of the calendar are no times at which a row was deleted, so live rows have
/// that value.
fn wrong_marks(kind: &Kind, table: &Table) -> Option<Fault> {
    let deleted = kind.deleted_at.as_ref()?;
    let declared = kind.type_of(&deleted.field);
    let is_wrong = |row: &&Record| match declared.read(row.get(&deleted.field)) {
        Ok(Value::Timestamp(at)) => {
            let is_sentinel = infinity_text(at).is_some() || at.year() >= 9999 || at.timestamp() == 0;
            is_sentinel && deleted.live.is_null()
        }
        Ok(_) => false,
        Err(_) => true,
    };
    let ids: Vec<&RecordId> = table.rows().filter(is_wrong).map(|row| &row.id).collect();
    (!ids.is_empty()).then(|| {
        let field = &deleted.field;
        let message = format!("{} whose `{field}` is not when a row was deleted", rows_named(&ids));
        let remedy = format!(
            "declare the value of live rows, such as {{\"field\": \"{field}\", \"live\": false}}, or correct the rows"
        );
        Fault::new(FaultCode::FieldType, format!("kinds.{}.deleted_at", kind.name), message).remedy(remedy)
    })
}

fn missing_targets(kind: &Kind, reference: &Reference, table: &Table) -> Option<Fault> {
    let Reference { name, fields, when, .. } = reference;
    // Whether the condition holds depends on the time of a request.
    if reference.nullable || when.is_some() {
        return None;
    }
    let is_null = |row: &&Record| fields.iter().any(|field| kind.value_of(row, field).is_null());
    let rows = table.rows().filter(is_null);
    let ids: Vec<&RecordId> = rows.map(|row| &row.id).collect();
    (!ids.is_empty()).then(|| {
        Fault::new(
            FaultCode::NullReference,
            format!("references.{name}"),
            format!("the reference is not nullable, but {} without a value", rows_named(&ids)),
        )
        .remedy("declare it nullable, or correct the rows")
    })
}

/// Finds references whose key is shared by several records.
fn shared_key(map: &DataMap, tables: &Tables, reference: &Reference) -> Option<Fault> {
    let key = reference.key.as_ref()?;
    let (to, reader) = (tables.get(reference.to.as_str())?, map.target_key(reference)?);
    let mut known: BTreeMap<RecordId, &RecordId> = BTreeMap::new();
    let shared = to.rows().find_map(|row| {
        let other = known.insert(reader.read(row)?, &row.id)?;
        Some([other, &row.id])
    })?;
    let key: Vec<&str> = key.iter().map(FieldName::as_str).collect();
    let message = format!("{} with the same `{}`", rows_named(&shared), key.join("`, `"));
    Some(
        Fault::new(FaultCode::DuplicateId, format!("references.{}", reference.name), message)
            .remedy("correct the rows, so that every row belongs to one record"),
    )
}

/// Finds lists of ids that cannot be read.
fn unreadable_lists(reference: &Reference, table: &Table) -> Option<Fault> {
    let field = reference.only_field().filter(|_| reference.each)?;
    // Whether the condition holds depends on the time of a request.
    let rows = table.rows().filter(|row| reference.when.is_none() && ids_in_list(row.get(field)).is_none());
    let ids: Vec<&RecordId> = rows.map(|row| &row.id).collect();
    (!ids.is_empty()).then(|| {
        let message = format!("{} whose `{field}` is not a list of ids", rows_named(&ids));
        Fault::new(FaultCode::ReferenceType, format!("references.{}", reference.name), message)
            .remedy("store a JSON array of integers or text, or remove `each`")
    })
}

/// Finds references whose values cannot be ids of the target: text if the ids are integers, or the other way round.
fn wrong_targets(map: &DataMap, reference: &Reference, table: &Table, to: &Table) -> Option<Fault> {
    let (from, field) = (map.kind(&reference.from)?, reference.only_field()?);
    let is_to_id = reference.key.is_none() && reference.when.is_none();
    map.kind(&reference.to)?.id.only().filter(|_| is_to_id)?;
    let integers = to.has_integer_ids()?;
    let wrong = table.rows().filter(|row| {
        let value = from.value_of(row, field);
        let fits = |id: &RecordId| id.as_integer().is_some() == integers;
        if reference.each {
            return ids_in_list(&value).is_some_and(|ids| !ids.iter().all(fits));
        }
        !value.is_null() && !value.as_id().is_some_and(|id| fits(&id))
    });
    let ids: Vec<&RecordId> = wrong.map(|row| &row.id).collect();
    (!ids.is_empty()).then(|| {
        let ids_are = if integers { "integers" } else { "text" };
        Fault::new(
            FaultCode::ReferenceType,
            format!("references.{}", reference.name),
            format!(
                "the ids of `{}` are {ids_are}, but {} with another type",
                reference.to,
                rows_named(&ids)
            ),
        )
        .remedy("store references in the same form as the ids they refer to")
    })
}

fn rows_named(ids: &[&RecordId]) -> String {
    let named: Vec<String> = ids.iter().take(NAMED).map(|id| format!("`{id}`")).collect();
    let more = if ids.len() > NAMED { ", …" } else { "" };
    let (verb, rows) = if ids.len() == 1 { ("is", "row") } else { ("are", "rows") };
    format!("there {verb} {} {rows} ({}{more})", ids.len(), named.join(", "))
}
