//! Whether a declared reference is protected, and found quickly.

use crate::domain::{DataMap, Reference};
use crate::sql::catalogue::{Catalogue, ForeignKey, same};
use crate::sql::check::End;
use crate::sql::{Dialect, Finding, FindingCode};

pub(super) fn findings(map: &DataMap, reference: &Reference, catalogue: &Catalogue) -> Vec<Finding> {
    let Some((from, to)) = ends(map, reference, catalogue) else {
        return Vec::new();
    };
    [unprotected(map, reference, &from, &to, catalogue), index(reference, &from, catalogue.dialect())]
        .into_iter()
        .flatten()
        .collect()
}

/// Reports every declared reference whose foreign key refers to something else: a plan that follows the
/// reference would speak of other rows than the database means.
pub(in crate::sql) fn mismatches<'a>(
    map: &'a DataMap,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = Finding> + 'a {
    map.references().filter_map(|reference| {
        let key = mismatch(map, reference, catalogue)?;
        let to = map.kind(&reference.to)?;
        let message = format!(
            "the foreign key refers to `{}` (`{}`), and the policy says `{}` (`{}`)",
            key.to,
            key.to_columns.join("`, `"),
            to.table_name(),
            to.column(&to.id)
        );
        let path = format!("references.{}", reference.name);
        let finding = Finding::new(FindingCode::ForeignKeyMismatch, path, message);
        Some(finding.remedy("correct `to`, or the `id` of the kind"))
    })
}

/// Returns the foreign key of a reference that refers to another table or column than the map says, where none
/// agrees with the map.
pub(super) fn mismatch<'a>(
    map: &DataMap,
    reference: &Reference,
    catalogue: &'a Catalogue,
) -> Option<&'a ForeignKey> {
    let (from, to) = ends(map, reference, catalogue)?;
    let declared = |(table, column): (&str, &str)| {
        map.references_to(&reference.to).filter(|other| other.name != reference.name).any(|other| {
            let kind = map.kind(&other.from);
            kind.is_some_and(|kind| {
                catalogue.is_one_name(kind.table_name(), table) && same(kind.column(&other.field), column)
            })
        })
    };
    let mut places = led_to(&from, catalogue, |_| true).into_iter();
    if places.any(|place| is_id(place, &to, catalogue) || declared(place)) {
        return None;
    }
    keys_on(&from.table.name, &from.column.name, catalogue).next()
}

/// Returns the tables and columns to which foreign keys lead from a column, through any number of tables: a column
/// that refers to the client of a contract holds the id of a client where the column of the contract does.
fn led_to<'a>(
    from: &End<'a>,
    catalogue: &'a Catalogue,
    counts: impl Fn(&ForeignKey) -> bool,
) -> Vec<(&'a str, &'a str)> {
    let mut places: Vec<(&str, &str)> = Vec::new();
    let mut open = vec![(&*from.table.name, &*from.column.name)];
    while let Some((table, column)) = open.pop() {
        for key in keys_on(table, column, catalogue).filter(|key| counts(key)) {
            let mut pairs = key.columns.iter().zip(&key.to_columns);
            let referred =
                pairs.find(|(own, _)| same(own, column)).map(|(_, referred)| (&*key.to, &**referred));
            if let Some(place) = referred.filter(|place| !places.contains(place)) {
                places.push(place);
                open.push(place);
            }
        }
    }
    places
}

/// Returns whether a column of a table holds the ids of the kind at the end of a reference.
fn is_id((table, column): (&str, &str), to: &End<'_>, catalogue: &Catalogue) -> bool {
    let mut lineage = catalogue.lineage(table).into_iter();
    same(column, &to.column.name) && lineage.any(|table| catalogue.is_one_name(table, &to.table.name))
}

/// Returns the foreign keys that a column is part of.
fn keys_on<'a>(
    table: &'a str,
    column: &'a str,
    catalogue: &'a Catalogue,
) -> impl Iterator<Item = &'a ForeignKey> {
    let keys = catalogue.foreign_keys().filter(move |key| catalogue.is_one_name(&key.table, table));
    keys.filter(move |key| key.columns.iter().any(|part| same(part, column)))
}

/// Returns both ends of a reference. What is not there is reported as that.
fn ends<'a>(map: &DataMap, reference: &Reference, catalogue: &'a Catalogue) -> Option<(End<'a>, End<'a>)> {
    let to = map.kind(&reference.to)?;
    let from = End::of(map.kind(&reference.from), &reference.field, catalogue)?;
    Some((from, End::of(Some(to), &to.id, catalogue)?))
}

fn unprotected(
    map: &DataMap,
    reference: &Reference,
    from: &End<'_>,
    to: &End<'_>,
    catalogue: &Catalogue,
) -> Option<Finding> {
    let path = format!("references.{}", reference.name);
    let leads = |counts: fn(&ForeignKey) -> bool| {
        led_to(from, catalogue, counts).into_iter().any(|place| is_id(place, to, catalogue))
    };
    if leads(|key| key.enforced) {
        let validated = leads(|key| key.enforced && key.validated);
        return (!validated).then(|| unvalidated(path, from));
    }
    // Then it is reported that the key and the map do not agree.
    if mismatch(map, reference, catalogue).is_some() {
        return None;
    }
    let idle = leads(|_| true);
    if reference.lock.is_some() {
        return None;
    }
    let meanwhile = match catalogue.dialect() {
        Dialect::Sqlite => "no other writer is admitted while an operation runs, but ",
        Dialect::Postgres => "",
    };
    let why = if idle {
        "its foreign key is not enforced for every row, and no `lock` protects it"
    } else {
        "neither a foreign key nor a `lock` protects it"
    };
    let message = format!(
        "{why}: {meanwhile}a row that is inserted afterwards may refer \
         to a record that is gone"
    );
    Some(Finding::new(FindingCode::UnprotectedReference, path, message).remedy(
        "add a foreign key; or have the host's writers call `lock_parent` in their transaction, and declare \
             `\"lock\": \"writer\"`",
    ))
}

/// It keeps new rows from dangling, and says nothing of those that were there before it.
fn unvalidated(path: String, from: &End<'_>) -> Finding {
    let message = "its foreign key is NOT VALID: rows from before it may refer to a record that is not there";
    let finding = Finding::new(FindingCode::UnvalidatedForeignKey, path, message);
    finding.remedy(format!(
        "ALTER TABLE {} VALIDATE CONSTRAINT …, once they do not",
        Dialect::Postgres.table(&from.table.name)
    ))
}

fn index(reference: &Reference, from: &End<'_>, dialect: Dialect) -> Option<Finding> {
    if from.table.is_view() || from.table.is_indexed(&from.column.name) {
        return None;
    }
    let (table, column) = (&from.table.name, &from.column.name);
    let message = format!(
        "no index of `{table}` begins with `{column}`: every plan and every deletion reads the whole table"
    );
    let remedy = format!(
        "CREATE INDEX {} ON {} ({})",
        dialect.quote(&format!("{table}_by_{column}")),
        dialect.table(table),
        dialect.quote(column)
    );
    let path = format!("references.{}", reference.name);
    Some(Finding::new(FindingCode::MissingIndex, path, message).remedy(remedy))
}
