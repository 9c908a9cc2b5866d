//! Locks: whole tables first, then rows, outermost first.

use std::collections::BTreeSet;

use crate::domain::Lock;
use crate::plan::{ChangeSet, Stratum};
use crate::sql::render::Renderer;
use crate::sql::render::set::id_of;
use crate::sql::statement::Statement;
use crate::store::StoreError;

/// The statements that lock what a change set rests on, each in its own statement: what it counts is what
/// was there when it had its locks.
pub(crate) struct Locks {
    /// Tables whose references nothing else protects.
    pub(crate) tables: Vec<Statement>,
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
        for lock in &changes.locks {
            let kind = self.set_kind(lock.rows.set)?;
            locked.insert(&kind.name);
            let mut w = self.writer();
            self.with(&mut w, &[lock.rows.set])?;
            let id = id_of(&w, kind);
            w.push("SELECT count(*) FROM (SELECT 1 FROM ").table(kind.table_name());
            w.push(" AS r WHERE ").push(&id).push(" IN ");
            self.ids(&mut w, lock.rows)?;
            // In one order, so that two operations do not wait for each other.
            w.push(" ORDER BY ").push(&id).push(" FOR UPDATE OF r) AS locked");
            rows.push(w.finish());
        }
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
        Ok(Locks { tables: tables.collect(), rows, repeat })
    }
}
