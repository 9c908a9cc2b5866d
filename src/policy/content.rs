//! Hashes of a policy: its version if the host sets none, and what the digest of a plan covers of each mode.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::PolicyDocument;
use super::{Access, DeletionPolicy, ModePolicy, ReasonRule};
use crate::domain::Mode;
use crate::domain::hash::{hash_of, sorted_keys};

/// The number of digits of a version that is a hash. They name the version; the digest of a plan covers the content.
const DIGITS: usize = 16;

/// The hashes of a policy.
#[derive(Clone, Default)]
pub(super) struct Content {
    /// The version, if the host sets none.
    pub(super) version: String,
    /// For each mode, the hash of everything that decides what it does.
    pub(super) modes: BTreeMap<Mode, String>,
}

impl Content {
    pub(super) fn of(policy: &DeletionPolicy) -> Self {
        let document = PolicyDocument::from(policy).without_version();
        let mut document = serde_json::to_value(document).unwrap_or_default();
        for name in ["references", "excluded", "undecided"] {
            sort(document.get_mut(name));
        }
        let map = ["kinds", "references"].map(|name| document.get(name).cloned());
        let modes = policy.modes.iter().map(|(mode, declared)| {
            let deciding = ModePolicy { allow: None, reason: ReasonRule::Optional, ..declared.clone() };
            (*mode, hash_of(&(mode, &map, normalized(deciding))))
        });
        let modes = modes.collect();
        for (mode, declared) in &policy.modes {
            if let Some(place) = document.get_mut("modes").and_then(|modes| modes.get_mut(mode.as_str())) {
                *place = normalized(declared.clone());
            }
        }
        for list in ["excluded", "undecided"] {
            for entry in document.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                entry.as_object_mut().map(|entry| entry.remove("because"));
            }
        }
        Self { version: hash_of(&document).chars().take(DIGITS).collect(), modes }
    }
}

/// Returns a mode as JSON: without rationales, which decide nothing, and with those lists in order whose order means
/// nothing.
fn normalized(mut mode: ModePolicy) -> Value {
    let entries = mode.rules.named.values_mut().chain(mode.rules.others.as_mut());
    entries.flatten().for_each(|entry| entry.rationale = None);
    if let Some(Access::Some(allow)) = &mut mode.allow {
        allow.sort_by_cached_key(hash_of);
    }
    let mut json = serde_json::to_value(mode).unwrap_or_default();
    for name in ["guards", "effects", "before"] {
        sort(json.get_mut(name));
    }
    json
}

fn sort(list: Option<&mut Value>) {
    if let Some(list) = list.and_then(Value::as_array_mut) {
        list.sort_by_cached_key(sorted_keys);
    }
}
