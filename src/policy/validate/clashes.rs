//! Checks `on_clash`: what decides about duplicates must be known before the operation, and nothing may depend on them.

use crate::domain::{DataMap, Fault, FaultCode, Faults, FieldName, Kind, KindName, Reference};
use crate::policy::{Entry, ModePolicy, Redirect, Rule};

/// Checks the entries of one reference.
pub(super) fn check(
    subject: &KindName,
    map: &DataMap,
    policy: &ModePolicy,
    reference: &Reference,
    entries: &[Entry],
    path: &str,
    faults: &mut Faults,
) {
    let mut with_clash = entries.iter().enumerate().filter(|(_, entry)| entry.on_clash.is_some());
    let path_of = |index: usize| {
        let index = if entries.len() > 1 { format!("[{index}]") } else { String::new() };
        format!("{path}{index}.on_clash")
    };
    if let Some((second, _)) = with_clash.clone().nth(1) {
        let message = "another entry of the reference has `on_clash` too";
        let remedy = "give it to one entry, so that it is clear which rows are compared first";
        faults.push(Fault::new(FaultCode::Duplicate, path_of(second), message).remedy(remedy));
    }
    let Some((index, entry)) = with_clash.next() else { return };
    let path = path_of(index);
    let Some(kind) = map.kind(&reference.from) else { return };
    if !gets_target(&entry.then) {
        let message = format!("`{}` gives the reference no new target", entry.then.as_str());
        let remedy = "remove `on_clash`, or use the rule `reassign` or `set_default`";
        faults.push(Fault::new(FaultCode::Misplaced, path, message).remedy(remedy));
        return;
    }
    if reference.each {
        let message = format!("`{}` is a list, which no unique key compares", reference.name);
        faults.push(Fault::new(FaultCode::ListReference, path, message).remedy("remove `on_clash`"));
        return;
    }
    let unique = entry.on_clash.as_ref().map(|on_clash| on_clash.unique()).unwrap_or_default();
    if let Some(missing) = reference.fields.iter().find(|field| !unique.contains(field)) {
        let message = format!("the unique key does not contain `{missing}`, which gets the new value");
        let remedy = "list all fields of the unique key";
        faults.push(Fault::new(FaultCode::ClashKey, format!("{path}.unique"), message).remedy(remedy));
    }
    if let Some(repeated) = repeated(unique) {
        let message = format!("`{repeated}` is listed twice");
        faults.push(
            Fault::new(FaultCode::ClashKey, format!("{path}.unique"), message)
                .remedy("list every field once"),
        );
    }
    if let Some((field, role)) =
        unique.iter().find_map(|field| Some((field, written(map, policy, kind, field)?)))
    {
        let message = format!("`{field}` {role}, so it is not known which rows become equal");
        let remedy = "choose another unique key, or remove `on_clash`";
        faults.push(Fault::new(FaultCode::ClashKey, format!("{path}.unique"), message).remedy(remedy));
    }
    if let Some(why) = needed(subject, map, policy, kind) {
        let message = format!("rows of `{}` cannot be deleted on a clash: {why}", kind.name);
        let remedy = "remove `on_clash`, so that such rows block the operation";
        faults.push(Fault::new(FaultCode::ClashKept, path, message).remedy(remedy));
    }
}

/// Returns whether a rule gives its reference another record as the new target.
fn gets_target(rule: &Rule) -> bool {
    match rule {
        Rule::Redirect(Redirect::Reassign(_) | Redirect::SetDefault(None)) => true,
        Rule::Redirect(Redirect::SetDefault(Some(value))) => !value.is_null(),
        _ => false,
    }
}

fn repeated(fields: &[FieldName]) -> Option<&FieldName> {
    let mut rest = fields;
    while let Some((first, others)) = rest.split_first() {
        if others.contains(first) {
            return Some(first);
        }
        rest = others;
    }
    None
}

/// Returns what an operation in this mode writes to a field, apart from new targets.
fn written(map: &DataMap, policy: &ModePolicy, kind: &Kind, field: &FieldName) -> Option<&'static str> {
    let references = map.references_from(&kind.name);
    let entries = references.flat_map(|one| policy.rules.entries(&one.name).unwrap_or_default());
    let mut masks = entries.filter_map(|entry| match &entry.then {
        Rule::Anonymize(own) => Some(if own.is_empty() { &kind.personal } else { own }),
        _ => None,
    });
    let is = |own: Option<&FieldName>| own == Some(field);
    if masks.any(|masks| masks.contains_key(field)) {
        Some("is masked")
    } else if is(kind.deleted_at.as_ref().map(|deleted| &deleted.field)) {
        Some("marks deleted rows")
    } else if is(kind.status.as_ref().map(|status| &status.field)) {
        Some("is the status")
    } else if is(kind.updated_at.as_ref()) || is(kind.version.as_ref()) {
        Some("changes with every write")
    } else {
        None
    }
}

/// Returns why rows of a kind cannot be deleted although no rule removes them; `None` if they can.
fn needed(subject: &KindName, map: &DataMap, policy: &ModePolicy, kind: &Kind) -> Option<String> {
    if kind.name == *subject {
        return Some("they are of the subject's kind".into());
    }
    if kind.id.is_none() {
        return Some("they have no id, so it is not clear which of them is the first".into());
    }
    if let Some(other) = map.references_to(&kind.name).next() {
        return Some(format!("other rows refer to them over `{}`", other.name));
    }
    if let Some(owned) = map.references_from(&kind.name).find(|one| one.owned) {
        return Some(format!("they own records over `{}`", owned.name));
    }
    let mut guards = policy.guards.iter();
    let guard = guards.find(|guard| {
        let reference = guard.left_without.as_ref().and_then(|name| map.reference(name));
        reference.is_some_and(|reference| reference.from == kind.name)
    });
    guard.map(|guard| format!("the guard `{}` depends on them", guard.name))
}

/// Returns whether an entry of a mode may delete rows of a kind as duplicates.
pub(in crate::policy) fn may_delete(map: &DataMap, policy: &ModePolicy, kind: &KindName) -> bool {
    let references = map.references_from(kind);
    let mut entries = references.flat_map(|one| policy.rules.entries(&one.name).unwrap_or_default());
    entries.any(|entry| entry.on_clash.is_some())
}
