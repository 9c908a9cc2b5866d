//! Recording attempts, including attempts that were not applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::execute::texts;
use super::{Error, Lifecycle};
use crate::domain::{
    AuditEntry, AuditOutcome, Condition, DataMap, FieldName, Mode, OperationId, RecordId, Request,
    RequestHash,
};
use crate::plan::Plan;
use crate::policy::Refusal;
use crate::protocol::{
    Branch, ChangeSet, Digest, NamedSet, Question, RankCase, Receipt, Rows, SetId, Source, Stratum,
    SurveyQuery,
};
use crate::store::patience::one_operation;
use crate::store::{Store, StoreError};

impl<S: Store> Lifecycle<S> {
    /// Records a request that the host itself refuses, such as a request whose body is not JSON. Returns the error to
    /// answer with: `why`, or a refusal if the actor may not make such a request at all.
    ///
    /// ```
    /// use client_lifecycle::clients::ClientPatch;
    /// use client_lifecycle::domain::{Actor, Record, Request};
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::of("clients").update(|mode| mode.allow("ADMIN")).build()?;
    /// let lifecycle = Lifecycle::open(MemoryStore::new().with("clients", [Record::new("c1")]), policy).await?;
    /// let body = serde_json::json!({ "colour": "red" });
    ///
    /// let request = Request::update("clients", "c1").by(Actor::new("ana", "ADMIN"));
    /// if let Err(violations) = ClientPatch::from_json(&body) {
    ///     let error = lifecycle.reject(&request, violations).await;
    ///     assert_eq!(error.code(), "invalid_values");
    /// }
    /// assert_eq!(lifecycle.store().audit()[0].action, "CLIENT_UPDATED");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub async fn reject(&self, request: &Request, why: impl Into<Error>) -> Error {
        let mut request = request.clone();
        if request.mode == Mode::Create && request.subjects.is_empty() {
            // An audit entry needs a record id, even if the record was not created.
            request.subjects.push(self.new_id().as_uuid().into());
        }
        let now = self.now();
        let error = match self.policy.inquire(&request, now) {
            Err(refusal @ (Refusal::Unauthenticated { .. } | Refusal::MissingRole { .. })) => refusal.into(),
            _ => why.into(),
        };
        // The request's operation id is not used up. A valid request may use it later.
        let attempt = refused(&request, self.policy.map(), self.new_id(), now, &error, None);
        match one_operation(self.record(&attempt)).await {
            Ok(_) => error,
            Err(source) => Error::NotRecorded { attempt: Box::new(error), source },
        }
    }

    /// Records an attempt that was not applied. If the operation was already applied, returns its receipt instead;
    /// `is_answer` says whether a receipt belongs to this request.
    pub(crate) async fn record_outcome(
        &self,
        request: &Request,
        operation: OperationId,
        done: Result<Receipt, Error>,
        is_answer: impl Fn(&Receipt) -> bool,
    ) -> Result<Receipt, Error> {
        let error = match done {
            Ok(receipt) if is_answer(&receipt) => return Ok(receipt),
            Ok(_) => Error::OperationReused(operation),
            Err(error) => error,
        };
        // Only an actor with permission learns the outcome of the operation. The attempt is recorded under a new id
        // if the operation id is taken, or if a valid request may still use it.
        let own = match &error {
            Error::Refused(
                Refusal::MissingId
                | Refusal::Unauthenticated { .. }
                | Refusal::MissingRole { .. }
                | Refusal::WrongScope { .. }
                | Refusal::Invalid { .. },
            )
            | Error::OperationReused(_)
            | Error::PlanMismatch => self.new_id(),
            _ => operation,
        };
        let why = self.why_not_found(&error).await;
        let attempt = refused(request, self.policy.map(), own, self.now(), &error, why);
        match self.record(&attempt).await {
            Ok(receipt) if receipt.outcome.is_none() => Err(error),
            Ok(receipt) if is_answer(&receipt) => Ok(receipt),
            Ok(_) => Err(Error::OperationReused(operation)),
            Err(_) if matches!(error, Error::Store(_) | Error::NoMaskKey { .. }) => Err(error),
            Err(source) => Err(Error::NotRecorded { attempt: Box::new(error), source }),
        }
    }

    /// Records an attempt. Writes it again if the reply was lost, because a duplicate entry is better than a missing
    /// entry.
    async fn record(&self, attempt: &ChangeSet) -> Result<Receipt, StoreError> {
        let mut made = 0;
        loop {
            match self.write(attempt).await {
                Err(error)
                    if self
                        .retries
                        .again(&self.store, attempt.operation, &mut made, error.is_retryable(), false)
                        .await => {}
                recorded => return recorded,
            }
        }
    }
}

/// Returns whether a receipt answers a request with this hash. Receipts of earlier versions have no hash; of these, only
/// the mode and the subjects are compared.
pub(crate) fn is_receipt_of(receipt: &Receipt, request: &Request, hash: &RequestHash) -> bool {
    if let Some(applied) = &receipt.request {
        return applied == hash;
    }
    receipt.kind == request.kind
        && receipt.mode == request.mode
        // The library may have generated the id of a new record, so the ids are not compared.
        && (request.mode == Mode::Create || texts(&receipt.subjects, RecordId::spelt) == texts(&request.subjects, RecordId::spelt))
}

/// Returns the audit entry for an attempt that is applied.
pub(super) fn done_entry(request: &Request, plan: &Plan, operation: OperationId) -> AuditEntry {
    let steps: Vec<_> = plan
        .steps
        .iter()
        .map(|step| {
            let mut line = json!({ "kind": step.key.kind, "disposition": step.key.disposition,
                                   "path": step.key.path, "planned": step.count });
            if let (Some(to), Some(line)) = (&step.to, line.as_object_mut()) {
                line.insert("to".into(), json!(to));
            }
            if let Some(line) = line.as_object_mut().filter(|_| step.key.undeclared) {
                line.insert("undeclared".into(), true.into());
            }
            line
        })
        .collect();
    AuditEntry {
        digest: Some(plan.digest.to_string()),
        subjects: plan.subjects.clone(),
        detail: json!({ "outcome": plan.outcome, "steps": steps }),
        ..entry(request, operation, plan.at, AuditOutcome::Done)
    }
}

/// Returns the change set that records an attempt that was not applied.
fn refused(
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
    // The log has one entry for each subject. An attempt without a subject is recorded with an empty id.
    if audit.subjects.is_empty() {
        audit.subjects.push("".into());
    }
    let digest = plan.map_or_else(Digest::none, |plan| plan.digest.clone());
    record_only(request, map, operation, now, audit, digest)
}

/// Returns the change set that records an attempt for which there was nothing to do.
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

/// Adds the names of the written fields to the entry, but not their values.
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
    let query = SurveyQuery::empty(map.clone(), request.kind.clone(), request.subjects.clone(), now);
    // The subjects do not change. The audit entry says why.
    ChangeSet::empty(query, audit, Receipt::of(request, operation, digest, now))
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
        as_of: None,
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

impl<S: Store> Lifecycle<S> {
    /// Returns the reason that callers do not see: the record exists, but is deleted or excluded by the policy's
    /// filter. `None` if the record does not exist or the store cannot be read.
    async fn why_not_found(&self, error: &Error) -> Option<String> {
        let Error::Refused(Refusal::NotFound { kind: name, ids }) = error else {
            return None;
        };
        let kind = self.policy.map().kind(name)?;
        let set = |id, what: &str, source, case| {
            let branch = Branch::new(source, vec![case, RankCase::always(1)]);
            Stratum::Set(NamedSet {
                id: SetId(id),
                name: what.into(),
                kind: name.clone(),
                branches: vec![branch],
            })
        };
        let there = Rows::SUBJECTS;
        let marked = |when: Condition| RankCase { when: Some(when), ..RankCase::always(0) };
        let mut sets =
            vec![set(0, "the subjects, without the filter", Source::Subjects, RankCase::always(1))];
        let mut reasons = Vec::new();
        if let Some(deleted_at) = &kind.deleted_at {
            sets.push(set(1, "deleted", Source::Members(there), marked(deleted_at.is_marked())));
            reasons.push((Rows::ranked(SetId(1), 0), "it is deleted".to_owned()));
        }
        if let Some(only) = &kind.filter {
            let id = u16::try_from(sets.len()).ok()?;
            sets.push(set(
                id,
                "included by the policy's filter",
                Source::Members(there),
                marked(only.clone()),
            ));
            let why = format!("excluded by the policy's filter: {only}");
            reasons.push((Rows::ranked(SetId(id), 1), why));
        }
        let questions: Arc<[Question]> = reasons.iter().map(|(rows, _)| Question::count(*rows)).collect();
        let query = SurveyQuery {
            sets: sets.into(),
            questions,
            ..SurveyQuery::empty(self.policy.map().clone(), name.clone(), ids.clone(), self.now())
        };
        let survey = self.store.survey(&query).await.ok()?;
        let found = reasons.into_iter().zip(&survey.answers).filter(|(_, answer)| answer.count > 0);
        let why: Vec<String> = found.map(|((_, why), _)| why).collect();
        (!why.is_empty()).then(|| why.join("; "))
    }
}
