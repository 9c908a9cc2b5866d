//! Rules in documents: a name, an object, or a list of entries.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};

use super::{Entry, OnClash, OnSurvive, Parent, Redirect, Retention, Rule, Rules};
use crate::domain::unique_keys::unique_keys;
use crate::domain::words::words;
use crate::domain::{Condition, FieldName, Mask, ParseError, RecordId, ReferenceName, Value};

/// One entry of a rule, with exactly one of `then`, `anonymize`, `retain`, `set_default` and `reassign`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Entry", transform = super::rule_schema::one_rule))]
pub(super) struct EntryDocument {
    /// The rows to which the entry applies. Default: all rows to which no earlier entry applies.
    when: Option<Condition>,
    /// With `anonymize` or `retain`, the entry applies to rows below a parent that stays in this way. Default: to
    /// rows below removed parents.
    parent: Option<Parent>,
    /// What happens to the row: the name of a rule, such as `cascade`.
    then: Option<RuleDocument>,
    /// The reference of a row that survives its parent: `set_null`, `set_default` or `reassign`, or `tombstone` to
    /// make the parent stay, masked. Default: null if the reference is nullable.
    #[serde(alias = "link")]
    on_survive: Option<OnSurviveDocument>,
    /// The condition that the new target of a reassigned reference must meet. Default: none.
    qualifies: Option<Condition>,
    /// With `reassign` or `set_default`: what happens to a row that its new target would make equal to another row under
    /// a unique key. Default: it blocks the operation.
    on_clash: Option<OnClashDocument>,
    /// The reason for the rule. It is shown if the entry blocks an operation, and does not affect the decision.
    #[serde(rename = "because")]
    rationale: Option<String>,
    /// The row stays with these masks, by field: `{"comment": "null"}`. `"then": "anonymize"` uses the masks of the
    /// kind.
    #[serde(default, deserialize_with = "masks")]
    #[cfg_attr(feature = "schema", schemars(with = "BTreeMap<FieldName, Mask>"))]
    anonymize: Option<BTreeMap<FieldName, Mask>>,
    /// The row stays unchanged for a period: `{"for": "P6Y", "from": "issued_at", "basis": "…"}`. After that, the entries
    /// after this one decide; if none of them does, the row is deleted.
    retain: Option<Retention>,
    /// The row stays, and its reference is set to this value. `"then": "set_default"` uses the default of the field.
    #[serde(default, deserialize_with = "crate::domain::present")]
    set_default: Option<Value>,
    /// The row stays, and its reference is set to this record. `"then": "reassign"` uses the record that the request
    /// names.
    reassign: Option<TargetDocument>,
}

/// What happens to a row that would be equal to another row.
#[derive(Deserialize, Serialize)]
#[serde(
    deny_unknown_fields,
    expecting = "what happens to equal rows, such as {\"then\": \"delete\", \"unique\": [\"user_id\", \"case_id\"]}"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "OnClash"))]
pub(super) struct OnClashDocument {
    /// The row that moves is deleted. Of several such rows that are equal to each other, the first by id stays.
    then: OnClashRule,
    /// The fields of the unique key, with the fields of the reference. The database must have such a key.
    unique: Vec<FieldName>,
}

words! {
    /// What happens to the row that moves.
    pub(super) enum OnClashRule: "rule for equal rows" {
        /// It is deleted.
        Delete = "delete",
    }
}

impl From<OnClashDocument> for OnClash {
    fn from(OnClashDocument { then: OnClashRule::Delete, unique }: OnClashDocument) -> Self {
        Self::Delete { unique }
    }
}

impl From<&OnClash> for OnClashDocument {
    fn from(OnClash::Delete { unique }: &OnClash) -> Self {
        Self { then: OnClashRule::Delete, unique: unique.clone() }
    }
}

fn masks<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<BTreeMap<FieldName, Mask>>, D::Error> {
    unique_keys(deserializer).map(Some)
}

/// The record to which references are reassigned.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, expecting = "a target, such as {\"to\": 7}")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Target"))]
pub(super) struct TargetDocument {
    /// The id of the record.
    to: RecordId,
}

pub(super) const RULES: &[&str] = &[
    "cascade",
    "delete",
    "soft_delete",
    "restrict",
    "protect",
    "anonymize",
    "retain",
    "set_null",
    "set_default",
    "reassign",
    "keep",
    "leave",
];

const ON_SURVIVE: &[&str] = &["set_null", "set_default", "reassign", "tombstone"];

fn rule_named<E: de::Error>(name: &str) -> Result<Rule, E> {
    Ok(match name {
        "cascade" => Rule::Cascade,
        "delete" => Rule::Delete,
        "soft_delete" => Rule::SoftDelete,
        "restrict" => Rule::Restrict,
        "protect" => Rule::Protect,
        "anonymize" => Rule::Anonymize(BTreeMap::new()),
        "set_null" => Rule::Redirect(Redirect::SetNull),
        "set_default" => Rule::Redirect(Redirect::SetDefault(None)),
        "reassign" => Rule::Redirect(Redirect::Reassign(None)),
        "keep" => Rule::Keep,
        "leave" => Rule::Leave,
        "retain" => {
            return Err(E::custom(
                "`retain` needs a period, a start and a basis; expected \
                 {\"retain\": {\"for\": \"P6Y\", \"from\": \"issued_at\", \"basis\": \"the law and its article\"}}",
            ));
        }
        other => return Err(E::custom(ParseError::unknown("rule", other, RULES))),
    })
}

pub(super) struct RuleDocument(Rule);

impl<'de> Deserialize<'de> for RuleDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        rule_alone(deserializer.deserialize_any(EntryVisitor)?).map(Self)
    }
}

/// Returns the rule of an entry that has no other keys.
fn rule_alone<E: de::Error>(entry: Entry) -> Result<Rule, E> {
    match entry {
        Entry {
            when: None,
            parent: None,
            then,
            on_survive: None,
            qualifies: None,
            on_clash: None,
            rationale: None,
            ..
        } => Ok(then),
        _ => Err(E::custom(
            "`when`, `parent`, `on_survive`, `qualifies`, `on_clash` and `because` belong beside `then`, not inside it",
        )),
    }
}

pub(super) struct OnSurviveDocument(OnSurvive);

impl<'de> Deserialize<'de> for OnSurviveDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OnSurviveVisitor;
        impl<'de> Visitor<'de> for OnSurviveVisitor {
            type Value = OnSurvive;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`set_null`, `set_default`, `reassign` or `tombstone`, or an object such as {\"reassign\": {\"to\": 7}}")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<OnSurvive, E> {
                match name {
                    "tombstone" => Ok(OnSurvive::Tombstone),
                    "set_null" | "set_default" | "reassign" => redirect(rule_named(name)?),
                    other => Err(E::custom(ParseError::unknown("word for `on_survive`", other, ON_SURVIVE))),
                }
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<OnSurvive, M::Error> {
                redirect(rule_alone(EntryVisitor.visit_map(map)?)?)
            }
        }
        deserializer.deserialize_any(OnSurviveVisitor).map(Self)
    }
}

fn redirect<E: de::Error>(rule: Rule) -> Result<OnSurvive, E> {
    match rule {
        Rule::Redirect(redirect) => Ok(OnSurvive::Redirect(redirect)),
        _ => Err(E::custom("`on_survive` is `set_null`, `set_default`, `reassign` or `tombstone`")),
    }
}

impl EntryDocument {
    fn into_entry<E: de::Error>(self) -> Result<Entry, E> {
        let Self {
            when,
            parent,
            then,
            on_survive,
            qualifies,
            on_clash,
            rationale,
            anonymize,
            retain,
            set_default,
            reassign,
        } = self;
        let mut rules = Vec::new();
        rules.extend(then.map(|rule| rule.0));
        rules.extend(anonymize.map(Rule::Anonymize));
        rules.extend(retain.map(Rule::Retain));
        rules.extend(set_default.map(|value| Rule::Redirect(Redirect::SetDefault(Some(value)))));
        rules.extend(reassign.map(|target| Rule::Redirect(Redirect::Reassign(Some(target.to)))));
        match (rules.pop(), rules.is_empty()) {
            (Some(then), true) => {
                let on_survive = on_survive.map(|document| document.0);
                let on_clash = on_clash.map(OnClash::from);
                Ok(Entry { when, parent, on_survive, qualifies, on_clash, rationale, ..Entry::from(then) })
            }
            _ => Err(E::custom(
                "an entry needs exactly one rule: `then`, `anonymize`, `retain`, `set_default` or `reassign`",
            )),
        }
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a rule such as `cascade`, or an object such as {\"then\": \"cascade\"}")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Entry, E> {
        rule_named(name).map(Entry::from)
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Entry, M::Error> {
        EntryDocument::deserialize(de::value::MapAccessDeserializer::new(map))?.into_entry()
    }
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

/// A rule's name, an object, or a list.
struct Entries(Vec<Entry>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;
        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Vec<Entry>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a rule such as `cascade`, an object such as {\"then\": \"cascade\"}, or a list of them")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Vec<Entry>, E> {
                Ok(vec![EntryVisitor.visit_str(name)?])
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Vec<Entry>, M::Error> {
                Ok(vec![EntryVisitor.visit_map(map)?])
            }
            fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Vec<Entry>, S::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = list.next_element()? {
                    entries.push(entry);
                }
                Ok(entries)
            }
        }
        deserializer.deserialize_any(EntriesVisitor).map(Self)
    }
}

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut rules = Self::default();
        let all: BTreeMap<ReferenceName, Entries> = unique_keys(deserializer)?;
        for (name, Entries(entries)) in all {
            if name == "*" {
                rules.others = Some(entries);
            } else {
                rules.named.insert(name, entries);
            }
        }
        Ok(rules)
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(when) = &self.when {
            map.serialize_entry("when", when)?;
        }
        if let Some(parent) = &self.parent {
            map.serialize_entry("parent", parent)?;
        }
        match &self.then {
            Rule::Anonymize(masks) if !masks.is_empty() => {
                map.serialize_entry("anonymize", masks)?;
            }
            Rule::Retain(retention) => map.serialize_entry("retain", retention)?,
            Rule::Redirect(redirect) => redirect.entry("then", &mut map)?,
            rule => map.serialize_entry("then", rule.as_str())?,
        }
        match &self.on_survive {
            None => {}
            Some(OnSurvive::Tombstone) => map.serialize_entry("on_survive", "tombstone")?,
            Some(OnSurvive::Redirect(redirect)) => map.serialize_entry("on_survive", redirect)?,
        }
        if let Some(qualifies) = &self.qualifies {
            map.serialize_entry("qualifies", qualifies)?;
        }
        if let Some(on_clash) = &self.on_clash {
            map.serialize_entry("on_clash", &OnClashDocument::from(on_clash))?;
        }
        if let Some(rationale) = &self.rationale {
            map.serialize_entry("because", rationale)?;
        }
        map.end()
    }
}

impl Redirect {
    /// Writes the redirect as a key of an entry, beside its other keys: `"then": "set_null"` or `"reassign": {…}`.
    fn entry<M: SerializeMap>(&self, name_key: &str, map: &mut M) -> Result<(), M::Error> {
        match self {
            Self::SetNull => map.serialize_entry(name_key, "set_null"),
            Self::SetDefault(None) => map.serialize_entry(name_key, "set_default"),
            Self::SetDefault(Some(value)) => map.serialize_entry("set_default", value),
            Self::Reassign(None) => map.serialize_entry(name_key, "reassign"),
            Self::Reassign(Some(to)) => map.serialize_entry("reassign", &TargetDocument { to: to.clone() }),
        }
    }
}

impl Serialize for Redirect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::SetNull => serializer.serialize_str("set_null"),
            Self::SetDefault(None) => serializer.serialize_str("set_default"),
            Self::Reassign(None) => serializer.serialize_str("reassign"),
            Self::SetDefault(Some(_)) | Self::Reassign(Some(_)) => {
                let mut map = serializer.serialize_map(Some(1))?;
                self.entry("then", &mut map)?;
                map.end()
            }
        }
    }
}

impl Serialize for Rules {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let others = self.others.iter().map(|entries| ("*", Written(entries)));
        let named = self.named.iter().map(|(name, entries)| (name.as_str(), Written(entries)));
        serializer.collect_map(others.chain(named))
    }
}

/// Entries in their shortest form. A single entry is not written as a list.
struct Written<'a>(&'a [Entry]);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            [only] => only.serialize(serializer),
            entries => entries.serialize(serializer),
        }
    }
}
