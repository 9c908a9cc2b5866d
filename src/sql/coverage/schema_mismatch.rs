//! Tables and columns of the data map that are missing in the database, or have another type or nullability.

use super::declared::{path, table};
use super::finding::{Finding, FindingCode as Code};
use crate::domain::{DataMap, FieldName, Kind, Mask};
use crate::sql::catalogue::{Catalogue, Column, Table};

pub(super) fn findings(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        if let Some(table) = table(kind, catalogue) {
            columns(map, kind, table, catalogue, &mut found);
        } else {
            let message = format!("there is no table `{}`", kind.table_name());
            let finding = Finding::new(Code::MissingTable, format!("kinds.{}", kind.name), message);
            found.push(finding.remedy("create it or correct `table`"));
        }
    }
    found
}

fn columns(map: &DataMap, kind: &Kind, table: &Table, catalogue: &Catalogue, found: &mut Vec<Finding>) {
    for field in map.fields_of(kind) {
        let path = path(map, kind, field);
        let named = |column: &&Column| catalogue.is_one_name(&column.name, kind.column(field));
        let Some(column) = table.column(kind.column(field)).filter(named) else {
            let (table, column) = (kind.table_name(), kind.column(field));
            let message = format!("the table `{table}` has no column `{column}`");
            found.push(
                Finding::new(Code::MissingColumn, path, message).remedy("create it or correct `column`"),
            );
            continue;
        };
        if let Some(expected) = kind.declared_type(field)
            && !column.storage.fits(expected)
        {
            let message = format!("declared as {expected} but the column is {}", column.declared);
            found.push(Finding::new(Code::TypeMismatch, &path, message).remedy("correct the declared type"));
        }
        let compared = *field == kind.id || map.references_from(&kind.name).any(|one| one.field == *field);
        found.extend(nullability(kind, field, column, &path));
        found.extend(outside_search_path(column, &path).filter(|_| compared));
    }
}

fn nullability(kind: &Kind, field: &FieldName, column: &Column, path: &str) -> Option<Finding> {
    if !column.not_null {
        return None;
    }
    let nullable = kind.fields.get(field).is_some_and(|field| field.nullable);
    let message = if nullable {
        "declared nullable but the column is NOT NULL"
    } else if kind.deleted_at.as_ref() == Some(field) {
        "NULL marks a row as not deleted, but the column is NOT NULL"
    } else if kind.personal.get(field) == Some(&Mask::Null) {
        "the mask is `null` but the column is NOT NULL"
    } else {
        return None;
    };
    let finding = Finding::new(Code::NullabilityMismatch, path, message);
    Some(finding.remedy("correct the map, or allow NULL in the column"))
}

/// Reports an extension type whose schema is not on the search path. Its values would be compared by the operators of
/// another type: those of `citext` as plain text.
fn outside_search_path(column: &Column, path: &str) -> Option<Finding> {
    let name = column.storage.column_type().filter(|column| column.is_off_search_path())?.name.as_str();
    let message =
        format!("the type `{name}` is not on the search path, so its values would be compared as text");
    Some(Finding::new(Code::TypeMismatch, path, message).remedy("add its schema to the search path"))
}
