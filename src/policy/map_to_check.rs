//! What a store must have for a policy: its data map, with everything else that the policy names.

use super::{Access, ConditionUse, DeletionPolicy, WrittenKinds};
use crate::domain::{DataMap, FieldName, FieldType};

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
        map.set_named_values(self.named_values());
        for field in self.scopes() {
            map.name_field(&self.subject, field);
            // Actors have scopes of text, so a field without a type is compared as text.
            map.infer_type(&self.subject, field, FieldType::Text);
        }
        map.set_written(WrittenKinds::of(self).all().cloned());
        for effect in self.modes.values().flat_map(|mode| &mode.effects) {
            for field in &effect.fields {
                map.name_field(effect.on.as_ref().unwrap_or(&self.subject), field);
            }
        }
        map
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
