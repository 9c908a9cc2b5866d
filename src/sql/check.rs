//! The data map compared with the catalogue: every difference at once.

use super::catalogue::{Affinity, Catalogue, Column, Table};
use crate::domain::{DataMap, Fault, FieldName, FieldType, Kind, Mask, Reference};

/// What the map says and the database does not have.
pub(super) fn faults(map: &DataMap, catalogue: &Catalogue) -> Vec<Fault> {
    let mut faults = Vec::new();
    for kind in map.kinds() {
        match catalogue.table(kind.table_name()) {
            Some(table) => check_kind(map, kind, table, &mut faults),
            None => faults.push(
                Fault::new(
                    format!("kinds.{}", kind.name),
                    format!("there is no table `{}`", kind.table_name()),
                )
                .remedy("create it or correct `table`"),
            ),
        }
    }
    for reference in map.references() {
        check_reference(map, reference, catalogue, &mut faults);
    }
    check_foreign_keys(map, catalogue, &mut faults);
    faults.sort();
    faults.dedup();
    faults
}

fn check_kind(map: &DataMap, kind: &Kind, table: &Table, faults: &mut Vec<Fault>) {
    for field in map.fields_of(kind) {
        let path = path_of(map, kind, field);
        let Some(column) = table.column(kind.column(field)) else {
            faults.push(
                Fault::new(
                    path,
                    format!(
                        "the table `{}` has no column `{}`",
                        kind.table_name(),
                        kind.column(field)
                    ),
                )
                .remedy("create it or correct `column`"),
            );
            continue;
        };
        if let Some(expected) = kind.declared_type(field)
            && !fits(expected, column.affinity)
        {
            faults.push(
                Fault::new(
                    &path,
                    format!(
                        "declared as {expected} but the column is {}",
                        column.declared
                    ),
                )
                .remedy("correct the declared type"),
            );
        }
        check_null(kind, field, column, &path, faults);
    }
    // A view says nothing of keys.
    if !table.is_view {
        check_id(kind, table, faults);
    }
}

fn check_null(
    kind: &Kind,
    field: &FieldName,
    column: &Column,
    path: &str,
    faults: &mut Vec<Fault>,
) {
    if !column.not_null {
        return;
    }
    let declared = kind.fields.get(field).is_some_and(|field| field.nullable);
    let why = if declared {
        "declared nullable but the column is NOT NULL"
    } else if kind.deleted_at.as_ref() == Some(field) {
        "null says that a row is not deleted, but the column is NOT NULL"
    } else if kind.personal.get(field) == Some(&Mask::Null) {
        "the mask is `null` but the column is NOT NULL"
    } else {
        return;
    };
    faults.push(Fault::new(path, why).remedy("correct the map, or let the column be null"));
}

fn check_id(kind: &Kind, table: &Table, faults: &mut Vec<Fault>) {
    let id = kind.column(&kind.id).to_ascii_lowercase();
    let only = matches!(&*table.primary_key, [key] if *key == id);
    if only || table.unique.contains(&id) || table.column(&id).is_none() {
        return;
    }
    let path = format!("kinds.{}.id", kind.name);
    faults.push(if table.primary_key.len() > 1 {
        let key = table.primary_key.join("`, `");
        Fault::new(
            path,
            format!("composite primary keys are not supported: `{key}`"),
        )
        .remedy("give the table a unique column of its own and name it as `id`")
    } else {
        Fault::new(path, format!("the column `{id}` is not unique"))
            .remedy("name the primary key as `id`, or add a unique index")
    });
}

fn check_reference(
    map: &DataMap,
    reference: &Reference,
    catalogue: &Catalogue,
    faults: &mut Vec<Fault>,
) {
    let column = |kind: &Kind, field: &FieldName| {
        let table = catalogue.table(kind.table_name())?;
        table.column(kind.column(field)).map(|column| {
            (
                column.affinity,
                column.not_null,
                column.declared.clone(),
                table
                    .primary_key
                    .contains(&kind.column(field).to_ascii_lowercase()),
            )
        })
    };
    let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
        return;
    };
    let path = format!("references.{}", reference.name);
    let Some((affinity, not_null, declared, in_key)) = column(from, &reference.field) else {
        return;
    };
    if reference.nullable && not_null {
        faults.push(
            Fault::new(&path, "declared nullable but the column is NOT NULL")
                .remedy("declare it mandatory, or let the column be null"),
        );
    }
    if !reference.nullable && !not_null && !in_key {
        faults.push(
            Fault::new(&path, "declared mandatory but the column can be null")
                .remedy("declare it `nullable`, or make the column NOT NULL"),
        );
    }
    if let Some((id, _, id_declared, _)) = column(to, &to.id)
        && never_equal(affinity, id)
    {
        faults.push(
            Fault::new(
                &path,
                format!(
                    "the column is {declared} and the ids of `{}` are {id_declared}",
                    to.name
                ),
            )
            .remedy("give both columns the same type"),
        );
    }
}

/// Rows that the database changes by itself, of which no plan would say a word.
fn check_foreign_keys(map: &DataMap, catalogue: &Catalogue, faults: &mut Vec<Fault>) {
    for key in &catalogue.foreign_keys {
        let action = key.on_delete.to_ascii_uppercase();
        if action == "NO ACTION" || action == "RESTRICT" {
            continue;
        }
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let mut kinds = map.kinds();
        let Some(to) = kinds.find(|kind| same(kind.table_name(), &key.to)) else {
            continue;
        };
        let declared = map.references().any(|reference| {
            map.kind(&reference.from).is_some_and(|from| {
                same(from.table_name(), &key.table)
                    && same(from.column(&reference.field), &key.column)
            })
        });
        let excluded = map.excluded().iter().any(|left_out| {
            let table = left_out.table.as_deref();
            let reference = left_out.reference.as_ref();
            table.is_some_and(|table| same(table, &key.table))
                || reference.is_some_and(|name| {
                    same(name.as_str(), &format!("{}.{}", key.table, key.column))
                })
        });
        if !declared && !excluded {
            faults.push(
                Fault::new(
                    format!("references.{}.{}", key.table, key.column),
                    format!(
                        "a foreign key to `{}` with ON DELETE {action} that the map does not declare: the \
                         database would change rows that no plan names",
                        to.name
                    ),
                )
                .remedy("declare the reference, or list it under `excluded` and say why"),
            );
        }
    }
}

/// Whether a column may hold values of a type.
fn fits(expected: FieldType, affinity: Affinity) -> bool {
    use Affinity::{Blob, Integer, Real, Text};
    match expected {
        FieldType::Text | FieldType::Uuid => !matches!(affinity, Integer | Real),
        FieldType::Integer | FieldType::Boolean => !matches!(affinity, Text | Real | Blob),
        FieldType::Date | FieldType::Timestamp => !matches!(affinity, Real | Blob),
        FieldType::Decimal => affinity != Blob,
        FieldType::Json => true,
    }
}

/// Whether a value in a column of one sort never equals one in a column of the other. Whole numbers and text
/// do: the database converts them.
fn never_equal(a: Affinity, b: Affinity) -> bool {
    use Affinity::{Blob, Integer, Text};
    let plain = |affinity| matches!(affinity, Integer | Text);
    (a == Blob && plain(b)) || (plain(a) && b == Blob)
}

fn path_of(map: &DataMap, kind: &Kind, field: &FieldName) -> String {
    let mut references = map.references_from(&kind.name);
    match references.find(|reference| reference.field == *field) {
        Some(reference) => format!("references.{}", reference.name),
        None if kind.id == *field => format!("kinds.{}.id", kind.name),
        None => format!("kinds.{}.fields.{field}", kind.name),
    }
}
