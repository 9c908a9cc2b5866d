//! Makes rows from random choices: every key is unique, and every reference leads to a row or is null.

use std::collections::{BTreeMap, BTreeSet};

use super::keys::key_value;
use super::layout::{KindLayout, Layout};
use super::placement::Draft;
use crate::domain::{Kind, Record, RecordId};
use crate::testing::model::Rows;

/// The random choices for all rows.
#[derive(Debug, Clone)]
pub(super) struct Seeds {
    /// The type of each group of key columns.
    pub(super) key_types: Vec<usize>,
    /// The rows of each kind.
    pub(super) kinds: Vec<Vec<RowSeed>>,
}

/// The random choices for a row.
#[derive(Debug, Clone)]
pub(super) struct RowSeed {
    /// The value of each own field.
    pub(super) own: Vec<usize>,
    /// The target of each reference, and how its key is spelt.
    pub(super) targets: Vec<(usize, usize)>,
}

/// A row, by the positions of its kind and of its seed.
pub(super) type Place = (usize, usize);

/// Rows under construction.
pub(super) struct Assembly<'a> {
    pub(super) layout: &'a Layout,
    pub(super) seeds: &'a Seeds,
    /// The rows that are placed, and those of other kinds with only their own fields.
    pub(super) drafts: BTreeMap<Place, Draft>,
    /// The values of unique fields that are in use.
    pub(super) taken: BTreeSet<String>,
}

/// Makes the rows. Leaves out a row whose key is in use, or that needs a row that does not exist.
pub(super) fn rows(layout: &Layout, seeds: &Seeds) -> Rows {
    let mut left_out = BTreeSet::new();
    loop {
        let mut assembly = Assembly::new(layout, seeds, &left_out);
        let places = layout.order.iter().flat_map(|kind| assembly.places(*kind)).collect::<Vec<_>>();
        let mut failed: Vec<Place> = places.into_iter().filter(|place| !assembly.place(*place)).collect();
        failed.extend(assembly.dangling());
        if failed.is_empty() {
            return assembly.into_rows();
        }
        left_out.extend(failed);
    }
}

impl<'a> Assembly<'a> {
    fn new(layout: &'a Layout, seeds: &'a Seeds, left_out: &BTreeSet<Place>) -> Self {
        let mut assembly = Self { layout, seeds, drafts: BTreeMap::new(), taken: BTreeSet::new() };
        for (kind, rows) in seeds.kinds.iter().enumerate() {
            for place in (0..rows.len()).map(|row| (kind, row)).filter(|place| !left_out.contains(place)) {
                let draft = assembly.own_fields(place, false);
                assembly.drafts.insert(place, draft);
            }
        }
        assembly
    }

    /// Returns the places of the rows of a kind.
    pub(super) fn places(&self, kind: usize) -> Vec<Place> {
        self.drafts.range((kind, 0)..(kind + 1, 0)).map(|(place, _)| *place).collect()
    }

    pub(super) fn kind(&self, kind: usize) -> Option<&'a KindLayout> {
        self.layout.kinds.get(kind)
    }

    pub(super) fn seed(&self, (kind, row): Place) -> Option<&'a RowSeed> {
        self.seeds.kinds.get(kind)?.get(row)
    }

    /// Returns a row with the fields that no reference decides. `unique` gives every key a value of its own.
    pub(super) fn own_fields(&self, place: Place, unique: bool) -> Draft {
        let mut draft = Draft::default();
        let (Some(layout), Some(seed)) = (self.kind(place.0), self.seed(place)) else { return draft };
        for (field, choice) in layout.own.iter().zip(&seed.own) {
            let chosen = match choice.checked_sub(usize::from(field.is_key)) {
                Some(choice) if !(unique && field.is_key) => field.values.get(choice).cloned(),
                _ => None,
            };
            let value = chosen.unwrap_or_else(|| {
                // The fields of an id of several fields repeat their values, so that only all of them together are
                // unique.
                let number = match layout.kind.id.position(&field.name) {
                    Some(0) if layout.kind.id.fields().len() > 1 && !unique => place.1 / 2,
                    Some(1..) if !unique => place.1 % 2,
                    _ => place.1,
                };
                let key_type = self.layout.keys.type_of(&layout.kind, &field.name, &self.seeds.key_types);
                key_value(key_type, &layout.kind.name, layout.first + number)
            });
            draft.values.insert(field.name.clone(), value);
        }
        if layout.shares_table {
            self.fit_filter(layout, &mut draft);
        }
        draft
    }

    /// Changes fields until the row meets the filter of its kind.
    fn fit_filter(&self, layout: &KindLayout, draft: &mut Draft) {
        let Some(filter) = &layout.kind.filter else { return };
        let mut named = Vec::new();
        filter.visit(&mut |leaf| named.extend(leaf.field()));
        let fields = layout.own.iter().filter(|field| named.contains(&&field.name) && !field.is_key);
        let fields: Vec<_> = fields.collect();
        let combinations: usize = fields.iter().map(|field| field.values.len()).product();
        for combination in 0..combinations.min(1_000) {
            if draft.meets(&layout.kind, Some(filter), self.layout.now) {
                return;
            }
            let mut rest = combination;
            for field in &fields {
                if let Some(value) = field.values.get(rest % field.values.len().max(1)) {
                    draft.values.insert(field.name.clone(), value.clone());
                }
                rest /= field.values.len().max(1);
            }
        }
    }

    /// Returns the rows whose target was left out, or got another key after the row was placed.
    fn dangling(&self) -> Vec<Place> {
        let dangles = |draft: &Draft, layout: &KindLayout| {
            draft.targets.iter().any(|(at, (target, key))| {
                let reference = layout.references.get(*at);
                let found = reference.and_then(|one| self.key(one, self.drafts.get(target)?));
                found.as_ref() != Some(key)
            })
        };
        let rows = self.drafts.iter();
        let dangling =
            rows.filter(|((kind, _), draft)| self.kind(*kind).is_some_and(|of| dangles(draft, of)));
        dangling.map(|(place, _)| *place).collect()
    }

    fn into_rows(self) -> Rows {
        let mut rows: Rows =
            self.layout.kinds.iter().map(|layout| (layout.kind.name.clone(), BTreeMap::new())).collect();
        for ((kind, _), draft) in self.drafts {
            let Some(kind) = self.layout.kinds.get(kind).map(|layout| &layout.kind) else { continue };
            let table = rows.entry(kind.name.clone()).or_default();
            // Rows without an id are numbered.
            let number = i64::try_from(table.len()).unwrap_or(i64::MAX);
            let record = draft.record(kind, number);
            table.insert(record.id.clone(), record);
        }
        rows
    }
}

impl Draft {
    /// Returns the row. `number` is its id if its kind has none.
    pub(super) fn record(&self, kind: &Kind, number: i64) -> Record {
        let parts = kind.id.fields().iter().filter_map(|field| self.values.get(field)?.as_id());
        let id = if kind.id.is_none() { number.into() } else { RecordId::tuple(parts) };
        let fields = self.values.iter().filter(|(name, _)| !kind.id.contains(name));
        Record { id, fields: fields.map(|(name, value)| (name.clone(), value.clone())).collect() }
    }
}
