//! The masks of a policy, from its kinds and its rules.

use std::collections::{BTreeMap, BTreeSet};

use super::{DeletionPolicy, Rule};
use crate::domain::{FieldName, Kind, KindName, Mask, PersonalIds};

/// A mask, the field it is for, and where the policy declares it.
#[derive(Debug, Clone)]
#[cfg_attr(not(feature = "sql"), allow(dead_code, reason = "only a database has columns to compare with"))]
pub(crate) struct MaskUse<'a> {
    pub(crate) kind: &'a Kind,
    pub(crate) field: &'a FieldName,
    pub(crate) mask: &'a Mask,
    /// The path in the policy document.
    pub(crate) path: String,
    /// Whether a rule declares it, rather than the kind.
    pub(crate) in_rule: bool,
}

impl DeletionPolicy {
    /// Returns all masks of rows. Masks of kinds come before masks of rules. A personal id is masked in no row.
    pub(crate) fn masks(&self) -> Vec<MaskUse<'_>> {
        let mut found = Vec::new();
        for kind in self.map.kinds() {
            let path = format!("kinds.{}.personal", kind.name);
            found.extend(said(kind, &kind.personal, &path, false));
        }
        for (mode, policy) in &self.modes {
            for reference in self.map.references() {
                let Some(kind) = self.map.kind(&reference.from) else {
                    continue;
                };
                let named = policy.rules.named.contains_key(&reference.name);
                let rule = if named { reference.name.as_str() } else { "*" };
                let entries = policy.rules.entries(&reference.name).unwrap_or_default();
                for (index, entry) in entries.iter().enumerate() {
                    if let Rule::Anonymize(own) = &entry.then {
                        let entry = if entries.len() > 1 { format!("[{index}]") } else { String::new() };
                        let path = format!("modes.{mode}.rules.{rule}{entry}.anonymize");
                        found.extend(said(kind, own, &path, true));
                    }
                }
            }
        }
        found
    }

    /// Returns the fields for which a mask of the policy makes keyed pseudonyms, in any mode, and the personal ids. If
    /// there are any, the lifecycle needs a [`MaskKey`](crate::domain::MaskKey).
    ///
    /// ```
    /// use client_lifecycle::DeletionPolicy;
    /// let policy = DeletionPolicy::from_json(r#"{
    ///     "subject": "clients",
    ///     "kinds": { "clients": { "personal": { "email": "hmac", "phone": "null" } } },
    ///     "modes": { "anonymize": { "allow": "any" } } }"#)?;
    /// assert_eq!(policy.keyed_fields(), [("clients".into(), "email".into())].into());
    /// # Ok::<(), client_lifecycle::domain::Faults>(())
    /// ```
    #[must_use]
    pub fn keyed_fields(&self) -> BTreeSet<(KindName, FieldName)> {
        let keyed = self.masks().into_iter().filter(|said| *said.mask == Mask::Hmac);
        let keyed = keyed.map(|said| (said.kind.name.clone(), said.field.clone()));
        keyed.chain(PersonalIds::of(&self.map).declared().cloned()).collect()
    }
}

fn said<'a>(
    kind: &'a Kind,
    masks: &'a BTreeMap<FieldName, Mask>,
    path: &str,
    in_rule: bool,
) -> impl Iterator<Item = MaskUse<'a>> {
    masks.iter().filter(|(field, _)| !kind.id.contains(field)).map(move |(field, mask)| MaskUse {
        kind,
        field,
        mask,
        path: format!("{path}.{field}"),
        in_rule,
    })
}
