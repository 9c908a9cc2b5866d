//! The only subject of an operation. Where its row cannot change, its id is read once, and then compared as a value.

use super::renderer::Renderer;
use super::shape::Materialization;
use crate::protocol::Rows;
use crate::sql::connection::SqlValue;
use crate::sql::statement::Statement;
use crate::store::StoreError;

impl Renderer<'_> {
    /// Returns the id of the only one of these rows, if it has been read. SQLite deletes rows in one pass only if the
    /// condition has no subquery.
    pub(super) fn only_id(&self, rows: Rows) -> Option<&SqlValue> {
        let (id, rank) = self.only_subject.as_ref()?;
        let is_subject = self.subjects() == Some(rows.set) && rows.ranks.contains(*rank);
        // Later statements may no longer find a set that is not materialized.
        let is_fixed = self.materialization(rows.set) == Materialization::Materialized;
        (is_subject && is_fixed).then_some(id)
    }

    /// Renders the query for the id and the rank of the only subject. It returns two rows if the id is not unique.
    /// `None` if there are several subjects, or if no stored set holds them.
    pub(crate) fn only_subject(&self) -> Result<Option<Statement>, StoreError> {
        let Some(subjects) = self.subjects().filter(|_| self.query.subjects.len() == 1) else {
            return Ok(None);
        };
        let shape = self.shape(subjects)?;
        let is_stored = self.materialization(subjects) == Materialization::Materialized;
        if !is_stored || self.is_cyclic(subjects) || shape.inputs().next().is_some() {
            return Ok(None);
        }
        let mut w = self.writer();
        w.push("SELECT n.id, n.rank FROM (");
        self.set(&mut w, shape)?;
        w.push(") AS n LIMIT 2");
        Ok(Some(w.finish()))
    }
}
