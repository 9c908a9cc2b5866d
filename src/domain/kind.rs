//! Kinds: their fields, and the types of fields.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::words::words;
use super::{
    Condition, DeletedField, FieldName, FieldType, Identity, KindName, Mask, Record, RecordId, TableName,
    Value,
};

/// A table or collection of the host.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Kind {
    /// The name in policies, plans and errors.
    pub name: KindName,
    /// The table, if its name differs from that of the kind. Stores that read rows use the kind's name.
    pub table: Option<TableName>,
    /// The fields that identify a row.
    pub id: Identity,
    /// The field that holds whether a record is ON or OFF.
    pub status: Option<StatusField>,
    /// The field that says whether the record is marked as deleted.
    pub deleted_at: Option<DeletedField>,
    /// The field that holds when the record was created. Set once, when the library creates it.
    pub created_at: Option<FieldName>,
    /// The field that holds when the record was last written. Every write of the library sets it.
    pub updated_at: Option<FieldName>,
    /// The version field, an integer that every write increments.
    pub version: Option<FieldName>,
    /// Whether a row may stay, masked, when surviving rows must keep referring to it.
    pub tombstone: bool,
    /// Whether rows are added and removed all the time (sessions, logs). Plans do not depend on the number of these
    /// rows.
    pub volatile: bool,
    /// The records of the subject's kind that the policy may touch.
    pub filter: Option<Condition>,
    /// The declared fields.
    pub fields: BTreeMap<FieldName, Field>,
    /// The personal fields and their masks.
    pub personal: BTreeMap<FieldName, Mask>,
    /// The field that holds the subject's id on every row of this kind, if there is one.
    pub shard_key: Option<FieldName>,
}

/// The declaration of a field.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Field {
    /// The type; `None` if neither the map nor a condition of the policy gives it.
    pub field_type: Option<FieldType>,
    /// Whether it can be null. For a reference, this is declared with the reference.
    pub nullable: bool,
    /// Whether its values are unique.
    pub unique: bool,
    /// The column, if its name differs from that of the field. Stores that read rows use the field's name.
    pub column: Option<String>,
    /// The value that `set_default` writes.
    pub default: Option<Value>,
}

/// The field that holds whether a record is ON or OFF, and its two values.
///
/// In documents it is the field's name (`"status"`) or `{"field": "active", "on": true, "off": false}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "StatusDocument", into = "StatusDocument")]
#[non_exhaustive]
pub struct StatusField {
    /// The field.
    pub field: FieldName,
    /// The value of an active record, by default `ON`.
    pub on: Value,
    /// The value of an inactive record, by default `OFF`.
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

/// Not `untagged`, because every error would then read "did not match any variant".
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
    /// Returns whether every write sets the field.
    pub(crate) fn is_touched(&self, field: &FieldName) -> bool {
        [&self.updated_at, &self.version].into_iter().flatten().any(|touched| touched == field)
    }

    /// Makes a kind from its name alone: the table has the same name, and the id is in `id`.
    #[must_use]
    pub fn named(name: impl Into<KindName>) -> Self {
        Self {
            name: name.into(),
            table: None,
            id: Identity::default(),
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

    /// Returns the name of the table. If none is declared, the kind's name is read as the name of a table.
    #[must_use]
    pub fn table_name(&self) -> Cow<'_, TableName> {
        if let Some(table) = &self.table {
            return Cow::Borrowed(table);
        }
        let read = TableName::from(self.name.as_str());
        let unread = || TableName::new(self.name.as_str());
        Cow::Owned(if read.has_empty_part() { unread() } else { read })
    }

    /// Returns the column of a field.
    #[must_use]
    pub fn column<'a>(&'a self, field: &'a FieldName) -> &'a str {
        self.fields
            .get(field)
            .and_then(|declared| declared.column.as_deref())
            .unwrap_or_else(|| field.as_str())
    }

    /// Returns the value of a field of a row. A field that identifies the row is read from its id.
    #[must_use]
    pub fn value_of<'r>(&self, record: &'r Record, field: &FieldName) -> Cow<'r, Value> {
        let part = self.id.position(field).map(|position| record.id.parts().get(position));
        match part {
            Some(part) => Cow::Owned(part.map(Value::from).unwrap_or_default()),
            None => Cow::Borrowed(record.get(field)),
        }
    }

    /// Returns the id of a row; `None` if rows of the kind have no id. A backend may then use internal ids, which mean
    /// nothing to people.
    pub(crate) fn id_of<'r>(&self, record: &'r Record) -> Option<&'r RecordId> {
        (!self.id.is_none()).then_some(&record.id)
    }

    /// Returns the type of a field. Instants are timestamps, a version is an integer, and undeclared fields are text. A
    /// deleted mark has the type of its live value.
    #[must_use]
    pub fn type_of(&self, field: &FieldName) -> FieldType {
        self.declared_type(field).unwrap_or(FieldType::Text)
    }

    /// Returns the type of a field that is read as an instant.
    pub(crate) fn time_type_of(&self, field: &FieldName) -> FieldType {
        let declared = self.type_of(field);
        if declared.is_time() { declared } else { FieldType::Timestamp }
    }

    /// Converts a new instant to the form in which a field of its type holds it.
    pub(crate) fn convert_unit(&self, field: &FieldName, value: &mut Value) {
        if let Value::Timestamp(at) = value {
            *value = self.type_of(field).instant(*at);
        }
    }

    /// Returns the type of a field, if it is known.
    #[must_use]
    pub fn declared_type(&self, field: &FieldName) -> Option<FieldType> {
        let declared = self.fields.get(field).and_then(|field| field.field_type);
        let by_role = || {
            let deleted = self.deleted_at.as_ref().filter(|deleted| deleted.field == *field);
            let is_instant = [&self.created_at, &self.updated_at].into_iter().flatten().any(|at| at == field);
            let maintained = is_instant.then_some(FieldType::Timestamp);
            let version = (self.version.as_ref() == Some(field)).then_some(FieldType::Integer);
            deleted.map(DeletedField::default_type).or(maintained).or(version)
        };
        declared.or_else(by_role)
    }
}

words! {
    /// How a reference without a foreign key is protected while a record it refers to is removed.
    #[non_exhaustive]
    pub enum Lock: "lock" {
        /// The referring table is locked against writers while an operation removes records that its rows may refer
        /// to (`"table"`). A writer that checks by itself whether the parent exists must check it after `LOCK TABLE …
        /// IN ROW EXCLUSIVE MODE`.
        Table = "table",
        /// The host's writers call `lock_parent` in their own transaction before they refer to a record (`"writer"`).
        /// The database cannot check this.
        Writer = "writer",
    }
}
