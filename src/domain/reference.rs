//! References between kinds.

use super::words::words;
use super::{Condition, FieldName, Kind, KindName, Lock, Record, RecordId, ReferenceName};

/// Fields of one kind that hold the key of a record of another, or of the same kind.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Reference {
    /// The name, such as `debts.client_id`. Several fields are joined by `+`: `lines.tenant_id+order_no`.
    pub name: ReferenceName,
    /// The kind that refers.
    pub from: KindName,
    /// The fields, in the order of the key that they hold.
    pub fields: Vec<FieldName>,
    /// The kind referred to.
    pub to: KindName,
    /// The fields of the kind referred to, if they are not its id. Their values must be unique.
    pub key: Option<Vec<FieldName>>,
    /// How the values on both sides are compared.
    pub compare: KeyComparison,
    /// The condition on the referring row. A row that does not meet it refers to nothing over this reference.
    pub when: Option<Condition>,
    /// Whether the fields can be null.
    pub nullable: bool,
    /// Whether the record referred to goes with the last row that refers to it over owned references.
    pub owned: bool,
    /// How the reference is protected if it has no foreign key, while a record it refers to is removed.
    pub lock: Option<Lock>,
}

words! {
    /// How a reference compares its values with the key of the record referred to.
    #[derive(Default)]
    #[non_exhaustive]
    pub enum KeyComparison: "comparison" {
        /// As a foreign key does (`"exact"`).
        #[default]
        Exact = "exact",
        /// As text, without regard to the case of the letters A to Z (`"ignore_ascii_case"`).
        IgnoreAsciiCase = "ignore_ascii_case",
    }
}

impl Reference {
    /// Makes a reference of one field to the id of a kind. The field cannot be null.
    pub(crate) fn new(name: ReferenceName, from: KindName, field: FieldName, to: KindName) -> Self {
        Self {
            name,
            from,
            fields: vec![field],
            to,
            key: None,
            compare: KeyComparison::Exact,
            when: None,
            nullable: false,
            owned: false,
            lock: None,
        }
    }

    /// Returns whether the reference holds ids, compared exactly. Each row then refers to at most one record.
    #[must_use]
    pub fn holds_id(&self) -> bool {
        self.key.is_none() && self.compare == KeyComparison::Exact
    }

    /// Returns the field, if there is exactly one.
    #[must_use]
    pub fn only_field(&self) -> Option<&FieldName> {
        match &*self.fields {
            [field] => Some(field),
            _ => None,
        }
    }
}

impl Reference {
    /// Returns the key that a row of the kind holds over this reference; `None` if a field is null. Its condition is not
    /// checked.
    ///
    /// If the reference ignores case, the letters A to Z are in lower case.
    #[must_use]
    pub fn held_by(&self, kind: &Kind, record: &Record) -> Option<RecordId> {
        KeyReader::new(kind, &self.fields, self.compare).read(record)
    }
}

/// Reads the values of some fields of a row as one id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KeyReader {
    parts: Vec<KeyPart>,
    compare: KeyComparison,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum KeyPart {
    Field(FieldName),
    /// A field of the id, by its position.
    OfId(usize),
    /// The whole id.
    Id,
}

impl KeyReader {
    pub(crate) fn new(kind: &Kind, fields: &[FieldName], compare: KeyComparison) -> Self {
        let part = |field: &FieldName| match kind.id.position(field) {
            Some(position) => KeyPart::OfId(position),
            None => KeyPart::Field(field.clone()),
        };
        let is_id = fields == kind.id.fields();
        let parts = if is_id { vec![KeyPart::Id] } else { fields.iter().map(part).collect() };
        Self { parts, compare }
    }

    /// Returns the key; `None` if a field is null or cannot be part of an id.
    pub(crate) fn read(&self, record: &Record) -> Option<RecordId> {
        let value = |part: &KeyPart| match part {
            KeyPart::Field(field) => record.get(field).as_id(),
            KeyPart::OfId(position) => record.id.parts().get(*position).cloned(),
            KeyPart::Id => Some(record.id.clone()),
        };
        let key = match &*self.parts {
            [part] => value(part)?,
            parts => RecordId::tuple(parts.iter().map(value).collect::<Option<Vec<_>>>()?),
        };
        Some(match self.compare {
            KeyComparison::Exact => key,
            KeyComparison::IgnoreAsciiCase => key.to_ascii_lowercase(),
        })
    }
}
