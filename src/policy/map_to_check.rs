//! What a store must have for a policy: its data map, with everything else that the policy names.

use super::{Access, ConditionUse, DeletionPolicy, WrittenKinds};
use crate::domain::{ClashKey, DataMap, FieldName, FieldType, UsedMask};

impl DeletionPolicy {
    /// Returns the map with the foreign keys that the policy does not declare, and with fields that need not be declared
    /// but must exist in the store: effects send them, they limit the scope of actors, or conditions only test them for
    /// null.
    pub(crate) fn map_to_check(&self) -> DataMap {
        let mut map = (*self.map).clone();
        map.set_subject(self.subject.clone());
        self.add_undeclared(&mut map);
        for ConditionUse { kind, condition, .. } in self.conditions() {
            condition.visit(&mut |leaf| {
                if let Some(field) = leaf.field() {
                    map.name_field(kind, field);
                }
            });
        }
        map.uses.named_values = self.named_values();
        map.uses.clash_keys = self.clash_keys();
        let masks = self.masks().into_iter().map(|one| UsedMask {
            kind: one.kind.name.clone(),
            field: one.field.clone(),
            mask: one.mask.clone(),
            path: one.path,
        });
        map.uses.masks = masks.collect();
        for field in self.scopes() {
            map.name_field(&self.subject, field);
            // Actors have scopes of text, so a field without a type is compared as text.
            map.infer_type(&self.subject, field, FieldType::Text);
        }
        map.uses.written = WrittenKinds::of(self).all().cloned().collect();
        for effect in self.modes.values().flat_map(|mode| &mode.effects) {
            for field in &effect.fields {
                map.name_field(effect.on.as_ref().unwrap_or(&self.subject), field);
            }
        }
        map
    }

    /// Returns the unique keys under which rules delete duplicates.
    fn clash_keys(&self) -> Vec<ClashKey> {
        let mut found = Vec::new();
        for (mode, policy) in &self.modes {
            for reference in self.map.references() {
                let named = policy.rules.named.contains_key(&reference.name);
                let rule = if named { reference.name.as_str() } else { "*" };
                let entries = policy.rules.entries(&reference.name).unwrap_or_default();
                for (index, entry) in entries.iter().enumerate() {
                    let Some(on_clash) = &entry.on_clash else { continue };
                    let index = if entries.len() > 1 { format!("[{index}]") } else { String::new() };
                    found.push(ClashKey {
                        kind: reference.from.clone(),
                        fields: on_clash.unique().to_vec(),
                        path: format!("modes.{mode}.rules.{rule}{index}.on_clash.unique"),
                    });
                }
            }
        }
        found
    }

    /// Returns the fields of the subject that limit the scope of actors.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &FieldName> {
        let allowed = self.modes.values().filter_map(|mode| match &mode.allow {
            Some(Access::Some(allow)) => Some(allow),
            _ => None,
        });
        allowed.flatten().filter_map(|allow| allow.scope.as_ref())
    }
}
