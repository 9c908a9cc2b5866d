//! The policy in documents.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DeletionPolicy, ModePolicy};
use crate::domain::map_document::{KindDocument, MapDocument, ReferenceDocument};
use crate::domain::unique_keys::unique_keys;
use crate::domain::{DataMap, Excluded, Fault, FaultCode, Faults, KindName, Mode, Undecided};

// The keys of the data map are at the same level as the keys of the policy. Modes are text here, because only then
// can the path of a fault contain an unknown mode.
/// Who may remove a subject, what stops it, and what happens along each reference, for each mode.
#[derive(Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    expecting = "a policy: an object with `subject`, `kinds`, `references` and `modes`"
)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(title = "Deletion policy", transform = super::schema::require_modes))]
pub(super) struct PolicyDocument {
    /// The JSON Schema of the document, for editors. The library ignores it.
    #[serde(default, rename = "$schema", skip_serializing_if = "Option::is_none")]
    schema: Option<String>,
    /// The version of the policy, as the host numbers it. Every plan shows it. Default: a hash of the document, so that it
    /// changes with the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    /// The kind whose records are managed, such as `clients`. It must be one of `kinds`.
    subject: KindName,
    /// The tables or collections of the policy, by name: `{"clients": {"status": "status"}, "debts": {}}`.
    #[serde(default, deserialize_with = "unique_keys")]
    kinds: BTreeMap<KindName, KindDocument>,
    /// The fields that hold ids of other records: `[{"from": "debts.client_id", "to": "clients"}]`.
    #[serde(default)]
    references: Vec<ReferenceDocument>,
    /// The tables and references that are deliberately left out, each with the reason. The check of a database does not
    /// report them. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    excluded: Vec<Excluded>,
    /// The tables and references about which the policy does not decide yet, each with the reason. Plans and receipts say
    /// how many there are. Default: none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    undecided: Vec<Undecided>,
    /// The modes that requests may use. A mode that is not listed is not offered.
    #[serde(default, deserialize_with = "unique_keys")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "super::schema::modes"))]
    modes: BTreeMap<String, ModePolicy>,
}

impl PolicyDocument {
    pub(super) fn without_version(self) -> Self {
        Self { version: None, ..self }
    }
}

impl TryFrom<PolicyDocument> for DeletionPolicy {
    type Error = Faults;

    fn try_from(document: PolicyDocument) -> Result<Self, Faults> {
        let PolicyDocument { schema: _, version, subject, kinds, references, excluded, undecided, modes } =
            document;
        let map = DataMap::try_from(MapDocument { kinds, references, excluded, undecided })?;
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
        let MapDocument { kinds, references, excluded, undecided } = (*policy.map).clone().into();
        Self {
            schema: None,
            version: policy.version.clone(),
            subject: policy.subject.clone(),
            kinds,
            references,
            excluded,
            undecided,
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
        let document = PolicyDocument::deserialize(deserializer)?;
        document.try_into().map_err(serde::de::Error::custom)
    }
}
