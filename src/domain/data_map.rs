//! The data map: kinds, references, and deliberate exclusions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::map_document::MapDocument;
use super::named::{ClashKey, NamedValue, UsedMask};
use super::reference_checks::check_references;
use super::{
    Fault, FaultCode, Faults, FieldName, FieldType, KeyReader, KeysByTable, Kind, KindName, Mask, Reference,
    ReferenceName, TableName, UndeclaredReferences,
};

/// The kinds, the references between them, and their fields.
///
/// Several policies can share one map. It can also be read from a document:
///
/// ```
/// use client_lifecycle::domain::DataMap;
/// let map: DataMap = serde_json::from_str(r#"{
///     "kinds": { "clients": { "id": "user_id" }, "debts": { "fields": { "status": "text" } } },
///     "references": [ { "from": "debts.client_id", "to": "clients" } ]
/// }"#)?;
/// assert_eq!(map.kinds().count(), 2);
/// assert_eq!(map.references_to(&"clients".into()).count(), 1);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(into = "MapDocument")]
pub struct DataMap {
    kinds: BTreeMap<KindName, Kind>,
    references: BTreeMap<ReferenceName, Reference>,
    excluded: Vec<Excluded>,
    /// The kind of the subjects, in the map that a store checks. Its rows outside the filter block an operation.
    #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have foreign keys"))]
    subject: Option<KindName>,
    /// The values that a policy names, in the map that a store checks.
    pub(super) named_values: Vec<NamedValue>,
    /// The unique keys that a policy names, in the map that a store checks.
    pub(super) clash_keys: Vec<ClashKey>,
    /// The masks of a policy, in the map that a store checks.
    pub(super) used_masks: Vec<UsedMask>,
    /// The foreign keys that the store had when their references were added to the map; `None` if none were read.
    keys: Option<Arc<KeysByTable>>,
}

/// A table or a reference that is deliberately left out of the map.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "what is left out, such as {\"table\": \"logs\", \"because\": \"no person is named there\"}"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Excluded {
    /// The table that is left out, by its name in the database: `"logs"`, `"crm.logs"`, or `{"schema": "crm", "table":
    /// "logs"}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<TableName>,
    /// The reference that is left out, such as `visits.client_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<ReferenceName>,
    /// The reason.
    #[serde(rename = "because")]
    pub(crate) rationale: String,
}

impl DataMap {
    /// Makes a map of these kinds and references.
    ///
    /// # Errors
    /// All faults at once: duplicate names, references to unknown kinds, fields with conflicting roles.
    pub fn new(
        kinds: impl IntoIterator<Item = Kind>,
        references: impl IntoIterator<Item = Reference>,
    ) -> Result<Self, Faults> {
        Self::with_excluded(kinds, references, Vec::new())
    }

    /// Makes a map as [`new`](Self::new) does, with the tables and references that are left out on purpose.
    pub(crate) fn with_excluded(
        kinds: impl IntoIterator<Item = Kind>,
        references: impl IntoIterator<Item = Reference>,
        excluded: Vec<Excluded>,
    ) -> Result<Self, Faults> {
        let mut map = Self {
            kinds: BTreeMap::new(),
            references: BTreeMap::new(),
            excluded,
            subject: None,
            named_values: Vec::new(),
            clash_keys: Vec::new(),
            used_masks: Vec::new(),
            keys: None,
        };
        let mut faults = Faults::none();
        for (position, one) in map.excluded.iter().enumerate() {
            let table = one.table.as_ref();
            faults.extend(table.and_then(|table| empty_part(&format!("excluded[{position}]"), table)));
        }
        for kind in kinds {
            let path = format!("kinds.{}", kind.name);
            if kind.name.as_str().is_empty() {
                faults.push(
                    Fault::new(FaultCode::MissingName, "kinds", "a kind needs a name")
                        .remedy("use the name of its table"),
                );
            }
            check_kind(&path, &kind, &mut faults);
            if map.kinds.insert(kind.name.clone(), kind).is_some() {
                faults
                    .push(Fault::new(FaultCode::Duplicate, path, "the kind is declared twice").remedy(
                        "give each kind its own name, and set `table` if its table has another name",
                    ));
            }
        }
        for mut reference in references {
            let path = format!("references.{}", reference.name);
            // A key that lists the fields of the id is the id, so it is dropped.
            let id = map.kinds.get(&reference.to).map(|kind| kind.id.fields());
            reference.key.take_if(|key| Some(&**key) == id);
            if map.references.insert(reference.name.clone(), reference).is_some() {
                faults.push(
                    Fault::new(FaultCode::Duplicate, path, "the reference is declared twice").remedy(
                        "give one of them another `name`, and both an `if` if they have the same fields",
                    ),
                );
            }
        }
        check_references(&map, &mut faults);
        map.declare_lists();
        faults.or(map)
    }

    /// Gives every field that holds a list of ids the type `json`, so that no condition compares it with a value.
    fn declare_lists(&mut self) {
        let lists = self.references.values().filter(|reference| reference.each);
        let lists: Vec<(KindName, FieldName)> = lists
            .filter_map(|reference| Some((reference.from.clone(), reference.only_field()?.clone())))
            .collect();
        for (kind, field) in lists {
            self.infer_type(&kind, &field, FieldType::Json);
        }
    }

    /// Returns the kinds, by name.
    #[must_use]
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &Kind> {
        self.kinds.values()
    }

    /// Returns a kind.
    #[must_use]
    pub fn kind(&self, name: &KindName) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// Returns the references, by name.
    #[must_use]
    pub fn references(&self) -> impl ExactSizeIterator<Item = &Reference> {
        self.references.values()
    }

    /// Returns a reference.
    #[must_use]
    pub fn reference(&self, name: &ReferenceName) -> Option<&Reference> {
        self.references.get(name)
    }

    /// Returns the references to a kind, by name.
    pub fn references_to<'a>(&'a self, kind: &'a KindName) -> impl Iterator<Item = &'a Reference> {
        self.references.values().filter(move |reference| reference.to == *kind)
    }

    /// Returns the references from a kind, by name.
    pub fn references_from<'a>(&'a self, kind: &'a KindName) -> impl Iterator<Item = &'a Reference> {
        self.references.values().filter(move |reference| reference.from == *kind)
    }

    /// Sets the kind of the subjects, for the check of a store.
    pub(crate) fn set_subject(&mut self, subject: KindName) {
        self.subject = Some(subject);
    }

    /// Returns whether rows of a kind that its filter excludes stay untouched, although they refer to a removed row.
    #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have foreign keys"))]
    pub(crate) fn leaves_rows_outside(&self, kind: &Kind) -> bool {
        kind.filter.is_some() && self.subject.as_ref() != Some(&kind.name)
    }

    /// Returns the map with references that foreign keys add to it, and the kinds that these need. `chosen` says which
    /// references are added.
    pub(crate) fn with_undeclared(
        &self,
        found: &UndeclaredReferences,
        chosen: &BTreeSet<&ReferenceName>,
    ) -> Self {
        let mut map = self.clone();
        map.keys.clone_from(&found.keys);
        for reference in found.references.iter().filter(|reference| chosen.contains(&reference.name)) {
            for kind in
                found.kinds.iter().filter(|kind| [&reference.from, &reference.to].contains(&&kind.name))
            {
                map.kinds.entry(kind.name.clone()).or_insert_with(|| kind.clone());
            }
            map.references.insert(reference.name.clone(), reference.clone());
        }
        for (kind, field, column) in &found.columns {
            let kind = map.kinds.get_mut(kind).filter(|kind| !kind.fields.contains_key(field));
            if let Some(kind) = kind {
                kind.fields.entry(field.clone()).or_default().column = Some(column.clone());
            }
        }
        map
    }

    /// Adds a reference without any check.
    pub(crate) fn add_reference(&mut self, reference: Reference) {
        self.references.insert(reference.name.clone(), reference);
    }

    /// Adds what another map has and this one does not: the references of its foreign keys.
    pub(crate) fn add_undeclared(&mut self, other: &Self) {
        let rule = |reference: &Reference| reference.undeclared.as_ref().is_some_and(|rule| !rule.is_copy);
        for reference in other.references().filter(|reference| rule(reference)) {
            self.references.entry(reference.name.clone()).or_insert_with(|| reference.clone());
        }
        for kind in other.kinds() {
            self.kinds.entry(kind.name.clone()).or_insert_with(|| kind.clone());
        }
    }

    /// Returns the foreign keys that the store had when their references were added to the map.
    #[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only databases have foreign keys"))]
    pub(crate) fn keys(&self) -> Option<&Arc<KeysByTable>> {
        self.keys.as_ref()
    }

    /// Returns the tables and references that are left out on purpose.
    pub(crate) fn excluded(&self) -> &[Excluded] {
        &self.excluded
    }

    /// Returns every field of a kind that the map mentions: id, references, status, maintained, declared and personal
    /// fields. Fields that only a foreign key mentions are left out.
    pub fn fields_of<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a FieldName> {
        let own = [kind.status.as_ref().map(|s| &s.field), kind.deleted_at.as_ref().map(|d| &d.field)];
        let kept = [&kind.created_at, &kind.updated_at, &kind.version].into_iter().flatten();
        let mut fields: Vec<&FieldName> = own.into_iter().flatten().chain(kept).collect();
        fields.extend(kind.id.fields());
        let declared = self.references_from(&kind.name).filter(|reference| reference.is_declared());
        fields.extend(declared.flat_map(|reference| &reference.fields));
        fields.extend(self.keys_of(&kind.name));
        fields.extend(kind.fields.keys().chain(kind.personal.keys()).chain(&kind.shard_key));
        fields.sort();
        fields.dedup();
        fields.into_iter()
    }

    /// Returns the fields that identify the rows to which a reference leads: its key or, by default, the id.
    #[must_use]
    pub fn key_of<'a>(&'a self, reference: &'a Reference) -> &'a [FieldName] {
        let to = || self.kind(&reference.to).map_or(&[][..], |kind| kind.id.fields());
        reference.key.as_deref().unwrap_or_else(to)
    }

    /// Returns the reader of keys for the rows to which a reference leads.
    pub(crate) fn target_key(&self, reference: &Reference) -> Option<KeyReader> {
        let to = self.kind(&reference.to)?;
        Some(KeyReader::new(to, self.key_of(reference), reference.compare))
    }

    /// Returns the reader of keys for the rows that refer.
    pub(crate) fn held_key(&self, reference: &Reference) -> Option<KeyReader> {
        let from = self.kind(&reference.from)?;
        Some(KeyReader::held(from, reference))
    }

    /// Returns the fields of a kind, other than its id, whose values references hold.
    fn keys_of<'a>(&'a self, kind: &'a KindName) -> impl Iterator<Item = &'a FieldName> {
        let declared = self.references_to(kind).filter(|reference| reference.is_declared());
        declared.flat_map(|reference| reference.key.iter().flatten())
    }

    /// Returns the fields that become null when a reference is emptied.
    ///
    /// Fields of the row's id and of other references never become null. Of a reference of several fields, only those
    /// that are declared nullable become null, and never the shard key.
    pub(crate) fn emptied_fields<'a>(
        &'a self,
        reference: &'a Reference,
    ) -> impl Iterator<Item = &'a FieldName> {
        // Elements can be removed from a list even if the list itself cannot be null.
        let kind = self.kind(&reference.from).filter(|_| reference.nullable || reference.each);
        // References over the same fields exclude each other, so only one of them holds.
        let others = self.references_from(&reference.from).filter(|other| other.fields != reference.fields);
        let others = others.filter(|other| other.is_declared());
        let shared: BTreeSet<&FieldName> = others.flat_map(|other| &other.fields).collect();
        let can_be_null = move |kind: &Kind, field: &FieldName| {
            let is_declared = || kind.fields.get(field).is_some_and(|declared| declared.nullable);
            reference.fields.len() == 1 || (is_declared() && kind.shard_key.as_ref() != Some(field))
        };
        reference.fields.iter().filter(move |field| match &reference.undeclared {
            Some(rule) => rule.nullable.contains(field),
            None => {
                !shared.contains(field)
                    && kind.is_some_and(|kind| !kind.id.contains(field) && can_be_null(kind, field))
            }
        })
    }

    /// Returns whether a reference can be emptied.
    pub(crate) fn can_be_emptied(&self, reference: &Reference) -> bool {
        self.emptied_fields(reference).next().is_some()
    }

    /// Adds a field without a type, if the map does not have it.
    pub(crate) fn know_field(&mut self, kind: &KindName, field: &FieldName) {
        if let Some(kind) = self.kinds.get_mut(kind)
            && !kind.personal.contains_key(field)
        {
            kind.fields.entry(field.clone()).or_default();
        }
    }

    /// Adds a field that only a rule or an event mentions.
    pub(crate) fn name_field(&mut self, kind: &KindName, field: &FieldName) {
        let Some(named) = self.kinds.get(kind) else {
            return;
        };
        if self.fields_of(named).any(|known| known == field) {
            return;
        }
        if let Some(kind) = self.kinds.get_mut(kind) {
            kind.fields.entry(field.clone()).or_default();
        }
    }

    /// Sets the type of a field unless it already has one. Returns the type it has then.
    pub(crate) fn infer_type(
        &mut self,
        kind: &KindName,
        field: &FieldName,
        field_type: FieldType,
    ) -> FieldType {
        let Some(kind) = self.kinds.get_mut(kind) else {
            return field_type;
        };
        if let Some(declared) = kind.declared_type(field) {
            return declared;
        }
        kind.fields.entry(field.clone()).or_default().field_type = Some(field_type);
        field_type
    }
}

/// Returns the fault of a table whose name has an empty part.
fn empty_part(path: &str, table: &TableName) -> Option<Fault> {
    table.has_empty_part().then(|| {
        let message = format!("`{table}` names no table: its schema or its table is empty");
        Fault::new(FaultCode::MissingName, format!("{path}.table"), message).remedy(
            "write `clients` or `crm.clients`, or {\"schema\": \"crm\", \"table\": \"clients\"} with every part filled in",
        )
    })
}

fn check_kind(path: &str, kind: &Kind, faults: &mut Faults) {
    faults.extend(kind.table.as_ref().and_then(|table| empty_part(path, table)));
    if kind.tombstone && kind.personal.is_empty() {
        let message = "a tombstone needs masked personal fields";
        faults.push(
            Fault::new(FaultCode::MissingPersonal, format!("{path}.tombstone"), message)
                .remedy("declare `personal` fields, so that the row that stays is anonymous"),
        );
    }
    for field in kind.id.fields().iter().filter(|field| kind.personal.contains_key(*field)) {
        let message = "an id cannot be masked";
        faults.push(
            Fault::new(FaultCode::MaskedKey, format!("{path}.personal.{field}"), message)
                .remedy("other records refer to it; give the kind an id that is not personal"),
        );
    }
    let mut fields: Vec<&FieldName> = kind.id.fields().iter().collect();
    fields.sort();
    if fields.windows(2).any(|pair| matches!(pair, [a, b] if a == b)) {
        faults.push(
            Fault::new(FaultCode::Duplicate, format!("{path}.id"), "a field of the id is listed twice")
                .remedy("list each field once"),
        );
    }
    faults.extend(deleted_mark(path, kind));
    maintained_fields(path, kind, faults);
    for (field, mask) in &kind.personal {
        faults.extend(placeholder_without_id(&format!("{path}.personal.{field}"), kind, mask));
        let unique = kind.fields.get(field).is_some_and(|declared| declared.unique);
        if unique && !mask.keeps_unique() {
            let message = "the field is unique, and the mask may give two rows the same value";
            faults.push(
                Fault::new(FaultCode::MaskNotUnique, format!("{path}.personal.{field}"), message)
                    .remedy("use `null`, `placeholder_email` or `hmac`"),
            );
        }
    }
}

/// Returns the fault of a placeholder on a kind without an id, because the placeholder is made from the id.
pub(crate) fn placeholder_without_id(path: &str, kind: &Kind, mask: &Mask) -> Option<Fault> {
    let is_faulty = kind.id.is_none() && *mask == Mask::PlaceholderEmail;
    is_faulty.then(|| {
        let message = format!("the placeholder is made of the id, but rows of `{}` have none", kind.name);
        Fault::new(FaultCode::MissingIdentity, path, message).remedy("use another mask, such as `null`")
    })
}

/// Checks that the fields that every write sets have the right type and no other role.
fn maintained_fields(path: &str, kind: &Kind, faults: &mut Faults) {
    let kept = [
        ("created_at", &kind.created_at, FieldType::Timestamp),
        ("updated_at", &kind.updated_at, FieldType::Timestamp),
        ("version", &kind.version, FieldType::Integer),
    ];
    let mut known: Vec<&FieldName> = kind.id.fields().iter().collect();
    known.extend(kind.status.as_ref().map(|status| &status.field));
    known.extend(kind.deleted_at.as_ref().map(|deleted| &deleted.field));
    for (role, field, wanted) in kept {
        let Some(field) = field else { continue };
        let path = format!("{path}.{role}");
        if known.contains(&field) || kind.personal.contains_key(field) {
            faults.push(
                Fault::new(FaultCode::ConflictingRoles, &path, format!("`{field}` also has another role"))
                    .remedy("use a separate field; the library writes this one"),
            );
        }
        known.push(field);
        let declared = kind.type_of(field);
        if declared != wanted && !(wanted.is_time() && declared.is_time()) {
            let message = format!("`{field}` is {declared}; expected {wanted}");
            faults.push(
                Fault::new(FaultCode::FieldType, &path, message).remedy("correct its type under `fields`"),
            );
        }
    }
}

/// Returns the fault of a mark that its field cannot hold.
fn deleted_mark(path: &str, kind: &Kind) -> Option<Fault> {
    let deleted = kind.deleted_at.as_ref()?;
    let (field, declared) = (&deleted.field, kind.type_of(&deleted.field));
    let path = format!("{path}.deleted_at");
    if kind.status.as_ref().is_some_and(|status| status.field == *field) || kind.id.contains(field) {
        let message = format!("`{field}` also has another role");
        return Some(Fault::new(FaultCode::ConflictingRoles, path, message).remedy("use a separate field"));
    }
    if deleted.fits(declared) {
        return None;
    }
    let (message, remedy) = if deleted.live.is_null() {
        (
            format!("`{field}` is {declared}, but a mark that is null on live records is an instant"),
            format!("declare the value of live records, such as {{\"field\": \"{field}\", \"live\": false}}"),
        )
    } else {
        (
            format!("{} is not a value of live records for a field of type {declared}", deleted.live.literal()),
            "use `false` or `true` for a flag, and an instant such as `0`, `\"infinity\"` or `\"9999-12-31\"` otherwise"
                .into(),
        )
    };
    Some(Fault::new(FaultCode::FieldType, path, message).remedy(remedy))
}
