//! The policy in documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::policy::FIRST_VERSION;
use super::{DeletionPolicy, ModePolicy};
use crate::domain::map_document::{KindDocument, MapDocument, ReferenceDocument};
use crate::domain::plain_errors::PlainErrors;
use crate::domain::unique_keys::unique_keys;
use crate::domain::{DataMap, Excluded, Fault, FaultCode, Faults, KindName, Mode};

/// A policy as a document spells it. The three parts of the data map stand beside those of the policy.
///
/// Modes are text here, because the path of a fault can name a key only if it is text.
#[derive(Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a policy: an object with `subject`, `kinds`, `references` and `modes`"
)]
pub(super) struct PolicyDocument {
    #[serde(default = "first_version")]
    version: String,
    subject: KindName,
    #[serde(default, deserialize_with = "unique_keys")]
    kinds: BTreeMap<KindName, KindDocument>,
    #[serde(default)]
    references: Vec<ReferenceDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    excluded: Vec<Excluded>,
    #[serde(default, deserialize_with = "unique_keys")]
    modes: BTreeMap<String, ModePolicy>,
}

fn first_version() -> String {
    FIRST_VERSION.into()
}

impl TryFrom<PolicyDocument> for DeletionPolicy {
    type Error = Faults;

    fn try_from(document: PolicyDocument) -> Result<Self, Faults> {
        let PolicyDocument { version, subject, kinds, references, excluded, modes } = document;
        let map = DataMap::try_from(MapDocument { kinds, references, excluded })?;
        let mut faults = Faults::none();
        let mut known = BTreeMap::new();
        for (name, policy) in modes {
            match name.parse::<Mode>() {
                Ok(mode) => _ = known.insert(mode, policy),
                Err(unknown) => {
                    let fault =
                        Fault::new(FaultCode::UnknownMode, format!("modes.{name}"), unknown.to_string());
                    faults.push(fault.remedy("correct the name"));
                }
            }
        }
        match Self::assemble(version, subject, map, known) {
            Ok(policy) => faults.or(policy),
            Err(more) => Err(faults.and(more)),
        }
    }
}

impl From<&DeletionPolicy> for PolicyDocument {
    fn from(policy: &DeletionPolicy) -> Self {
        let MapDocument { kinds, references, excluded } = (*policy.map).clone().into();
        Self {
            version: policy.version.clone(),
            subject: policy.subject.clone(),
            kinds,
            references,
            excluded,
            modes: policy.modes.iter().map(|(mode, policy)| (mode.to_string(), policy.clone())).collect(),
        }
    }
}

impl Serialize for DeletionPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        PolicyDocument::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for DeletionPolicy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = PolicyDocument::deserialize(PlainErrors(deserializer)).map_err(|error| error.0)?;
        document.try_into().map_err(serde::de::Error::custom)
    }
}
