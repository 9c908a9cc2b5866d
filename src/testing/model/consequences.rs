//! What follows from the outcomes of the rows: tombstones, redirects, blockers, counts, and the final rows.

use std::collections::{BTreeMap, BTreeSet};

use super::{Id, Node, RowOutcome, Rows, World, elements, is_marked};
use crate::domain::{
    DeletedField, FieldName, FieldType, KeyComparison, Kind, KindName, Mask, MaskKey, Mode, Record,
    Reference, ReferenceName, Request, Value,
};
use crate::policy::{Entry, OnSurvive, Parent, Redirect, Rule, Severity};
use crate::protocol::Disposition;
use crate::store::masked;

/// The redirects of each row and reference, in the order in which they apply, with the rows that were referred to. Only
/// a list can have several.
pub(super) type Redirects<'a> = BTreeMap<(Id, ReferenceName), BTreeMap<Order, (&'a Redirect, BTreeSet<Id>)>>;

/// The order of redirects: by what they do, then by the outcome of the parents, the position of the entry, and whether
/// `on_survive` decides.
type Order = (Disposition, u8, usize, bool);

const NULL: Redirect = Redirect::SetNull;

impl<'a> World<'a> {
    fn survives(&self, id: &Id, tombstones: &BTreeSet<Id>) -> bool {
        self.outcomes.get(id) != Some(&RowOutcome::Deleted) || tombstones.contains(id)
    }

    /// Returns whether a redirect applies to the row: it is neither removed nor a tombstone.
    fn is_whole(&self, id: &Id) -> bool {
        !self.subjects.contains(id) && self.outcomes.get(id).is_none_or(|outcome| !outcome.removed())
    }

    /// Returns every row that refers to a removed, anonymized or retained row, with the entry that decides about it.
    #[allow(clippy::type_complexity, reason = "each part is named where it is used")]
    pub(super) fn referring_rows(
        &self,
    ) -> Vec<(Id, &'a Reference, Id, RowOutcome, Option<(usize, &'a Entry)>)> {
        let mut found = Vec::new();
        for (id, row) in self.all() {
            for reference in self.map.references_from(&self.kind(&id.0).name) {
                for parent in self.parents(row, reference) {
                    // A row that is removed with its owners does not decide about them.
                    if reference.owned && self.taken.contains(&parent) && !self.removed(&id) {
                        continue;
                    }
                    if let Some(outcome) = self.outcomes.get(&parent) {
                        let deciding = self.deciding(row, reference, *outcome);
                        found.push((id.clone(), reference, parent, *outcome, deciding));
                    }
                }
            }
        }
        found
    }

    pub(super) fn removed(&self, id: &Id) -> bool {
        self.outcomes.get(id).is_some_and(|outcome| outcome.removed())
    }

    pub(super) fn tombstones(&self) -> BTreeSet<Id> {
        let mut tombstones = BTreeSet::new();
        loop {
            let before = tombstones.len();
            for (id, reference, parent, outcome, deciding) in self.referring_rows() {
                let Some((_, entry)) = deciding else { continue };
                if outcome != RowOutcome::Deleted || !self.survives(&id, &tombstones) {
                    continue;
                }
                let blocks = entry.then.blocks() && !tombstones.contains(&id) && !self.subjects.contains(&id);
                let redirected = self.is_whole(&id) && matches!(entry.then, Rule::Redirect(_));
                let forced = match &entry.on_survive {
                    _ if redirected => false,
                    Some(OnSurvive::Tombstone) => true,
                    Some(OnSurvive::Redirect(_)) => false,
                    None => {
                        let mut fields = reference.fields.iter();
                        let can_lose = reference.nullable || reference.each;
                        !can_lose || !fields.any(|field| self.is_emptied(reference, field))
                    }
                };
                if forced && !blocks {
                    tombstones.insert(parent);
                }
            }
            if tombstones.len() == before {
                return tombstones;
            }
        }
    }

    pub(super) fn redirects(&self, tombstones: &BTreeSet<Id>) -> Redirects<'a> {
        let mut found = Redirects::new();
        for (id, reference, parent, outcome, deciding) in self.referring_rows() {
            let Some((index, entry)) = deciding else {
                continue;
            };
            if !self.survives(&id, tombstones) {
                continue;
            }
            let gone = outcome == RowOutcome::Deleted && !tombstones.contains(&parent);
            let blocks = entry.then.blocks() && !tombstones.contains(&id) && !self.subjects.contains(&id);
            let (redirect, on_survive) = match (&entry.then, &entry.on_survive) {
                (Rule::Redirect(redirect), _) if self.is_whole(&id) => (redirect, false),
                _ if !gone || blocks => continue,
                (_, Some(OnSurvive::Redirect(redirect))) => (redirect, true),
                _ => (&NULL, true),
            };
            let below = match entry.parent {
                None => 0,
                Some(Parent::Anonymize) => 1,
                Some(Parent::Retain) => 2,
            };
            let order = (disposition(redirect), below, index, on_survive);
            let of_row = found.entry((id, reference.name.clone())).or_default();
            of_row.entry(order).or_insert((redirect, BTreeSet::new())).1.insert(parent);
        }
        found
    }

    /// Returns whether a field becomes null when its reference is emptied. Fields of the id and of other references
    /// stay, and so do fields that cannot be null.
    fn is_emptied(&self, reference: &Reference, field: &FieldName) -> bool {
        let kind = self.kind(&reference.from);
        let is_own = |field: &FieldName| {
            let mut others = self.map.references_from(&kind.name);
            let is_shared =
                others.any(|other| other.fields != reference.fields && other.fields.contains(field));
            !kind.id.contains(field) && !is_shared
        };
        let is_nullable = kind.fields.get(field).is_some_and(|field| field.nullable);
        let is_only_field = reference.fields.len() == 1;
        is_own(field) && (is_only_field || (is_nullable && kind.shard_key.as_ref() != Some(field)))
    }

    /// Returns a list without the elements that refer to these rows. A new id replaces the first of them, unless the
    /// list already contains it.
    fn without(&self, list: &[Value], reference: &Reference, parents: &BTreeSet<Id>, new: &Value) -> Value {
        let kind = self.kind(&reference.from);
        let field = reference.only_field().expect("the field of the list");
        let refers = |element: &Value| {
            let alone = Value::Json(serde_json::json!([element]));
            let row = Record::new("").with(field.clone(), alone);
            let always = Reference { when: None, ..reference.clone() };
            self.keys_equal(kind, &row, &always).any(|id| parents.contains(&id))
        };
        let same = |a: &Value, b: &Value| match (a, b, reference.compare) {
            (Value::Text(a), Value::Text(b), KeyComparison::IgnoreAsciiCase) => a.eq_ignore_ascii_case(b),
            (a, b, _) => a == b,
        };
        let mut new = Some(new).filter(|new| !new.is_null());
        if new.is_some_and(|new| list.iter().any(|element| !refers(element) && same(element, new))) {
            new = None;
        }
        let changed =
            list.iter().filter_map(|element| if refers(element) { new.take() } else { Some(element) });
        Value::Json(changed.map(|element| serde_json::json!(element)).collect())
    }

    pub(super) fn target(&self, request: &Request, reference: &ReferenceName, redirect: &Redirect) -> Value {
        let reference = self.map.reference(reference).expect("a reference");
        let default = || {
            let field = reference.only_field().and_then(|field| self.kind(&reference.from).fields.get(field));
            field.and_then(|field| field.default.clone()).unwrap_or_default()
        };
        match redirect {
            Redirect::SetNull => Value::Null,
            Redirect::SetDefault(value) => value.clone().unwrap_or_else(default),
            Redirect::Reassign(Some(id)) => id.into(),
            Redirect::Reassign(None) => request.reassign.get(&reference.name).into(),
        }
    }

    pub(super) fn blockers(
        &self,
        request: &Request,
        redirects: &Redirects<'_>,
    ) -> BTreeMap<(Option<ReferenceName>, String), u64> {
        let mut found: BTreeMap<(Option<ReferenceName>, String), u64> = BTreeMap::new();
        let mut block = |reference: Option<&ReferenceName>, rule: &str| {
            *found.entry((reference.cloned(), rule.into())).or_default() += 1;
        };
        let removes = !matches!(request.mode, Mode::Create | Mode::Update | Mode::Reactivate);
        for _ in self.map.undecided().iter().filter(|one| removes && one.restrict) {
            block(None, "undecided");
        }
        let mut outside = BTreeSet::new();
        // A row blocks once, however many elements of its list call for it.
        let mut blocking = BTreeSet::new();
        for (id, reference, parent, outcome, deciding) in self.referring_rows() {
            let Some((_, entry)) = deciding else { continue };
            if self.subjects.contains(&id) || (reference.owned && self.taken.contains(&parent)) {
                continue;
            }
            let own = self.outcomes.get(&id).copied();
            let cleared = own.is_some_and(|own| own.strength() >= outcome.strength().max(1));
            let rule = match entry.then {
                Rule::Protect => Some("protect"),
                Rule::Restrict if !cleared => Some("restrict"),
                _ => None,
            };
            blocking.extend(rule.map(|rule| (id.clone(), reference.name.clone(), rule)));
            let kind = self.kind(&id.0);
            let narrowed = id.0 == request.kind && kind.filter.is_some();
            if narrowed && !self.holds(kind, self.row(&id), kind.filter.as_ref()) {
                outside.insert(id);
            }
        }
        for (_, reference, rule) in &blocking {
            block(Some(reference), rule);
        }
        for _ in outside {
            block(None, "only");
        }
        for _ in self.out_of_scope(request) {
            block(None, "scope");
        }
        let all = redirects.iter().flat_map(|((_, name), of_row)| of_row.iter().map(move |one| (name, one)));
        for ((id, name), of_row) in redirects {
            for ((disposition, ..), (redirect, _)) in of_row {
                let target = self.target(request, name, redirect);
                if self.is_adopted_by_itself(id, name, &target) {
                    block(Some(name), disposition.as_str());
                }
            }
        }
        for (name, ((_, _, entry, _), (redirect, _))) in all {
            let target = self.target(request, name, redirect);
            let is_null = target.is_null() && !matches!(redirect, Redirect::Reassign(_));
            let to = &self.map.reference(name).expect("a reference").to;
            let there = target.as_id().is_some_and(|id| {
                let row = self.rows.get(to).and_then(|rows| rows.get(&id));
                let outcome = self.outcomes.get(&(to.clone(), id));
                let entries = self.declared.rules.entries(name).unwrap_or_default();
                let qualifies = entries.get(*entry).and_then(|entry| entry.qualifies.as_ref());
                row.is_some_and(|row| !is_marked(self.kind(to), row))
                    && row.is_some_and(|row| self.holds(self.kind(to), row, qualifies))
                    && (*to == request.kind
                        || row
                            .is_some_and(|row| self.holds(self.kind(to), row, self.kind(to).filter.as_ref())))
                    && outcome.is_none_or(|outcome| !outcome.removed())
            });
            if !is_null && !there {
                block(Some(name), disposition(redirect).as_str());
            }
        }
        for guard in self.declared.guards.iter().filter(|guard| guard.severity == Severity::Block) {
            if let Some(name) = &guard.left_without {
                for _ in 0..self.left_without(guard, name) {
                    block(None, &guard.name);
                }
                continue;
            }
            for (id, row) in self.all().filter(|(id, _)| id.0 == guard.on) {
                let is_dependent = self.dependents(request, &guard.on, &guard.via).contains(&id);
                if is_dependent && self.holds(self.kind(&guard.on), row, guard.when.as_ref()) {
                    block(None, &guard.name);
                }
            }
        }
        found
    }

    pub(super) fn dispositions(&self, tombstones: &BTreeSet<Id>) -> BTreeMap<Id, Disposition> {
        let found = self.outcomes.iter().filter_map(|(id, outcome)| {
            let disposition = match outcome {
                RowOutcome::AlreadySoft => return None,
                RowOutcome::Deleted if tombstones.contains(id) => Disposition::Tombstone,
                RowOutcome::Deleted => Disposition::Delete,
                RowOutcome::Soft => Disposition::SoftDelete,
                RowOutcome::Off if self.mode == Mode::Reactivate => Disposition::Reactivate,
                RowOutcome::Off => Disposition::Deactivate,
                RowOutcome::Retained => Disposition::Retain,
                RowOutcome::Anonymized | RowOutcome::Erased => Disposition::Anonymize,
                RowOutcome::Kept => Disposition::Keep,
            };
            Some((id.clone(), disposition))
        });
        found.collect()
    }

    pub(super) fn steps(
        &self,
        request: &Request,
        tombstones: &BTreeSet<Id>,
        redirects: &Redirects<'_>,
    ) -> BTreeMap<(KindName, Disposition, Option<ReferenceName>, usize), u64> {
        let mut steps = BTreeMap::new();
        for (id, disposition) in self.dispositions(tombstones) {
            let (id, outcome) = (&id, self.outcomes.get(&id).expect("a reached row"));
            let reasons = self.reasons.get(id).into_iter().flatten();
            let mut by: Vec<(usize, ReferenceName, usize)> = reasons
                .filter(|(reason, ..)| reason == outcome && !self.subjects.contains(id))
                .map(|(_, name, index)| {
                    let reference = self.map.reference(name).expect("a reference");
                    let is_owner = reference.owned && reference.to == id.0;
                    let from = if is_owner { self.last(&reference.from) } else { self.above(reference) };
                    (self.distance(request, &from), name.clone(), *index)
                })
                .collect();
            by.sort();
            let (reference, index) = match by.into_iter().next() {
                Some((_, name, index)) => (Some(name), index),
                None => (None, 0),
            };
            *steps.entry((id.0.clone(), disposition, reference, index)).or_default() += 1;
        }
        for ((id, name), of_row) in redirects {
            for (disposition, _, index, _) in of_row.keys() {
                let key = (id.0.clone(), *disposition, Some(name.clone()), *index);
                *steps.entry(key).or_default() += 1;
            }
        }
        steps
    }

    /// Returns the length of the shortest chain of references from the subject's kind to this node.
    fn distance(&self, request: &Request, node: &Node) -> usize {
        let both = |kind: &KindName| [(kind.clone(), false), self.last(kind)];
        let mut level: BTreeSet<Node> = both(&request.kind).into();
        let mut steps = 0;
        while !level.contains(node) && steps < 1_000 {
            let next = level.iter().flat_map(|node| self.next(node));
            level = next
                .flat_map(|(kind, last)| if last { vec![(kind, true)] } else { both(&kind).into() })
                .collect();
            steps += 1;
        }
        steps
    }

    pub(super) fn after(
        &self,
        request: &Request,
        tombstones: &BTreeSet<Id>,
        redirects: &Redirects<'_>,
        mask_key: Option<&MaskKey>,
    ) -> Rows {
        let mut rows = self.rows.clone();
        for (id, before) in self.all() {
            let table = rows.get_mut(&id.0).expect("a kind");
            if !self.survives(&id, tombstones) {
                table.remove(&id.1);
                continue;
            }
            let kind = self.kind(&id.0);
            let row = table.get_mut(&id.1).expect("a row");
            let outcome = self.outcomes.get(&id).copied();
            let stays = outcome == Some(RowOutcome::Erased) || tombstones.contains(&id);
            let mut masks: BTreeMap<&FieldName, &Mask> = BTreeMap::new();
            if stays {
                masks.extend(&kind.personal);
            }
            if outcome == Some(RowOutcome::Anonymized) {
                for reference in self.map.references_from(&self.kind(&id.0).name) {
                    let parents = self.parents(before, reference).into_iter();
                    for parent in parents.filter(|parent| !(reference.owned && self.taken.contains(parent))) {
                        let outcome = self.outcomes.get(&parent);
                        let entry = outcome.and_then(|outcome| self.deciding(before, reference, *outcome));
                        if let Some((_, Entry { then: Rule::Anonymize(own), .. })) = entry {
                            masks.extend(if own.is_empty() { &kind.personal } else { own });
                        }
                    }
                }
            }
            let mut writes = i64::from(!masks.is_empty());
            for (field, mask) in masks {
                let value = masked(mask, kind, field, before, mask_key).expect("a mask that fits");
                row.fields.insert(field.clone(), value);
            }
            if (outcome == Some(RowOutcome::Soft) || stays)
                && let Some(deleted) = &kind.deleted_at
            {
                row.fields.insert(deleted.field.clone(), self.mark(kind, deleted));
                writes = 1;
            }
            if (outcome == Some(RowOutcome::Off) || stays)
                && let Some(status) = &kind.status
            {
                let on = self.mode == Mode::Reactivate;
                let value = if on { &status.on } else { &status.off };
                row.fields.insert(status.field.clone(), value.clone());
                writes = 1;
            }
            for reference in self.map.references_from(&self.kind(&id.0).name) {
                let of_row = redirects.get(&(id.clone(), reference.name.clone()));
                for (redirect, parents) in of_row.into_iter().flatten().map(|(_, one)| one) {
                    let value = self.target(request, &reference.name, redirect);
                    if let Some(field) = reference.only_field().filter(|_| reference.each) {
                        let list = self.without(&elements(row.get(field)), reference, parents, &value);
                        row.fields.insert(field.clone(), list);
                        writes += 1;
                        continue;
                    }
                    let target = value.as_id();
                    for (position, field) in reference.fields.iter().enumerate() {
                        let part = target.as_ref().and_then(|target| target.parts().get(position));
                        if part.is_some() || self.is_emptied(reference, field) {
                            row.fields.insert(field.clone(), part.map(Value::from).unwrap_or_default());
                        }
                    }
                    writes += 1;
                }
            }
            if let Some(field) = kind.updated_at.as_ref().filter(|_| writes > 0) {
                row.fields.insert(field.clone(), self.instant(kind.type_of(field)));
            }
            if let Some(field) = kind.version.as_ref().filter(|_| writes > 0) {
                let held = match before.get(field) {
                    Value::Integer(held) => *held,
                    _ => 0,
                };
                row.fields.insert(field.clone(), (held + writes).into());
            }
        }
        rows
    }
}

impl World<'_> {
    /// Returns what marks a row as deleted: the other value of a flag, or the time in the form of live rows.
    fn mark(&self, kind: &Kind, deleted: &DeletedField) -> Value {
        match (kind.type_of(&deleted.field), &deleted.live) {
            (FieldType::Boolean, Value::Boolean(live)) => Value::Boolean(!live),
            (FieldType::Boolean | FieldType::Integer, Value::Integer(live)) => Value::Integer(1 - live),
            (FieldType::TimestampMs, _) => self.now.timestamp_millis().into(),
            (_, Value::Integer(_)) => self.now.timestamp().into(),
            _ => self.now.into(),
        }
    }

    fn instant(&self, field_type: FieldType) -> Value {
        match field_type {
            FieldType::TimestampMs => self.now.timestamp_millis().into(),
            _ => self.now.into(),
        }
    }
}

fn disposition(redirect: &Redirect) -> Disposition {
    match redirect {
        Redirect::SetNull => Disposition::SetNull,
        Redirect::SetDefault(_) => Disposition::SetDefault,
        Redirect::Reassign(_) => Disposition::Reassign,
    }
}
