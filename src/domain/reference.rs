//! References between kinds.

use super::id_list::ids_in_list;
use super::words::words;
use super::{
    BadIdList, Condition, FieldName, ForeignKeyRule, Kind, KindName, Lock, OnDelete, Record, RecordId,
    ReferenceName,
};

/// Fields of one kind that hold the key of a record of another, or of the same kind; or a field that holds a list of
/// such keys.
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
    /// Whether the field holds a list of keys. The row then refers to the record of each element.
    pub each: bool,
    /// The condition on the referring row. A row that does not meet it refers to nothing over this reference.
    pub when: Option<Condition>,
    /// Whether the fields can be null.
    pub nullable: bool,
    /// Whether the record referred to goes with the last row that refers to it over owned references.
    pub owned: bool,
    /// How the reference is protected if it has no foreign key, while a record it refers to is removed.
    pub lock: Option<Lock>,
    /// What the database does over this reference by itself, if only a foreign key of the database says that the
    /// reference exists. `None` for references that the data map declares.
    pub undeclared: Option<ForeignKeyRule>,
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

impl KeyComparison {
    /// Returns a key in the form in which it is compared.
    pub(crate) fn fold(self, key: RecordId) -> RecordId {
        match self {
            Self::Exact => key,
            Self::IgnoreAsciiCase => key.to_ascii_lowercase(),
        }
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
            each: false,
            when: None,
            nullable: false,
            owned: false,
            lock: None,
            undeclared: None,
        }
    }

    /// Returns whether the reference holds ids, compared exactly. Each value then belongs to at most one record.
    #[must_use]
    pub fn holds_id(&self) -> bool {
        self.key.is_none() && self.compare == KeyComparison::Exact
    }

    /// Returns whether each row refers to at most one record.
    #[must_use]
    pub(crate) fn has_one_target(&self) -> bool {
        self.holds_id() && !self.each
    }

    /// Returns whether the data map declares the reference.
    #[must_use]
    pub fn is_declared(&self) -> bool {
        self.undeclared.is_none()
    }

    /// Returns whether the removal of a record may remove the rows that refer to it. A foreign key that is not declared
    /// removes them only with ON DELETE CASCADE.
    pub(crate) fn may_remove(&self) -> bool {
        self.undeclared.as_ref().is_none_or(|rule| rule.on_delete == OnDelete::Cascade)
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
    /// Returns the keys that a row of the kind holds over this reference: at most one, or each element of a list, in
    /// order and without duplicates. Its condition is not checked.
    ///
    /// If the reference ignores case, the letters A to Z are in lower case.
    ///
    /// ```
    /// use client_lifecycle::domain::{DataMap, Record};
    /// let map: DataMap = serde_json::from_str(r#"{
    ///     "kinds": { "users": {}, "threads": {} },
    ///     "references": [ { "from": "threads.member_ids", "to": "users", "each": true } ]
    /// }"#)?;
    /// let (Some(reference), Some(threads)) = (map.references().next(), map.kind(&"threads".into())) else { panic!() };
    /// let thread = |members| Record::new(1).with("member_ids", members);
    /// let held = reference.held_by(threads, &thread(serde_json::json!([7, 3, 7])))?;
    /// assert_eq!(held, [3.into(), 7.into()]);
    /// assert!(reference.held_by(threads, &thread("7,3".into())).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`BadIdList`] if the field should hold a list of ids, but holds something else.
    pub fn held_by(&self, kind: &Kind, record: &Record) -> Result<Vec<RecordId>, BadIdList> {
        KeyReader::held(kind, self).read_all(record)
    }
}

/// Reads the values of some fields of a row as one id, or the value of a field as a list of ids.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct KeyReader {
    parts: Vec<KeyPart>,
    compare: KeyComparison,
    /// The field, if it holds a list.
    list: Option<FieldName>,
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
        Self { parts, compare, list: None }
    }

    /// Reads the keys that a referring row holds.
    pub(crate) fn held(kind: &Kind, reference: &Reference) -> Self {
        let list = reference.only_field().filter(|_| reference.each).cloned();
        Self { list, ..Self::new(kind, &reference.fields, reference.compare) }
    }

    /// Returns the field, if it holds a list.
    pub(crate) fn list(&self) -> Option<&FieldName> {
        self.list.as_ref()
    }

    /// Returns the keys, in order and without duplicates: at most one, unless the field holds a list.
    pub(crate) fn read_all(&self, record: &Record) -> Result<Vec<RecordId>, BadIdList> {
        let Some(field) = &self.list else { return Ok(self.read(record).into_iter().collect()) };
        let ids = ids_in_list(record.get(field)).ok_or_else(|| BadIdList { field: field.clone() })?;
        let mut ids: Vec<RecordId> = ids.into_iter().map(|id| self.compare.fold(id)).collect();
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
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
        Some(self.compare.fold(key))
    }
}
