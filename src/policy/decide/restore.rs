//! Restores: which operation is taken back, and what does not come back with it.

use std::collections::BTreeSet;

use super::inquiry::Inquiry;
use super::obstacles::rows;
use crate::domain::{KindName, Mode, RecordId, ReferenceName, Request, instant_text};
use crate::plan::{Plan, Step, Warning};
use crate::policy::Refusal;
use crate::policy::compile::{NOT_MARKED, PARENT_DELETED, PARENT_GONE};
use crate::protocol::{Disposition, Receipt, ReceiptStep};

impl Refusal {
    fn nothing_to_restore(why: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::NothingToRestore { why: why.into(), remedy: remedy.into() }
    }
}

/// Returns the request with the operation that it takes back and all subjects of that operation.
///
/// # Errors
/// [`Refusal::NothingToRestore`] if the operation is no soft deletion, and [`Refusal::Invalid`] if the request names
/// other subjects.
pub(super) fn resolved(request: &Request, undone: &Receipt) -> Result<Request, Refusal> {
    let operation = undone.operation;
    let when = instant_text(undone.at);
    match undone.mode {
        _ if undone.kind != request.kind => {
            return Err(Refusal::nothing_to_restore(
                format!("operation {operation} was on `{}`, not on `{}`", undone.kind, request.kind),
                "name an operation on the kind of the request",
            ));
        }
        Mode::SoftDelete => {}
        Mode::Restore => {
            return Err(Refusal::nothing_to_restore(
                format!("it was restored by operation {operation} at {when}"),
                "nothing needs to be done",
            ));
        }
        Mode::Deactivate => {
            return Err(Refusal::nothing_to_restore(
                format!("operation {operation} was in mode {}", undone.mode),
                "use the mode `reactivate`",
            ));
        }
        mode => {
            return Err(Refusal::nothing_to_restore(
                format!("operation {operation} was in mode {mode} at {when}, which cannot be taken back"),
                "use a backup, if the law permits it",
            ));
        }
    }
    let texts = |ids: &[RecordId]| ids.iter().map(RecordId::spelt).collect::<BTreeSet<_>>();
    if !request.subjects.is_empty() && texts(&request.subjects) != texts(&undone.subjects) {
        return Err(Refusal::invalid(
            format!(
                "operation {operation} marked {} records of `{}`, which come back together",
                undone.subjects.len(),
                undone.kind
            ),
            "name the operation instead of the records",
        ));
    }
    let subjects = match &*request.subjects {
        [] => undone.subjects.clone(),
        subjects => subjects.to_vec(),
    };
    Ok(Request { subjects, undoes: Some(operation), ..request.clone() })
}

/// Returns the refusal of a request for records that no operation has removed.
pub(crate) fn never_removed(request: &Request) -> Refusal {
    let which = match request.undoes {
        Some(operation) => format!("no operation {operation} was applied"),
        None => "no operation has marked it as deleted".to_owned(),
    };
    Refusal::nothing_to_restore(which, "verify the id; only what the library has marked can be restored")
}

/// Returns the refusal of a request whose records several operations have marked.
pub(crate) fn several_operations() -> Refusal {
    Refusal::invalid("the records were marked by several operations", "restore one operation after the other")
}

/// Returns the refusal of a request for an operation whose records a later one has marked again.
pub(crate) fn marked_again(later: &Receipt) -> Refusal {
    Refusal::nothing_to_restore(
        format!("operation {} at {} has marked its records again", later.operation, instant_text(later.at)),
        "restore the later operation",
    )
}

/// Describes rows that stop a restore; `None` for a blocker of another mode.
pub(super) fn blocked(
    rule: &str,
    reference: Option<&ReferenceName>,
    found: &str,
) -> Option<(String, String)> {
    let by = reference.map(ToString::to_string).unwrap_or_default();
    Some(match rule {
        NOT_MARKED => (
            format!("not as the operation left them: {found}"),
            "they were restored or changed in another way; correct them there".into(),
        ),
        PARENT_DELETED => (
            format!("a record that is deleted or gone is needed over `{by}` by {found}"),
            "restore that record first, or let the rows refer to another record".into(),
        ),
        PARENT_GONE => (
            format!("a record that does not come back was referred to over `{by}` by {found}"),
            "let the rows refer to another record".into(),
        ),
        _ => return None,
    })
}

fn note(name: &str, kind: &KindName, count: u64, what: &str) -> Warning {
    Warning {
        name: name.into(),
        kind: kind.clone(),
        count,
        sample: Vec::new(),
        message: format!("{} of `{kind}` {what}", rows(count)),
        remedy: String::new(),
        acknowledged: true,
    }
}

impl Inquiry {
    /// Returns whether the former values of a redirect do not come back: they are personal, their rows have no id, or the
    /// rows referred to were not marked.
    fn loses(&self, redirect: &ReceiptStep) -> bool {
        let steps = self.mode.steps.iter();
        !steps.filter(|step| step.key.kind == redirect.kind).any(|step| step.key.path == redirect.path)
    }

    /// Adds a note for each kind of rows that the operation removed, and that do not come back.
    pub(super) fn note_what_stays_gone(&self, plan: &mut Plan) {
        let Some(undone) = &self.undone else { return };
        for step in &undone.steps {
            let (one, several) = match step.disposition {
                Disposition::Delete => (
                    "was deleted by the operation, and does not come back",
                    "were deleted by the operation, and do not come back",
                ),
                Disposition::Anonymize | Disposition::Tombstone => (
                    "was anonymized by the operation, and stays without the person",
                    "were anonymized by the operation, and stay without the person",
                ),
                redirect if redirect.is_redirect() && self.loses(step) => (
                    "keeps the reference that it has now, because the former one was not kept",
                    "keep the references that they have now, because the former ones were not kept",
                ),
                _ => continue,
            };
            let what = if step.actual == 1 { one } else { several };
            plan.notes.push(note("not_restored", &step.kind, step.actual, what));
        }
        for (kind, left) in changed_since(undone, plan) {
            let what = match left {
                1 => "is not as the operation left it, and stays as it is",
                _ => "are not as the operation left them, and stay as they are",
            };
            plan.notes.push(note("changed_since", &kind, left, what));
        }
    }
}

/// Returns, for each kind that the operation marked, how many rows no longer bear its mark.
fn changed_since(undone: &Receipt, plan: &Plan) -> Vec<(KindName, u64)> {
    let marked = || undone.steps.iter().filter(|step| step.disposition == Disposition::SoftDelete);
    let kinds: BTreeSet<&KindName> = marked().map(|step| &step.kind).collect();
    let left = kinds.into_iter().map(|kind| {
        let own = || marked().filter(move |step| step.kind == *kind);
        let paths: BTreeSet<&[ReferenceName]> = own().map(|step| &*step.path).collect();
        let is_back = |step: &&Step| step.key.kind == *kind && paths.contains(&*step.key.path);
        let back: u64 = plan.steps.iter().filter(is_back).map(|step| step.count).sum();
        let were: u64 = own().map(|step| step.actual).sum();
        (kind.clone(), were.saturating_sub(back))
    });
    left.filter(|(_, left)| *left > 0).collect()
}
