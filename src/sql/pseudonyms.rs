//! Pseudonyms of keyed masks and of personal ids. The database cannot compute them, so the library computes them page
//! by page before the first step. It stores them in a temporary table, from which the steps and the records read them.

use super::connection::SqlValue;
use super::render::renderer::Renderer;
use super::session::Session;
use super::statement::{Query, Statement, Writer};
use crate::domain::{FieldName, Kind, MaskKey};
use crate::protocol::{ChangeSet, ChangeStep, Rows};
use crate::store::StoreError;

/// The number of rows that are read and written at a time.
const PAGE: u16 = 500;

/// The name under which the table of pseudonyms holds ids. No field has an empty name.
const ID: &str = "";

impl Session<'_, '_> {
    /// Computes the pseudonyms of all steps and recorded ids, and stores them for the statements that follow.
    pub(super) async fn make_pseudonyms(
        &mut self,
        r: &Renderer<'_>,
        changes: &ChangeSet,
    ) -> Result<(), StoreError> {
        self.empty(&r.clear_pseudonyms(), &r.create_pseudonyms()).await?;
        // `require_key` has already reported a missing key.
        if let Some(key) = &changes.mask_key {
            for step in changes.steps.iter().filter(|step| step.keyed_fields().next().is_some()) {
                self.make_pseudonyms_of(r, step, key).await?;
            }
        }
        if let Some(key) = &changes.query.mask_key {
            for (_, rows) in changes.recorded_rows() {
                self.make_pseudonyms_of_ids(r, rows, key).await?;
            }
        }
        Ok(())
    }

    async fn make_pseudonyms_of_ids(
        &mut self,
        r: &Renderer<'_>,
        rows: Rows,
        key: &MaskKey,
    ) -> Result<(), StoreError> {
        let kind = r.set_kind(rows.set)?;
        let mut after = None;
        loop {
            let page = self.query(&r.page_of_ids(rows, after.as_ref())?).await?;
            let made = page.iter().filter_map(|row| match &**row {
                [id, held] => {
                    let recorded = r.personal_ids.recorded(key, kind, &held.as_id()?);
                    Some((id.clone(), recorded.to_string()))
                }
                _ => None,
            });
            let made: Vec<(SqlValue, String)> = made.collect();
            if !made.is_empty() {
                self.execute(&r.keep_pseudonyms(kind, ID, made)).await?;
            }
            match page.last().and_then(|row| row.first()) {
                Some(last) if page.len() == usize::from(PAGE) => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }

    async fn make_pseudonyms_of(
        &mut self,
        r: &Renderer<'_>,
        step: &ChangeStep,
        key: &MaskKey,
    ) -> Result<(), StoreError> {
        let kind = r.set_kind(step.rows.set)?;
        let mut after = None;
        loop {
            let page = self.query(&r.pseudonym_page(step, after.as_ref())?).await?;
            for (position, field) in step.keyed_fields().enumerate() {
                let mut made = Vec::new();
                for row in &page {
                    let id = row.first().cloned().unwrap_or_default();
                    match row.get(position + 1) {
                        Some(SqlValue::Text(text)) => {
                            made.push((id, key.pseudonym(&kind.name, field, text)));
                        }
                        Some(SqlValue::Null) | None => {}
                        Some(_) => {
                            // The row id is the id of the record only if the id is a single field.
                            let id = id.as_id().filter(|_| kind.id.only().is_some());
                            return Err(StoreError::bad_value(&kind.name, id.as_ref(), field, "text"));
                        }
                    }
                }
                if !made.is_empty() {
                    self.execute(&r.keep_pseudonyms(kind, field.as_str(), made)).await?;
                }
            }
            match page.last().and_then(|row| row.first()) {
                Some(last) if page.len() == usize::from(PAGE) => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }
}

impl Renderer<'_> {
    /// Returns the name of the table of pseudonyms. The table never contains original values, except for ids of rows.
    fn pseudonyms(&self) -> String {
        self.backend.temporary(&self.prefix.table("pseudonyms"))
    }

    /// Renders the statement that creates the table of pseudonyms.
    pub(super) fn create_pseudonyms(&self) -> Statement {
        let columns = self.backend.spelling().pseudonym_columns;
        Statement::text(format!("CREATE TABLE IF NOT EXISTS {} {columns}", self.pseudonyms()))
    }

    /// Renders the statement that empties the table of pseudonyms.
    pub(super) fn clear_pseudonyms(&self) -> Statement {
        Statement::text(format!("DELETE FROM {}", self.pseudonyms()))
    }

    /// Renders the query for a page of a step's rows: their ids and the values of their keyed fields. The page starts
    /// after the last id of the previous page.
    pub(super) fn pseudonym_page(
        &self,
        step: &ChangeStep,
        after: Option<&SqlValue>,
    ) -> Result<Statement, StoreError> {
        let kind = self.kind_of_rows(&step.kind, step.rows)?;
        let (key, order) = self.backend.page_key("s.id");
        let mut w = self.writer();
        let mut query = Query::select(self.with(&mut w, &[step.rows.set])?, &key);
        for field in step.keyed_fields() {
            self.backend.check_pseudonym(self.field(kind, field))?;
            let w = query.w().push(", (SELECT r.").name(kind.column(field)).push(&self.backend.cast("text"));
            w.push(" FROM ").table(kind.table_name()).push(" AS r WHERE ");
            w.push(&self.row_id(kind)?).push(" = s.id)");
        }
        self.select_rows(&mut query, step.rows)?;
        if let Some(after) = after {
            query.condition().push(&order).push(" > ").bind(after.clone());
        }
        query.order_by(&order).limit(PAGE);
        Ok(w.finish())
    }

    /// Renders the statement that stores the pseudonyms of a field, each with the id of its row.
    fn keep_pseudonyms(&self, kind: &Kind, field: &str, made: Vec<(SqlValue, String)>) -> Statement {
        let mut w = self.writer();
        w.push("INSERT INTO ").push(&self.pseudonyms()).push(" (kind, field, id, value) VALUES ");
        w.join(", ", made, |w, (id, pseudonym)| {
            w.push("(").bind(kind.name.as_str()).push(", ").bind(field).push(", ");
            w.bind(id).push(", ").bind(pseudonym).push(")");
        });
        // Two steps may mask the same row.
        w.push(" ON CONFLICT DO NOTHING");
        w.finish()
    }

    /// Writes the pseudonym of a field of the row `r`; NULL if the field was NULL.
    pub(super) fn pseudonym(&self, w: &mut Writer, kind: &Kind, field: &FieldName) -> Result<(), StoreError> {
        self.kept_pseudonym(w, kind, field.as_str(), &self.row_id(kind)?);
        Ok(())
    }

    fn kept_pseudonym(&self, w: &mut Writer, kind: &Kind, field: &str, row_id: &str) {
        w.push("(SELECT m.value FROM ").push(&self.pseudonyms());
        w.push(" AS m WHERE m.kind = ").bind(kind.name.as_str());
        w.push(" AND m.field = ").bind(field);
        w.push(" AND m.id = ").push(&self.backend.pseudonym_id(row_id)).push(")");
    }

    /// Renders the query for a page of rows: their internal ids, and the ids to record.
    pub(super) fn page_of_ids(&self, rows: Rows, after: Option<&SqlValue>) -> Result<Statement, StoreError> {
        let kind = self.set_kind(rows.set)?;
        let (key, order) = self.backend.page_key("s.id");
        let mut w = self.writer();
        let mut query = Query::select(self.with(&mut w, &[rows.set])?, &key);
        let recorded = self.backend.listed_id(&self.recorded(kind)?);
        let selected = query.w().push(", (SELECT ").push(&recorded).push(" FROM ").table(kind.table_name());
        selected.push(" AS r WHERE ").push(&self.row_id(kind)?).push(" = s.id)");
        self.select_rows(&mut query, rows)?;
        if let Some(after) = after {
            query.condition().push(&order).push(" > ").bind(after.clone());
        }
        query.order_by(&order).limit(PAGE);
        Ok(w.finish())
    }

    /// Writes an id as the library's tables hold it: `id`, or the pseudonym of the row `row_id` if the ids of the kind
    /// are personal.
    pub(super) fn id_to_record(&self, w: &mut Writer, kind: &Kind, row_id: &str, id: &str) {
        if self.personal_ids.field_of(kind).is_some() {
            self.kept_pseudonym(w, kind, ID, row_id);
        } else {
            w.push(id);
        }
    }
}
