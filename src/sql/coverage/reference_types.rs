//! References whose columns differ from the ids they refer to, or from their declaration.

use super::declared::{MappedColumn, ends};
use super::finding::{Finding, FindingCode as Code};
use crate::domain::{DataMap, Reference};
use crate::sql::catalogue::{Catalogue, Column, same};

pub(super) fn findings(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for reference in map.references() {
        let path = format!("references.{}", reference.name);
        let from = map.kind(&reference.from);
        let from = from.and_then(|kind| MappedColumn::of(kind, &reference.field, catalogue));
        found.extend(from.and_then(|from| nullability(reference, &from, &path)));
        if let Some((from, to)) = ends(map, reference, catalogue) {
            found.extend(types(reference, &from, &to, &path));
            found.extend(collations(reference, from.column, to.column, &path));
        }
    }
    found
}

fn nullability(reference: &Reference, from: &MappedColumn<'_>, path: &str) -> Option<Finding> {
    let not_null = from.column.not_null;
    let in_key = from.table.primary_key.iter().any(|part| same(part, &from.column.name));
    let message = if reference.nullable && not_null {
        "declared nullable but the column is NOT NULL"
    } else if !reference.nullable && !not_null && !in_key {
        "declared mandatory but the column can be NULL"
    } else {
        return None;
    };
    let remedy = if not_null {
        "declare it mandatory, or allow NULL in the column"
    } else {
        "declare it `nullable`, or make the column NOT NULL"
    };
    Some(Finding::new(Code::NullabilityMismatch, path, message).remedy(remedy))
}

fn types(
    reference: &Reference,
    from: &MappedColumn<'_>,
    to: &MappedColumn<'_>,
    path: &str,
) -> Option<Finding> {
    if from.column.storage.compares_with(&to.column.storage) {
        return None;
    }
    let (held, ids) = (declared_type(from.column), declared_type(to.column));
    let message = format!("the column is {held}, but the ids of `{}` are {ids}", reference.to);
    Some(Finding::new(Code::TypeMismatch, path, message).remedy("give both columns the same type"))
}

fn declared_type(column: &Column) -> &str {
    if column.declared.is_empty() { "untyped" } else { &column.declared }
}

/// Reports references that find other rows than a foreign key would. `C1` is `c1` in a column that ignores case, but
/// a different id in one that does not. PostgreSQL compares with the collation of the ids, like its foreign keys.
fn collations(reference: &Reference, from: &Column, to: &Column, path: &str) -> Option<Finding> {
    let (held, ids) = (from.collation?, to.collation?);
    if held == ids {
        return None;
    }
    let message = format!(
        "the column compares {}, but the ids of `{}` compare {}",
        held.description(),
        reference.to,
        ids.description()
    );
    Some(Finding::new(Code::TypeMismatch, path, message).remedy("give both columns the same collation"))
}
