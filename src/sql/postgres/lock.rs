//! Locks: first texts and whole tables, then rows, starting with the subjects.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::domain::{Kind, KindName, Lock, RecordId, TableName};
use crate::protocol::{ChangeSet, NamedSet, Rows, Source, Stratum};
use crate::sql::backend::Locks;
use crate::sql::render::renderer::Renderer;
use crate::sql::statement::{Query, Statement, Writer, quote_table};
use crate::sql::table_schema::Location;
use crate::store::StoreError;

pub(super) fn locks(r: &Renderer<'_>, changes: &ChangeSet) -> Result<Locks, StoreError> {
    let mut locked = BTreeSet::new();
    let mut rows = Vec::new();
    // The subjects are locked first, even if they stay. Operations on the same subject therefore wait for each other.
    let subjects = r.subjects().map(Rows::all);
    let others = changes.locks.iter().map(|lock| lock.rows);
    let others = others.filter(|rows| Some(*rows) != subjects && !is_of_subjects(r, *rows));
    for locking in subjects.into_iter().chain(others) {
        locked.insert(&r.set_kind(locking.set)?.name);
        let mut w = r.writer();
        lock_rows(r, r.with(&mut w, &r.needed_for(locking)?)?, locking)?;
        rows.push(w.finish());
    }
    rows.extend(named_records(r)?);
    let (texts, tables) = (texts(r), tables(r, changes, &locked)?);
    let repeat = r.query.sets.iter().any(|stratum| matches!(stratum, Stratum::Cycle(_)));
    let first = match subjects {
        Some(subjects) if texts.is_empty() && tables.is_empty() && !repeat && r.needs_no_set(subjects)? => {
            rows.remove(0);
            Some(subjects)
        }
        _ => None,
    };
    Ok(Locks { texts, tables, subjects: first, rows, repeat })
}

/// Writes the query that locks rows and returns their number.
pub(super) fn lock_rows(r: &Renderer<'_>, w: &mut Writer, rows: Rows) -> Result<(), StoreError> {
    let kind = r.set_kind(rows.set)?;
    locking(r, w, kind, "UPDATE", |query| r.are_rows(query, kind, rows))
}

/// Renders the query that locks the rows of a step. The rows of a view cannot be locked.
pub(super) fn step(r: &Renderer<'_>, rows: Rows) -> Result<Option<Statement>, StoreError> {
    let kind = r.set_kind(rows.set)?;
    if r.location(kind) == Location::Unknown {
        return Ok(None);
    }
    let mut w = r.writer();
    lock_rows(r, r.with(&mut w, &r.needed_for(rows)?)?, rows)?;
    Ok(Some(w.finish()))
}

/// Writes a query that locks rows in the order of their ids. Two operations then cannot deadlock on them.
fn locking(
    r: &Renderer<'_>,
    w: &mut Writer,
    kind: &Kind,
    strength: &str,
    conditions: impl FnOnce(&mut Query<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    w.push("SELECT count(*) FROM (");
    let mut query = Query::select(w, "1");
    query.table(kind.table_name(), "r");
    conditions(&mut query)?;
    let ids: Vec<String> = kind.id.fields().iter().map(|id| r.field(kind, id).column()).collect();
    let order = if ids.is_empty() { r.row_id(kind)? } else { ids.join(", ") };
    query.order_by(&order).w().push(&format!(" FOR {strength} OF r) AS locked"));
    Ok(())
}

/// Renders the locks of records that a request names in addition to its subjects: the new targets of references. They
/// must not change before the commit, because they have to meet a condition.
fn named_records(r: &Renderer<'_>) -> Result<Vec<Statement>, StoreError> {
    let mut named: BTreeMap<&KindName, BTreeSet<&RecordId>> = BTreeMap::new();
    for (set, source) in sources(r) {
        if let Source::Ids(ids) = source {
            named.entry(&set.kind).or_default().extend(ids);
        }
    }
    let locks = named.into_iter().map(|(kind, ids)| {
        let kind = r.kind(kind)?;
        let ids: Vec<RecordId> = ids.into_iter().cloned().collect();
        let mut w = r.writer();
        locking(r, &mut w, kind, "SHARE", |query| r.has_id(query.condition(), kind, &ids))?;
        Ok(w.finish())
    });
    locks.collect()
}

/// Renders the locks of texts that no row may hold yet.
fn texts(r: &Renderer<'_>) -> Vec<Statement> {
    let keys = sources(r).filter_map(|(set, source)| match source {
        Source::WithText { field, text } => {
            let text = text.to_ascii_lowercase();
            Some(key_of(&[r.prefix.as_str(), set.kind.as_str(), field.as_str(), &text]))
        }
        _ => None,
    });
    let keys: BTreeSet<i64> = keys.collect();
    let locks = keys.into_iter().map(|key| {
        let mut w = r.writer();
        w.push("SELECT pg_advisory_xact_lock(").bind(key).push(") IS NULL");
        w.finish()
    });
    locks.collect()
}

/// Renders the locks of tables that refer to locked rows and have no other protection.
fn tables(
    r: &Renderer<'_>,
    changes: &ChangeSet,
    locked: &BTreeSet<&KindName>,
) -> Result<Vec<Statement>, StoreError> {
    let mut tables = BTreeSet::new();
    for reference in changes.query.map.references() {
        if reference.lock == Some(Lock::Table) && locked.contains(&reference.to) {
            tables.insert(r.kind(&reference.from)?.table_name());
        }
    }
    let lock = |table: &TableName| format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", quote_table(table));
    Ok(tables.into_iter().map(|table| Statement::text(lock(&table))).collect())
}

fn sources<'a>(r: &Renderer<'a>) -> impl Iterator<Item = (&'a NamedSet, &'a Source)> {
    let sets = r.query.sets.iter().flat_map(Stratum::sets);
    sets.flat_map(|set| set.branches.iter().map(move |branch| (set, &branch.source)))
}

/// Returns whether all of these rows are subjects, which are already locked.
fn is_of_subjects(r: &Renderer<'_>, rows: Rows) -> bool {
    let subjects = r.subjects();
    r.shape(rows.set).is_ok_and(|shape| {
        shape.branches.iter().all(|branch| match branch.source {
            Source::Subjects => true,
            Source::Members(of) => Some(of.set) == subjects,
            Source::Ids(_)
            | Source::WithText { .. }
            | Source::Repeated { .. }
            | Source::Replaced { .. }
            | Source::FormerReferrers { .. }
            | Source::Referrers { .. }
            | Source::ReferencedBy { .. } => false,
        })
    })
}

/// Returns a number for a text. It is the same in every process.
fn key_of(parts: &[&str]) -> i64 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let first = digest.finalize().iter().take(8).fold(0_u64, |key, byte| (key << 8) | u64::from(*byte));
    i64::from_be_bytes(first.to_be_bytes())
}
