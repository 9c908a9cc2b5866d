//! Which columns have to be looked at before a query can be rendered.

use std::collections::BTreeSet;

use super::table_schema::unknown;
use crate::domain::{DataMap, FieldName, FieldType, Kind, KindName, Value};
use crate::protocol::{ChangeSet, NewRow, NewValue, Source, Stratum, SurveyQuery, Write};
use crate::store::StoreError;

/// The columns whose types a query depends on.
pub(crate) struct QueryColumns<'a> {
    /// Kinds whose id column may be NULL unless the database says otherwise.
    pub(crate) kinds: Vec<&'a Kind>,
    /// Columns that hold values in a form only the database knows.
    pub(crate) columns: Vec<(&'a Kind, &'a FieldName)>,
}

impl<'a> QueryColumns<'a> {
    /// Collects the columns of a survey.
    pub(crate) fn of_query(query: &'a SurveyQuery) -> Result<Self, StoreError> {
        let mut kinds = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for set in query.sets.iter().flat_map(Stratum::sets) {
            kinds.insert(&set.kind);
            let named = |source: &Source| matches!(source, Source::Subjects | Source::Ids(_));
            if set.branches.iter().any(|branch| named(&branch.source)) {
                ids.insert(&set.kind);
            }
        }
        // A reference is compared with the ids it refers to.
        for branch in query.sets.iter().flat_map(Stratum::sets).flat_map(|set| &set.branches) {
            if let Source::Referrers { reference, .. } | Source::ReferencedBy { reference, .. } =
                &branch.source
                && let Some(reference) = query.map.reference(reference)
            {
                kinds.extend([&reference.from, &reference.to]);
            }
        }
        let find = |name| find(&query.map, name);
        let kinds = kinds.into_iter().map(find).collect::<Result<_, _>>()?;
        let ids: Vec<&Kind> = ids.into_iter().map(find).collect::<Result<_, _>>()?;
        Ok(Self { kinds, columns: ids.into_iter().map(|kind| (kind, &kind.id)).collect() })
    }

    /// Collects the columns of a change set: also those into which ids and timestamps are written.
    pub(crate) fn of_changes(changes: &'a ChangeSet) -> Result<Self, StoreError> {
        let map = &changes.query.map;
        let mut all = Self::of_query(&changes.query)?;
        for step in &changes.steps {
            let (Write::Update(fields) | Write::Mark(fields)) = &step.write else {
                continue;
            };
            let kind = find(map, &step.kind)?;
            for (field, value) in fields {
                if let NewValue::Value(value) = value {
                    all.add_written(map, kind, field, value);
                }
            }
        }
        for NewRow { kind, record } in &changes.inserts {
            let kind = find(map, kind)?;
            if !all.kinds.iter().any(|known| known.name == kind.name) {
                all.kinds.push(kind);
            }
            all.add(kind, &kind.id);
            for (field, value) in &record.fields {
                all.add_written(map, kind, field, value);
            }
        }
        Ok(all)
    }

    /// Collects the columns by which rows of one kind are found.
    pub(crate) fn of_kind(kind: &'a Kind) -> Self {
        Self { kinds: vec![kind], columns: vec![(kind, &kind.id)] }
    }

    /// Adds the column whose type decides how a value is written.
    fn add_written(&mut self, map: &'a DataMap, kind: &'a Kind, field: &'a FieldName, value: &Value) {
        let mut references = map.references_from(&kind.name);
        let reference = references.find(|reference| reference.field == *field);
        if let Some(to) = reference.and_then(|reference| map.kind(&reference.to)) {
            self.add(to, &to.id);
        } else if matches!(value, Value::Date(_) | Value::Timestamp(_))
            || kind.type_of(field) == FieldType::Uuid
        {
            self.add(kind, field);
        }
    }

    fn add(&mut self, kind: &'a Kind, field: &'a FieldName) {
        let same = |(known, column): &(&Kind, &FieldName)| known.name == kind.name && **column == *field;
        if !self.columns.iter().any(same) {
            self.columns.push((kind, field));
        }
    }
}

fn find<'a>(map: &'a DataMap, kind: &KindName) -> Result<&'a Kind, StoreError> {
    map.kind(kind).ok_or_else(|| unknown("kind", kind.as_str()))
}
