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
        let noted = self.switches(&self.subject_ids()).await?.into_values();
        let operations = noted.flat_map(|noted| noted.operations);
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

    /// Notes for each subject which operations have switched it OFF, and which removed or restored it last. Called for
    /// every operation.
    pub(super) async fn note_switches(
        &self,
        changes: &ChangeSet,
        written: &mut Changes,
    ) -> Result<(), StoreError> {
        let mode = changes.receipt.mode;
        let is_switch = matches!(mode, Mode::Deactivate | Mode::Reactivate);
        let is_removal = matches!(mode, Mode::SoftDelete | Mode::Anonymize | Mode::Restore);
        if !is_switch && !is_removal {
            return Ok(());
        }
        let subjects = self.subject_ids();
        let mut known = self.switches(&subjects).await?;
        for subject in subjects {
            let (kind, record) = (self.query.kind.clone(), subject.clone());
            let none = || Switches { kind, record, operations: Vec::new(), removal: None };
            let mut switches = known.remove(&subject).unwrap_or_else(none);
            match mode {
                Mode::Deactivate => switches.operations.push(changes.operation),
                Mode::Reactivate => switches.operations.clear(),
                _ => switches.removal = Some(changes.operation),
            }
            written.put(SWITCHES, system_tables::switches_record(&switches)?);
        }
        Ok(())
    }

    /// Returns what is noted for these subjects.
    async fn switches(&self, subjects: &[RecordId]) -> Result<BTreeMap<RecordId, Switches>, StoreError> {
        let ids: Vec<RecordId> = subjects.iter().map(|id| switches_id(&self.query.kind, id)).collect();
        let found = self.session.get(&Kind::named(SWITCHES), &ids).await?;
        let found = found.iter().map(Switches::try_from);
        found.map(|found| found.map(|switches| (switches.record.clone(), switches))).collect()
    }

    /// Returns the ids of the subjects as the records of the library hold them.
    fn subject_ids(&self) -> Vec<RecordId> {
        let rows = self.with_ids(&self.query.kind, self.subject_rows());
        rows.into_iter().map(|(id, _)| self.recorded(&self.query.kind, id)).collect()
    }
}
