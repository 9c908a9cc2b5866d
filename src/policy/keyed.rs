//! Which fields are masked under a key of the host.

use std::collections::BTreeSet;

use super::{DeletionPolicy, Rule};
use crate::domain::{FieldName, KindName, Mask};

impl DeletionPolicy {
    /// The fields that a mask of the policy makes keyed pseudonyms of, in any of its modes. Where there are
    /// some, the lifecycle needs a [`MaskKey`](crate::domain::MaskKey).
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
        let personal = self.map.kinds().map(|kind| (&kind.name, &kind.personal));
        let rules = self.modes.values().flat_map(|mode| {
            self.map.references().flat_map(|reference| {
                let entries = mode.rules.entries(&reference.name).unwrap_or_default();
                entries.iter().filter_map(|entry| match &entry.then {
                    Rule::Anonymize(own) => Some((&reference.from, own)),
                    _ => None,
                })
            })
        });
        let masks = personal.chain(rules).flat_map(|(kind, masks)| masks.iter().map(move |one| (kind, one)));
        let keyed = masks.filter(|(_, (_, mask))| **mask == Mask::Hmac);
        keyed.map(|(kind, (field, _))| (kind.clone(), field.clone())).collect()
    }
}
