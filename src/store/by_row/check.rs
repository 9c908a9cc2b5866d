//! Checks: a data map against the records, and the names in a query against its map.

use std::collections::BTreeSet;

use super::evaluate::{Evaluation, kind};
use super::session::KeyedReference;
use super::session::Session;
use super::undone::check_identity;
use crate::domain::{DataMap, Fault, FaultCode, FieldName, Kind, KindName};
use crate::protocol::{
    Branch, ChangeSet, ChangeStep, ElementChange, NamedSet, Rows, SetId, Source, Stratum, SurveyQuery,
};
use crate::store::{Records, StoreError, SystemTable, system_tables};

/// Returns a fault for every kind that the records do not have, and the faults that the backend finds. Sorted by
/// path.
pub(super) async fn check_map(records: &impl Records, map: &DataMap) -> Result<Vec<Fault>, StoreError> {
    let mut faults = Vec::new();
    for kind in map.kinds() {
        if system_tables::is_reserved(&kind.name) {
            let message = "the name is reserved for a table of this crate";
            faults.push(
                Fault::new(FaultCode::ReservedName, format!("kinds.{}", kind.name), message)
                    .remedy("choose another name for the kind, and set `table` to its table"),
            );
        } else {
            faults.extend(missing(records, kind, "create it, or correct the name").await?);
        }
    }
    for kind in SystemTable::ALL.iter().map(|table| table.kind()) {
        faults.extend(missing(records, &kind, "create it: this crate stores its own records there").await?);
    }
    faults.extend(records.describe(map).await?);
    faults.sort();
    faults.dedup();
    Ok(faults)
}

async fn missing(records: &impl Records, kind: &Kind, remedy: &str) -> Result<Option<Fault>, StoreError> {
    match records.get(kind, &[]).await {
        Ok(_) => Ok(None),
        Err(StoreError::Unknown { .. }) => Ok(Some(
            Fault::new(
                FaultCode::UnknownKind,
                format!("kinds.{}", kind.name),
                format!("the store has no kind `{}`", kind.name),
            )
            .remedy(remedy),
        )),
        Err(error) => Err(error),
    }
}

pub(super) type Named = BTreeSet<(KindName, FieldName)>;

/// Checks that the map has all kinds and references, and that the sets fit together.
pub(super) fn check_query(query: &SurveyQuery) -> Result<(), StoreError> {
    kind(query, &query.kind)?;
    for stratum in &*query.sets {
        let inside: BTreeSet<SetId> = match stratum {
            Stratum::Set(_) => BTreeSet::new(),
            Stratum::Cycle(sets) => sets.iter().map(|set| set.id).collect(),
        };
        for set in stratum.sets() {
            kind(query, &set.kind)?;
            for branch in &set.branches {
                check_branch(query, set, branch, &inside)?;
            }
        }
    }
    Ok(())
}

fn check_branch(
    query: &SurveyQuery,
    set: &NamedSet,
    branch: &Branch,
    inside: &BTreeSet<SetId>,
) -> Result<(), StoreError> {
    let unfit = |why: &str| StoreError::Unsupported(format!("set {}: {why}", set.id.0));
    let kind_of = |id: SetId| query.set(id).map(|set| &set.kind);
    let (start, end) = match &branch.source {
        Source::Subjects => (None, &query.kind),
        Source::Ids(_) | Source::WithText { .. } => (None, &set.kind),
        Source::Replaced { .. } => {
            check_identity(query, &set.kind)?;
            (None, &set.kind)
        }
        Source::FormerReferrers { reference, .. } => {
            check_identity(query, &set.kind)?;
            let reference = KeyedReference::of(query, reference)?.reference();
            (Some(&reference.to), &reference.from)
        }
        Source::Members(rows) | Source::Repeated { of: rows, .. } => (kind_of(rows.set), &set.kind),
        Source::Referrers { reference, .. } => {
            let reference = KeyedReference::of(query, reference)?.reference();
            (Some(&reference.to), &reference.from)
        }
        Source::ReferencedBy { reference, .. } => {
            let reference = KeyedReference::of(query, reference)?.reference();
            (Some(&reference.from), &reference.to)
        }
    };
    let starts = branch.source.rows().is_none_or(|rows| kind_of(rows.set) == start);
    let is_same_kind = matches!(branch.source, Source::Members(_) | Source::Repeated { .. });
    let members = !is_same_kind || start == Some(&set.kind);
    if end != &set.kind || !starts || !members {
        return Err(unfit("its source leads to rows of another kind"));
    }
    for rows in branch.within.iter().chain(&branch.except) {
        if kind_of(rows.set) != Some(&set.kind) {
            return Err(unfit("it is compared with rows of another kind"));
        }
        if inside.contains(&rows.set) {
            return Err(unfit("it is compared with a set of its own cycle"));
        }
    }
    Ok(())
}

/// Returns the fields that the conditions and questions of a query read.
pub(super) fn in_query(query: &SurveyQuery) -> Named {
    let mut named = Named::new();
    for set in query.sets.iter().flat_map(Stratum::sets) {
        let cases = set.branches.iter().flat_map(|branch| &branch.cases);
        for when in cases.filter_map(|case| case.when.as_ref()) {
            when.visit(&mut |leaf| {
                if let Some(field) = leaf.field() {
                    named.insert((set.kind.clone(), field.clone()));
                }
            });
        }
    }
    for set in query.sets.iter().flat_map(Stratum::sets) {
        for branch in &set.branches {
            if let Source::Repeated { fields, .. }
            | Source::Replaced { fields }
            | Source::FormerReferrers { fields, .. } = &branch.source
            {
                named.extend(fields.iter().map(|field| (set.kind.clone(), field.clone())));
            }
        }
    }
    for question in &*query.questions {
        if let (Some(field), Some(set)) = (&question.span, query.set(question.rows.set)) {
            named.insert((set.kind.clone(), field.clone()));
        }
    }
    named
}

pub(super) fn in_changes(changes: &ChangeSet) -> Named {
    let mut named = in_query(&changes.recheck());
    for event in &changes.event_drafts {
        let fields = event.fields.iter();
        named.extend(fields.map(|field| (event.kind.clone(), field.clone())));
    }
    for step in &changes.steps {
        let fields = step.write.values().iter().map(|(field, _)| field);
        named.extend(fields.map(|field| (step.kind.clone(), field.clone())));
    }
    named
}

/// Checks that steps and events have known kinds, that their sets hold rows of these kinds, and that no step writes
/// an id.
pub(super) fn check_changes(changes: &ChangeSet) -> Result<(), StoreError> {
    let query = &changes.query;
    let steps = changes.steps.iter().map(|step| (&step.kind, step.rows));
    let events = changes.event_drafts.iter().map(|event| (&event.kind, event.rows));
    for (name, rows) in steps.chain(events) {
        kind(query, name)?;
        if query.set(rows.set).is_none_or(|set| set.kind != *name) {
            return Err(StoreError::Unsupported(format!(
                "set {} does not hold rows of `{name}`",
                rows.set.0
            )));
        }
    }
    for ChangeStep { kind: name, write, .. } in &changes.steps {
        let id = &kind(query, name)?.id;
        for ElementChange { reference, of, new: _ } in write.element_changes() {
            let reference = KeyedReference::of(query, reference)?.reference();
            if !reference.each {
                return Err(StoreError::Unsupported(format!("changing elements of `{}`", reference.name)));
            }
            let leads = |rows: &Rows| query.set(rows.set).is_some_and(|set| set.kind == reference.to);
            if reference.from != *name || !of.iter().all(leads) {
                return Err(StoreError::Unsupported(format!(
                    "changing elements of `{name}` by rows that `{}` does not lead to",
                    reference.name
                )));
            }
        }
        if let Some((field, _)) = write.values().iter().find(|(field, _)| id.contains(field)) {
            return Err(StoreError::Unsupported(format!("writing the id `{name}.{field}`")));
        }
    }
    Ok(())
}

impl<S: Session> Evaluation<'_, S> {
    /// Rejects a field that neither the map nor any row has.
    pub(super) async fn check_fields(&self, named: &Named) -> Result<(), StoreError> {
        let map = &self.query.map;
        for (name, field) in named {
            let kind = kind(self.query, name)?;
            let declared = map.fields_of(kind).any(|known| known == field);
            if !declared && self.session.lacks(kind, field).await? {
                return Err(StoreError::unknown("field", &format!("{name}.{field}")));
            }
        }
        Ok(())
    }
}
