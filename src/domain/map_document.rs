//! The data map in documents.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::plain_errors::PlainErrors;
use super::unique_keys::unique_keys;
use super::{
    Condition, DataMap, Excluded, Fault, FaultCode, Faults, Field, FieldName, FieldType, Kind, KindName,
    Lock, Mask, Reference, ReferenceName, StatusField, Value,
};

/// The three parts of a data map as a document spells them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a data map: an object with `kinds` and `references`")]
pub(crate) struct MapDocument {
    #[serde(default, deserialize_with = "unique_keys")]
    pub(crate) kinds: BTreeMap<KindName, KindDocument>,
    #[serde(default)]
    pub(crate) references: Vec<ReferenceDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) excluded: Vec<Excluded>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a kind: an object such as {\"id\": \"user_id\"}, or {} where nothing is to be said"
)]
pub(crate) struct KindDocument {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<FieldName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<StatusField>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<FieldName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<FieldName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<FieldName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<FieldName>,
    #[serde(default, skip_serializing_if = "is_false")]
    tombstone: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    volatile: bool,
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "only")]
    filter: Option<Condition>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_keys")]
    fields: BTreeMap<FieldName, FieldDocument>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_keys")]
    personal: BTreeMap<FieldName, Mask>,
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "key")]
    shard_key: Option<FieldName>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a reference, such as {\"from\": \"debts.client_id\", \"to\": \"clients\"}"
)]
pub(crate) struct ReferenceDocument {
    from: ReferenceName,
    to: KindName,
    #[serde(default, skip_serializing_if = "is_false")]
    nullable: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<Lock>,
}

/// What a document says of a field: its type alone, or an object.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum FieldDocument {
    Type(FieldType),
    Facts(FieldFacts),
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FieldFacts {
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    field_type: Option<FieldType>,
    #[serde(default, skip_serializing_if = "is_false")]
    nullable: bool,
    #[serde(default, skip_serializing_if = "is_false")]
    unique: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::domain::present")]
    default: Option<Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Not `untagged`: that would answer every mistake with "did not match any variant".
impl<'de> Deserialize<'de> for FieldDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TypeOrFacts;
        impl<'de> Visitor<'de> for TypeOrFacts {
            type Value = FieldDocument;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field type such as `text`, or an object such as {\"type\": \"text\", \"unique\": true}")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<FieldDocument, E> {
                FieldType::deserialize(de::value::StrDeserializer::new(text)).map(FieldDocument::Type)
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<FieldDocument, M::Error> {
                FieldFacts::deserialize(de::value::MapAccessDeserializer::new(map)).map(FieldDocument::Facts)
            }
        }
        deserializer.deserialize_any(TypeOrFacts)
    }
}

impl From<FieldDocument> for Field {
    fn from(document: FieldDocument) -> Self {
        match document {
            FieldDocument::Type(field_type) => Self { field_type: Some(field_type), ..Self::default() },
            FieldDocument::Facts(facts) => {
                let FieldFacts { field_type, nullable, unique, column, default } = facts;
                Self { field_type, nullable, unique, column, default }
            }
        }
    }
}

impl From<Field> for FieldDocument {
    fn from(field: Field) -> Self {
        let Field { field_type, nullable, unique, column, default } = field;
        match field_type {
            Some(field_type) if !nullable && !unique && column.is_none() && default.is_none() => {
                Self::Type(field_type)
            }
            _ => Self::Facts(FieldFacts { field_type, nullable, unique, column, default }),
        }
    }
}

impl KindDocument {
    fn into_kind(self, name: KindName) -> Kind {
        let Self {
            table,
            id,
            status,
            deleted_at,
            created_at,
            updated_at,
            version,
            tombstone,
            volatile,
            filter,
            fields,
            personal,
            shard_key,
        } = self;
        Kind {
            name,
            table,
            id: id.unwrap_or_else(|| "id".into()),
            status,
            deleted_at,
            created_at,
            updated_at,
            version,
            tombstone,
            volatile,
            filter,
            fields: fields.into_iter().map(|(name, field)| (name, field.into())).collect(),
            personal,
            shard_key,
        }
    }
}

impl From<Kind> for KindDocument {
    fn from(kind: Kind) -> Self {
        let Kind {
            name: _,
            table,
            id,
            status,
            deleted_at,
            created_at,
            updated_at,
            version,
            tombstone,
            volatile,
            filter,
            fields,
            personal,
            shard_key,
        } = kind;
        Self {
            table,
            id: (id != "id").then_some(id),
            status,
            deleted_at,
            created_at,
            updated_at,
            version,
            tombstone,
            volatile,
            filter,
            fields: fields.into_iter().map(|(name, field)| (name, field.into())).collect(),
            personal,
            shard_key,
        }
    }
}

impl<'de> Deserialize<'de> for DataMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = MapDocument::deserialize(PlainErrors(deserializer)).map_err(|error| error.0)?;
        document.try_into().map_err(de::Error::custom)
    }
}

impl TryFrom<MapDocument> for DataMap {
    type Error = Faults;

    fn try_from(document: MapDocument) -> Result<Self, Faults> {
        let mut faults = Faults::none();
        let kinds: Vec<Kind> = document.kinds.into_iter().map(|(name, kind)| kind.into_kind(name)).collect();
        let mut references = Vec::new();
        for ReferenceDocument { from: name, to, nullable, lock } in document.references {
            match name.split() {
                Some((from, field)) => {
                    references.push(Reference { name, from, field, to, nullable, lock });
                }
                None => faults.push(
                    Fault::new(
                        FaultCode::ReferenceName,
                        format!("references.{name}"),
                        "a reference is `kind.field`",
                    )
                    .remedy("write for example `debts.client_id`"),
                ),
            }
        }
        match Self::with_excluded(kinds, references, document.excluded) {
            Ok(map) => faults.or(map),
            Err(more) => {
                faults.extend(more.iter().cloned());
                Err(faults)
            }
        }
    }
}

impl From<DataMap> for MapDocument {
    fn from(map: DataMap) -> Self {
        Self {
            kinds: map.kinds().map(|kind| (kind.name.clone(), kind.clone().into())).collect(),
            references: map
                .references()
                .map(|reference| ReferenceDocument {
                    from: reference.name.clone(),
                    to: reference.to.clone(),
                    nullable: reference.nullable,
                    lock: reference.lock,
                })
                .collect(),
            excluded: map.excluded().to_vec(),
        }
    }
}
