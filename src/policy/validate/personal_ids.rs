//! Checks personal ids: no row may stay without the person under an id that names the person.

use crate::domain::{DataMap, Fault, FaultCode, Faults, Kind, KindName, Mode, PersonalIds, Reference};
use crate::policy::compile::{CompileContext, RowOutcome, cases};
use crate::policy::{ModePolicy, Rule};

/// Checks that no kind with a personal id has tombstones.
pub(super) fn tombstones(map: &DataMap, faults: &mut Faults) {
    let ids = PersonalIds::of(map);
    for kind in map.kinds().filter(|kind| kind.tombstone) {
        faults.extend(stays(
            &ids,
            kind,
            format!("kinds.{}.tombstone", kind.name),
            "a tombstone",
            "remove it",
        ));
    }
}

/// Checks that a mode anonymizes no row with a personal id, that its events hold no personal id, and that `restore` need
/// not find rows by one.
pub(super) fn check(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    let ids = PersonalIds::of(map);
    if ids.is_empty() {
        return;
    }
    for (kind, field) in ids.declared().filter(|_| mode == Mode::Restore) {
        let message = format!(
            "`restore` finds rows by the ids that `soft_delete` recorded, but it recorded pseudonyms, because \
             `{field}` of `{kind}` is a personal id"
        );
        faults.push(
            Fault::new(FaultCode::PersonalId, format!("modes.{mode}"), message)
                .remedy("remove the mode, or give the kind another id"),
        );
    }
    if let Some(kind) = map.kind(subject).filter(|_| mode == Mode::Anonymize) {
        let remedy = "use the mode `hard_delete`, or give the kind another id";
        faults.extend(stays(&ids, kind, format!("modes.{mode}"), "an anonymized row", remedy));
    }
    for reference in map.references() {
        let entries = policy.rules.entries(&reference.name).unwrap_or_default();
        for (index, entry) in entries.iter().enumerate() {
            let Some(kind) = map.kind(&reference.from).filter(|_| matches!(entry.then, Rule::Anonymize(_)))
            else {
                continue;
            };
            let entry = if entries.len() > 1 { format!("[{index}]") } else { String::new() };
            let path = format!("modes.{mode}.rules.{}{entry}.anonymize", reference.name);
            let remedy = "use the rule `delete`, or give the kind another id";
            faults.extend(stays(&ids, kind, path, "an anonymized row", remedy));
        }
    }
    for (index, effect) in policy.effects.iter().enumerate() {
        let on = effect.on.as_ref().unwrap_or(subject);
        for field in effect.fields.iter().filter(|field| ids.has(on, field)) {
            let message =
                format!("`{field}` holds a personal id, which an event may hold only as a pseudonym");
            let path = format!("modes.{mode}.effects[{index}].fields");
            faults.push(
                Fault::new(FaultCode::UnsendableField, path, message)
                    .remedy("leave it out; the event holds the pseudonym of its record as `record`"),
            );
        }
    }
}

/// Checks the possible outcomes of a reference: rows that would be masked, or that `reactivate` must find again by ids
/// that were recorded as pseudonyms.
pub(super) fn outcomes(context: &CompileContext<'_>, reference: &Reference, faults: &mut Faults) {
    let ids = PersonalIds::of(context.map);
    if ids.is_empty() {
        return;
    }
    let path = format!("modes.{}.rules.{}", context.mode, reference.name);
    if let Some(kind) =
        context.map.kind(&reference.to).filter(|_| reference.owned && context.may_take(reference))
        && context.possible_outcomes(&reference.from).any(|owner| owner == RowOutcome::Erased)
    {
        let remedy = "use the rule `leave`, or give the kind another id";
        faults.extend(stays(&ids, kind, path.clone(), "a row masked with its owner", remedy));
    }
    let Some(kind) = context.map.kind(&reference.from).filter(|_| context.mode == Mode::Reactivate) else {
        return;
    };
    let Some(field) = ids.field_of(kind) else { return };
    let parents = context.possible_parents(reference);
    let switches = parents.into_iter().any(|parent| {
        let mut cases = cases(kind, context.entries(&reference.name), parent, context.mode).into_iter();
        cases.any(|case| case.outcome == Some(RowOutcome::Off))
    });
    if switches {
        let message = format!(
            "`reactivate` finds rows by the ids that `deactivate` recorded, but it recorded pseudonyms, because \
             `{field}` of `{}` is a personal id",
            kind.name
        );
        faults.push(Fault::new(FaultCode::PersonalId, path, message).remedy("use the rule `keep`"));
    }
}

/// Returns the fault of a row that would stay without the person, if its id is personal.
fn stays(ids: &PersonalIds, kind: &Kind, path: String, what: &str, remedy: &str) -> Option<Fault> {
    let field = ids.field_of(kind)?;
    let message = format!("{what} keeps its id, but `{field}` of `{}` is a personal id", kind.name);
    Some(Fault::new(FaultCode::PersonalId, path, message).remedy(remedy))
}
