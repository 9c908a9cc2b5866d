//! Checking guards and effects: their rows must depend on the subject.

use std::collections::BTreeSet;

use crate::domain::{DataMap, Fault, FaultCode, Faults, FieldType, KindName, Mode, ReferenceName};
use crate::policy::graph::shortest_paths;
use crate::policy::{Guard, ModePolicy};

pub(super) fn check(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    if mode == Mode::Create && !policy.guards.is_empty() {
        let message = "no rows depend on a record that does not exist yet";
        faults.push(
            Fault::new(FaultCode::Misplaced, format!("modes.{mode}.guards"), message)
                .remedy("remove the guards"),
        );
    }
    let mut names = BTreeSet::new();
    for (index, guard) in policy.guards.iter().enumerate() {
        let path = format!("modes.{mode}.guards[{index}]");
        if guard.name.trim().is_empty() {
            faults.push(
                Fault::new(FaultCode::MissingName, format!("{path}.name"), "a guard needs a name")
                    .remedy("set `name`; requests acknowledge a warning by its name"),
            );
        }
        if !names.insert(&guard.name) {
            let message = format!("duplicate guard `{}`", guard.name);
            faults.push(
                Fault::new(FaultCode::Duplicate, format!("{path}.name"), message)
                    .remedy("give each guard its own name"),
            );
        }
        match &guard.left_without {
            Some(reference) => left_without(subject, map, guard, reference, &path, faults),
            None => check_dependents(subject, map, &guard.on, &guard.via, &path, faults),
        }
    }
    let mut topics = BTreeSet::new();
    for (index, effect) in policy.effects.iter().enumerate() {
        let path = format!("modes.{mode}.effects[{index}]");
        let on = effect.on.as_ref().unwrap_or(subject);
        if mode.carries_values() && (on != subject || effect.when.is_some() || !effect.via.is_empty()) {
            let message = format!("in mode {mode}, an event can only be about the subject itself");
            faults.push(
                Fault::new(FaultCode::Misplaced, &path, message).remedy("remove `on`, `via` and `when`"),
            );
        }
        if effect.topic.trim().is_empty() {
            faults.push(
                Fault::new(FaultCode::MissingName, format!("{path}.topic"), "an effect needs a topic")
                    .remedy("set `topic`; receivers subscribe by it"),
            );
        }
        if !topics.insert((&effect.topic, on)) {
            // An event is identified by its operation, topic and record, so two such effects would make the same
            // event.
            let message = format!("duplicate effect `{}` on `{on}`", effect.topic);
            faults.push(
                Fault::new(FaultCode::Duplicate, format!("{path}.topic"), message)
                    .remedy("merge the two effects, or use another topic"),
            );
        }
        check_dependents(subject, map, on, &effect.via, &path, faults);
        if map.kind(on).is_some_and(|kind| kind.id.is_none()) {
            let message = format!("an event names a record by its id, but rows of `{on}` have none");
            faults.push(
                Fault::new(FaultCode::MissingIdentity, format!("{path}.on"), message)
                    .remedy(format!("declare `kinds.{on}.id`")),
            );
        }
        for field in &effect.fields {
            // Every store returns the same JSON for a list of ids, but not for other JSON.
            let mut lists = map.references_from(on).filter(|reference| reference.each);
            let is_list = lists.any(|reference| reference.fields.contains(field));
            let json = map.kind(on).is_some_and(|kind| kind.type_of(field) == FieldType::Json) && !is_list;
            if field.as_str().is_empty() || json {
                let message = format!("`{field}` cannot be sent");
                faults.push(
                    Fault::new(FaultCode::UnsendableField, format!("{path}.fields"), message)
                        .remedy("send a field that is not of type json"),
                );
            }
        }
    }
}

/// Checks that `left_without` names a reference to the guard's kind, from rows that depend on the subject.
fn left_without(
    subject: &KindName,
    map: &DataMap,
    guard: &Guard,
    name: &ReferenceName,
    path: &str,
    faults: &mut Faults,
) {
    if !guard.via.is_empty() {
        let message = "`via` has no meaning together with `left_without`";
        faults.push(Fault::new(FaultCode::Misplaced, format!("{path}.via"), message).remedy("remove it"));
    }
    let path = format!("{path}.left_without");
    let Some(reference) = map.reference(name) else {
        faults.push(
            Fault::new(FaultCode::UnknownReference, path, format!("unknown reference `{name}`"))
                .remedy("declare it under `references`, or correct the name"),
        );
        return;
    };
    if reference.to != guard.on {
        let message = format!("`{name}` does not refer to `{}`", guard.on);
        faults.push(
            Fault::new(FaultCode::NotConnected, path, message)
                .remedy(format!("set `on` to `{}`", reference.to)),
        );
    } else if !shortest_paths(map, subject).contains_key(&reference.from) {
        let message =
            format!("`{}` does not depend on `{subject}`, so none of its rows goes", reference.from);
        faults.push(
            Fault::new(FaultCode::NotConnected, path, message)
                .remedy("name a reference of a kind that depends on the subject"),
        );
    } else if !reference.holds_id() {
        let message = format!("`{name}` does not hold ids, compared exactly");
        faults.push(
            Fault::new(FaultCode::ReferenceKey, path, message).remedy("name a reference that holds an id"),
        );
    }
}

fn check_dependents(
    subject: &KindName,
    map: &DataMap,
    on: &KindName,
    via: &[ReferenceName],
    path: &str,
    faults: &mut Faults,
) {
    if map.kind(on).is_none() {
        faults.push(
            Fault::new(FaultCode::UnknownKind, format!("{path}.on"), format!("unknown kind `{on}`"))
                .remedy("declare it under `kinds`"),
        );
        return;
    }
    if via.is_empty() {
        if !shortest_paths(map, subject).contains_key(on) {
            let message = format!("`{on}` does not depend on `{subject}`");
            faults.push(
                Fault::new(FaultCode::NotConnected, format!("{path}.on"), message)
                    .remedy("declare the references between them"),
            );
        }
        return;
    }
    let mut at = subject;
    for name in via {
        match map.reference(name) {
            Some(reference) if reference.to == *at => at = &reference.from,
            Some(_) => {
                let message = format!("`{name}` does not refer to `{at}`");
                faults.push(
                    Fault::new(FaultCode::NotConnected, format!("{path}.via"), message)
                        .remedy("list the references from the subject outwards, one for each step"),
                );
                return;
            }
            None => {
                let message = format!("unknown reference `{name}`");
                faults.push(
                    Fault::new(FaultCode::UnknownReference, format!("{path}.via"), message)
                        .remedy("declare it under `references`, or correct the name"),
                );
                return;
            }
        }
    }
    if at != on {
        let message = format!("the chain ends at `{at}`, not at `{on}`");
        faults.push(
            Fault::new(FaultCode::NotConnected, format!("{path}.via"), message)
                .remedy(format!("continue to `{on}`, or set `on` to `{at}`")),
        );
    }
}
