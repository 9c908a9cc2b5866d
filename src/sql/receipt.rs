//! Reads receipts.

use super::connection::{AccessMode, SqlConnection, SqlValue};
use super::read::about_record;
use super::render::write::first_receipt;
use super::statement::{Query, Statement, Writer};
use super::store::SqlStore;
use crate::domain::{AuditOutcome, KindName, Mode, RecordId};
use crate::protocol::{Receipt, ReceiptQuery};
use crate::store::StoreError;

const READING: &str = "read a receipt";

impl<C: SqlConnection> SqlStore<C> {
    pub(super) async fn read_receipt(&self, query: &ReceiptQuery) -> Result<Option<Receipt>, StoreError> {
        let statement = match query {
            ReceiptQuery::Operation(operation) => first_receipt(self.backend(), &self.prefix, *operation),
            ReceiptQuery::LastRemoval { kind, record } => self.last_removal(kind, record),
        };
        let context = self.context(READING);
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let rows = self.session(&mut *tx, context).query(&statement).await?;
        self.end_read(tx, context).await?;
        let text = rows.first().and_then(|row| row.first()).and_then(SqlValue::as_text);
        let receipt = text.map(serde_json::from_str).transpose();
        receipt.map_err(|source| StoreError::backend(READING, source))
    }

    /// Renders the query for the receipt of the last operation that removed or restored a record. The audit entries of a
    /// record have the order of its operations.
    fn last_removal(&self, kind: &KindName, record: &RecordId) -> Statement {
        let backend = self.backend();
        let [audit, operations] = ["audit", "operations"].map(|name| self.prefix.quoted(name));
        let mut w = Writer::new(backend);
        let mut query = Query::select(&mut w, &format!("o.receipt{}", backend.cast("text")));
        query.from(&format!("{audit} AS a JOIN {operations} AS o ON o.operation = a.operation"));
        about_record(&mut query, kind, record);
        query.condition().push("a.outcome = ").bind(AuditOutcome::Done.as_str());
        let modes = query.condition().push("o.receipt ->> 'mode' IN (");
        modes.join(", ", ReceiptQuery::MODES, |w, mode: Mode| {
            w.bind(mode.as_str());
        });
        modes.push(")");
        query.order_by("a.sequence DESC").limit(1_u16);
        w.finish()
    }
}
