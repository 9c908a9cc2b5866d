//! Checks a policy, and reports every fault at once, each with its path.

mod before;
mod clashes;
mod guards;
mod owned;
mod personal_ids;
mod rules;
mod types;

pub(super) use clashes::may_delete as may_delete_duplicates;

use std::collections::BTreeMap;

use super::{Access, ModePolicy};
use crate::domain::{DataMap, Fault, FaultCode, Faults, FieldName, FieldType, KindName, Mode};

/// Checks the policy. Adds the types that the conditions imply to the map.
pub(super) fn policy(
    subject: &KindName,
    map: &mut DataMap,
    modes: &BTreeMap<Mode, ModePolicy>,
) -> Result<(), Faults> {
    let mut faults = Faults::none();
    if map.kind(subject).is_none() {
        faults.push(
            Fault::new(FaultCode::UnknownKind, "subject", format!("unknown kind `{subject}`"))
                .remedy("declare it under `kinds`"),
        );
        return faults.or(());
    }
    if modes.is_empty() {
        faults.push(
            Fault::new(FaultCode::MissingMode, "modes", "a policy needs at least one mode")
                .remedy("add one, for example `hard_delete`"),
        );
    }
    owned::check(map, &mut faults);
    personal_ids::tombstones(map, &mut faults);
    types::infer(subject, map, modes, &mut faults);
    for (mode, policy) in modes {
        access(subject, map, *mode, policy, &mut faults);
        rules::check(subject, map, *mode, policy, &mut faults);
        guards::check(subject, map, *mode, policy, &mut faults);
        personal_ids::check(subject, map, *mode, policy, &mut faults);
        before::check(subject, map, *mode, policy, &mut faults);
    }
    if faults.is_empty() {
        // The following checks need a policy without the faults above.
        for (mode, policy) in modes {
            rules::check_outcomes(subject, map, *mode, policy, &mut faults);
        }
    }
    faults.or(())
}

/// Checks a mode with the references that foreign keys add to it. What was declared has passed the checks alone.
pub(super) fn with_undeclared(
    subject: &KindName,
    map: &DataMap,
    mode: Mode,
    policy: &ModePolicy,
    faults: &mut Faults,
) {
    owned::check(map, faults);
    rules::check(subject, map, mode, policy, faults);
    personal_ids::check(subject, map, mode, policy, faults);
    if faults.is_empty() {
        rules::check_outcomes(subject, map, mode, policy, faults);
    }
}

/// Checks the permissions of a mode.
fn access(subject: &KindName, map: &DataMap, mode: Mode, policy: &ModePolicy, faults: &mut Faults) {
    let path = format!("modes.{mode}.allow");
    match &policy.allow {
        None => faults.push(
            Fault::new(FaultCode::MissingAccess, path, "the mode has no permissions")
                .remedy("list roles, or use \"any\" if the host has already checked permissions"),
        ),
        Some(Access::Some(list)) if list.is_empty() => {
            faults.push(
                Fault::new(FaultCode::MissingAccess, path, "the list of permissions is empty")
                    .remedy("list at least one role"),
            );
        }
        Some(Access::Some(list)) => {
            for (index, allow) in list.iter().enumerate() {
                if allow.role.is_none() && !allow.oneself {
                    let message = "a permission needs a `role` or `self`";
                    faults.push(
                        Fault::new(FaultCode::MissingAccess, format!("{path}[{index}]"), message)
                            .remedy("add a role; a scope only narrows a role"),
                    );
                }
                let scope = allow.scope.as_ref();
                faults.extend(
                    scope.and_then(|field| scope_type(subject, map, field, &format!("{path}[{index}]"))),
                );
            }
        }
        Some(Access::Any | Access::Authenticated) => {}
    }
}

/// Returns the fault of a scope whose field has no exact text form, such as a timestamp.
fn scope_type(subject: &KindName, map: &DataMap, field: &FieldName, path: &str) -> Option<Fault> {
    let declared = map.kind(subject)?.type_of(field);
    if matches!(declared, FieldType::Text | FieldType::Uuid | FieldType::Integer) {
        return None;
    }
    let message =
        format!("`{field}` of `{subject}` is {declared}; a scope is compared as text, uuid or integer");
    Some(
        Fault::new(FaultCode::FieldType, format!("{path}.scope"), message)
            .remedy("name a field of one of these types, such as the id of a tenant"),
    )
}
