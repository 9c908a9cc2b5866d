//! What the rows of each kind consist of: own fields with the values to try, and references.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::boundaries::Boundaries;
use super::keys::KeyColumns;
use crate::domain::{DataMap, FieldName, Kind, KindName, Reference, Value};
use crate::policy::DeletionPolicy;

/// The maximum number of rows of a kind.
pub(super) const MOST_ROWS: usize = 4;

/// The kinds of a policy, and the parts of their rows.
pub(super) struct Layout {
    pub(super) map: Arc<DataMap>,
    pub(super) subject: KindName,
    pub(super) now: DateTime<Utc>,
    pub(super) keys: KeyColumns,
    /// The kinds, by name.
    pub(super) kinds: Vec<KindLayout>,
    /// The positions of the kinds in `kinds`: where possible, a kind comes after the kinds that it refers to.
    pub(super) order: Vec<usize>,
}

/// The parts of the rows of a kind.
pub(super) struct KindLayout {
    pub(super) kind: Kind,
    /// The fields that no reference decides.
    pub(super) own: Vec<OwnField>,
    /// The references, the one with most fields first.
    pub(super) references: Vec<Reference>,
    /// Groups of fields whose values are unique together.
    pub(super) unique: Vec<Vec<FieldName>>,
    /// The number of the first row. Kinds that are parts of one table have different numbers.
    pub(super) first: usize,
    /// Whether other kinds are parts of the same table. A row outside the filter then belongs to another kind.
    pub(super) shares_table: bool,
    /// The minimum number of rows.
    pub(super) fewest: usize,
    /// The probability of each further row. It is higher for kinds without which other kinds have no rows.
    pub(super) density: f64,
}

/// A field and the values to try, the simplest first.
pub(super) struct OwnField {
    pub(super) name: FieldName,
    pub(super) is_key: bool,
    /// For a unique field, the alternatives to a value of its own.
    pub(super) values: Vec<Value>,
}

impl OwnField {
    /// Returns the number of choices. Unique fields have one more: a value of their own.
    pub(super) fn choices(&self) -> usize {
        self.values.len() + usize::from(self.is_key)
    }
}

impl Layout {
    pub(super) fn of(policy: &DeletionPolicy, now: DateTime<Utc>) -> Self {
        let boundaries = Boundaries::of(policy, now);
        let map = policy.map_to_check();
        let keys = KeyColumns::of(&map, policy.subject());
        let needed = needed(&map, policy.subject());
        let mut kinds: Vec<KindLayout> = Vec::new();
        for kind in map.kinds() {
            let parts = map.kinds().filter(|other| other.table_name() == kind.table_name());
            let earlier = kinds.iter().filter(|other| other.kind.table_name() == kind.table_name()).count();
            let mut references: Vec<Reference> = map.references_from(&kind.name).cloned().collect();
            references.sort_by_key(|one| (std::cmp::Reverse(one.fields.len()), one.name.clone()));
            let unique = unique_groups(&map, kind);
            kinds.push(KindLayout {
                own: own_fields(&map, kind, &references, &unique, &keys, &boundaries),
                references,
                unique,
                first: earlier * MOST_ROWS + 1,
                shares_table: parts.count() > 1,
                density: if map.references_to(&kind.name).any(is_mandatory) { 0.75 } else { 0.5 },
                fewest: usize::from(needed.contains(&kind.name)),
                kind: kind.clone(),
            });
        }
        let order = order(&map, &kinds);
        Self { map: Arc::new(map), subject: policy.subject().clone(), now, keys, kinds, order }
    }

    /// Returns the position of a kind in `kinds`.
    pub(super) fn position(&self, kind: &KindName) -> Option<usize> {
        self.kinds.binary_search_by(|other| other.kind.name.cmp(kind)).ok()
    }
}

fn own_fields(
    map: &DataMap,
    kind: &Kind,
    references: &[Reference],
    unique: &[Vec<FieldName>],
    keys: &KeyColumns,
    boundaries: &Boundaries,
) -> Vec<OwnField> {
    let is_held = |field: &&FieldName| references.iter().any(|one| one.fields.contains(*field));
    let own = map.fields_of(kind).filter(|field| !is_held(field));
    let field = |name: &FieldName| {
        let is_unique = unique.iter().any(|group| group.contains(name));
        let is_key = keys.contains(kind, name) || is_unique;
        let is_id = kind.id.contains(name);
        let values = match is_key {
            false => boundaries.values(kind, name),
            true if is_id => boundaries.compared_values(kind, name),
            true if boundaries.can_be_null(kind, name) => {
                let compared = boundaries.compared_values(kind, name);
                std::iter::once(Value::Null).chain(compared).collect()
            }
            true => boundaries.compared_values(kind, name),
        };
        OwnField { name: name.clone(), is_key, values }
    };
    own.map(field).collect()
}

/// Returns the groups of fields whose values tell rows apart: the id, unique fields, and keys that references hold.
fn unique_groups(map: &DataMap, kind: &Kind) -> Vec<Vec<FieldName>> {
    let unique = kind.fields.iter().filter(|(_, declared)| declared.unique);
    let mut groups: BTreeSet<Vec<FieldName>> = unique.map(|(name, _)| vec![name.clone()]).collect();
    groups.extend(map.references_to(&kind.name).filter_map(|reference| reference.key.clone()));
    groups.insert(kind.id.fields().to_vec());
    groups.into_iter().filter(|group| !group.is_empty()).collect()
}

/// Returns whether every row must have a target.
fn is_mandatory(reference: &Reference) -> bool {
    !reference.nullable && reference.when.is_none()
}

/// Returns the subject's kind, and the kinds without which it can have no rows.
fn needed(map: &DataMap, subject: &KindName) -> BTreeSet<KindName> {
    let mut found = BTreeSet::from([subject.clone()]);
    let mut open = vec![subject.clone()];
    while let Some(kind) = open.pop() {
        let mandatory = map.references_from(&kind).filter(|one| is_mandatory(one));
        let more: Vec<KindName> = mandatory.map(|one| one.to.clone()).collect();
        open.extend(more.into_iter().filter(|kind| found.insert(kind.clone())));
    }
    found
}

/// Sorts each kind after the kinds to which it refers. In a cycle, it comes at least after the kinds from which it
/// takes keys.
fn order(map: &DataMap, kinds: &[KindLayout]) -> Vec<usize> {
    let mut rest: Vec<usize> = (0..kinds.len()).collect();
    let mut order = Vec::new();
    while !rest.is_empty() {
        let is_open = |name: &KindName, at: usize| {
            let open = rest.iter().filter_map(|other| kinds.get(*other).filter(|_| *other != at));
            open.into_iter().any(|other| other.kind.name == *name)
        };
        let is_ready = |at: &usize, only_keys: bool| {
            let Some(layout) = kinds.get(*at) else { return true };
            let takes_key = |reference: &&Reference| {
                let fields = &reference.fields;
                !only_keys || layout.unique.iter().flatten().any(|field| fields.contains(field))
            };
            map.references_from(&layout.kind.name).filter(takes_key).all(|one| !is_open(&one.to, *at))
        };
        let free = rest.iter().position(|at| is_ready(at, false));
        let next = free.or_else(|| rest.iter().position(|at| is_ready(at, true))).unwrap_or_default();
        order.push(rest.remove(next));
    }
    order
}
