//! The conditions of a policy, and the values that it names.

use super::DeletionPolicy;
use crate::domain::{Comparison, Condition, FieldName, KindName, Mask, NamedValue, Value};

/// A condition, the kind whose rows it judges, and where the policy declares it.
#[derive(Debug, Clone)]
pub(crate) struct ConditionUse<'a> {
    pub(crate) kind: &'a KindName,
    pub(crate) condition: &'a Condition,
    /// The path in the policy document.
    pub(crate) path: String,
}

impl DeletionPolicy {
    /// Returns every condition of the map and of all modes.
    pub(crate) fn conditions(&self) -> Vec<ConditionUse<'_>> {
        let mut found = Vec::new();
        let mut add = |kind, condition, path| {
            found.extend(condition_use(kind, condition, path));
        };
        for kind in self.map.kinds() {
            add(&kind.name, kind.filter.as_ref(), format!("kinds.{}.filter", kind.name));
        }
        for reference in self.map.references() {
            add(&reference.from, reference.when.as_ref(), format!("references.{}.if", reference.name));
        }
        for (mode, policy) in &self.modes {
            let path = format!("modes.{mode}");
            for reference in self.map.references() {
                let named = policy.rules.named.contains_key(&reference.name);
                let rule = if named { reference.name.as_str() } else { "*" };
                let entries = policy.rules.entries(&reference.name).unwrap_or_default();
                for (index, entry) in entries.iter().enumerate() {
                    let index = if entries.len() > 1 { format!("[{index}]") } else { String::new() };
                    let path = format!("{path}.rules.{rule}{index}");
                    add(&reference.from, entry.when.as_ref(), format!("{path}.when"));
                    add(&reference.to, entry.qualifies.as_ref(), format!("{path}.qualifies"));
                }
            }
            for (index, guard) in policy.guards.iter().enumerate() {
                let referring = guard.left_without.as_ref().and_then(|name| self.map.reference(name));
                let on = referring.map_or(&guard.on, |reference| &reference.from);
                add(on, guard.when.as_ref(), format!("{path}.guards[{index}].when"));
            }
            for (index, effect) in policy.effects.iter().enumerate() {
                let on = effect.on.as_ref().unwrap_or(&self.subject);
                add(on, effect.when.as_ref(), format!("{path}.effects[{index}].when"));
            }
        }
        found
    }

    /// Returns the values for which the policy looks in a field, or that it writes to one: in conditions, as a status,
    /// and in masks.
    pub(crate) fn named_values(&self) -> Vec<NamedValue> {
        let mut found = Vec::new();
        let mut add = |kind: &KindName, field: &FieldName, value: &Value, path: String| {
            let (kind, field) = (kind.clone(), field.clone());
            found.push(NamedValue { kind, field, value: value.clone(), is_mask: false, path });
        };
        for ConditionUse { kind, condition, path } in self.conditions() {
            condition.visit(&mut |leaf| match leaf {
                Condition::Compare { field, is: Comparison::Equal | Comparison::NotEqual, value } => {
                    add(kind, field, value, path.clone());
                }
                Condition::OneOf { field, values } => {
                    for value in values {
                        add(kind, field, value, path.clone());
                    }
                }
                _ => {}
            });
        }
        for kind in self.map.kinds() {
            if let Some(status) = &kind.status {
                let path = format!("kinds.{}.status", kind.name);
                add(&kind.name, &status.field, &status.on, path.clone());
                add(&kind.name, &status.field, &status.off, path);
            }
        }
        found.extend(self.masks().into_iter().filter_map(|mask| {
            let value = match mask.mask {
                Mask::Text(text) => text.as_str().into(),
                Mask::Value(value) => value.clone().into(),
                _ => return None,
            };
            let (kind, field) = (mask.kind.name.clone(), mask.field.clone());
            Some(NamedValue { kind, field, value, is_mask: true, path: mask.path })
        }));
        found
    }
}

fn condition_use<'a>(
    kind: &'a KindName,
    condition: Option<&'a Condition>,
    path: String,
) -> Option<ConditionUse<'a>> {
    condition.map(|condition| ConditionUse { kind, condition, path })
}
