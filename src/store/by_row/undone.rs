//! What an operation that is taken back has replaced, and the rows that still have the values it wrote.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::{Evaluation, kind};
use super::session::{KeyedReference, RowNumber, Session};
use crate::domain::{FieldName, Kind, KindName, Record, RecordId, ReferenceName, Value};
use crate::protocol::{Rows, SurveyQuery};
use crate::store::StoreError;
use crate::store::reader::typed;
use crate::store::system_tables::{Mark, OPERATIONS_KIND, marks_of_operations};

/// The marks of the operation, by the rows they are about.
pub(super) type Marks = BTreeMap<(KindName, RecordId), Mark>;

/// Reads what the operation of a query has recorded; nothing if the query undoes none.
pub(super) async fn read_marks<S: Session>(
    session: &mut S,
    query: &SurveyQuery,
) -> Result<Marks, StoreError> {
    let Some(operation) = query.undoes else { return Ok(Marks::new()) };
    let (marks, reference) = marks_of_operations();
    let reference = KeyedReference::unconditional(marks, reference, &OPERATIONS_KIND, query.now);
    let found = session.find(&OPERATIONS_KIND, &[operation.as_uuid().into()]).await?;
    let found: Vec<_> = found.into_iter().map(|number| (number, 0)).collect();
    let rows = session.referrers(marks, &reference, &found).await?;
    let rows = rows.into_iter().filter_map(|(number, _)| session.row(&marks.name, number));
    let read =
        rows.map(|row| Mark::try_from(row).map(|mark| ((mark.kind.clone(), mark.record.clone()), mark)));
    read.collect()
}

impl<S: Session> Evaluation<'_, S> {
    /// Returns the rows of which the operation recorded these fields.
    async fn recorded_rows(
        &mut self,
        kind: &Kind,
        fields: &[FieldName],
    ) -> Result<Vec<RowNumber>, StoreError> {
        let marks = self.marks.iter().filter(|((of, _), _)| *of == kind.name);
        let complete = marks.filter(|(_, mark)| fields.iter().all(|field| mark.after.contains_key(field)));
        let ids: Vec<RecordId> = complete.map(|((_, id), _)| id.clone()).collect();
        self.session.find(kind, &ids).await
    }

    /// Returns the rows of which the operation recorded these fields, and that still have the values that it wrote.
    pub(super) async fn replaced(
        &mut self,
        kind: &Kind,
        fields: &[FieldName],
    ) -> Result<Vec<RowNumber>, StoreError> {
        let found = self.recorded_rows(kind, fields).await?;
        let mut kept = Vec::new();
        for number in found {
            let Some(row) = self.session.row(&kind.name, number) else { continue };
            let Some(mark) = self.mark_of(kind, row) else { continue };
            let mut same = true;
            for field in fields {
                let wrote = mark.after.get(field).unwrap_or(&Value::Null);
                let typed = |value| typed(kind, &row.id, field, value);
                same &= typed(row.get(field))? == typed(wrote)?;
            }
            if same {
                kept.push(number);
            }
        }
        Ok(kept)
    }

    /// Returns the rows that referred to these rows before the operation.
    pub(super) async fn former_referrers(
        &mut self,
        kind: &Kind,
        reference: &ReferenceName,
        fields: &[FieldName],
        of: Rows,
    ) -> Result<Vec<RowNumber>, StoreError> {
        let reference = KeyedReference::of(self.query, reference)?;
        let mut keys = BTreeSet::new();
        for (number, _) in self.rows(of)? {
            let row = self.session.row(reference.to(), number);
            keys.extend(row.and_then(|row| reference.target.read(row)));
        }
        let found = self.recorded_rows(kind, fields).await?;
        let mut kept = Vec::new();
        for number in found {
            let Some(row) = self.session.row(&kind.name, number) else { continue };
            let mut former = row.clone();
            for field in fields {
                former.fields.insert(field.clone(), self.former(kind, row, field)?);
            }
            let now = reference.held_by(kind, row)?;
            let mut taken = reference.held_by(kind, &former)?;
            taken.retain(|key| !reference.reference().each || !now.contains(key));
            let is_list = reference.reference().each;
            if (is_list || !taken.is_empty()) && taken.iter().all(|key| keys.contains(key)) {
                kept.push(number);
            }
        }
        Ok(kept)
    }

    /// Returns the value that a field of a row had before the operation.
    pub(super) fn former(&self, kind: &Kind, row: &Record, field: &FieldName) -> Result<Value, StoreError> {
        let Some(mark) = self.mark_of(kind, row) else { return Ok(Value::Null) };
        let former = mark.before.get(field).unwrap_or(&Value::Null);
        if mark.instants.contains(field) { typed(kind, &row.id, field, former) } else { Ok(former.clone()) }
    }

    fn mark_of(&self, kind: &Kind, row: &Record) -> Option<&Mark> {
        self.marks.get(&(kind.name.clone(), row.id.clone()))
    }
}

/// Checks that the kind of a source that reads marks has an id.
pub(super) fn check_identity(query: &SurveyQuery, name: &KindName) -> Result<(), StoreError> {
    if kind(query, name)?.id.is_none() {
        return Err(StoreError::Unsupported(format!(
            "finding what was replaced in `{name}`, which has no id"
        )));
    }
    Ok(())
}
