//! Finds missing columns, wrong column types, unsuitable ids, and reserved names.

use super::declared::{MappedColumn, path, table, tables};
use super::finding::{Finding, FindingCode, FindingCode as Code};
use crate::domain::{DataMap, FieldName, Kind, Mask, TableName};
use crate::sql::SqlValue;
use crate::sql::catalogue::{Catalogue, Column, Table, same};
use crate::sql::statement::quote;

/// Reports tables and columns of the data map that do not exist, or have another type or nullability.
pub(super) fn schema_mismatch(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in map.kinds() {
        if let Some(table) = table(kind, catalogue) {
            columns(map, kind, table, catalogue, &mut found);
            found.extend(hidden(kind, table));
            found.extend(other_spelling(map, kind, catalogue));
        } else {
            found.push(missing_table(kind, catalogue));
        }
    }
    found
}

fn missing_table(kind: &Kind, catalogue: &Catalogue) -> Finding {
    let name = kind.table_name();
    let path = format!("kinds.{}", kind.name);
    if let Some(schema) = &name.schema {
        if !catalogue.has_schema(schema) {
            let message = format!("the schema `{schema}` of the table `{name}` does not exist");
            let own = TableName::new(format!("{schema}.{}", name.table));
            let own = serde_json::to_string(&own).unwrap_or_default();
            return Finding::new(Code::MissingTable, path, message).remedy(format!(
                "correct `table`; if the dot is part of the table's own name, declare `\"table\": {own}`"
            ));
        }
        if let Some(only) = catalogue.traits().only_schema.filter(|only| !same(only, schema)) {
            let message =
                format!("the table `{name}` is not in the database that the store opened (`{only}`)");
            return Finding::new(Code::UnsuitableTable, path, message)
                .remedy("move it there, or open a store of its own for that database");
        }
    }
    let elsewhere =
        || catalogue.tables().filter(|other| name.schema.is_none() && other.name.table == name.table);
    if let Some(hidden) = elsewhere().find_map(|other| hidden(kind, other)) {
        return hidden;
    }
    let message = format!("the table `{name}` does not exist");
    Finding::new(Code::MissingTable, path, message).remedy(match elsewhere().next() {
        Some(other) => {
            format!("declare `{}`, which is outside the search path, or correct `table`", other.name)
        }
        None => "create it, or correct `table`".into(),
    })
}

/// Reports a table in a schema that the current role may not use. Every statement about it would fail.
fn hidden(kind: &Kind, table: &Table) -> Option<Finding> {
    table.is_hidden.then(|| {
        let schema = &table.schema;
        let message = format!("the current role lacks USAGE on the schema `{schema}` of `{}`", table.name);
        Finding::new(Code::MissingPrivilege, format!("kinds.{}", kind.name), message)
            .remedy(format!("GRANT USAGE ON SCHEMA {} TO the role", quote(schema)))
    })
}

/// Reports two kinds of one table whose names are spelled differently, so that their filters were not compared.
fn other_spelling(map: &DataMap, kind: &Kind, catalogue: &Catalogue) -> Option<Finding> {
    let name = kind.table_name();
    let other = map.kinds().find(|other| {
        let (known, spelling) = (other.name < kind.name, other.table_name());
        known && spelling != name && catalogue.is_one_table(&spelling, &name)
    })?;
    let message =
        format!("`{name}` and `{}` are one table, the table of `{}`", other.table_name(), other.name);
    Some(
        Finding::new(Code::SchemaMismatch, format!("kinds.{}.table", kind.name), message)
            .remedy("spell the table alike in both kinds"),
    )
}

fn columns(map: &DataMap, kind: &Kind, table: &Table, catalogue: &Catalogue, found: &mut Vec<Finding>) {
    for field in map.fields_of(kind) {
        let path = path(map, kind, field);
        let named = |column: &&Column| catalogue.is_one_name(&column.name, kind.column(field));
        let Some(column) = table.column(kind.column(field)).filter(named) else {
            let (table, column) = (kind.table_name(), kind.column(field));
            let message = format!("the table `{table}` has no column `{column}`");
            found.push(
                Finding::new(Code::MissingColumn, path, message).remedy("create it, or correct `column`"),
            );
            continue;
        };
        if let Some(expected) = kind.declared_type(field)
            && !column.storage.fits(expected)
        {
            let message = format!("declared as {expected} but the column is {}", column.declared);
            found.push(
                Finding::new(Code::TypeMismatch, &path, message)
                    .remedy("correct the declared type; without one, a field is text"),
            );
        }
        let mut references = map.references_from(&kind.name);
        let compared = kind.id.contains(field) || references.any(|one| one.fields.contains(field));
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
    } else if kind
        .deleted_at
        .as_ref()
        .is_some_and(|deleted| deleted.field == *field && deleted.live.is_null())
    {
        "NULL marks a row as not deleted, but the column is NOT NULL"
    } else if kind.personal.get(field) == Some(&Mask::Null) {
        "the mask is `null` but the column is NOT NULL"
    } else {
        return None;
    };
    let finding = Finding::new(Code::NullabilityMismatch, path, message);
    Some(finding.remedy("correct the map, or allow NULL in the column"))
}

/// Reports an extension type whose schema is not on the search path. PostgreSQL would compare its values with the
/// operators of another type; `citext`, for example, as plain text.
fn outside_search_path(column: &Column, path: &str) -> Option<Finding> {
    let name = column.storage.column_type().filter(|column| column.is_off_search_path())?.name.as_str();
    let message =
        format!("the type `{name}` is not on the search path, so its values would be compared as text");
    Some(Finding::new(Code::TypeMismatch, path, message).remedy("add its schema to the search path"))
}

/// Reports id columns that do not identify a row: they are not unique, can be NULL, or have a type that ids cannot
/// have.
pub(super) fn ids(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, table) in tables(map, catalogue) {
        let path = format!("kinds.{}.id", kind.name);
        let Some(id) = kind.id.only() else {
            found.extend(several_ids(kind, table, catalogue, &path));
            continue;
        };
        let Some(MappedColumn { column, .. }) = MappedColumn::of(kind, id, catalogue) else {
            continue;
        };
        if let Some(repeated) = &column.repeated {
            let rows = if repeated.rows == 1 { "1 row".into() } else { format!("{} rows", repeated.rows) };
            let which = match repeated.id.as_id() {
                Some(id) => format!("with the id `{id}`"),
                None if repeated.id == SqlValue::Null => "without an id".into(),
                None => "with the same id".into(),
            };
            let message = format!("the view `{}` has {rows} {which}", kind.table_name());
            found.push(
                Finding::new(Code::AmbiguousId, &path, message)
                    .remedy("make the view return one row for each id"),
            );
        }
        // The catalogue has no keys for views.
        if table.is_view() {
            continue;
        }
        found.extend(uniqueness(map, kind, kind.column(id), table, &path));
        if column.storage.column_type().is_some_and(|column| !column.makes_ids()) {
            let message = format!("the column is {}, but ids are text, integers or UUIDs", column.declared);
            found.push(
                Finding::new(Code::TypeMismatch, &path, message)
                    .remedy("add a unique column of one of these types, and use it as `id`"),
            );
        }
        if catalogue.traits().requires_ids && !column.not_null {
            let message =
                format!("the column `{}` can be NULL, but rows without an id are never found", column.name);
            found.push(
                Finding::new(Code::NullabilityMismatch, &path, message)
                    .remedy("make the column NOT NULL, or use another column as `id`"),
            );
        }
    }
    found
}

/// Reports an id of several fields that does not identify a row.
fn several_ids(kind: &Kind, table: &Table, catalogue: &Catalogue, path: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    let columns: Vec<&str> = kind.id.fields().iter().map(|field| kind.column(field)).collect();
    if kind.id.is_none() {
        if table.is_view() {
            let message =
                format!("`{}` is a view, whose rows cannot be told apart without an id", table.name);
            found.push(
                Finding::new(Code::AmbiguousId, path, message)
                    .remedy("declare the columns that identify a row"),
            );
        }
        return found;
    }
    if !table.is_view() && !table.are_unique(&columns) {
        let message = format!("the columns `{}` are not unique together", columns.join("`, `"));
        found.push(
            Finding::new(Code::AmbiguousId, path, message)
                .remedy("use the primary key as `id`, or add a unique index"),
        );
    }
    for field in kind.id.fields() {
        let Some(MappedColumn { column, .. }) = MappedColumn::of(kind, field, catalogue) else { continue };
        if !column.not_null
            && !table.is_view()
            && !table.primary_key.iter().any(|part| same(part, &column.name))
        {
            let message =
                format!("the column `{}` can be NULL, but every field of an id needs a value", column.name);
            found.push(
                Finding::new(Code::NullabilityMismatch, path, message)
                    .remedy("make the column NOT NULL, or use other columns as `id`"),
            );
        }
    }
    found
}

fn uniqueness(map: &DataMap, kind: &Kind, id: &str, table: &Table, path: &str) -> Option<Finding> {
    if table.is_unique(id) {
        return None;
    }
    Some(if table.primary_key.len() > 1 {
        let key = table.primary_key.join("`, `");
        let message = format!("the column `{id}` is only a part of the primary key (`{key}`)");
        Finding::new(Code::CompositeKey, path, message).remedy(whole_key(map, kind, table))
    } else {
        let message = format!("the column `{id}` is not unique");
        Finding::new(Code::AmbiguousId, path, message)
            .remedy("use the primary key as `id`, or add a unique index")
    })
}

/// Returns the remedy for a kind whose id is a part of the primary key. References to the kind change with its id.
fn whole_key(map: &DataMap, kind: &Kind, table: &Table) -> String {
    let field = |column: &String| {
        let declared = kind.fields.keys().chain(kind.id.fields());
        let mut declared = declared.filter(|field| same(kind.column(field), column));
        declared.next().map_or_else(|| column.clone(), ToString::to_string)
    };
    let fields: Vec<String> = table.primary_key.iter().map(field).collect();
    let texts: Vec<String> = fields.iter().map(|field| serde_json::json!(field).to_string()).collect();
    let mut remedy = format!("declare `\"id\": [{}]`", texts.join(", "));
    let by_id = map.references_to(&kind.name).filter(|one| one.key.is_none() && one.is_declared());
    let by_id: Vec<String> = by_id.map(|reference| format!("`{}`", reference.name)).collect();
    if !by_id.is_empty() {
        let (count, list) = (fields.len(), by_id.join(", "));
        remedy = format!("{remedy}; write {count} fields in `from` of {list}, in this order");
    }
    remedy
}

/// Reports kinds whose tables have names that the library's own statements use.
pub(super) fn reserved_names<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    let reserved = map.kinds().filter(|kind| catalogue.prefix().is_own(&kind.table_name().table));
    reserved.map(|kind| {
        let message = format!("`{}` is a name that the library uses", kind.table_name());
        Finding::new(FindingCode::SchemaMismatch, format!("kinds.{}", kind.name), message)
            .remedy("use another prefix for the library's tables")
    })
}
