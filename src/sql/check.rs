//! The data map compared with the catalogue: every difference at once.

use super::catalogue::{Affinity, Catalogue, Column, Table};
use super::{Dialect, Finding, FindingCode as Code, Prefix};
use crate::domain::{DataMap, FieldName, FieldType, Kind, Mask, Reference};

/// What the map says and the database does not have: with any of it a policy is not opened.
pub(super) fn differences(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        let exactly = |table: &&Table| catalogue.is_one_name(&table.name, kind.table_name());
        match catalogue.table(kind.table_name()).filter(exactly) {
            Some(table) => check_kind(map, kind, table, catalogue, &mut found),
            None => found.push(
                Finding::new(
                    Code::MissingTable,
                    format!("kinds.{}", kind.name),
                    format!("there is no table `{}`", kind.table_name()),
                )
                .remedy("create it or correct `table`"),
            ),
        }
    }
    for reference in map.references() {
        check_reference(map, reference, catalogue, &mut found);
    }
    found.extend(super::coverage::mismatches(map, catalogue));
    found.extend(super::coverage::actions(map, catalogue));
    Finding::in_order(found)
}

fn check_kind(map: &DataMap, kind: &Kind, table: &Table, catalogue: &Catalogue, found: &mut Vec<Finding>) {
    for field in map.fields_of(kind) {
        let path = path_of(map, kind, field);
        let exactly = |column: &&Column| catalogue.is_one_name(&column.name, kind.column(field));
        let Some(column) = table.column(kind.column(field)).filter(exactly) else {
            let (table, column) = (kind.table_name(), kind.column(field));
            let message = format!("the table `{table}` has no column `{column}`");
            found.push(
                Finding::new(Code::MissingColumn, path, message).remedy("create it or correct `column`"),
            );
            continue;
        };
        if let Some(expected) = kind.declared_type(field)
            && !fits(expected, column)
        {
            let declared = &column.declared;
            let message = format!("declared as {expected} but the column is {declared}");
            found.push(Finding::new(Code::TypeMismatch, &path, message).remedy("correct the declared type"));
        }
        found.extend(check_null(kind, field, column, &path));
        let compared = *field == kind.id || map.references_from(&kind.name).any(|one| one.field == *field);
        found.extend(astray(column, &path).filter(|_| compared));
        if is_written(kind, field) {
            found.extend(generated(column, &path));
        }
    }
    if table.row_security {
        let message = format!(
            "row-level security hides rows of `{}` from the role, and a deletion would miss them",
            table.name
        );
        found.push(Finding::new(Code::RowSecurity, format!("kinds.{}", kind.name), message).remedy(
            "use a role that bypasses it (ALTER ROLE … BYPASSRLS), or that owns the table without FORCE",
        ));
    }
    // A view says nothing of keys.
    if !table.is_view() {
        found.extend(check_id(kind, table));
        found.extend(check_id_type(kind, table));
        found.extend(check_no_id(kind, table, catalogue.dialect()));
    }
}

fn check_null(kind: &Kind, field: &FieldName, column: &Column, path: &str) -> Option<Finding> {
    if !column.not_null {
        return None;
    }
    let declared = kind.fields.get(field).is_some_and(|field| field.nullable);
    let why = if declared {
        "declared nullable but the column is NOT NULL"
    } else if kind.deleted_at.as_ref() == Some(field) {
        "null says that a row is not deleted, but the column is NOT NULL"
    } else if kind.personal.get(field) == Some(&Mask::Null) {
        "the mask is `null` but the column is NOT NULL"
    } else {
        return None;
    };
    let finding = Finding::new(Code::NullabilityMismatch, path, why);
    Some(finding.remedy("correct the map, or let the column be null"))
}

/// A type of an extension whose schema the search path does not lead to: values of it would be compared as
/// those of another type, which `citext` is there to differ from.
fn astray(column: &Column, path: &str) -> Option<Finding> {
    let name = column.typed.as_ref().filter(|column| column.is_off_search_path())?.name.as_str();
    let message = format!("the type `{name}` is not on the search path, and would compare as text does");
    Some(Finding::new(Code::TypeMismatch, path, message).remedy("add its schema to the search path"))
}

/// Whether the library writes a field whatever the rules of a policy say.
fn is_written(kind: &Kind, field: &FieldName) -> bool {
    let status = kind.status.as_ref().map(|status| &status.field);
    let written = [status, kind.deleted_at.as_ref(), kind.created_at.as_ref(), kind.updated_at.as_ref()];
    kind.personal.contains_key(field)
        || written.into_iter().chain([kind.version.as_ref()]).flatten().any(|one| one == field)
}

/// That a column is written which only the database writes.
pub(super) fn generated(column: &Column, path: &str) -> Option<Finding> {
    column.generated.then(|| {
        let message = format!("the column `{}` is generated: only the database writes it", column.name);
        Finding::new(Code::GeneratedColumn, path, message).remedy("write the columns it is made from instead")
    })
}

fn check_id(kind: &Kind, table: &Table) -> Option<Finding> {
    let id = kind.column(&kind.id);
    if table.is_unique(id) || table.column(id).is_none() {
        return None;
    }
    let path = format!("kinds.{}.id", kind.name);
    Some(if table.primary_key.len() > 1 {
        let key = table.primary_key.join("`, `");
        let message = format!("composite primary keys are not supported: `{key}`");
        Finding::new(Code::CompositeKey, path, message)
            .remedy("give the table a unique column of its own and name it as `id`")
    } else {
        let message = format!("the column `{id}` is not unique");
        Finding::new(Code::AmbiguousId, path, message)
            .remedy("name the primary key as `id`, or add a unique index")
    })
}

fn check_id_type(kind: &Kind, table: &Table) -> Option<Finding> {
    let id = table.column(kind.column(&kind.id))?;
    let no_id = id.typed.as_ref().is_some_and(|column| !column.makes_ids());
    no_id.then(|| {
        let message = format!("the column is {}, and ids are text, whole numbers or UUIDs", id.declared);
        Finding::new(Code::TypeMismatch, format!("kinds.{}.id", kind.name), message)
            .remedy("give the table another unique column and name it as `id`")
    })
}

/// SQLite lets even a primary key be null, so there every operation looks at the rows instead.
fn check_no_id(kind: &Kind, table: &Table, dialect: Dialect) -> Option<Finding> {
    let id = table.column(kind.column(&kind.id))?;
    (dialect == Dialect::Postgres && !id.not_null).then(|| {
        let message = format!("the column `{}` can be null, and a row without an id is never found", id.name);
        Finding::new(Code::NullabilityMismatch, format!("kinds.{}.id", kind.name), message)
            .remedy("make the column NOT NULL, or name another as `id`")
    })
}

fn check_reference(map: &DataMap, reference: &Reference, catalogue: &Catalogue, found: &mut Vec<Finding>) {
    let Some(from) = End::of(map.kind(&reference.from), &reference.field, catalogue) else {
        return;
    };
    let path = format!("references.{}", reference.name);
    let not_null = from.column.not_null;
    if reference.nullable && not_null {
        let message = "declared nullable but the column is NOT NULL";
        found.push(
            Finding::new(Code::NullabilityMismatch, &path, message)
                .remedy("declare it mandatory, or let the column be null"),
        );
    }
    let mut key = from.table.primary_key.iter();
    let in_key = key.any(|part| super::catalogue::same(part, &from.column.name));
    if !reference.nullable && !not_null && !in_key {
        let message = "declared mandatory but the column can be null";
        found.push(
            Finding::new(Code::NullabilityMismatch, &path, message)
                .remedy("declare it `nullable`, or make the column NOT NULL"),
        );
    }
    let to = map.kind(&reference.to);
    if let Some(to) = to.and_then(|kind| End::of(Some(kind), &kind.id, catalogue))
        && !compare_alike(&from, &to)
    {
        let message = format!(
            "the column is {} and the ids of `{}` are {}",
            words(from.column),
            reference.to,
            words(to.column)
        );
        found
            .push(Finding::new(Code::TypeMismatch, &path, message).remedy("give both columns the same type"));
    }
}

/// Reports kinds whose tables have names that statements of the library use for its own.
pub(super) fn names(map: &DataMap, prefix: &Prefix) -> Vec<Finding> {
    let taken = map.kinds().filter(|kind| prefix.is_own(kind.table_name()));
    taken
        .map(|kind| {
            Finding::new(
                Code::Misfit,
                format!("kinds.{}", kind.name),
                format!("`{}` is a name of the library's own", kind.table_name()),
            )
            .remedy("give the store another prefix")
        })
        .collect()
}

/// One end of a reference, as the database has it.
pub(super) struct End<'a> {
    pub(super) table: &'a Table,
    pub(super) column: &'a Column,
}

impl<'a> End<'a> {
    pub(super) fn of(kind: Option<&Kind>, field: &FieldName, catalogue: &'a Catalogue) -> Option<Self> {
        let kind = kind?;
        let table = catalogue.table(kind.table_name())?;
        let column = table.column(kind.column(field))?;
        Some(Self { table, column })
    }
}

/// Whether a column may hold values of a type.
pub(super) fn fits(expected: FieldType, column: &Column) -> bool {
    use Affinity::{Blob, Integer, Real, Text};
    if let Some(found) = &column.typed {
        return found.storage.fits(expected);
    }
    let affinity = column.affinity;
    match expected {
        FieldType::Text | FieldType::Uuid => !matches!(affinity, Integer | Real),
        FieldType::Integer | FieldType::Boolean => !matches!(affinity, Text | Real | Blob),
        FieldType::Date | FieldType::Timestamp => !matches!(affinity, Real | Blob),
        FieldType::Decimal => affinity != Blob,
        FieldType::Json => true,
    }
}

fn words(column: &Column) -> &str {
    match &*column.declared {
        "" => "of no type",
        declared => declared,
    }
}

/// Whether a column and the ids it refers to hold one value in one form, so that comparing them finds what a
/// foreign key would find.
///
/// A foreign key converts what it looks up to the form of the id; a comparison converts both or neither, by
/// rules that depend on how the database runs it: text in a column that refers to whole numbers is found by
/// none, and `007` and `7` in a column that holds text would both be found by the number 7.
fn compare_alike(reference: &End<'_>, id: &End<'_>) -> bool {
    #[derive(PartialEq)]
    enum Sort {
        Number,
        Text,
        AsIs,
    }
    if let (Some(held), Some(id)) = (&reference.column.typed, &id.column.typed) {
        return held.compares_with(id);
    }
    let sort = |end: &End<'_>| match end.column.affinity {
        Affinity::Integer | Affinity::Real | Affinity::Numeric => Sort::Number,
        Affinity::Text => Sort::Text,
        Affinity::Blob | Affinity::Any => Sort::AsIs,
    };
    // What is declared as UUID counts as a number and holds text or bytes, which no number is made of; what a
    // view computes has no type of its own.
    let is_open = |end: &End<'_>| {
        let declared = end.column.declared.to_ascii_uppercase();
        let uuids = ["UUID", "GUID", "UNIQUEIDENTIFIER"];
        match end.column.affinity {
            Affinity::Numeric => uuids.iter().any(|word| declared.contains(word)),
            Affinity::Any => end.table.is_view(),
            _ => false,
        }
    };
    sort(reference) == sort(id) || is_open(reference) || is_open(id)
}

fn path_of(map: &DataMap, kind: &Kind, field: &FieldName) -> String {
    let mut references = map.references_from(&kind.name);
    match references.find(|reference| reference.field == *field) {
        Some(reference) => format!("references.{}", reference.name),
        None if kind.id == *field => format!("kinds.{}.id", kind.name),
        None => format!("kinds.{}.fields.{field}", kind.name),
    }
}
