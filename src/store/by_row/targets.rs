//! The records that a request or the policy names as new targets of references.
//!
//! A request may name a record by the text of its id, such as `"1"` for 1. What is written is the id of the record as its
//! row holds it, because a store by rows has no columns that would convert it.

use std::collections::BTreeMap;

use super::evaluate::Evaluation;
use super::session::Session;
use crate::domain::{FieldName, Kind, KindName, RecordId, Value};
use crate::protocol::{Rows, Source, Stratum, SurveyQuery};
use crate::store::StoreError;

/// The ids of these records as their rows hold them, by kind and by the text of the id.
pub(super) struct Targets(BTreeMap<(KindName, String), RecordId>);

impl Targets {
    /// Collects the records that the sets of a query name.
    pub(super) fn of<S: Session>(evaluation: &Evaluation<'_, S>) -> Result<Self, StoreError> {
        let mut found = BTreeMap::new();
        for set in evaluation.query.sets.iter().flat_map(Stratum::sets) {
            if !set.branches.iter().any(|branch| matches!(branch.source, Source::Ids(_))) {
                continue;
            }
            for (number, _) in evaluation.rows(Rows::all(set.id))? {
                if let Some(row) = evaluation.session.row(&set.kind, number) {
                    found.insert((set.kind.clone(), row.id.spelt()), row.id.clone());
                }
            }
        }
        Ok(Self(found))
    }

    /// Returns the id of a record as its row holds it.
    pub(super) fn of_id(&self, kind: &KindName, id: &RecordId) -> Option<&RecordId> {
        self.0.get(&(kind.clone(), id.spelt()))
    }

    /// Returns a new value of a field. If the field refers to one of these records, it is the id as the record's row
    /// holds it.
    pub(super) fn stored(&self, query: &SurveyQuery, kind: &Kind, field: &FieldName, value: &Value) -> Value {
        let Some(id) = value.as_id().filter(|_| !self.0.is_empty()) else { return value.clone() };
        let mut references = query.map.references_from(&kind.name).filter(|reference| reference.holds_id());
        let stored = references.find_map(|reference| {
            let position = reference.fields.iter().position(|held| held == field)?;
            if reference.fields.len() == 1 {
                return self.of_id(&reference.to, &id).map(Value::from);
            }
            // One part of an id of several fields.
            let of_kind = self.0.iter().filter(|((kind, _), _)| *kind == reference.to);
            let mut parts = of_kind.filter_map(|(_, stored)| stored.parts().get(position));
            parts.find(|part| part.spelt() == id.spelt()).map(Value::from)
        });
        stored.unwrap_or_else(|| value.clone())
    }
}
