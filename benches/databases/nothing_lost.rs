//! What must be left after clients were deleted: the other rows, and one record of each deletion by the library.

use client_lifecycle::domain::OperationId;

use crate::database::Database;
use crate::rows;
use crate::size::Size;
use crate::tables::{self, SURVIVING};

/// A deletion by the library.
pub(crate) struct Deletion {
    pub(crate) client: String,
    pub(crate) operation: OperationId,
}

/// The number of rows of each table, in the order of [`tables::names`].
pub(crate) struct RowCounts(Vec<usize>);

impl RowCounts {
    pub(crate) async fn of(database: &Database) -> Self {
        let mut counts = Vec::new();
        for table in tables::names() {
            counts.push(count(database, table).await);
        }
        Self(counts)
    }
}

/// Checks that exactly the rows of `clients` small clients are gone since these counts.
///
/// # Panics
/// If a row too many is there, or one too few.
pub(crate) async fn check_rows(database: &Database, before: &RowCounts, clients: usize, size: &Size) {
    let after = RowCounts::of(database).await;
    for ((table, before), after) in tables::names().zip(&before.0).zip(after.0) {
        assert_eq!(before - after, clients * rows::deleted_from(table, size), "deleted rows of {table}");
    }
    let left = count(database, &format!("clients WHERE cohort = '{}'", rows::SMALL)).await;
    assert_eq!(left, 0, "clients that are left");
    let emptied = count(database, &format!("{SURVIVING} WHERE client_id IS NULL")).await;
    assert_eq!(emptied, clients * rows::kept(size), "{SURVIVING} without their client");
}

/// Checks that each deletion has its receipt, its audit entry and its event, and that there are no others.
///
/// # Panics
/// If one is missing, or there is one too many.
pub(crate) async fn check_records(database: &Database, deletions: &[Deletion]) {
    let expected = |what: &str| {
        let of =
            |deletion: &Deletion| format!("{}{}", deletion.operation, what.replace('?', &deletion.client));
        let mut all: Vec<String> = deletions.iter().map(of).collect();
        all.sort();
        all
    };
    for (table, text, what) in [
        ("operations", "''", ""),
        ("audit", "' ' || outcome || ' ' || record", " done ?"),
        ("outbox", "' ' || topic || ' ' || record", " email.account_deleted ?"),
    ] {
        let sql = format!("SELECT CAST(operation AS text) || {text} FROM lifecycle_{table}");
        let mut found = database.texts(&sql).await;
        found.sort();
        let expected = expected(what);
        // No id of a client is printed.
        let counts = format!("{} records, for {} deletions", found.len(), expected.len());
        assert!(found == expected, "lifecycle_{table} does not have one record of each deletion: {counts}");
    }
}

async fn count(database: &Database, from: &str) -> usize {
    database.texts(&format!("SELECT CAST(count(*) AS text) FROM {from}")).await.remove(0).parse().unwrap()
}
