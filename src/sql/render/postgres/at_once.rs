//! Small operations on PostgreSQL: what is counted, told, written and recorded is one statement.
//!
//! All its parts see what was there before it, so its counts are those of the rows it finds; whether they are what
//! was expected is compared before anything is committed.

use crate::domain::OperationId;
use crate::protocol::{ChangeSet, ChangeStep, Receipt, Rows, SetId};
use crate::sql::SqlValue;
use crate::sql::render::count::Counting;
use crate::sql::render::record::{into_audit, into_operations};
use crate::sql::render::{Counts, Locks, Renderer};
use crate::sql::statement::{Statement, Writer};
use crate::store::StoreError;

/// The first column of the row that tells what was written.
const WRITTEN: i64 = -3;

/// The statement of a small operation.
pub(crate) struct AtOnce {
    pub(crate) statement: Statement,
    counting: Counting,
}

impl AtOnce {
    /// The counts, and how many rows each step has written.
    pub(crate) fn read(self, rows: Vec<Vec<SqlValue>>) -> Result<(Counts, Vec<u64>), StoreError> {
        let written = rows.iter().find_map(|row| match &**row {
            [SqlValue::Integer(WRITTEN), SqlValue::Text(written)] => Some(written.clone()),
            _ => None,
        });
        let written = serde_json::from_str(&written.unwrap_or_default())
            .map_err(|source| StoreError::backend("counted what was written", source))?;
        Ok((self.counting.read(rows), written))
    }
}

impl Renderer<'_> {
    /// Notes the operation with the receipt that is expected, and locks the subjects where nothing has to be
    /// locked before them. It answers with whether the operation is a new one, with the mark of the tables if
    /// some are given, and with the number of subjects.
    pub(crate) fn note(
        &self,
        receipt: &Receipt,
        mark_of: Option<&str>,
        locks: &Locks,
    ) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        let noted = self.dialect.quote(&self.prefix.table("noted"));
        w.push("WITH ").push(&noted).push(" AS (");
        into_operations(&mut w, self.prefix, receipt)?;
        w.push(" RETURNING 1)\nSELECT (SELECT count(*) FROM ");
        w.push(&noted).push("), ");
        match mark_of {
            Some(tables) => super::mark(&mut w, tables),
            None => {
                w.push("NULL::text");
            }
        }
        if let Some(subjects) = locks.first {
            w.push(", (");
            self.locking(&mut w, subjects)?;
            w.push(")");
        }
        Ok(w.finish())
    }

    /// The statement that does all of a change set which has no new rows.
    pub(crate) fn at_once(
        &self,
        changes: &ChangeSet,
        counted: impl IntoIterator<Item = Rows>,
    ) -> Result<AtOnce, StoreError> {
        let asked = self.asked(counted)?;
        let steps: Vec<&ChangeStep> = changes.steps.iter().collect();
        for step in &steps {
            self.kind_of_rows(&step.kind, step.rows)?;
        }
        let kinds = self.of_kinds(&steps)?;
        let counts: Vec<SetId> = asked.keys().copied().collect();
        let sets = counts.iter().copied().chain(changes.event_drafts.iter().map(|event| event.rows.set));
        let sets: Vec<SetId> = sets.chain(self.first_set()).chain(self.needed_by(&steps)?).collect();
        let mut w = self.writer();
        self.tables(&mut w, "WITH ", &sets)?;
        self.writes_of(&mut w, changes.operation, &steps, &kinds)?;
        self.records(&mut w, changes.operation, changes)?;
        w.push("\n");
        self.counts(&mut w, &counts, &asked)?;
        w.push(if counts.is_empty() { "SELECT " } else { "\nUNION ALL SELECT " }).number(WRITTEN).push(", ");
        self.written(&mut w, &steps, &kinds)?;
        Ok(AtOnce { statement: w.finish(), counting: Counting { statements: Vec::new(), asked } })
    }

    /// The common table expressions that tell and record.
    fn records(&self, w: &mut Writer, operation: OperationId, changes: &ChangeSet) -> Result<(), StoreError> {
        let mut count = 0;
        let mut open = |w: &mut Writer, what: &str| {
            w.push(",\n").name(&self.prefix.table(&format!("{what}_{count}"))).push(" AS (");
            count += 1;
        };
        for draft in &changes.event_drafts {
            open(w, "told");
            self.outbox(w);
            self.events_of(w, operation, draft)?;
            w.push(")");
        }
        for event in &changes.events {
            open(w, "told");
            self.outbox(w);
            self.told_of(w, event)?;
            w.push(")");
        }
        open(w, "recorded");
        into_audit(w, self.prefix);
        self.audit_of(w, changes)?;
        w.push(")");
        Ok(())
    }
}
