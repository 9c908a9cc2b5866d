//! What a policy must be to exist: every fault at once, each with its path.

mod access;
mod guards;
mod reach;
mod rules;
mod types;

use std::collections::BTreeMap;

use super::ModePolicy;
use crate::domain::{DataMap, Fault, FaultCode, Faults, KindName, Mode};

/// Checks the whole, and completes the map with the types that the conditions imply.
pub(super) fn policy(
    subject: &KindName,
    map: &mut DataMap,
    modes: &BTreeMap<Mode, ModePolicy>,
) -> Result<(), Faults> {
    let mut faults = Faults::none();
    if map.kind(subject).is_none() {
        faults.push(
            Fault::new(FaultCode::UnknownKind, "subject", format!("there is no kind `{subject}`"))
                .remedy("declare it under `kinds`"),
        );
        return faults.or(());
    }
    for kind in map.kinds().filter(|kind| kind.filter.is_some() && kind.name != *subject) {
        faults.push(
            Fault::new(
                FaultCode::Misplaced,
                format!("kinds.{}.filter", kind.name),
                "only the subject's kind can be narrowed",
            )
            .remedy("use conditions in the rules"),
        );
    }
    if modes.is_empty() {
        faults.push(
            Fault::new(FaultCode::MissingMode, "modes", "a policy needs a mode")
                .remedy("add for example `hard_delete`"),
        );
    }
    types::infer(subject, map, modes, &mut faults);
    for (mode, policy) in modes {
        access::check(*mode, policy, &mut faults);
        rules::check(subject, map, *mode, policy, &mut faults);
        guards::check(subject, map, *mode, policy, &mut faults);
    }
    if faults.is_empty() {
        // What follows asks what can happen, which only a policy without the faults above can tell.
        for (mode, policy) in modes {
            reach::check(subject, map, *mode, policy, &mut faults);
        }
    }
    faults.or(())
}
