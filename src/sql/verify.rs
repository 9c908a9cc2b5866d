//! Finds rows that refer to records that do not exist, and records whose personal values are not masked although they
//! were anonymized.

use super::connection::{AccessMode, SqlConnection, SqlErrorClass};
use super::render::renderer::Renderer;
use super::render::shape::fields_read;
use super::session::{ErrorContext, query};
use super::statement::{Query, Statement, Writer};
use super::store::SqlStore;
use super::table_schema::QueryColumns;
use crate::domain::{FieldName, Kind, Mask, Reference, Value};
use crate::protocol::{Inconsistency, Inconsistent, NewValue, SurveyQuery, VerifyQuery};
use crate::store::StoreError;

impl<C: SqlConnection> SqlStore<C> {
    /// Returns the rows that should not be as they are.
    pub(super) async fn find_inconsistencies(
        &self,
        verify: &VerifyQuery,
    ) -> Result<Vec<Inconsistency>, StoreError> {
        let now = chrono::DateTime::UNIX_EPOCH;
        let survey = SurveyQuery::empty(verify.map.clone(), verify.subject.clone(), Vec::new(), now);
        let columns = QueryColumns::of_map(&verify.map)?;
        let context = ErrorContext { map: Some(&verify.map), ..self.context("read the data") };
        let mut tx = self.begin(AccessMode::Read, context).await?;
        let mut session = self.session(&mut *tx, context);
        let schema = session.read_schema(&columns).await?;
        let r = Renderer::survey(self.backend(), &self.prefix, &survey, &schema)?;
        let mut found = Vec::new();
        for reference in verify.map.references() {
            let kind = r.kind(&reference.from)?;
            let statement = r.dangling(reference, verify.limit)?;
            let rows = session.query(&statement).await?;
            let ids = rows.iter().filter_map(|row| r.read_answer(kind, row.first()?)).collect::<Vec<_>>();
            let what = Inconsistent::Dangling(reference.name.clone());
            found.extend(
                (!ids.is_empty()).then(|| Inconsistency::new(kind.name.clone(), what, ids, verify.limit)),
            );
        }
        for kind in verify.map.kinds().filter(|kind| kind.id.only().is_some()) {
            for (field, mask) in kind.personal.iter().filter(|(_, mask)| **mask != Mask::Hmac) {
                let rows = match query(session.tx, &r.unmasked(kind, field, mask, verify.limit)?).await {
                    Ok(rows) => rows,
                    // Without the library's tables, no operation was applied.
                    Err(error) if matches!(error.class(), SqlErrorClass::NoTable(_)) => return Ok(found),
                    Err(error) => return Err(context.error(error)),
                };
                let ids = rows.iter().filter_map(|row| r.read_answer(kind, row.first()?)).collect::<Vec<_>>();
                let what = Inconsistent::Unmasked(field.clone());
                found.extend(
                    (!ids.is_empty()).then(|| Inconsistency::new(kind.name.clone(), what, ids, verify.limit)),
                );
            }
        }
        self.end_read(tx, context).await?;
        Ok(found)
    }
}

impl Renderer<'_> {
    /// Renders the query for rows that refer to a record that does not exist: up to the limit, and one more.
    fn dangling(&self, reference: &Reference, limit: u16) -> Result<Statement, StoreError> {
        let sides = self.sides(reference)?;
        let from = sides.from();
        let key = sides.key("q")?;
        let is_missing = |w: &mut Writer, held: &[String]| {
            let known: Vec<String> = held.iter().map(|held| format!("{held} IS NOT NULL")).collect();
            w.push(&known.join(" AND ")).push(" AND NOT EXISTS (");
            let mut target = Query::select(w, "1");
            target.table(sides.to().table_name(), "q");
            for (key, held) in key.iter().zip(held) {
                target.condition().push(&format!("{key} = {held}"));
            }
            w.push(")");
        };
        let mut w = self.writer();
        let mut query = Query::select(&mut w, &self.answer(from)?);
        query.table(from.table_name(), "r");
        match sides.list("r")? {
            Some(list) => {
                let w = query.condition().push("EXISTS (SELECT 1 FROM ").push(&list.elements).push(" WHERE ");
                is_missing(w, std::slice::from_ref(&list.compared));
                w.push(")");
            }
            None => is_missing(query.condition(), &sides.held("r")?),
        }
        if let Some(condition) = self.referring_condition(reference)? {
            let w = query.condition().push("(");
            self.converting(w, from, fields_read(&condition), |w| self.condition(w, from, &condition))?;
            w.push(")");
        }
        query.order_by(&self.answer_order(from)?).limit(i64::from(limit) + 1);
        Ok(w.finish())
    }

    /// Renders the query for records that were anonymized or became tombstones, but whose field is not masked. A value
    /// is masked if masking it again does not change it.
    fn unmasked(
        &self,
        kind: &Kind,
        field: &FieldName,
        mask: &Mask,
        limit: u16,
    ) -> Result<Statement, StoreError> {
        let value = match mask {
            Mask::Null => NewValue::Value(Value::Null),
            mask => NewValue::Masked(mask.clone()),
        };
        let id = self.backend.listed_id(&self.recorded(kind)?);
        let column = self.field(kind, field).column();
        let cast = self.backend.cast(&self.column_type(kind, field)?.name);
        let mut w = self.writer();
        let mut query = Query::select(&mut w, &self.answer(kind)?);
        query.table(kind.table_name(), "r");
        let differs = query.condition().push(&column).push(" IS NOT NULL AND (").push(&column);
        differs.push(" IS DISTINCT FROM (");
        self.new_field(differs, kind, field, &value)?;
        differs.push(")").push(&cast).push(")");
        query.condition().push(&id).push(" IN (");
        self.backend.masked_subjects(query.w(), self.prefix, kind.name.as_str());
        query.w().push(")");
        query.order_by(&self.answer_order(kind)?).limit(i64::from(limit) + 1);
        Ok(w.finish())
    }
}
