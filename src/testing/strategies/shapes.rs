//! How random worlds identify their rows, and how these refer to each other.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::seeds::{Declared, KindSeed, name};
use crate::domain::{RecordId, Value};

/// What identifies the rows of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    /// One field.
    One,
    /// Two fields. Each pair of rows has the same first value.
    Two,
    /// Nothing.
    None,
    /// One field that also refers to a row of this kind.
    Shared(usize),
}

/// How a reference leads to its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Way {
    /// By its id.
    Id,
    /// By its tag. `true` ignores the case of letters.
    Tag(bool),
    /// By its id, from rows with this state. The field may also belong to another reference.
    If(&'static str, String),
    /// By the elements of a list: ids, or tags without regard to case.
    List(List),
}

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum List {
    Ids,
    /// Ids, in rows with the state A.
    IdsIf,
    Tags,
}

/// The identities of all kinds, and the ways of all references, by name.
#[derive(Debug)]
pub(super) struct Shapes {
    identities: Vec<Identity>,
    ways: BTreeMap<String, Way>,
}

impl Shapes {
    /// Decides the identities and the ways. Changes references whose field is also an id.
    pub(super) fn of(kinds: &[KindSeed], references: &mut [Declared]) -> Self {
        let mut ways = BTreeMap::new();
        for one in &*references {
            let way = match one.shape {
                0 => Way::Tag(false),
                1 => Way::Tag(true),
                2 | 3 => Way::If(if one.shape == 2 { "A" } else { "B" }, field(one)),
                4 => Way::List(List::Ids),
                5 => Way::List(List::IdsIf),
                6 => Way::List(List::Tags),
                _ => Way::Id,
            };
            ways.insert(one.name.clone(), way);
        }
        let is_referred = |kind: usize| {
            references.iter().any(|one| one.to == kind && !matches!(ways.get(&one.name), Some(Way::Tag(_))))
        };
        let mut identities = Vec::new();
        for (at, seed) in kinds.iter().enumerate() {
            // Each later kind first refers to an earlier one.
            let first = at.checked_sub(1).and_then(|number| references.get(number));
            let shared =
                first.filter(|one| one.from == at && one.to < at && ways.get(&one.name) == Some(&Way::Id));
            let shared = shared
                .filter(|one| matches!(identities.get(one.to), Some(Identity::One | Identity::Shared(_))));
            identities.push(match (seed.identity, shared) {
                (0 | 1, _) => Identity::Two,
                (2 | 3, _) if at > 0 && !is_referred(at) => Identity::None,
                (4 | 5, Some(one)) => Identity::Shared(one.to),
                _ => Identity::One,
            });
        }
        for one in &*references {
            // An element of a list is one value.
            if identities.get(one.to) == Some(&Identity::Two)
                && let Some(way @ Way::List(_)) = ways.get_mut(&one.name)
            {
                *way = Way::List(List::Tags);
            }
        }
        let mut shapes = Self { identities, ways };
        shapes.share_fields(references);
        for one in references {
            if shapes.is_id(one) {
                one.nullable = false;
            }
        }
        shapes
    }

    /// Lets two references with different conditions from one kind use the same field, if the ids of both kinds have
    /// the same type.
    fn share_fields(&mut self, references: &[Declared]) {
        for first in references {
            let Some(Way::If("A", shared)) = self.ways.get(&first.name).cloned() else { continue };
            let other = references.iter().find(|other| {
                other.from == first.from
                    && matches!(self.ways.get(&other.name), Some(Way::If("B", _)))
                    && self.root(other.to) % 3 == self.root(first.to) % 3
                    && [first, *other].iter().all(|one| self.identities.get(one.to) != Some(&Identity::Two))
            });
            if let Some(other) = other {
                self.ways.insert(other.name.clone(), Way::If("B", shared));
            }
        }
    }

    /// Returns the kind from which the rows of a kind take their ids.
    fn root(&self, kind: usize) -> usize {
        match self.identities.get(kind) {
            Some(Identity::Shared(parent)) => self.root(*parent),
            _ => kind,
        }
    }

    /// Returns whether the field of a reference is also the id of its kind.
    fn is_id(&self, one: &Declared) -> bool {
        // The first reference of the kind, which leads to an earlier kind.
        matches!(self.identities.get(one.from), Some(Identity::Shared(parent)) if *parent == one.to)
            && self.ways.get(&one.name) == Some(&Way::Id)
            && one.name == format!("{}.r{}", name(one.from), one.from - 1)
    }

    /// Returns the number of rows that a kind can have.
    pub(super) fn count(&self, kinds: &[KindSeed], kind: usize) -> usize {
        let own = kinds.get(kind).map_or(0, |seed| seed.rows.len());
        match self.identities.get(kind) {
            Some(Identity::Shared(parent)) => own.min(self.count(kinds, *parent)),
            _ => own,
        }
    }

    /// Returns whether a reference holds the tag of a row, or a list of tags.
    pub(super) fn is_by_tag(&self, one: &Declared) -> bool {
        matches!(self.ways.get(&one.name), Some(Way::Tag(_) | Way::List(List::Tags)))
    }

    pub(super) fn is_list(&self, one: &Declared) -> bool {
        matches!(self.ways.get(&one.name), Some(Way::List(_)))
    }

    pub(super) fn is_without_id(&self, kind: usize) -> bool {
        self.identities.get(kind) == Some(&Identity::None)
    }

    /// Returns the id of a kind in the document, unless it is the default.
    pub(super) fn id(&self, kind: usize) -> Option<Json> {
        match self.identities.get(kind)? {
            Identity::Two => Some(json!(["id", "part"])),
            Identity::None => Some(json!([])),
            Identity::One | Identity::Shared(_) => None,
        }
    }

    /// Returns the id of a row.
    pub(super) fn id_of(&self, kind: usize, row: usize) -> RecordId {
        match self.identities.get(kind) {
            Some(Identity::Two) => {
                RecordId::tuple([one(kind, row / 2), if row.is_multiple_of(2) { "x" } else { "Y" }.into()])
            }
            Some(Identity::Shared(parent)) => self.id_of(*parent, row),
            _ => one(kind, row),
        }
    }

    /// Returns the reference in the document.
    pub(super) fn reference(&self, one: &Declared) -> Json {
        let (from, to) = (name(one.from), name(one.to));
        let fields = self.fields(one).into_iter().map(|field| format!("{from}.{field}"));
        let mut fields: Vec<String> = fields.collect();
        let fields = if fields.len() == 1 { json!(fields.remove(0)) } else { json!(fields) };
        let mut reference = json!({ "name": one.name, "from": fields, "to": to, "nullable": one.nullable });
        match self.ways.get(&one.name) {
            Some(Way::Tag(folds)) => {
                reference["to"] = json!(format!("{to}.tag"));
                if *folds {
                    reference["compare"] = json!("ignore_ascii_case");
                }
            }
            Some(Way::List(list)) => {
                reference["each"] = json!(true);
                match list {
                    List::Ids => {}
                    List::IdsIf => reference["if"] = json!({ "field": "state", "eq": "A" }),
                    List::Tags => {
                        reference["to"] = json!(format!("{to}.tag"));
                        reference["compare"] = json!("ignore_ascii_case");
                    }
                }
            }
            Some(Way::If(state, _)) => reference["if"] = json!({ "field": "state", "eq": state }),
            Some(Way::Id) | None => {}
        }
        if one.owned && !self.is_by_tag(one) {
            reference["owned"] = json!(true);
        }
        reference
    }

    fn fields(&self, one: &Declared) -> Vec<String> {
        match self.ways.get(&one.name) {
            Some(Way::Tag(_) | Way::List(_)) => vec![field(one)],
            Some(Way::If(_, field)) if self.identities.get(one.to) == Some(&Identity::Two) => {
                vec![field.clone(), format!("{field}_part")]
            }
            Some(Way::If(_, field)) => vec![field.clone()],
            _ if self.identities.get(one.to) == Some(&Identity::Two) => {
                vec![field(one), format!("{}_part", field(one))]
            }
            _ if self.is_id(one) => vec!["id".into()],
            _ => vec![field(one)],
        }
    }

    /// Returns the list with which a row refers to the rows with these numbers, in its field.
    pub(super) fn held_list(&self, one: &Declared, rows: Option<&[Option<usize>]>) -> (String, Value) {
        let element = |(at, row): (usize, &Option<usize>)| {
            let Some(row) = *row else { return Json::Null };
            match (self.is_by_tag(one), at % 2) {
                (true, 0) => json!(tag(one.to, row).to_ascii_uppercase()),
                (true, _) => json!(tag(one.to, row)),
                (false, _) => json!(self.id_of(one.to, row)),
            }
        };
        let list = rows.map(|rows| Value::Json(rows.iter().enumerate().map(element).collect()));
        (field(one), list.unwrap_or_default())
    }

    /// Returns the fields with which a row refers to the row with this number; null if there is none. The id of the
    /// referring row is not among them.
    pub(super) fn held(&self, one: &Declared, row: Option<usize>) -> Vec<(String, Value)> {
        if self.is_id(one) {
            return Vec::new();
        }
        let fields = self.fields(one);
        let Some(row) = row else {
            return fields.into_iter().map(|field| (field, Value::Null)).collect();
        };
        if let Some(Way::Tag(folds)) = self.ways.get(&one.name) {
            let tag = tag(one.to, row);
            let held = match row % 2 {
                0 if *folds => tag.to_ascii_lowercase(),
                _ if *folds => tag.to_ascii_uppercase(),
                _ => tag,
            };
            return fields.into_iter().map(|field| (field, held.as_str().into())).collect();
        }
        let id = self.id_of(one.to, row);
        fields.into_iter().zip(id.parts()).map(|(field, part)| (field, part.into())).collect()
    }
}

/// Returns the unique text of a row.
pub(super) fn tag(kind: usize, row: usize) -> String {
    format!("{}Tag{row}", name(kind))
}

/// Returns the own field of a reference.
fn field(one: &Declared) -> String {
    one.name.split('.').nth(1).unwrap_or_default().to_owned()
}

fn one(kind: usize, row: usize) -> RecordId {
    match kind % 3 {
        0 => RecordId::from(format!("{}{}", name(kind), row + 1)),
        1 => i64::try_from(row + 1).unwrap_or_default().into(),
        _ => uuid::Uuid::from_u128(u128::from(row as u64 + 1) << 64 | kind as u128).into(),
    }
}
