//! What is recorded of an attempt.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Error;
use crate::domain::{AuditEntry, AuditOutcome, DataMap, OperationId, Request};
use crate::plan::{ChangeSet, Digest, Outcome, Plan, Receipt, SurveyQuery};

/// The entry for an attempt that is carried out.
pub(super) fn done(request: &Request, plan: &Plan, operation: OperationId) -> AuditEntry {
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            json!({ "kind": step.key.kind, "disposition": step.key.disposition, "path": step.key.path,
                    "planned": step.count })
        })
        .collect();
    AuditEntry {
        digest: Some(plan.digest.to_string()),
        subjects: plan.subjects.clone(),
        detail: json!({ "outcome": plan.outcome, "steps": steps }),
        ..entry(request, operation, plan.at, AuditOutcome::Done)
    }
}

/// The change set that only records an attempt that was not carried out.
pub(super) fn refused(
    request: &Request,
    map: &Arc<DataMap>,
    operation: OperationId,
    now: DateTime<Utc>,
    error: &Error,
) -> ChangeSet {
    let plan = error.plan();
    let blockers: Vec<_> = plan
        .into_iter()
        .flat_map(|plan| &plan.blockers)
        .map(|blocker| json!({ "kind": blocker.kind, "rule": blocker.rule, "count": blocker.count }))
        .collect();
    let audit = AuditEntry {
        digest: plan.map(|plan| plan.digest.to_string()),
        detail: json!({ "code": error.code(), "blockers": blockers }),
        ..entry(request, operation, now, error.outcome())
    };
    ChangeSet {
        operation,
        query: SurveyQuery {
            map: map.clone(),
            kind: request.kind.clone(),
            subjects: request.subjects.clone(),
            sets: Arc::from([]),
            questions: Arc::from([]),
            now,
        },
        locks: Vec::new(),
        preconditions: Vec::new(),
        inserts: Vec::new(),
        events: Vec::new(),
        told: Vec::new(),
        snapshot: Vec::new(),
        steps: Vec::new(),
        audit,
        receipt: Receipt {
            operation,
            digest: plan.map_or_else(|| Digest::from(""), |plan| plan.digest.clone()),
            at: now,
            kind: request.kind.clone(),
            subjects: request.subjects.clone(),
            mode: request.mode,
            // Nothing became of the subjects; the audit entry says why.
            outcome: Outcome::None,
            complete: true,
            steps: Vec::new(),
            open: Vec::new(),
        },
    }
}

fn entry(request: &Request, operation: OperationId, at: DateTime<Utc>, outcome: AuditOutcome) -> AuditEntry {
    AuditEntry {
        action: AuditEntry::action(&request.kind, request.mode),
        operation,
        kind: request.kind.clone(),
        subjects: request.subjects.clone(),
        at,
        mode: request.mode,
        outcome,
        actor: request.actor.clone(),
        reason: request.reason,
        note: request.note.clone(),
        digest: None,
        detail: serde_json::Value::Null,
        before: BTreeMap::new(),
    }
}
