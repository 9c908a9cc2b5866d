//! The lock of a writer: the parent of a row that is about to be inserted.

use super::condition::column;
use super::set::Renderer;
use crate::domain::{Kind, RecordId};
use crate::sql::Dialect;
use crate::sql::statement::Statement;
use crate::store::StoreError;

impl Renderer<'_> {
    /// Locks a parent and says whether it is marked as deleted; no row where it is not there.
    ///
    /// `KEY SHARE` is what a foreign key takes: it keeps deletions out, which lock with `FOR UPDATE`, and no
    /// other writer of the parent. Whoever had to wait for it is told of the row as it is then.
    pub(crate) fn parent(&self, kind: &Kind, id: &RecordId) -> Result<Statement, StoreError> {
        let mut w = self.writer();
        w.push("SELECT ");
        match &kind.deleted_at {
            Some(field) => {
                self.known(kind, field)?;
                let marked = column(&w, kind, field);
                w.push(&marked).push(" IS NOT NULL");
            }
            None => {
                w.push("1 = 0");
            }
        }
        w.push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
        self.one_of(&mut w, kind, std::slice::from_ref(id))?;
        w.push(match self.dialect {
            // Its write transactions keep all other writers out.
            Dialect::Sqlite => "",
            Dialect::Postgres => " FOR KEY SHARE OF r",
        });
        Ok(w.finish())
    }
}
