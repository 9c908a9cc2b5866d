//! Random worlds: data maps, policies, rows and a request, small enough that a person can read a failing world.

mod mend;
mod motif;
mod rows;
mod seeds;
mod shapes;

use std::fmt;

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value as Json, json};

use super::model::Rows;
use crate::domain::{Actor, DataMap, MaskKey, Mode, Request};
use crate::policy::DeletionPolicy;
use mend::mended;
use motif::{Motif, motif};
use rows::rows;
use seeds::{Declared, EntrySeed, KindSeed, ReferenceSeed, RowSeed, name};
use shapes::Shapes;

/// A random policy, rows and a request. `Debug` prints everything needed to repeat the test.
#[derive(Clone)]
#[non_exhaustive]
pub struct RandomWorld {
    /// The policy, as a document.
    pub document: Json,
    /// The policy.
    pub policy: DeletionPolicy,
    /// The rows.
    pub rows: Rows,
    /// The request.
    pub request: Request,
    /// The instant of the request.
    pub now: DateTime<Utc>,
    /// The key for keyed masks.
    pub mask_key: MaskKey,
}

impl RandomWorld {
    /// Returns the rows as a document: `{"a": [{"id": 1, …}], …}`.
    #[must_use]
    pub fn rows_document(&self) -> Json {
        rows_document(self.policy.map(), &self.rows)
    }
}

/// Returns rows as a JSON document. Each row is an object of the fields of its id and its other fields.
#[must_use]
pub fn rows_document(map: &DataMap, rows: &Rows) -> Json {
    let kinds = rows.iter().map(|(name, rows)| {
        let id = map.kind(name).map_or(&[][..], |kind| kind.id.fields());
        let rows = rows.values().map(|row| {
            let parts = id.iter().zip(row.id.parts()).map(|(field, part)| (field.to_string(), json!(part)));
            let fields = row.fields.iter().map(|(name, value)| (name.to_string(), json!(value)));
            Json::Object(parts.chain(fields).collect())
        });
        (name.to_string(), rows.collect())
    });
    Json::Object(kinds.collect())
}

impl fmt::Debug for RandomWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} at {}", self.request, self.now)?;
        writeln!(f, "policy: {}", self.document)?;
        write!(f, "rows: {}", self.rows_document())
    }
}

/// Generates worlds of two to eight kinds.
///
/// Nine in ten contain a pattern that is rare by chance: a tombstone that makes its parent a tombstone too, a row
/// that one reference restricts and another deletes, an entry below an anonymized or retained row, or rows that own
/// others.
///
/// Some kinds have an id of two fields, none, or one that is also a reference. Some references have two fields, hold a
/// unique text of the other kind (with or without regard to case), hold a list of either, or lead from rows that meet a
/// condition.
pub fn random_worlds() -> impl Strategy<Value = RandomWorld> {
    // The parts are generated independently, so a failing world shrinks part by part.
    (
        prop::collection::vec(kind(), 2..=8),
        prop::collection::vec(reference(), 7),
        prop::collection::vec(reference(), 0..=5),
        mode(),
        prop::option::weighted(0.2, (any::<Index>(), condition())),
        prop::bool::weighted(0.2),
        1..=2_usize,
        prop::option::weighted(0.9, motif()),
    )
        .prop_filter_map("a policy that cannot be repaired", build)
}

fn kind() -> impl Strategy<Value = KindSeed> {
    let row = (prop::collection::vec(any::<Index>(), 6), 0..4_u8, 0..10_u8, prop::bool::weighted(0.15));
    let row = row.prop_map(|(references, state, at, marked)| RowSeed { references, state, at, marked });
    (prop::bool::weighted(0.6), prop::bool::weighted(0.1), 0..10_u8, prop::collection::vec(row, 1..=5))
        .prop_map(|(tombstone, bare, identity, rows)| KindSeed { tombstone, bare, identity, rows })
}

fn reference() -> impl Strategy<Value = ReferenceSeed> {
    let entry = (prop::option::weighted(0.6, condition()), 0..8_u8, 0..23_u8, 0..6_u8)
        .prop_map(|(when, parent, rule, link)| EntrySeed { when, parent, rule, link });
    let owned = prop::bool::weighted(0.3);
    (any::<Index>(), any::<Index>(), any::<bool>(), 0..11_u8, owned, prop::collection::vec(entry, 1..=3))
        .prop_map(|(from, to, nullable, shape, owned, entries)| ReferenceSeed {
            from,
            to,
            nullable,
            shape,
            owned,
            entries,
        })
}

fn condition() -> impl Strategy<Value = u8> {
    0..8_u8
}

fn mode() -> impl Strategy<Value = Mode> {
    prop_oneof![
        10 => Just(Mode::HardDelete),
        3 => Just(Mode::SoftDelete),
        3 => Just(Mode::Anonymize),
        1 => Just(Mode::Deactivate),
        1 => Just(Mode::Reactivate),
    ]
}

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 2, 28, 12, 0, 0).single().unwrap_or_default()
}

fn condition_of(seed: u8) -> Json {
    match seed {
        0 => json!({ "field": "state", "eq": "A" }),
        1 => json!({ "field": "state", "ne": "A" }),
        2 => json!({ "field": "state", "is_null": true }),
        3 => json!({ "field": "at", "older_than": "P1Y" }),
        4 => json!({ "not": { "field": "state", "eq": "B" } }),
        5 => {
            json!({ "any": [ { "field": "at", "after": "now" }, { "field": "state", "in": ["B", "C"] } ] })
        }
        6 => json!({ "field": "deleted_at", "is_null": true }),
        _ => {
            json!({ "all": [ { "field": "at", "within": "P3Y" }, { "not": { "field": "state", "is_null": true } } ] })
        }
    }
}

/// Returns the entry in the document. `new` is the new target of a list; null if it can have none.
fn entry_of(seed: &EntrySeed, last: bool, in_cycle: bool, new: Option<&Json>) -> Json {
    let mut entry = match seed.rule {
        0..=5 => json!({ "then": "cascade" }),
        6 => json!({ "then": "delete" }),
        7 | 8 => json!({ "then": "soft_delete" }),
        9 | 10 => json!({ "then": "restrict" }),
        11 => json!({ "then": "protect" }),
        12 | 13 => json!({ "then": "anonymize" }),
        14 | 15 => json!({ "retain": { "for": "P1Y", "from": "at", "basis": "law" } }),
        16 => json!({ "retain": { "for": "P1Y", "from": "at", "from_end_of": "year", "basis": "law" } }),
        17 => json!({ "then": "set_null" }),
        18 | 19 => match new {
            None if seed.rule == 18 => json!({ "then": "set_null" }),
            None => json!({ "set_default": null }),
            Some(Json::Null) => json!({ "then": "set_null" }),
            Some(new) => json!({ "reassign": { "to": new } }),
        },
        // Some entries mask a field in addition to the personal fields of the kind; some replace a mask of the kind.
        20 if seed.link.is_multiple_of(2) => {
            json!({ "anonymize": { "note": { "truncate": 2 }, "code": "hmac" } })
        }
        20 => json!({ "anonymize": { "note": { "truncate": 2 } } }),
        21 => json!({ "then": "keep" }),
        _ => json!({ "then": "leave" }),
    };
    match seed.link {
        0 | 1 => entry["on_survive"] = json!("set_null"),
        2 => entry["on_survive"] = json!("tombstone"),
        3 => {
            if let Some(new) = new.filter(|new| !new.is_null()) {
                entry["on_survive"] = json!({ "reassign": { "to": new } });
            }
        }
        _ => {}
    }
    if !last && let Some(when) = seed.when {
        entry["when"] = condition_of(when);
    }
    if !last && !in_cycle && seed.parent < 3 {
        entry["parent"] = json!(if seed.parent == 0 { "retain" } else { "anonymize" });
    }
    entry
}

/// Declares that the fields of a reference of several fields can be null: all of them, or only the last.
fn declare_nullable(document: &mut Json, reference: &Json, all: bool) {
    let fields = reference["from"].as_array().into_iter().flatten().filter_map(Json::as_str).rev();
    for (kind, field) in fields.filter_map(|field| field.split_once('.')).take(if all { 2 } else { 1 }) {
        document["kinds"][kind]["fields"][field] = json!({ "nullable": true });
    }
}

type Seeds = (
    Vec<KindSeed>,
    Vec<ReferenceSeed>,
    Vec<ReferenceSeed>,
    Mode,
    Option<(Index, u8)>,
    bool,
    usize,
    Option<Motif>,
);

fn build((kinds, tree, more, mode, guard, only, subjects, motif): Seeds) -> Option<RandomWorld> {
    let count = kinds.len();
    // Every kind except the first refers to an earlier kind. The additional references may point anywhere.
    let tree =
        tree.iter().take(count - 1).enumerate().map(|(at, seed)| (at + 1, seed.to.index(at + 1), seed));
    let more = more.iter().map(|seed| (seed.from.index(count), seed.to.index(count), seed));
    let mut references: Vec<Declared> = tree
        .chain(more)
        .map(|(from, to, seed)| Declared {
            from,
            to,
            name: String::new(),
            nullable: seed.nullable || from == to,
            shape: seed.shape,
            owned: seed.owned,
            entries: seed.entries.clone(),
        })
        .collect();
    if let Some(motif) = motif {
        motif.plant(count, &mut references);
    }
    for (number, one) in references.iter_mut().enumerate() {
        one.name = format!("{}.r{number}", name(one.from));
    }
    let shapes = Shapes::of(&kinds, &mut references);
    let mut document = json!({ "subject": "a", "kinds": {}, "references": [], "modes": {} });
    for (at, seed) in kinds.iter().enumerate() {
        let mut facts = json!({ "fields": {
            "state": "text", "at": "timestamp", "note": "text", "deleted_at": "timestamp",
            "tag": { "type": "text", "unique": true }
        } });
        if let Some(id) = shapes.id(at) {
            facts["id"] = id;
        }
        if !seed.bare {
            facts["status"] = json!("status");
            let (mark, field_type) = seed.mark();
            facts["deleted_at"] = mark;
            facts["fields"]["deleted_at"] = json!(field_type);
            facts["updated_at"] = json!("updated_at");
            facts["version"] = json!("version");
            facts["personal"] = json!({ "mail": "placeholder_email", "note": { "truncate": 2 } });
            if seed.is_keyed() {
                facts["personal"]["code"] = json!("hmac");
            }
            facts["tombstone"] = json!(seed.tombstone);
        }
        if shapes.is_without_id(at) && !seed.bare {
            // A placeholder is made from the id, so a kind without an id cannot have one.
            facts["personal"].as_object_mut()?.remove("mail");
        }
        if at == 0 && only {
            facts["filter"] = json!({ "not": { "field": "state", "eq": "C" } });
        }
        document["kinds"][name(at)] = facts;
    }
    let mut rules = Map::new();
    for one in &references {
        let reference = shapes.reference(one);
        if one.nullable {
            declare_nullable(&mut document, &reference, one.shape.is_multiple_of(2));
        }
        document["references"].as_array_mut()?.push(reference);
        let last = one.entries.len() - 1;
        let entries = one.entries.iter().enumerate();
        let new = shapes.is_list(one).then(|| {
            let row = shapes.count(&kinds, one.to).saturating_sub(1);
            if shapes.is_by_tag(one) { Json::Null } else { json!(shapes.id_of(one.to, row)) }
        });
        let entries: Vec<Json> = entries
            .map(|(at, entry)| entry_of(entry, at == last, one.from <= one.to, new.as_ref()))
            .collect();
        rules.insert(one.name.clone(), entries.into());
    }
    document["modes"][mode.as_str()] = json!({ "allow": "any", "rules": rules });
    if let Some((on, when)) = guard {
        let mut guard = json!({ "name": "guard", "severity": "block", "when": condition_of(when) });
        let left = references.get(on.index(references.len())).filter(|_| when % 2 == 0);
        match left.filter(|one| !shapes.is_by_tag(one)) {
            Some(one) => {
                guard["on"] = json!(name(one.to));
                guard["left_without"] = json!(one.name);
            }
            None => guard["on"] = json!(name(on.index(count))),
        }
        document["modes"][mode.as_str()]["guards"] = json!([guard]);
    }
    let policy = mended(&mut document, mode)?;
    let (rows, subjects) = rows(&kinds, &references, &shapes, &document, subjects)?;
    let mut request = Request::batch(mode, "a", subjects).by(Actor::new("ana", "ADMIN"));
    for reference in &references {
        request = request.acknowledge(format!("undated:{}", reference.name));
        request = request.acknowledge(format!("unknown:{}", reference.name));
    }
    request = request.acknowledge("unknown:guard");
    let mask_key = MaskKey::new([26; MaskKey::LENGTH]).ok()?;
    Some(RandomWorld { document, policy, rows, request, now: now(), mask_key })
}
