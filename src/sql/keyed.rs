//! Keyed masks: computed here, page by page, from the rows as they are before the first step.

use super::render::{PAGE, Renderer};
use super::survey::{Reading, bad_value};
use super::{Dialect, SqlValue};
use crate::domain::MaskKey;
use crate::protocol::{ChangeSet, ChangeStep};
use crate::store::StoreError;

impl Reading<'_, '_> {
    /// Makes the pseudonyms of all steps, and keeps them where the steps read them. Whether there were any.
    pub(super) async fn make_pseudonyms(
        &mut self,
        renderer: &Renderer<'_>,
        changes: &ChangeSet,
    ) -> Result<bool, StoreError> {
        let keyed = changes.steps.iter().filter(|step| step.keyed_fields().next().is_some());
        let mut any = false;
        for step in keyed {
            // Asked for before anything was read: see `require_key`.
            let Some(key) = &changes.mask_key else { break };
            if !any {
                self.no_pseudonyms(renderer).await?;
                any = true;
            }
            self.make_pseudonyms_of(renderer, step, key).await?;
        }
        Ok(any)
    }

    /// A table of pseudonyms without any. A statement that fails is the end of a transaction of PostgreSQL, so
    /// there it is not tried out whether the table is there.
    async fn no_pseudonyms(&mut self, renderer: &Renderer<'_>) -> Result<(), StoreError> {
        let (clear, create) = (renderer.clear_pseudonyms(), renderer.create_pseudonyms());
        if renderer.dialect == Dialect::Postgres {
            self.execute(&create).await?;
            self.execute(&clear).await?;
            return Ok(());
        }
        self.empty(&clear, &create).await
    }

    async fn make_pseudonyms_of(
        &mut self,
        renderer: &Renderer<'_>,
        step: &ChangeStep,
        key: &MaskKey,
    ) -> Result<(), StoreError> {
        let kind = renderer.set_kind(step.rows.set)?;
        let mut after = None;
        loop {
            let page = self.query(&renderer.keyed_page(step, after.as_ref())?).await?;
            for (position, field) in step.keyed_fields().enumerate() {
                let mut made = Vec::new();
                for row in &page {
                    let id = row.first().cloned().unwrap_or_default();
                    match row.get(position + 1) {
                        Some(SqlValue::Text(text)) => {
                            made.push((id, key.pseudonym(&kind.name, field, text)));
                        }
                        Some(SqlValue::Null) | None => {}
                        Some(_) => return Err(bad_value(&kind.name, id.as_id(), field, "text")),
                    }
                }
                if !made.is_empty() {
                    self.execute(&renderer.keep_pseudonyms(kind, field, made)).await?;
                }
            }
            match page.last().and_then(|row| row.first()) {
                Some(last) if page.len() == usize::from(PAGE) => after = Some(last.clone()),
                _ => return Ok(()),
            }
        }
    }
}
