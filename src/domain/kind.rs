//! Kinds: what the crate knows of a table or collection.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::{Condition, FieldName, FieldType, KindName, Mask, Value};

/// A table or collection of the host.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Kind {
    /// Its name in policies, plans and errors.
    pub name: KindName,
    /// Its table, if that is called differently. Stores that work by rows go by the name.
    pub table: Option<String>,
    /// The field that identifies a record. Composite ids are not supported.
    pub id: FieldName,
    /// The field that says whether a record is ON or OFF.
    pub status: Option<StatusField>,
    /// The field that says since when a record counts as deleted; null while it does not.
    pub deleted_at: Option<FieldName>,
    /// The field that says since when a record is there. Written once, when the library creates it.
    pub created_at: Option<FieldName>,
    /// The field that says when a record was written last. Every write of the library sets it.
    pub updated_at: Option<FieldName>,
    /// The field that counts how often a record was written: an integer, one more with every write.
    pub version: Option<FieldName>,
    /// Whether a row that has to stay, because others must keep referring to it, may stay masked.
    pub tombstone: bool,
    /// Whether rows come and go all the time (sessions, logs), so that their number binds no plan.
    pub volatile: bool,
    /// Which records of the subject's kind the policy may touch at all.
    pub filter: Option<Condition>,
    /// What is declared of the fields.
    pub fields: BTreeMap<FieldName, Field>,
    /// The personal fields and what takes their place.
    pub personal: BTreeMap<FieldName, Mask>,
    /// The field that carries the subject's id on every row of this kind, where there is one.
    pub shard_key: Option<FieldName>,
}

/// What is declared of a field.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Field {
    /// Its type; `None` where neither the map nor a condition of the policy says it.
    pub field_type: Option<FieldType>,
    /// Whether it can be null. Said of a reference where the reference is declared.
    pub nullable: bool,
    /// Whether no two rows may have the same value.
    pub unique: bool,
    /// Its column, if that is called differently. Stores that work by rows go by the field's name.
    pub column: Option<String>,
    /// What `set_default` writes.
    pub default: Option<Value>,
}

/// The field that says whether a record is ON or OFF, and the two values it takes.
///
/// In documents the field's name alone (`"status"`), or `{"field": "active", "on": true, "off": false}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "StatusDocument", into = "StatusDocument")]
#[non_exhaustive]
pub struct StatusField {
    /// The field.
    pub field: FieldName,
    /// The value of an active record, `ON` unless said otherwise.
    pub on: Value,
    /// The value of an inactive record, `OFF` unless said otherwise.
    pub off: Value,
}

impl<T: Into<FieldName>> From<T> for StatusField {
    fn from(field: T) -> Self {
        Self { field: field.into(), on: "ON".into(), off: "OFF".into() }
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum StatusDocument {
    Name(FieldName),
    Full(FullStatus),
}

/// A status with its two values.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "FullStatus"))]
pub(super) struct FullStatus {
    /// The field that holds the status.
    field: FieldName,
    /// The value of an active record.
    on: Value,
    /// The value of an inactive record.
    off: Value,
}

/// Not `untagged`: that would answer every mistake with "did not match any variant".
impl<'de> Deserialize<'de> for StatusDocument {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrFull;
        impl<'de> Visitor<'de> for NameOrFull {
            type Value = StatusDocument;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a field, or {\"field\": \"active\", \"on\": true, \"off\": false}")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<StatusDocument, E> {
                Ok(StatusDocument::Name(name.into()))
            }
            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<StatusDocument, M::Error> {
                FullStatus::deserialize(de::value::MapAccessDeserializer::new(map)).map(StatusDocument::Full)
            }
        }
        deserializer.deserialize_any(NameOrFull)
    }
}

impl From<StatusDocument> for StatusField {
    fn from(document: StatusDocument) -> Self {
        match document {
            StatusDocument::Name(field) => field.into(),
            StatusDocument::Full(FullStatus { field, on, off }) => Self { field, on, off },
        }
    }
}

impl From<StatusField> for StatusDocument {
    fn from(status: StatusField) -> Self {
        if status == StatusField::from(status.field.clone()) {
            return Self::Name(status.field);
        }
        let StatusField { field, on, off } = status;
        Self::Full(FullStatus { field, on, off })
    }
}

impl Kind {
    /// A kind of which only the name is known: table of the same name, id in `id`.
    #[must_use]
    pub fn named(name: impl Into<KindName>) -> Self {
        Self {
            name: name.into(),
            table: None,
            id: "id".into(),
            status: None,
            deleted_at: None,
            created_at: None,
            updated_at: None,
            version: None,
            tombstone: false,
            volatile: false,
            filter: None,
            fields: BTreeMap::new(),
            personal: BTreeMap::new(),
            shard_key: None,
        }
    }

    /// The table's name.
    #[must_use]
    pub fn table_name(&self) -> &str {
        self.table.as_deref().unwrap_or_else(|| self.name.as_str())
    }

    /// The column of a field.
    #[must_use]
    pub fn column<'a>(&'a self, field: &'a FieldName) -> &'a str {
        self.fields
            .get(field)
            .and_then(|declared| declared.column.as_deref())
            .unwrap_or_else(|| field.as_str())
    }

    /// The type of a field: instants are timestamps, a version is an integer, and what nobody declared is text.
    #[must_use]
    pub fn type_of(&self, field: &FieldName) -> FieldType {
        self.declared_type(field).unwrap_or(FieldType::Text)
    }

    /// The type of a field, where it is known.
    #[must_use]
    pub fn declared_type(&self, field: &FieldName) -> Option<FieldType> {
        let declared = self.fields.get(field).and_then(|field| field.field_type);
        let instants = [&self.deleted_at, &self.created_at, &self.updated_at];
        let by_role = if instants.into_iter().flatten().any(|instant| instant == field) {
            Some(FieldType::Timestamp)
        } else {
            (self.version.as_ref() == Some(field)).then_some(FieldType::Integer)
        };
        declared.or(by_role)
    }
}
