//! Locks: whole tables first, then rows, outermost first.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::domain::{KindName, Lock, RecordId};
use crate::protocol::{ChangeSet, Rows, Source, Stratum};
use crate::sql::render::Renderer;
use crate::sql::render::set::id_of;
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// The statements that lock what a change set rests on, each in its own statement: what it counts is what
/// was there when it had its locks.
pub(crate) struct Locks {
    /// Texts that rows must not hold: a row that would hold one is not there to be locked, so operations that
    /// ask for the same text queue. What others write is kept away by a unique index.
    pub(crate) texts: Vec<Statement>,
    /// Tables whose references nothing else protects.
    pub(crate) tables: Vec<Statement>,
    /// The subjects, where nothing has to be locked before them.
    pub(crate) first: Option<Rows>,
    /// Rows: each answers with their number.
    pub(crate) rows: Vec<Statement>,
    /// Whether rows may hang on rows of their own kind, so that more may have come below rows that were not
    /// locked yet: to be repeated until no more are found.
    pub(crate) repeat: bool,
}

impl Renderer<'_> {
    /// What is locked for a change set.
    pub(crate) fn locks(&self, changes: &ChangeSet) -> Result<Locks, StoreError> {
        let mut locked = BTreeSet::new();
        let mut rows = Vec::new();
        // The subjects first, whatever becomes of them: operations on one of them queue.
        let subjects = self.first_set().map(Rows::all);
        let others = changes.locks.iter().map(|lock| lock.rows);
        let others = others.filter(|rows| Some(*rows) != subjects && !self.is_of_subjects(*rows));
        for locking in subjects.into_iter().chain(others) {
            locked.insert(&self.set_kind(locking.set)?.name);
            let mut w = self.writer();
            self.with_rows(&mut w, locking)?;
            self.locking(&mut w, locking)?;
            rows.push(w.finish());
        }
        rows.extend(self.named()?);
        let mut tables = BTreeSet::new();
        for reference in changes.query.map.references() {
            if reference.lock == Some(Lock::Table) && locked.contains(&reference.to) {
                tables.insert(self.kind(&reference.from)?.table_name());
            }
        }
        let tables = tables.into_iter().map(|table| {
            let mut w = self.writer();
            w.push("LOCK TABLE ").table(table).push(" IN SHARE ROW EXCLUSIVE MODE");
            w.finish()
        });
        let repeat = self.query.sets.iter().any(|stratum| matches!(stratum, Stratum::Cycle(_)));
        let (texts, tables): (_, Vec<Statement>) = (self.texts(), tables.collect());
        let mut first = None;
        if let Some(subjects) = subjects
            && texts.is_empty()
            && tables.is_empty()
            && !repeat
            && self.needs_no_set(subjects)?
        {
            first = Some(subjects);
            rows.remove(0);
        }
        Ok(Locks { texts, tables, first, rows, repeat })
    }

    /// Locks rows and answers with their number.
    pub(super) fn locking(&self, w: &mut Writer, rows: Rows) -> Result<(), StoreError> {
        let kind = self.set_kind(rows.set)?;
        let id = id_of(w, kind);
        w.push("SELECT count(*) FROM (SELECT 1 FROM ").table(kind.table_name()).push(" AS r WHERE ");
        self.are_rows(w, kind, rows)?;
        // In one order, so that two operations do not wait for each other.
        w.push(" ORDER BY ").push(&id).push(" FOR UPDATE OF r) AS locked");
        Ok(())
    }

    /// Records that are named without being subjects: what references are to point at. They are kept as they are,
    /// not only kept, because they have to qualify.
    fn named(&self) -> Result<Vec<Statement>, StoreError> {
        let sets = self.query.sets.iter().flat_map(Stratum::sets);
        let branches = sets.flat_map(|set| set.branches.iter().map(move |branch| (&set.kind, branch)));
        let mut named: BTreeMap<&KindName, BTreeSet<&RecordId>> = BTreeMap::new();
        for (kind, branch) in branches {
            if let Source::Ids(ids) = &branch.source {
                named.entry(kind).or_default().extend(ids);
            }
        }
        let locks = named.into_iter().map(|(kind, ids)| {
            let kind = self.kind(kind)?;
            let ids: Vec<RecordId> = ids.into_iter().cloned().collect();
            let mut w = self.writer();
            let id = id_of(&w, kind);
            w.push("SELECT count(*) FROM (SELECT 1 FROM ").table(kind.table_name()).push(" AS r WHERE ");
            self.one_of(&mut w, kind, &ids)?;
            w.push(" ORDER BY ").push(&id).push(" FOR SHARE OF r) AS locked");
            Ok(w.finish())
        });
        locks.collect()
    }

    fn texts(&self) -> Vec<Statement> {
        let sets = self.query.sets.iter().flat_map(Stratum::sets);
        let branches = sets.flat_map(|set| set.branches.iter().map(move |branch| (&set.kind, branch)));
        let keys: BTreeSet<i64> = branches
            .filter_map(|(kind, branch)| match &branch.source {
                Source::WithText { field, text } => Some(key_of(&[
                    self.prefix.as_str(),
                    kind.as_str(),
                    field.as_str(),
                    &text.to_ascii_lowercase(),
                ])),
                _ => None,
            })
            .collect();
        let locks = keys.into_iter().map(|key| {
            let mut w = self.writer();
            w.push("SELECT pg_advisory_xact_lock(").bind(key).push(") IS NULL");
            w.finish()
        });
        locks.collect()
    }

    /// Whether rows are some of the subjects and nothing else, which have been locked already.
    fn is_of_subjects(&self, rows: Rows) -> bool {
        let first = self.first_set();
        self.shape(rows.set).is_ok_and(|shape| {
            shape.branches.iter().all(|branch| match branch.source {
                Source::Subjects => true,
                Source::Members(of) => Some(of.set) == first,
                Source::Ids(_)
                | Source::WithText { .. }
                | Source::Referrers { .. }
                | Source::ReferencedBy { .. } => false,
            })
        })
    }
}

/// A number for a text, the same in every process.
fn key_of(parts: &[&str]) -> i64 {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let first = digest.finalize().iter().take(8).fold(0_u64, |key, byte| (key << 8) | u64::from(*byte));
    i64::from_be_bytes(first.to_be_bytes())
}
