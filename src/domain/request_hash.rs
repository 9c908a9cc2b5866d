//! Hashes of requests, by which a repeated request is told from another one with the same operation id.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::hash::sha256_hex;
use super::{KindName, Mode, OperationId, Reason, RecordId, ReferenceName, Request};

/// The SHA-256 hash of everything a request asks for, as 64 hexadecimal digits.
///
/// It covers the kind, the subjects, the mode, the new targets, the operation to undo, the reason, the note, the acknowledged warnings, the id
/// of the actor and, for a new client or a patch, every value. It leaves out the actor's roles, scopes, address and user
/// agent, which may differ when a request is repeated. The operation id is part of what is hashed, so equal requests
/// under different operations have different hashes.
///
/// ```
/// use client_lifecycle::domain::{OperationId, Request, RequestHash};
/// let operation = OperationId::from(uuid::Uuid::nil());
/// let hash = |target: &str| {
///     let request = Request::reassigning("unions", "u1").reassign("members.union_id", target);
///     RequestHash::of(&request, operation, &())
/// };
/// assert_eq!(hash("u2"), hash("u2"));
/// assert_ne!(hash("u2"), hash("u3"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RequestHash(String);

impl RequestHash {
    /// Hashes a request and the values that come with it: a patch, a new record, or `()` for none.
    #[must_use]
    pub fn of(request: &Request, operation: OperationId, values: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Content<'a, V> {
            operation: OperationId,
            kind: &'a KindName,
            subjects: BTreeSet<String>,
            mode: Mode,
            reassign: BTreeMap<&'a ReferenceName, String>,
            reason: Option<Reason>,
            note: Option<&'a str>,
            acknowledged: &'a BTreeSet<String>,
            actor: Option<&'a str>,
            values: &'a V,
            #[serde(skip_serializing_if = "Option::is_none")]
            undoes: Option<OperationId>,
        }
        // Every field is named here, so that a new one cannot be forgotten.
        let Request {
            kind,
            subjects,
            mode,
            actor,
            reason,
            note,
            acknowledged,
            operation: _,
            reassign,
            undoes,
        } = request;
        let content = serde_json::to_vec(&Content {
            operation,
            kind,
            subjects: subjects.iter().map(RecordId::spelt).collect(),
            mode: *mode,
            reassign: reassign.iter().map(|(reference, target)| (reference, target.spelt())).collect(),
            reason: *reason,
            note: note.as_deref(),
            acknowledged,
            actor: actor.as_ref().map(|actor| &*actor.id),
            values,
            undoes: *undoes,
        });
        debug_assert!(content.is_ok(), "the values of requests are plain data with text as keys");
        Self(sha256_hex(&content.unwrap_or_default()))
    }

    /// Returns the 64 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
