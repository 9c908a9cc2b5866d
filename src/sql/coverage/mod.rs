//! The findings that `check` reports: mismatches between a policy and a database, and what the policy does not cover.

mod clash_keys;
mod columns;
mod declared;
mod default_value;
mod deleted;
mod effective;
mod finding;
mod foreign_keys;
mod labels;
mod mask_values;
mod references;
mod suspects;
mod tables;
mod undeclared;
mod unmasked;
mod unreached;
mod written;

use super::Catalogue;
use crate::domain::DataMap;
use crate::policy::{DeletionPolicy, WrittenKinds};

pub(super) use declared::dependents;
pub(super) use effective::undeclared;
pub use finding::{Finding, FindingCode};

/// Returns all differences between a policy and a database, and what the policy does not cover.
///
/// The list is sorted by path, and empty if there is nothing to report. These are the findings:
///
/// * Tables that depend on the subject and are neither declared nor excluded. A table depends on it
///   through a foreign key, or through a column that is named like a reference. Also such columns of declared tables.
/// * Kinds to which the subject refers, but that no operation reaches, so that their rows stay behind.
/// * References without protection or index, or with a different type or nullability.
/// * Columns that keep their values when a row is anonymized, because the policy does not mention them.
/// * Masks that do not fit their column: too long, `null` in a `NOT NULL` column, refused by a `CHECK` constraint on the
///   column or its domain, or a constant in a unique column. `open` rejects all but the last of these on PostgreSQL, and
///   `null` in a `NOT NULL` column on SQLite too.
/// * Columns that only the database writes, but the policy would too.
/// * Rules of PostgreSQL that run in addition to a statement, or only for some rows. `open` rejects these.
/// * Tables that Citus distributes. `open` rejects these too.
/// * Views of SQLite that the policy would write. `open` rejects these too.
/// * Triggers by which the database changes rows that are in no plan. What foreign keys do is part of every plan, unless
///   the rows of a key cannot be told from others: `open` rejects a key with an action that belongs to a single
///   partition, or to a table that inherits from the table of a kind.
/// * References whose foreign key refers to another table or column than the policy says. `open` rejects these too.
/// * On PostgreSQL: missing privileges, row-level security that hides rows from the current role, materialized views
///   that keep deleted rows, foreign tables and inheritance.
/// * Values of conditions, statuses and masks that an enum or a constraint such as `CHECK (state IN ('OPEN'))` does not
///   have. `open` rejects these too.
/// * Values of masks that are not of the type of their column. `open` rejects these too.
/// * Unique keys of `on_clash` that the database does not have. `open` rejects these too.
/// * Everything else that [`Lifecycle::open`](crate::Lifecycle#method.open) rejects. Collations on SQLite and
///   repeated ids in views are only found by [`SqlStore::findings`](crate::sql::SqlStore::findings).
///
/// Call this in a test to notice a new table on the day it is added:
///
/// ```no_run
/// # async fn run(policy: client_lifecycle::DeletionPolicy) -> Result<(), client_lifecycle::store::StoreError> {
/// use client_lifecycle::sqlite::SqliteStore;
/// let found = SqliteStore::connect("sqlite:app.db").await?.findings(&policy).await?;
/// assert!(found.is_empty(), "{found:#?}");
/// # Ok(()) }
/// ```
#[must_use]
pub fn findings(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<Finding> {
    let map = policy.map();
    let written = WrittenKinds::of(policy);
    let (map_to_check, misfits) = effective_map(policy, catalogue);
    let mut found = refused(&map_to_check, catalogue);
    found.extend(misfits);
    found.extend(undeclared::findings(policy, catalogue));
    found.extend(unreached::findings(policy));
    found.extend(unmasked::findings(policy, catalogue));
    found.extend(references::unprotected(map, catalogue));
    found.extend(references::missing_indexes(map, catalogue));
    found.extend(written::mask_fits(policy, catalogue));
    found.extend(tables::triggers(policy, catalogue, &written));
    found.extend(written::written_by_policy(policy, catalogue));
    found.extend(tables::types(map, catalogue, &written));
    found.extend(tables::stale_copies(map, catalogue, &written));
    found.extend(tables::privileges(policy, catalogue, &written));
    Finding::in_order(found)
}

/// Returns the paths of tables and columns that depend on the subject and that the policy does not cover, each with the
/// reason.
pub(super) fn uncovered(policy: &DeletionPolicy, catalogue: &Catalogue) -> Vec<(String, String)> {
    let found = Finding::in_order(undeclared::findings(policy, catalogue)).into_iter();
    found.map(|finding| (finding.path, finding.message)).collect()
}

/// Returns the map to check, with the foreign keys that the policy does not declare, and the reasons why the policy does
/// not fit together with them.
pub(super) fn effective_map(policy: &DeletionPolicy, catalogue: &Catalogue) -> (DataMap, Vec<Finding>) {
    let map = policy.map_to_check();
    match policy.with_undeclared(&effective::undeclared(&map, catalogue)) {
        Ok(policy) => (policy.map_to_check(), Vec::new()),
        Err(faults) => (map, faults.iter().cloned().map(Finding::from).collect()),
    }
}

/// Returns the findings that prevent a policy from opening.
pub(super) fn refused(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = columns::schema_mismatch(map, catalogue);
    found.extend(columns::reserved_names(map, catalogue));
    found.extend(columns::ids(map, catalogue));
    found.extend(deleted::marks(map, catalogue));
    found.extend(tables::row_security(map, catalogue));
    found.extend(tables::partial_rules(map, catalogue));
    found.extend(tables::written_views(map, catalogue));
    found.extend(tables::distributed(map, catalogue));
    found.extend(written::written_by_kinds(map, catalogue));
    found.extend(labels::unknown_labels(map, catalogue));
    found.extend(mask_values::wrong_types(map, catalogue));
    found.extend(mask_values::refused(map, catalogue));
    found.extend(clash_keys::missing(map, catalogue));
    found.extend(references::types(map, catalogue));
    found.extend(references::ambiguous_keys(map, catalogue));
    found.extend(foreign_keys::mismatches(map, catalogue));
    found.extend(foreign_keys::unclear(map, catalogue));
    Finding::in_order(found)
}
