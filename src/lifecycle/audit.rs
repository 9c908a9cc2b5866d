//! Audit entries of attempts, and the change sets that only record one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::Error;
use crate::domain::{AuditEntry, AuditOutcome, DataMap, FieldName, OperationId, Request};
use crate::plan::Plan;
use crate::protocol::{ChangeSet, Digest, Receipt, SurveyQuery};

/// Returns the entry for an attempt that is applied.
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

/// Returns the change set that only records an attempt that was not applied.
pub(super) fn refused(
    request: &Request,
    map: &Arc<DataMap>,
    operation: OperationId,
    now: DateTime<Utc>,
    error: &Error,
    why: Option<String>,
) -> ChangeSet {
    let plan = error.plan();
    let blockers: Vec<_> = plan
        .into_iter()
        .flat_map(|plan| &plan.blockers)
        .map(|blocker| json!({ "kind": blocker.kind, "rule": blocker.rule, "count": blocker.count }))
        .collect();
    let mut detail = json!({ "code": error.code(), "blockers": blockers });
    if let (Some(why), Some(detail)) = (why, detail.as_object_mut()) {
        detail.insert("why".into(), why.into());
    }
    if let (Error::Invalid(violations), Some(detail)) = (error, detail.as_object_mut()) {
        let named = violations.iter().map(|one| json!({ "path": one.path, "code": one.code.as_str() }));
        detail.insert("violations".into(), named.collect());
    }
    let mut audit = AuditEntry {
        digest: plan.map(|plan| plan.digest.to_string()),
        detail,
        ..entry(request, operation, now, error.outcome())
    };
    // There is one entry for each subject, so an attempt without a subject has an empty id.
    if audit.subjects.is_empty() {
        audit.subjects.push("".into());
    }
    let digest = plan.map_or_else(Digest::none, |plan| plan.digest.clone());
    record_only(request, map, operation, now, audit, digest)
}

/// Returns the change set that only records an attempt for which there was nothing to do.
pub(crate) fn nothing_to_do(
    request: &Request,
    map: &Arc<DataMap>,
    operation: OperationId,
    now: DateTime<Utc>,
    plan: &Plan,
) -> ChangeSet {
    let audit = AuditEntry {
        digest: Some(plan.digest.to_string()),
        subjects: plan.subjects.clone(),
        detail: json!({ "outcome": "none" }),
        ..entry(request, operation, now, AuditOutcome::Done)
    };
    record_only(request, map, operation, now, audit, plan.digest.clone())
}

/// Adds the names of the fields that were written, not their values.
pub(crate) fn note_fields<'f>(entry: &mut AuditEntry, fields: impl Iterator<Item = &'f FieldName>) {
    if let Some(detail) = entry.detail.as_object_mut() {
        detail.insert("fields".into(), fields.map(|field| json!(field)).collect());
    }
}

fn record_only(
    request: &Request,
    map: &Arc<DataMap>,
    operation: OperationId,
    now: DateTime<Utc>,
    audit: AuditEntry,
    digest: Digest,
) -> ChangeSet {
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
        event_drafts: Vec::new(),
        events: Vec::new(),
        snapshot: Vec::new(),
        steps: Vec::new(),
        audit,
        receipt: Receipt {
            operation,
            digest,
            at: now,
            kind: request.kind.clone(),
            subjects: request.subjects.clone(),
            mode: request.mode,
            // The subjects stay as they are; the audit entry says why.
            outcome: None,
            complete: true,
            steps: Vec::new(),
            open: Vec::new(),
        },
        mask_key: None,
    }
}

pub(crate) fn entry(
    request: &Request,
    operation: OperationId,
    at: DateTime<Utc>,
    outcome: AuditOutcome,
) -> AuditEntry {
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
