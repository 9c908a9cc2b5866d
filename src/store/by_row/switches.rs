//! The operations that switched a subject OFF, and the rows that they switched.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluate::Evaluation;
use super::session::{Changes, Ranked, Session};
use crate::domain::{Kind, KindName, Mode, OperationId, RecordId};
use crate::protocol::ChangeSet;
use crate::store::StoreError;
use crate::store::system_tables::{self, MARKS, SWITCHES, Switches, mark_id, switches_id};

impl<S: Session> Evaluation<'_, S> {
    /// Returns those of the rows that were switched OFF together with a subject, and were not switched ON with it since.
    pub(super) async fn switched(
        &self,
        kind: &KindName,
        rows: Vec<Ranked>,
    ) -> Result<Vec<Ranked>, StoreError> {
        let operations = self.switches(&self.subject_ids()).await?.into_values().flatten();
        let operations: BTreeSet<OperationId> = operations.collect();
        let mut marks: BTreeMap<RecordId, RecordId> = BTreeMap::new();
        for (id, _) in self.with_ids(kind, rows.clone()) {
            let recorded = self.recorded(kind, id);
            marks.extend(
                operations.iter().map(|operation| (mark_id(*operation, kind, &recorded), id.clone())),
            );
        }
        let ids: Vec<RecordId> = marks.keys().cloned().collect();
        let found = self.session.get(&Kind::named(MARKS), &ids).await?;
        let switched: BTreeSet<&RecordId> = found.iter().filter_map(|mark| marks.get(&mark.id)).collect();
        let named = self.with_ids(kind, rows);
        Ok(named.into_iter().filter(|(id, _)| switched.contains(id)).map(|(_, row)| row).collect())
    }

    /// Notes for each subject which operations have switched it OFF. Called for every operation.
    pub(super) async fn note_switches(
        &self,
        changes: &ChangeSet,
        written: &mut Changes,
    ) -> Result<(), StoreError> {
        let is_off = match changes.receipt.mode {
            Mode::Deactivate => true,
            Mode::Reactivate => false,
            _ => return Ok(()),
        };
        let subjects = self.subject_ids();
        let mut known = self.switches(&subjects).await?;
        for subject in subjects {
            let mut operations = known.remove(&subject).unwrap_or_default();
            if is_off {
                operations.push(changes.operation);
            } else {
                operations.clear();
            }
            let switches = Switches { kind: self.query.kind.clone(), record: subject, operations };
            written.put(SWITCHES, system_tables::switches_record(&switches)?);
        }
        Ok(())
    }

    /// Returns the operations that have switched each of these subjects OFF since it was last switched ON.
    async fn switches(
        &self,
        subjects: &[RecordId],
    ) -> Result<BTreeMap<RecordId, Vec<OperationId>>, StoreError> {
        let ids: Vec<RecordId> = subjects.iter().map(|id| switches_id(&self.query.kind, id)).collect();
        let found = self.session.get(&Kind::named(SWITCHES), &ids).await?;
        let found = found.iter().map(Switches::try_from);
        found.map(|found| found.map(|switches| (switches.record, switches.operations))).collect()
    }

    /// Returns the ids of the subjects as the records of the library hold them.
    fn subject_ids(&self) -> Vec<RecordId> {
        let rows = self.with_ids(&self.query.kind, self.subject_rows());
        rows.into_iter().map(|(id, _)| self.recorded(&self.query.kind, id)).collect()
    }
}
