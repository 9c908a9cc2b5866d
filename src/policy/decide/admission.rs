//! Checks a request before anything is read: its mode, the permissions of the actor, and what it must name.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{
    Condition, DataMap, FieldName, FieldType, Mode, Reason, RecordId, ReferenceName, Request, any,
};
use crate::policy::access::Reach;
use crate::policy::compile::{CompiledMode, compile};
use crate::policy::{Access, Allow, DeletionPolicy, ModePolicy, ReasonRule, Refusal, Rules};

/// Returns the mode of the request. Refuses a kind or a mode that the policy does not have.
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

/// Checks the actor's permissions. Returns the condition that every subject must meet, if there is one, and which other
/// rows of the subject's kind the actor may touch.
pub(super) fn authorize(
    policy: &DeletionPolicy,
    mode: &ModePolicy,
    request: &Request,
) -> Result<(Option<Condition>, Reach), Refusal> {
    if mode.allow == Some(Access::Any) {
        return Ok((None, Reach::Everything));
    }
    let Some(actor) = request.actor.as_ref().filter(|actor| !actor.is_anonymous()) else {
        return Err(Refusal::Unauthenticated { kind: request.kind.clone(), mode: request.mode });
    };
    let list = match &mode.allow {
        Some(Access::Any | Access::Authenticated) => return Ok((None, Reach::Everything)),
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
    let type_of = |field: &FieldName| kind.map_or(FieldType::Text, |kind| kind.type_of(field));
    let conditions: Option<Vec<Condition>> =
        admitting.iter().map(|allow| allow.condition(actor, type_of)).collect();
    let reach = if admitting.iter().any(|allow| allow.scope.is_none() && !allow.oneself) {
        Reach::Everything
    } else {
        let scoped = admitting.iter().filter(|allow| !allow.oneself);
        let inside: Vec<Condition> = scoped.filter_map(|allow| allow.condition(actor, type_of)).collect();
        Reach::Within((!inside.is_empty()).then(|| any(inside)))
    };
    // If one permission applies without a scope, there is no condition.
    Ok((conditions.map(any), reach))
}

/// Checks that the request has a subject, and a reason and new targets if they are required.
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
            return Err(Refusal::invalid("a reason is required", "add a reason to the request"));
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
            "add a reference and its new target to the request",
        ));
    }
    for name in request.reassign.keys() {
        let asked = mode.targets.iter().any(|target| target.reference == *name && target.target.is_none());
        if !asked {
            return Err(Refusal::invalid(
                format!("`{name}` is not reassigned by the request in mode {}", request.mode),
                "use a reference whose rule is `reassign` without a target",
            ));
        }
    }
    Ok(())
}

/// Returns the new targets of a request, each with as many values as the key that its reference holds.
pub(super) fn new_targets(
    map: &DataMap,
    request: &Request,
) -> Result<BTreeMap<ReferenceName, RecordId>, Refusal> {
    let targets = request.reassign.iter().map(|(name, target)| {
        let fields = map.reference(name).map_or(1, |reference| map.key_of(reference).len());
        let target = target.read_as_tuple(fields).ok_or_else(|| {
            Refusal::invalid(
                format!("the new target of `{name}` needs {fields} values"),
                "give one value for each field of the key that the reference holds",
            )
        })?;
        Ok((name.clone(), target))
    });
    targets.collect()
}
