//! Restores, decided row by row from three states of all rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Rows;
use crate::domain::{DataMap, FieldName, Kind, KindName, Record, RecordId, Reference};

/// The rows of three moments: before a soft deletion, after it, and now.
#[derive(Debug, Clone, Copy)]
#[allow(clippy::exhaustive_structs, reason = "tests make it")]
pub struct Moments<'a> {
    /// Before the soft deletion.
    pub before: &'a Rows,
    /// After it.
    pub after: &'a Rows,
    /// Now.
    pub now: &'a Rows,
}

/// Returns the rows after a restore; `None` if it is refused.
///
/// Every deleted mark and every reference that the soft deletion replaced, and that is as it left it, gets its former
/// value. The fields that every write sets keep their values.
#[must_use]
pub fn restore(
    map: &DataMap,
    subject: &KindName,
    subjects: &[RecordId],
    moments: Moments<'_>,
    at: DateTime<Utc>,
) -> Option<Rows> {
    let restore = Restore { map, moments, at };
    let marked = restore.marked();
    let is_back = |kind: &KindName, id: &RecordId| marked.contains(&(kind.clone(), id.clone()));
    if !subjects.iter().all(|id| is_back(subject, id)) {
        return None;
    }
    let mut rows = moments.now.clone();
    for (name, id) in &marked {
        let kind = map.kind(name)?;
        let row = moments.now.get(name)?.get(id)?;
        for reference in
            map.references_from(name).filter(|one| one.is_declared() && !one.each && one.holds_id())
        {
            let is_there = |parent: &RecordId| {
                let found = moments.now.get(&reference.to).and_then(|rows| rows.get(parent));
                found.is_some_and(|found| !restore.is_deleted(&reference.to, found))
                    || is_back(&reference.to, parent)
            };
            if restore.concerns(kind, reference, row)
                && !reference.held_by(kind, row).ok()?.iter().all(is_there)
            {
                return None;
            }
        }
        let deleted = &kind.deleted_at.as_ref()?.field;
        restore.put_back(&mut rows, name, id, std::slice::from_ref(deleted));
    }
    for (reference, id, fields) in restore.redirected() {
        let kind = map.kind(&reference.from)?;
        let (former, row) =
            (moments.before.get(&kind.name)?.get(&id)?, moments.now.get(&kind.name)?.get(&id)?);
        let now = reference.held_by(kind, row).ok()?;
        let mut taken = reference.held_by(kind, former).ok()?;
        taken.retain(|key| !reference.each || !now.contains(key));
        let keys = restore.keys_of(reference, &marked);
        if taken.is_empty() && !reference.each || !taken.iter().all(|key| keys.contains(key)) {
            return None;
        }
        restore.put_back(&mut rows, &kind.name, &id, &fields);
    }
    Some(rows)
}

struct Restore<'a> {
    map: &'a DataMap,
    moments: Moments<'a>,
    at: DateTime<Utc>,
}

impl<'a> Restore<'a> {
    /// Returns the fields of a row that the deletion replaced, of these; empty if one of them was changed since.
    fn replaced<'f>(
        &self,
        kind: &KindName,
        id: &RecordId,
        fields: impl Iterator<Item = &'f FieldName>,
    ) -> Vec<FieldName> {
        let row = |rows: &'a Rows| rows.get(kind).and_then(|rows| rows.get(id));
        let Moments { before, after, now } = self.moments;
        let (Some(before), Some(after), Some(now)) = (row(before), row(after), row(now)) else {
            return Vec::new();
        };
        let changed: Vec<FieldName> =
            fields.filter(|field| before.get(field) != after.get(field)).cloned().collect();
        let is_left = changed.iter().all(|field| now.get(field) == after.get(field));
        if is_left { changed } else { Vec::new() }
    }

    /// Returns the rows that bear the mark of the deletion.
    fn marked(&self) -> BTreeSet<(KindName, RecordId)> {
        let kinds = self.map.kinds().filter(|kind| !kind.id.is_none());
        let rows = kinds.flat_map(|kind| {
            let ids = self.moments.now.get(&kind.name).into_iter().flat_map(BTreeMap::keys);
            ids.map(move |id| (kind, id))
        });
        let marked = rows.filter(|(kind, id)| {
            let deleted = kind.deleted_at.iter().map(|deleted| &deleted.field);
            !self.replaced(&kind.name, id, deleted).is_empty()
        });
        marked.map(|(kind, id)| (kind.name.clone(), id.clone())).collect()
    }

    /// Returns the references that the deletion redirected from kinds of which it marked rows, with the fields that it
    /// replaced.
    fn redirected(&self) -> Vec<(&'a Reference, RecordId, Vec<FieldName>)> {
        let mut found = Vec::new();
        let was_marked = |kind: &KindName| {
            let kind = self.map.kind(kind).and_then(|kind| Some((kind, kind.deleted_at.as_ref()?)));
            kind.is_some_and(|(kind, deleted)| {
                let rows = |rows: &'a Rows| rows.get(&kind.name);
                let (before, after) = (rows(self.moments.before), rows(self.moments.after));
                before.into_iter().flatten().any(|(id, row)| {
                    let after = after.and_then(|rows| rows.get(id));
                    after.is_some_and(|after| after.get(&deleted.field) != row.get(&deleted.field))
                })
            })
        };
        for reference in self
            .map
            .references()
            .filter(|one| one.is_declared() && was_marked(&one.to) && !self.map.holds_personal_value(one))
        {
            let Some(kind) = self.map.kind(&reference.from).filter(|kind| !kind.id.is_none()) else {
                continue;
            };
            for (id, row) in self.moments.now.get(&kind.name).into_iter().flatten() {
                let fields = self.replaced(&kind.name, id, reference.fields.iter());
                if !fields.is_empty() && self.concerns(kind, reference, row) {
                    found.push((reference, id.clone(), fields));
                }
            }
        }
        found
    }

    /// Returns the keys of the rows of the kind referred to that come back.
    fn keys_of(&self, reference: &Reference, marked: &BTreeSet<(KindName, RecordId)>) -> BTreeSet<RecordId> {
        let Some(key) = self.map.target_key(reference) else { return BTreeSet::new() };
        let rows = self.moments.now.get(&reference.to).into_iter().flatten();
        let back = rows.filter(|(id, _)| marked.contains(&(reference.to.clone(), (*id).clone())));
        back.filter_map(|(_, row)| key.read(row)).collect()
    }

    /// Returns whether a row meets the condition of a reference and the filter of its kind.
    fn concerns(&self, kind: &Kind, reference: &Reference, row: &Record) -> bool {
        let conditions = reference.when.iter().chain(&kind.filter);
        let mut held = conditions.map(|when| matches!(when.holds(kind, row, self.at), Ok(Some(true))));
        held.all(|held| held)
    }

    fn is_deleted(&self, kind: &KindName, row: &Record) -> bool {
        self.map.kind(kind).is_some_and(|kind| super::is_marked(kind, row))
    }

    fn put_back(&self, rows: &mut Rows, kind: &KindName, id: &RecordId, fields: &[FieldName]) {
        let former = self.moments.before.get(kind).and_then(|rows| rows.get(id));
        let row = rows.get_mut(kind).and_then(|rows| rows.get_mut(id));
        if let (Some(former), Some(row)) = (former, row) {
            for field in fields {
                row.fields.insert(field.clone(), former.get(field).clone());
            }
        }
    }
}
