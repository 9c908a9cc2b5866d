//! The data map compared with the catalogue: every difference at once.

use super::Prefix;
use super::catalogue::{Affinity, Catalogue, Column, Table};
use crate::domain::{DataMap, Fault, FieldName, FieldType, Kind, Mask, Reference};

/// What the map says and the database does not have.
pub(super) fn faults(map: &DataMap, catalogue: &Catalogue, prefix: &Prefix) -> Vec<Fault> {
    let mut faults = Vec::new();
    for kind in map.kinds() {
        if prefix.is_own(kind.table_name()) {
            faults.push(
                Fault::new(
                    format!("kinds.{}", kind.name),
                    format!("`{}` is a name of the library's own", kind.table_name()),
                )
                .remedy("give the store another prefix"),
            );
        }
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
        let name = kind.column(field).to_ascii_lowercase();
        let column = table.columns.get(&name)?;
        Some((table, column, table.primary_key.contains(&name)))
    };
    let (Some(from), Some(to)) = (map.kind(&reference.from), map.kind(&reference.to)) else {
        return;
    };
    let path = format!("references.{}", reference.name);
    let Some((table, held, in_key)) = column(from, &reference.field) else {
        return;
    };
    if reference.nullable && held.not_null {
        faults.push(
            Fault::new(&path, "declared nullable but the column is NOT NULL")
                .remedy("declare it mandatory, or let the column be null"),
        );
    }
    if !reference.nullable && !held.not_null && !in_key {
        faults.push(
            Fault::new(&path, "declared mandatory but the column can be null")
                .remedy("declare it `nullable`, or make the column NOT NULL"),
        );
    }
    if let Some((of, id, _)) = column(to, &to.id) {
        // Columns of views have no type of their own.
        let is_open = |table: &Table, column: &Column| {
            table.is_view && matches!(column.affinity, Affinity::Any)
        };
        if !is_open(table, held) && !is_open(of, id) && !compare_alike(held, id) {
            faults.push(
                Fault::new(
                    path,
                    format!(
                        "the column is {} and the ids of `{}` are {}",
                        words(held),
                        to.name,
                        words(id)
                    ),
                )
                .remedy("give both columns the same type"),
            );
        }
    }
}

fn words(column: &Column) -> &str {
    match &*column.declared {
        "" => "of no type",
        declared => declared,
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

/// Whether a column and the ids it refers to hold one value in one form, so that comparing them finds what a
/// foreign key would find.
///
/// A foreign key converts what it looks up to the form of the id; a comparison converts both or neither, by
/// rules that depend on how the database runs it: text in a column that refers to whole numbers is found by
/// none, and `007` and `7` in a column that holds text would both be found by the number 7.
fn compare_alike(reference: &Column, id: &Column) -> bool {
    #[derive(PartialEq)]
    enum Sort {
        Number,
        Text,
        AsIs,
    }
    let sort = |column: &Column| match column.affinity {
        Affinity::Integer | Affinity::Real | Affinity::Numeric => Sort::Number,
        Affinity::Text => Sort::Text,
        Affinity::Blob | Affinity::Any => Sort::AsIs,
    };
    // What is declared as UUID counts as a number and holds text or bytes, which no number is made of.
    let holds_uuids = |column: &Column| {
        let declared = column.declared.to_ascii_uppercase();
        column.affinity == Affinity::Numeric
            && ["UUID", "GUID", "UNIQUEIDENTIFIER"]
                .iter()
                .any(|word| declared.contains(word))
    };
    sort(reference) == sort(id) || holds_uuids(reference) || holds_uuids(id)
}

fn path_of(map: &DataMap, kind: &Kind, field: &FieldName) -> String {
    let mut references = map.references_from(&kind.name);
    match references.find(|reference| reference.field == *field) {
        Some(reference) => format!("references.{}", reference.name),
        None if kind.id == *field => format!("kinds.{}.id", kind.name),
        None => format!("kinds.{}.fields.{field}", kind.name),
    }
}
