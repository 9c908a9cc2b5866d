//! The definition of a deletion, row by row: what every store is compared with.
//!
//! It reads a policy and rows, and says what survives, what blocks and what is counted where. It shares
//! nothing with the engine but the policy value, and is written to be read beside the definition, not to be
//! fast.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::domain::{
    Condition, DataMap, FieldName, Kind, KindName, Mask, Mode, Record, RecordId, Reference,
    ReferenceName, Request, Value, to_milliseconds,
};
use crate::plan::Disposition;
use crate::policy::{DeletionPolicy, Entry, Link, ModePolicy, Parent, Redirect, Rule, Severity};
use crate::store::masked;

/// Rows by kind and id.
pub type Rows = BTreeMap<KindName, BTreeMap<RecordId, Record>>;

/// What the definition says of a request.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether nothing blocks.
    pub executable: bool,
    /// The blocking rows: how many, by reference (or nothing for a guard) and rule.
    pub blockers: BTreeMap<(Option<ReferenceName>, String), u64>,
    /// The rows of each step: how many, by kind, disposition, deciding reference (`None`: the subject) and
    /// entry.
    pub steps: BTreeMap<(KindName, Disposition, Option<ReferenceName>, usize), u64>,
    /// What becomes of each row that is reached, and of the subjects.
    pub dispositions: BTreeMap<(KindName, RecordId), Disposition>,
    /// The rows afterwards, if it is carried out.
    pub rows: Rows,
}

/// What becomes of a row; the first wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Retained,
    Anonymized,
    Soft,
    AlreadySoft,
    Off,
    Deleted,
    Erased,
    Kept,
}

impl Fate {
    fn removed(self) -> bool {
        (Self::Soft..=Self::Erased).contains(&self)
    }

    fn strength(self) -> u8 {
        match self {
            Self::Deleted | Self::Erased => 3,
            Self::Soft | Self::AlreadySoft => 2,
            Self::Off => 1,
            Self::Retained | Self::Anonymized | Self::Kept => 0,
        }
    }
}

type Id = (KindName, RecordId);

struct World<'a> {
    map: &'a DataMap,
    mode: Mode,
    said: &'a ModePolicy,
    rows: &'a Rows,
    now: DateTime<Utc>,
    subjects: BTreeSet<Id>,
    fates: BTreeMap<Id, Fate>,
    /// Every fate that a row was given, by the reference and the entry that gave it.
    reasons: BTreeMap<Id, BTreeSet<(Fate, ReferenceName, usize)>>,
}

/// Judges a request by the definition; `None` where a subject is not there.
///
/// # Panics
/// On a value that is not of its declared type.
#[must_use]
pub fn judge(
    policy: &DeletionPolicy,
    rows: &Rows,
    request: &Request,
    now: DateTime<Utc>,
) -> Option<Verdict> {
    let said = policy.mode(request.mode)?;
    let map: &DataMap = policy.map();
    let mut world = World {
        map,
        mode: request.mode,
        said,
        rows,
        now: to_milliseconds(now),
        subjects: BTreeSet::new(),
        fates: BTreeMap::new(),
        reasons: BTreeMap::new(),
    };
    let fate = match request.mode {
        Mode::HardDelete => Fate::Deleted,
        Mode::SoftDelete => Fate::Soft,
        Mode::Anonymize => Fate::Erased,
        Mode::Deactivate | Mode::Reactivate => Fate::Off,
    };
    for id in &request.subjects {
        let row = rows.get(&request.kind)?.get(id)?;
        if !world.may_touch(&request.kind, row) {
            return None;
        }
        world.subjects.insert((request.kind.clone(), id.clone()));
        world.fates.insert((request.kind.clone(), id.clone()), fate);
    }
    for group in world.groups() {
        world.settle(&group);
    }
    let stones = world.tombstones();
    let redirects = world.redirects(&stones);
    let blockers = world.blockers(request, &redirects);
    Some(Verdict {
        executable: blockers.is_empty(),
        steps: world.steps(request, &stones, &redirects),
        dispositions: world.dispositions(&stones),
        rows: world.after(request, &stones, &redirects),
        blockers,
    })
}

/// A redirect of a row: the reference, the entry that says so, and where to.
type Redirects<'a> = BTreeMap<(Id, ReferenceName), (usize, &'a Redirect)>;

const NULL: Redirect = Redirect::SetNull;

impl<'a> World<'a> {
    fn kind(&self, kind: &KindName) -> &'a Kind {
        self.map.kind(kind).expect("a kind of the map")
    }

    fn holds(&self, kind: &Kind, row: &Record, when: Option<&Condition>) -> bool {
        when.is_none_or(|when| {
            when.holds(kind, row, self.now)
                .expect("values of their types")
                == Some(true)
        })
    }

    fn may_touch(&self, kind: &KindName, row: &Record) -> bool {
        let kind = self.kind(kind);
        let deleted = kind
            .deleted_at
            .as_ref()
            .is_some_and(|field| !row.get(field).is_null());
        self.holds(kind, row, kind.only.as_ref()) && (self.mode.erases() || !deleted)
    }

    fn all(&self) -> impl Iterator<Item = (Id, &'a Record)> {
        let rows = self.rows;
        rows.iter().flat_map(|(kind, rows)| {
            rows.iter()
                .map(move |(id, row)| ((kind.clone(), id.clone()), row))
        })
    }

    fn row(&self, id: &Id) -> &'a Record {
        self.rows
            .get(&id.0)
            .and_then(|rows| rows.get(&id.1))
            .expect("a row")
    }

    /// The row that a row refers to.
    fn parent(&self, row: &Record, reference: &Reference) -> Option<Id> {
        let id = row.get(&reference.field).as_id()?;
        self.rows.get(&reference.to)?.get(&id)?;
        Some((reference.to.clone(), id))
    }

    /// The first entry that speaks of such parents and whose condition holds.
    fn deciding(
        &self,
        row: &Record,
        reference: &Reference,
        parent: Fate,
    ) -> Option<(usize, &'a Entry)> {
        let speaker = match parent {
            Fate::Kept => return None,
            Fate::Retained => Some(Parent::Retain),
            Fate::Anonymized => Some(Parent::Anonymize),
            _ => None,
        };
        let kind = self.kind(&reference.from);
        let entries = self
            .said
            .rules
            .entries(&reference.name)
            .unwrap_or_default()
            .iter()
            .enumerate();
        entries
            .filter(|(_, entry)| entry.parent == speaker)
            .find(|(_, entry)| self.holds(kind, row, entry.when.as_ref()))
    }

    fn marked(&self, reference: &Reference, row: &Record) -> bool {
        let field = self.kind(&reference.from).deleted_at.as_ref();
        field.is_some_and(|field| !row.get(field).is_null())
    }

    /// What one reference makes of a row below a parent of this fate.
    fn outcome(&self, row: &Record, reference: &Reference, parent: Fate) -> Option<(usize, Fate)> {
        let (index, entry) = self.deciding(row, reference, parent)?;
        let unless_marked = |fate| match (self.marked(reference, row), self.mode) {
            (false, _) => Some(fate),
            (true, Mode::HardDelete) => Some(Fate::AlreadySoft),
            (true, _) => None,
        };
        let fate = match &entry.then {
            Rule::Cascade => match parent {
                Fate::Deleted => Some(Fate::Deleted),
                Fate::Soft | Fate::AlreadySoft => unless_marked(Fate::Soft),
                Fate::Off => unless_marked(Fate::Off),
                _ => None,
            },
            Rule::Delete => Some(Fate::Deleted),
            Rule::SoftDelete => unless_marked(Fate::Soft),
            Rule::Anonymize(_) => Some(Fate::Anonymized),
            Rule::Keep => Some(Fate::Kept),
            Rule::Retain(retention) => {
                let kind = self.kind(&reference.from);
                let from = kind.type_of(&retention.from).read(row.get(&retention.from));
                let due = match from.expect("a date") {
                    Value::Timestamp(from) => retention
                        .period
                        .end(from)
                        .is_some_and(|end| end <= self.now),
                    _ => false,
                };
                Some(if due { Fate::Deleted } else { Fate::Retained })
            }
            Rule::Restrict | Rule::Protect | Rule::Redirect(_) => None,
        };
        fate.map(|fate| (index, fate))
    }

    /// Kinds on a common cycle together, parents before children.
    fn groups(&self) -> Vec<BTreeSet<KindName>> {
        let below = |kind: &KindName| {
            let mut found = BTreeSet::new();
            let mut open = vec![kind.clone()];
            while let Some(kind) = open.pop() {
                for reference in self.map.references_to(&kind) {
                    if found.insert(reference.from.clone()) {
                        open.push(reference.from.clone());
                    }
                }
            }
            found
        };
        let kinds: BTreeMap<KindName, BTreeSet<KindName>> = self
            .map
            .kinds()
            .map(|kind| (kind.name.clone(), below(&kind.name)))
            .collect();
        let mut groups: Vec<BTreeSet<KindName>> = Vec::new();
        let mut rest: BTreeSet<KindName> = kinds.keys().cloned().collect();
        while !rest.is_empty() {
            let is_above =
                |a: &KindName, b: &KindName| kinds.get(a).is_some_and(|all| all.contains(b));
            let first = rest.iter().find(|kind| {
                rest.iter()
                    .all(|other| !is_above(other, kind) || is_above(kind, other))
            });
            let first = first
                .expect("a kind that only its own cycle leads to")
                .clone();
            let group: BTreeSet<KindName> = rest
                .iter()
                .filter(|kind| {
                    **kind == first || (is_above(kind, &first) && is_above(&first, kind))
                })
                .cloned()
                .collect();
            rest.retain(|kind| !group.contains(kind));
            groups.push(group);
        }
        groups
    }

    /// Everything that the references of a row make of it, given the fates so far.
    fn outcomes(&self, id: &Id) -> Vec<(&'a Reference, usize, Fate)> {
        let row = self.row(id);
        let references = self.map.references_from(&self.kind(&id.0).name);
        let found = references.filter_map(|reference| {
            let parent = *self.fates.get(&self.parent(row, reference)?)?;
            let (index, fate) = self.outcome(row, reference, parent)?;
            Some((reference, index, fate))
        });
        found.collect()
    }

    /// Settles the kinds of a group in the two passes of a cycle, which are one where there is none.
    fn settle(&mut self, group: &BTreeSet<KindName>) {
        let own: Vec<Id> = self
            .all()
            .map(|(id, _)| id)
            .filter(|id| group.contains(&id.0) && !self.subjects.contains(id))
            .collect();
        // First pass: all rows that the removing rules alone would reach.
        let before = self.fates.clone();
        self.walk(&own, &BTreeSet::new());
        let kept: BTreeSet<Id> = own
            .iter()
            .filter(|id| self.fates.contains_key(id))
            .filter(|id| {
                self.outcomes(id)
                    .iter()
                    .any(|(_, _, fate)| *fate < Fate::Soft)
            })
            .cloned()
            .collect();
        // Second pass: around the kept rows; then whatever else is said of rows below what is removed.
        self.fates = before;
        self.reasons.retain(|id, _| !group.contains(&id.0));
        self.walk(&own, &kept);
        let mut staying = Vec::new();
        for id in own.iter().filter(|id| !self.fates.contains_key(id)) {
            for (reference, index, fate) in self.outcomes(id) {
                if !fate.removed() {
                    staying.push((id.clone(), fate));
                    let why = (fate, reference.name.clone(), index);
                    self.reasons.entry(id.clone()).or_default().insert(why);
                }
            }
        }
        for (id, fate) in staying {
            let strongest = self.fates.get(&id).map_or(fate, |other| fate.min(*other));
            self.fates.insert(id, strongest);
        }
    }

    /// Removes rows until nothing more is removed. While the walk lasts a row leads on with every fate it was
    /// met with; in the end it has the strongest.
    fn walk(&mut self, own: &[Id], kept: &BTreeSet<Id>) {
        let mut met: BTreeMap<Id, BTreeSet<Fate>> = BTreeMap::new();
        loop {
            let mut changed = false;
            for id in own.iter().filter(|id| !kept.contains(id)) {
                let row = self.row(id);
                for reference in self.map.references_from(&self.kind(&id.0).name) {
                    let Some(parent) = self.parent(row, reference) else {
                        continue;
                    };
                    let settled = self.fates.get(&parent).into_iter();
                    let fates: BTreeSet<Fate> = settled
                        .chain(met.get(&parent).into_iter().flatten())
                        .copied()
                        .collect();
                    for fate in fates {
                        if let Some((index, fate)) = self.outcome(row, reference, fate)
                            && fate.removed()
                        {
                            let why = (fate, reference.name.clone(), index);
                            changed |= met.entry(id.clone()).or_default().insert(fate);
                            changed |= self.reasons.entry(id.clone()).or_default().insert(why);
                        }
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let strongest = met
            .into_iter()
            .filter_map(|(id, fates)| Some((id, fates.into_iter().min()?)));
        self.fates.extend(strongest);
    }

    fn survives(&self, id: &Id, stones: &BTreeSet<Id>) -> bool {
        self.fates.get(id) != Some(&Fate::Deleted) || stones.contains(id)
    }

    /// Whether the row is neither removed nor a tombstone: a rule that redirects moves it.
    fn is_whole(&self, id: &Id) -> bool {
        !self.subjects.contains(id) && self.fates.get(id).is_none_or(|fate| !fate.removed())
    }

    /// Every row that refers to a row that counts as removed, anonymized or retained, with what decides.
    #[allow(
        clippy::type_complexity,
        reason = "each part is named where it is used"
    )]
    fn decided(&self) -> Vec<(Id, &'a Reference, Id, Fate, Option<(usize, &'a Entry)>)> {
        let mut found = Vec::new();
        for (id, row) in self.all() {
            for reference in self.map.references_from(&self.kind(&id.0).name) {
                let Some(parent) = self.parent(row, reference) else {
                    continue;
                };
                let Some(fate) = self.fates.get(&parent) else {
                    continue;
                };
                let deciding = self.deciding(row, reference, *fate);
                found.push((id.clone(), reference, parent, *fate, deciding));
            }
        }
        found
    }

    fn tombstones(&self) -> BTreeSet<Id> {
        let mut stones = BTreeSet::new();
        loop {
            let before = stones.len();
            for (id, reference, parent, fate, deciding) in self.decided() {
                let Some((_, entry)) = deciding else { continue };
                if fate != Fate::Deleted || !self.survives(&id, &stones) {
                    continue;
                }
                let blocks =
                    entry.then.blocks() && !stones.contains(&id) && !self.subjects.contains(&id);
                let redirected = self.is_whole(&id) && matches!(entry.then, Rule::Redirect(_));
                let forced = match &entry.link {
                    _ if redirected => false,
                    Some(Link::Tombstone) => true,
                    Some(Link::Redirect(_)) => false,
                    None => !reference.nullable,
                };
                if forced && !blocks {
                    stones.insert(parent);
                }
            }
            if stones.len() == before {
                return stones;
            }
        }
    }

    fn redirects(&self, stones: &BTreeSet<Id>) -> Redirects<'a> {
        let mut found = Redirects::new();
        for (id, reference, parent, fate, deciding) in self.decided() {
            let Some((index, entry)) = deciding else {
                continue;
            };
            if !self.survives(&id, stones) {
                continue;
            }
            let gone = fate == Fate::Deleted && !stones.contains(&parent);
            let blocks =
                entry.then.blocks() && !stones.contains(&id) && !self.subjects.contains(&id);
            let redirect = match (&entry.then, &entry.link) {
                (Rule::Redirect(redirect), _) if self.is_whole(&id) => redirect,
                _ if !gone || blocks => continue,
                (_, Some(Link::Redirect(redirect))) => redirect,
                _ => &NULL,
            };
            found.insert((id, reference.name.clone()), (index, redirect));
        }
        found
    }

    fn target(&self, request: &Request, reference: &ReferenceName, redirect: &Redirect) -> Value {
        let reference = self.map.reference(reference).expect("a reference");
        let declared = || {
            let field = self.kind(&reference.from).fields.get(&reference.field);
            field
                .and_then(|field| field.default.clone())
                .unwrap_or_default()
        };
        match redirect {
            Redirect::SetNull => Value::Null,
            Redirect::SetDefault(value) => value.clone().unwrap_or_else(declared),
            Redirect::Reassign(Some(id)) => id.into(),
            Redirect::Reassign(None) => request.reassign.get(&reference.name).into(),
        }
    }

    fn blockers(
        &self,
        request: &Request,
        redirects: &Redirects<'_>,
    ) -> BTreeMap<(Option<ReferenceName>, String), u64> {
        let mut found: BTreeMap<(Option<ReferenceName>, String), u64> = BTreeMap::new();
        let mut block = |reference: Option<&ReferenceName>, rule: &str| {
            *found.entry((reference.cloned(), rule.into())).or_default() += 1;
        };
        let mut outside = BTreeSet::new();
        for (id, reference, _, fate, deciding) in self.decided() {
            let Some((_, entry)) = deciding else { continue };
            if self.subjects.contains(&id) {
                continue;
            }
            let own = self.fates.get(&id).copied();
            let cleared = own.is_some_and(|own| own.strength() >= fate.strength().max(1));
            match entry.then {
                Rule::Protect => block(Some(&reference.name), "protect"),
                Rule::Restrict if !cleared => block(Some(&reference.name), "restrict"),
                _ => {}
            }
            let kind = self.kind(&id.0);
            let narrowed = id.0 == request.kind && kind.only.is_some();
            if narrowed && !self.holds(kind, self.row(&id), kind.only.as_ref()) {
                outside.insert(id);
            }
        }
        for _ in outside {
            block(None, "only");
        }
        for ((_, name), (_, redirect)) in redirects {
            let target = self.target(request, name, redirect);
            let is_null = target.is_null() && !matches!(redirect, Redirect::Reassign(_));
            let to = &self.map.reference(name).expect("a reference").to;
            let there = target.as_id().is_some_and(|id| {
                let row = self.rows.get(to).and_then(|rows| rows.get(&id));
                let fate = self.fates.get(&(to.clone(), id));
                let marked = self.kind(to).deleted_at.as_ref();
                row.is_some_and(|row| marked.is_none_or(|field| row.get(field).is_null()))
                    && fate.is_none_or(|fate| !fate.removed())
            });
            if !is_null && !there {
                block(Some(name), disposition(redirect).as_str());
            }
        }
        for guard in self
            .said
            .guards
            .iter()
            .filter(|guard| guard.severity == Severity::Block)
        {
            for (id, row) in self.all().filter(|(id, _)| id.0 == guard.on) {
                let hangs = self.hangs(request, &guard.on, &guard.via).contains(&id);
                if hangs && self.holds(self.kind(&guard.on), row, guard.when.as_ref()) {
                    block(None, &guard.name);
                }
            }
        }
        found
    }

    /// The rows of a kind that hang on the subject, over a chain or over any.
    fn hangs(&self, request: &Request, on: &KindName, via: &[ReferenceName]) -> BTreeSet<Id> {
        if *on == request.kind && via.is_empty() {
            return self.subjects.clone();
        }
        let below = |from: &BTreeSet<Id>, allowed: &dyn Fn(&ReferenceName) -> bool| {
            let mut found = BTreeSet::new();
            for (id, row) in self.all() {
                for reference in self
                    .map
                    .references_from(&self.kind(&id.0).name)
                    .filter(|one| allowed(&one.name))
                {
                    if self
                        .parent(row, reference)
                        .is_some_and(|parent| from.contains(&parent))
                    {
                        found.insert(id.clone());
                    }
                }
            }
            found
        };
        let mut at = self.subjects.clone();
        for name in via {
            at = below(&at, &|other| other == name);
        }
        while via.is_empty() {
            let more = below(&at, &|_| true);
            if more.is_subset(&at) {
                break;
            }
            at.extend(more);
        }
        at.into_iter().filter(|id| id.0 == *on).collect()
    }

    fn dispositions(&self, stones: &BTreeSet<Id>) -> BTreeMap<Id, Disposition> {
        let found = self.fates.iter().filter_map(|(id, fate)| {
            let disposition = match fate {
                Fate::AlreadySoft => return None,
                Fate::Deleted if stones.contains(id) => Disposition::Tombstone,
                Fate::Deleted => Disposition::Delete,
                Fate::Soft => Disposition::SoftDelete,
                Fate::Off if self.mode == Mode::Reactivate => Disposition::Reactivate,
                Fate::Off => Disposition::Deactivate,
                Fate::Retained => Disposition::Retain,
                Fate::Anonymized | Fate::Erased => Disposition::Anonymize,
                Fate::Kept => Disposition::Keep,
            };
            Some((id.clone(), disposition))
        });
        found.collect()
    }

    fn steps(
        &self,
        request: &Request,
        stones: &BTreeSet<Id>,
        redirects: &Redirects<'_>,
    ) -> BTreeMap<(KindName, Disposition, Option<ReferenceName>, usize), u64> {
        let mut steps = BTreeMap::new();
        for (id, disposition) in self.dispositions(stones) {
            let (id, fate) = (&id, self.fates.get(&id).expect("a reached row"));
            let reasons = self.reasons.get(id).into_iter().flatten();
            let mut by: Vec<(usize, ReferenceName, usize)> = reasons
                .filter(|(reason, ..)| reason == fate && !self.subjects.contains(id))
                .map(|(_, name, index)| {
                    let to = &self.map.reference(name).expect("a reference").to;
                    (self.distance(request, to), name.clone(), *index)
                })
                .collect();
            by.sort();
            let (reference, index) = match by.into_iter().next() {
                Some((_, name, index)) => (Some(name), index),
                None => (None, 0),
            };
            *steps
                .entry((id.0.clone(), disposition, reference, index))
                .or_default() += 1;
        }
        for ((id, name), (index, redirect)) in redirects {
            let key = (
                id.0.clone(),
                disposition(redirect),
                Some(name.clone()),
                *index,
            );
            *steps.entry(key).or_default() += 1;
        }
        steps
    }

    /// How many references lead from the subject's kind to a kind, at the least.
    fn distance(&self, request: &Request, kind: &KindName) -> usize {
        let mut level = BTreeSet::from([request.kind.clone()]);
        let mut steps = 0;
        while !level.contains(kind) && steps < 1_000 {
            let next = level
                .iter()
                .flat_map(|kind| self.map.references_to(kind))
                .map(|one| one.from.clone());
            level = next.collect();
            steps += 1;
        }
        steps
    }

    fn after(&self, request: &Request, stones: &BTreeSet<Id>, redirects: &Redirects<'_>) -> Rows {
        let mut rows = self.rows.clone();
        for (id, before) in self.all() {
            let table = rows.get_mut(&id.0).expect("a kind");
            if !self.survives(&id, stones) {
                table.remove(&id.1);
                continue;
            }
            let kind = self.kind(&id.0);
            let row = table.get_mut(&id.1).expect("a row");
            let fate = self.fates.get(&id).copied();
            let stays = fate == Some(Fate::Erased) || stones.contains(&id);
            let mut masks: BTreeMap<&FieldName, &Mask> = BTreeMap::new();
            if stays {
                masks.extend(&kind.personal);
            }
            if fate == Some(Fate::Anonymized) {
                for reference in self.map.references_from(&self.kind(&id.0).name) {
                    let parent = self
                        .parent(before, reference)
                        .and_then(|parent| self.fates.get(&parent));
                    let entry = parent.and_then(|fate| self.deciding(before, reference, *fate));
                    if let Some((
                        _,
                        Entry {
                            then: Rule::Anonymize(own),
                            ..
                        },
                    )) = entry
                    {
                        masks.extend(if own.is_empty() { &kind.personal } else { own });
                    }
                }
            }
            for (field, mask) in masks {
                let value = masked(mask, kind, field, before).expect("a mask that fits");
                row.fields.insert(field.clone(), value);
            }
            if (fate == Some(Fate::Soft) || stays)
                && let Some(field) = &kind.deleted_at
            {
                row.fields.insert(field.clone(), self.now.into());
            }
            if (fate == Some(Fate::Off) || stays)
                && let Some(status) = &kind.status
            {
                let on = self.mode == Mode::Reactivate;
                let value = if on { &status.on } else { &status.off };
                row.fields.insert(status.field.clone(), value.clone());
            }
            for reference in self.map.references_from(&self.kind(&id.0).name) {
                if let Some((_, redirect)) = redirects.get(&(id.clone(), reference.name.clone())) {
                    let value = self.target(request, &reference.name, redirect);
                    row.fields.insert(reference.field.clone(), value);
                }
            }
        }
        rows
    }
}

fn disposition(redirect: &Redirect) -> Disposition {
    match redirect {
        Redirect::SetNull => Disposition::SetNull,
        Redirect::SetDefault(_) => Disposition::SetDefault,
        Redirect::Reassign(_) => Disposition::Reassign,
    }
}
