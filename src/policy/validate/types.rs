//! Checks types: every field that a policy reads gets a type, from the map or from the first condition that compares
//! it.

use std::collections::BTreeMap;

use crate::domain::{
    Comparison, Condition, DataMap, Fault, FaultCode, Faults, FieldName, FieldType, Kind, KindName, Mask,
    Mode, Reference, Value,
};
use crate::policy::{ModePolicy, Rule};

pub(super) fn infer(
    subject: &KindName,
    map: &mut DataMap,
    modes: &BTreeMap<Mode, ModePolicy>,
    faults: &mut Faults,
) {
    let kinds: Vec<_> = map.kinds().cloned().collect();
    for kind in &kinds {
        let path = format!("kinds.{}", kind.name);
        if let Some(filter) = &kind.filter {
            condition(map, &kind.name, filter, &format!("{path}.filter"), faults);
        }
        status(map, kind, &path, faults);
        masks(map, &kind.name, &kind.personal, &format!("{path}.personal"), faults);
    }
    let references: Vec<_> = map.references().cloned().collect();
    for Reference { name, from, when, .. } in &references {
        if let Some(when) = when {
            condition(map, from, when, &format!("references.{name}.if"), faults);
        }
    }
    for (mode, policy) in modes {
        let path = format!("modes.{mode}");
        let named = policy.rules.named.iter();
        for (name, entries) in named {
            let Some((kind, to)) =
                map.reference(name).map(|reference| (reference.from.clone(), reference.to.clone()))
            else {
                continue;
            };
            entries_of(map, &kind, &to, entries, &format!("{path}.rules.{name}"), faults);
        }
        for (index, guard) in policy.guards.iter().enumerate() {
            let referring = guard.left_without.as_ref().and_then(|name| map.reference(name));
            let on = referring.map_or_else(|| guard.on.clone(), |reference| reference.from.clone());
            if let Some(when) = &guard.when {
                condition(map, &on, when, &format!("{path}.guards[{index}].when"), faults);
            }
        }
        for (index, effect) in policy.effects.iter().enumerate() {
            let on = effect.on.as_ref().unwrap_or(subject);
            if let Some(when) = &effect.when {
                condition(map, on, when, &format!("{path}.effects[{index}].when"), faults);
            }
        }
        if let Some(entries) = &policy.rules.others {
            let others: Vec<(KindName, KindName)> = map
                .references()
                .filter(|reference| !policy.rules.named.contains_key(&reference.name))
                .map(|reference| (reference.from.clone(), reference.to.clone()))
                .collect();
            for (kind, to) in others {
                entries_of(map, &kind, &to, entries, &format!("{path}.rules.*"), faults);
            }
        }
    }
}

/// Infers the type of a status from its two values.
fn status(map: &mut DataMap, kind: &Kind, path: &str, faults: &mut Faults) {
    let Some(status) = &kind.status else { return };
    let declared = match type_of(&status.on) {
        // Undeclared fields are text.
        Some(FieldType::Text) | None => kind.type_of(&status.field),
        Some(found) => map.infer_type(&kind.name, &status.field, found),
    };
    for value in [&status.on, &status.off] {
        if value.is_null() || declared.read(value).is_err() {
            let message = format!("{} is not a value of type {declared}", value.literal());
            let remedy = format!("`{}` of `{}` is {declared}", status.field, kind.name);
            faults
                .push(Fault::new(FaultCode::ConditionType, format!("{path}.status"), message).remedy(remedy));
        }
    }
}

fn entries_of(
    map: &mut DataMap,
    kind: &KindName,
    to: &KindName,
    entries: &[crate::policy::Entry],
    path: &str,
    faults: &mut Faults,
) {
    for (index, entry) in entries.iter().enumerate() {
        let path = if entries.len() > 1 { format!("{path}[{index}]") } else { path.to_owned() };
        if let Some(when) = &entry.when {
            condition(map, kind, when, &format!("{path}.when"), faults);
        }
        if let Some(qualifies) = &entry.qualifies {
            condition(map, to, qualifies, &format!("{path}.qualifies"), faults);
        }
        for field in entry.on_clash.iter().flat_map(|on_clash| on_clash.unique()) {
            // The store must have the field, whatever its type.
            map.know_field(kind, field);
        }
        match &entry.then {
            Rule::Retain(retention) if retention.from.as_str().is_empty() => faults.push(
                Fault::new(
                    FaultCode::MissingStart,
                    format!("{path}.retain.from"),
                    "a retention needs a date from which its period runs",
                )
                .remedy("name a field of type date or timestamp"),
            ),
            Rule::Retain(retention) => {
                let found = map.infer_type(kind, &retention.from, FieldType::Timestamp);
                if !found.is_time() {
                    let message = format!("`{}` is {found}; expected a date or timestamp", retention.from);
                    faults.push(
                        Fault::new(FaultCode::FieldType, format!("{path}.retain.from"), message)
                            .remedy("name a field of type date or timestamp"),
                    );
                }
            }
            Rule::Anonymize(own) => masks(map, kind, own, &format!("{path}.anonymize"), faults),
            _ => {}
        }
    }
}

fn masks(
    map: &mut DataMap,
    kind: &KindName,
    masks: &BTreeMap<FieldName, Mask>,
    path: &str,
    faults: &mut Faults,
) {
    for (field, mask) in masks {
        // The pseudonym of a personal id stands in the records of the library, not in the row.
        if map.kind(kind).is_some_and(|kind| kind.id.contains(field)) {
            continue;
        }
        let path = format!("{path}.{field}");
        let wants_time = match mask {
            Mask::Null => {
                // Null fits every type, but the store must still have the field.
                map.know_field(kind, field);
                continue;
            }
            Mask::Value(value) => {
                // Only the store knows how a column stores a value of another type.
                map.know_field(kind, field);
                let declared = map.kind(kind).and_then(|kind| kind.declared_type(field));
                if let Some(declared) = declared.filter(|one| one.read(&value.clone().into()).is_err()) {
                    let message = format!("the mask does not fit a field of type {declared}");
                    faults.push(
                        Fault::new(FaultCode::MaskType, path, message)
                            .remedy("use a value of this type; `null` fits every nullable field"),
                    );
                }
                continue;
            }
            Mask::Year => true,
            Mask::Text(_) | Mask::Truncate(_) | Mask::PlaceholderEmail | Mask::Hmac => false,
        };
        let default = if wants_time { FieldType::Date } else { FieldType::Text };
        let found = map.infer_type(kind, field, default);
        let fits = if wants_time { found.is_time() } else { found == FieldType::Text };
        if !fits {
            let message = format!("the mask does not fit a field of type {found}");
            faults.push(
                Fault::new(FaultCode::MaskType, path, message)
                    .remedy("use another mask; `null` fits every nullable field"),
            );
        }
    }
}

fn condition(map: &mut DataMap, kind: &KindName, condition: &Condition, path: &str, faults: &mut Faults) {
    condition.visit(&mut |leaf| {
        let Some(field) = leaf.field() else { return };
        if field.as_str().is_empty() {
            faults.push(
                Fault::new(FaultCode::MissingName, path, "a condition needs a field").remedy("set `field`"),
            );
            return;
        }
        let wanted = match leaf {
            Condition::Time { .. } => Some(FieldType::Timestamp),
            Condition::Compare { value, .. } => type_of(value),
            Condition::OneOf { values, .. } => values.first().and_then(type_of),
            _ => None,
        };
        let declared = match wanted {
            Some(wanted) => map.infer_type(kind, field, wanted),
            None => match map.kind(kind) {
                Some(kind) => kind.type_of(field),
                None => return,
            },
        };
        if let Some(message) = mismatch(leaf, declared) {
            let remedy = format!("`{field}` of `{kind}` is {declared}");
            faults.push(Fault::new(FaultCode::ConditionType, path, message).remedy(remedy));
        }
    });
}

fn type_of(value: &Value) -> Option<FieldType> {
    Some(match value {
        Value::Null | Value::Json(_) => return None,
        Value::Boolean(_) => FieldType::Boolean,
        Value::Integer(_) => FieldType::Integer,
        Value::Real(_) => FieldType::Decimal,
        Value::Text(_) => FieldType::Text,
        Value::Date(_) => FieldType::Date,
        Value::Timestamp(_) => FieldType::Timestamp,
    })
}

fn mismatch(leaf: &Condition, declared: FieldType) -> Option<String> {
    let unreadable = |value: &Value| declared.read(value).is_err();
    match leaf {
        Condition::IsNull { .. } => None,
        _ if declared == FieldType::Json => Some("a json field can only be tested for null".into()),
        Condition::Time { .. } => (!declared.is_time())
            .then(|| format!("a field of type {declared} cannot be compared with a moment")),
        Condition::Compare { value, .. } if value.is_null() || unreadable(value) => {
            Some(format!("{} is not a value of type {declared}", value.literal()))
        }
        Condition::Compare { is, .. } => {
            let ordered = !matches!(is, Comparison::Equal | Comparison::NotEqual);
            (ordered && declared == FieldType::Boolean).then(|| "booleans have no order; use eq or ne".into())
        }
        Condition::OneOf { values, .. } => {
            let bad = values.iter().find(|value| value.is_null() || unreadable(value))?;
            Some(format!("{} is not a value of type {declared}", bad.literal()))
        }
        Condition::All(_) | Condition::Any(_) | Condition::Not(_) | Condition::Unknown(_) => None,
    }
}
