//! Personal ids: ids that are personal data themselves, such as an e-mail address that is the key of a table.
//!
//! The host's tables hold them as they are. The records of the library outlive the rows, so they hold pseudonyms.

use std::collections::BTreeMap;

use super::{DataMap, FieldName, Kind, KindName, MaskKey, RecordId, Reference};

/// The fields of a data map that hold personal ids, each with the field that declares the id as personal.
///
/// A field that refers to a personal id holds it too. It gets the pseudonym of the field that it refers to, so that
/// records about a row and about the row it refers to can be related.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PersonalIds(BTreeMap<(KindName, FieldName), (KindName, FieldName)>);

impl PersonalIds {
    /// Collects the fields that are declared, and those that refer to them over any number of references.
    pub(crate) fn of(map: &DataMap) -> Self {
        let declared = map.kinds().flat_map(|kind| kind.personal_id_fields().map(move |field| (kind, field)));
        let declared = declared.map(|(kind, field)| (kind.name.clone(), field.clone()));
        let mut open: Vec<_> = declared.map(|one| (one.clone(), one)).collect();
        let mut found = BTreeMap::new();
        while let Some((holder, source)) = open.pop() {
            if found.contains_key(&holder) {
                continue;
            }
            let (kind, field) = &holder;
            for reference in map.references_to(kind) {
                let pairs = reference.fields.iter().zip(map.key_of(reference));
                let holding = pairs.filter(|(_, key)| *key == field);
                open.extend(
                    holding.map(|(held, _)| ((reference.from.clone(), held.clone()), source.clone())),
                );
            }
            found.insert(holder, source);
        }
        Self(found)
    }

    /// Returns whether the map has no personal ids.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the fields that are declared as personal ids.
    pub(crate) fn declared(&self) -> impl Iterator<Item = &(KindName, FieldName)> {
        self.0.iter().filter(|(holder, source)| holder == source).map(|(holder, _)| holder)
    }

    /// Returns whether a field holds a personal id.
    pub(crate) fn has(&self, kind: &KindName, field: &FieldName) -> bool {
        self.source(kind, field).is_some()
    }

    /// Returns the first field of the kind's id that holds a personal id.
    pub(crate) fn field_of<'k>(&self, kind: &'k Kind) -> Option<&'k FieldName> {
        kind.id.fields().iter().find(|field| self.has(&kind.name, field))
    }

    /// Returns an id as the records of the library hold it: its personal parts are pseudonyms.
    ///
    /// An attempt without a subject is recorded with an empty id, which stays empty.
    pub(crate) fn recorded(&self, key: &MaskKey, kind: &Kind, id: &RecordId) -> RecordId {
        if id.is_empty() || self.field_of(kind).is_none() {
            return id.clone();
        }
        let fields = kind.id.fields();
        let Some(read) = id.read_as_tuple(fields.len()) else {
            // No row has this id, but the text may name a person.
            let source = self.field_of(kind).and_then(|field| self.source(&kind.name, field));
            return source
                .map_or_else(|| id.clone(), |(kind, field)| key.pseudonym(kind, field, &id.spelt()).into());
        };
        RecordId::tuple(fields.iter().zip(read.parts()).map(|(field, part)| {
            match self.source(&kind.name, field) {
                Some((kind, field)) => key.pseudonym(kind, field, &part.spelt()).into(),
                None => part.clone(),
            }
        }))
    }

    /// Returns the texts of an id that are personal, each with its pseudonym.
    pub(crate) fn texts(&self, key: &MaskKey, kind: &Kind, id: &RecordId) -> Vec<(String, String)> {
        let recorded = self.recorded(key, kind, id);
        let read = id.read_as_tuple(kind.id.fields().len()).unwrap_or_else(|| id.clone());
        let pairs = read.parts().iter().zip(recorded.parts());
        pairs.filter(|(old, new)| old != new).map(|(old, new)| (old.to_string(), new.to_string())).collect()
    }

    fn source(&self, kind: &KindName, field: &FieldName) -> Option<&(KindName, FieldName)> {
        // Most maps have no personal ids, so they need no copies of names.
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&(kind.clone(), field.clone()))
    }
}

impl DataMap {
    /// Returns whether a reference holds a personal value: a personal id, or a copy of a personal field such as an e-mail
    /// address. No record of the library may outlive it.
    pub(crate) fn holds_personal_value(&self, reference: &Reference) -> bool {
        let is_personal = |kind: &KindName, fields: &[FieldName]| {
            let kind = self.kind(kind);
            kind.is_some_and(|kind| fields.iter().any(|field| kind.personal.contains_key(field)))
        };
        let ids = PersonalIds::of(self);
        is_personal(&reference.from, &reference.fields)
            || is_personal(&reference.to, self.key_of(reference))
            || reference.fields.iter().any(|field| ids.has(&reference.from, field))
    }
}

impl Kind {
    /// Returns the fields of the id that are declared as personal.
    fn personal_id_fields(&self) -> impl Iterator<Item = &FieldName> {
        self.id.fields().iter().filter(|field| self.personal.contains_key(*field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DeletionPolicy;

    fn map() -> std::sync::Arc<DataMap> {
        let policy = DeletionPolicy::from_json(
            r#"{ "subject": "clients",
                 "kinds": { "clients": { "id": "email", "personal": { "email": "hmac" } },
                            "profiles": { "id": "owner" },
                            "letters": { "id": ["owner", "number"] },
                            "visits": {} },
                 "references": [ { "from": "profiles.owner", "to": "clients" },
                                 { "from": "letters.owner", "to": "profiles" },
                                 { "from": "visits.client", "to": "clients" } ],
                 "modes": { "hard_delete": { "allow": "any", "rules": { "*": "delete" } } } }"#,
        );
        policy.unwrap().map().clone()
    }

    #[test]
    fn an_id_that_refers_to_a_personal_id_is_personal_and_has_the_same_pseudonym() {
        let (map, key) = (map(), MaskKey::new([7; 32]).unwrap());
        let ids = PersonalIds::of(&map);
        let recorded = |kind: &str, id: RecordId| ids.recorded(&key, map.kind(&kind.into()).unwrap(), &id);
        let pseudonym = key.pseudonym(&"clients".into(), &"email".into(), "ana@x");
        assert_eq!(recorded("clients", "ana@x".into()), pseudonym.as_str().into());
        assert_eq!(recorded("profiles", "ana@x".into()), pseudonym.as_str().into());
        assert_eq!(recorded("letters", ("ana@x", 7).into()), (pseudonym.as_str(), 7).into());
        assert_eq!(recorded("letters", "[\"ana@x\",7]".into()), (pseudonym.as_str(), 7).into());
        assert_eq!(recorded("visits", "ana@x".into()), "ana@x".into());
        assert!(ids.has(&"visits".into(), &"client".into()), "the reference holds the id");
    }

    #[test]
    fn text_that_is_no_id_of_the_kind_is_recorded_as_a_pseudonym_and_an_empty_id_stays_empty() {
        let (map, key) = (map(), MaskKey::new([7; 32]).unwrap());
        let ids = PersonalIds::of(&map);
        let recorded = ids.recorded(&key, map.kind(&"letters".into()).unwrap(), &"ana@x".into());
        assert_eq!(recorded, key.pseudonym(&"clients".into(), &"email".into(), "ana@x").into());
        assert!(ids.recorded(&key, map.kind(&"clients".into()).unwrap(), &"".into()).is_empty());
    }
}
