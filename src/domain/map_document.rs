//! The data map in documents.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

use super::names::Names;
use super::plain_errors::PlainErrors;
use super::unique_keys::unique_keys;
use super::{
    Condition, DataMap, DeletedField, Excluded, Fault, FaultCode, Faults, Field, FieldName, FieldType,
    Identity, KeyComparison, Kind, KindName, Lock, Mask, Reference, ReferenceName, StatusField, TableName,
    Undecided, Value,
};

/// The three parts of a data map in a document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a data map: an object with `kinds` and `references`")]
pub(crate) struct MapDocument {
    #[serde(default, deserialize_with = "unique_keys")]
    pub(crate) kinds: BTreeMap<KindName, KindDocument>,
    #[serde(default)]
    pub(crate) references: Vec<ReferenceDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) excluded: Vec<Excluded>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) undecided: Vec<Undecided>,
}

/// The declaration of a kind. Every key may be left out.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a kind: an object such as {\"id\": \"user_id\"}, or {} if there is nothing to declare"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "Kind", transform = super::schema::old_keys_of_kinds))]
pub(crate) struct KindDocument {
    /// The table of the kind: `"clients"`, `"crm.clients"` for a table in the schema `crm`, or `{"schema": "crm",
    /// "table": "clients"}`. Default: the name of the kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    table: Option<TableName>,
    /// What identifies a row: the name of a field, a list of names (`["order_id", "line"]`), or `[]` for a table without
    /// a key. Default: `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<Identity>,
    /// The field that holds whether a record is active: `"status"` for a field with the values `ON` and `OFF`, or
    /// `{"field": "active", "on": true, "off": false}`. The modes `deactivate` and `reactivate` need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<StatusField>,
    /// The field that says whether a record is marked as deleted: `"deleted_at"` for an instant that is null on live
    /// records, or `{"field": "removed", "live": false}` with another value on live records. The mode and the rule
    /// `soft_delete` need it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deleted_at: Option<DeletedField>,
    /// The field with the instant at which a record was created. The library sets it when it creates a record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    created_at: Option<FieldName>,
    /// The field with the instant of the last write. Every write of the library sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    updated_at: Option<FieldName>,
    /// The integer field that counts writes. Every write of the library adds one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<FieldName>,
    /// Whether a row may stay, masked, when surviving rows must keep referring to it. Needs `personal`. Default:
    /// `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    tombstone: bool,
    /// Whether rows are added and removed all the time, like sessions and logs. Plans do not depend on the number of
    /// these rows. Default: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    volatile: bool,
    /// The rows of the table that are records of this kind, such as `{"field": "role", "eq": "USER"}`. Default: all rows.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "only")]
    filter: Option<Condition>,
    /// The declared fields, by name: a type such as `"timestamp"`, or an object. A field in a condition or a mask
    /// need not be declared if its type follows from there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_keys")]
    fields: BTreeMap<FieldName, FieldDocument>,
    /// The personal fields, each with the mask that replaces its value: `{"email": "placeholder_email"}`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "unique_keys")]
    personal: BTreeMap<FieldName, Mask>,
    /// The field that holds the subject's id on every row of the kind, such as the distribution column of a sharded
    /// table. The check of a database does not report it as an undeclared reference.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "key")]
    shard_key: Option<FieldName>,
}

/// Fields of one kind that hold the key of a record of another, or of the same kind.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a reference, such as {\"from\": \"debts.client_id\", \"to\": \"clients\"}"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Reference"))]
pub(crate) struct ReferenceDocument {
    /// The name of the reference. Default: the kind and its fields, such as `debts.client_id` or
    /// `lines.tenant_id+order_no`. References over the same fields need names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<ReferenceName>,
    /// The kind and the field that refer: `debts.client_id`; or several fields of one kind, in the order of the key that
    /// they hold: `["lines.tenant_id", "lines.order_no"]`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::names::fields"))]
    from: Names,
    /// The kind whose ids the fields hold: `clients`; or the unique fields whose values they hold: `clients.uid`.
    to: Names,
    /// How the values on both sides are compared. Default: exactly.
    #[serde(default, skip_serializing_if = "is_exact")]
    compare: KeyComparison,
    /// Whether the field holds a list of ids: an array of a database, or a JSON array. The row then refers to the record of
    /// each element. Default: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    each: bool,
    /// A condition on the row that refers, such as `{"field": "owner_type", "eq": "Client"}`. A row that does not meet it
    /// refers to nothing over this reference. Default: every row refers.
    #[serde(default, rename = "if", skip_serializing_if = "Option::is_none")]
    when: Option<Condition>,
    /// Whether the fields can be null. Default: `false`. Of several fields, declare under `fields` of the kind which ones.
    #[serde(default, skip_serializing_if = "is_false")]
    nullable: bool,
    /// Whether the record belongs to the rows that refer to it: it goes with the last of them. Default: `false`.
    #[serde(default, skip_serializing_if = "is_false")]
    owned: bool,
    /// How the reference is protected if the database has no foreign key for it. Default: not at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lock: Option<Lock>,
}

/// A field in a document: its type alone, or an object.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum FieldDocument {
    Type(FieldType),
    Facts(FieldFacts),
}

/// The declaration of a field.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Field"))]
pub(crate) struct FieldFacts {
    /// The type of its values. Default: the type that the policy's conditions and masks imply, otherwise `text`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    field_type: Option<FieldType>,
    /// Whether the field can be null. Default: `false`. For a reference of one field, set `nullable` of the reference
    /// instead; of a reference of several fields, `set_null` empties those that are nullable here.
    #[serde(default, skip_serializing_if = "is_false")]
    nullable: bool,
    /// Whether no two rows may have the same value. Default: `false`. The mask of a unique field must keep values
    /// distinct.
    #[serde(default, skip_serializing_if = "is_false")]
    unique: bool,
    /// The column of the field. Default: the name of the field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// The value that the rule `set_default` writes. Default: none. Without it, the rule must give a value.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::domain::present")]
    default: Option<Value>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_exact(compare: &KeyComparison) -> bool {
    *compare == KeyComparison::Exact
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature that serde requires")]
fn is_false(value: &bool) -> bool {
    !value
}

/// Not `untagged`, because every error would then read "did not match any variant".
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
            id: id.unwrap_or_default(),
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
            id: (id != Identity::default()).then_some(id),
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

impl ReferenceDocument {
    /// Reads the reference. `kinds` are the declared kinds, because the name of a kind may contain a dot.
    fn into_reference(self, kinds: &BTreeSet<KindName>) -> Result<Reference, Fault> {
        let Self { name, from, to, compare, each, when, nullable, owned, lock } = self;
        let path =
            format!("references.{}", name.as_ref().map_or_else(|| from.0.join("+"), ToString::to_string));
        let Some((kind, fields)) = from.fields_of_one_kind() else {
            return Err(Fault::new(FaultCode::ReferenceName, path, "a reference must be `kind.field`")
                .remedy("for example `debts.client_id`, or a list of fields of one kind"));
        };
        let (to, key) = match &*to.0 {
            [kind] if kinds.contains(kind.as_str()) || !kind.contains('.') => (kind.as_str(), None),
            _ => {
                let Some((kind, fields)) = to.fields_of_one_kind() else {
                    let message = "a reference must lead to a kind, or to fields of one kind";
                    return Err(Fault::new(FaultCode::ReferenceName, path, message)
                        .remedy("for example `clients`, or `clients.uid`"));
                };
                (kind, Some(fields.into_iter().map(FieldName::from).collect()))
            }
        };
        let name = name.unwrap_or_else(|| format!("{kind}.{}", fields.join("+")).into());
        let fields = fields.into_iter().map(FieldName::from).collect();
        Ok(Reference {
            name,
            from: kind.into(),
            fields,
            to: to.into(),
            key,
            compare,
            each,
            when,
            nullable,
            owned,
            lock,
            undeclared: None,
        })
    }
}

impl From<Reference> for ReferenceDocument {
    fn from(reference: Reference) -> Self {
        let Reference {
            name,
            from,
            fields,
            to,
            key,
            compare,
            each,
            when,
            nullable,
            owned,
            lock,
            undeclared: _,
        } = reference;
        let names = |kind: &KindName, fields: &[FieldName]| {
            Names(fields.iter().map(|field| format!("{kind}.{field}")).collect())
        };
        let default = fields.iter().map(FieldName::as_str).collect::<Vec<_>>().join("+");
        Self {
            name: (name != *format!("{from}.{default}")).then_some(name),
            to: key.map_or_else(|| Names(vec![to.to_string()]), |key| names(&to, &key)),
            from: names(&from, &fields),
            compare,
            each,
            when,
            nullable,
            owned,
            lock,
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
        let names: BTreeSet<KindName> = kinds.iter().map(|kind| kind.name.clone()).collect();
        for reference in document.references {
            match reference.into_reference(&names) {
                Ok(reference) => references.push(reference),
                Err(fault) => faults.push(fault),
            }
        }
        let map = Self::with_excluded(kinds, references, document.excluded);
        match map.and_then(|map| map.with_undecided(document.undecided)) {
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
                .filter(|reference| reference.is_declared())
                .map(|reference| reference.clone().into())
                .collect(),
            excluded: map.excluded().to_vec(),
            undecided: map.undecided().to_vec(),
        }
    }
}
