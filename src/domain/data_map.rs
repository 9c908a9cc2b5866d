//! The data map: kinds, references, and what is left out on purpose.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::map_document::MapDocument;
use super::{Fault, FaultCode, Faults, FieldName, FieldType, Kind, KindName, Reference, ReferenceName};

/// Which kinds there are, which of their fields refer to which, and what is known of the fields.
///
/// A value of its own, so that several policies can share one, and a document of its own:
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
}

/// A table or a reference that is left out of the map on purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "what is left out, such as {\"table\": \"logs\", \"because\": \"no person is named there\"}"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub(crate) struct Excluded {
    /// The table that is left out, by its name in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<String>,
    /// The reference that is left out, such as `visits.client_id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference: Option<ReferenceName>,
    /// The reason.
    #[serde(rename = "because")]
    pub(crate) rationale: String,
}

impl DataMap {
    /// A map of these kinds and references.
    ///
    /// # Errors
    /// Every fault at once: a name said twice, a reference to a kind that is not there, a field that is
    /// two things.
    pub fn new(
        kinds: impl IntoIterator<Item = Kind>,
        references: impl IntoIterator<Item = Reference>,
    ) -> Result<Self, Faults> {
        Self::with_excluded(kinds, references, Vec::new())
    }

    /// Makes a map as [`new`](Self::new) does, with what is left out on purpose.
    pub(crate) fn with_excluded(
        kinds: impl IntoIterator<Item = Kind>,
        references: impl IntoIterator<Item = Reference>,
        excluded: Vec<Excluded>,
    ) -> Result<Self, Faults> {
        let mut map = Self { kinds: BTreeMap::new(), references: BTreeMap::new(), excluded };
        let mut faults = Faults::none();
        for kind in kinds {
            let path = format!("kinds.{}", kind.name);
            if kind.name.as_str().is_empty() {
                faults.push(
                    Fault::new(FaultCode::MissingName, "kinds", "a kind needs a name")
                        .remedy("call it as its table"),
                );
            }
            check_kind(&path, &kind, &mut faults);
            if map.kinds.insert(kind.name.clone(), kind).is_some() {
                faults.push(
                    Fault::new(FaultCode::Duplicate, path, "the kind is declared twice")
                        .remedy("give each a name of its own, with `table` for its table"),
                );
            }
        }
        for reference in references {
            let path = format!("references.{}", reference.name);
            for kind in [&reference.from, &reference.to] {
                if !map.kinds.contains_key(kind) {
                    faults.push(
                        Fault::new(FaultCode::UnknownKind, &path, format!("there is no kind `{kind}`"))
                            .remedy("declare it under `kinds`"),
                    );
                }
            }
            if let Some(kind) = map.kinds.get(&reference.from)
                && kind.id == reference.field
            {
                faults.push(
                    Fault::new(
                        FaultCode::ConflictingRoles,
                        &path,
                        "the id of a kind cannot be a reference too",
                    )
                    .remedy("give the kind an id of its own"),
                );
            }
            if let Some(kind) = map.kinds.get(&reference.from)
                && kind.personal.contains_key(&reference.field)
            {
                faults.push(
                    Fault::new(
                        FaultCode::MaskedKey,
                        format!("kinds.{}.personal.{}", kind.name, reference.field),
                        "a reference cannot be masked: what takes its place refers to nobody",
                    )
                    .remedy("say what becomes of it in the rules, with `on_survive`"),
                );
            }
            if map.references.insert(reference.name.clone(), reference).is_some() {
                faults.push(
                    Fault::new(FaultCode::Duplicate, path, "the reference is declared twice")
                        .remedy("a field refers to one kind; use two fields"),
                );
            }
        }
        faults.or(map)
    }

    /// The kinds, by name.
    #[must_use]
    pub fn kinds(&self) -> impl ExactSizeIterator<Item = &Kind> {
        self.kinds.values()
    }

    /// A kind.
    #[must_use]
    pub fn kind(&self, name: &KindName) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// The references, by name.
    #[must_use]
    pub fn references(&self) -> impl ExactSizeIterator<Item = &Reference> {
        self.references.values()
    }

    /// A reference.
    #[must_use]
    pub fn reference(&self, name: &ReferenceName) -> Option<&Reference> {
        self.references.get(name)
    }

    /// The references to a kind, by name.
    pub fn references_to<'a>(&'a self, kind: &'a KindName) -> impl Iterator<Item = &'a Reference> {
        self.references.values().filter(move |reference| reference.to == *kind)
    }

    /// The references that a kind has, by name.
    pub fn references_from<'a>(&'a self, kind: &'a KindName) -> impl Iterator<Item = &'a Reference> {
        self.references.values().filter(move |reference| reference.from == *kind)
    }

    /// What is left out on purpose.
    pub(crate) fn excluded(&self) -> &[Excluded] {
        &self.excluded
    }

    /// Every field of a kind that the map knows of: id, references, status, what the library keeps, declared and
    /// personal fields.
    pub fn fields_of<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a FieldName> {
        let own = [Some(&kind.id), kind.status.as_ref().map(|s| &s.field), kind.deleted_at.as_ref()];
        let kept = [&kind.created_at, &kind.updated_at, &kind.version].into_iter().flatten();
        let mut fields: Vec<&FieldName> = own.into_iter().flatten().chain(kept).collect();
        fields.extend(self.references_from(&kind.name).map(|reference| &reference.field));
        fields.extend(kind.fields.keys().chain(kind.personal.keys()).chain(&kind.shard_key));
        fields.sort();
        fields.dedup();
        fields.into_iter()
    }

    /// Makes a field known that nothing else declares, without a type.
    pub(crate) fn know_field(&mut self, kind: &KindName, field: &FieldName) {
        if let Some(kind) = self.kinds.get_mut(kind)
            && !kind.personal.contains_key(field)
        {
            kind.fields.entry(field.clone()).or_default();
        }
    }

    /// Names a field of which nothing else may be known.
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

    /// Declares the type of a field that nothing else declares; the type it has otherwise.
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

fn check_kind(path: &str, kind: &Kind, faults: &mut Faults) {
    if kind.tombstone && kind.personal.is_empty() {
        faults.push(
            Fault::new(
                FaultCode::MissingPersonal,
                format!("{path}.tombstone"),
                "a tombstone needs masked personal fields",
            )
            .remedy("declare `personal`, so that what stays is nobody"),
        );
    }
    if kind.personal.contains_key(&kind.id) {
        faults.push(
            Fault::new(
                FaultCode::MaskedKey,
                format!("{path}.personal.{}", kind.id),
                "an id cannot be masked",
            )
            .remedy("others refer to it; give the kind an id that is not personal"),
        );
    }
    kept_by_the_library(path, kind, faults);
    for (field, mask) in &kind.personal {
        let unique = kind.fields.get(field).is_some_and(|declared| declared.unique);
        if unique && !mask.keeps_unique() {
            faults.push(
                Fault::new(
                    FaultCode::MaskNotUnique,
                    format!("{path}.personal.{field}"),
                    "the mask may give two rows the same value and the field is unique",
                )
                .remedy("use `null`, `placeholder_email` or `hmac`"),
            );
        }
    }
}

/// The fields that every write sets are of one type, and nothing else writes them.
fn kept_by_the_library(path: &str, kind: &Kind, faults: &mut Faults) {
    let kept = [
        ("created_at", &kind.created_at, FieldType::Timestamp),
        ("updated_at", &kind.updated_at, FieldType::Timestamp),
        ("version", &kind.version, FieldType::Integer),
    ];
    let mut known = vec![&kind.id];
    known.extend(kind.status.as_ref().map(|status| &status.field));
    known.extend(&kind.deleted_at);
    for (role, field, wanted) in kept {
        let Some(field) = field else { continue };
        let path = format!("{path}.{role}");
        if known.contains(&field) || kind.personal.contains_key(field) {
            faults.push(
                Fault::new(FaultCode::ConflictingRoles, &path, format!("`{field}` is another thing too"))
                    .remedy("give it a field of its own; the library writes it"),
            );
        }
        known.push(field);
        let declared = kind.type_of(field);
        if declared != wanted && !(wanted.is_time() && declared.is_time()) {
            faults.push(
                Fault::new(
                    FaultCode::FieldType,
                    &path,
                    format!("`{field}` is {declared}, and has to be {wanted}"),
                )
                .remedy("correct its type under `fields`"),
            );
        }
    }
}
