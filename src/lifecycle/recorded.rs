//! What the records of the library hold of personal ids: pseudonyms, in place of the ids.
//!
//! Receipts, audit entries and events outlive the rows they are about. The rows that events and marks are made from are
//! replaced by the stores, which read them; this file replaces the ids that an operation names.

use serde::Serialize;

use super::{Error, Lifecycle};
use crate::domain::{
    Actor, DataMap, KindName, MaskKey, OperationId, PersonalIds, RecordId, Reference, ReferenceName, Request,
    RequestHash,
};
use crate::protocol::{ChangeSet, Digest, Receipt};
use crate::store::{Store, StoreError, without_key};

impl<S: Store> Lifecycle<S> {
    /// Returns the id of a record as audit entries, receipts and events hold it. A personal id is a pseudonym there,
    /// so look up its audit entries with this id.
    ///
    /// ```
    /// use client_lifecycle::domain::{Actor, MaskKey, Record, Request};
    /// use client_lifecycle::{DeletionPolicy, Lifecycle, MemoryStore};
    /// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
    /// let policy = DeletionPolicy::from_json(r#"{
    ///     "subject": "clients",
    ///     "kinds": { "clients": { "id": "email", "personal": { "email": "hmac" } } },
    ///     "modes": { "hard_delete": { "allow": "any" } } }"#)?;
    /// let store = MemoryStore::new().with("clients", [Record::new("ana@example.org")]);
    /// let lifecycle = Lifecycle::open(store, policy).await?.with_mask_key(MaskKey::new([7; 32])?);
    ///
    /// lifecycle.execute(&Request::hard_delete("clients", "ana@example.org")).await?;
    /// let recorded = lifecycle.recorded_id(&"clients".into(), &"ana@example.org".into())?;
    /// assert_eq!(lifecycle.store().audit()[0].subjects, [recorded]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoMaskKey`] if the policy has personal ids, and the lifecycle has no key.
    pub fn recorded_id(&self, kind: &KindName, id: &RecordId) -> Result<RecordId, Error> {
        self.require_mask_key()?;
        let map = self.policy.map();
        Ok(match (&self.mask_key, map.kind(kind)) {
            (Some(key), Some(kind)) => PersonalIds::of(map).recorded(key, kind, id),
            _ => id.clone(),
        })
    }

    /// Returns the hash of a request. It covers pseudonyms of personal ids, because whoever has the receipt could find
    /// the id by hashing one guess after the other.
    pub(crate) fn request_hash(
        &self,
        request: &Request,
        operation: OperationId,
        values: &impl Serialize,
    ) -> RequestHash {
        let effective = self.effective();
        match Recorder::of(effective.map(), self.mask_key.as_ref()) {
            Ok(Some(recorder)) => RequestHash::of(&recorder.request(request), operation, values),
            _ => RequestHash::of(request, operation, values),
        }
    }
}

/// Replaces personal ids in what an operation records.
pub(super) struct Recorder<'a> {
    map: &'a DataMap,
    key: &'a MaskKey,
    ids: PersonalIds,
}

impl<'a> Recorder<'a> {
    /// Makes the recorder for a map; `None` if the map has no personal ids.
    ///
    /// # Errors
    /// [`StoreError::Unsupported`] if the map has personal ids and there is no key.
    pub(super) fn of(map: &'a DataMap, key: Option<&'a MaskKey>) -> Result<Option<Self>, StoreError> {
        let ids = PersonalIds::of(map);
        let first = ids.declared().next();
        match (first, key) {
            (None, _) => Ok(None),
            (Some((kind, field)), None) => Err(without_key(kind, field)),
            (Some(_), Some(key)) => Ok(Some(Self { map, key, ids })),
        }
    }

    /// Returns a change set whose audit entry, receipt and events hold pseudonyms. What it reads and writes is the
    /// same.
    pub(super) fn changes(&self, changes: &ChangeSet) -> ChangeSet {
        let mut recorded = changes.clone();
        let (audit, kind) = (&mut recorded.audit, &changes.audit.kind);
        let texts = self.texts(kind, &changes.query.subjects, self.targets(changes));
        audit.subjects = self.all(kind, &audit.subjects);
        audit.note = audit.note.as_ref().map(|note| replaced(note, &texts));
        audit.actor = audit.actor.take().map(|actor| actor_as_recorded(actor, &texts));
        let digest = audit.digest.as_deref().and_then(|digest| Digest::try_from(digest).ok());
        audit.digest = digest.map(|digest| self.digest(kind, &digest).to_string()).or(audit.digest.take());
        recorded.receipt.subjects = self.all(kind, &changes.receipt.subjects);
        recorded.receipt.digest = self.digest(kind, &changes.receipt.digest);
        let lines = recorded.audit.detail.get_mut("steps").and_then(|steps| steps.as_array_mut());
        let mut lines = lines.into_iter().flatten();
        for step in &mut recorded.receipt.steps {
            let line = lines.next().and_then(|line| line.get_mut("to"));
            let Some(to) = &mut step.to else { continue };
            *to = self.target(step.path.last(), to);
            if let Some(line) = line {
                *line = serde_json::json!(to);
            }
        }
        for event in &mut recorded.events {
            event.record = self.id(&event.kind, &event.record);
        }
        recorded
    }

    /// Returns a receipt with the ids and the digest that the caller knows, in place of their pseudonyms.
    pub(super) fn restored(&self, changes: &ChangeSet, mut receipt: Receipt) -> Receipt {
        let known = changes.receipt.subjects.iter().chain(&changes.query.subjects);
        let known: Vec<(RecordId, &RecordId)> = known.map(|id| (self.id(&receipt.kind, id), id)).collect();
        for subject in &mut receipt.subjects {
            if let Some((_, id)) = known.iter().find(|(recorded, _)| recorded == subject) {
                *subject = (*id).clone();
            }
        }
        for (step, own) in receipt.steps.iter_mut().zip(&changes.receipt.steps) {
            if let (Some(to), Some(own_to)) = (&mut step.to, &own.to)
                && *to == self.target(own.path.last(), own_to)
            {
                to.clone_from(own_to);
            }
        }
        if receipt.digest == self.digest(&receipt.kind, &changes.receipt.digest) {
            receipt.digest = changes.receipt.digest.clone();
        }
        receipt
    }

    fn request(&self, request: &Request) -> Request {
        let mut recorded = request.clone();
        let targets = request.reassign.iter().filter_map(|(name, id)| Some((self.map.reference(name)?, id)));
        let texts = self.texts(&request.kind, &request.subjects, targets);
        recorded.subjects = self.all(&request.kind, &request.subjects);
        recorded.note = request.note.as_ref().map(|note| replaced(note, &texts));
        recorded.actor = recorded.actor.map(|actor| actor_as_recorded(actor, &texts));
        for (reference, target) in &mut recorded.reassign {
            *target = self.target(Some(reference), target);
        }
        recorded
    }

    fn id(&self, kind: &KindName, id: &RecordId) -> RecordId {
        self.map.kind(kind).map_or_else(|| id.clone(), |kind| self.ids.recorded(self.key, kind, id))
    }

    fn all(&self, kind: &KindName, ids: &[RecordId]) -> Vec<RecordId> {
        ids.iter().map(|id| self.id(kind, id)).collect()
    }

    /// Returns the recorded id of a record to which a reference is redirected.
    fn target(&self, reference: Option<&ReferenceName>, id: &RecordId) -> RecordId {
        let reference = reference.and_then(|name| self.map.reference(name));
        reference.map_or_else(|| id.clone(), |reference| self.id(&reference.to, id))
    }

    /// Returns the recorded form of a digest. A digest covers the ids of the subjects, so it would confirm a guess.
    fn digest(&self, kind: &KindName, digest: &Digest) -> Digest {
        if *digest == Digest::none() {
            return digest.clone();
        }
        Digest::of_hash(self.key.pseudonym(kind, &"digest".into(), digest.as_str()))
    }

    /// Returns the records to which an operation redirects references.
    fn targets<'c>(&self, changes: &'c ChangeSet) -> impl Iterator<Item = (&'a Reference, &'c RecordId)> {
        let map = self.map;
        let steps = changes.receipt.steps.iter();
        steps.filter_map(move |step| Some((map.reference(step.path.last()?)?, step.to.as_ref()?)))
    }

    /// Returns the personal texts in the ids of the subjects and targets, each with its pseudonym.
    fn texts<'r>(
        &self,
        kind: &KindName,
        subjects: &[RecordId],
        targets: impl Iterator<Item = (&'r Reference, &'r RecordId)>,
    ) -> Vec<(String, String)> {
        let subjects = subjects.iter().map(|id| (kind, id));
        let all = subjects.chain(targets.map(|(reference, id)| (&reference.to, id)));
        let all = all.filter_map(|(kind, id)| Some((self.map.kind(kind)?, id)));
        all.flat_map(|(kind, id)| self.ids.texts(self.key, kind, id)).collect()
    }
}

/// Returns an actor who may be a subject or the target of a reference. It is recorded under the pseudonym then.
fn actor_as_recorded(mut actor: Actor, texts: &[(String, String)]) -> Actor {
    let of = |text: &str| {
        let found = texts.iter().find(|(own, _)| own.eq_ignore_ascii_case(text));
        found.map_or_else(|| text.to_owned(), |(_, pseudonym)| pseudonym.clone())
    };
    actor.id = of(&actor.id);
    actor.scopes = actor.scopes.iter().map(|scope| of(scope)).collect();
    actor
}

/// Returns a text in which each of the words is replaced, in upper or lower case. A part of a longer word is not.
fn replaced(text: &str, words: &[(String, String)]) -> String {
    let mut text = text.to_owned();
    for (word, pseudonym) in words.iter().filter(|(word, _)| !word.is_empty()) {
        let (lower, wanted) = (text.to_ascii_lowercase(), word.to_ascii_lowercase());
        let mut made = String::with_capacity(text.len());
        let mut end = 0;
        for (at, found) in lower.match_indices(&wanted) {
            let after = lower.get(at + found.len()..).and_then(|rest| rest.chars().next());
            let before = lower.get(..at).and_then(|start| start.chars().next_back());
            let is_word = ![before, after].into_iter().flatten().any(char::is_alphanumeric);
            if is_word {
                made.push_str(text.get(end..at).unwrap_or_default());
                made.push_str(pseudonym);
                end = at + found.len();
            }
        }
        made.push_str(text.get(end..).unwrap_or_default());
        text = made;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_replaced_in_any_case_and_parts_of_words_are_not() {
        let words = [("ana@x.org".to_owned(), "P".to_owned()), ("7".to_owned(), "Q".to_owned())];
        assert_eq!(replaced("Ana@X.org asked, for ana@x.org.", &words), "P asked, for P.");
        assert_eq!(replaced("joana@x.org, 17 of 7", &words), "joana@x.org, 17 of Q");
    }
}
