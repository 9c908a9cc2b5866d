//! Random worlds: data maps, policies, rows and a request, small enough that a failing one can be read.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeZone, Utc};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value as Json, json};

use super::model::Rows;
use crate::domain::{Actor, Faults, Mode, Record, RecordId, Request, Value};
use crate::policy::DeletionPolicy;

/// A world and a request to judge in it. `Debug` prints what a test can be written from.
#[derive(Clone)]
#[non_exhaustive]
pub struct Case {
    /// The policy, as a document.
    pub document: Json,
    /// The policy.
    pub policy: DeletionPolicy,
    /// The rows.
    pub rows: Rows,
    /// What is asked for.
    pub request: Request,
    /// When it is judged.
    pub now: DateTime<Utc>,
}

impl Case {
    /// The rows as a document: `{"a": [{"id": 1, …}], …}`.
    #[must_use]
    pub fn rows_document(&self) -> Json {
        rows_document(&self.rows)
    }
}

/// Rows as a document, their ids among their fields.
#[must_use]
pub fn rows_document(rows: &Rows) -> Json {
    let kinds = rows.iter().map(|(kind, rows)| {
        let rows = rows.values().map(|row| {
            let mut fields: Map<String, Json> = row
                .fields
                .iter()
                .map(|(name, value)| (name.to_string(), json!(value)))
                .collect();
            fields.insert("id".into(), json!(row.id));
            Json::Object(fields)
        });
        (kind.to_string(), rows.collect())
    });
    Json::Object(kinds.collect())
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?} at {}", self.request, self.now)?;
        writeln!(f, "policy: {}", self.document)?;
        write!(f, "rows: {}", self.rows_document())
    }
}

/// A world of two to eight kinds.
pub fn cases() -> impl Strategy<Value = Case> {
    // Independent parts, so that a failing world shrinks part by part.
    (
        prop::collection::vec(kind(), 2..=8),
        prop::collection::vec(reference(), 7),
        prop::collection::vec(reference(), 0..=5),
        mode(),
        prop::option::weighted(0.2, (any::<Index>(), condition())),
        prop::bool::weighted(0.2),
        1..=2_usize,
    )
        .prop_filter_map("a policy that cannot be mended", build)
}

#[derive(Debug, Clone)]
struct KindSeed {
    tombstone: bool,
    bare: bool,
    rows: Vec<RowSeed>,
}

#[derive(Debug, Clone)]
struct RowSeed {
    references: Vec<Index>,
    state: u8,
    at: u8,
    marked: bool,
}

#[derive(Debug, Clone)]
struct ReferenceSeed {
    from: Index,
    to: Index,
    nullable: bool,
    entries: Vec<EntrySeed>,
}

#[derive(Debug, Clone)]
struct EntrySeed {
    when: Option<u8>,
    parent: u8,
    rule: u8,
    link: u8,
}

fn kind() -> impl Strategy<Value = KindSeed> {
    let row = (
        prop::collection::vec(any::<Index>(), 6),
        0..4_u8,
        0..4_u8,
        prop::bool::weighted(0.15),
    );
    let row = row.prop_map(|(references, state, at, marked)| RowSeed {
        references,
        state,
        at,
        marked,
    });
    (
        prop::bool::weighted(0.6),
        prop::bool::weighted(0.1),
        prop::collection::vec(row, 1..=5),
    )
        .prop_map(|(tombstone, bare, rows)| KindSeed {
            tombstone,
            bare,
            rows,
        })
}

fn reference() -> impl Strategy<Value = ReferenceSeed> {
    let entry = (
        prop::option::weighted(0.6, condition()),
        0..8_u8,
        0..22_u8,
        0..6_u8,
    )
        .prop_map(|(when, parent, rule, link)| EntrySeed {
            when,
            parent,
            rule,
            link,
        });
    (
        any::<Index>(),
        any::<Index>(),
        any::<bool>(),
        prop::collection::vec(entry, 1..=3),
    )
        .prop_map(|(from, to, nullable, entries)| ReferenceSeed {
            from,
            to,
            nullable,
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
    Utc.with_ymd_and_hms(2026, 2, 28, 12, 0, 0)
        .single()
        .unwrap_or_default()
}

fn name(index: usize) -> String {
    char::from(b'a' + u8::try_from(index).unwrap_or(0)).to_string()
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

fn entry_of(seed: &EntrySeed, last: bool, in_cycle: bool) -> Json {
    let mut entry = match seed.rule {
        0..=5 => json!({ "then": "cascade" }),
        6 => json!({ "then": "delete" }),
        7 | 8 => json!({ "then": "soft_delete" }),
        9 | 10 => json!({ "then": "restrict" }),
        11 => json!({ "then": "protect" }),
        12 | 13 => json!({ "then": "anonymize" }),
        14..=16 => json!({ "retain": { "for": "P1Y", "from": "at", "basis": "law" } }),
        17 | 18 => json!({ "then": "set_null" }),
        19 => json!({ "set_default": null }),
        20 => json!({ "anonymize": { "note": { "truncate": 2 } } }),
        _ => json!({ "then": "keep" }),
    };
    match seed.link {
        0 | 1 => entry["link"] = json!("set_null"),
        2 => entry["link"] = json!("tombstone"),
        _ => {}
    }
    if !last && let Some(when) = seed.when {
        entry["when"] = condition_of(when);
    }
    if !last && !in_cycle && seed.parent < 3 {
        entry["parent"] = json!(if seed.parent == 0 {
            "retain"
        } else {
            "anonymize"
        });
    }
    entry
}

type Seeds = (
    Vec<KindSeed>,
    Vec<ReferenceSeed>,
    Vec<ReferenceSeed>,
    Mode,
    Option<(Index, u8)>,
    bool,
    usize,
);

fn build((kinds, tree, more, mode, guard, only, subjects): Seeds) -> Option<Case> {
    let count = kinds.len();
    // Every kind but the first refers to an earlier one; the others may refer anywhere.
    let tree = tree
        .iter()
        .take(count - 1)
        .enumerate()
        .map(|(at, seed)| (at + 1, seed.to.index(at + 1), seed));
    let more = more
        .iter()
        .map(|seed| (seed.from.index(count), seed.to.index(count), seed));
    let references: Vec<(usize, usize, String, &ReferenceSeed)> = tree
        .chain(more)
        .enumerate()
        .map(|(number, (from, to, seed))| (from, to, format!("{}.r{number}", name(from)), seed))
        .collect();
    let mut document = json!({ "subject": "a", "kinds": {}, "references": [], "modes": {} });
    for (at, seed) in kinds.iter().enumerate() {
        let mut facts = json!({ "fields": { "state": "text", "at": "timestamp", "note": "text", "deleted_at": "timestamp" } });
        if !seed.bare {
            facts["status"] = json!("status");
            facts["deleted_at"] = json!("deleted_at");
            facts["personal"] = json!({ "mail": "placeholder_email", "note": { "truncate": 2 } });
            facts["tombstone"] = json!(seed.tombstone);
        }
        if at == 0 && only {
            facts["only"] = json!({ "not": { "field": "state", "eq": "C" } });
        }
        document["kinds"][name(at)] = facts;
    }
    let mut rules = Map::new();
    for (from, to, name_, seed) in &references {
        let nullable = seed.nullable || from == to;
        let reference = json!({ "from": name_, "to": name(*to), "nullable": nullable });
        document["references"].as_array_mut()?.push(reference);
        let last = seed.entries.len() - 1;
        let entries = seed.entries.iter().enumerate();
        let entries: Vec<Json> = entries
            .map(|(at, entry)| entry_of(entry, at == last, from <= to))
            .collect();
        rules.insert(name_.clone(), entries.into());
    }
    document["modes"][mode.as_str()] = json!({ "allow": "any", "rules": rules });
    if let Some((on, when)) = guard {
        let on = name(on.index(count));
        document["modes"][mode.as_str()]["guards"] =
            json!([{ "name": "guard", "on": on, "severity": "block", "when": condition_of(when) }]);
    }
    let policy = mended(&mut document, mode)?;
    let (rows, subjects) = rows(&kinds, &references, &document, subjects)?;
    let mut request = Request::batch(mode, "a", subjects).by(Actor::new("ana", "ADMIN"));
    for (_, _, name, _) in &references {
        request = request.acknowledge(format!("undated:{name}"));
    }
    Some(Case {
        document,
        policy,
        rows,
        request,
        now: now(),
    })
}

/// Mends what a random policy says wrong, fault by fault, so that most of what was drawn stays.
fn mended(document: &mut Json, mode: Mode) -> Option<DeletionPolicy> {
    for _ in 0..40 {
        match DeletionPolicy::from_json(&document.to_string()) {
            Ok(policy) => return Some(policy),
            Err(faults) => mend(document, mode, &faults)?,
        }
    }
    None
}

fn mend(document: &mut Json, mode: Mode, faults: &Faults) -> Option<()> {
    for fault in faults {
        let quoted: Vec<&str> = fault.message.split('`').skip(1).step_by(2).collect();
        let kind = quoted.last().copied().unwrap_or_default();
        let mut make = |key: &str| {
            let facts = &mut document["kinds"][kind];
            facts["personal"] = json!({ "mail": "placeholder_email", "note": { "truncate": 2 } });
            facts[key] = if key == "tombstone" {
                json!(true)
            } else {
                json!(key)
            };
        };
        if fault.message.contains("must keep referring") {
            let kind = quoted.get(1).copied()?;
            document["kinds"][kind]["tombstone"] = json!(true);
            document["kinds"][kind]["personal"] = json!({ "mail": "placeholder_email" });
        } else if fault.message.contains("needs `deleted_at`") {
            make("deleted_at");
        } else if fault.message.contains("needs `status`") {
            make("status");
        } else if fault.message.contains("needs `personal`")
            || fault.message.contains("no personal fields")
        {
            document["kinds"][kind]["personal"] = json!({ "mail": "placeholder_email" });
        } else if let Some(rest) = fault.path.strip_prefix(&format!("modes.{mode}.rules.")) {
            mend_rule(document, mode, rest, &fault.message)?;
        } else if fault.path.contains(".guards") {
            document["modes"][mode.as_str()]
                .as_object_mut()?
                .remove("guards");
        } else {
            return None;
        }
    }
    Some(())
}

fn mend_rule(document: &mut Json, mode: Mode, path: &str, message: &str) -> Option<()> {
    let name = path.split('[').next()?.trim_end_matches(".link");
    let at: usize = path
        .split('[')
        .nth(1)
        .and_then(|rest| rest.split(']').next()?.parse().ok())
        .unwrap_or(0);
    if message.contains("cannot be emptied") {
        let references = document["references"].as_array_mut()?;
        references.iter_mut().find(|one| one["from"] == name)?["nullable"] = json!(true);
        return Some(());
    }
    let entries = document["modes"][mode.as_str()]["rules"][name].as_array_mut()?;
    if message.contains("never reached") {
        entries.remove(at);
    } else {
        let entry = entries.get_mut(at)?.as_object_mut()?;
        if message.contains("in a cycle") || message.contains("parent stays") {
            entry.remove("parent");
        } else {
            let when = entry.get("when").cloned();
            entry.clear();
            entry.insert("then".into(), json!("keep"));
            entry.extend(when.map(|when| ("when".to_owned(), when)));
        }
    }
    Some(())
}

fn id_of(kind: usize, row: usize) -> RecordId {
    match kind % 3 {
        0 => RecordId::from(format!("{}{}", name(kind), row + 1)),
        1 => i64::try_from(row + 1).unwrap_or_default().into(),
        _ => uuid::Uuid::from_u128(u128::from(row as u64 + 1) << 64 | kind as u128).into(),
    }
}

#[allow(clippy::type_complexity, reason = "the parts of a case")]
fn rows(
    kinds: &[KindSeed],
    references: &[(usize, usize, String, &ReferenceSeed)],
    document: &Json,
    subjects: usize,
) -> Option<(Rows, Vec<RecordId>)> {
    let mandatory = |name: &str| {
        let declared = document["references"].as_array();
        let found = declared
            .into_iter()
            .flatten()
            .find(|one| one["from"] == name);
        found.is_some_and(|one| one["nullable"] != json!(true))
    };
    let mut found: BTreeMap<_, BTreeMap<RecordId, Record>> = BTreeMap::new();
    for (kind, seed) in kinds.iter().enumerate() {
        let facts = &document["kinds"][name(kind)];
        let mut table = BTreeMap::new();
        for (at, row) in seed.rows.iter().enumerate() {
            let is_subject = kind == 0 && at < subjects;
            let state = match row.state {
                0 => Value::from("A"),
                1 => "B".into(),
                2 if !is_subject => "C".into(),
                // An unknown state would put the subject outside `only`.
                _ if is_subject => "B".into(),
                _ => Value::Null,
            };
            let when = match row.at {
                0 => Value::from("2020-06-01T00:00:00.000Z"),
                1 => "2025-11-30T08:00:00.000Z".into(),
                2 => "2027-01-01T00:00:00.000Z".into(),
                _ => Value::Null,
            };
            let mut record = Record::new(id_of(kind, at))
                .with("state", state)
                .with("at", when)
                .with("note", "private")
                .with("mail", format!("{}{at}@example.org", name(kind)))
                .with("deleted_at", Value::Null);
            if row.marked && !is_subject && !facts["deleted_at"].is_null() {
                record = record.with("deleted_at", "2025-01-01T00:00:00.000Z");
            }
            if !facts["status"].is_null() {
                record = record.with("status", "ON");
            }
            let own = references.iter().filter(|(from, ..)| *from == kind);
            for ((_, to, reference, _), index) in own.zip(row.references.iter().cycle()) {
                let parents = kinds.get(*to)?.rows.len();
                // One more than there are rows is no row at all.
                let choices = if mandatory(reference) {
                    parents
                } else {
                    parents + 1
                };
                let parent = index.index(choices);
                let value = if parent < parents {
                    Value::from(id_of(*to, parent))
                } else {
                    Value::Null
                };
                record = record.with(reference.split('.').nth(1)?, value);
            }
            table.insert(record.id.clone(), record);
        }
        found.insert(name(kind).into(), table);
    }
    let rows = kinds.first()?.rows.len().min(subjects);
    Some((found, (0..rows).map(|row| id_of(0, row)).collect()))
}
