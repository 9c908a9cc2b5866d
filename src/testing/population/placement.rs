//! Chooses the targets of a row's references, so that references that share a field agree.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::assembly::{Assembly, Place};
use super::keys::key_value;
use super::layout::KindLayout;
use crate::domain::{Condition, FieldName, KeyComparison, Kind, Reference, Value};

/// The number of combinations of targets to try for a row before it is left out.
const MOST_TRIES: usize = 500;

/// A row number that no kind uses.
const NO_ROW: usize = 999;

/// A row under construction.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    /// The fields, those of the id included.
    pub(super) values: BTreeMap<FieldName, Value>,
    /// The row to which each reference leads, with its key, by the position of the reference in its kind.
    pub(super) targets: BTreeMap<usize, (Place, Vec<Value>)>,
}

impl Draft {
    /// Returns whether the row meets a condition.
    pub(super) fn meets(&self, kind: &Kind, when: Option<&Condition>, now: DateTime<Utc>) -> bool {
        let row = self.record(kind, 0);
        when.is_none_or(|when| when.holds(kind, &row, now) == Ok(Some(true)))
    }

    fn is_null(&self, field: &FieldName) -> bool {
        self.values.get(field).is_some_and(Value::is_null)
    }

    /// Sets fields that have no value yet. Returns whether all fields now have these values.
    fn agree(&mut self, fields: &[FieldName], values: &[Value]) -> bool {
        fields
            .iter()
            .zip(values)
            .all(|(field, value)| self.values.entry(field.clone()).or_insert_with(|| value.clone()) == value)
    }
}

/// A row for which targets are chosen.
struct Search<'a> {
    place: Place,
    layout: &'a KindLayout,
    /// The references by position, those whose condition holds first.
    references: Vec<(usize, &'a Reference, bool)>,
    tries: usize,
}

impl Assembly<'_> {
    /// Chooses the targets of a row so that every key is unique. If there are none, removes the row and returns
    /// `false`.
    pub(super) fn place(&mut self, place: Place) -> bool {
        let Some(layout) = self.kind(place.0) else { return false };
        for unique in [false, true] {
            let draft = self.own_fields(place, unique);
            let holds = |one: &Reference| draft.meets(&layout.kind, one.when.as_ref(), self.layout.now);
            let references = layout.references.iter().enumerate();
            let mut references: Vec<_> = references.map(|(at, one)| (at, one, holds(one))).collect();
            references.sort_by_key(|(_, _, holds)| !holds);
            let mut search = Search { place, layout, references, tries: MOST_TRIES };
            if let Some(draft) = self.choose(&mut search, 0, draft) {
                self.taken.extend(unique_values(layout, &draft));
                self.drafts.insert(place, draft);
                return true;
            }
        }
        self.drafts.remove(&place);
        false
    }

    /// Chooses a target for each reference from this one on, and completes the row.
    fn choose(&self, search: &mut Search<'_>, next: usize, draft: Draft) -> Option<Draft> {
        let Some((at, reference, holds)) = search.references.get(next).copied() else {
            search.tries = search.tries.checked_sub(1)?;
            return self.complete(search, draft);
        };
        let targets = self.targets(search, reference, &draft);
        let (target, spelling) = self.seed(search.place)?.targets.get(at).copied()?;
        let can_be_absent = reference.nullable || reference.each || !holds;
        // The choice after the last row is to have no target.
        let choices = targets.len() + usize::from(can_be_absent);
        for choice in (0..choices).map(|turn| (target + turn) % choices) {
            let mut draft = draft.clone();
            let fits = match targets.get(choice) {
                Some((place, key)) => {
                    draft.targets.extend(holds.then(|| (at, (*place, key.clone()))));
                    let next = targets.get((choice + 1) % targets.len()).and_then(|(_, key)| key.first());
                    let held = key.iter().map(|part| {
                        if reference.each {
                            held_list(part, next, spelling)
                        } else {
                            held_value(reference, part, spelling)
                        }
                    });
                    draft.agree(&reference.fields, &held.collect::<Vec<_>>())
                }
                None => !holds || self.empty(reference, &mut draft),
            };
            if fits && let Some(done) = self.choose(search, next + 1, draft) {
                return Some(done);
            }
        }
        None
    }

    /// Returns the rows to which a reference can lead, with their keys.
    fn targets(&self, search: &Search<'_>, reference: &Reference, draft: &Draft) -> Vec<(Place, Vec<Value>)> {
        let Some(kind) = self.layout.position(&reference.to) else { return Vec::new() };
        let key = |place: &Place| {
            let target = if *place == search.place { draft } else { self.drafts.get(place)? };
            self.key(reference, target)
        };
        self.places(kind).into_iter().filter_map(|place| Some((place, key(&place)?))).collect()
    }

    /// Returns the key by which a reference leads to a row; `None` if a field is null or not decided yet.
    pub(super) fn key(&self, reference: &Reference, target: &Draft) -> Option<Vec<Value>> {
        let fields = self.layout.map.key_of(reference).iter();
        fields.map(|field| target.values.get(field).filter(|value| !value.is_null()).cloned()).collect()
    }

    /// Sets a reference to null, or to an empty list. Returns whether it can be null beside the other references of the
    /// row.
    fn empty(&self, reference: &Reference, draft: &mut Draft) -> bool {
        if let Some(field) = reference.only_field().filter(|_| reference.each) {
            let list = if reference.nullable { Value::Null } else { list_of([]) };
            draft.values.entry(field.clone()).or_insert(list);
            return true;
        }
        let Some(kind) = self.layout.map.kind(&reference.from) else { return false };
        let emptied = self.layout.map.emptied_fields(reference);
        let only = reference.only_field().filter(|field| !kind.id.contains(field));
        for field in emptied.chain(only) {
            draft.values.entry(field.clone()).or_insert(Value::Null);
        }
        reference.fields.iter().any(|field| draft.is_null(field))
    }

    /// Sets the fields that no target decides, and checks the row.
    fn complete(&self, search: &Search<'_>, mut draft: Draft) -> Option<Draft> {
        let kind = &search.layout.kind;
        for (_, reference, _) in &search.references {
            for field in &reference.fields {
                let filler = || {
                    if reference.each {
                        return list_of([]);
                    }
                    let key_type = self.layout.keys.type_of(kind, field, &self.seeds.key_types);
                    key_value(key_type, &reference.to, NO_ROW)
                };
                let is_optional = reference.nullable && !kind.id.contains(field);
                let value = || if is_optional { Value::Null } else { filler() };
                draft.values.entry(field.clone()).or_insert_with(value);
            }
        }
        self.agree_on_shard(search, &mut draft)?;
        let meets = |when: Option<&Condition>| draft.meets(kind, when, self.layout.now);
        let holds_as_before =
            search.references.iter().all(|(_, one, held)| meets(one.when.as_ref()) == *held);
        let belongs = !search.layout.shares_table || meets(kind.filter.as_ref());
        let has_id = kind.id.fields().iter().all(|field| !draft.is_null(field));
        let is_new = unique_values(search.layout, &draft).is_disjoint(&self.taken);
        let is_fine = holds_as_before && belongs && has_id && is_new;
        is_fine.then_some(draft)
    }

    /// Sets the shard key to that of the rows referred to. Returns `None` if they differ.
    fn agree_on_shard(&self, search: &Search<'_>, draft: &mut Draft) -> Option<()> {
        let Some(own) = &search.layout.kind.shard_key else { return Some(()) };
        let targets = draft.targets.values().map(|(target, _)| target);
        let others = targets.filter(|target| **target != search.place);
        let shard = |target: &Place| {
            let kind = &self.kind(target.0)?.kind;
            let is_subject = kind.name == self.layout.subject;
            let field = if is_subject { kind.id.only()? } else { kind.shard_key.as_ref()? };
            self.drafts.get(target)?.values.get(field).cloned()
        };
        let shards: Vec<Value> = others.filter_map(shard).collect();
        let is_held = search.references.iter().any(|(_, one, _)| one.fields.contains(own));
        if !is_held && let Some(first) = shards.first() {
            draft.values.insert(own.clone(), first.clone());
        }
        shards.iter().all(|shard| draft.values.get(own) == Some(shard)).then_some(())
    }
}

/// Returns the value that a reference holds for a part of a key. `spelling` chooses one of the forms that lead to the
/// same row.
fn held_value(reference: &Reference, part: &Value, spelling: usize) -> Value {
    match (reference.compare, part, spelling) {
        (KeyComparison::IgnoreAsciiCase, Value::Text(text), 1) => text.to_ascii_lowercase().into(),
        (KeyComparison::IgnoreAsciiCase, Value::Text(text), 2) => text.to_ascii_uppercase().into(),
        _ => part.clone(),
    }
}

/// Returns a list with the id of a row: alone, twice, or after null and the id of another row.
fn held_list(id: &Value, other: Option<&Value>, spelling: usize) -> Value {
    match spelling {
        1 => list_of([id, id]),
        2 => list_of([&Value::Null].into_iter().chain(other).chain([id])),
        _ => list_of([id]),
    }
}

fn list_of<'a>(elements: impl IntoIterator<Item = &'a Value>) -> Value {
    Value::Json(elements.into_iter().map(|element| serde_json::json!(element)).collect())
}

/// Returns the values of unique fields as text, with the table and the fields. Null is left out, because it may be
/// repeated.
fn unique_values(layout: &KindLayout, draft: &Draft) -> BTreeSet<String> {
    let values = layout.unique.iter().filter_map(|group| {
        let values: Option<Vec<&Value>> = group.iter().map(|field| draft.values.get(field)).collect();
        let values = values.filter(|values| values.iter().all(|value| !value.is_null()))?;
        let text = serde_json::to_string(&values).unwrap_or_default().to_ascii_lowercase();
        Some(format!("{}.{group:?} {text}", layout.kind.table_name()))
    });
    values.collect()
}
