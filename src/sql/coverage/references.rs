//! Finds problems of references: their types, their indexes, and missing protection by a foreign key or a lock.

use super::declared::{MappedColumn, ends, is_id, paths_from};
use super::finding::{Finding, FindingCode, FindingCode as Code};
use super::foreign_keys::mismatch;
use crate::domain::{DataMap, FieldName, KeyComparison, Lock, Reference};
use crate::sql::catalogue::{Catalogue, Column, ForeignKey, Storage, same};
use crate::sql::table_schema::ColumnType;

/// Reports references whose column type or nullability differs from the ids they refer to or from their declaration.
pub(super) fn types(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for reference in map.references() {
        let path = format!("references.{}", reference.name);
        let from = reference.only_field().and_then(|field| {
            let kind = map.kind(&reference.from)?;
            MappedColumn::of(kind, field, catalogue)
        });
        let from = from.filter(|_| reference.when.is_none());
        found.extend(from.and_then(|from| nullability(reference, &from, &path)));
        found.extend(shared_key(map, reference, catalogue, &path));
        if reference.each {
            let ends = ends(map, reference, catalogue);
            found.extend(ends.iter().filter_map(|(from, to)| unfit_list(reference, from, to, &path)));
            continue;
        }
        let exact = reference.compare == KeyComparison::Exact;
        for (from, to) in ends(map, reference, catalogue).into_iter().filter(|_| exact) {
            found.extend(type_mismatch(reference, &from, &to, &path));
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

/// Reports a reference whose key is shared by several records. A row could belong to any of them.
fn shared_key(map: &DataMap, reference: &Reference, catalogue: &Catalogue, path: &str) -> Option<Finding> {
    let records = catalogue.shared_key(&reference.name)?;
    let fields: Vec<&str> = map.key_of(reference).iter().map(FieldName::as_str).collect();
    let message = format!(
        "{records} records of `{}` have the same `{}`, if the case of letters is ignored",
        reference.to,
        fields.join("`, `")
    );
    Some(Finding::new(Code::AmbiguousId, path, message).remedy(
        "correct the records, and add a unique index on lower case, so that every row belongs to one record",
    ))
}

fn type_mismatch(
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
    let element = from.column.storage.column_type().and_then(ColumnType::element);
    let is_list =
        element.zip(to.column.storage.column_type()).is_some_and(|(held, ids)| held.compares_with(ids));
    let remedy = if is_list {
        "declare `\"each\": true`: every element then refers to a record"
    } else {
        "give both columns the same type"
    };
    Some(Finding::new(Code::TypeMismatch, path, message).remedy(remedy))
}

/// Reports a column that cannot hold a list of ids.
fn unfit_list(
    reference: &Reference,
    from: &MappedColumn<'_>,
    to: &MappedColumn<'_>,
    path: &str,
) -> Option<Finding> {
    let exact = reference.compare == KeyComparison::Exact;
    let (held, ids) = (declared_type(from.column), declared_type(to.column));
    let remedy = match (&from.column.storage, &to.column.storage) {
        (held, ids) if held.holds_list_of(ids, exact) => return None,
        (Storage::Affinity(_), _) => "use a text column with JSON arrays, or remove `each`".to_owned(),
        (Storage::Type(_), _) => {
            format!("use `{ids}[]`, or JSON in `jsonb`, `json` or `text`, or remove `each`")
        }
    };
    let message = format!(
        "the column is {held}, which holds no list of the ids of `{}`, which are {ids}",
        reference.to
    );
    Some(Finding::new(Code::TypeMismatch, path, message).remedy(remedy))
}

fn declared_type(column: &Column) -> &str {
    if column.declared.is_empty() { "untyped" } else { &column.declared }
}

/// Reports references that match other rows than a foreign key would. `C1` equals `c1` in a column that ignores case,
/// but not in others. PostgreSQL always compares with the collation of the ids, as its foreign keys do.
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

/// Reports references that hold another key than the id, if that key is not unique. A row could then refer to several
/// records, and would be removed with the first one that is deleted.
pub(super) fn ambiguous_keys<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter(|reference| reference.key.is_some()).filter_map(|reference| {
        let ends = ends(map, reference, catalogue);
        let (_, MappedColumn { table, .. }) = ends.first()?;
        let columns: Vec<&str> = ends.iter().map(|(_, to)| &*to.column.name).collect();
        // The catalogue has no keys for views.
        let is_unique = table.is_view()
            || table.are_unique(&columns)
            || columns.iter().any(|column| table.is_unique(column))
            || (reference.compare == KeyComparison::IgnoreAsciiCase
                && columns.iter().any(|column| table.is_unique_in_any_case(column)));
        if is_unique {
            return None;
        }
        let message = format!(
            "`{}` of `{}` is not unique, so a row could refer to several records",
            columns.join("`, `"),
            reference.to
        );
        let path = format!("references.{}", reference.name);
        Some(
            Finding::new(Code::AmbiguousId, path, message)
                .remedy("add a unique index on it, or let the reference hold the id"),
        )
    })
}

/// Reports references without an index. Every lookup of their rows scans the whole table.
pub(super) fn missing_indexes<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| {
        let kind = map.kind(&reference.from)?;
        let columns = reference.fields.iter().map(|field| MappedColumn::of(kind, field, catalogue));
        let columns = columns.collect::<Option<Vec<_>>>()?;
        let is_array = |from: &MappedColumn<'_>| {
            from.column.storage.column_type().is_some_and(|column| column.element().is_some())
        };
        // An index finds the elements of an array, but not those of JSON.
        if reference.each && !columns.iter().all(is_array) {
            return None;
        }
        if columns.iter().any(|from| from.table.is_view() || from.table.is_indexed(&from.column.name)) {
            return None;
        }
        let from = columns.first()?;
        let (table, column) = (&from.table.name, &from.column.name);
        let method = if reference.each { " USING gin" } else { "" };
        let message = format!(
            "no index on `{table}` starts with `{column}`: every plan and every deletion scans the whole table"
        );
        let dialect = catalogue.dialect();
        let remedy = format!(
            "CREATE INDEX {} ON {}{method} ({})",
            dialect.quote(&format!("{}_by_{column}", table.table)),
            dialect.table(table),
            dialect.quote(column)
        );
        let path = format!("references.{}", reference.name);
        Some(Finding::new(FindingCode::MissingIndex, path, message).remedy(remedy))
    })
}

/// Reports references that may come to refer to a deleted record, because neither a foreign key nor a lock prevents
/// it.
pub(super) fn unprotected<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| finding(map, reference, catalogue))
}

fn finding(map: &DataMap, reference: &Reference, catalogue: &Catalogue) -> Option<Finding> {
    let ends = ends(map, reference, catalogue);
    let (from, _) = ends.first()?;
    let path = format!("references.{}", reference.name);
    let leads = |counts: fn(&ForeignKey) -> bool| {
        ends.iter().all(|(from, to)| {
            paths_from(from, catalogue, counts).into_iter().any(|place| is_id(place, to, catalogue))
        })
    };
    if !reference.each && leads(|key| key.enforced) {
        let validated = leads(|key| key.enforced && key.validated);
        let table = catalogue.dialect().table(&from.table.name);
        return (!validated).then(|| unvalidated(path, &table));
    }
    // If the key has another target, it is reported as a mismatch.
    if reference.lock == Some(Lock::Writer) || mismatch(map, reference, catalogue).is_some() {
        return None;
    }
    if reference.lock == Some(Lock::Table) {
        let message = "the table lock keeps writers waiting while the operation runs: an insert that has waited goes in \
             afterwards, and may refer to a deleted record";
        return Some(Finding::new(FindingCode::UnprotectedReference, path, message).remedy(
            "add a foreign key; or call `lock_parent` in every transaction that inserts such rows, and declare \
             `\"lock\": \"writer\"`",
        ));
    }
    let why = if reference.each {
        "a foreign key cannot look into a list, and no `lock` protects the reference"
    } else if leads(|_| true) {
        "the foreign key is not enforced for every row, and no `lock` protects the reference"
    } else {
        "neither a foreign key nor a `lock` protects the reference"
    };
    let when = if catalogue.traits().single_writer { "after" } else { "during or after" };
    let message = format!("{why}: a row inserted {when} the operation may refer to a deleted record");
    let remedy = if reference.each {
        "call `lock_parent` for each id in every transaction that adds ids to a list, and declare \
         `\"lock\": \"writer\"`"
    } else {
        "add a foreign key; or call `lock_parent` in every transaction that inserts such rows, and declare \
             `\"lock\": \"writer\"`"
    };
    Some(Finding::new(FindingCode::UnprotectedReference, path, message).remedy(remedy))
}

/// Reports a key that is checked for new rows, but not for older rows.
fn unvalidated(path: String, table: &str) -> Finding {
    let message = "the foreign key is NOT VALID: older rows may refer to a record that does not exist";
    Finding::new(FindingCode::UnvalidatedForeignKey, path, message)
        .remedy(format!("correct such rows, then ALTER TABLE {table} VALIDATE CONSTRAINT …"))
}
