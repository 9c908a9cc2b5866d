//! The plan: the answer to a request.

use chrono::{DateTime, Utc};
use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use super::{Blocker, Effect, Step, StepKey, Until, Warning};
use crate::domain::hash::sha256_hex;
use crate::domain::{AuditEntry, FieldName, KindName, MaskKey, Mode, OperationId, RecordId, ReferenceName};
use crate::protocol::{
    ChangeSet, ChangeStep, Clash, Digest, Disposition, EventDraft, Expected, LockRows, OpenItem,
    Precondition, Receipt, ReceiptStep, Survey, SurveyQuery,
};

/// What a request would do, set by set, with everything that blocks it.
///
/// `Display` renders the text for the person who decides; `Serialize` gives the JSON form. A plan may have blockers
/// or unacknowledged warnings. [`Lifecycle::apply`](crate::Lifecycle::apply) then refuses to apply it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Plan {
    /// The digest of what a person relies on. See [`Digest`].
    pub digest: Digest,
    /// The kind of the subjects.
    pub kind: KindName,
    /// The subjects.
    pub subjects: Vec<RecordId>,
    /// The mode of the request.
    pub mode: Mode,
    /// The version of the policy that decided.
    pub policy_version: String,
    /// The instant at which the request was judged.
    pub at: DateTime<Utc>,
    /// The number of tables and references about which the policy does not decide yet.
    pub undecided: u64,
    /// What would happen to the subjects.
    pub outcome: Disposition,
    /// The affected rows and what would happen to them, in the order of execution. The subjects come last.
    pub steps: Vec<Step>,
    /// What blocks the operation.
    pub blockers: Vec<Blocker>,
    /// The warnings. The request must acknowledge each of them.
    pub warnings: Vec<Warning>,
    /// Remarks that do not stop the operation.
    pub notes: Vec<Warning>,
    /// The events that would be sent to other systems.
    pub effects: Vec<Effect>,
    /// What a store needs to carry the plan out.
    pub(crate) execution: Execution,
}

/// What a store needs to carry the plan out: the same sets, with their writes and preconditions.
#[derive(Debug, Clone)]
pub(crate) struct Execution {
    /// The hash of everything in the policy that decides what is written. The digest covers it.
    pub(crate) policy_content: String,
    pub(crate) query: SurveyQuery,
    /// How many of the last sets of the query are about the actor. Each has one of the last questions.
    pub(crate) about_actor: usize,
    /// The answers that the plan was made from. `apply` decides again from them, for the actor that applies the plan.
    pub(crate) survey: Survey,
    pub(crate) locks: Vec<LockRows>,
    /// The preconditions of the exact plan. Each comes with the name that a conflict shows.
    pub(crate) exact: Vec<(Precondition, String)>,
    /// The preconditions of the decision alone, for a caller to whom no plan was shown.
    pub(crate) decision: Vec<(Precondition, String)>,
    pub(crate) event_drafts: Vec<EventDraft>,
    pub(crate) steps: Vec<ChangeStep>,
    /// The fields of the subjects that the audit entry stores.
    pub(crate) snapshot: Vec<FieldName>,
    /// The rows that the steps would make equal under a unique key.
    pub(crate) clashes: Vec<Clash>,
    /// In mode `restore`: the receipt of the operation that is taken back.
    pub(crate) undone: Option<Receipt>,
}

/// How much of a plan must still hold when it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Everything that the plan shows.
    ExactPlan,
    /// Only the decision, because the caller was shown no plan.
    DecisionOnly,
}

impl Plan {
    /// Returns whether nothing blocks the plan.
    #[must_use]
    pub fn is_executable(&self) -> bool {
        self.blockers.is_empty() && self.warnings.iter().all(|warning| warning.acknowledged)
    }

    /// Returns the operation that the plan takes back, in mode `restore`.
    #[must_use]
    pub fn undoes(&self) -> Option<OperationId> {
        self.execution.query.undoes
    }

    /// Returns what blocks the plan, in one line.
    #[must_use]
    pub fn obstacles(&self) -> String {
        let blockers = self.blockers.iter().map(|blocker| blocker.message.clone());
        let open = self.warnings.iter().filter(|warning| !warning.acknowledged);
        let warnings = open.map(|warning| format!("warning `{}` not acknowledged", warning.name));
        blockers.chain(warnings).collect::<Vec<_>>().join("; ")
    }

    /// Checks that nothing blocks the plan.
    ///
    /// # Errors
    /// Returns the plan itself, if it has blockers or unacknowledged warnings.
    pub(crate) fn into_executable(self) -> Result<Self, Box<Self>> {
        if self.is_executable() { Ok(self) } else { Err(Box::new(self)) }
    }

    /// Converts the plan to the change set that carries it out, and returns the names of its preconditions. The
    /// change set holds the mask key only if a step needs it.
    ///
    /// # Errors
    /// Returns the plan itself, if it has blockers or unacknowledged warnings.
    pub(crate) fn into_change_set(
        self,
        operation: OperationId,
        audit: AuditEntry,
        strictness: Strictness,
        mask_key: Option<&MaskKey>,
    ) -> Result<(ChangeSet, Vec<String>), Box<Self>> {
        let plan = self.into_executable()?;
        let open = plan.open();
        let receipt = Receipt {
            operation,
            request: None,
            digest: plan.digest,
            at: plan.at,
            kind: plan.kind,
            subjects: plan.subjects,
            mode: plan.mode,
            outcome: Some(plan.outcome),
            undecided: plan.undecided,
            complete: open.is_empty(),
            steps: plan
                .steps
                .into_iter()
                .map(|step| ReceiptStep {
                    kind: step.key.kind,
                    disposition: step.key.disposition,
                    path: step.key.path,
                    undeclared: step.key.undeclared,
                    to: step.to,
                    planned: step.count,
                    actual: 0,
                })
                .collect(),
            open,
        };
        let Execution {
            policy_content: _,
            query,
            about_actor: _,
            survey: _,
            locks,
            exact,
            decision,
            event_drafts,
            steps,
            snapshot,
            clashes: _,
            undone: _,
        } = plan.execution;
        let bound = match strictness {
            Strictness::ExactPlan => exact,
            Strictness::DecisionOnly => decision,
        };
        let (preconditions, names) = bound.into_iter().unzip();
        let mask_key = mask_key.filter(|_| steps.iter().any(|step| step.keyed_fields().next().is_some()));
        let rest = ChangeSet::empty(query, audit, receipt);
        let mask_key = mask_key.cloned();
        Ok((ChangeSet { locks, preconditions, event_drafts, steps, snapshot, mask_key, ..rest }, names))
    }

    /// Returns the digest: a hash of what a person relies on. It hashes JSON, so reordering the fields here changes
    /// every digest.
    pub(crate) fn digest_of(&self) -> Digest {
        #[derive(Serialize)]
        struct Covered<'a> {
            kind: &'a KindName,
            subjects: Vec<String>,
            mode: Mode,
            version: &'a str,
            policy: &'a str,
            blockers: Vec<(&'a KindName, Option<&'a ReferenceName>, &'a str, u64)>,
            warnings: Vec<(&'a str, u64)>,
            steps: Vec<(&'a StepKey, Option<u64>, Option<String>)>,
            #[serde(skip_serializing_if = "Option::is_none")]
            undoes: Option<OperationId>,
        }
        let blockers = self.blockers.iter();
        let warnings = self.warnings.iter();
        let steps = self.steps.iter().map(|step| {
            let count = (!step.key.volatile).then_some(step.count);
            (&step.key, count, step.to.as_ref().map(ToString::to_string))
        });
        let covered = serde_json::to_vec(&Covered {
            kind: &self.kind,
            subjects: self.subjects.iter().map(ToString::to_string).collect(),
            mode: self.mode,
            version: &self.policy_version,
            policy: &self.execution.policy_content,
            blockers: blockers.map(|b| (&b.kind, b.reference.as_ref(), &*b.rule, b.count)).collect(),
            warnings: warnings.map(|w| (&*w.name, w.count)).collect(),
            steps: steps.collect(),
            undoes: self.undoes(),
        });
        debug_assert!(covered.is_ok(), "the covered parts are plain data, and all keys are strings");
        Digest::of_hash(sha256_hex(&covered.unwrap_or_default()))
    }

    fn open(&self) -> Vec<OpenItem> {
        let retained = self.steps.iter().flat_map(|step| {
            step.grounds.iter().map(|ground| OpenItem {
                kind: step.key.kind.clone(),
                why: format!("retained: {}", ground.basis),
                until: ground.until.filter(|_| ground.undated == 0).and_then(Until::last_date),
                count: ground.count,
            })
        });
        let mut open: Vec<OpenItem> = Vec::new();
        for item in retained {
            // Rows of one kind with the same ground are one open item, even if several steps count them.
            match open.iter_mut().find(|other| other.kind == item.kind && other.why == item.why) {
                Some(other) => {
                    other.count += item.count;
                    other.until = other.until.zip(item.until).map(|(a, b)| a.max(b));
                }
                None => open.push(item),
            }
        }
        open
    }
}
/// Returns an expected number in words, for a precondition that does not hold.
pub(crate) fn expected_words(expected: Expected) -> String {
    match expected {
        Expected::Exactly(count) => count.to_string(),
        Expected::Some => "at least one".into(),
    }
}

impl Serialize for Plan {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Subjects<'a> {
            kind: &'a KindName,
            #[serde(skip_serializing_if = "Option::is_none")]
            id: Option<&'a RecordId>,
            #[serde(skip_serializing_if = "Option::is_none")]
            ids: Option<&'a [RecordId]>,
        }
        let mut fields = serializer.serialize_struct("Plan", 10)?;
        fields.serialize_field("digest", &self.digest)?;
        fields.serialize_field("mode", &self.mode)?;
        let (name, id, ids) = match &*self.subjects {
            [id] => ("subject", Some(id), None),
            ids => ("subjects", None, Some(ids)),
        };
        fields.serialize_field(name, &Subjects { kind: &self.kind, id, ids })?;
        if let Some(undoes) = self.undoes() {
            fields.serialize_field("undoes", &undoes)?;
        }
        fields.serialize_field("policy_version", &self.policy_version)?;
        if self.undecided > 0 {
            fields.serialize_field("undecided", &self.undecided)?;
        }
        fields.serialize_field("executable", &self.is_executable())?;
        fields.serialize_field("outcome", &self.outcome)?;
        fields.serialize_field("steps", &self.steps)?;
        fields.serialize_field("blockers", &self.blockers)?;
        fields.serialize_field("warnings", &self.warnings)?;
        fields.serialize_field("notes", &self.notes)?;
        fields.serialize_field("effects", &self.effects)?;
        fields.end()
    }
}
