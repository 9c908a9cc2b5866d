//! The findings about a policy and a database: where they differ, and what the policy does not cover.

mod action_chains;
mod declared;
mod dependents;
mod finding;
mod foreign_key_actions;
mod foreign_key_mismatch;
mod foreign_key_paths;
mod generated_columns;
mod ids;
mod mask_fits;
mod missing_indexes;
mod privileges;
mod reference_types;
mod reserved_names;
mod row_security;
mod schema_mismatch;
mod stale_copies;
mod suspects;
mod table_types;
mod triggers;
mod undeclared;
mod unprotected_references;
mod written_kinds;

pub(super) use dependents::dependents;
pub use finding::{Finding, FindingCode};

use super::Catalogue;
use crate::domain::DataMap;
use crate::policy::DeletionPolicy;
use written_kinds::WrittenKinds;

/// Returns all differences between a policy and a database, and what the policy does not cover.
///
/// The findings are sorted by path. There are none if everything is covered:
///
/// * Tables that depend on the subject through foreign keys, or have a column named like a reference, and are neither
///   declared nor excluded; also columns of declared tables.
/// * References without protection or index, or with a different type or nullability.
/// * Masks that do not fit their column: too long, `null` in a `NOT NULL` column, or a constant in a unique column.
/// * Columns that only the database writes, but the policy would too.
/// * Foreign keys and triggers by which the database changes rows that no plan names. `open` refuses such a key if it
///   reaches rows of a declared kind, through any number of excluded tables.
/// * References whose foreign key refers to another table or column than the policy says. `open` refuses those too.
/// * On PostgreSQL: missing privileges, row-level security that hides rows from the current role, materialized views
///   that keep what was deleted, foreign tables and inheritance.
/// * Everything else that [`Lifecycle::open`](crate::Lifecycle#method.open) refuses. Collations on SQLite and
///   repeated ids in views are read only for a policy, by [`SqlStore::findings`](crate::sql::SqlStore::findings).
///
/// With this call in a test, the host notices a new table on the day it is added:
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
    let mut found = refused(&policy.map_to_check(), catalogue);
    found.extend(undeclared::findings(policy, catalogue));
    found.extend(unprotected_references::findings(map, catalogue));
    found.extend(missing_indexes::findings(map, catalogue));
    found.extend(mask_fits::findings(policy, catalogue));
    found.extend(foreign_key_actions::excluded(map, catalogue, &written));
    found.extend(triggers::findings(map, catalogue, &written));
    found.extend(generated_columns::written_by_policy(policy, catalogue));
    found.extend(table_types::findings(map, catalogue, &written));
    found.extend(stale_copies::findings(map, catalogue, &written));
    found.extend(privileges::findings(policy, catalogue, &written));
    Finding::in_order(found)
}

/// Returns the findings that keep a policy from opening.
pub(super) fn refused(map: &DataMap, catalogue: &Catalogue) -> Vec<Finding> {
    let mut found = schema_mismatch::findings(map, catalogue);
    found.extend(reserved_names::findings(map, catalogue));
    found.extend(ids::findings(map, catalogue));
    found.extend(row_security::findings(map, catalogue));
    found.extend(generated_columns::written_by_kinds(map, catalogue));
    found.extend(reference_types::findings(map, catalogue));
    found.extend(foreign_key_mismatch::findings(map, catalogue));
    found.extend(foreign_key_actions::undeclared(map, catalogue));
    found.extend(action_chains::findings(map, catalogue));
    Finding::in_order(found)
}
