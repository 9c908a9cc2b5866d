//! Refusals that need no data: an unknown mode, a missing role, an incomplete request.

use std::sync::Arc;

use crate::domain::{Condition, FieldType, Mode, Reason, RecordId, Request, any};
use crate::policy::compile::{CompiledMode, Target, compile};
use crate::policy::{Access, Allow, DeletionPolicy, ModePolicy, ReasonRule, Refusal, Rules};

/// Finds the mode of the request, or refuses a kind or a mode that the policy does not have.
pub(super) fn find_mode<'a>(
    policy: &'a DeletionPolicy,
    request: &Request,
) -> Result<(&'a ModePolicy, Arc<CompiledMode>), Refusal> {
    if request.kind != policy.subject {
        return Err(Refusal::invalid(
            format!("the policy is for `{}`, not for `{}`", policy.subject, request.kind),
            "request a record of the policy's kind",
        ));
    }
    if let Some(mode) = policy.modes.get(&request.mode)
        && let Some(compiled) = policy.compiled.get(&request.mode)
    {
        let compiled = match request.mode {
            Mode::Reassign => Arc::new(reassignments_of(policy, mode, request)),
            _ => compiled.clone(),
        };
        return Ok((mode, compiled));
    }
    let offered: Vec<_> = policy.modes().map(|mode| mode.to_string()).collect();
    Err(Refusal::invalid(
        format!("the policy does not offer {}", request.mode),
        format!("it offers {}", offered.join(", ")),
    ))
}

/// Compiles the reassignments that the request names, each with its new target.
fn reassignments_of(policy: &DeletionPolicy, mode: &ModePolicy, request: &Request) -> CompiledMode {
    let named = request.reassign.keys().filter_map(|reference| {
        let entries = mode.rules.entries(reference)?;
        Some((reference.clone(), entries.to_vec()))
    });
    let rules = Rules { named: named.collect(), others: None };
    let asked = ModePolicy { rules, ..mode.clone() };
    compile(&policy.subject, &policy.map, request.mode, &asked)
}

/// Checks that the actor has permission, and returns the condition that must hold for every subject, if any.
pub(super) fn authorize(
    policy: &DeletionPolicy,
    mode: &ModePolicy,
    request: &Request,
) -> Result<Option<Condition>, Refusal> {
    if mode.allow == Some(Access::Any) {
        return Ok(None);
    }
    let Some(actor) = request.actor.as_ref().filter(|actor| !actor.is_anonymous()) else {
        return Err(Refusal::Unauthenticated { kind: request.kind.clone(), mode: request.mode });
    };
    let list = match &mode.allow {
        Some(Access::Any | Access::Authenticated) => return Ok(None),
        Some(Access::Some(list)) => list.as_slice(),
        None => &[],
    };
    let admitting: Vec<&Allow> = list.iter().filter(|allow| allow.admits(actor, &request.subjects)).collect();
    if admitting.is_empty() {
        return Err(Refusal::MissingRole {
            kind: request.kind.clone(),
            mode: request.mode,
            roles: list.iter().filter_map(|allow| allow.role.clone()).collect(),
        });
    }
    let kind = policy.map.kind(&policy.subject);
    let conditions: Option<Vec<Condition>> = admitting
        .into_iter()
        .map(|allow| allow.condition(actor, |field| kind.map_or(FieldType::Text, |kind| kind.type_of(field))))
        .collect();
    // One permission without a scope is enough.
    Ok(conditions.map(any))
}

/// Checks that the request has a subject, and a reason and new targets where they are needed.
pub(super) fn check_request(
    policy: &ModePolicy,
    mode: &CompiledMode,
    request: &Request,
) -> Result<(), Refusal> {
    if request.subjects.is_empty() || request.subjects.iter().any(RecordId::is_empty) {
        return Err(Refusal::MissingId);
    }
    if policy.reason == ReasonRule::Required {
        if request.reason.is_none() {
            return Err(Refusal::invalid("a reason is required", "name a reason in the request"));
        }
        let noted = request.note.as_deref().is_some_and(|note| !note.trim().is_empty());
        if request.reason == Some(Reason::Other) && !noted {
            return Err(Refusal::invalid(
                "the reason `other` needs a note",
                "explain it in the note of the request",
            ));
        }
    }
    if request.mode == Mode::Reassign && request.reassign.is_empty() {
        return Err(Refusal::invalid(
            "the request names no reference to reassign",
            "name a reference and its new target in the request",
        ));
    }
    for name in request.reassign.keys() {
        let asked =
            mode.targets.iter().any(|target| target.reference == *name && target.target == Target::Requested);
        if !asked {
            return Err(Refusal::invalid(
                format!("`{name}` is not reassigned by the request in mode {}", request.mode),
                "name a reference whose rule is `reassign` without a target",
            ));
        }
    }
    Ok(())
}
