//! Kinds with their fields, and references between them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::words::words;
use super::{Condition, FieldName, FieldType, KindName, Mask, ReferenceName, Value};

/// A table or collection of the host.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Kind {
    /// The name in policies, plans and errors.
    pub name: KindName,
    /// The table, if its name differs. Stores that read rows use the kind's name.
    pub table: Option<String>,
    /// The field that identifies a record. Composite ids are not supported.
    pub id: FieldName,
    /// The field that holds whether a record is ON or OFF.
    pub status: Option<StatusField>,
    /// The field that holds when the record was marked as deleted, or null.
    pub deleted_at: Option<FieldName>,
    /// The field that holds when the record was created. Set once, when the library creates it.
    pub created_at: Option<FieldName>,
    /// The field that holds when the record was last written. Every write of the library sets it.
    pub updated_at: Option<FieldName>,
    /// The version field, an integer that every write increments.
    pub version: Option<FieldName>,
    /// Whether a row may stay, masked, if surviving rows must keep referring to it.
    pub tombstone: bool,
    /// Whether rows come and go all the time (sessions, logs), so that plans do not depend on their number.
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
    /// The column, if its name differs. Stores that read rows use the field's name.
    pub column: Option<String>,
    /// The value that `set_default` writes.
    pub default: Option<Value>,
}

/// The field that holds whether a record is ON or OFF, and its two values.
///
/// In documents it is the field's name (`"status"`) or `{"field": "active", "on": true, "off": false}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "StatusDocument", into = "StatusDocument")]
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

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StatusDocument {
    Name(FieldName),
    Full { field: FieldName, on: Value, off: Value },
}

impl From<StatusDocument> for StatusField {
    fn from(document: StatusDocument) -> Self {
        match document {
            StatusDocument::Name(field) => field.into(),
            StatusDocument::Full { field, on, off } => Self { field, on, off },
        }
    }
}

impl From<StatusField> for StatusDocument {
    fn from(status: StatusField) -> Self {
        if status == StatusField::from(status.field.clone()) {
            return Self::Name(status.field);
        }
        let StatusField { field, on, off } = status;
        Self::Full { field, on, off }
    }
}

impl Kind {
    /// Makes a kind of which only the name is known. The table has the same name and the id is in `id`.
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

    /// Returns the name of the table.
    #[must_use]
    pub fn table_name(&self) -> &str {
        self.table.as_deref().unwrap_or_else(|| self.name.as_str())
    }

    /// Returns the column of a field.
    #[must_use]
    pub fn column<'a>(&'a self, field: &'a FieldName) -> &'a str {
        self.fields
            .get(field)
            .and_then(|declared| declared.column.as_deref())
            .unwrap_or_else(|| field.as_str())
    }

    /// Returns the type of a field. Instants are timestamps, a version is an integer, and undeclared fields are text.
    #[must_use]
    pub fn type_of(&self, field: &FieldName) -> FieldType {
        self.declared_type(field).unwrap_or(FieldType::Text)
    }

    /// Returns the type of a field, if it is known.
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

/// A field of one kind that holds the id of a record of another, or of the same kind.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reference {
    /// The name, such as `debts.client_id`.
    pub name: ReferenceName,
    /// The kind that refers.
    pub from: KindName,
    /// The field.
    pub field: FieldName,
    /// The kind referred to.
    pub to: KindName,
    /// Whether the field can be null.
    pub nullable: bool,
    /// What protects the reference while a record it refers to is removed, if it has no foreign key.
    pub lock: Option<Lock>,
}

words! {
    /// The protection of a reference without a foreign key while a record it refers to is removed.
    #[non_exhaustive]
    pub enum Lock: "lock" {
        /// The referring table is locked against writers while an operation removes records it may refer to
        /// (`"table"`). Writers that check the parent themselves must do so after `LOCK TABLE … IN ROW EXCLUSIVE
        /// MODE`.
        Table = "table",
        /// The host's writers call `lock_parent` in their own transaction before they refer to a record (`"writer"`).
        /// The database cannot check this.
        Writer = "writer",
    }
}
