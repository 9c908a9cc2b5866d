//! Whether a declared reference is protected, and found quickly.

use crate::domain::{DataMap, Reference};
use crate::sql::catalogue::{Catalogue, ForeignKey, same};
use crate::sql::check::End;
use crate::sql::{Dialect, Finding, FindingCode};

pub(super) fn findings(map: &DataMap, reference: &Reference, catalogue: &Catalogue) -> Vec<Finding> {
    let to = map.kind(&reference.to);
    let ends = (
        End::of(map.kind(&reference.from), &reference.field, catalogue),
        to.and_then(|kind| End::of(Some(kind), &kind.id, catalogue)),
    );
    // What is not there is reported as that.
    let (Some(from), Some(to)) = ends else {
        return Vec::new();
    };
    [unprotected(reference, &from, &to, catalogue), index(reference, &from, catalogue.dialect())]
        .into_iter()
        .flatten()
        .collect()
}

fn unprotected(
    reference: &Reference,
    from: &End<'_>,
    to: &End<'_>,
    catalogue: &Catalogue,
) -> Option<Finding> {
    let path = format!("references.{}", reference.name);
    let keys: Vec<&ForeignKey> = catalogue
        .foreign_keys_of(&from.table.name)
        .filter(|key| key.columns.iter().any(|part| same(part, &from.column.name)))
        .collect();
    let is_it = |key: &&ForeignKey| {
        let column = key.column_to(&to.column.name);
        same(&key.to, &to.table.name) && column.is_some_and(|column| same(column, &from.column.name))
    };
    if let Some(key) = keys.iter().find(|key| is_it(key) && key.enforced) {
        return (!key.validated).then(|| unvalidated(path, from));
    }
    let idle = keys.iter().any(is_it);
    if let Some(key) = keys.first().filter(|_| !idle) {
        let message = format!(
            "the foreign key refers to `{}` (`{}`), and the policy says `{}` (`{}`)",
            key.to,
            key.to_columns.join("`, `"),
            to.table.name,
            to.column.name
        );
        let finding = Finding::new(FindingCode::ForeignKeyMismatch, path, message);
        return Some(finding.remedy("correct `to`, or the `id` of the kind"));
    }
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
