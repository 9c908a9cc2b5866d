//! What a policy covers of a live database, and what nobody has decided yet.

mod action;
mod chain;
mod decided;
mod generated;
mod mask;
mod mention;
mod privilege;
mod protection;
mod reach;
mod relation;
mod touched;
mod trigger;
mod uncovered;

pub(super) use action::refused as actions;
pub(super) use protection::mismatches;
pub(super) use reach::reach;

use super::{Catalogue, Finding};
use crate::policy::DeletionPolicy;

/// Everything in which a policy and a database do not agree, or on which the policy is silent: sorted by
/// place, empty where the whole is covered.
///
/// * Tables that hang on the subject by foreign keys, or have a column named like a reference, and are neither
///   declared nor excluded; the same for columns of declared tables.
/// * References that nothing protects, that have no index, or whose type or nullability is another.
/// * Masks that a column will not take: longer than it, empty where it is not, or the same in every row where
///   it is unique.
/// * Columns that only the database writes, where the policy would.
/// * Foreign keys and triggers by which the database changes rows that no plan names. `open` refuses such a key where
///   it reaches rows of a declared kind, through any number of excluded tables.
/// * References whose foreign key refers to another table or column than the policy says. `open` refuses those too.
/// * On PostgreSQL: what the role that asks may not do, row-level security that hides rows from it, materialized
///   views that keep what was deleted, and tables that are no tables of this server.
/// * Whatever else [`Lifecycle::open`](crate::Lifecycle#method.open) would refuse, as far as a catalogue shows it. What
///   only the database can tell (collations on SQLite, ids of views) is in
///   [`SqlStore::findings`](crate::sql::SqlStore::findings), which asks it.
///
/// Made for a test of the host, so that a table that somebody adds next year is noticed the day it is added:
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
    let mut found = super::check::differences(&policy.map_to_check(), catalogue);
    found.extend(uncovered::findings(policy, catalogue));
    for reference in map.references() {
        found.extend(protection::findings(map, reference, catalogue));
    }
    found.extend(mask::findings(policy, catalogue));
    let touched = touched::Touched::by(policy);
    found.extend(action::excluded(map, catalogue, &touched));
    found.extend(trigger::findings(map, catalogue, &touched));
    found.extend(generated::findings(policy, catalogue));
    found.extend(relation::findings(map, catalogue, &touched));
    found.extend(privilege::findings(policy, catalogue, &touched));
    Finding::in_order(found)
}
