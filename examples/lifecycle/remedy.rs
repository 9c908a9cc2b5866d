//! Remedies that name the command-line option to add or to change.

use client_lifecycle::domain::{Mode, Reason, Role};
use client_lifecycle::lifecycle::Environment;
use client_lifecycle::plan::{Blocker, Plan};
use client_lifecycle::policy::Refusal;
use client_lifecycle::{DeletionPolicy, Error};

use crate::failure::Failure;
use crate::request::RequestArguments;

/// Returns the failure of a request. The remedy names the options that may help.
pub(crate) fn failure(error: Error, asked: &RequestArguments, policy: &DeletionPolicy) -> Failure {
    let remedy = match &error {
        Error::Refused(refusal) => refused(refusal, asked, policy),
        Error::Blocked(plan) => Some(blocked(plan)),
        Error::Conflict { .. } => Some("run `plan`, then `apply` with `--digest` and the new digest".into()),
        Error::Changed(_) => Some("review the current plan, then use its digest with `--digest`".into()),
        Error::OperationReused(_) => Some("use a new operation id: `--operation` with another UUID".into()),
        _ => None,
    };
    let failure = Failure::from(error);
    match remedy {
        Some(remedy) => failure.remedy(remedy),
        None => failure,
    }
}

fn refused(refusal: &Refusal, asked: &RequestArguments, policy: &DeletionPolicy) -> Option<String> {
    match refusal {
        Refusal::Unauthenticated { .. } => {
            Some("add `--actor ID`, and `--role ROLE` if a role is needed".into())
        }
        Refusal::MissingRole { roles, .. } => Some(roles_to_add(roles)),
        Refusal::WrongScope { .. } => Some("add `--scope` with the scope of the actor, if it has one".into()),
        Refusal::NotFound { .. } => Some("check the id, and that `--store` has the record".into()),
        Refusal::Invalid { .. } => invalid(asked, policy),
        _ => None,
    }
}

fn roles_to_add(roles: &[Role]) -> String {
    let options: Vec<String> = roles.iter().map(|role| format!("`--role {role}`")).collect();
    match &*options {
        [] => "use the id of the record as `--actor`: only the subject itself has permission".into(),
        options => format!("add {}, if the actor has that role", options.join(" or ")),
    }
}

/// Returns the remedy for an invalid request. The checks have the same order as in the library.
fn invalid(asked: &RequestArguments, policy: &DeletionPolicy) -> Option<String> {
    let Some(mode) = policy.mode(asked.mode) else {
        let modes: Vec<String> = policy.modes().map(|mode| format!("`--mode {mode}`")).collect();
        return Some(format!("use {}", modes.join(" or ")));
    };
    let required = mode.reason == client_lifecycle::policy::ReasonRule::Required;
    if asked.kind != policy.subject().as_str() {
        Some(format!("use `{}` as the kind", policy.subject()))
    } else if asked.options.reason == Some(Reason::TestData)
        && asked.options.environment == Environment::Production
    {
        Some(
            "correct `--reason`; or add `--environment non-production` if the data is not in production"
                .into(),
        )
    } else if required && asked.options.reason.is_none() {
        Some("add `--reason REASON`; `--help` lists the reasons".into())
    } else if required && asked.options.reason == Some(Reason::Other) && asked.options.note.is_none() {
        Some("add `--note TEXT`".into())
    } else if asked.mode == Mode::Reassign && asked.reassign.is_empty() {
        Some("add `--reassign REFERENCE=ID` with the new target".into())
    } else if !asked.reassign.is_empty() {
        Some("name in `--reassign` a reference whose rule is `reassign` without a target".into())
    } else {
        None
    }
}

/// Returns the remedies that the request itself needs. The plan already shows the remedies of its blockers.
fn blocked(plan: &Plan) -> String {
    let is_target = |blocker: &&Blocker| blocker.rule == "reassign";
    let targets = plan.blockers.iter().filter(is_target).filter_map(|blocker| blocker.reference.as_ref());
    let targets = targets.map(|reference| format!("set a target that stays: `--reassign {reference}=ID`"));
    let open = plan.warnings.iter().filter(|warning| !warning.acknowledged);
    let open: Vec<String> = open.map(|warning| format!("`--acknowledge {}`", warning.name)).collect();
    let mut steps: Vec<String> = Vec::new();
    if !plan.blockers.iter().all(|blocker| is_target(&blocker)) {
        steps.push("follow the remedies in the plan first".into());
    }
    steps.extend(targets);
    if !open.is_empty() {
        steps.push(format!("once you have read the warnings, acknowledge them by name: {}", open.join(" ")));
    }
    steps.join("; ")
}
