//! Checks owned references.

use std::collections::BTreeSet;

use crate::domain::{DataMap, Fault, FaultCode, Faults, Reference, ReferenceName, Stage};
use crate::policy::compile::{CompileContext, RowOutcome};
use crate::policy::graph::{closes_cycle, in_order, is_cycle, shortest_paths};

/// Checks that owned references hold ids, and that none of them is part of a cycle of kinds.
pub(super) fn check(map: &DataMap, faults: &mut Faults) {
    let owned: Vec<&Reference> = map.references().filter(|reference| reference.owned).collect();
    if owned.is_empty() {
        return;
    }
    for reference in owned.iter().filter(|reference| !reference.holds_id()) {
        let message = format!("an owned reference must hold ids of `{}`, compared exactly", reference.to);
        faults.push(
            Fault::new(FaultCode::ReferenceKey, format!("references.{}", reference.name), message)
                .remedy("refer to the id, or leave out `owned`"),
        );
    }
    let edges = map.order_of_outcomes();
    let nodes = edges.iter().flat_map(|(before, after)| [before.clone(), after.clone()]).collect();
    let mut cycles = in_order(&nodes, &edges);
    cycles.retain(|group| is_cycle(group, &edges));
    for reference in owned {
        let target = (reference.to.clone(), Stage::Owned);
        let is_inside =
            closes_cycle(map, reference) || cycles.iter().any(|decided| decided.contains(&target));
        if is_inside {
            let closing = closing(map, reference).map(|name| format!(" with `{name}`"));
            let message = format!(
                "`{}` is in a cycle of references{}, so its rows would decide about themselves",
                reference.to,
                closing.unwrap_or_default()
            );
            faults.push(
                Fault::new(FaultCode::OwnedInCycle, format!("references.{}", reference.name), message)
                    .remedy("leave out `owned`, or the reference that closes the cycle"),
            );
        }
    }
}

/// Returns a reference, not owned, through which the rows that a reference owns lead back to their owners or to themselves.
fn closing<'a>(map: &'a DataMap, owned: &Reference) -> Option<&'a ReferenceName> {
    if owned.from == owned.to {
        return None;
    }
    let from_owned = shortest_paths(map, &owned.to);
    let leads_back = |reference: &&Reference| {
        !reference.owned
            && (reference.to == owned.to || from_owned.contains_key(&reference.to))
            && (reference.from == owned.from || reference.from == owned.to)
    };
    let up = |reference: &&Reference| {
        !reference.owned
            && reference.from == owned.to
            && shortest_paths(map, &reference.to).contains_key(&owned.from)
    };
    let found = map.references().find(leads_back).or_else(|| map.references().find(up));
    found.map(|reference| &reference.name)
}

/// Checks that an owned kind has the fields that are needed to remove its rows with their owners.
pub(super) fn fields(context: &CompileContext<'_>, reference: &Reference, faults: &mut Faults) {
    let Some(kind) =
        context.map.kind(&reference.to).filter(|_| reference.owned && context.may_take(reference))
    else {
        return;
    };
    let mut missing = BTreeSet::new();
    for owner in context.possible_outcomes(&reference.from) {
        match owner {
            RowOutcome::Soft if kind.deleted_at.is_none() => {
                missing.insert(("deleted_at", FaultCode::MissingDeletedAt, "marked as deleted"));
            }
            RowOutcome::Erased if kind.personal.is_empty() => {
                missing.insert(("personal", FaultCode::MissingPersonal, "masked"));
            }
            _ => {}
        }
    }
    for (field, code, how) in missing {
        let message = format!("rows of `{}` are {how} with the rows that own them", kind.name);
        faults.push(
            Fault::new(code, format!("modes.{}.rules.{}", context.mode, reference.name), message)
                .remedy(format!("declare `kinds.{}.{field}`, or use the rule `leave`", kind.name)),
        );
    }
}
