//! The definition of a deletion, row by row. Every store is compared with it.
//!
//! The model reads a policy and rows, and returns the final rows, the blockers and the counts of each step. It shares
//! no code with the engine except the policy type, and is written to be read, not to be fast.

mod adoption;
mod agreement;
mod consequences;
mod duplicates;
mod guards;
mod owned;
mod restore;
mod scopes;
mod settle;
mod unknown;
mod verify;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::domain::{
    Condition, DataMap, KeyComparison, Kind, KindName, MaskKey, Mode, Record, RecordId, Reference,
    ReferenceName, Request, Value, to_milliseconds,
};
use crate::policy::{DeletionPolicy, Entry, ModePolicy, Parent, Retention, Rule};
use crate::protocol::Disposition;

pub use restore::{Moments, restore};
pub use verify::dangling;

/// Rows by kind and id.
pub type Rows = BTreeMap<KindName, BTreeMap<RecordId, Record>>;

/// The result of a request according to the model.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// Whether no rule or guard blocks the request.
    pub executable: bool,
    /// The number of blocking rows, by reference (`None` for a guard) and rule.
    pub blockers: BTreeMap<(Option<ReferenceName>, String), u64>,
    /// The number of rows for which it is unknown whether a rule or a guard protects them, by the name of the warning.
    pub unknown: BTreeMap<String, u64>,
    /// The number of rows of each step, by kind, disposition, deciding reference (`None` for the subject) and entry.
    pub steps: BTreeMap<(KindName, Disposition, Option<ReferenceName>, usize), u64>,
    /// What happens to the subjects and to each dependent row.
    pub dispositions: BTreeMap<(KindName, RecordId), Disposition>,
    /// The rows after the request.
    pub rows: Rows,
}

/// What happens to a row. If several outcomes apply, the first in this order wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RowOutcome {
    Retained,
    Anonymized,
    Soft,
    AlreadySoft,
    Off,
    Deleted,
    Erased,
    Kept,
}

impl RowOutcome {
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

/// A kind, and whether its owners have decided about its rows too.
type Node = (KindName, bool);

/// Returns the elements of a list.
fn elements(list: &Value) -> Vec<Value> {
    match list {
        Value::Json(serde_json::Value::Array(list)) => list.iter().cloned().map(Value::from).collect(),
        _ => Vec::new(),
    }
}

/// Returns whether a row is marked as deleted: its mark is neither null nor the value of live rows.
fn is_marked(kind: &Kind, row: &Record) -> bool {
    kind.deleted_at.as_ref().is_some_and(|deleted| {
        let read = |value: &Value| kind.type_of(&deleted.field).read(value).expect("a mark of its type");
        let held = read(row.get(&deleted.field));
        !held.is_null() && held != read(&deleted.live)
    })
}

struct World<'a> {
    map: &'a DataMap,
    mode: Mode,
    declared: &'a ModePolicy,
    rows: &'a Rows,
    now: DateTime<Utc>,
    subjects: BTreeSet<Id>,
    outcomes: BTreeMap<Id, RowOutcome>,
    /// The rows that the deactivation of the subjects switched OFF.
    switched: &'a BTreeSet<Id>,
    /// The rows that are removed with their owners.
    taken: BTreeSet<Id>,
    /// Every outcome that a row was given, with the reference and the entry that gave it.
    reasons: BTreeMap<Id, BTreeSet<(RowOutcome, ReferenceName, usize)>>,
}

/// Returns the result of a request; `None` if a subject is missing or the mode removes nothing.
///
/// # Panics
/// On a value that is not of its declared type, or on a keyed mask without a key.
#[must_use]
pub fn judge(
    policy: &DeletionPolicy,
    rows: &Rows,
    request: &Request,
    now: DateTime<Utc>,
    mask_key: Option<&MaskKey>,
) -> Option<Verdict> {
    judge_after(policy, rows, &BTreeSet::new(), request, now, mask_key)
}

/// Returns the result of a request as [`judge`] does. `switched` are the rows that the deactivation of the subjects
/// switched OFF, which `reactivate` may switch ON again.
///
/// # Panics
/// As [`judge`] does.
#[must_use]
pub fn judge_after(
    policy: &DeletionPolicy,
    rows: &Rows,
    switched: &BTreeSet<(KindName, RecordId)>,
    request: &Request,
    now: DateTime<Utc>,
    mask_key: Option<&MaskKey>,
) -> Option<Verdict> {
    let declared = policy.mode(request.mode)?;
    let map: &DataMap = policy.map();
    let mut world = World {
        map,
        mode: request.mode,
        declared,
        rows,
        now: to_milliseconds(now),
        subjects: BTreeSet::new(),
        outcomes: BTreeMap::new(),
        switched,
        taken: BTreeSet::new(),
        reasons: BTreeMap::new(),
    };
    let outcome = match request.mode {
        Mode::HardDelete => RowOutcome::Deleted,
        Mode::SoftDelete => RowOutcome::Soft,
        Mode::Anonymize => RowOutcome::Erased,
        Mode::Deactivate | Mode::Reactivate => RowOutcome::Off,
        // These modes remove nothing, so the model does not cover them.
        Mode::Create | Mode::Update | Mode::Reassign | Mode::Restore => return None,
    };
    for id in &request.subjects {
        let row = rows.get(&request.kind)?.get(id)?;
        if !world.may_touch(&request.kind, row) {
            return None;
        }
        world.subjects.insert((request.kind.clone(), id.clone()));
        world.outcomes.insert((request.kind.clone(), id.clone()), outcome);
    }
    for group in world.groups() {
        match group.first() {
            Some((kind, true)) => world.take(kind),
            _ => world.settle(&group.into_iter().map(|(kind, _)| kind).collect()),
        }
    }
    let tombstones = world.tombstones();
    let mut redirects = world.redirects(&tombstones);
    let blockers = world.blockers(request, &redirects);
    let duplicates = world.duplicates(request, &redirects);
    redirects.retain(|(id, _), _| !duplicates.contains_key(id));
    let mut dispositions = world.dispositions(&tombstones);
    dispositions.extend(duplicates.keys().map(|id| (id.clone(), Disposition::Delete)));
    let mut steps = world.steps(request, &tombstones, &redirects);
    let mut after = world.after(request, &tombstones, &redirects, mask_key);
    for (id, (reference, entry)) in duplicates {
        *steps.entry((id.0.clone(), Disposition::Delete, Some(reference), entry)).or_default() += 1;
        after.entry(id.0).or_default().remove(&id.1);
    }
    Some(Verdict {
        executable: blockers.is_empty(),
        steps,
        dispositions,
        rows: after,
        unknown: world.unknown(request),
        blockers,
    })
}

impl<'a> World<'a> {
    fn kind(&self, kind: &KindName) -> &'a Kind {
        self.map.kind(kind).expect("a kind of the map")
    }

    fn holds(&self, kind: &Kind, row: &Record, when: Option<&Condition>) -> bool {
        when.is_none_or(|when| when.holds(kind, row, self.now).expect("values of their types") == Some(true))
    }

    fn may_touch(&self, kind: &KindName, row: &Record) -> bool {
        let kind = self.kind(kind);
        self.holds(kind, row, kind.filter.as_ref()) && (self.mode.erases() || !is_marked(kind, row))
    }

    fn all(&self) -> impl Iterator<Item = (Id, &'a Record)> {
        let rows = self.rows;
        rows.iter()
            .flat_map(|(kind, rows)| rows.iter().map(move |(id, row)| ((kind.clone(), id.clone()), row)))
    }

    fn row(&self, id: &Id) -> &'a Record {
        self.rows.get(&id.0).and_then(|rows| rows.get(&id.1)).expect("a row")
    }

    /// Returns the rows that `row` refers to: the row whose key equals the fields of the reference, one by one, or for
    /// a list the rows of all its elements. A row that does not meet the condition of the reference, or is not a record
    /// of the kind, refers to nothing.
    fn parents(&self, row: &Record, reference: &Reference) -> BTreeSet<Id> {
        let from = self.kind(&reference.from);
        let is_subject = self.subjects.iter().next().is_some_and(|(kind, _)| *kind == from.name);
        let filter = from.filter.as_ref().filter(|_| !is_subject);
        if !self.holds(from, row, reference.when.as_ref()) || !self.holds(from, row, filter) {
            return BTreeSet::new();
        }
        self.keys_equal(from, row, reference).collect()
    }

    /// Returns the rows whose key a row holds, whether or not it meets the condition of the reference.
    fn keys_equal<'s>(
        &'s self,
        from: &'s Kind,
        row: &'s Record,
        reference: &'s Reference,
    ) -> impl Iterator<Item = Id> + 's {
        let to = self.kind(&reference.to);
        let key = reference.key.as_deref().unwrap_or_else(|| to.id.fields());
        let is_equal = move |held: &Value, key: &Value| match (held, key) {
            (Value::Text(held), Value::Text(key)) if reference.compare == KeyComparison::IgnoreAsciiCase => {
                held.eq_ignore_ascii_case(key)
            }
            (held, key) => !held.is_null() && held == key,
        };
        let refers = move |target: &Record| {
            let mut pairs = reference.fields.iter().zip(key);
            pairs.all(|(field, key)| {
                let (held, key) = (from.value_of(row, field), to.value_of(target, key));
                if reference.each {
                    elements(&held).iter().any(|held| is_equal(held, &key))
                } else {
                    is_equal(&held, &key)
                }
            })
        };
        let found =
            self.rows.get(&reference.to).into_iter().flatten().filter(move |(_, target)| refers(target));
        found.map(|(id, _)| (reference.to.clone(), id.clone()))
    }

    /// Returns the first entry of the reference that applies below a parent with this outcome and whose condition
    /// holds.
    fn deciding(
        &self,
        row: &Record,
        reference: &Reference,
        parent: RowOutcome,
    ) -> Option<(usize, &'a Entry)> {
        let below = match parent {
            RowOutcome::Kept => return None,
            RowOutcome::Retained => Some(Parent::Retain),
            RowOutcome::Anonymized => Some(Parent::Anonymize),
            _ => None,
        };
        let kind = self.kind(&reference.from);
        let entries = self.declared.rules.entries(&reference.name).unwrap_or_default().iter().enumerate();
        let entries = entries
            .filter(|(_, entry)| entry.parent == below)
            .filter(|(_, entry)| self.holds(kind, row, entry.when.as_ref()));
        // A retention that is over decides only if no later entry does.
        let mut over = None;
        for (index, entry) in entries {
            match &entry.then {
                Rule::Retain(retention) if self.is_over(kind, row, retention) => {
                    over = over.or(Some((index, entry)));
                }
                _ => return Some((index, entry)),
            }
        }
        over
    }

    fn is_over(&self, kind: &Kind, row: &Record, retention: &Retention) -> bool {
        let from = kind.type_of(&retention.from).read(row.get(&retention.from));
        match from.expect("a date") {
            Value::Timestamp(from) => retention.end(from).is_some_and(|end| end <= self.now),
            _ => false,
        }
    }

    fn marked(&self, reference: &Reference, row: &Record) -> bool {
        is_marked(self.kind(&reference.from), row)
    }

    /// Returns whether the mode leaves the status of a row as it is: it is that of the mode already, or `reactivate`
    /// would switch ON what was not switched OFF.
    fn stays_as_it_is(&self, kind: &KindName, row: &Record) -> bool {
        let kind = self.kind(kind);
        if self.mode == Mode::Reactivate && !self.switched.contains(&(kind.name.clone(), row.id.clone())) {
            return true;
        }
        kind.status.as_ref().is_some_and(|status| {
            let read = |value: &Value| kind.type_of(&status.field).read(value).expect("a status");
            let switched = if self.mode == Mode::Reactivate { &status.on } else { &status.off };
            read(row.get(&status.field)) == read(switched)
        })
    }

    /// Returns the outcome that one reference gives to a row below a parent with this outcome.
    fn outcome(
        &self,
        row: &Record,
        reference: &Reference,
        parent: RowOutcome,
    ) -> Option<(usize, RowOutcome)> {
        let (index, entry) = self.deciding(row, reference, parent)?;
        let unless_marked = |outcome| match (self.marked(reference, row), self.mode) {
            (false, _) if outcome == RowOutcome::Off && self.stays_as_it_is(&reference.from, row) => None,
            (false, _) => Some(outcome),
            (true, Mode::HardDelete) => Some(RowOutcome::AlreadySoft),
            (true, _) => None,
        };
        let outcome = match &entry.then {
            Rule::Cascade => match parent {
                RowOutcome::Deleted => Some(RowOutcome::Deleted),
                RowOutcome::Soft | RowOutcome::AlreadySoft => unless_marked(RowOutcome::Soft),
                RowOutcome::Off => unless_marked(RowOutcome::Off),
                _ => None,
            },
            Rule::Delete => Some(RowOutcome::Deleted),
            Rule::SoftDelete => unless_marked(RowOutcome::Soft),
            Rule::Anonymize(_) => Some(RowOutcome::Anonymized),
            Rule::Keep | Rule::Leave => Some(RowOutcome::Kept),
            Rule::Retain(retention) => {
                let is_over = self.is_over(self.kind(&reference.from), row, retention);
                Some(if is_over { RowOutcome::Deleted } else { RowOutcome::Retained })
            }
            Rule::Restrict | Rule::Protect | Rule::Redirect(_) => None,
        };
        outcome.map(|outcome| (index, outcome))
    }

    fn is_owned(&self, kind: &KindName) -> bool {
        self.map.references_to(kind).any(|reference| reference.owned)
    }

    /// Returns the node at which the outcomes of a kind are final.
    fn last(&self, kind: &KindName) -> Node {
        (kind.clone(), self.is_owned(kind))
    }

    /// Returns the node on which the rows that refer over a reference depend.
    fn above(&self, reference: &Reference) -> Node {
        if reference.owned { (reference.to.clone(), false) } else { self.last(&reference.to) }
    }

    /// Returns the nodes that depend on a node through one reference.
    fn next(&self, node: &Node) -> Vec<Node> {
        let down = self.map.references_to(&node.0).filter(|reference| self.above(reference) == *node);
        let down = down.map(|reference| (reference.from.clone(), false));
        let up = self.map.references_from(&node.0);
        let up = up.filter(|reference| reference.owned && self.last(&node.0) == *node);
        down.chain(up.map(|reference| (reference.to.clone(), true))).collect()
    }

    /// Groups the kinds: parents before children, owners before what they own, and the kinds of a cycle in one group.
    fn groups(&self) -> Vec<BTreeSet<Node>> {
        let below = |node: &Node| {
            let mut found = BTreeSet::new();
            let mut open = vec![node.clone()];
            while let Some(node) = open.pop() {
                let again = (self.is_owned(&node.0) && !node.1).then(|| (node.0.clone(), true));
                for next in self.next(&node).into_iter().chain(again) {
                    if found.insert(next.clone()) {
                        open.push(next);
                    }
                }
            }
            found
        };
        let nodes = self.map.kinds().flat_map(|kind| [(kind.name.clone(), false), self.last(&kind.name)]);
        let nodes: BTreeMap<Node, BTreeSet<Node>> = nodes.map(|node| (node.clone(), below(&node))).collect();
        let mut groups: Vec<BTreeSet<Node>> = Vec::new();
        let mut rest: BTreeSet<Node> = nodes.keys().cloned().collect();
        while !rest.is_empty() {
            let is_above = |a: &Node, b: &Node| nodes.get(a).is_some_and(|all| all.contains(b));
            let first = rest
                .iter()
                .find(|node| rest.iter().all(|other| !is_above(other, node) || is_above(node, other)));
            let first = first.expect("a node that only its own cycle leads to").clone();
            let group: BTreeSet<Node> = rest
                .iter()
                .filter(|node| **node == first || (is_above(node, &first) && is_above(&first, node)))
                .cloned()
                .collect();
            rest.retain(|node| !group.contains(node));
            groups.push(group);
        }
        groups
    }

    /// Returns the outcome that each reference gives to a row, based on the outcomes found so far.
    fn outcomes(&self, id: &Id) -> Vec<(&'a Reference, usize, RowOutcome)> {
        let row = self.row(id);
        let references = self.map.references_from(&self.kind(&id.0).name);
        let found = references.flat_map(|reference| {
            let parents = self.parents(row, reference).into_iter();
            parents.filter_map(move |parent| {
                let (index, outcome) = self.outcome(row, reference, *self.outcomes.get(&parent)?)?;
                Some((reference, index, outcome))
            })
        });
        found.collect()
    }
}
