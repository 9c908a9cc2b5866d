//! Watches what triggers and rules do beside the steps of a change set.
//!
//! Before the first step, the keys of the rows that will be deleted are copied to temporary tables. After the last
//! step, the tables of the data map are compared with the plan: the deleted rows are gone, no other row was deleted,
//! and no row refers to a deleted one. All statements are about the rows of the operation and use the same indexes as
//! the steps, so their cost does not depend on the size of the tables.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::SqlValue;
use super::render::renderer::Renderer;
use super::render::row_id::as_row;
use super::render::set::holds_one;
use super::render::shape::fields_read;
use super::session::Session;
use super::statement::{Query, Statement, Writer, quote};
use super::table_trigger::TableTrigger;
use crate::domain::{FieldName, Kind, KindName, Reference, TableName};
use crate::protocol::{ChangeSet, Write};
use crate::store::{Interfered, StoreError};

/// What is watched while the steps run.
#[derive(Debug)]
pub(super) struct Watch {
    /// Locks the rows of a step, so that only this transaction can change them, and returns their number.
    locks: Vec<(usize, Statement)>,
    /// The names of ordinary tables, if the database has to be asked for them.
    ordinary: Option<Statement>,
    /// The tables of the data map.
    tables: Vec<TableName>,
    /// Copies the keys of the rows that will be deleted.
    copies: Vec<Statement>,
    /// Runs deferred triggers now instead of at the commit.
    immediate: Option<Statement>,
    checks: Vec<Check>,
    /// Drops the temporary tables.
    drops: Vec<Statement>,
}

/// A query that counts rows that must not exist.
#[derive(Debug)]
struct Check {
    kind: KindName,
    differs: Interfered,
    statement: Statement,
}

/// How many rows of each table this transaction has deleted so far.
#[derive(Debug, Default)]
pub(super) struct Deletions {
    /// By the name of the relation that stores the rows. The text changes when the relation is truncated.
    relations: BTreeMap<String, (i64, String)>,
    /// The relations of a table, by its position: usually one; several for a partitioned table.
    of_table: BTreeMap<usize, BTreeSet<String>>,
}

impl Watch {
    /// Renders what is needed to watch a change set.
    pub(super) fn new(
        r: &Renderer<'_>,
        changes: &ChangeSet,
        fired: &[(&Kind, &TableTrigger)],
    ) -> Result<Self, StoreError> {
        let deferrable: BTreeSet<&str> =
            fired.iter().filter_map(|(_, one)| one.deferrable.as_deref()).collect();
        let mut watch = Self {
            locks: Vec::new(),
            ordinary: r.backend.ordinary_tables(),
            tables: Vec::new(),
            copies: Vec::new(),
            immediate: r.backend.run_deferred(&deferrable),
            checks: Vec::new(),
            drops: Vec::new(),
        };
        // A trigger may delete rows of any kind, even of one that the operation does not read.
        for kind in changes.query.map.kinds() {
            let name = kind.table_name();
            if !watch.tables.contains(&name) {
                watch.tables.push(name.into_owned());
            }
        }
        let mut deleted: Vec<&Kind> = Vec::new();
        for (position, step) in changes.steps.iter().enumerate() {
            let kind = r.kind_of_rows(&step.kind, step.rows)?;
            if step.write.changes_rows()
                && let Some(lock) = r.backend.lock_step(r, step.rows)?
            {
                watch.locks.push((position, lock));
            }
            if step.write == Write::Delete && !deleted.iter().any(|known| known.name == kind.name) {
                deleted.push(kind);
            }
        }
        for (position, kind) in deleted.into_iter().enumerate() {
            watch.copy_keys(r, changes, kind, position)?;
        }
        Ok(watch)
    }

    /// Copies the keys of the rows of a kind that will be deleted, and checks afterwards that these rows are gone and
    /// that nothing refers to them.
    fn copy_keys(
        &mut self,
        r: &Renderer<'_>,
        changes: &ChangeSet,
        kind: &Kind,
        position: usize,
    ) -> Result<(), StoreError> {
        let map = &changes.query.map;
        let mut fields: Vec<&FieldName> = kind.id.fields().iter().collect();
        for key in map.references_to(&kind.name).flat_map(|reference| map.key_of(reference)) {
            if !fields.contains(&key) {
                fields.push(key);
            }
        }
        // Rows without a key are only counted.
        if fields.is_empty() {
            return Ok(());
        }
        let copy = r.backend.temporary(&r.prefix.table(&format!("deleted_{position}")));
        let columns: Vec<String> = fields.iter().map(|field| r.field(kind, field).column()).collect();
        let columns = columns.join(", ");
        let drop = Statement::text(format!("DROP TABLE IF EXISTS {copy}"));
        let mut create = r.writer();
        create.push("CREATE TABLE ").push(&copy).push(" AS ");
        Query::select(&mut create, &columns).table(kind.table_name(), "r").condition().push("FALSE");
        self.copies.extend([drop.clone(), create.finish()]);
        self.drops.push(drop);
        let steps = changes.steps.iter().filter(|step| step.write == Write::Delete && step.kind == kind.name);
        for step in steps {
            let mut w = r.writer();
            w.push("INSERT INTO ").push(&copy).push("\n");
            let mut query = Query::select(r.with(&mut w, &[step.rows.set])?, &columns);
            query.table(kind.table_name(), "r");
            r.is_one(query.condition(), kind, step.rows)?;
            self.copies.push(w.finish());
        }
        if !kind.id.is_none() {
            let differs = Interfered::Remaining;
            let statement = remaining(r, kind, &copy)?;
            self.checks.push(Check { kind: kind.name.clone(), differs, statement });
        }
        for reference in map.references_to(&kind.name) {
            let differs = Interfered::Referring(reference.name.clone());
            let statement = referring(r, reference, &copy)?;
            self.checks.push(Check { kind: reference.from.clone(), differs, statement });
        }
        Ok(())
    }
}

/// Renders the query for the number of rows of a kind whose ids were copied.
fn remaining(r: &Renderer<'_>, kind: &Kind, copy: &str) -> Result<Statement, StoreError> {
    let ids = kind.id.fields().iter();
    let (own, copied): (Vec<String>, Vec<String>) =
        ids.map(|id| (r.field(kind, id).column(), format!("q.{}", quote(kind.column(id))))).unzip();
    let mut w = r.writer();
    let mut query = Query::select(&mut w, "count(*)");
    query.table(kind.table_name(), "r");
    let by_index = kind.id.only().is_some() && r.finds_row_ids(kind)?;
    is_one_of(query.condition(), &own, by_index, |w| {
        Query::select(w, &copied.join(", ")).from(&format!("{copy} AS q"));
        Ok(())
    })?;
    Ok(w.finish())
}

/// Writes the condition that one or several values equal those of a row of a query.
fn is_one_of(
    w: &mut Writer,
    values: &[String],
    by_index: bool,
    rows: impl FnOnce(&mut Writer) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if let [value] = values {
        return holds_one(w, value, by_index, rows);
    }
    w.push(&as_row(values)).push(" IN (");
    rows(w)?;
    w.push(")");
    Ok(())
}

/// Renders the query for the number of rows that refer to rows whose keys were copied.
fn referring(r: &Renderer<'_>, reference: &Reference, copy: &str) -> Result<Statement, StoreError> {
    let sides = r.sides(reference)?;
    let key = sides.key("q")?.join(", ");
    let keys = |w: &mut Writer| {
        Query::select(w, &key).from(&format!("{copy} AS q"));
        Ok(())
    };
    let from = sides.from();
    let mut w = r.writer();
    let mut query = Query::select(&mut w, "count(*)");
    query.table(from.table_name(), "r");
    if let Some((list, field)) = sides.list("r")?.zip(sides.list_field()) {
        list.has_one(query.condition(), &field.held.column(), keys)?;
    } else {
        let by_index = sides.has_one_field() && sides.finds_referrers()?;
        is_one_of(query.condition(), &sides.held("r")?, by_index, keys)?;
    }
    if let Some(condition) = r.referring_condition(reference)? {
        let w = query.condition().push("(");
        r.converting(w, from, fields_read(&condition), |w| r.condition(w, from, &condition))?;
        w.push(")");
    }
    Ok(w.finish())
}

impl Session<'_, '_> {
    /// Locks and copies what is needed to compare the tables afterwards. `expected` holds the number of rows of each
    /// step. Returns the deletions of this transaction so far.
    pub(super) async fn start_watching(
        &mut self,
        r: &Renderer<'_>,
        watch: &mut Watch,
        expected: &[u64],
    ) -> Result<Deletions, StoreError> {
        for (step, lock) in &watch.locks {
            let found = self.integer(lock).await?.and_then(|found| u64::try_from(found).ok());
            if found != expected.get(*step).copied() {
                // Another transaction has changed these rows since they were counted.
                return Err(StoreError::Contention { retryable: self.context.retryable, source: None });
            }
        }
        if let Some(ordinary) = &watch.ordinary {
            let found = self.query(ordinary).await?;
            let names: BTreeSet<String> =
                found.iter().flatten().filter_map(SqlValue::as_text).map(str::to_ascii_lowercase).collect();
            watch.tables.retain(|table| names.contains(&table.table.to_ascii_lowercase()));
        }
        for statement in watch.copies.iter().chain(&r.backend.count_deletions(r.prefix, &watch.tables)) {
            self.execute(statement).await?;
        }
        self.deletions(r, watch).await
    }

    /// Compares the tables with the plan, and drops the temporary tables. `expected` holds the number of rows of each
    /// step.
    pub(super) async fn finish_watching(
        &mut self,
        r: &Renderer<'_>,
        watch: &Watch,
        before: &Deletions,
        (changes, expected): (&ChangeSet, &[u64]),
    ) -> Result<(), StoreError> {
        if let Some(immediate) = &watch.immediate {
            let context = self.context.writing(&changes.query.kind);
            super::session::execute(self.tx, immediate).await.map_err(|error| context.error(error))?;
        }
        for check in &watch.checks {
            let found = self.integer(&check.statement).await?.unwrap_or_default();
            let found = u64::try_from(found).unwrap_or_default();
            if found > 0 {
                return Err(self.interference(&check.kind, check.differs.clone(), 0, found));
            }
        }
        let after = self.deletions(r, watch).await?;
        if let Some((kind, expected, found)) = watch.other_deletions(before, &after, (changes, expected)) {
            return Err(self.interference(&kind, Interfered::Deleted, expected, found));
        }
        for statement in r.backend.stop_counting_deletions(r.prefix, &watch.tables).iter().chain(&watch.drops)
        {
            self.execute(statement).await?;
        }
        Ok(())
    }

    pub(super) fn interference(
        &self,
        kind: &KindName,
        differs: Interfered,
        expected: u64,
        found: u64,
    ) -> StoreError {
        let triggers = self.context.triggers.to_vec();
        StoreError::Interference { kind: kind.clone(), differs, expected, found, triggers }
    }

    async fn deletions(&mut self, r: &Renderer<'_>, watch: &Watch) -> Result<Deletions, StoreError> {
        let mut found = Deletions::default();
        for row in self.query(&r.backend.deletions(r.prefix, &watch.tables)?).await? {
            if let [SqlValue::Integer(table), relation, SqlValue::Integer(count), identity] = &*row
                && let (Ok(table), Some(relation)) = (usize::try_from(*table), relation.as_text())
            {
                let identity = identity.as_text().unwrap_or_default().to_owned();
                found.relations.insert(relation.to_owned(), (*count, identity));
                found.of_table.entry(table).or_default().insert(relation.to_owned());
            }
        }
        Ok(found)
    }
}

impl Watch {
    /// Returns the first kind of whose table another number of rows was deleted than the steps delete, with the
    /// expected number and the number found.
    fn other_deletions(
        &self,
        before: &Deletions,
        after: &Deletions,
        (changes, expected): (&ChangeSet, &[u64]),
    ) -> Option<(KindName, u64, u64)> {
        let rows_of = |tables: &BTreeSet<usize>, is: &dyn Fn(&Write) -> bool| {
            let steps = changes.steps.iter().zip(expected).filter(|(step, _)| {
                let kind = changes.query.map.kind(&step.kind);
                let table = kind.map(Kind::table_name);
                let position = self.tables.iter().position(|known| table.as_deref() == Some(known));
                is(&step.write) && position.is_some_and(|position| tables.contains(&position))
            });
            steps.map(|(_, count)| *count).sum::<u64>()
        };
        for (tables, relations) in after.groups() {
            let count =
                |deletions: &Deletions, name: &str| deletions.relations.get(name).map_or(0, |one| one.0);
            let deleted: i64 = relations.iter().map(|name| count(after, name) - count(before, name)).sum();
            let found = u64::try_from(deleted).unwrap_or_default();
            let least = rows_of(&tables, &|write| *write == Write::Delete);
            // An update may move a row to another partition, which counts as a deletion.
            let moved = if relations.len() > 1 { rows_of(&tables, &Write::changes_rows) - least } else { 0 };
            let identity = |deletions: &Deletions, name: &str| {
                deletions.relations.get(name).map(|(_, identity)| identity.clone())
            };
            let truncated = relations.iter().any(|name| identity(after, name) != identity(before, name));
            if truncated || !(least..=least + moved).contains(&found) {
                let table = tables.first().and_then(|table| self.tables.get(*table));
                let kind = changes.query.map.kinds().find(|kind| Some(&*kind.table_name()) == table)?;
                return Some((kind.name.clone(), least, found));
            }
        }
        None
    }
}

impl Deletions {
    /// Groups tables that share relations: kinds of one table, and a table with another that inherits from it.
    fn groups(&self) -> Vec<(BTreeSet<usize>, BTreeSet<String>)> {
        let mut groups: Vec<(BTreeSet<usize>, BTreeSet<String>)> = Vec::new();
        for (table, relations) in &self.of_table {
            let mut merged = (BTreeSet::from([*table]), relations.clone());
            groups.retain(|(tables, known)| {
                let apart = known.is_disjoint(&merged.1);
                if !apart {
                    merged.0.extend(tables);
                    merged.1.extend(known.iter().cloned());
                }
                apart
            });
            groups.push(merged);
        }
        groups
    }
}
